"""What happens when a run of ours has ended: its note, its alert, and the end of alerts that a green run resolves.

Airflow calls this in the scheduler, within its own transaction, with the run of that transaction: setting the note is
enough to keep it. The ledger is asked in a thread of its own, for its connection may stand in Airflow's database, and
a session of this thread must not be committed. Nothing here raises, and the scheduler waits for no more than a moment.
Every Airflow process loads this file, each task too: what needs the ledger is imported when a run ends.
"""

from __future__ import annotations

import importlib
import logging
import os
import time
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from airflow.listeners import hookimpl

logger = logging.getLogger(__name__)

TAG = "pakhus"
_ENDING = "listeners.run_ending"
_WAIT_S = 3.0
_PAUSE_S = 30.0
_NOTE_LENGTH = 1000  # Airflow's column


class RunListener:
    """One object per process; what it asks of the ledger it asks one after the other."""

    def __init__(self) -> None:
        self._threads: tuple[int, ThreadPoolExecutor] | None = None
        self._not_before = 0.0

    @hookimpl
    def on_dag_run_running(self, dag_run: Any, msg: str) -> None:
        """Have ready what the end of the first run needs: importing takes a second or two."""
        del dag_run, msg
        if self._threads is None or self._threads[0] != os.getpid():
            self._thread().submit(importlib.import_module, _ENDING)

    @hookimpl
    def on_dag_run_success(self, dag_run: Any, msg: str) -> None:
        """Note what the run did; its flow is well again."""
        self._ended(dag_run, msg, failed=False)

    @hookimpl
    def on_dag_run_failed(self, dag_run: Any, msg: str) -> None:
        """Note what the run did, and see to it that its alert is in the ledger."""
        self._ended(dag_run, msg, failed=True)

    def _ended(self, dag_run: Any, msg: str, *, failed: bool) -> None:
        try:
            if TAG not in (getattr(getattr(dag_run, "dag", None), "tags", None) or ()):
                return
            note = self._asked(dag_run.dag_id, dag_run.run_id, msg, failed)
            if note:
                set_note(dag_run, note[:_NOTE_LENGTH])
        except Exception as error:  # noqa: BLE001 - the scheduler goes on, whatever is wrong here
            logger.warning("no note for %s: %s", getattr(dag_run, "run_id", "a run"), type(error).__name__)

    def _asked(self, dag_id: str, run_id: str, msg: str, failed: bool) -> str:
        """The run's note, empty when the ledger does not answer at once; then it is left alone for a while."""
        if time.monotonic() < self._not_before:
            return ""
        answer: Future[str] = self._thread().submit(_settle, dag_id, run_id, msg, failed)
        try:
            return answer.result(timeout=_WAIT_S)
        except Exception:
            self._not_before = time.monotonic() + _PAUSE_S
            raise

    def _thread(self) -> ThreadPoolExecutor:
        pid = os.getpid()
        if self._threads is None or self._threads[0] != pid:  # a forked child has none of its parent's threads
            self._threads = pid, ThreadPoolExecutor(1, thread_name_prefix="pakhus-runs")
        return self._threads[1]


def set_note(dag_run: Any, note: str) -> None:
    """Set a run's note, unless a person has written one."""
    written = dag_run.dag_run_note
    if written is None:
        dag_run.note = note
    elif written.user_id is None:
        written.content = note


def _settle(dag_id: str, run_id: str, msg: str, failed: bool) -> str:
    note: str = importlib.import_module(_ENDING).settle(dag_id, run_id, msg, failed)
    return note

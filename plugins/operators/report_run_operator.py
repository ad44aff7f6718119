"""The one leaf task of a run: adds up what its tasks did, and decides whether the run is red (design, decision 9).

What it finds is stored in the ledger, with the alert of a red run; the run note and whoever sends alerts read it there.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from airflow.sdk import BaseOperator
from airflow.sdk.definitions.context import Context
from airflow.sdk.exceptions import AirflowFailException

from hooks.ledger_hook import LedgerHook
from operators.failure_texts import TASK_FAILED
from operators.shop_operator import FAILURE, STOPPED
from pakhus.flows.alerts import cannot_wait, tell_what_goes_on
from pakhus.flows.report import RunReport
from pakhus.flows.self_stopping import end_of_run
from pakhus.ledger import runs
from pakhus.ledger.alerts import Cause, joined
from pakhus.ledger.connection import RunIdentity, Transaction


class ReportRunOperator(BaseOperator):
    """Adds up the reports of the tasks `reading` (XCom `report`) and `working` (return values; mapped, or several).

    Fails when one of them failed, or when the counts say that somebody must act now; its message is the alert's text.
    """

    template_fields = ()

    def __init__(
        self, *, flow: str, scope: str, reading: str | Sequence[str], working: str | Sequence[str], **kwargs: Any
    ) -> None:
        kwargs.setdefault("trigger_rule", "all_done")
        super().__init__(**kwargs)
        self.flow = flow
        self.scope = scope
        self.reading = [reading] if isinstance(reading, str) else list(reading)
        self.working = [working] if isinstance(working, str) else list(working)

    def execute(self, context: Context) -> dict[str, Any]:
        task = context["ti"]
        total = self._total(task)
        causes = list(dict.fromkeys([*self._failures(task), *total.red_causes()]))
        self._log(total, causes)  # before the ledger is asked, which may be the cause
        red = self._store(task, total, causes)
        note = total.note()
        for outlet in self.outlets:
            context["outlet_events"][outlet].extra = {"note": note, "codes": dict(total.codes)}
        if red:
            raise AirflowFailException(f"{self.scope} {self.flow}: {joined(red)} ({note})")
        return total.as_dict()

    def _log(self, total: RunReport, causes: Sequence[Cause]) -> None:
        self.log.info("%s %s: %s", self.scope, self.flow, total.note())
        for cause in causes:
            self.log.error("%s %s: %s", self.scope, self.flow, cause.text)

    def _total(self, task: Any) -> RunReport:
        reading = [RunReport.from_dict(report) for name in self.reading for report in _pulled(task, name, "report")]
        working = [RunReport.from_dict(report) for report in self._worked(task)]
        total = RunReport.of_run(self.flow, self.scope, reading, working)
        stopped = [text for name in (*self.reading, *self.working) for text in _pulled(task, name, STOPPED)]
        total.stopped = next(iter(stopped), total.stopped)
        return total

    def _worked(self, task: Any) -> list[Any]:
        return [report for name in self.working for report in _pulled(task, name, "return_value")]

    def _store(self, task: Any, total: RunReport, causes: Sequence[Cause]) -> Sequence[Cause]:
        """Keep the run, with what goes on since it and what is still stopped; returns why it is red.

        What cannot wait comes first: its alert is the one that is sent, in quiet hours too.
        """
        run = RunIdentity(task.dag_id, task.run_id, task.task_id, -1, task.try_number)
        ledger = LedgerHook().ledger(run)
        ending = ledger.persist(lambda tx: end_of_run(tx, self.scope, self.flow))
        total.remark = " · ".join(dict.fromkeys(text for text in (total.remark, *ending.notes) if text))
        red = sorted(causes or ending.standing, key=lambda cause: not cannot_wait(cause.code))
        first = red[0] if red else None

        def store(tx: Transaction) -> None:
            runs.report(tx, self.scope, self.flow, note=total.note(), codes=total.codes, cause=first, more=red[1:])
            if first is None:
                tell_what_goes_on(tx, self.scope, self.flow, ending.notes)

        ledger.persist(store)
        ledger.close()
        return red

    def _failures(self, task: Any) -> list[Cause]:
        """Say why tasks of this run failed, in their own words; one that was killed left none."""
        watched = [*self.reading, *self.working]
        states = task.get_task_states(dag_id=task.dag_id, task_ids=watched, run_ids=[task.run_id])
        found = {name: state for tasks in states.values() for name, state in tasks.items()}
        failed = sorted(name for name, state in found.items() if state == "failed")
        if not failed:
            unrun = [name for name, state in sorted(found.items()) if state == "upstream_failed"]
            return [Cause(TASK_FAILED, f"task {name} was not run", name) for name in unrun]
        causes = [Cause(**cause) for name in watched for cause in _pulled(task, name, FAILURE)]
        if len(causes) < len(failed):
            text = f"task {', '.join(failed)} failed: see its log; the next run goes on"
            causes.append(Cause(TASK_FAILED, text, _task_of(failed[0], watched)))
        return causes


def _task_of(name: str, watched: Sequence[str]) -> str:
    """The task of a name as `get_task_states` gives it: a mapped one's ends in its index."""
    return next((task for task in watched if name == task or name.startswith(f"{task}_")), name)


def _pulled(task: Any, name: str, key: str) -> list[Any]:
    """Return what a task, mapped or not, pushed under a key; empty when it pushed nothing."""
    # A list of ids gives a list of values; a lone id gives the value itself when the task was mapped once.
    return [value for value in task.xcom_pull(task_ids=[name], key=key) or [] if value]

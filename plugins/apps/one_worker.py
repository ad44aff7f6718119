"""Blocking work of an app, done in one thread of its own: the server's event loop and its other threads never wait."""

from __future__ import annotations

import asyncio
import os
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

Result = TypeVar("Result")


class BusyError(Exception):
    """So much waits already that more would only wait longer."""


class OneWorker:
    """Does jobs in order, in a thread that begins with the first job. A stalled job holds up only what waits behind it.

    The thread is a daemon: a server that stops does not wait for a database that does not answer.
    """

    def __init__(self, name: str, most_waiting: int) -> None:
        self._name = name
        self._jobs: queue.Queue[tuple[Callable[[], Any], Future[Any]]] = queue.Queue(most_waiting)
        self._pid = 0
        self._lock = threading.Lock()

    async def do(self, job: Callable[[], Result]) -> Result:
        """Return what the job returns. BusyError when too much waits.

        Cancelling the waiting does not cancel the job: it is done all the same, only nobody looks at the result.
        """
        self._begin()
        done: Future[Result] = Future()
        try:
            self._jobs.put_nowait((job, done))
        except queue.Full:
            raise BusyError(self._name) from None
        result = asyncio.wrap_future(done)
        result.add_done_callback(_look_at)
        return await asyncio.shield(result)

    def _begin(self) -> None:
        """Start the thread, in a process that was forked off anew."""
        with self._lock:
            if self._pid != os.getpid():
                self._pid = os.getpid()
                threading.Thread(target=self._work, name=self._name, daemon=True).start()

    def _work(self) -> None:
        while True:
            job, done = self._jobs.get()
            try:
                done.set_result(job())
            except BaseException as error:  # noqa: BLE001 - whoever asked gets it; the thread goes on
                done.set_exception(error)


def _look_at(result: asyncio.Future[Any]) -> None:
    """Take note of a failure that nobody waits for any more: else asyncio would print it with its trace."""
    if not result.cancelled():
        result.exception()

"""The ledger for the page: one read-only engine per process, few threads, short waits.

Airflow's own requests share this process: reading happens in threads of our own, so that a ledger that is away costs
them nothing.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock
from typing import TypeVar

from anyio import CapacityLimiter, to_thread
from sqlalchemy import Connection, Engine

from hooks.ledger_hook import LedgerHook
from pakhus.ledger.connection import RunIdentity
from pakhus.ledger.transfers.reading import POOL_SIZE, reading_engine

Result = TypeVar("Result")


def ledger_address() -> str:
    """Return the ledger's URL from the connection `pakhus_ledger`; ConfigurationError when it is missing or wrong."""
    return LedgerHook().ledger(RunIdentity()).url


@dataclass(slots=True)
class LedgerReader:
    """Runs reads against the ledger at `address()`, which is asked again when it has changed."""

    address: Callable[[], str] = ledger_address
    _engines: dict[tuple[int, str], Engine] = field(default_factory=dict, repr=False)
    _lock: Lock = field(default_factory=Lock, repr=False)
    _threads: CapacityLimiter | None = field(default=None, repr=False)

    async def read(self, work: Callable[[Connection], Result]) -> Result:
        """Return what `work` reads, off the event loop; SQLAlchemyError or ConfigurationError when it cannot."""
        if self._threads is None:
            self._threads = CapacityLimiter(POOL_SIZE)
        return await to_thread.run_sync(self._read, work, limiter=self._threads)

    def _read(self, work: Callable[[Connection], Result]) -> Result:
        with self._engine().connect() as connection:
            return work(connection)

    def _engine(self) -> Engine:
        with self._lock:
            name = (os.getpid(), self.address())
            if name not in self._engines:
                for engine in self._engines.values():
                    engine.dispose()
                self._engines = {name: reading_engine(name[1])}
            return self._engines[name]

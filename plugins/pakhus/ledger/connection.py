"""The ledger's database: one engine per process id, short transactions, one clock for leases and due times."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.exc import OperationalError

Result = TypeVar("Result")
Clock = Callable[[Connection], datetime]

_PERSIST_WAITS_S = (0.2, 1.0, 3.0, 6.0)


@dataclass(frozen=True, slots=True)
class RunIdentity:
    """Which Airflow task wrote a row; empty outside Airflow. One click leads from either log to the other."""

    dag_id: str = ""
    run_id: str = ""
    task_id: str = ""
    map_index: int = -1
    try_number: int = 0


@dataclass(frozen=True, slots=True)
class Transaction:
    """An open transaction, the time it began by the ledger's clock, and the run it belongs to."""

    connection: Connection
    now: datetime
    run: RunIdentity


def database_time(connection: Connection) -> datetime:
    """The database's clock: the one clock that all hosts share, so that leases never depend on a host's own."""
    moment: datetime = connection.execute(text("select clock_timestamp()")).scalar_one()
    return moment


@dataclass(frozen=True, slots=True)
class Bounds:
    """How long a process waits for the ledger's database, in whole seconds, and with how many connections."""

    connections: int = 16
    connect_s: int = 10
    statement_s: int = 30
    free_connection_s: int = 30


@dataclass(slots=True)
class Ledger:
    """The ledger at `url` (postgresql+psycopg://…). Picklable and safe across forks: engines are made per process."""

    url: str = field(repr=False)
    run: RunIdentity = RunIdentity()
    clock: Clock = database_time
    bounds: Bounds = Bounds()
    _engines: dict[int, Engine] = field(default_factory=dict, repr=False)

    @property
    def engine(self) -> Engine:
        pid = os.getpid()
        if pid not in self._engines:
            self._engines.clear()  # a forked child must not touch its parent's connections
            self._engines[pid] = self._engine()
        return self._engines[pid]

    def _engine(self) -> Engine:
        bounds = self.bounds
        timeouts = f"-c statement_timeout={bounds.statement_s * 1000} -c idle_in_transaction_session_timeout=60000"
        return create_engine(
            self.url,
            pool_pre_ping=True,
            hide_parameters=True,  # bodies must not stand in error texts
            pool_size=-(-bounds.connections // 2),
            max_overflow=bounds.connections // 2,
            pool_timeout=bounds.free_connection_s,
            connect_args={
                "connect_timeout": bounds.connect_s,
                "application_name": "pakhus",
                "options": timeouts,
                # A server that vanished without a word is noticed within half a minute, not after hours.
                "keepalives_idle": 10,
                "keepalives_interval": 5,
                "keepalives_count": 3,
            },
        )

    @contextmanager
    def begin(self) -> Iterator[Transaction]:
        """Open a transaction; commit at the end, roll back on an exception."""
        with self.engine.begin() as connection:
            yield Transaction(connection, self.clock(connection), self.run)

    def persist(self, work: Callable[[Transaction], Result]) -> Result:
        """Run `work` in a transaction and try again when the database is away for a moment.

        For results of calls already made: losing one costs a late look-up. `work` must do the same when run twice.
        """
        for wait_s in _PERSIST_WAITS_S:
            try:
                with self.begin() as tx:
                    return work(tx)
            except OperationalError:
                time.sleep(wait_s)
        with self.begin() as tx:
            return work(tx)

    def now(self) -> datetime:
        """The time by the ledger's clock."""
        with self.begin() as tx:
            return tx.now

    def close(self) -> None:
        """Close this process's connections."""
        for engine in self._engines.values():
            engine.dispose()
        self._engines.clear()


@contextmanager
def read_only(ledger: Ledger) -> Iterator[Transaction]:
    """Open a transaction in which the database refuses every write; it shows one moment of the ledger throughout."""
    with ledger.engine.connect().execution_options(
        isolation_level="REPEATABLE READ", postgresql_readonly=True
    ) as connection:
        yield Transaction(connection, ledger.clock(connection), ledger.run)
        connection.rollback()

"""Connections that can only read, and give up soon: a page must not keep a server's threads waiting."""

from __future__ import annotations

from sqlalchemy import Connection, Engine, Table, create_engine, select, true, tuple_

CONNECT_TIMEOUT_S = 3
STATEMENT_TIMEOUT_S = 8
POOL_SIZE = 4


def reading_engine(url: str) -> Engine:
    """Return an engine whose sessions are read-only; reading ends with OperationalError after a few seconds."""
    settings = f"-c default_transaction_read_only=on -c statement_timeout={STATEMENT_TIMEOUT_S * 1000}"
    return create_engine(
        url,
        pool_pre_ping=True,
        hide_parameters=True,
        pool_size=POOL_SIZE,
        max_overflow=0,
        pool_timeout=CONNECT_TIMEOUT_S,
        connect_args={
            "connect_timeout": CONNECT_TIMEOUT_S,
            "application_name": "pakhus transfers",
            "options": f"{settings} -c idle_in_transaction_session_timeout=30000",
        },
    )


def distinct_values(connection: Connection, table: Table, *columns: str) -> list[tuple[str, ...]]:
    """Return the different values of an index's first text columns, jumping from one to the next in the index.

    A plain `distinct` reads every row: a second for a table of some years.
    """
    chosen = [table.c[name] for name in columns]
    smallest = select(*chosen).order_by(*chosen).limit(1)
    hops = smallest.cte("hops", recursive=True)
    beyond = tuple_(*chosen) > tuple_(*(hops.c[name] for name in columns))
    step = smallest.where(beyond).correlate(hops).lateral("step")
    onward = select(*(step.c[name] for name in columns)).select_from(hops.join(step, true()))
    hops = hops.union_all(onward)
    return [tuple(row) for row in connection.execute(select(*(hops.c[name] for name in columns)))]

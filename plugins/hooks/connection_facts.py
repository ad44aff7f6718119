"""Airflow's Connection as the plain facts that `pakhus.connections` reads."""

from __future__ import annotations

from airflow.sdk import Connection
from pakhus.connections import ConnectionFacts


def facts_of(connection: Connection) -> ConnectionFacts:
    """Return what a connection says."""
    return ConnectionFacts(
        conn_id=connection.conn_id,
        host=connection.host or "",
        schema=connection.schema or "",
        port=connection.port,
        login=connection.login or "",
        password=connection.password or "",
        extra=dict(connection.extra_dejson),
    )

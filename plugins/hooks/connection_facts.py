"""Airflow's Connection as the plain facts that `pakhus.connections` reads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from airflow.sdk import BaseHook, Connection
from airflow.sdk.exceptions import AirflowNotFoundException

from pakhus.connections import ConnectionFacts
from pakhus.errors import ConfigurationError


class ConnectionMissingError(ConfigurationError):
    """The operator must act: Airflow says that it has no such connection.

    It says so too when its API did not answer for a moment: worth another try.
    """


def read_facts(conn_id: str) -> ConnectionFacts:
    """Look a connection up; ConnectionMissingError when Airflow gives none of this name."""
    try:
        connection = BaseHook.get_connection(conn_id)
    except AirflowNotFoundException:
        raise _missing(conn_id) from None
    return facts_of(connection, connection.extra_dejson)


async def aread_facts(conn_id: str) -> ConnectionFacts:
    """Look a connection up in an event loop; ConnectionMissingError when Airflow gives none of this name."""
    try:
        connection = await BaseHook.aget_connection(conn_id)
    except AirflowNotFoundException:
        raise _missing(conn_id) from None
    return facts_of(connection, await connection.aextra_dejson())


def facts_of(connection: Connection, extra: Mapping[str, Any]) -> ConnectionFacts:
    """Return what a connection says."""
    return ConnectionFacts(
        conn_id=connection.conn_id,
        conn_type=connection.conn_type or "",
        host=connection.host or "",
        schema=connection.schema or "",
        port=connection.port,
        login=connection.login or "",
        password=connection.password or "",
        extra=dict(extra),
    )


def _missing(conn_id: str) -> ConnectionMissingError:
    kind = conn_id.partition("__")[0]
    return ConnectionMissingError(
        f"there is no Airflow connection {conn_id}: create it (type {kind}; docs/settings.md lists its fields), or "
        f"set AIRFLOW_CONN_{conn_id.upper()}"
    )

"""An Airflow connection to a Stripe stand-in, as plain facts."""

from __future__ import annotations

from pakhus.connections import ConnectionFacts


def connection(url: str, key: str, conn_id: str = "stripe__kort") -> ConnectionFacts:
    return ConnectionFacts(conn_id, conn_type="stripe", host=url, password=key)

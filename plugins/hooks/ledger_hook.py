"""The ledger as an Airflow connection: PostgreSQL, its own database."""

from __future__ import annotations

from airflow.sdk import BaseHook

from hooks.connection_facts import aread_facts, read_facts
from pakhus.connections import LEDGER_CONNECTION, ledger_url
from pakhus.ledger.connection import Bounds, Ledger, RunIdentity


class LedgerHook(BaseHook):
    """Give tasks the ledger behind the connection `pakhus_ledger` (type postgres)."""

    def __init__(self, ledger_conn_id: str = LEDGER_CONNECTION) -> None:
        super().__init__()
        self.ledger_conn_id = ledger_conn_id

    def ledger(self, run: RunIdentity, bounds: Bounds | None = None) -> Ledger:
        """Return the ledger; rows it writes carry `run`."""
        return Ledger(ledger_url(read_facts(self.ledger_conn_id)), run, bounds=bounds or Bounds())

    async def conninfo(self) -> str:
        """Return how psycopg reaches the ledger; for triggers, which must not wait for Airflow's answer in the loop."""
        return ledger_url(await aread_facts(self.ledger_conn_id)).replace("+psycopg", "", 1)

"""The ledger as an Airflow connection: PostgreSQL, its own database."""

from __future__ import annotations

from airflow.sdk import BaseHook

from hooks.connection_facts import read_facts
from pakhus.connections import LEDGER_CONNECTION, ledger_url
from pakhus.ledger.connection import Ledger, RunIdentity


class LedgerHook(BaseHook):
    """Give tasks the ledger behind the connection `pakhus_ledger` (type postgres)."""

    def __init__(self, ledger_conn_id: str = LEDGER_CONNECTION) -> None:
        super().__init__()
        self.ledger_conn_id = ledger_conn_id

    def ledger(self, run: RunIdentity) -> Ledger:
        """Return the ledger; rows it writes carry `run`."""
        return Ledger(ledger_url(read_facts(self.ledger_conn_id)), run)

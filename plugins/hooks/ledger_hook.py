"""The ledger as an Airflow connection: PostgreSQL, its own database."""

from __future__ import annotations

from airflow.sdk import BaseHook
from pakhus.ledger.connection import Ledger, RunIdentity

LEDGER_CONNECTION = "pakhus_ledger"


class LedgerHook(BaseHook):
    """Give tasks the ledger behind the connection `pakhus_ledger` (type postgres)."""

    def __init__(self, ledger_conn_id: str = LEDGER_CONNECTION) -> None:
        super().__init__()
        self.ledger_conn_id = ledger_conn_id

    def ledger(self, run: RunIdentity) -> Ledger:
        """Return the ledger; rows it writes carry `run`."""
        connection = self.get_connection(self.ledger_conn_id)
        uri = connection.get_uri()
        return Ledger("postgresql+psycopg://" + uri.split("://", 1)[1], run)

"""e-conomic: Connection in, client out."""

from __future__ import annotations

from decimal import Decimal

from airflow.sdk import BaseHook

from hooks.connection_answer import tested
from hooks.connection_facts import read_facts
from pakhus.clients.economic import BUCKET_CALLS, REFILL_PER_S, EconomicClient
from pakhus.connections import economic_settings
from pakhus.ledger.budgets import Bucket, LedgerBudget
from pakhus.ledger.connection import Ledger


class EconomicHook(BaseHook):
    """Give tasks a client of one e-conomic agreement. Password is the agreement's grant token."""

    conn_name_attr = "economic_conn_id"
    default_conn_name = "economic__main"
    conn_type = "economic"
    hook_name = "e-conomic"

    def __init__(self, economic_conn_id: str = default_conn_name) -> None:
        super().__init__()
        self.economic_conn_id = economic_conn_id

    def client(self, ledger: Ledger | None = None, *, left_to_others: Decimal = Decimal(0)) -> EconomicClient:
        """Return the client; its calls are counted on the agreement's budget when a ledger is given.

        `left_to_others` is the share of that budget which it does not touch.
        """
        settings = economic_settings(read_facts(self.economic_conn_id))
        bucket = Bucket(self.economic_conn_id, BUCKET_CALLS, Decimal(REFILL_PER_S))
        budget = LedgerBudget(ledger, bucket, left_to_others=left_to_others) if ledger else None
        return EconomicClient.from_settings(settings, budget)

    def test_connection(self) -> tuple[bool, str]:
        """Ask which agreement this is; for the Test button."""
        return tested(lambda: f"e-conomic agreement {self.client().agreement()['agreementNumber']}")

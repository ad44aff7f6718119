"""Rackbeat: Connection in, client out."""

from __future__ import annotations

from decimal import Decimal

from airflow.sdk import BaseHook

from hooks.connection_answer import tested
from hooks.connection_facts import read_facts
from pakhus.clients.rackbeat import CALLS_PER_MINUTE, RackbeatClient
from pakhus.connections import rackbeat_settings
from pakhus.ledger.budgets import Bucket, LedgerBudget
from pakhus.ledger.connection import Ledger

# The limit is known as calls per minute; bursts matter (rackbeat.md 1.2), so the bucket holds a quarter of it.
_BURST = CALLS_PER_MINUTE // 4


class RackbeatHook(BaseHook):
    """Give tasks a client of one Rackbeat account. Password is the API key."""

    conn_name_attr = "rackbeat_conn_id"
    default_conn_name = "rackbeat__main"
    conn_type = "rackbeat"
    hook_name = "Rackbeat"

    def __init__(self, rackbeat_conn_id: str = default_conn_name) -> None:
        super().__init__()
        self.rackbeat_conn_id = rackbeat_conn_id

    def client(self, ledger: Ledger | None = None) -> RackbeatClient:
        """Return the client; its calls are counted on the agreement's budget when a ledger is given."""
        settings = rackbeat_settings(read_facts(self.rackbeat_conn_id))
        bucket = Bucket(self.rackbeat_conn_id, _BURST, Decimal(CALLS_PER_MINUTE) / 60)
        return RackbeatClient.from_settings(settings, LedgerBudget(ledger, bucket) if ledger else None)

    def test_connection(self) -> tuple[bool, str]:
        """Ask who we are; for the Test button."""
        return tested(lambda: f"Rackbeat account {self.client().account()['user_account']['id']}")

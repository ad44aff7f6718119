"""Airflow remembers how far the ledger was: in the state store of an asset that all tasks of shops have as inlet."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from airflow.sdk import Asset
from airflow.sdk.definitions.context import Context

from pakhus.flows.recovery import notice_old_ledger, worth_remembering
from pakhus.ledger.connection import Ledger

LEDGER = Asset("pakhus_ledger")
_KEY = "progress"


@contextmanager
def ledger_remembered(context: Context, ledger: Ledger) -> Iterator[None]:
    """Do something only if the ledger is as far as it ever was; LedgerBehindError when it is not.

    Two databases are compared so: restore Airflow's and the ledger from the same backup, and nothing is noticed.
    """
    store = context["asset_state_store"][LEDGER]
    notice_old_ledger(ledger, store.get(_KEY))
    try:
        yield
    finally:
        now = worth_remembering(ledger, store.get(_KEY))
        if now is not None:
            store.set(_KEY, now)

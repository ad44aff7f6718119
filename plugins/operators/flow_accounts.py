"""Which provider accounts a DAG file declares a DAG for; one whose file is wrong gets a DAG that says so."""

from __future__ import annotations

from collections.abc import Iterator

from operators.flow_shops import settings_for
from pakhus.settings.accounts import AccountSettings, account_names, load_account


def accounts_for(flow: str) -> Iterator[AccountSettings]:
    """Yield the settings of every account, or, while a task runs, of the one whose DAG is being parsed."""
    return settings_for(flow, account_names(), load_account, lambda name: f"accounts/{name}.yaml")

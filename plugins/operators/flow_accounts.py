"""Which provider accounts a DAG file declares a DAG for; one whose file is wrong gets a DAG that says so."""

from __future__ import annotations

from collections.abc import Iterator

from airflow.sdk import get_parsing_context

from operators.flow_shops import dag_id_of, declare_problem
from pakhus.settings import SettingsError
from pakhus.settings.accounts import AccountSettings, account_names, load_account


def accounts_for(flow: str) -> Iterator[AccountSettings]:
    """Yield the settings of every account, or, while a task runs, of the one whose DAG is being parsed."""
    parsing = get_parsing_context().dag_id
    for name in account_names():
        if parsing not in (None, dag_id_of(name, flow)):
            continue
        try:
            account = load_account(name)
        except SettingsError as error:
            declare_problem(name, flow, str(error))
        except Exception as error:  # noqa: BLE001 - whatever it is, the other accounts' DAGs must not go with it
            declare_problem(name, flow, f"accounts/{name}.yaml cannot be read: {type(error).__name__}: {error}")
        else:
            yield account

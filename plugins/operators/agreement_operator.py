"""What the operators of an agreement share: its shops, its ledger, and how their errors end a task."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from airflow.sdk import BaseOperator
from airflow.sdk.definitions.context import Context
from airflow.sdk.exceptions import AirflowSkipException

from operators.ledger_memory import ledger_remembered
from operators.shop_operator import failures_told, flow_of, ledger_of
from pakhus.flows.recovery import stopped_as_behind
from pakhus.flows.self_stopping import refusal_recorded
from pakhus.settings import SettingsError, ShopSettings, load_shop


def those_readable(shops: Sequence[str]) -> tuple[list[ShopSettings], list[str]]:
    """Load shops of which another one is about; returns also the names of those whose settings are wrong.

    Their own DAGs say what is wrong with them.
    """
    found, unread = [], []
    for name in shops:
        try:
            found.append(load_shop(name))
        except SettingsError:
            unread.append(name)
    return found, unread


class AgreementOperator(BaseOperator):
    """An operator of the shops of one agreement. Loads settings and connections when it runs."""

    template_fields = ()

    def __init__(self, *, shops: Sequence[str], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.shops = list(shops)

    def execute(self, context: Context) -> Any:
        """Do the work. A stop is a shop's own: its own task is skipped, what all shops share is done."""
        with failures_told(context, self.shops[0]), self._trusted_ledger(context):
            return self.work(context)

    @contextmanager
    def _trusted_ledger(self, context: Context) -> Iterator[None]:
        ledger = ledger_of(context)
        with ledger.begin() as tx:
            behind = stopped_as_behind(tx)
        if behind:
            raise AirflowSkipException(behind)
        scope, task = context["ti"].dag_id.rpartition("__")[0], context["ti"].task_id
        with ledger_remembered(context, ledger), refusal_recorded(ledger, scope, flow_of(context), task):
            yield
        ledger.close()

    def work(self, context: Context) -> Any:
        """What the operator does; returns what goes to XCom: counts and ids, never anything of a person."""
        raise NotImplementedError

    def settings(self) -> list[ShopSettings]:
        return [load_shop(shop) for shop in self.shops]

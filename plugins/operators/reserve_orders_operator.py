"""Reserve a chunk of orders in Rackbeat."""

from __future__ import annotations

from typing import Any

from airflow.sdk.definitions.context import Context

from hooks.rackbeat_hook import RackbeatHook
from operators.shop_operator import ShopOperator
from pakhus.errors import ConfigurationError
from pakhus.flows.orders import reserver


class ReserveOrdersOperator(ShopOperator):
    """Returns the counts of its chunk (`chunk_label` and `documents` come from ObserveOrdersOperator)."""

    def __init__(self, *, chunk_label: str, documents: list[int], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.chunk_label = chunk_label
        self.documents = documents

    def work(self, context: Context) -> dict[str, Any]:
        context["chunk"] = self.chunk_label
        settings, ledger = self.settings(), self.ledger(context)
        if settings.rackbeat_target is None:
            raise ConfigurationError(f"{self.shop} names no Rackbeat agreement")
        warehouse = RackbeatHook(settings.rackbeat_target).client(ledger)
        report = reserver(self.webshop(settings), warehouse, ledger, settings).reserve(self.documents)
        self.log.info("%s: %s", self.chunk_label, report.note())
        return report.as_dict()

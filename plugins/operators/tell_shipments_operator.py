"""Tell a shop of a chunk of shipments."""

from __future__ import annotations

from typing import Any

from airflow.sdk.definitions.context import Context

from operators.shop_operator import ShopOperator
from pakhus.flows.fulfilment import fulfiller


class TellShipmentsOperator(ShopOperator):
    """Returns the counts of its chunk (`chunk_label` and `documents` come from ReadShipmentsOperator)."""

    def __init__(self, *, chunk_label: str, documents: list[int], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.chunk_label = chunk_label
        self.documents = documents

    def work(self, context: Context) -> dict[str, Any]:
        context["chunk"] = self.chunk_label
        settings, ledger = self.settings(), self.ledger(context)
        report = fulfiller(self.webshop(settings), ledger, settings).tell(self.documents)
        self.log.info("%s: %s", self.chunk_label, report.note())
        return report.as_dict()

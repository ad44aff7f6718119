"""Draft, check and book a chunk of invoices in e-conomic."""

from __future__ import annotations

from typing import Any

from airflow.sdk.definitions.context import Context

from hooks.economic_hook import EconomicHook
from operators.shop_operator import ShopOperator
from pakhus.errors import ConfigurationError
from pakhus.flows.invoices import biller


class BookInvoicesOperator(ShopOperator):
    """Returns the counts of its chunk (`chunk_label` and `documents` come from ListDueInvoicesOperator)."""

    def __init__(self, *, chunk_label: str, documents: list[int], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.chunk_label = chunk_label
        self.documents = documents

    def work(self, context: Context) -> dict[str, Any]:
        context["chunk"] = self.chunk_label
        settings, ledger = self.settings(), self.ledger(context)
        if settings.economic_target is None:
            raise ConfigurationError(f"{self.shop} names no e-conomic agreement")
        accounts = EconomicHook(settings.economic_target).client(ledger)
        report = biller(self.webshop(settings), accounts, ledger, settings).book(self.documents)
        self.log.info("%s: %s", self.chunk_label, report.note())
        return report.as_dict()

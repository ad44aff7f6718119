"""Draft, check and book the due credit notes of a shop in e-conomic."""

from __future__ import annotations

from typing import Any

from airflow.sdk.definitions.context import Context

from hooks.economic_hook import EconomicHook
from operators.asked_orders import chunks_for
from operators.shop_operator import ShopOperator
from pakhus.errors import ConfigurationError
from pakhus.flows.credit_notes import crediter
from pakhus.flows.refunds import CREDITS
from pakhus.flows.report import RunReport


class BookCreditNotesOperator(ShopOperator):
    """Takes what is due from the ledger, so that invoices booked in the same run are credited too; returns the counts.

    Nothing due: no request.
    """

    def work(self, context: Context) -> dict[str, Any]:
        settings, ledger = self.settings(), self.ledger(context)
        if settings.economic_target is None:
            raise ConfigurationError(f"{self.shop} names no e-conomic agreement")
        report = RunReport(CREDITS, self.shop)
        chunks = chunks_for(context, ledger, self.shop, CREDITS)
        if chunks:
            accounts = EconomicHook(settings.economic_target).client(ledger)
            flow = crediter(self.webshop(settings), accounts, ledger, settings)
            for chunk in chunks:
                report.merge(flow.credit(chunk.documents))
        self.log.info("%s", report.note())
        return report.as_dict()

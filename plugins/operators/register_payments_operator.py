"""Register the payments of a shop's booked invoices and credit notes in e-conomic."""

from __future__ import annotations

from typing import Any

from airflow.sdk.definitions.context import Context

from hooks.economic_hook import EconomicHook
from operators.asked_orders import chunks_for
from operators.shop_operator import ShopOperator
from pakhus.errors import ConfigurationError
from pakhus.flows.payments import PAYMENTS, cashier


class RegisterPaymentsOperator(ShopOperator):
    """Returns the counts; what is due it lists itself, since the same run books the invoices that are paid."""

    def work(self, context: Context) -> dict[str, Any]:
        settings, ledger = self.settings(), self.ledger(context)
        if settings.economic_target is None:
            raise ConfigurationError(f"{self.shop} names no e-conomic agreement")
        accounts = EconomicHook(settings.economic_target).client(ledger)
        flow = cashier(self.webshop(settings), accounts, ledger, settings)
        flow.judge()  # an invoice of this very run has its payment now
        report = flow.run(chunks_for(context, ledger, self.shop, PAYMENTS))
        self.log.info("payments: %s", report.note())
        return report.as_dict()

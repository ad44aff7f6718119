"""Read what a shop has sold, after the warehouse was read and before any shop is given stock."""

from __future__ import annotations

from airflow.sdk.definitions.context import Context

from operators.shop_operator import ShopOperator
from pakhus.flows.observation import Observer
from pakhus.flows.unreserved_sales import SalesReader


class SeeSalesOperator(ShopOperator):
    """Stores and judges the shop's orders as `<shop>__orders` does; that flow then reserves them."""

    def work(self, context: Context) -> None:
        settings, ledger = self.settings(), self.ledger(context)
        report = SalesReader(Observer(self.webshop(settings), ledger, settings)).see()
        self.log.info("%s: %s", self.shop, report.note())

"""Give one shop the quantities of the newest reading."""

from __future__ import annotations

from typing import Any

from airflow.sdk.definitions.context import Context

from operators.shop_operator import ShopOperator
from pakhus.flows.stock import StockPusher

COMPARE = "compare"
"""The DAG's parameter that compares the shop's whole catalogue before the push."""


class PushStockOperator(ShopOperator):
    """Returns the counts of its shop."""

    def work(self, context: Context) -> dict[str, Any]:
        settings, ledger = self.settings(), self.ledger(context)
        pusher = StockPusher(self.webshop(settings), ledger, settings)
        report = pusher.push(compare=bool(context["params"].get(COMPARE)))
        self.log.info("%s: %s", self.shop, report.note())
        return report.as_dict()

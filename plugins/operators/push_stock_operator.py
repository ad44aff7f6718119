"""Give one shop the quantities of the newest reading."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from airflow.sdk.definitions.context import Context

from operators.agreement_operator import those_readable
from operators.shop_operator import ShopOperator
from pakhus.flows.stock import StockPusher

COMPARE = "compare"
"""The DAG's parameter that compares the shop's whole catalogue before the push."""


class PushStockOperator(ShopOperator):
    """Returns the counts of its shop. `selling` are all shops that sell from the same stock."""

    def __init__(self, *, selling: Sequence[str] = (), **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.selling = list(selling)

    def work(self, context: Context) -> dict[str, Any]:
        settings, ledger = self.settings(), self.ledger(context)
        selling, unread = those_readable(self.selling)
        pusher = StockPusher(self.webshop(settings), ledger, settings, selling, frozenset(unread))
        report = pusher.push(compare=bool(context["params"].get(COMPARE)))
        self.log.info("%s: %s", self.shop, report.note())
        return report.as_dict()

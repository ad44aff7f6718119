"""Bring a shop's products over to one system."""

from __future__ import annotations

from typing import Any

from airflow.sdk.definitions.context import Context

from operators.product_systems import product_target
from operators.shop_operator import ShopOperator
from pakhus.flows.product_rules import rules_for
from pakhus.flows.product_writing import ProductWriter


class WriteProductsOperator(ShopOperator):
    """Returns the counts of one system; `target` is its connection."""

    def __init__(self, *, target: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.target = target

    def work(self, context: Context) -> dict[str, Any]:
        settings, ledger = self.settings(), self.ledger(context)
        rules = rules_for(settings, self.target)
        target = product_target(settings, self.target, ledger)
        report = ProductWriter(target, ledger, self.shop, rules).write()
        self.log.info("%s: %s", self.target, report.note())
        return report.as_dict()

"""Read what has changed of a shop's products at their master."""

from __future__ import annotations

from airflow.sdk.definitions.context import Context

from operators.product_systems import product_source
from operators.shop_operator import ShopOperator
from pakhus.flows.product_rules import product_rules
from pakhus.flows.products import ProductReader

WHOLE = "whole"
"""The DAG's parameter that reads all products and compares them with what each system has."""


class ReadProductsOperator(ShopOperator):
    """Pushes its counts as `report`; what is to be written stands in the ledger."""

    def work(self, context: Context) -> None:
        settings, ledger = self.settings(), self.ledger(context)
        source = product_source(settings, ledger, self.webshop(settings))
        reader = ProductReader(source, ledger, settings, product_rules(settings))
        report = reader.read(whole=bool(context["params"].get(WHOLE)))
        self.log.info("%s: %s", self.shop, report.note())
        context["ti"].xcom_push(key="report", value=report.as_dict())

"""Report what is wrong with a shop's SKUs, beside the other shops of its agreements."""

from __future__ import annotations

from airflow.sdk.definitions.context import Context

from hooks.economic_hook import EconomicHook
from hooks.rackbeat_hook import RackbeatHook
from operators.shop_operator import ShopOperator
from pakhus.errors import PakhusError
from pakhus.flows.skus import Sources, report_on
from pakhus.ledger.connection import Ledger
from pakhus.rules.sku_report import Catalogue
from pakhus.settings import ShopSettings, load_shop, shop_names

TABLE = "table"
"""The XCom that holds the report as a table in Markdown: SKUs and products, nothing of a person."""


class ReportSkusOperator(ShopOperator):
    """Pushes its counts as `report`, the products as `table`. Writes to no system."""

    def work(self, context: Context) -> None:
        settings, ledger = self.settings(), self.ledger(context)
        own = self._catalogue(settings, ledger)
        others, unread = self._others(settings)
        found = report_on(settings, [own, *others], ledger, unread)
        for problem in found.problems:
            self.log.info("%s: %s (%s) %s", problem.trouble.value, problem.sku, problem.name, problem.detail)
        context["ti"].xcom_push(key=TABLE, value=found.markdown())
        context["ti"].xcom_push(key="report", value=found.run_report().as_dict())

    def _catalogue(self, settings: ShopSettings, ledger: Ledger) -> Catalogue:
        warehouse, accounts = settings.rackbeat_target, settings.economic_target
        return Sources(
            self.webshop(settings),
            RackbeatHook(warehouse).client(ledger) if warehouse else None,
            EconomicHook(accounts).client(ledger) if accounts else None,
        ).catalogue(settings)

    def _others(self, settings: ShopSettings) -> tuple[list[Catalogue], list[str]]:
        """Read the shops that share an agreement, or may share one; returns also those that cannot be read, by name."""
        shared = {target for target in (settings.rackbeat_target, settings.economic_target) if target}
        found, unread = [], []
        for name in shop_names():
            if name == self.shop:
                continue
            try:
                other = load_shop(name)
                if shared & {other.rackbeat_target, other.economic_target}:
                    found.append(Sources(self.webshop(other), None, None).catalogue(other))
            except PakhusError as error:
                unread.append(name)
                self.log.warning("%s is not compared: %s", name, error)
        return found, unread

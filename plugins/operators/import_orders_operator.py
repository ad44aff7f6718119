"""Import the earlier orders of a day, or orders named by their ids, into e-conomic; only when a run asks for it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from airflow.sdk.definitions.context import Context
from airflow.sdk.exceptions import AirflowSkipException

from hooks.economic_hook import EconomicHook
from operators.shop_operator import ShopOperator
from operators.sweep_orders_operator import day_of_run
from pakhus.errors import ConfigurationError
from pakhus.flows.imports import Importer, ImportMode, import_note, importer
from pakhus.ledger.connection import Ledger
from pakhus.settings import ShopSettings

LEFT_TO_LIVE_FLOWS = Decimal("0.5")
"""An import makes calls only while more than half of the agreement's budget is there (design, decision 10)."""


class ImportOrdersOperator(ShopOperator):
    """Returns the counts; skipped unless the run's parameter `import_mode` is set."""

    def work(self, context: Context) -> dict[str, Any]:
        asked, order_ids = context["params"].get("import_mode"), context["params"].get("order_ids")
        if not asked:
            raise AirflowSkipException("no import was asked for")
        settings, ledger = self.settings(), self.ledger(context)
        flow = self._importer(settings, ledger, ImportMode(asked))
        if order_ids:
            report, outcomes = flow.import_orders(order_ids)
        else:
            report, outcomes = flow.import_day(day_of_run(context, ledger, settings))
        report.headline = import_note(flow.mode, outcomes)
        self.log.info("%s", report.headline)
        for outcome in outcomes.values():
            for number, cause in outcome.causes:
                self.log.info("order %s: %s", number, cause)
        return report.as_dict()

    def _importer(self, settings: ShopSettings, ledger: Ledger, mode: ImportMode) -> Importer:
        if settings.economic_target is None:
            raise ConfigurationError(f"{self.shop} names no e-conomic agreement: there is nothing to import into")
        accounts = EconomicHook(settings.economic_target).client(ledger, left_to_others=LEFT_TO_LIVE_FLOWS)
        return importer(self.webshop(settings), accounts, ledger, settings, mode)

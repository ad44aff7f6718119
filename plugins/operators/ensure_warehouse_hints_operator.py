"""Register the warehouse's webhook for changed stock, and repair it when it was switched off."""

from __future__ import annotations

from typing import Any

from airflow.sdk.definitions.context import Context

from hooks.rackbeat_hook import RackbeatHook
from operators.shop_operator import ShopOperator
from pakhus.flows.report import RunReport
from pakhus.flows.warehouse_hints import ensure_hints, hint_url
from pakhus.flows.webhooks import FLOW


class EnsureWarehouseHintsOperator(ShopOperator):
    """Returns what stands as a run's report. Shops of one agreement share one registration."""

    def work(self, context: Context) -> dict[str, Any]:
        settings, ledger = self.settings(), self.ledger(context)
        target = settings.rackbeat_target or ""
        told = ensure_hints(RackbeatHook(target).client(ledger), ledger, target, hint_url(settings))
        self.log.info("%s", told)
        return RunReport(FLOW, self.shop).as_dict()

"""The first transfer of a shop's products and stock to Rackbeat, or its preview."""

from __future__ import annotations

from collections.abc import Sequence

from airflow.sdk.definitions.context import Context

from hooks.rackbeat_hook import RackbeatHook
from operators.shop_operator import ShopOperator
from pakhus.errors import ConfigurationError
from pakhus.flows.initial_sync import InitialSync
from pakhus.flows.report import RunReport
from pakhus.ledger.products import INITIAL_SYNC
from pakhus.rules.initial_sync import Transfer

PREVIEW, STOCK = "preview", "stock"
"""The DAG's parameters: only say what would be done; count stock, too."""


class SyncCatalogueOperator(ShopOperator):
    """Pushes its counts as `report`; what a preview found of each product stands in the task's log."""

    def work(self, context: Context) -> None:
        settings, ledger = self.settings(), self.ledger(context)
        if settings.rackbeat_target is None:
            raise ConfigurationError(f"{self.shop} names no Rackbeat agreement: there is no warehouse to fill")
        warehouse = RackbeatHook(settings.rackbeat_target).client(ledger)
        flow = InitialSync(self.webshop(settings), warehouse, ledger, settings)
        stock = bool(context["params"].get(STOCK, True))
        if context["params"].get(PREVIEW, True):
            report = self._foreseen(flow.preview(stock=stock))
        else:
            report = flow.run(stock=stock)
        self.log.info("%s: %s", self.shop, report.note())
        context["ti"].xcom_push(key="report", value=report.as_dict())

    def _foreseen(self, transfers: Sequence[Transfer]) -> RunReport:
        report = RunReport(INITIAL_SYNC, self.shop, seen=len(transfers))
        for one in transfers:
            for verdict in one.left:
                report.add(verdict)
                self.log.info("%s", verdict.text())
        made = sum(1 for one in transfers if one.make is not None)
        counted = sum(1 for one in transfers if one.on_hand is not None)
        left = [f"{count} {code}" for code, count in sorted(report.codes.items())]
        remarks = f"{', '.join(left)}: see the log of sync" if left else "nothing left alone"
        report.headline = f"preview: {made} would be made · {counted} counted · {remarks}"
        return report

"""Read a Rackbeat agreement's available quantities once, for all of its shops."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from airflow.sdk.definitions.context import Context

from hooks.rackbeat_hook import RackbeatHook
from operators.agreement_operator import AgreementOperator, those_readable
from operators.shop_operator import ledger_of
from pakhus.flows.stock_reading import StockReader


class ReadStockOperator(AgreementOperator):
    """Stores what each shop is to show; pushes its counts as `report`. `target` is the agreement's connection."""

    def __init__(self, *, target: str, selling: Sequence[str] = (), **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.target = target
        self.selling = list(selling)

    def work(self, context: Context) -> None:
        ledger = ledger_of(context)
        reader = StockReader(RackbeatHook(self.target).client(ledger), ledger, self.target)
        hinted = context["dag_run"].run_type == "asset_triggered"
        selling, _ = those_readable(self.selling)
        report = reader.read(self.settings(), selling, hinted=hinted)
        self.log.info("%s", report.note())
        context["ti"].xcom_push(key="report", value=report.as_dict())

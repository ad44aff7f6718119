"""List the reservations in Rackbeat that no longer fit the shop's orders."""

from __future__ import annotations

from typing import Any

from airflow.sdk.definitions.context import Context
from airflow.sdk.exceptions import AirflowSkipException

from hooks.rackbeat_hook import RackbeatHook
from operators.shop_operator import ShopOperator
from pakhus.errors import ConfigurationError
from pakhus.flows.leftovers import leftover_finder


class FindLeftoversOperator(ShopOperator):
    """Returns a report of what was found; not in a backfill, nor for a day asked for: it is about now."""

    def work(self, context: Context) -> dict[str, Any]:
        if context["params"].get("day") or context["dag_run"].run_type == "backfill":
            raise AirflowSkipException("only in this night's own run")
        settings, ledger = self.settings(), self.ledger(context)
        if settings.rackbeat_target is None:
            raise ConfigurationError(f"{self.shop} names no Rackbeat agreement")
        warehouse = RackbeatHook(settings.rackbeat_target).client(ledger)
        report = leftover_finder(self.webshop(settings), warehouse, ledger, settings).find()
        self.log.info("%s", report.headline or "no leftovers")
        return report.as_dict()

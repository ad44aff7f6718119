"""Read what changed in a shop and hand out the due reservations."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from airflow.sdk.definitions.context import Context

from operators.shop_operator import ShopOperator
from pakhus.flows.chunks import due_chunks, see_handed_on
from pakhus.flows.observation import ORDERS, Observer


class ObserveOrdersOperator(ShopOperator):
    """Returns the chunks of due reservations; pushes its counts as `report`."""

    def work(self, context: Context) -> list[dict[str, Any]]:
        settings, ledger = self.settings(), self.ledger(context)
        report = Observer(self.webshop(settings), ledger, settings).observe()
        reserves = settings.rackbeat_target is not None and settings.orders.enabled
        chunks = due_chunks(ledger, self.shop, ORDERS) if reserves else []
        see_handed_on(ledger, report, chunks)
        self.log.info("%s", report.note())
        context["ti"].xcom_push(key="report", value=report.as_dict())
        return [asdict(chunk) for chunk in chunks]

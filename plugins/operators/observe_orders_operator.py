"""Read what changed in a shop and hand out the due reservations."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from airflow.sdk.definitions.context import Context

from operators.asked_orders import asked_by, asked_orders
from operators.shop_operator import ShopOperator
from pakhus.flows.asked_orders import asked_chunks, read_named, send_named
from pakhus.flows.chunks import WorkChunk, due_chunks, see_handed_on
from pakhus.flows.judging import ORDERS
from pakhus.flows.observation import Observer
from pakhus.flows.report import RunReport
from pakhus.ledger.connection import Ledger


class ObserveOrdersOperator(ShopOperator):
    """Returns the chunks of due reservations; pushes its counts as `report`.

    A run that was asked for single orders reads these alone: the cursor stays, and what else is due is left alone.
    """

    def work(self, context: Context) -> list[dict[str, Any]]:
        settings, ledger = self.settings(), self.ledger(context)
        observer = Observer(self.webshop(settings), ledger, settings)
        reserves = settings.rackbeat_target is not None and settings.orders.enabled
        if asked_orders(context):
            report, chunks = self._asked(context, observer, ledger)
        else:
            report, chunks = observer.observe(), due_chunks(ledger, self.shop, ORDERS) if reserves else []
        see_handed_on(ledger, report, chunks)
        self.log.info("%s", report.note())
        context["ti"].xcom_push(key="report", value=report.as_dict())
        return [asdict(chunk) for chunk in chunks]

    def _asked(self, context: Context, observer: Observer, ledger: Ledger) -> tuple[RunReport, list[WorkChunk]]:
        asked = asked_orders(context)
        report = read_named(observer, asked)
        sent = send_named(ledger, self.shop, asked, asked_by(context), ORDERS)
        report.remark = sent.note(len(asked))
        return report, asked_chunks(ledger, sent)

"""Read what Rackbeat has shipped and hand out what the shop is to be told."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from airflow.sdk.definitions.context import Context

from hooks.rackbeat_hook import RackbeatHook
from operators.shop_operator import ShopOperator
from pakhus.errors import ConfigurationError
from pakhus.flows.chunks import due_chunks, see_handed_on
from pakhus.flows.fulfilment import fulfiller
from pakhus.flows.shipments import FULFILMENT, shipment_reader

COMPARE = "compare"
"""The DAG's parameter that asks for every open order, whatever the list of shipments shows."""


class ReadShipmentsOperator(ShopOperator):
    """Returns the chunks of due shipments; pushes its counts as `report`.

    The agreement is read once for all its shops: not again when another shop's run has read it since this run began.
    """

    def work(self, context: Context) -> list[dict[str, Any]]:
        settings, ledger = self.settings(), self.ledger(context)
        if settings.rackbeat_target is None:
            raise ConfigurationError(f"{self.shop} names no Rackbeat agreement")
        reader = shipment_reader(RackbeatHook(settings.rackbeat_target).client(ledger), ledger, settings)
        report = reader.read(context["dag_run"].start_date, compare=bool(context["params"].get(COMPARE)))
        fulfiller(self.webshop(settings), ledger, settings).judge()
        chunks = due_chunks(ledger, self.shop, FULFILMENT)
        see_handed_on(ledger, report, chunks)
        self.log.info("%s", report.note())
        context["ti"].xcom_push(key="report", value=report.as_dict())
        return [asdict(chunk) for chunk in chunks]

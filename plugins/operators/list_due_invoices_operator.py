"""Hand out the due invoices of a shop: from the ledger alone, no request."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from airflow.sdk.definitions.context import Context

from operators.asked_orders import asked_by, asked_orders
from operators.shop_operator import ShopOperator
from pakhus.flows.asked_orders import asked_chunks, send_named
from pakhus.flows.chunks import due_chunks, see_handed_on
from pakhus.flows.judging import INVOICES
from pakhus.flows.report import RunReport


class ListDueInvoicesOperator(ShopOperator):
    """Returns the chunks of due invoices, or of those that the run was asked for."""

    def work(self, context: Context) -> list[dict[str, Any]]:
        ledger, asked = self.ledger(context), asked_orders(context)
        if asked:
            sent = send_named(ledger, self.shop, asked, asked_by(context), INVOICES)
            chunks = asked_chunks(ledger, sent)
            report = RunReport(INVOICES, self.shop, remark=sent.note(len(asked)))
            see_handed_on(ledger, report, chunks)
            context["ti"].xcom_push(key="report", value=report.as_dict())
        else:
            chunks = due_chunks(ledger, self.shop, INVOICES)
        self.log.info("due: %s", ", ".join(chunk.chunk_label for chunk in chunks) or "nothing")
        return [asdict(chunk) for chunk in chunks]

"""Hand out the due invoices of a shop: from the ledger alone, no request."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from airflow.sdk.definitions.context import Context

from operators.shop_operator import ShopOperator
from pakhus.flows.chunks import due_chunks
from pakhus.flows.observation import INVOICES


class ListDueInvoicesOperator(ShopOperator):
    """Returns the chunks of due invoices."""

    def work(self, context: Context) -> list[dict[str, Any]]:
        chunks = due_chunks(self.ledger(context), self.shop, INVOICES)
        self.log.info("due: %s", ", ".join(chunk.chunk_label for chunk in chunks) or "nothing")
        return [asdict(chunk) for chunk in chunks]

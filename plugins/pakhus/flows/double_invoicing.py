"""Whether Rackbeat invoices our orders, too: then each sale would be posted twice.

Only Rackbeat's *sales invoices* must not reach the accounts; its products, purchases and payments may. Our orders carry
`{shop}-{order id}-order` as their heading in Rackbeat, so an invoice of the accounts that carries such a key as its
heading or reference came from there. That Rackbeat's own app copies the heading is not proven (docs/to-confirm.md).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pakhus.clients.economic import EconomicClient, filter_value
from pakhus.flows.outcomes import stop
from pakhus.ledger import comparisons
from pakhus.ledger.connection import Ledger
from pakhus.settings import ShopSettings

_LISTS = (("/invoices/booked", "bookedInvoiceNumber"), ("/invoices/drafts", "draftInvoiceNumber"))


@dataclass(frozen=True, slots=True)
class DoubleInvoicing:
    """Looks for invoices that Rackbeat made of a shop's orders."""

    accounts: EconomicClient
    ledger: Ledger
    settings: ShopSettings
    target: str

    def refuse_first(self) -> None:
        """Look before the first invoice of a shop is booked; StoppedError when Rackbeat invoices its orders."""
        if self.settings.rackbeat is None:
            return
        shop, target = self.settings.shop, self.target
        if self.ledger.persist(lambda tx: comparisons.has_booked(tx, shop, target)):
            return
        found = next(invoices_of_warehouse_orders(self.accounts, shop), None)
        if found is not None:
            raise stop("invoiced_by_warehouse", number=found)


def invoices_of_warehouse_orders(accounts: EconomicClient, shop: str) -> Iterator[str]:
    """Yield "invoice 17" or "draft 4" for what the accounts have of a shop's warehouse orders."""
    key = re.compile(rf"\b{re.escape(shop)}-\d+-order\b")
    begin = filter_value(f"{shop}-")
    for path, identity in _LISTS:
        for row in accounts.rows(path, identity, f"notes.heading$like:{begin}$or:references.other$like:{begin}"):
            if any(key.search(text) for text in _texts(row)):
                kind = "invoice" if identity.startswith("booked") else "draft"
                yield f"{kind} {row[identity]}"


def _texts(row: Any) -> Iterator[str]:
    yield str((row.get("notes") or {}).get("heading") or "")
    yield str((row.get("references") or {}).get("other") or "")

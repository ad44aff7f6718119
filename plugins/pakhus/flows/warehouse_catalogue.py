"""The products of a Rackbeat account as a master's: goods that keep stock, by the SKUs that the shop knows them by."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta

from pakhus.clients import rackbeat_products
from pakhus.clients.rackbeat import RackbeatClient
from pakhus.clients.webshop import ProductChanges
from pakhus.formats.rackbeat_products import product_from_rackbeat, updated_after
from pakhus.ledger.connection import Ledger
from pakhus.rules.product_mapping import PricedProducts
from pakhus.settings import ShopSettings

# Rackbeat's clock may differ from ours, and what its times of change follow is not documented.
_OVERLAP = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class WarehouseCatalogue:
    """A ProductSource. `basis` says in which currency the account's prices are."""

    warehouse: RackbeatClient
    ledger: Ledger
    settings: ShopSettings
    basis: PricedProducts

    def product_changes(self, cursor: str | None) -> ProductChanges:
        """Return the goods that changed since the cursor, a time of our clock; the list may come whole in any case."""
        began = self.ledger.now()
        rows = rackbeat_products.products_updated(self.warehouse, cursor)
        skus = self._skus()
        products = [
            product_from_rackbeat(row, self.basis, skus)
            for row in rows
            if row.get("inventory_enabled") is not False and updated_after(row, cursor)
        ]
        return ProductChanges(tuple(products), (began - _OVERLAP).isoformat())

    def _skus(self) -> dict[str, str]:
        """Number -> SKU, where the mapping calls a product otherwise; a number of several SKUs stands for itself."""
        numbers = self.settings.mapping.product_numbers
        times = Counter(numbers.values())
        return {number: sku for sku, number in numbers.items() if times[number] == 1}

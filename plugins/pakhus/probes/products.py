"""Whether the products that shops sell can be told to the warehouse and the accounts (domain guide 4.3, 4.7)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial

from pakhus.clients.woocommerce import WooCommerceClient
from pakhus.model import Product
from pakhus.probes.economic_lists import rows_of
from pakhus.probes.findings import Findings
from pakhus.probes.systems import Connections, economic_client, rackbeat_client, shop_client
from pakhus.rules.goods import PRODUCT_NUMBER_LENGTH
from pakhus.settings import ShopSettings

_SHOWN = 15


def probe_products(shops: Sequence[ShopSettings], connections: Connections) -> list[Findings]:
    """Read each shop's catalogue and each agreement's products once, and compare them."""
    known = _Known(connections)
    found = []
    for shop in shops:
        findings = Findings(shop.connection, f"products of {shop.shop}")
        found.append(findings)
        client = shop_client(connections[shop.connection], shop)
        products = findings.ask(partial(_catalogue, client))
        if products is None:
            continue
        numbers = check_skus(findings, shop, products)
        if shop.rackbeat_target:
            there = known.numbers(shop.rackbeat_target, findings)
            check_known(findings, "Rackbeat", numbers, there, "orders of them are refused")
        if shop.economic_target and shop.mapping.economic and not shop.mapping.economic.products.by_rate:
            there = known.numbers(shop.economic_target, findings)
            check_known(findings, "e-conomic", numbers, there, "their invoices are held")
    return found


def check_skus(findings: Findings, shop: ShopSettings, products: Sequence[Product]) -> set[str]:
    """Note products whose orders would be held wherever they go; return the product numbers of the others."""
    parents = {product.parent_id for product in products}
    sold = [product for product in products if product.id not in parents and not product.barred]
    numbers: dict[str, list[str]] = {}
    for product in sold:
        if product.sku:
            numbers.setdefault(shop.mapping.product_numbers.get(product.sku, product.sku), []).append(product.sku)
    too_long = sorted(number for number in numbers if len(number) > PRODUCT_NUMBER_LENGTH)
    _note(
        findings,
        [product.name for product in sold if not product.sku],
        "products without a SKU",
        "their orders are held",
        "Give each a SKU in the shop.",
    )
    _note(
        findings,
        too_long,
        f"SKUs of more than {PRODUCT_NUMBER_LENGTH} characters",
        "their orders are held",
        f"Shorten the SKUs, or map them in {shop.mapping_name}.yaml: product_numbers.",
    )
    _note(
        findings,
        sorted(number for number, skus in numbers.items() if len(skus) > 1),
        "product numbers of more than one product",
        "their stock and sales would be one",
        "Give each product its own SKU, unless that is what is meant.",
    )
    findings.facts.append(f"{len(sold)} products, {len(numbers)} product numbers")
    return set(numbers) - set(too_long)


def check_known(
    findings: Findings, system: str, numbers: Collection[str], known: Collection[str] | None, then: str
) -> None:
    """Note the product numbers that a system does not know (`known` None: its list was not to be had)."""
    missing = sorted(set(numbers) - set(known)) if known is not None else []
    _note(findings, missing, f"products that {system} does not have", then, "Create them there, or map their SKUs.")


@dataclass(slots=True)
class _Known:
    """The product numbers of agreements, each list read once."""

    connections: Connections
    _found: dict[str, set[str] | None] = field(default_factory=dict)

    def numbers(self, target: str, findings: Findings) -> set[str] | None:
        """Return the numbers that this agreement has, or None with a finding."""
        if target not in self._found:
            read = self._rackbeat if target.startswith("rackbeat__") else self._economic
            self._found[target] = findings.ask(partial(read, target))
        return self._found[target]

    def _rackbeat(self, target: str) -> set[str]:
        client = rackbeat_client(self.connections[target])
        return {str(row["number"]) for row in client.list_products()}

    def _economic(self, target: str) -> set[str]:
        client = economic_client(self.connections[target])
        return {str(row["productNumber"]) for row in rows_of(client, "products", "productNumber")}


def _catalogue(client: WooCommerceClient) -> list[Product]:
    return list(client.catalogue())


def _note(findings: Findings, named: Iterable[str], what: str, then: str, action: str) -> None:
    named = list(named)
    if named:
        more = f" and {len(named) - _SHOWN} more" if len(named) > _SHOWN else ""
        findings.merchant(f"{what}: {len(named)} ({', '.join(named[:_SHOWN])}{more}); {then}", action)

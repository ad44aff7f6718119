"""Whether the products that shops sell can be told to the warehouse and the accounts (domain guide 4.3, 4.7)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial

from pakhus.clients.woocommerce import WooCommerceClient
from pakhus.flows.skus import accounts_numbers, catalogue_of, needs_accounts_products, warehouse_numbers
from pakhus.model import Product
from pakhus.probes.findings import Findings
from pakhus.probes.systems import Connections, economic_client, rackbeat_client, shop_client
from pakhus.rules.goods import PRODUCT_NUMBER_LENGTH
from pakhus.rules.sku_report import Catalogue, SkuProblem, Trouble, sku_report, usable_numbers
from pakhus.settings import ShopSettings

_SHOWN = 15
_SAID = {
    Trouble.MISSING: (
        "products without a SKU",
        "their orders are held",
        "Give each a SKU in the shop.",
    ),
    Trouble.TOO_LONG: (
        f"SKUs of more than {PRODUCT_NUMBER_LENGTH} characters",
        "their orders are held",
        "Shorten the SKUs, or map them in {mapping}.yaml: product_numbers.",
    ),
    Trouble.DOUBLED: (
        "products whose number another product has (letter case and blanks do not tell them apart)",
        "their stock and sales would be one",
        "Give each product its own SKU, unless that is what is meant.",
    ),
    Trouble.SHARED_BY_VARIATIONS: (
        "variations that share a SKU, or have only their parent's",
        "their stock and sales would be one",
        "Give each variation its own SKU in the shop.",
    ),
    Trouble.LEADING_ZERO: (
        "SKUs that begin with 0 and are all digits",
        "a spreadsheet on the way makes them other numbers",
        "Nothing, if no list of them ever passes through a spreadsheet; else give them a letter.",
    ),
    Trouble.OTHER_PRODUCT: (
        "SKUs under which another shop of the agreement sells something else",
        "their stock and sales would be one",
        "Give one of them another SKU, or map it in product_numbers; nothing, if they are the same by another name.",
    ),
    Trouble.NOT_IN_WAREHOUSE: (
        "products that Rackbeat does not have",
        "orders of them are refused",
        "Create them there, or map their SKUs.",
    ),
    Trouble.NOT_IN_ACCOUNTS: (
        "products that e-conomic does not have",
        "their invoices are held",
        "Create them there, or map their SKUs.",
    ),
}


@dataclass(slots=True)
class ProductProbe:
    """What was found at each shop, and the report with every product by name."""

    found: list[Findings] = field(default_factory=list)
    problems: tuple[SkuProblem, ...] = ()


def probe_products(shops: Sequence[ShopSettings], connections: Connections) -> ProductProbe:
    """Read each shop's catalogue and each agreement's products once, and compare them."""
    known = _Known(connections)
    probe = ProductProbe()
    catalogues: list[tuple[ShopSettings, Findings, Catalogue]] = []
    for shop in shops:
        findings = Findings(shop.connection, f"products of {shop.shop}")
        probe.found.append(findings)
        client = shop_client(connections[shop.connection], shop)
        products = findings.ask(partial(_catalogue, client))
        if products is not None:
            catalogues.append((shop, findings, known.catalogue(shop, products, findings)))
    probe.problems = sku_report([catalogue for _, _, catalogue in catalogues])
    for shop, findings, catalogue in catalogues:
        _tell(findings, shop, [problem for problem in probe.problems if problem.shop == shop.shop])
        findings.facts.append(f"{len(catalogue.sold())} products, {len(usable_numbers(catalogue))} product numbers")
    return probe


@dataclass(slots=True)
class _Known:
    """The product numbers of agreements, each list read once."""

    connections: Connections
    _found: dict[str, set[str] | None] = field(default_factory=dict)

    def catalogue(self, shop: ShopSettings, products: Sequence[Product], findings: Findings) -> Catalogue:
        """Return the shop's catalogue with the numbers that its agreements have."""
        return catalogue_of(
            shop,
            products,
            warehouse=self.numbers(shop.rackbeat_target, findings) if shop.rackbeat_target else None,
            accounts=self.numbers(shop.economic_target, findings) if needs_accounts_products(shop) else None,
        )

    def numbers(self, target: str | None, findings: Findings) -> set[str] | None:
        """Return the numbers that this agreement has, or None with a finding."""
        if target is None:
            return None
        if target not in self._found:
            read = self._rackbeat if target.startswith("rackbeat__") else self._economic
            self._found[target] = findings.ask(partial(read, target))
        return self._found[target]

    def _rackbeat(self, target: str) -> set[str]:
        return warehouse_numbers(rackbeat_client(self.connections[target]))

    def _economic(self, target: str) -> set[str]:
        return accounts_numbers(economic_client(self.connections[target]))


def _catalogue(client: WooCommerceClient) -> list[Product]:
    return list(client.catalogue())


def _tell(findings: Findings, shop: ShopSettings, problems: Sequence[SkuProblem]) -> None:
    for trouble, (what, then, action) in _SAID.items():
        named = [problem.sku or problem.name for problem in problems if problem.trouble is trouble]
        if named:
            more = f" and {len(named) - _SHOWN} more" if len(named) > _SHOWN else ""
            text = f"{what}: {len(named)} ({', '.join(named[:_SHOWN])}{more}); {then}"
            findings.merchant(text, action.format(mapping=shop.mapping_name))

"""The SKU report of a shop: its catalogue against its agreements and the shops that share them; kept in the ledger.

Reads each list once and writes to no system. Sources: domain guide 4.3, 4.7, 15.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, fields

from pakhus.clients.economic import EconomicClient
from pakhus.clients.rackbeat import RackbeatClient
from pakhus.clients.webshop import Webshop
from pakhus.flows.payout_reports import Report
from pakhus.flows.report import RunReport
from pakhus.ledger import sku_reports
from pakhus.ledger.connection import Ledger, Transaction
from pakhus.model import Product
from pakhus.rules.sku_report import Catalogue, SkuProblem, Trouble, sku_report
from pakhus.settings import ShopSettings

SKUS = "skus"
COLUMNS = tuple(field.name for field in fields(SkuProblem))


@dataclass(frozen=True, slots=True)
class Sources:
    """The clients of a shop's systems; None where it has no such agreement."""

    shop: Webshop
    warehouse: RackbeatClient | None
    accounts: EconomicClient | None

    def catalogue(self, settings: ShopSettings) -> Catalogue:
        """Read the shop's products and the numbers that its agreements have."""
        return catalogue_of(
            settings,
            list(self.shop.catalogue()),
            warehouse=None if self.warehouse is None else warehouse_numbers(self.warehouse),
            accounts=None
            if self.accounts is None or not needs_accounts_products(settings)
            else accounts_numbers(self.accounts),
        )


@dataclass(frozen=True, slots=True)
class SkuReport:
    """What is wrong with the SKUs of one shop. `unread` are shops beside which it could not be looked at."""

    shop: str
    products: int
    problems: tuple[SkuProblem, ...]
    unread: tuple[str, ...] = ()

    def run_report(self) -> RunReport:
        """The run's note: "41 products: 2 missing, 38 not_in_rackbeat", and which shops were not looked at."""
        counts = Counter(problem.trouble for problem in self.problems)
        told = ", ".join(f"{counts[trouble]} {trouble.value}" for trouble in Trouble if counts[trouble])
        headline = f"{self.products} products: {told or 'nothing wrong with their SKUs'}"
        if self.unread:
            headline += f" · not compared with {', '.join(self.unread)}: see the log of report_skus"
        return RunReport(SKUS, self.shop, seen=self.products, headline=headline)

    def markdown(self, most: int = 200) -> str:
        """The report as a table for people who read it in Airflow; the rest is in `python -m pakhus report skus`."""
        rows = [
            "| what | SKU | product | detail |",
            "| --- | --- | --- | --- |",
            *("| " + " | ".join(map(_cell, _told(problem))) + " |" for problem in self.problems[:most]),
        ]
        left = len(self.problems) - most
        return "\n".join(
            rows + ([f"\n{left} more: `python -m pakhus report skus --shop {self.shop}`"] if left > 0 else [])
        )


def last_report(tx: Transaction, shop: str | None = None) -> Report:
    """The reports that the ledger has, as one table; a line per product and problem, with the day of the report."""
    rows = [
        (*(str(problem[name]) for name in COLUMNS), f"{at:%Y-%m-%d}")
        for _, at, problems in sku_reports.last(tx, shop)
        for problem in problems
    ]
    return Report((*COLUMNS, "reported"), rows)


def reported(tx: Transaction, shop: str | None = None) -> list[str]:
    """Say of which shops a report is kept, and from when. An empty table is good news only where there is one."""
    reports = sku_reports.last(tx, shop)
    return [f"{scope}: {len(problems)} problems, reported {at:%Y-%m-%d %H:%M} UTC" for scope, at, problems in reports]


def report_on(
    settings: ShopSettings, catalogues: Sequence[Catalogue], ledger: Ledger, unread: Sequence[str] = ()
) -> SkuReport:
    """Judge the shop's own catalogue beside the others', and keep the report in place of the last one."""
    own = next(catalogue for catalogue in catalogues if catalogue.shop == settings.shop)
    problems = tuple(problem for problem in sku_report(catalogues) if problem.shop == settings.shop)
    report = SkuReport(settings.shop, len(own.sold()), problems, tuple(unread))
    rows = [asdict(problem) for problem in problems]
    ledger.persist(lambda tx: sku_reports.keep(tx, settings.shop, report.products, rows))
    return report


def catalogue_of(
    shop: ShopSettings,
    products: Sequence[Product],
    *,
    warehouse: Collection[str] | None,
    accounts: Collection[str] | None,
) -> Catalogue:
    """Return a shop's products as the report wants them."""
    together = frozenset(target for target in (shop.rackbeat_target, shop.economic_target) if target)
    left = shop.mapping.rackbeat.not_goods if shop.mapping.rackbeat else ()
    return Catalogue(shop.shop, products, shop.mapping.product_numbers, warehouse, accounts, together, left)


def needs_accounts_products(shop: ShopSettings) -> bool:
    """Whether an invoice needs each product in e-conomic: the mapping has no generic product per rate."""
    economic = shop.mapping.economic
    return bool(shop.economic_target and economic is not None and not economic.products.by_rate)


def warehouse_numbers(client: RackbeatClient) -> set[str]:
    """The product numbers that Rackbeat has."""
    return client.product_numbers()


def accounts_numbers(client: EconomicClient) -> set[str]:
    """The product numbers that e-conomic has."""
    return {str(row["productNumber"]) for row in client.rows("/products", "productNumber")}


def _told(problem: SkuProblem) -> tuple[str, str, str, str]:
    name = problem.name if problem.sku else f"{problem.name} (product {problem.product_id})"  # nothing else tells it
    return problem.trouble.value, problem.sku, name, problem.detail


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "/").split())

"""Which accounts and VAT codes real orders would hit: a list for the bookkeeper to approve before anything is booked.

Pure. Sources: domain guide 3.7 (mapped, then a dry run on old orders); issue of the merchant's accountant: who decides
accounts and VAT codes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from pakhus.rules.document_lines import planned_lines
from pakhus.rules.invoices import AccountsFacts, InvoicePlan
from pakhus.rules.mappings import RoundingMode

# So many product numbers of a posting are named.
_NAMED = 5


@dataclass(frozen=True, slots=True, order=True)
class Posting:
    """Where a line of an invoice is posted. `account` is None where the accounts do not say."""

    account: int | None
    vat_code: str
    rate: Decimal
    country: str
    scheme: str


@dataclass(slots=True)
class Posted:
    """What real orders would post there."""

    orders: int = 0
    net: Decimal = Decimal(0)
    vat: Decimal = Decimal(0)
    products: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Paid:
    """What real orders would pay by one method, and where that goes. `way` is empty for a method without mapping."""

    way: str
    account: int | None
    orders: int = 0
    gross: Decimal = Decimal(0)


@dataclass(slots=True)
class TrialPosting:
    """The sums per currency and posting, and per currency and payment method."""

    postings: dict[tuple[str, Posting], Posted] = field(default_factory=dict)
    payments: dict[tuple[str, str], Paid] = field(default_factory=dict)

    def add_invoice(self, currency: str, plan: InvoicePlan, facts: AccountsFacts, mode: RoundingMode) -> None:
        """Count a planned invoice; an order counts once per posting."""
        seen: set[Posting] = set()
        for line in planned_lines(plan.lines, mode, plan.vat):
            product = facts.vat[line.product_number]
            place = Posting(product.account, line.vat_code, line.rate, line.country, line.scheme)
            posted = self.postings.setdefault((currency, place), Posted())
            posted.orders += place not in seen
            seen.add(place)
            posted.net += line.net
            posted.vat += line.vat
            if line.product_number not in posted.products and len(posted.products) < _NAMED:
                posted.products.append(line.product_number)

    def add_payment(self, currency: str, method: str, way: str, account: int | None, gross: Decimal) -> None:
        """Count what an order pays by a method."""
        paid = self.payments.setdefault((currency, method), Paid(way, account))
        paid.orders += 1
        paid.gross += gross

    def all_postings(self) -> list[Posting]:
        """Every posting once, in the order of the accounts."""
        return sorted({place for _, place in self.postings}, key=_in_order)


def in_order(postings: Mapping[tuple[str, Posting], Posted]) -> list[tuple[str, Posting, Posted]]:
    """The rows of the list: by account, VAT code, country; then by currency."""
    rows = [(currency, place, posted) for (currency, place), posted in postings.items()]
    return sorted(rows, key=lambda row: (_in_order(row[1]), row[0]))


def _in_order(place: Posting) -> tuple[int, str, Decimal, str, str]:
    return place.account or 0, place.vat_code, place.rate, place.country, place.scheme

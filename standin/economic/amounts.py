"""How a document's amounts come about (contract 6.4). Decimal throughout, halves go away from zero."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from standin.economic.state import Record, State

CENT = Decimal("0.01")
FOUR_PLACES = Decimal("0.0001")
SIX_PLACES = Decimal("0.000001")
EIGHT_PLACES = Decimal("0.00000001")
_HUNDRED = Decimal(100)


@dataclass(frozen=True)
class LineAmounts:
    """One line: net, VAT rate in percent, VAT as its document keeps it, cost in base currency."""

    net: Decimal
    vat_code: str
    rate: Decimal
    vat: Decimal
    cost: Decimal


@dataclass(frozen=True)
class Totals:
    """One document in its own currency."""

    lines: tuple[LineAmounts, ...]
    net: Decimal
    vat: Decimal

    @property
    def gross(self) -> Decimal:
        """Net plus VAT."""
        return self.net + self.vat

    @property
    def cost(self) -> Decimal:
        """The cost of all lines in base currency."""
        return sum((line.cost for line in self.lines), Decimal(0))


def rounded(value: Decimal, step: Decimal = CENT) -> Decimal:
    """Half away from zero; never a negative zero."""
    found = value.quantize(step, ROUND_HALF_UP)
    return found if found else abs(found)


def compute(state: State, document: Record, rounding: str) -> Totals:
    """The totals of a draft or booked document. ``rounding`` is ``document``: VAT once per VAT code; or ``line``."""
    zone = document["recipient"].get("vatZone")
    lines = tuple(_line(state, line, zone, rounding) for line in document["lines"])
    net = sum((line.net for line in lines), Decimal("0.00"))
    vat = _vat_by_code(lines) if rounding == "document" else sum((line.vat for line in lines), Decimal("0.00"))
    return Totals(lines, net, vat)


def _vat_by_code(lines: tuple[LineAmounts, ...]) -> Decimal:
    nets: dict[tuple[str, Decimal], Decimal] = {}
    for line in lines:
        key = (line.vat_code, line.rate)
        nets[key] = nets.get(key, Decimal(0)) + line.net
    return sum((rounded(net * rate / _HUNDRED) for (_, rate), net in nets.items()), Decimal("0.00"))


def _line(state: State, line: Record, zone: int | None, rounding: str) -> LineAmounts:
    product = line.get("product")
    if product is None or zone is None:
        # Text with a price but without a product is accepted and counts nothing.
        return LineAmounts(Decimal("0.00"), "", Decimal(0), Decimal(0), Decimal(0))
    kept = 1 - Decimal(line["discountPercentage"]) / _HUNDRED
    net = rounded(Decimal(line["quantity"]) * Decimal(line["unitNetPrice"]) * kept)
    code, rate = state.vat_rate(product, zone) or ("", Decimal(0))
    vat = net * rate / _HUNDRED
    cost = Decimal(line["quantity"]) * Decimal(line["unitCostPrice"])
    return LineAmounts(net, code, rate, rounded(vat) if rounding == "line" else vat, cost)


def in_base(amount: Decimal, exchange_rate: Decimal) -> Decimal:
    """An amount in base currency; the rate is the price of 100 units."""
    return rounded(amount * exchange_rate / _HUNDRED)


def share(part: Decimal, whole: Decimal) -> Decimal:
    """A percentage with two decimals; 0 of nothing."""
    return rounded(part / whole * _HUNDRED) if whole else Decimal("0.00")

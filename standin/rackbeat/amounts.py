"""Totals of orders and invoices, in Decimal. How Rackbeat rounds is not known (contract 14.11): per line to two
decimals, VAT once per rate, halves away from zero."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal

from standin.rackbeat.state import Record

CENT = Decimal("0.01")
_ZONE_RATES = {
    "domestic": "vat_domestic",
    "eu": "vat_eu",
    "abroad": "vat_abroad",
    "domestic_exempt": "vat_domestic_exempt",
}


def line_total(line: Record) -> Decimal:
    """Quantity times unit price less the discount."""
    kept: Decimal = 1 - line["discount_percentage"] / 100
    gross: Decimal = line["quantity"] * line["line_price"]
    return (gross * kept).quantize(CENT, ROUND_HALF_UP)


def totals(lines: Iterable[Record]) -> tuple[Decimal, Decimal, Decimal]:
    """Net, VAT and total of the lines."""
    by_rate: dict[Decimal, Decimal] = {}
    for line in lines:
        rate = line["vat_percentage"]
        by_rate[rate] = by_rate.get(rate, Decimal(0)) + line_total(line)
    net = sum(by_rate.values(), Decimal(0))
    vat = sum(((part * rate / 100).quantize(CENT, ROUND_HALF_UP) for rate, part in by_rate.items()), Decimal(0))
    return net, vat, net + vat


def vat_rate(group: Record, zone: str) -> Decimal:
    """The rate of a product group in a VAT zone, in percent."""
    return Decimal(group[_ZONE_RATES[zone]])

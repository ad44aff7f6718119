"""What the accounts will answer, and what their other answers mean (design, decision 7; domain guide 7.7).

Pure. The answer must equal the prediction exactly; where it does not, the likeliest cause is named for the person who
looks, in the order of the guide's table.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from decimal import Decimal
from enum import StrEnum

from pakhus.model import ZERO, InvoiceLine, Line, Order, Totals
from pakhus.rules.mappings import RoundingMode
from pakhus.rules.money import rounded

_CENT = Decimal("0.01")
_STANDARD_RATE = Decimal("0.25")


class Cause(StrEnum):
    """Why the accounts may have answered otherwise; the text stands in the reason."""

    OTHER_MODE = "the accounts round VAT the other way: change rounding_mode in the mapping"
    TAXED_THERE = "a line without VAT in the shop is on a product with VAT"
    UNTAXED_THERE = "a line with VAT in the shop is on a product without VAT, or the zone has none"
    GROSS_AS_NET = "prices with VAT were taken as prices without"
    NET_AS_GROSS = "prices without VAT were taken as prices with"
    LINE_MISSING = "a fee, freight or gift card line is not among the lines"
    REFUNDED = "the order was refunded or edited between reading and drafting"
    OTHER_RATE = "another VAT rate: the shop's table or the VAT code is old, or the shop rounds at subtotal"
    EXCHANGE_RATE = "the accounts took another exchange rate than the one that the order states"
    ROUNDING = "a price or a quantity was rounded"
    UNKNOWN = "no usual cause fits"


def predict(lines: Iterable[InvoiceLine], mode: RoundingMode) -> Totals:
    """What the accounts will answer for these lines under the agreement's rounding (economic.md 6.4)."""
    all_lines = list(lines)
    net = sum((line.net for line in all_lines), ZERO)
    if mode is RoundingMode.LINE:
        vat = sum((rounded(line.net * line.rate) for line in all_lines), ZERO)
    else:
        nets: dict[tuple[str, Decimal], Decimal] = defaultdict(Decimal)
        for line in all_lines:
            nets[line.vat_code, line.rate] += line.net
        vat = sum((rounded(amount * rate) for (_, rate), amount in nets.items()), ZERO)
    return Totals(net, vat, net + vat)


def modes_of(lines: Sequence[InvoiceLine], answered: Totals) -> frozenset[RoundingMode]:
    """The rounding modes under which the accounts would have answered so for these lines; both, one or none."""
    return frozenset(mode for mode in RoundingMode if predict(lines, mode) == answered)


def likely_cause(order: Order, lines: Sequence[InvoiceLine], predicted: Totals, answered: Totals) -> Cause:
    """The likeliest cause of an answer that is not the prediction (domain guide 7.7, in the order of its table).

    `lines` are those of the draft.
    """
    if modes_of(lines, answered):
        return Cause.OTHER_MODE
    difference, of_vat = answered.gross - predicted.gross, answered.vat - predicted.vat
    rates = {line.rate for line in lines if line.rate} | {_STANDARD_RATE}
    if difference == of_vat and (cause := _taxed_otherwise(lines, rates, of_vat)):
        return cause
    for rate in rates:
        if answered.gross == rounded(predicted.gross * (1 + rate)):
            return Cause.GROSS_AS_NET
        if answered.gross == rounded(predicted.gross / (1 + rate)):
            return Cause.NET_AS_GROSS
    if difference and any(abs(difference) in (_size(line), abs(line.net)) for line in order.lines):
        return Cause.LINE_MISSING
    if order.refunded and abs(difference) == order.refunded:
        return Cause.REFUNDED
    if of_vat and answered.net == predicted.net:
        return Cause.OTHER_RATE
    if abs(difference) <= _CENT * (len(lines) + 1):
        return Cause.ROUNDING
    return Cause.UNKNOWN


def spoken(totals: Totals) -> str:
    """Totals as a sum that people can follow: "80.00 + 20.00 = 100.00"."""
    return f"{totals.net:.2f} + {totals.vat:.2f} = {totals.gross:.2f}"


def _taxed_otherwise(lines: Sequence[InvoiceLine], rates: set[Decimal], of_vat: Decimal) -> Cause | None:
    """VAT that is a rate of one line more, or one line's less; a cent's rounding beside it is the document's."""
    for line in lines:
        if not line.rate and any(_near(of_vat, line.net * rate) for rate in rates):
            return Cause.TAXED_THERE
        if line.rate and _near(of_vat, -line.net * line.rate):
            return Cause.UNTAXED_THERE
    taxed = sum((line.net * line.rate for line in lines), ZERO)
    return Cause.UNTAXED_THERE if taxed and _near(of_vat, -taxed) else None


def _near(found: Decimal, wanted: Decimal) -> bool:
    return abs(wanted) > _CENT and abs(found - wanted) <= _CENT


def _size(line: Line) -> Decimal:
    return abs(line.net + line.vat)

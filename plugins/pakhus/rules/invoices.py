"""An order as an invoice: lines, VAT, the predicted totals and the correction line (design, decision 7).

Pure. Returns the plan or the verdict that holds the order; never guesses. The charged total is the target, and the
answer of the accounts must equal the prediction exactly: what differs then is rounding, and its one line is VAT-free.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from pakhus.model import InvoiceLine, Line, LineKind, Order, Totals
from pakhus.reasons import Verdict
from pakhus.rules.goods import product_number
from pakhus.rules.mappings import AccountingMapping, RoundingMode
from pakhus.rules.money import exact_unit_price, has_cents_only, percent, rounded, vat_is_explained
from pakhus.rules.vat import VatDecision

ONE = Decimal(1)
TEXT_LENGTH = 2500


@dataclass(frozen=True, slots=True)
class VatOfProduct:
    """What the accounts would charge on a product in the invoice's VAT zone."""

    rate: Decimal
    vat_code: str


@dataclass(frozen=True, slots=True)
class AccountsFacts:
    """What the accounts know of the products of an order: VAT per product number, or why it cannot be sold.

    A number that is in neither does not exist there.
    """

    vat: Mapping[str, VatOfProduct]
    unsellable: Mapping[str, Verdict]


@dataclass(frozen=True, slots=True)
class InvoicePlan:
    """The lines of an invoice, what the accounts must answer, and the correction among the lines (0: none).

    `vat` is how its VAT is treated: zone, country, what the invoice must say.
    """

    lines: tuple[InvoiceLine, ...]
    predicted: Totals
    correction: Decimal
    vat: VatDecision


def numbers_needed(
    order: Order, mapping: AccountingMapping, renamed: Mapping[str, str], vat: VatDecision
) -> tuple[str, ...] | Verdict:
    """Return the product numbers whose VAT must be known before the order can be planned."""
    found = [mapping.products.rounding]
    for line in order.lines:
        number = line_number(line, mapping, renamed)
        if isinstance(number, Verdict):
            return number
        rate = _stated_rate(line) or Decimal(0)
        found.append(vat.product_for(rate) or number)
        generic = mapping.generic_product(rate)
        if generic:
            found.append(generic)
    return tuple(dict.fromkeys(found))


def plan_invoice(
    order: Order, mapping: AccountingMapping, renamed: Mapping[str, str], vat: VatDecision, facts: AccountsFacts
) -> InvoicePlan | Verdict:
    """Return the invoice's lines with their prediction, or why the order is held. `vat` is `decide_vat`'s answer."""
    held = _totals_problem(order, mapping)
    if held is not None:
        return held
    lines: list[InvoiceLine] = []
    for line in order.lines:
        planned = _plan_line(line, mapping, renamed, vat, facts)
        if isinstance(planned, Verdict):
            return planned
        lines.append(planned)
    return _with_correction(lines, order, mapping, vat, facts)


def predict(lines: list[InvoiceLine], mode: RoundingMode) -> Totals:
    """What the accounts will answer for these lines under the agreement's rounding (economic.md 6.4)."""
    net = sum((line.net for line in lines), Decimal(0))
    if mode is RoundingMode.LINE:
        vat = sum((rounded(line.net * line.rate) for line in lines), Decimal(0))
    else:
        nets: dict[tuple[str, Decimal], Decimal] = defaultdict(Decimal)
        for line in lines:
            nets[line.vat_code, line.rate] += line.net
        vat = sum((rounded(amount * rate) for (_, rate), amount in nets.items()), Decimal(0))
    return Totals(net, vat, net + vat)


def line_number(line: Line, mapping: AccountingMapping, renamed: Mapping[str, str]) -> str | Verdict:
    """Return the product number of any line, by what the line is about (domain guide 4.3).

    `renamed` maps the SKUs that are called otherwise in the accounts.
    """
    products = mapping.products
    match line.kind:
        case LineKind.PRODUCT:
            return product_number(line, renamed)
        case LineKind.SHIPPING:
            return products.shipping_taxed if line.vat else products.shipping_untaxed
        case LineKind.FEE:
            return products.fee
        case LineKind.DISCOUNT:
            return products.discount
        case _:
            return Verdict.of("gift_card_not_treated", line=line.id)


def _totals_problem(order: Order, mapping: AccountingMapping) -> Verdict | None:
    if order.currency not in mapping.currencies:
        return Verdict.of("currency_not_mapped", currency=order.currency)
    if order.refunded:
        return Verdict.of("refunded_before_invoice", refunded=order.refunded)
    amounts = [
        order.total.amount,
        order.vat_total,
        *(amount for line in order.lines for amount in (line.net, line.vat)),
    ]
    for amount in amounts:
        if not has_cents_only(amount):
            return Verdict.of("fraction_not_sendable", amount=amount)
    return _sum_problem(order)


def _sum_problem(order: Order) -> Verdict | None:
    """Lines must sum to what was charged, by their own VAT or, where the shop rounds at subtotal, by the header's."""
    net = sum((line.net for line in order.lines), Decimal(0))
    line_vat = sum((line.vat for line in order.lines), Decimal(0))
    if net + line_vat == order.total.amount:
        return None
    most = Decimal("0.005") * (len(order.lines) + 1)
    if net + order.vat_total == order.total.amount and abs(order.vat_total - line_vat) <= most:
        return None
    return Verdict.of("lines_do_not_sum", lines_total=net + line_vat, total=order.total.amount)


def _plan_line(
    line: Line, mapping: AccountingMapping, renamed: Mapping[str, str], decision: VatDecision, facts: AccountsFacts
) -> InvoiceLine | Verdict:
    rate = _stated_rate(line)
    if rate is None:
        return Verdict.of("mixed_rates_on_line", line=line.id)
    if not vat_is_explained(line.net, line.vat, rate):
        return Verdict.of(
            "vat_not_explained", line=line.id, stated=line.vat, rate=percent(rate), expected=rounded(line.net * rate)
        )
    own = line_number(line, mapping, renamed)
    if not isinstance(own, Verdict):
        own = decision.product_for(rate) or own
    number = _sellable_number(own, rate, mapping, facts)
    if isinstance(number, Verdict):
        return number
    vat = facts.vat[number]
    if vat.rate != rate and (line.net or line.vat):
        return Verdict.of("vat_rate_conflict", line=number, charged=percent(rate), expected=percent(vat.rate))
    return _exact_line(line, number, vat)


def _sellable_number(
    number: str | Verdict, rate: Decimal, mapping: AccountingMapping, facts: AccountsFacts
) -> str | Verdict:
    if isinstance(number, Verdict) or number in facts.vat:
        return number
    if number in facts.unsellable:
        return facts.unsellable[number]
    generic = mapping.generic_product(rate)
    if generic is not None and generic in facts.vat:
        return generic
    return Verdict.of("product_missing", sku=number, system="e-conomic")


def _exact_line(line: Line, number: str, vat: VatOfProduct) -> InvoiceLine:
    """Quantity x price where that is exact, else quantity 1 with the quantity in the text (decision 7)."""
    price = exact_unit_price(line.net, line.quantity)
    if price is not None:
        return InvoiceLine(number, line.name[:TEXT_LENGTH], line.quantity, price, vat.rate, vat.vat_code, line.id)
    text = f"{line.quantity.normalize():f} × {line.name}" if line.quantity != 1 else line.name
    return InvoiceLine(number, text[:TEXT_LENGTH], ONE, line.net, vat.rate, vat.vat_code, line.id)


def _with_correction(
    lines: list[InvoiceLine], order: Order, mapping: AccountingMapping, decision: VatDecision, facts: AccountsFacts
) -> InvoicePlan | Verdict:
    difference = order.total.amount - predict(lines, mapping.rounding_mode).gross
    if difference:
        number = mapping.products.rounding
        vat = facts.vat.get(number)
        if vat is None:
            return facts.unsellable.get(number) or Verdict.of("product_missing", sku=number, system="e-conomic")
        if vat.rate:
            return Verdict.of("rounding_product_taxed", number=number)
        lines = [*lines, InvoiceLine(number, "Øreafrunding", ONE, difference, vat.rate, vat.vat_code)]
    return InvoicePlan(tuple(lines), predict(lines, mapping.rounding_mode), difference, decision)


def _stated_rate(line: Line) -> Decimal | None:
    """The one rate the shop charged on a line (0 where it charged none); None when there are more, or it is unsaid."""
    if line.vat_shares is None:
        return None
    rates = {share.rate for share in line.vat_shares if share.vat or len(line.vat_shares) == 1}
    if len(rates) > 1:
        return None
    return rates.pop() if rates else Decimal(0)

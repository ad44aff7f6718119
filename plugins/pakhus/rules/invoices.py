"""An order as an invoice: product numbers, lines, the predicted totals and the correction line (design, decision 7).

Pure. Returns the plan or the verdict that holds the order; never guesses. The charged total is the target, and the
answer of the accounts must equal the prediction exactly: what differs then is rounding, and its one line is VAT-free.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from pakhus.model import ZERO, InvoiceLine, Line, LineKind, Order, Totals
from pakhus.reasons import Verdict
from pakhus.rules.charged_lines import ONE, charged_lines, stated_rate
from pakhus.rules.exchange_rates import stated_exchange_rate
from pakhus.rules.goods import product_number
from pakhus.rules.mappings import AccountingMapping, GiftCards
from pakhus.rules.money import exact_unit_price, percent
from pakhus.rules.validation import predict
from pakhus.rules.vat import VatDecision

TEXT_LENGTH = 2500


@dataclass(frozen=True, slots=True)
class VatOfProduct:
    """What the accounts would charge on a product in the invoice's VAT zone, and the sales account it is posted to."""

    rate: Decimal
    vat_code: str
    account: int | None = None


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

    `vat` is how its VAT is treated: zone, country, what the invoice must say. `redeemed` is how much of its total was
    paid by gift cards or store credit (domain guide 6.6): the rest is what the order was charged. `exchange_rate` is
    the one that the order states (price of 100 units in base currency); None: the accounts' own. `taken_off` is
    what was refunded before the invoice: its lines are of what is left.
    """

    lines: tuple[InvoiceLine, ...]
    predicted: Totals
    correction: Decimal
    vat: VatDecision
    redeemed: Decimal = ZERO
    exchange_rate: Decimal | None = None
    taken_off: Decimal = ZERO


def numbers_needed(
    order: Order, mapping: AccountingMapping, renamed: Mapping[str, str], vat: VatDecision
) -> tuple[str, ...] | Verdict:
    """Return the product numbers whose VAT must be known before the order can be planned."""
    charged = charged_lines(order, mapping)
    if isinstance(charged, Verdict):
        return charged
    found = [mapping.products.rounding]
    for line in charged.lines:
        number = line_number(line, mapping, renamed)
        if isinstance(number, Verdict):
            return number
        rate = stated_rate(line)
        found.append(vat.product_for(rate) or number)
        generic = mapping.generic_product(rate)
        if generic:
            found.append(generic)
    return tuple(dict.fromkeys(found))


def plan_invoice(
    order: Order, mapping: AccountingMapping, renamed: Mapping[str, str], vat: VatDecision, facts: AccountsFacts
) -> InvoicePlan | Verdict:
    """Return the invoice's lines with their prediction, or why the order is held. `vat` is `decide_vat`'s answer."""
    charged = charged_lines(order, mapping)
    if isinstance(charged, Verdict):
        return charged
    exchange_rate = stated_exchange_rate(order, mapping.exchange_rates.get(order.currency))
    if isinstance(exchange_rate, Verdict):
        return exchange_rate
    lines: list[InvoiceLine] = []
    for line in charged.lines:
        planned = _plan_line(line, mapping, renamed, vat, facts)
        if isinstance(planned, Verdict):
            return planned
        lines.append(planned)
    plan = InvoicePlan(tuple(lines), predict(lines, mapping.rounding_mode), ZERO, vat, charged.redeemed, exchange_rate)
    return corrected(plan, charged.target, mapping, facts)


def corrected(
    plan: InvoicePlan, target: Decimal, mapping: AccountingMapping, facts: AccountsFacts
) -> InvoicePlan | Verdict:
    """Return a plan without correction with the one that brings it to `target`, where it needs it (decision 7)."""
    difference = target - plan.predicted.gross
    if not difference:
        return plan
    number = mapping.products.rounding
    vat = facts.vat.get(number)
    if vat is None:
        return facts.unsellable.get(number) or Verdict.of("product_missing", sku=number, system="e-conomic")
    if vat.rate:
        return Verdict.of("rounding_product_taxed", number=number)
    line = InvoiceLine(number, "Øreafrunding", ONE, difference, vat.rate, vat.vat_code)
    lines = (*plan.lines, line)
    return replace(plan, lines=lines, predicted=predict(lines, mapping.rounding_mode), correction=difference)


def line_number(line: Line, mapping: AccountingMapping, renamed: Mapping[str, str]) -> str | Verdict:
    """Return the product number of any line, by what the line is about (domain guide 4.3).

    `renamed` maps the SKUs that are called otherwise in the accounts.
    """
    products, cards = mapping.products, mapping.gift_cards or GiftCards()
    match line.kind:
        case LineKind.PRODUCT:
            return product_number(line, renamed)
        case LineKind.SHIPPING:
            return products.shipping_taxed if line.vat else products.shipping_untaxed
        case LineKind.FEE:
            return products.fee if line.vat else products.fee_untaxed or products.fee
        case LineKind.DISCOUNT:
            return products.discount if line.vat else products.discount_untaxed or products.discount
        case LineKind.GIFT_CARD_SALE:
            return cards.debt_product
        case LineKind.GIFT_CARD_REDEEMED:
            return cards.single_product if line.vat else cards.debt_product


def _plan_line(
    line: Line, mapping: AccountingMapping, renamed: Mapping[str, str], decision: VatDecision, facts: AccountsFacts
) -> InvoiceLine | Verdict:
    rate = stated_rate(line)
    own, of_country = line_number(line, mapping, renamed), decision.product_for(rate)
    if of_country is not None and not isinstance(own, Verdict):
        number = _own_number(of_country, facts)  # at the same rate a product at home carries another country's VAT
    else:
        number = _sellable_number(line, own, rate, mapping, facts)
    if isinstance(number, Verdict):
        return number
    vat = facts.vat[number]
    if vat.rate != rate and (line.net or line.vat):
        return Verdict.of("vat_rate_conflict", line=number, charged=percent(rate), expected=percent(vat.rate))
    return _exact_line(line, number, vat)


def _own_number(number: str, facts: AccountsFacts) -> str | Verdict:
    if number in facts.vat:
        return number
    return facts.unsellable.get(number) or Verdict.of("product_missing", sku=number, system="e-conomic")


def _sellable_number(
    line: Line, number: str | Verdict, rate: Decimal, mapping: AccountingMapping, facts: AccountsFacts
) -> str | Verdict:
    """The line's own product; the generic one of its rate where the accounts don't have that.

    Freight, fees and discounts go on the generic product also where their own has another rate: it is no mistake that
    a shop charges freight at the rate of the goods.
    """
    if isinstance(number, Verdict):
        return number
    generic = mapping.generic_product(rate)
    stands_in = generic is not None and generic in facts.vat
    at_other_rate = number in facts.vat and facts.vat[number].rate != rate
    if number in facts.vat and not (at_other_rate and stands_in and _is_ours(line)):
        return number
    if generic is not None and stands_in and number not in facts.unsellable:
        return generic
    return _own_number(number, facts)


def _is_ours(line: Line) -> bool:
    """Whether the line's product is the mapping's, not the shop's: no person has put it into a group for this sale."""
    return line.kind in (LineKind.SHIPPING, LineKind.FEE, LineKind.DISCOUNT) and bool(line.net or line.vat)


def _exact_line(line: Line, number: str, vat: VatOfProduct) -> InvoiceLine:
    """Quantity x price where that is exact, else quantity 1 with the quantity in the text (decision 7)."""
    price = exact_unit_price(line.net, line.quantity)
    if price is not None:
        return InvoiceLine(number, line.name[:TEXT_LENGTH], line.quantity, price, vat.rate, vat.vat_code, line.id)
    text = f"{line.quantity.normalize():f} × {line.name}" if line.quantity != 1 else line.name
    return InvoiceLine(number, text[:TEXT_LENGTH], ONE, line.net, vat.rate, vat.vat_code, line.id)

"""The invoice of an order that was refunded before it was booked: what is left, and no credit notes. Pure.

It is the invoice of the whole order with the credit notes of its refunds in one document: the same lines, the same
split of amounts over VAT rates, so that it comes to the same whether a refund was made before the booking or after it.
Sources: domain guide 3.6, 8; design, decision 7; docs/decisions/0021.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from pakhus.model import ZERO, Credit, InvoiceLine, LineKind, Order
from pakhus.reasons import Verdict
from pakhus.rules.charged_lines import ONE
from pakhus.rules.credits import Invoiced, Sale, plan_credit
from pakhus.rules.document_lines import planned_lines
from pakhus.rules.invoices import TEXT_LENGTH, AccountsFacts, InvoicePlan, corrected
from pakhus.rules.mappings import AccountingMapping
from pakhus.rules.money import exact_unit_price
from pakhus.rules.validation import predict


def less_refunds(
    plan: InvoicePlan, order: Order, refunds: Sequence[Credit], mapping: AccountingMapping, facts: AccountsFacts
) -> InvoicePlan | Verdict:
    """Return the plan of what the refunds leave of an order whose whole invoice is `plan`, or why there is none.

    Its gross is that of the whole invoice less the refunds, to the øre.
    """
    if not refunds:
        return plan
    taken_off = sum((refund.amount.amount for refund in refunds), ZERO)
    if taken_off == plan.predicted.gross:
        return Verdict.of("nothing_left_to_invoice", refunded=taken_off)
    invoiced = _invoiced(plan, order, mapping)
    back: list[InvoiceLine] = []
    for refund in refunds:
        credit = plan_credit(refund, Sale(order, invoiced, mapping, facts))
        if isinstance(credit, Verdict):
            return credit
        back += [line for line in credit.lines if line.product_number != mapping.products.rounding]
        credited = planned_lines(credit.lines, mapping.rounding_mode, plan.vat)
        invoiced = replace(
            invoiced,
            credited=(*invoiced.credited, credited),
            credited_gross=invoiced.credited_gross + refund.amount.amount,
        )
    sold = [line for line in plan.lines if line.product_number != mapping.products.rounding]
    lines = tuple(_netted(sold, back, _quantities_left(order, refunds)))
    left = replace(
        plan, lines=lines, predicted=predict(lines, mapping.rounding_mode), correction=ZERO, taken_off=taken_off
    )
    return corrected(left, plan.predicted.gross - taken_off, mapping, facts)


def refund_products(plan: InvoicePlan, mapping: AccountingMapping) -> list[str]:
    """Return the products on which refunds without a product go, at the rates of a plan."""
    found = (mapping.refund_product(line.rate) for line in plan.lines)
    return [number for number in dict.fromkeys(found) if number]


def _invoiced(plan: InvoicePlan, order: Order, mapping: AccountingMapping) -> Invoiced:
    """The whole invoice as if it were booked."""
    return Invoiced(
        gross=plan.predicted.gross,
        currency=order.currency,
        lines=planned_lines(plan.lines, mapping.rounding_mode, plan.vat),
        texts={number: line.text for number, line in enumerate(plan.lines, 1)},
    )


def _quantities_left(order: Order, refunds: Iterable[Credit]) -> dict[str, Decimal]:
    """How many of each line of products no refund has given back."""
    left = {line.id: line.quantity for line in order.lines if line.kind is LineKind.PRODUCT}
    for refund in refunds:
        for line in refund.lines:
            if line.id in left:
                left[line.id] = max(left[line.id] - line.quantity, ZERO)
    return left


def _netted(sold: Sequence[InvoiceLine], back: Sequence[InvoiceLine], left: Mapping[str, Decimal]) -> list[InvoiceLine]:
    """Take each refunded line off the line that it is of; what is of no line, or more than it, stays as it is."""
    off, apart = defaultdict[int, list[InvoiceLine]](list), list[InvoiceLine]()
    for line in back:
        place = next((n for n, one in enumerate(sold) if _is_of(line, one) and _has_left(one, off[n], line)), None)
        (apart if place is None else off[place]).append(line)
    lines = list[InvoiceLine]()
    for place, line in enumerate(sold):
        found = _less(line, off[place], left) if off[place] else line
        lines += [found] if found is not None else []
    return [*lines, *map(_as_deduction, apart)]


def _as_deduction(line: InvoiceLine) -> InvoiceLine:
    """A credit note's line as an invoice has it: its quantity is positive, and its price is taken off."""
    return replace(line, quantity=-line.quantity, unit_price=-line.unit_price)


def _is_of(line: InvoiceLine, sold: InvoiceLine) -> bool:
    same = (line.order_line_id, line.product_number, line.rate, line.vat_code)
    return line.order_line_id is not None and same == (
        sold.order_line_id,
        sold.product_number,
        sold.rate,
        sold.vat_code,
    )


def _has_left(sold: InvoiceLine, taken: Iterable[InvoiceLine], line: InvoiceLine) -> bool:
    before = sold.net + sum((one.net for one in taken), ZERO)
    after = before + line.net
    return not after or (after > 0) is (before > 0)


def _less(sold: InvoiceLine, taken: Iterable[InvoiceLine], left: Mapping[str, Decimal]) -> InvoiceLine | None:
    """A line with what is left of it; None: nothing is."""
    net = sold.net + sum((one.net for one in taken), ZERO)
    quantity = left.get(sold.order_line_id or "", ZERO)
    if not net and not quantity:
        return None
    if not quantity:  # all pieces came back, and a part of the price was kept
        return replace(sold, quantity=ONE, unit_price=net)
    price = exact_unit_price(net, quantity)
    if price is not None:
        return replace(sold, quantity=quantity, unit_price=price)
    name = sold.text.partition(" × ")[2] if sold.quantity == ONE and quantity != ONE else sold.text
    text = f"{quantity.normalize():f} × {name or sold.text}" if quantity != ONE else sold.text
    return replace(sold, text=text[:TEXT_LENGTH], quantity=ONE, unit_price=net)

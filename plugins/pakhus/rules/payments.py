"""How the money of an order gets into the accounts: by the invoice's term, by a journal, or not before the bank.

Pure. Domain guide 9.1: by the term (P1) when exactly one captured payment is the invoice's whole amount in its
currency, else in the journal (P2); what is sold on account stands open (P3). A method is told by its stable id, never
by its title (9.2). Nothing here captures money.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal

from pakhus.model import Money, Order, PaymentState
from pakhus.reasons import Verdict
from pakhus.rules.gift_cards import redeemed_of
from pakhus.rules.mappings import AccountingMapping
from pakhus.rules.payment_methods import PaymentMethod, PaymentWay

# How long after the invoice's day a payment may still be captured before a person is asked.
CAPTURE_WITHIN = timedelta(days=7)
_TAKEN = (PaymentState.PAID, PaymentState.PARTLY_REFUNDED, PaymentState.REFUNDED)

GIFT_CARD = "gift_card"
"""The method of what was paid with gift cards or store credit; it may be mapped as any other."""

Methods = Mapping[str, PaymentMethod]


@dataclass(frozen=True, slots=True)
class PaymentPart:
    """One payment of an order. `number` is its place in the order's own sequence, 1, 2, …"""

    number: int
    method: str
    amount: Money
    captured: bool
    captured_at: datetime | None = None
    provider_ids: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class InvoiceTerms:
    """Payment terms, layout and employee (None: the usual ones) of the invoice of an order."""

    terms: int
    layout: int | None
    employee: int | None = None


@dataclass(frozen=True, slots=True)
class BookedAmount:
    """What a booked invoice or credit note says: its whole amount, what is open of it, and its payment terms."""

    gross: Money
    terms: int
    invoiced_at: datetime
    open: Decimal | None = None  # None: not asked


def with_cards(order: Order, mapping: AccountingMapping) -> tuple[Methods, tuple[PaymentPart, ...]]:
    """Return the methods of an order's payments, and the part that redeemed gift cards paid, if any.

    Unless it is mapped, that part goes from the account of the gift card debt by the journal of the order's own method.
    """
    redeemed, methods = redeemed_of(order, mapping), dict(mapping.payments)
    if not redeemed:
        return methods, ()
    number = len(order.payments) + 1
    part = PaymentPart(number, GIFT_CARD, Money(redeemed, order.currency), captured=True)
    first = methods.get(order.payments[0].method) if order.payments else None
    account = mapping.gift_cards.debt_account if mapping.gift_cards else None
    if GIFT_CARD not in methods and first is not None and first.journal is not None and account is not None:
        terms = first.open_terms or first.terms
        methods[GIFT_CARD] = PaymentMethod(
            terms=terms, way=PaymentWay.JOURNAL, clearing_account=account, journal=first.journal
        )
    elif GIFT_CARD not in methods and first is not None and first.way is PaymentWay.OPEN:
        methods[GIFT_CARD] = first
    return methods, (part,)


def parts_of(order: Order, extra: Iterable[PaymentPart] = ()) -> tuple[PaymentPart, ...] | Verdict:
    """Return an order's payments, those besides the shop's own (`extra`: redeemed gift cards) last.

    The one payment whose amount the shop does not say is what the others leave of the total.
    """
    stated = [payment.amount for payment in order.payments]
    unsaid = sum(1 for amount in stated if amount is None)
    foreign = any(amount is not None and amount.currency != order.currency for amount in stated)
    if unsaid > 1 or (unsaid and foreign):
        return Verdict.of("payment_amounts_unknown", count=unsaid)
    known = sum((amount.amount for amount in stated if amount is not None and not foreign), Decimal(0))
    left = Money(order.total.amount - known, order.currency)
    parts = tuple(
        PaymentPart(
            number=number,
            method=payment.method,
            amount=payment.amount or left,
            captured=payment.captured_at is not None or order.payment_state in _TAKEN,
            captured_at=payment.captured_at,
            provider_ids=frozenset(filter(None, (payment.transaction_id, payment.id))),
        )
        for number, payment in enumerate(order.payments, 1)
    )
    return (*parts, *extra)


def less_taken_off(order: Order, taken_off: Decimal) -> Order | Verdict:
    """Return an order as the payments of its invoice see it, which was made without what was refunded before it.

    A Verdict where the order has several payments: nobody says which of them was paid back.
    """
    if not taken_off:
        return order
    if len(order.payments) > 1:
        return Verdict.of("refunded_payment_unknown", refunded=taken_off, count=len(order.payments))
    off = Money(taken_off, order.currency)
    payments = tuple(
        replace(one, amount=one.amount - off) if one.amount is not None and one.amount.currency == off.currency else one
        for one in order.payments
    )
    return replace(order, total=order.total - off, payments=payments)


def refunded_whole(order: Order, refunds: Sequence[Money], mapping: AccountingMapping) -> PaymentPart | Verdict:
    """Return the one payment of an order of which everything went back, or why that cannot be said of it.

    What gift cards have paid went back to no provider; of several payments nobody says which refund was of which.
    """
    refunded = sum((one.amount for one in refunds if one.currency == order.currency), Decimal(0))
    if len(order.payments) > 1:
        return Verdict.of("refunded_payment_unknown", refunded=refunded, count=len(order.payments))
    parts = parts_of(order)
    whole = refunded == order.total.amount and not redeemed_of(order, mapping)
    if isinstance(parts, Verdict) or not parts or parts[0].amount != order.total or not whole:
        return Verdict.of("refunded_without_invoice", refunded=refunded, paid=order.total)
    return parts[0]


def terms_of(order: Order, methods: Methods, extra: Iterable[PaymentPart] = ()) -> InvoiceTerms | Verdict:
    """Return the terms that an order's invoice gets, or why it cannot be told."""
    parts = parts_of(order, extra)
    if isinstance(parts, Verdict):
        return parts
    unmapped = [part.method for part in parts if part.method not in methods]
    if unmapped or not parts:
        return Verdict.of("payment_method_unmapped", method=(unmapped or ["(none)"])[0] or "(none)")
    first = methods[parts[0].method]
    reason = _not_whole(order, parts)
    if reason and any(methods[part.method].way is PaymentWay.TERM for part in parts):
        return Verdict.of("payment_not_by_term", method=parts[0].method, problem=reason)
    if first.way is PaymentWay.AUTO and reason and first.open_terms is not None:
        return InvoiceTerms(first.open_terms, first.layout, first.employee)
    return InvoiceTerms(first.terms, first.layout, first.employee)


def _not_whole(order: Order, parts: Sequence[PaymentPart]) -> str:
    """Why the payment term cannot say that the invoice is paid; an empty text: it can."""
    if len(parts) > 1:
        return f"the order has {len(parts)} payments"
    part = parts[0]
    if not part.captured:
        return "the money is not captured"
    if part.amount.currency != order.currency:
        return f"{part.amount.currency} was captured for an order in {order.currency}"
    if part.amount != order.total:
        return f"{part.amount} was captured of {order.total}"
    return ""


def way_of(method: PaymentMethod, booked: BookedAmount) -> PaymentWay:
    """Return how a payment of a booked invoice is registered: its terms say whether it counts as paid already."""
    if method.way is PaymentWay.AUTO:
        return PaymentWay.TERM if booked.terms == method.terms else PaymentWay.JOURNAL
    if method.way is PaymentWay.TERM and booked.terms != method.terms:
        return PaymentWay.OPEN  # somebody gave the invoice other terms: it stands open, and a person settles it
    return method.way


def payment_verdict(
    order: Order,
    part: PaymentPart,
    earlier: Sequence[PaymentPart],
    methods: Methods,
    booked: BookedAmount,
    now: datetime,
) -> Verdict:
    """Return whether a payment is to be entered in the journal now (due), or why not.

    `earlier` are the order's payments before this one.
    """
    method = methods.get(part.method)
    if method is None:
        return Verdict.of("payment_method_unmapped", method=part.method or "(none)")
    way = way_of(method, booked)
    if way is PaymentWay.TERM:
        return Verdict.of("paid_by_term", account=method.clearing_account)
    if way is PaymentWay.OPEN:
        return Verdict.of("left_open")
    return _uncaptured(order, part, booked, now) or _amount_problem(part, earlier, booked) or Verdict.of("due")


def _uncaptured(order: Order, part: PaymentPart, booked: BookedAmount, now: datetime) -> Verdict | None:
    if order.payment_state is PaymentState.VOIDED:
        return Verdict.of("authorisation_ended", amount=part.amount)
    if part.captured:
        return None
    if now - booked.invoiced_at > CAPTURE_WITHIN:
        return Verdict.of("never_captured", amount=part.amount, days=(now - booked.invoiced_at).days)
    return Verdict.of("not_captured", amount=part.amount)


def _amount_problem(part: PaymentPart, earlier: Sequence[PaymentPart], booked: BookedAmount) -> Verdict | None:
    if part.amount.currency != booked.gross.currency:
        return Verdict.of("capture_currency_differs", captured=part.amount, invoiced=booked.gross)
    before = sum((other.amount.amount for other in earlier), Decimal(0))
    most = booked.gross.amount - before
    if part.amount.amount > most:
        return Verdict.of("captured_more", captured=part.amount, left=Money(most, booked.gross.currency))
    if booked.open is None:
        return None
    if not booked.open:
        return Verdict.of("already_paid")
    if part.amount.amount > booked.open:  # somebody has entered a part of it: the customer would be owed money
        return Verdict.of("captured_more", captured=part.amount, left=Money(booked.open, booked.gross.currency))
    return None


def repayment_verdict(way: PaymentWay | None, booked: BookedAmount, *, by_hand: bool = False) -> Verdict:
    """Return whether the money of a booked credit note is to be entered in the journal: as its invoice's payment was.

    `way` is how the invoice was paid; None: it is not told yet, or, `by_hand`, people have entered its payment.
    """
    if way is None and not by_hand:
        return Verdict.of("invoice_payment_open")
    if way is PaymentWay.TERM:
        return Verdict.of("paid_by_term", account="")
    if way is PaymentWay.OPEN:
        return Verdict.of("left_open")
    if booked.open is not None and not booked.open:
        return Verdict.of("already_paid")
    return Verdict.of("repaid_by_hand", amount=-booked.gross) if way is None else Verdict.of("due")

"""Booked invoices and credit notes as their payments need them, and what a provider is to settle for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from pakhus.ledger.clearing import NewItem
from pakhus.ledger.included_refunds import Included
from pakhus.ledger.payments import Booked
from pakhus.model import ZERO, Money
from pakhus.rules.money import rounded
from pakhus.rules.payments import BookedAmount

BASE_RATE = Decimal(100)  # the price of 100 units of the base currency in itself


@dataclass(frozen=True, slots=True)
class Paid:
    """The booked invoice or credit note of a payment as the accounts answered it.

    `taken_off` are the refunds that an invoice was booked without.
    """

    booked: Booked
    amount: BookedAmount
    customer: int
    number: int
    exchange_rate: Decimal
    base: Decimal
    day: date
    taken_off: Sequence[Included] = ()


def paid_of(booked: Booked, answer: Any, taken_off: Sequence[Included], zone: ZoneInfo, *, asked: bool) -> Paid:
    """Understand a booked document. What is open of it is told only where it was `asked` for just now."""
    day = date.fromisoformat(str(answer["date"])[:10])
    gross = Money(Decimal(answer["grossAmount"]), str(answer["currency"]))
    rate = Decimal(answer.get("exchangeRate") or BASE_RATE)
    return Paid(
        booked=booked,
        amount=BookedAmount(
            gross=gross,
            terms=int(answer["paymentTerms"]["paymentTermsNumber"]),
            invoiced_at=datetime.combine(day, time(12), zone).astimezone(UTC),
            open=Decimal(answer["remainder"]) if asked else None,
        ),
        customer=int(answer["customer"]["customerNumber"]),
        number=int(answer["bookedInvoiceNumber"]),
        exchange_rate=rate,
        base=Decimal(answer.get("grossAmountInBaseCurrency") or rounded(gross.amount * rate / 100)),
        day=day,
        taken_off=taken_off,
    )


def in_base(amount: Decimal, paid: Paid) -> Decimal | None:
    """An amount of an invoice in the base currency; None: it is the base currency."""
    if paid.exchange_rate == BASE_RATE:
        return None
    return paid.base if amount == paid.amount.gross.amount else rounded(amount * paid.exchange_rate / 100)


def refund_item(payment: NewItem, document_id: int, amount: Decimal, paid: Paid, at: datetime) -> NewItem:
    """What a provider is to settle for money that went back; `amount` is negative."""
    return replace(
        payment,
        document_id=document_id,
        kind="refund",
        amount=amount,
        base_amount=in_base(amount, paid),
        occurred_at=at,
        provider_ids=(),
        parent_ids=payment.provider_ids,
    )


def settled_apart(payment: NewItem, taken_off: Sequence[Included], paid: Paid) -> list[NewItem]:
    """What a provider is to settle for the payment of an invoice of the rest: what it took, and what went back of it.

    Together they are what the invoice's payment has put on the clearing account.
    """
    back = [
        refund_item(payment, one.document_id, -one.amount, paid, one.refunded_at)
        for one in taken_off
        if one.document_id is not None
    ]
    amount = payment.amount - sum((one.amount for one in back), ZERO)
    base = payment.base_amount
    if base is not None:
        base -= sum((one.base_amount for one in back if one.base_amount is not None), ZERO)
    return [replace(payment, amount=amount, base_amount=base), *back]

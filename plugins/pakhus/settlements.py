"""Settlements of payment providers in one form, whatever file or API they came from (domain guide 11)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from pakhus.model import Money, Window


class BatchLineKind(StrEnum):
    """Kinds of settlement lines (domain guide 11)."""

    CAPTURE = "capture"
    REFUND = "refund"
    CHARGEBACK = "chargeback"
    CHARGEBACK_REVERSAL = "chargeback_reversal"
    FEE = "fee"
    FEE_REFUND = "fee_refund"
    RESERVE_HOLD = "reserve_hold"
    RESERVE_RELEASE = "reserve_release"
    ADJUSTMENT = "adjustment"
    CARRY = "carry"
    PAYOUT = "payout"
    PAYOUT_FAILED = "payout_failed"
    TOPUP = "topup"
    TAX = "tax"


@dataclass(frozen=True, slots=True)
class BatchLine:
    """One line of a settlement. Signs: the effect on what the provider owes us (capture +, refund, fee, payout −).

    Its identity is (provider, account, provider_id, kind, ordinal), never its position in a file, which is `number`.
    `aliases` are other ids of the same movement (Stripe's charge and payment intent beside its balance transaction),
    `parent_aliases` those of the payment that it belongs to. `fee_apart` is a fee that the provider tells with the line
    but takes elsewhere (by a line of its own, or by an invoice): negative like a fee, for statistics, in no sum.
    """

    number: int
    ordinal: int
    kind: BatchLineKind
    provider_id: str
    gross: Decimal
    fee: Decimal
    fee_vat: Decimal
    net: Decimal
    settled_currency: str
    occurred_at: datetime
    booked_on: date | None = None
    parent_id: str = ""
    order_reference: str = ""
    transaction: Money | None = None
    exchange_rate: Decimal | None = None
    text: str = ""
    aliases: tuple[str, ...] = ()
    parent_aliases: tuple[str, ...] = ()
    fee_apart: Decimal = Decimal(0)


class Part(StrEnum):
    """An amount of a line."""

    GROSS = "gross"
    FEE = "fee"
    FEE_VAT = "fee_vat"
    NET = "net"


@dataclass(frozen=True, slots=True)
class StatedTotal:
    """What the provider itself says lines of some kinds make, signed like them; `name` is its own word for it."""

    name: str
    kinds: frozenset[BatchLineKind]
    part: Part
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Batch:
    """One settlement of a payment provider; opening + Σ net of all lines (the payout among them) = closing.

    `file_sha256` is of the bytes that it was read from, which may hold other settlements too. `totals` are what the
    provider states beside the payout: they name the kind of what is missing.
    """

    provider: str
    account: str
    id: str
    currency: str
    opening: Decimal
    closing: Decimal
    lines: tuple[BatchLine, ...]
    period: Window | None = None
    payout_on: date | None = None
    payout_reference: str = ""
    file_sha256: str = ""
    totals: tuple[StatedTotal, ...] = ()

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


@dataclass(frozen=True, slots=True)
class Batch:
    """One settlement of a payment provider; opening + Σ net of all lines (the payout among them) = closing."""

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

"""Whether a settlement balances to 0.00, and which kind of line is missing when it does not (domain guide 10.1).

Pure. A batch that does not balance is not journaled: what is missing would stand on the clearing account for ever.
Beside the one sum, each line is held against itself and its kind, so that two mistakes cannot cancel out each other.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from pakhus.settlements import Batch, BatchLine, BatchLineKind, StatedTotal

ZERO = Decimal(0)
# The highest VAT rate of the EU is 27 %; a share above this one is no VAT.
HIGHEST_VAT_SHARE = Decimal("0.30")
# No provider takes more than half of a sale, but of the smallest: above this fee the columns are mixed up.
HIGHEST_FEE_SHARE, SMALLEST_DOUBTED_FEE = Decimal("0.5"), Decimal(10)
_CENT = Decimal("0.01")
# Providers whose own lists are known not to add up at times (woocommerce-payments issue 8588).
_NOT_EXPLAINED_BY = frozenset({"woopayments"})
# What one batch closes with, the next one begins with. Others' batches stand alone: what they close with comes back as
# a line of a later one.
RUNNING_BALANCES = frozenset({"klarna", "paypal", "vipps_mobilepay"})


class Missing(StrEnum):
    """What is probably missing, or wrong, in a batch that does not balance."""

    PAYOUT = "payout"
    CARRIED_BALANCE = "carried balance"
    RESERVE = "reserve"
    FEE = "account fee"
    CHARGEBACK = "chargeback"
    CURRENCY = "currency conversion"
    STATED_TOTAL = "lines of a stated total"
    DOUBLED_LINE = "a line that stands there twice"
    SIGN = "a line with the wrong sign"
    LINE = "a line that contradicts itself"
    UNEXPLAINED = "unexplained by the provider"


@dataclass(frozen=True, slots=True)
class BalanceProblem:
    """What keeps a batch from being journaled. `difference` is opening + Σ net − closing; 0 where that is not it."""

    text: str
    difference: Decimal = ZERO
    missing: Missing = Missing.LINE


def balance_problems(batch: Batch) -> list[BalanceProblem]:
    """Return all that is wrong with a batch's own sums; empty: it balances to 0.00."""
    problems = [
        *_currencies(batch),
        *_lines(batch.lines),
        *_signs(batch.lines),
        *_identities(batch.lines),
        *_totals(batch),
    ]
    difference = batch.opening + sum((line.net for line in batch.lines), ZERO) - batch.closing
    if difference:
        missing, likely = _likely(batch, difference)
        problems.append(BalanceProblem(f"{_sum(batch, difference)}; {likely}", difference, missing))
    return problems


def _currencies(batch: Batch) -> Iterable[BalanceProblem]:
    others = sorted({line.settled_currency for line in batch.lines} - {batch.currency})
    if others:
        text = f"lines in {', '.join(others)} stand in a batch in {batch.currency}"
        yield BalanceProblem(text, missing=Missing.CURRENCY)


def _lines(lines: Iterable[BatchLine]) -> Iterable[BalanceProblem]:
    for line in lines:
        off = line.gross + line.fee + line.fee_vat - line.net
        if off:
            yield BalanceProblem(
                f"line {line.number} ({line.kind}): gross {line.gross} + fee {line.fee} + VAT {line.fee_vat} is not "
                f"net {line.net}, but {off} more"
            )
        if line.kind in _SALES and abs(line.fee) >= max(SMALLEST_DOUBTED_FEE, abs(line.gross) * HIGHEST_FEE_SHARE):
            yield BalanceProblem(f"line {line.number} ({line.kind}): fee {line.fee} of {line.gross} is no fee")
        if abs(line.fee_vat) > abs(line.fee or line.gross) * HIGHEST_VAT_SHARE + _CENT:
            yield BalanceProblem(f"line {line.number} ({line.kind}): VAT {line.fee_vat} is no VAT of fee {line.fee}")


_SALES = frozenset({BatchLineKind.CAPTURE, BatchLineKind.REFUND, BatchLineKind.ADJUSTMENT})
_NEVER_POSITIVE = frozenset(
    {
        BatchLineKind.REFUND,
        BatchLineKind.CHARGEBACK,
        BatchLineKind.FEE,
        BatchLineKind.RESERVE_HOLD,
    }
)
_NEVER_NEGATIVE = frozenset(
    {
        BatchLineKind.CAPTURE,
        BatchLineKind.CHARGEBACK_REVERSAL,
        BatchLineKind.FEE_REFUND,
        BatchLineKind.RESERVE_RELEASE,
        BatchLineKind.TOPUP,
    }
)


def _signs(lines: Iterable[BatchLine]) -> Iterable[BalanceProblem]:
    """A payout may be negative (the provider takes from the bank), a tax may be refunded; these may not."""
    for line in lines:
        wrong = (
            line.gross > ZERO if line.kind in _NEVER_POSITIVE else line.kind in _NEVER_NEGATIVE and line.gross < ZERO
        )
        if wrong:
            text = f"line {line.number}: {line.gross} is no amount of a {line.kind}; it may have the wrong sign"
            yield BalanceProblem(text, missing=Missing.SIGN)
        if line.kind is BatchLineKind.CAPTURE and line.fee > ZERO:
            text = f"line {line.number}: {line.fee} is no fee of a sale; it may have the wrong sign"
            yield BalanceProblem(text, missing=Missing.SIGN)


def _identities(lines: Iterable[BatchLine]) -> Iterable[BalanceProblem]:
    seen: dict[tuple[str, str, int], int] = {}
    for line in lines:
        identity = (line.provider_id, line.kind.value, line.ordinal)
        if identity in seen:
            text = f"line {line.number} is line {seen[identity]} again ({line.kind} {line.provider_id})"
            yield BalanceProblem(text, missing=Missing.DOUBLED_LINE)
        seen[identity] = line.number


def _totals(batch: Batch) -> Iterable[BalanceProblem]:
    for total in batch.totals:
        made = sum((_part(line, total) for line in batch.lines if line.kind in total.kinds), ZERO)
        if made != total.amount:
            kinds = " and ".join(sorted(total.kinds))
            text = (
                f"{total.name} says {total.amount}, the lines of {kinds} make {made}: {total.amount - made} is missing"
            )
            yield BalanceProblem(text, missing=Missing.STATED_TOTAL)


def _part(line: BatchLine, total: StatedTotal) -> Decimal:
    part: Decimal = getattr(line, total.part.value)
    return part


def _sum(batch: Batch, difference: Decimal) -> str:
    """Say by how much the batch is off."""
    head = f"opening {batch.opening} and the lines make {batch.closing + difference}, not closing {batch.closing}"
    return f"{head}: {abs(difference)} too {'much' if difference > 0 else 'little'}"


def _likely(batch: Batch, difference: Decimal) -> tuple[Missing, str]:
    """Name the kind of line that is probably missing, or the line that is wrong or there twice."""
    kinds = {line.kind for line in batch.lines}
    if BatchLineKind.PAYOUT not in kinds and difference == _without_payout(batch):
        return Missing.PAYOUT, "the payout itself is missing"
    same = [line for line in batch.lines if line.net == difference]
    if len(same) == 1:
        text = f"line {same[0].number} ({same[0].kind}) has this amount: it may stand here without belonging here"
        return Missing.DOUBLED_LINE, text
    turned = [line for line in batch.lines if 2 * line.net == difference]
    if len(turned) == 1:
        return Missing.SIGN, f"line {turned[0].number} ({turned[0].kind}) may have the wrong sign"
    if any(line.exchange_rate is not None for line in batch.lines) and abs(difference) <= _rounding(batch):
        return Missing.CURRENCY, "so little is probably rounding of a currency conversion"
    if batch.provider in _NOT_EXPLAINED_BY:
        text = f"{batch.provider} is known to list some payouts short: {abs(difference)} is unexplained by the provider"
        return Missing.UNEXPLAINED, text
    ways = _TAKEN if difference > 0 else _GIVEN
    absent = [(missing, kind) for kind, missing in ways if kind not in kinds]
    named = absent or [(missing, kind) for kind, missing in ways]
    return named[0][0], f"missing is probably {' or '.join(kind.value for _, kind in named)}"


def _without_payout(batch: Batch) -> Decimal:
    """What the sum would be off by if nothing but the payout was missing: something has to be left to pay."""
    total = batch.opening + sum((line.net for line in batch.lines), ZERO)
    return total - batch.closing if total > batch.closing else ZERO


def _rounding(batch: Batch) -> Decimal:
    """A cent per converted line."""
    return _CENT * sum(line.exchange_rate is not None for line in batch.lines)


# What takes from, and what adds to, what the provider owes; in the order in which it is most often forgotten.
_TAKEN = (
    (BatchLineKind.RESERVE_HOLD, Missing.RESERVE),
    (BatchLineKind.FEE, Missing.FEE),
    (BatchLineKind.CHARGEBACK, Missing.CHARGEBACK),
    (BatchLineKind.CARRY, Missing.CARRIED_BALANCE),
)
_GIVEN = (
    (BatchLineKind.RESERVE_RELEASE, Missing.RESERVE),
    (BatchLineKind.CARRY, Missing.CARRIED_BALANCE),
    (BatchLineKind.CHARGEBACK_REVERSAL, Missing.CHARGEBACK),
    (BatchLineKind.TOPUP, Missing.CARRIED_BALANCE),
)

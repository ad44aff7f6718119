"""Whether a settlement balances to 0.00, and which kind of line is missing when it does not (domain guide 10.1).

Pure. A batch that does not balance is not journaled: what is missing would stand on the clearing account for ever.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from pakhus.settlements import Batch, BatchLine, BatchLineKind

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class BalanceProblem:
    """What keeps a batch from being journaled. `difference` is opening + Σ net − closing; 0 where that is not it."""

    text: str
    difference: Decimal = ZERO


def balance_problems(batch: Batch) -> list[BalanceProblem]:
    """Return all that is wrong with a batch's own sums; empty: it balances to 0.00."""
    problems = [*_currencies(batch), *_lines(batch.lines), *_identities(batch.lines)]
    difference = batch.opening + sum((line.net for line in batch.lines), ZERO) - batch.closing
    if difference:
        problems.append(BalanceProblem(_missing(batch, difference), difference))
    return problems


def _currencies(batch: Batch) -> Iterable[BalanceProblem]:
    others = sorted({line.settled_currency for line in batch.lines} - {batch.currency})
    if others:
        yield BalanceProblem(f"lines in {', '.join(others)} stand in a batch in {batch.currency}")


def _lines(lines: Iterable[BatchLine]) -> Iterable[BalanceProblem]:
    for line in lines:
        off = line.gross + line.fee + line.fee_vat - line.net
        if off:
            yield BalanceProblem(
                f"line {line.number} ({line.kind}): gross {line.gross} + fee {line.fee} + VAT {line.fee_vat} is not "
                f"net {line.net}, but {off} more"
            )


def _identities(lines: Iterable[BatchLine]) -> Iterable[BalanceProblem]:
    seen: dict[tuple[str, str, int], int] = {}
    for line in lines:
        identity = (line.provider_id, line.kind.value, line.ordinal)
        if identity in seen:
            yield BalanceProblem(f"line {line.number} is line {seen[identity]} again ({line.kind} {line.provider_id})")
        seen[identity] = line.number


def _missing(batch: Batch, difference: Decimal) -> str:
    """Say by how much the batch is off and what a line of that amount would be."""
    head = f"opening {batch.opening} and the lines make {batch.closing + difference}, not closing {batch.closing}"
    likely = _likely(batch, difference)
    return f"{head}: {abs(difference)} too {'much' if difference > 0 else 'little'}; {likely}"


def _likely(batch: Batch, difference: Decimal) -> str:
    """Name the kind of line that is probably missing, or that is there twice."""
    doubled = [line for line in batch.lines if line.net == difference]
    if len(doubled) == 1:
        return f"line {doubled[0].number} ({doubled[0].kind}) has this amount: it may stand here without belonging here"
    turned = [line for line in batch.lines if 2 * line.net == difference]
    if len(turned) == 1:
        return f"line {turned[0].number} ({turned[0].kind}) may have the wrong sign"
    kinds = {line.kind for line in batch.lines}
    if BatchLineKind.PAYOUT not in kinds and difference > 0:
        return "the payout itself is missing"
    if difference > 0:
        return f"missing is probably {_absent(kinds, _TAKEN)}"
    return f"missing is probably {_absent(kinds, _GIVEN)}"


# What takes from, and what adds to, what the provider owes; in the order in which it is most often forgotten.
_TAKEN = (BatchLineKind.RESERVE_HOLD, BatchLineKind.FEE, BatchLineKind.CHARGEBACK, BatchLineKind.CARRY)
_GIVEN = (BatchLineKind.RESERVE_RELEASE, BatchLineKind.CARRY, BatchLineKind.CHARGEBACK_REVERSAL, BatchLineKind.TOPUP)


def _absent(present: set[BatchLineKind], kinds: tuple[BatchLineKind, ...]) -> str:
    absent = [kind.value for kind in kinds if kind not in present]
    return " or ".join(absent or [kind.value for kind in kinds])

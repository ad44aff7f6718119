"""Whether something is missing before a settlement, told by the balances that a provider hands on. Pure.

What one settlement closes with, the next one opens with: PayPal, Vipps MobilePay, Klarna's debt. There a missing first
or last row shows in nothing else. Days tell the sequence, and the balances themselves tell it within a day: a provider
may pay out twice, and files come in any order. So the settlements of a day must be one walk from balance to balance
that begins where the day before ended; one that has not come yet keeps nobody waiting who does not follow it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import combinations

# More settlements a day than these are taken all together: the ways to choose among them double with each.
_CHOSEN_AMONG = 8


@dataclass(frozen=True, slots=True)
class Balances:
    """A settlement's balances. `is_entered`: it has its place; `is_taken`: a person took it in spite of a gap."""

    batch: str
    opening: Decimal
    closing: Decimal
    is_entered: bool = False
    is_taken: bool = False


def gap_before(this: Balances, same_day: Sequence[Balances], day_before: Sequence[Balances]) -> str | None:
    """Say what is missing before a settlement; None: it follows another, or nothing is known to be before it.

    `day_before` are those of the last day on which there were any, `same_day` the others of its own day.
    """
    placed = [one for one in same_day if one.is_entered and not one.is_taken]
    free = [one for one in same_day if one not in placed]
    starts = _ends(day_before) or {one.opening for one in (this, *same_day)}
    starts |= {one.opening for one in same_day if one.is_taken}
    for some in _choices(free):
        walk = (*placed, *some, this)
        if any(_is_one_walk(start, walk) for start in starts):
            return None
    last = _last([*same_day], this) or _last([*day_before], this)
    if last is None:
        return None
    lies = this.opening - last.closing
    between = f"{lies:.2f} lies between" if lies else "that cannot be handed on to two"
    return f"{last.batch} closes with {last.closing:.2f}, {this.batch} opens with {this.opening:.2f}: {between}"


def _choices(free: Sequence[Balances]) -> Iterator[tuple[Balances, ...]]:
    sizes = range(len(free) + 1) if len(free) <= _CHOSEN_AMONG else (0, len(free))
    for size in sizes:
        yield from combinations(free, size)


def _is_one_walk(start: Decimal, steps: Sequence[Balances]) -> bool:
    """Whether all steps can be walked, each once, one from where the other ended (Euler's trail)."""
    left = _left_over(steps)
    leaving = [balance for balance, count in left.items() if count > 0]
    if any(abs(count) > 1 for count in left.values()) or len(leaving) > 1 or (leaving and leaving != [start]):
        return False
    reached = {start}
    for _ in steps:
        reached |= {one.closing for one in steps if one.opening in reached}
    return all(one.opening in reached for one in steps)


def _left_over(steps: Iterable[Balances]) -> Counter[Decimal]:
    """How often each balance is left more often than it is come to; what is left as often is not in it."""
    count = Counter[Decimal]()
    for one in steps:
        count[one.opening] += 1
        count[one.closing] -= 1
    return Counter({balance: number for balance, number in count.items() if number})


def _ends(day: Sequence[Balances]) -> set[Decimal]:
    """What a day can end with: the balance that is come to once more than it is left; of a circle any."""
    ends = {balance for balance, number in _left_over(day).items() if number < 0}
    return ends or {one.closing for one in day}


def _last(settlements: Sequence[Balances], this: Balances) -> Balances | None:
    """The settlement that seems to be the last of these, to tell a person."""
    ends = _ends(settlements)
    others = [one for one in settlements if one.closing in ends and one != this]
    return others[-1] if others else None

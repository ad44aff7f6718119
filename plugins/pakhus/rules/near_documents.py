"""Documents that a line of a settlement without any may mean, for a person to choose among. Pure.

Nothing of this is ever automatic: the ladder (pakhus.rules.settlement_matching) has found nothing that is sure. Near is
what has the line's amount, some days off or in another place, and what has the digits of its reference. Source: domain
guide 10.5 (each line that is not matched is shown with its candidates).
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from pakhus.rules.settlement_matching import OpenItem, paid
from pakhus.settlements import BatchLine

MOST_SHOWN = 6
# From the payment to a line of its amount: later than the ladder believes by itself, not a season later.
NEAR = timedelta(days=45)
_DIGITS = re.compile(r"\d+")
_TOLD_BY = 3  # so many digits tell an order; fewer stand in any text


def near_documents(lines: Sequence[BatchLine], items: Iterable[OpenItem]) -> Mapping[int, list[OpenItem]]:
    """Return what each line may mean, by its number: open items of its kind, those of its reference first, then those
    of its amount, the nearest in time first."""
    by_amount, by_digits = defaultdict[object, list[OpenItem]](list), defaultdict[object, list[OpenItem]](list)
    for item in items:
        if not item.is_settled:
            by_amount[item.kind, item.currency, item.open].append(item)
            by_digits[item.kind, _digits(item.order_number)].append(item)
    for alike in by_amount.values():
        alike.sort(key=_moment)
    found: dict[int, list[OpenItem]] = {}
    for line in lines:
        amount, currency = paid(line)
        named = [item for digits in _named(line) for item in by_digits.get((line.kind, digits), ())]
        near = {item.key: item for item in (*named, *_nearest(by_amount[line.kind, currency, amount], line))}
        if near:
            found[line.number] = list(near.values())[:MOST_SHOWN]
    return found


def _moment(item: OpenItem) -> datetime:
    return item.occurred_at


def _nearest(alike: Sequence[OpenItem], line: BatchLine) -> list[OpenItem]:
    """The few of the items, which are in the order of time, that lie nearest to a line."""
    place = bisect_left(alike, line.occurred_at, key=_moment)
    around = alike[max(place - MOST_SHOWN, 0) : place + MOST_SHOWN]
    near = [item for item in around if _apart(item, line) <= NEAR]
    return sorted(near, key=lambda item: _apart(item, line))


def _apart(item: OpenItem, line: BatchLine) -> timedelta:
    return abs(line.occurred_at - item.occurred_at)


def _digits(number: str) -> str:
    """What of an order number people do not change: prefixes and signs come and go, leading zeros too."""
    return "".join(_DIGITS.findall(number)).lstrip("0")


def _named(line: BatchLine) -> list[str]:
    """The numbers in a line's reference and text that may be an order's."""
    numbers = [*_DIGITS.findall(line.order_reference), *_DIGITS.findall(line.text)]
    told = [_digits(line.order_reference), *(number.lstrip("0") for number in numbers)]
    return [digits for digits in dict.fromkeys(told) if len(digits) >= _TOLD_BY]

"""Which document each line of a settlement pays (domain guide 10.5).

Pure. A ladder of keys, strongest first; each line stops at the first rung that names exactly one document. Only an
exact match is automatic: whatever else is found is told to a person with its candidates. Time and memory grow with the
number of lines plus documents; combinations are sought only among what shares a key, and never of more than six.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from itertools import combinations, islice

from pakhus.settlements import BatchLine, BatchLineKind

# The days from a document's payment to the line that settles it (domain guide 10.5, key 5).
EARLIEST, LATEST = timedelta(days=-1), timedelta(days=5)
MOST_COMBINED = 6
_WORDS, _PARTS = re.compile(r"[\w\-/]+"), re.compile(r"[^\W_]+")


class Outcome(StrEnum):
    """What was found for a line. Only `MATCHED` is posted without a person."""

    MATCHED = "matched"
    AMOUNT_DIFFERS = "matched_amount_differs"
    NO_DOCUMENT = "no_document"
    AMBIGUOUS = "ambiguous"
    ALREADY_SETTLED = "already_settled"


class Cause(StrEnum):
    """What a difference between a line and its document looks like (domain guide 10.5)."""

    PARTLY_CAPTURED = "partly captured: the rest is still to come, or to be credited"
    SURCHARGE = "a surcharge that the provider took from the buyer, as much as its fee"
    MORE_THAN_INVOICED = "more than was invoiced: a line is missing, or the order was changed"
    OTHER_CURRENCY = "paid in another currency than the document's"


class Rung(StrEnum):
    """The key by which a document was found, strongest first."""

    PROVIDER_ID = "provider_id"
    PARENT_ID = "parent_id"
    ORDER_REFERENCE = "order_reference"
    TEXT_AND_AMOUNT = "text_and_amount"
    AMOUNT_AND_DATE = "amount_and_date"


@dataclass(frozen=True, slots=True)
class OpenItem:
    """A payment or refund that a provider is to settle: an entry on its clearing account, or an open invoice.

    `amount` is signed like a line's gross (capture +, refund −), in the currency the buyer paid in; `settled` is the
    part of it that earlier settlements have paid. `provider_ids` are the transaction's, capture's or refund's own;
    `parent_ids` those of the payment that a refund belongs to.
    """

    key: str
    kind: BatchLineKind
    shop: str
    order_number: str
    amount: Decimal
    currency: str
    occurred_at: datetime
    provider_ids: frozenset[str] = frozenset()
    parent_ids: frozenset[str] = frozenset()
    settled_by: str = ""
    settled: Decimal = Decimal(0)

    @property
    def open(self) -> Decimal:
        """What is still to be paid."""
        return self.amount - self.settled

    @property
    def is_settled(self) -> bool:
        """Whether earlier settlements have paid all of it."""
        return bool(self.settled_by) or (bool(self.settled) and not self.open)


@dataclass(frozen=True, slots=True)
class LineMatch:
    """What a line pays. `items` are the documents found, or the candidates where it is ambiguous.

    `difference` is what the lines of a document have paid beyond its amount (negative: less).
    """

    line: BatchLine
    outcome: Outcome
    items: tuple[OpenItem, ...] = ()
    rung: Rung | None = None
    difference: Decimal = Decimal(0)

    @property
    def cause(self) -> Cause | None:
        """What the difference looks like; None where the amount does not differ."""
        if self.outcome is not Outcome.AMOUNT_DIFFERS:
            return None
        if paid(self.line)[1] != self.items[0].currency:
            return Cause.OTHER_CURRENCY
        if self.difference and self.difference == -(self.line.fee + self.line.fee_vat):
            return Cause.SURCHARGE
        less = abs(self.items[0].open + self.difference) < abs(self.items[0].open)
        return Cause.PARTLY_CAPTURED if less else Cause.MORE_THAN_INVOICED


DISPUTES = frozenset({BatchLineKind.CHARGEBACK, BatchLineKind.CHARGEBACK_REVERSAL})
MATCHED_KINDS = frozenset({BatchLineKind.CAPTURE, BatchLineKind.REFUND}) | DISPUTES
"""Kinds of lines that belong to a document; fees, reserves and payouts belong to the batch."""

_SHOWN_CANDIDATES = 6
_BY_KEY = (Rung.PROVIDER_ID, Rung.PARENT_ID, Rung.ORDER_REFERENCE)
_Place = int  # of a line in the settlement: two lines may be equal


def paid(line: BatchLine) -> tuple[Decimal, str]:
    """Return what the buyer paid by a line, and in which currency: not what the provider converted it to."""
    if line.transaction is not None:
        return line.transaction.amount, line.transaction.currency
    return line.gross, line.settled_currency


def match_lines(
    lines: Sequence[BatchLine], items: Iterable[OpenItem], order_number: Callable[[str], str] = str.strip
) -> list[LineMatch]:
    """Find the document of each line that can have one, in the order of the lines.

    `order_number` takes a shop's prefix and suffix off a merchant reference. A chargeback names the payment that it
    takes back, settled or not, and closes nothing.
    """
    ladder = _Ladder(list(items), order_number)
    wanted = {place: line for place, line in enumerate(lines) if line.kind in MATCHED_KINDS}
    payments = {place: line for place, line in wanted.items() if line.kind not in DISPUTES}
    for rung in (*_BY_KEY, Rung.TEXT_AND_AMOUNT):
        ladder.climb(rung, payments)
    ladder.pair_by_amount(payments)
    return [
        ladder.disputed(line) if line.kind in DISPUTES else ladder.result(place, line) for place, line in wanted.items()
    ]


def payments_taken_back(
    lines: Sequence[BatchLine], items: Iterable[OpenItem], order_number: Callable[[str], str] = str.strip
) -> list[OpenItem | None]:
    """Return the one payment that each of these refunds takes back, settled or not; None where that is in doubt."""
    ladder = _Ladder(list(items), order_number)
    found = [ladder.disputed(replace(line, kind=BatchLineKind.CHARGEBACK)) for line in lines]
    sure = (Outcome.MATCHED, Outcome.AMOUNT_DIFFERS)
    return [match.items[0] if match.outcome in sure else None for match in found]


class _Ladder:
    """The indexes and what has been found so far."""

    def __init__(self, items: list[OpenItem], order_number: Callable[[str], str]) -> None:
        self._items = items
        self._order_number = order_number
        self._found: dict[_Place, LineMatch] = {}
        self._settled: dict[_Place, OpenItem] = {}
        self._unsure: dict[_Place, tuple[OpenItem, ...]] = {}
        self._taken: set[str] = set()
        self._promised: set[str] = set()  # of what one line can be given as well as another
        by_provider, by_parent, by_order = (defaultdict[str, list[OpenItem]](list) for _ in range(3))
        for item in items:
            for provider_id in item.provider_ids:
                by_provider[provider_id].append(item)
            for parent_id in item.parent_ids:
                by_parent[parent_id].append(item)
            by_order[order_number(item.order_number)].append(item)
        self._indexes = {
            Rung.PROVIDER_ID: by_provider,
            Rung.PARENT_ID: by_parent,
            Rung.ORDER_REFERENCE: by_order,
            Rung.TEXT_AND_AMOUNT: by_order,
        }

    def climb(self, rung: Rung, lines: Mapping[_Place, BatchLine]) -> None:
        """Try one key on all lines that have no document yet; lines of one document are judged together."""
        groups: dict[str, list[_Place]] = defaultdict(list)
        chosen: dict[str, OpenItem] = {}
        for place, line in lines.items():
            if place in self._found:
                continue
            item = self._one_of(place, line, self._candidates(rung, line), rung)
            if item is not None:
                chosen[item.key] = item
                groups[item.key].append(place)
        for key, places in groups.items():
            self._judge(rung, chosen[key], {place: lines[place] for place in places})

    def pair_by_amount(self, lines: Mapping[_Place, BatchLine]) -> None:
        """Pair what is left by amount and date, where both sides have no other choice."""
        open_items: dict[tuple[object, ...], list[OpenItem]] = defaultdict(list)
        # What a line with a key may mean is not given to one without.
        gone = self._taken.union(item.key for items in self._unsure.values() for item in items)
        for item in self._items:
            if item.key not in gone and not item.is_settled:
                open_items[item.kind, item.currency, item.open].append(item)
        waiting: dict[tuple[object, ...], list[_Place]] = defaultdict(list)
        for place, line in lines.items():
            if place not in self._found and place not in self._settled and place not in self._unsure:
                amount, currency = paid(line)
                waiting[line.kind, currency, amount].append(place)
        for kind, places in waiting.items():
            self._pair({place: lines[place] for place in places}, open_items.get(kind, []))

    def result(self, place: _Place, line: BatchLine) -> LineMatch:
        """Return what was found for a line."""
        if place in self._found:
            return self._found[place]
        if place in self._settled:
            return LineMatch(line, Outcome.ALREADY_SETTLED, (self._settled[place],))
        if place in self._unsure:
            return LineMatch(line, Outcome.AMBIGUOUS, self._unsure[place][:_SHOWN_CANDIDATES])
        return LineMatch(line, Outcome.NO_DOCUMENT)

    def disputed(self, line: BatchLine) -> LineMatch:
        """Return the payment that a chargeback, or its reversal, is about."""
        amount, currency = paid(line)
        unsure: list[OpenItem] = []
        for rung in _BY_KEY:
            candidates = self._candidates(rung, line)
            if len(candidates) == 1:
                payment = candidates[0]
                difference = abs(amount) - payment.amount if currency == payment.currency else Decimal(0)
                same = not difference and currency == payment.currency
                outcome = Outcome.MATCHED if same else Outcome.AMOUNT_DIFFERS
                return LineMatch(line, outcome, (payment,), rung, difference)
            unsure = unsure or candidates
        outcome = Outcome.AMBIGUOUS if unsure else Outcome.NO_DOCUMENT
        return LineMatch(line, outcome, tuple(unsure[:_SHOWN_CANDIDATES]))

    def _candidates(self, rung: Rung, line: BatchLine) -> list[OpenItem]:
        kind = BatchLineKind.REFUND if line.kind is BatchLineKind.REFUND else BatchLineKind.CAPTURE
        # A dispute names the payment that it is about as its parent: there the payment's own ids are looked for.
        own = rung is Rung.PARENT_ID and line.kind in DISPUTES
        index, found = self._indexes[Rung.PROVIDER_ID if own else rung], dict[str, OpenItem]()
        for key in self._keys(rung, line):
            found.update((item.key, item) for item in index.get(key, ()) if item.kind is kind)
        if rung is Rung.TEXT_AND_AMOUNT:
            return [item for item in found.values() if _pays(line, item)]
        return list(found.values())

    def _keys(self, rung: Rung, line: BatchLine) -> list[str]:
        match rung:
            case Rung.PROVIDER_ID:
                keys = [line.provider_id, *line.aliases]
            case Rung.PARENT_ID:
                keys = [line.parent_id, *line.parent_aliases]
            case Rung.ORDER_REFERENCE:
                keys = [self._order_number(line.order_reference)]
            case _:
                keys = [self._order_number(word) for word in _WORDS.findall(line.text)]
        return [key for key in keys if key]

    def _one_of(self, place: _Place, line: BatchLine, candidates: list[OpenItem], rung: Rung) -> OpenItem | None:
        """Return the document that the candidates leave; None after noting why there is none.

        Where a stronger key left several (a payment id that was used twice), a weaker one may only choose among them.
        """
        if place in self._unsure:
            known = {item.key for item in self._unsure[place]}
            candidates = [item for item in candidates if item.key in known]
        elif rung is not Rung.PROVIDER_ID and (named := self._candidates(Rung.PROVIDER_ID, line)):
            # What the line's own id does not name, and has an id itself, is another payment of the order.
            candidates = [item for item in candidates if item in named or not item.provider_ids]
        still_open = [item for item in candidates if not item.is_settled and item.key not in self._taken]
        if not still_open:
            if candidates:
                self._settled.setdefault(place, candidates[0])
            return None
        if len(still_open) == 1:
            return still_open[0]
        exact = [item for item in still_open if _pays(line, item)]
        if len(exact) == 1 or _are_alike(exact):
            chosen = next((item for item in exact if item.key not in self._promised), exact[0])
            self._promised.add(chosen.key)
            return chosen
        together = [] if exact else _sums(still_open, line)
        if len(together) == 1:
            self._note(place, LineMatch(line, Outcome.MATCHED, together[0], rung))
        else:
            self._unsure.setdefault(place, tuple(still_open))
        return None

    def _judge(self, rung: Rung, item: OpenItem, lines: Mapping[_Place, BatchLine]) -> None:
        """Decide on all lines that name one document: together they pay it, one of them does, or they pay it wrong."""
        if item.key in self._taken:  # a line that pays several documents at once has it
            self._settled.update(dict.fromkeys(lines, item))
            return
        total = sum((paid(line)[0] for line in lines.values()), Decimal(0))
        in_its_currency = all(paid(line)[1] == item.currency for line in lines.values())
        exact = _paying(lines, item) if in_its_currency else frozenset[_Place]()
        for place, line in lines.items():
            if place in exact:
                self._note(place, LineMatch(line, Outcome.MATCHED, (item,), rung))
            elif exact:
                self._settled[place] = item
            else:
                difference = total - item.open if in_its_currency else Decimal(0)
                self._note(place, LineMatch(line, Outcome.AMOUNT_DIFFERS, (item,), rung, difference))

    def _pair(self, lines: Mapping[_Place, BatchLine], items: list[OpenItem]) -> None:
        """Pair lines and documents of one amount, in time that does not grow with their product.

        A line that names another order is no suitor: its own document may only come later.
        """
        items = sorted(items, key=lambda item: item.occurred_at)
        item_times = [item.occurred_at for item in items]
        line_times = sorted(line.occurred_at for line in lines.values())
        for place, line in lines.items():
            first = bisect_left(item_times, line.occurred_at - LATEST)
            last = bisect_right(item_times, line.occurred_at - EARLIEST)
            near = [
                item
                for item in items[first : min(last, first + _SHOWN_CANDIDATES)]
                if not self._names_another(line, item)
            ]
            if not near:
                continue
            at = near[0].occurred_at
            suitors = bisect_right(line_times, at + LATEST) - bisect_left(line_times, at + EARLIEST)
            if last - first == 1 and suitors == 1:
                self._note(place, LineMatch(line, Outcome.MATCHED, (near[0],), Rung.AMOUNT_AND_DATE))
            else:
                self._unsure.setdefault(place, tuple(near))

    def _names_another(self, line: BatchLine, item: OpenItem) -> bool:
        """Whether a line's reference has neither the number nor the id of a document's order in it."""
        reference = self._order_number(line.order_reference)
        order_id = item.key.rpartition("-")[0].rpartition("-")[2]
        own = {self._order_number(item.order_number), order_id}
        return bool(reference) and own.isdisjoint((reference, *_PARTS.findall(reference)))

    def _note(self, place: _Place, match: LineMatch) -> None:
        self._found[place] = match
        self._taken.update(item.key for item in match.items)


def _pays(line: BatchLine, item: OpenItem) -> bool:
    return paid(line) == (item.open, item.currency)


def _are_alike(exact: Sequence[OpenItem]) -> bool:
    """Whether documents of one amount belong to one order: two refunds of it, say. Each may be any of them."""
    return len({(item.shop, item.order_number, item.key.rpartition("-")[0]) for item in exact}) == 1


def _paying(lines: Mapping[_Place, BatchLine], item: OpenItem) -> frozenset[_Place]:
    """The lines that pay a document exactly: all, the first that does alone, or the only few that together do."""
    if sum((paid(line)[0] for line in lines.values()), Decimal(0)) == item.open:
        return frozenset(lines)
    for place, line in lines.items():
        if _pays(line, item):
            return frozenset({place})
    ways = _exact({place: paid(line)[0] for place, line in lines.items()}, item.open)
    return frozenset(ways[0]) if len(ways) == 1 else frozenset()


def _sums(items: list[OpenItem], line: BatchLine) -> list[tuple[OpenItem, ...]]:
    """Return the combinations of documents that a line pays exactly, two at most: more than one is no answer."""
    amount, currency = paid(line)
    usable = [item for item in items if item.currency == currency]
    ways = _exact({at: item.open for at, item in enumerate(usable)}, amount)
    return [tuple(usable[at] for at in way) for way in ways]


def _exact(amounts: Mapping[int, Decimal], wanted: Decimal) -> list[tuple[int, ...]]:
    """Return the combinations of two to six that make an amount exactly, two at most; none among too many to try."""
    if len(amounts) > 2 * MOST_COMBINED:
        return []
    sizes = range(2, min(MOST_COMBINED, len(amounts)) + 1)
    groups = (group for size in sizes for group in combinations(amounts, size))
    exact = (group for group in groups if sum((amounts[at] for at in group), Decimal(0)) == wanted)
    return list(islice(exact, 2))

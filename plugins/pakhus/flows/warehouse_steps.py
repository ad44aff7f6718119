"""The writes to one of our orders in Rackbeat, and how the effect of each is told when its answer was lost.

Every change states what is to be there, so a search reads the order and looks whether it is. Sources: rackbeat.md 7;
design, decision 3.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from pakhus.clients.rackbeat import RackbeatClient
from pakhus.errors import NotFoundError, RemoteError
from pakhus.flows.exactly_once import Found, Step
from pakhus.flows.outcomes import stop
from pakhus.formats.rackbeat import header_stands, order_number, standing_lines
from pakhus.ledger.attempts import Attempt

CREATE, BOOK, REOPEN, DELETE = "create_order", "book_order", "reopen_order", "delete_order"
HEADER, ADD_LINE, REMOVE_LINE = "change_header", "add_line", "remove_line"
LINE_STEPS = (ADD_LINE, REMOVE_LINE)
# What is planned from the order as it stands, not from a version alone: a plan that was never sent is made anew.
CHANGES = (REOPEN, HEADER, *LINE_STEPS)

# How far the newest order in Rackbeat may be dated before we sent it: their clock against ours (decision 3).
CLOCK_MARGIN = timedelta(minutes=5)

Look = Callable[[str], Any]
"""Returns an order by its number as it stands, or None when there is none."""


@dataclass(frozen=True, slots=True)
class WarehouseSteps:
    """The steps of one document; `heading` is its key, `made` are the numbers that the ledger knows of it already."""

    warehouse: RackbeatClient
    heading: str
    made: frozenset[str] = frozenset()

    def creation(self, subject: str) -> Step:
        return Step(CREATE, order_number, self._find_created, subject)

    def booking(self, number: str, subject: str) -> Step:
        return Step(BOOK, lambda body: _booked(body, number), self._where(number, _is_booked), subject)

    def reopening(self, number: str, subject: str) -> Step:
        return Step(REOPEN, lambda _: number, self._where(number, lambda order, _: not _is_booked(order, _)), subject)

    def header(self, number: str, subject: str) -> Step:
        return Step(HEADER, order_number, self._where(number, _has_header), subject)

    def adding(self, number: str, subject: str) -> Step:
        """`subject` ends in how many lines of the item the order has once this one is there."""
        return Step(ADD_LINE, lambda body: str(int(body["order_line"]["id"])), self._where(number, _has_line), subject)

    def removal(self, number: str, line_id: int, subject: str) -> Step:
        def gone(order: Any, _: Attempt) -> bool:
            return all(line.id != line_id for line in standing_lines(order))

        return Step(REMOVE_LINE, lambda _: str(line_id), self._where(number, gone), subject, already=_is_gone)

    def deletion(self, number: str) -> Step:
        def search(_: Attempt) -> Found | None:
            return None if self.look(number) is not None else Found(number, {"deleted": number})

        return Step(DELETE, lambda _: number, search, number, already=_is_gone)

    def of(self, attempt: Attempt) -> Step:
        """The step that an attempt was of, by what it sent."""
        parts = attempt.request.path.split("/")  # /orders/{number}/lines/{id}
        number = parts[2] if len(parts) > 2 else ""
        makers: Mapping[str, Callable[[], Step]] = {
            CREATE: lambda: self.creation(attempt.subject),
            BOOK: lambda: self.booking(number, attempt.subject),
            REOPEN: lambda: self.reopening(number, attempt.subject),
            HEADER: lambda: self.header(number, attempt.subject),
            ADD_LINE: lambda: self.adding(number, attempt.subject),
            REMOVE_LINE: lambda: self.removal(number, int(parts[4]), attempt.subject),
            DELETE: lambda: self.deletion(number),
        }
        return makers[attempt.step]()

    def look(self, number: str) -> Any | None:
        """Return an order as it stands; None when there is none."""
        try:
            return self.warehouse.get_order(number)
        except NotFoundError:
            return None

    def _where(self, number: str, holds: Callable[[Any, Attempt], bool]) -> Callable[[Attempt], Found | None]:
        """A search that reads the order and asks whether the effect stands; of one that is gone nothing does."""

        def search(attempt: Attempt) -> Found | None:
            order = self.look(number)
            return Found(number, {"order": order}) if order is not None and holds(order, attempt) else None

        return search

    def _find_created(self, attempt: Attempt) -> Found | None:
        if attempt.first_sent_at is None:
            raise ValueError(f"attempt {attempt.id} was never sent")
        hits = self.warehouse.orders_with_heading(self.heading, since=attempt.first_sent_at - CLOCK_MARGIN)
        hits = [hit for hit in hits if str(hit["number"]) not in self.made]
        if len(hits) > 1:
            numbers = ", ".join(str(hit["number"]) for hit in hits)
            raise stop("duplicate_found", count=len(hits), system="Rackbeat", key=self.heading, numbers=numbers)
        if not hits:
            return None
        number = str(int(hits[0]["number"]))
        return Found(number, {"order": self.warehouse.get_order(number)})


def _is_gone(error: RemoteError) -> bool:
    return isinstance(error, NotFoundError)


def _is_booked(order: Any, _: Attempt) -> bool:
    return order.get("is_booked") is True


def _has_header(order: Any, attempt: Attempt) -> bool:
    return header_stands(order, json.loads(attempt.request.body))


def _has_line(order: Any, attempt: Attempt) -> bool:
    sent = json.loads(attempt.request.body, parse_float=Decimal)
    places = int(attempt.subject.rsplit("-", 1)[1])
    found: int = sum(line.item == sent["item_id"] for line in standing_lines(order))
    return found >= places


def _booked(body: Any, number: str) -> str:
    """The order's number out of the answer to a booking; KeyError unless the answer says that it is booked."""
    order = body["order"]
    if not order["is_booked"]:
        raise ValueError(f"order {number} is not booked although the booking was accepted")
    return order_number(body)

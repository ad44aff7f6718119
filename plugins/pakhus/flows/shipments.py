"""Shipments: Rackbeat -> ledger. Read once for all shops of an agreement.

A shipment is made before it is shipped, perhaps weeks, and no filter by date or state is proven. So the list is read
newest first down to what was stored before; those of our orders that have not gone are read again one by one; and each
night every open order is asked for its own. Sources: rackbeat.md 1.3, 1.4, 8; domain guide 3.3; design, decision 4.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from pakhus.clients.http import to_json
from pakhus.clients.rackbeat import RackbeatClient
from pakhus.errors import ConfigurationError, NotFoundError
from pakhus.flows.backorders import Backorders, BusyReservationError
from pakhus.flows.report import RunReport
from pakhus.formats.rackbeat import created_at
from pakhus.formats.rackbeat_shipments import (
    Shipment,
    ShipmentFormatError,
    Shipping,
    last_shipped,
    order_facts,
    order_from_facts,
    order_number_of,
    shipment_facts,
    shipment_from_facts,
    shipment_id,
    unaccounted,
)
from pakhus.ledger import claims, cursors, shipments, sources
from pakhus.ledger.claims import Claim, holding
from pakhus.ledger.connection import Ledger, Transaction
from pakhus.ledger.shipments import SHIPMENT, WAREHOUSE_ORDER, Reservation
from pakhus.ledger.sources import Showing, Source
from pakhus.rules.states import NOT_SHIPPED, Shipped
from pakhus.settings import ShopSettings

FULFILMENT = "fulfilment"
CURSOR = "shipments"
COMPARED_CURSOR = "shipments_compared"
SHIPPED, OPEN, GONE, UNREADABLE = "shipped", "open", "gone", "unreadable"
UNACCOUNTED = "its shipments hold less than it says went"

COMPARE_HOUR = 3  # of the shop's clock: after the warehouse's last shift, before its first
MOVED = "moved"  # the rest of it goes on under another number (pakhus.flows.backorders)
CLOSED = (Shipping.FULL.value, Shipping.CANCELLED.value, Shipping.GONE.value, MOVED)
# A list may show what was made at one moment in any order, and late: so far the mark stays behind.
_SETTLED = timedelta(hours=1)
# A shipment cannot be older than our reservation; Rackbeat's clock and zone may differ from ours.
_FLOOR_MARGIN = timedelta(days=1)
# How long an order that says more went than its shipments show is asked again each night: it may always say so, since
# nobody knows whether lines without stock keeping count as shipped.
_UNACCOUNTED_FOR = timedelta(days=14)
_OPEN_AT_ONCE = 25
_COMPARED_AT_ONCE = 50
_WORKERS = 4  # requests in flight to Rackbeat (design, decision 2)

Rows = Sequence[Mapping[str, Any]]


@dataclass(slots=True)
class _Walk:
    """What is known while the list is read newest first: whether its order can be believed, and how far it came."""

    mark: int
    floor: datetime
    settled_before: datetime
    next_mark: int
    ids: set[int] = field(default_factory=set)
    lowest: int | None = None
    in_order: bool = True
    named: bool = True  # each shipment says which order it belongs to
    ended: bool = False

    def take(self, rows: Rows) -> None:
        """Look at a page."""
        for row in rows:
            number, made = shipment_id(row), _made_at(row)
            self.named = self.named and order_number_of(row) is not None
            if number not in self.ids and self.lowest is not None and number > self.lowest:
                self.in_order = False
            self.ids.add(number)
            self.lowest = number if self.lowest is None else min(self.lowest, number)
            if made is not None and made <= self.settled_before:
                self.next_mark = max(self.next_mark, number)
            if number <= self.mark or (made is not None and made < self.floor):
                self.ended = True


@dataclass(frozen=True, slots=True)
class ShipmentReader:
    """Reads one Rackbeat agreement; `agreement` is its connection. `timezone` says when it is night."""

    warehouse: RackbeatClient
    ledger: Ledger
    agreement: str
    timezone: str
    patience_s: float = 60.0  # for another shop's run that reads at this moment

    def read(self, asked_at: datetime | None = None, *, compare: bool = False) -> RunReport:
        """Store what was shipped, and how far its orders are.

        Nothing is read when another shop's run has begun to read after `asked_at` (when this run began): it has seen
        all that this one could. `compare` asks for every open order now; else the first reading of a night does.
        """
        report = RunReport(FULFILMENT, self.agreement)
        with holding(self.ledger, f"shipments:{self.agreement}", wait_s=self.patience_s) as claim:
            if claim is None or (not compare and self._was_read_since(asked_at)):
                return report
            named = self._read_list(claim, report)
            self._read_open(claim, report)
            with self.ledger.begin() as tx:
                unjudged = shipments.unjudged_orders(tx, self.agreement, SHIPPED)
            self._look_at(claim, unjudged, report)
            # Where rows don't say whose they are, only the orders can.
            if compare or not named or self._is_night():
                self._compare(claim, report)
        return report

    def _was_read_since(self, asked_at: datetime | None) -> bool:
        _, began = self._cursor()
        return asked_at is not None and began is not None and began >= asked_at

    def _cursor(self) -> tuple[int, datetime | None]:
        """The id up to which all shipments are stored, and when the reading that found that began."""
        with self.ledger.begin() as tx:
            told = cursors.read(tx, self.agreement, CURSOR)
        if told is None:
            return 0, None
        value = json.loads(told)
        return int(value["mark"]), datetime.fromisoformat(value["began"])

    def _read_list(self, claim: Claim, report: RunReport) -> bool:
        """Read the list down to the mark; tell whether each shipment named its order."""
        with self.ledger.begin() as tx:
            before, floor = cursors.read(tx, self.agreement, CURSOR), shipments.first_reserved_at(tx, self.agreement)
            began = tx.now
        if floor is None:
            return True  # nothing of ours is in the warehouse
        mark, _ = self._cursor()
        walk = _Walk(mark, floor - _FLOOR_MARGIN, began - _SETTLED, mark)
        pages = self.warehouse.shipments_newest_first()
        read_at = began
        while (rows := next(pages, None)) is not None:
            walk.take(rows)
            self._store(claim, rows, read_at, report)
            if walk.ended and walk.in_order:
                break
            read_at = self.ledger.now()
        value = json.dumps({"mark": walk.next_mark, "began": began.isoformat()})
        with self.ledger.begin() as tx:
            claims.require(tx, claim)
            cursors.move(tx, self.agreement, CURSOR, value, expected=before)
        return walk.named

    def _read_open(self, claim: Claim, report: RunReport) -> None:
        """Read our shipments that had not gone when they were read last, and did not stand in the list just read."""
        _, began = self._cursor()
        if began is None:
            return
        with self.ledger.begin() as tx:
            waiting = shipments.open_shipments(tx, self.agreement, OPEN, read_before=began, limit=_OPEN_AT_ONCE)
        for one in waiting:
            read_at = self.ledger.now()
            try:
                rows = [self.warehouse.get_shipment(int(one.source_id))]
            except NotFoundError:
                self._store_gone(one.source_id, read_at)
            else:
                self._store(claim, rows, read_at, report)

    def _compare(self, claim: Claim, report: RunReport) -> None:
        """Ask for every order of ours that is not known to be closed, whatever the list has shown."""
        today, after = self._today(), 0
        with self.ledger.begin() as tx:
            before = cursors.read(tx, self.agreement, COMPARED_CURSOR)
        while True:
            with self.ledger.begin() as tx:
                settled = tx.now - _UNACCOUNTED_FOR
                batch = shipments.open_reservations(
                    tx, self.agreement, CLOSED, settled, after=after, limit=_COMPARED_AT_ONCE
                )
            if not batch:
                break
            self._look_at(claim, batch, report)
            after = batch[-1].document_id
        with self.ledger.begin() as tx:
            claims.require(tx, claim)
            cursors.move(tx, self.agreement, COMPARED_CURSOR, today, expected=before)

    def _is_night(self) -> bool:
        """Whether this is the first reading of a day after COMPARE_HOUR."""
        local = self.ledger.now().astimezone(ZoneInfo(self.timezone))
        with self.ledger.begin() as tx:
            compared = cursors.read(tx, self.agreement, COMPARED_CURSOR)
        return local.hour >= COMPARE_HOUR and compared != local.date().isoformat()

    def _today(self) -> str:
        return self.ledger.now().astimezone(ZoneInfo(self.timezone)).date().isoformat()

    def _look_at(self, claim: Claim, orders: Sequence[Reservation], report: RunReport) -> None:
        """Read how far these orders are, and their shipments where the ledger knows too few."""
        with ThreadPoolExecutor(max_workers=_WORKERS, thread_name_prefix=FULFILMENT) as pool:
            for start in range(0, len(orders), _COMPARED_AT_ONCE):
                self._renew(claim)
                list(pool.map(self._look_at_one(claim, report), orders[start : start + _COMPARED_AT_ONCE]))

    def _look_at_one(self, claim: Claim, report: RunReport) -> Callable[[Reservation], None]:
        def look(order: Reservation) -> None:
            read_at = self.ledger.now()
            problem, moved_to = "", None
            try:
                shown = self.warehouse.get_order(order.number)
                facts = order_facts(shown)
                if self._knows_too_few(order, facts):
                    rows = self.warehouse.shipments_of_order(order.number)
                    self._store(claim, rows, read_at, report, order.number)
                    problem = UNACCOUNTED if self._knows_too_few(order, facts) else ""
                moved_to = self._follow(order, shown, facts)
            except NotFoundError:
                facts = {"number": order.number, "is_gone": True}
            except BusyReservationError:
                return
            self._store_order(order, {**facts, "moved_to": moved_to} if moved_to else facts, read_at, problem)
            if moved_to is not None:
                look(replace(order, number=moved_to))

        return look

    def _follow(self, order: Reservation, shown: Mapping[str, Any], facts: Mapping[str, Any]) -> str | None:
        """The number under which the rest of an order goes on that was cancelled after a part of it had gone."""
        try:
            is_rest = order_from_facts(facts).shipping is Shipping.CANCELLED and facts["is_partly_shipped"]
        except ShipmentFormatError:
            return None
        return Backorders(self.warehouse, self.ledger).follow(order, shown) if is_rest else None

    def _knows_too_few(self, order: Reservation, facts: Mapping[str, Any]) -> bool:
        with self.ledger.begin() as tx:
            known = shipments.of_order(tx, self.agreement, order.order_id)
        try:
            return unaccounted(order_from_facts(facts), understood(known))
        except ShipmentFormatError:
            return True

    def _store(
        self, claim: Claim, rows: Rows, read_at: datetime, report: RunReport, order_number: str | None = None
    ) -> None:
        """Record shipments in one transaction; `order_number` is whose they are, where that was asked for."""
        self._renew(claim)
        with self.ledger.begin() as tx:
            # In one order everywhere: two transactions that lock the same rows must not wait for each other.
            for row in sorted(rows, key=lambda one: str(shipment_id(one))):
                report.see(self._record(tx, row, read_at, order_number or order_number_of(row)))

    def _record(self, tx: Transaction, row: Mapping[str, Any], read_at: datetime, number: str | None) -> int:
        facts = shipment_facts(row, number)
        ours = None if number is None else shipments.reservation_of(tx, self.agreement, number)
        state, problem = (SHIPPED if facts["is_shipped"] else OPEN), ""
        try:
            shipment_from_facts(facts)
        except ShipmentFormatError as error:
            problem = str(error)
        recorded = sources.record(
            tx,
            Showing(
                scope=self.agreement,
                kind=SHIPMENT,
                source_id=str(facts["id"]),
                body=to_json(facts),
                read_at=read_at,
                parent_id=None if ours is None else ours.order_id,
                number="" if ours is None else ours.order_number,
                native_state=state,
                problem=problem,
            ),
        )
        shipments.note_read(
            tx, recorded.id, read_at, parent_id=None if ours is None else ours.order_id, problem=problem
        )
        return recorded.id

    def _store_gone(self, source_id: str, read_at: datetime) -> None:
        """A shipment that was deleted before it went."""
        body = to_json({"id": int(source_id), "is_shipped": False})
        with self.ledger.begin() as tx:
            sources.record(
                tx, Showing(self.agreement, SHIPMENT, source_id, body, read_at, native_state=GONE, problem=GONE)
            )

    def _store_order(self, order: Reservation, facts: Mapping[str, Any], read_at: datetime, problem: str) -> None:
        try:
            state = _state_of(facts)
        except ShipmentFormatError as error:
            state, problem = UNREADABLE, str(error)
        showing = Showing(
            scope=self.agreement,
            kind=WAREHOUSE_ORDER,
            source_id=order.number,
            body=to_json(facts),
            read_at=read_at,
            parent_id=order.order_id,
            number=order.order_number,
            native_state=state,
            problem=problem,
        )

        def store(tx: Transaction) -> None:
            recorded = sources.record(tx, showing)
            shipments.note_read(tx, recorded.id, read_at, problem=problem)

        self.ledger.persist(store)

    def _renew(self, claim: Claim) -> None:
        with self.ledger.begin() as tx:
            claims.renew(tx, claim)


def understood(stored: Iterable[Source]) -> list[Shipment]:
    """The shipments of stored sources that can be understood; the flow that tells the shop names the others."""
    found = []
    for source in stored:
        try:
            found.append(shipment_from_facts(kept(source)))
        except ShipmentFormatError:
            continue
    return found


def kept(source: Source) -> dict[str, Any]:
    """The facts that the ledger keeps of a shipment or warehouse order."""
    facts: dict[str, Any] = json.loads(source.body, parse_float=Decimal)
    return facts


def shipped_of(tx: Transaction, settings: ShopSettings, order_id: int) -> Shipped:
    """How far the goods of an order (a row of sources) are, as the ledger knows it."""
    return shipped_of_all(tx, settings, [order_id]).get(order_id, NOT_SHIPPED)


def shipped_of_all(tx: Transaction, settings: ShopSettings, order_ids: Collection[int]) -> dict[int, Shipped]:
    """How far the goods of these orders are; nothing of those of which nothing is known."""
    agreement = settings.rackbeat_target
    if agreement is None:
        return {}
    states, known = shipments.last_states(tx, agreement, order_ids), shipments.of_orders(tx, agreement, order_ids)
    found = {}
    for order_id in states.keys() | known.keys():
        last = last_shipped(understood(known.get(order_id, ())))
        is_all = states.get(order_id) == Shipping.FULL.value
        found[order_id] = Shipped(is_all, None if last is None else last.shipped_at)
    return found


def shipment_reader(warehouse: RackbeatClient, ledger: Ledger, settings: ShopSettings) -> ShipmentReader:
    """Put a reader together. ConfigurationError when the shop has no warehouse."""
    if settings.rackbeat_target is None:
        raise ConfigurationError(f"{settings.shop} names no Rackbeat agreement: nothing is shipped for it")
    return ShipmentReader(warehouse, ledger, settings.rackbeat_target, settings.timezone)


def _state_of(facts: Mapping[str, Any]) -> str:
    if facts.get("moved_to"):
        return MOVED
    return Shipping.GONE.value if facts.get("is_gone") else order_from_facts(facts).shipping.value


def _made_at(row: Mapping[str, Any]) -> datetime | None:
    """The latest moment at which a shipment can have been made; None where the row does not say it."""
    try:
        return created_at(row)
    except ValueError:
        return None

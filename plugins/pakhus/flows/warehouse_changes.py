"""What becomes of an order in Rackbeat when the shop changes it: corrected, taken back, or held for a person.

Everything is decided from the order as it stands there, read when no write of ours can still be under way. Only what
the shop changed is written; what people did in Rackbeat stays. An order that is being picked, or was shipped, is left
alone. Sources: domain guide 3.1-3.3, 4.2; rackbeat.md 7, 8, 11; design, section 6; docs/decisions/0017.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pakhus.clients import rackbeat
from pakhus.clients.rackbeat import RackbeatClient
from pakhus.errors import DataError
from pakhus.flows.backorders import backorders_of
from pakhus.flows.exactly_once import Writer
from pakhus.flows.outcomes import StoppedError, stop
from pakhus.flows.warehouse_steps import (
    BOOK,
    CHANGES,
    HEADER,
    LINE_STEPS,
    REOPEN,
    WarehouseSteps,
)
from pakhus.formats.rackbeat import (
    NoteRules,
    ReservedLine,
    header_changes,
    line_to_rackbeat,
    lock_of,
    standing_lines,
    unit_price,
)
from pakhus.ledger import attempts
from pakhus.ledger.connection import Transaction
from pakhus.model import ZERO, Order
from pakhus.reasons import Verdict
from pakhus.rules.goods import Good, GoodsRules
from pakhus.rules.reservations import (
    Goods,
    LinePlan,
    goods_by_line,
    left_to_send,
    plan_lines,
    tell_changes,
    wants_no_more,
)
from pakhus.settings import EditPolicy, ShopSettings

Versions = Callable[[int], Order]
"""Returns the shop's order as it was at a version of its source."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the shop's order was when it was last transferred, and what it is now, both without what was refunded.

    `edited`: people changed the goods of the order itself; else what differs of them was refunded, or is no longer.
    """

    before: Order
    now: Order
    before_version: int
    old: Goods
    new: Goods
    header: Mapping[str, Any]
    edited: bool = True

    @property
    def differs(self) -> bool:
        return bool(self.header) or self.old != self.new

    def tell(self) -> str:
        """Say what differs, without anything of the buyer."""
        parts = [tell_changes(self.old, self.new)]
        if any("address" in name for name in self.header):
            parts.append("the address")
        if "note" in self.header:
            parts.append("the comment")
        return "; ".join(part for part in parts if part) or "its number"


@dataclass(frozen=True, slots=True)
class WarehouseChanges:
    """Brings one order of ours in Rackbeat, `number`, in line with the shop's order.

    `backorder_of`: the earlier number under which a part of the order has gone; this one then holds the rest.
    `sent_again`: a person saw this version held, and said that it is to be done.
    """

    warehouse: RackbeatClient
    settings: ShopSettings
    writer: Writer
    steps: WarehouseSteps
    number: str
    sent_again: bool
    backorder_of: str = ""

    def cancel(self, state: str, *, asked: bool) -> Verdict:
        """Take the order back: Rackbeat has no way to cancel over its API, but deletes what nobody has begun to pick.

        `asked`: a person must have said so. StoppedError when it is too late, or a person is to decide.
        """
        order = self.steps.look(self.number)
        if order is not None and order.get("is_cancelled"):
            return Verdict.of("reservation_cancelled", number=self.number)
        if order is not None:
            why = self._lock(order)
            if why:
                raise stop("cancelled_too_late", number=self.number, state=state, why=why)
            if asked and not self.sent_again:
                raise stop("cancellation_undecided", number=self.number, state=state)
        try:
            self.writer.make(self.steps.deletion(self.number), rackbeat.delete_order(self.number))
        except DataError as refusal:
            why = f"Rackbeat refused: {_brief(refusal)}"
            raise stop("cancelled_too_late", number=self.number, state=state, why=why) from None
        return Verdict.of("reservation_cancelled", number=self.number)

    def update(self, wanted: Wanted, versions: Versions) -> Verdict:
        """Write what the shop changed, or take the order back when all its goods were refunded.

        StoppedError when the order is locked, was changed by hand, or a person must be asked.
        """
        order = self.steps.look(self.number)
        if order is None or order.get("is_cancelled"):
            if self._is_ended(wanted, order):
                return Verdict.of("transferred")
            why = "cancelled" if order else "no longer there"
            raise stop("warehouse_order_gone", number=self.number, state=why)
        if not self._is_open_to(wanted, order):
            return Verdict.of("transferred")
        if not wanted.new:
            return self.cancel("refunded", asked=self.settings.orders.edit_policy is not EditPolicy.AUTO)
        plan = self._plan(wanted, versions, order)
        if not plan.is_empty:
            order = self._change_lines(wanted, plan, order)
        if wanted.header:
            self._write(wanted, HEADER, rackbeat.update_order(self.number, wanted.header))
        self.book(order)
        if not plan.is_empty:
            self._verify(wanted, versions)
        return Verdict.of("transferred")

    def is_sent(self) -> bool:
        """Whether all of the order has gone as it stands there."""
        order = self.steps.look(self.number)
        return order is not None and bool(order.get("is_shipped"))

    def book(self, order: Mapping[str, Any]) -> None:
        """Book the order, which reserves its goods, unless it is booked or the shop does not want that."""
        if self.settings.orders.reserve and not order.get("is_booked"):
            subject = self._subject(BOOK, self.number)
            self.writer.make(self.steps.booking(self.number, subject), rackbeat.book_order(self.number))

    def _is_ended(self, wanted: Wanted, order: Mapping[str, Any] | None) -> bool:
        """Whether people have ended the order there and paid back what was not sent: no backorder sends it either."""
        if wanted.edited or wanted.header or not wants_no_more(wanted.old, wanted.new):
            return False
        return order is None or not order.get("is_partly_shipped") or backorders_of(self.warehouse, order) == []

    def _is_open_to(self, wanted: Wanted, order: Mapping[str, Any]) -> bool:
        """Whether the changes may be written; False when they are of no matter any more."""
        lines = wanted.old != wanted.new
        why = self._lock(order)
        if why:
            if lines and not wanted.edited:
                lines = self._sends_other_than(wanted, order, why)
            if not lines and not _is_delivered_elsewhere(wanted):
                return False  # a comment, an e-mail: nobody unpacks a parcel for it
            raise self._locked(wanted, why)
        if not wanted.new:
            if wanted.edited:
                raise self._locked(wanted, "no goods are left on it")
            return True
        policy = self.settings.orders.edit_policy
        ask = policy is EditPolicy.ASK or (policy is EditPolicy.HEADER and lines)
        if ask and wanted.differs and not self.sent_again:
            raise stop("change_undecided", number=self.number, what=wanted.tell())
        return True

    def _sends_other_than(self, wanted: Wanted, order: Mapping[str, Any], why: str) -> bool:
        """Whether what is still to go differs from what the refunds leave: what has gone, they cannot call back.

        StoppedError when goods of which the money went back are still to be sent.
        """
        if order.get("is_shipped"):
            return False
        earlier = self.steps.look(self.backorder_of) if self.backorder_of else None
        gone = [replace(line, quantity=line.shipped) for line in standing_lines(earlier or {})]
        ought, stands = left_to_send(wanted.new, [*standing_lines(order), *gone])
        items = {good.number for goods in (wanted.old, wanted.new) for good in goods.values()}
        if any(stands.get(item, ZERO) > ought.get(item, ZERO) for item in items):
            raise stop("refunded_goods_to_go", number=self.number, why=why, what=wanted.tell())
        return any(stands.get(item, ZERO) < ought.get(item, ZERO) for item in items)

    def _plan(self, wanted: Wanted, versions: Versions, order: Mapping[str, Any]) -> LinePlan:
        """What is to be done to the lines as they stand: they may be half changed by a run that broke off."""
        if wanted.old == wanted.new and not self._begun(wanted):
            return LinePlan()
        history = [wanted.old]
        for version in self._begun(wanted):
            goods = goods_by_line(versions(version), self._numbers, self._rules, wanted.old)
            if not isinstance(goods, Verdict):
                history.append(goods)
        plan = plan_lines(history, wanted.new, standing_lines(order))
        if plan.lost:
            raise self._locked(wanted, f"{plan.lost[0].number} was changed there by hand")
        return plan

    def _begun(self, wanted: Wanted) -> list[int]:
        """The versions whose lines a run began to write since the last complete transfer."""
        with self.writer.ledger.begin() as tx:
            done = attempts.done_of(tx, self.writer.document.id, LINE_STEPS)
        return sorted({version for _, _, version, _ in done if version is not None and version > wanted.before_version})

    def _change_lines(self, wanted: Wanted, plan: LinePlan, order: Mapping[str, Any]) -> Mapping[str, Any]:
        """Reopen the order, add, then remove; returns it as it is before it is booked again."""
        self._look_for_products(plan.add)
        if order.get("is_booked"):
            self._write(wanted, REOPEN, rackbeat.reopen_order(self.number))
        try:
            self._add(plan.add, order)
            for line in plan.remove:
                subject = self._subject("remove_line", f"v{self.writer.version}-{line.id}")
                step = self.steps.removal(self.number, line.id, subject)
                self.writer.make(step, rackbeat.remove_line(self.number, line.id))
        except DataError as refusal:
            standing = self.steps.look(self.number)
            if standing is not None:  # what stands there must stay reserved while a person looks
                self.book(standing)
            raise self._locked(wanted, f"Rackbeat refused: {_brief(refusal)}") from None
        return {**order, "is_booked": False}

    def _add(self, goods: Sequence[Good], order: Mapping[str, Any]) -> None:
        there = [line.item for line in standing_lines(order)]
        for good in goods:
            there.append(good.number)
            base = f"v{self.writer.version}-{good.line.id}"
            subject = f"{self._subject('add_line', base)}-{there.count(good.number)}"
            body = line_to_rackbeat(reserved_line(good))
            self.writer.make(self.steps.adding(self.number, subject), rackbeat.add_line(self.number, body))

    def _look_for_products(self, goods: Sequence[Good]) -> None:
        """Nothing is reopened for goods that could not be added."""
        for good in goods:
            product = self.warehouse.find_product(good.number)
            if product is None:
                raise stop("product_missing", sku=good.number, system="Rackbeat")
            if product.get("is_barred"):
                raise stop("product_barred", sku=good.number, system="Rackbeat")

    def _write(self, wanted: Wanted, name: str, call: Any) -> None:
        subject = self._subject(name, f"v{self.writer.version}")
        step = {REOPEN: self.steps.reopening, HEADER: self.steps.header}[name](self.number, subject)
        try:
            self.writer.make(step, call)
        except DataError as refusal:
            raise self._locked(wanted, f"Rackbeat refused: {_brief(refusal)}") from None

    def _verify(self, wanted: Wanted, versions: Versions) -> None:
        """What a change of lines came to is read again: no source proves that each of these calls does what it says."""
        order = self.steps.look(self.number)
        if order is None:
            raise stop("warehouse_order_gone", number=self.number, state="no longer there")
        if not self._plan(wanted, versions, order).is_empty:
            raise self._locked(wanted, "it does not show what was written")
        self.book(order)

    def _lock(self, order: Mapping[str, Any]) -> str:
        """Say why the order is to be left alone; empty: it is not."""
        why = lock_of(order, self.warehouse.shipments_of_order(self.number))
        return why or ("a part of it was shipped before, this is the backorder" if self.backorder_of else "")

    def _locked(self, wanted: Wanted, why: str) -> StoppedError:
        return stop("reservation_locked", number=self.number, why=why, what=wanted.tell())

    def _subject(self, step: str, base: str) -> str:
        """A subject of its own for each time that a write is found to be needed: what was done once may be undone."""
        with self.writer.ledger.begin() as tx:
            return fresh_subject(tx, self.writer.document.id, step, base)

    @property
    def _numbers(self) -> Mapping[str, str]:
        return self.settings.mapping.product_numbers

    @property
    def _rules(self) -> GoodsRules:
        return goods_rules(self.settings)


def settle(writer: Writer, steps: WarehouseSteps) -> None:
    """Settle every write of this document that has left us, whatever it was about: only then is what stands the truth.

    StoppedError while one may still take effect.
    """
    with writer.ledger.begin() as tx:
        attempts.supersede_planned(tx, writer.document.id, CHANGES)
        open_ones = attempts.unsettled(tx, writer.document.id)
    for attempt in open_ones:
        writer.known(steps.of(attempt))


def fresh_subject(tx: Transaction, document_id: int, step: str, base: str) -> str:
    """Return `base`, or `base` with the number of the time where it was done before."""
    subjects = [subject for _, subject, _, _ in attempts.done_of(tx, document_id, [step])]
    times = sum(subject == base or subject.startswith((f"{base}#", f"{base}-")) for subject in subjects)
    return base if times == 0 else f"{base}#{times + 1}"


def wanted_of(
    before: Order, now: Order, before_version: int, settings: ShopSettings, *, edited: bool
) -> Wanted | Verdict:
    """Compare what was transferred with what the shop has now, without what was refunded.

    A Verdict when goods of it have no product number. `edited`: the order's own goods differ, too.
    """
    numbers, rules = settings.mapping.product_numbers, goods_rules(settings)
    old = goods_by_line(before, numbers, rules)
    if isinstance(old, Verdict):
        return old
    new = goods_by_line(now, numbers, rules, old)
    if isinstance(new, Verdict):
        return new
    header = header_changes(before, now, note_rules(settings))
    return Wanted(before, now, before_version, old, new, header, edited)


def note_rules(settings: ShopSettings) -> NoteRules:
    """What stands in the notes of the shop's orders."""
    return NoteRules(settings.orders.comment, settings.orders.pickup_methods)


def goods_rules(settings: ShopSettings) -> GoodsRules:
    """Which lines of the shop's orders its warehouse picks: no sold gift cards, unless they are sent by post."""
    mapping = settings.mapping
    if mapping.rackbeat is None:
        return GoodsRules()
    cards = mapping.economic.gift_cards if mapping.economic is not None else None
    sold = frozenset() if cards is None or mapping.rackbeat.sends_gift_cards else frozenset(cards.sold)
    return GoodsRules(mapping.rackbeat.bundles, mapping.rackbeat.not_goods | sold)


def reserved_line(good: Good) -> ReservedLine:
    """A line of goods as the warehouse gets it."""
    line = good.line
    return ReservedLine(good.number, line.name, line.quantity, unit_price(line.net, line.quantity))


def _is_delivered_elsewhere(wanted: Wanted) -> bool:
    """Whether the parcel would go somewhere else, or to somebody else."""
    return any(name.startswith("delivery_address_") for name in wanted.header)


def _brief(error: Exception) -> str:
    return str(error).rstrip(". ")

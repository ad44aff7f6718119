"""What a change of settings would do to the newest orders of a shop: read from the ledger, nothing written, no network.

Sources: domain guide 4.10; design, decision 13 (a preview against real past orders); docs/mapping.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from pakhus.clients.stored_bodies import WooCommerceBodies, bodies_of
from pakhus.clients.webshop import Seen
from pakhus.flows import releases
from pakhus.flows.judging import state_rules
from pakhus.flows.observation import GONE
from pakhus.flows.shipments import shipped_of
from pakhus.ledger import documents, sources
from pakhus.ledger.connection import Transaction
from pakhus.ledger.sources import Source
from pakhus.model import Order
from pakhus.reasons import Status, Verdict
from pakhus.rules.field_paths import Received
from pakhus.rules.field_rules import FieldRule
from pakhus.rules.foreseen import Foreseen, foreseen_invoice, foreseen_reservation, members_of
from pakhus.rulings import Side
from pakhus.settings import InvoiceMode, ShopSettings

_KEYS = {Side.WAREHOUSE: "order", Side.ACCOUNTS: "invoice"}


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that would be otherwise: a member of the order, or a part of what would be sent."""

    name: str
    before: str
    after: str
    member: bool


@dataclass(frozen=True, slots=True)
class SideCompared:
    """An order on its way to one side. A verdict is None where the shop does not go there. `stands` says that it is
    transferred: then it stays as it is, whatever the settings."""

    side: Side
    before: Verdict | None
    after: Verdict | None
    changes: tuple[Change, ...]
    stands: bool

    @property
    def differs(self) -> bool:
        return self.before != self.after or bool(self.changes)


@dataclass(frozen=True, slots=True)
class OrderCompared:
    """One order under both settings."""

    number: str
    state: str
    placed_at: datetime | None
    sides: tuple[SideCompared, ...]

    @property
    def differs(self) -> bool:
        return any(side.differs for side in self.sides)


@dataclass(frozen=True, slots=True)
class Preview:
    """Compares a shop's settings with others, order by order."""

    before: ShopSettings
    after: ShopSettings

    def newest(self, tx: Transaction, limit: int) -> Iterator[OrderCompared]:
        """Yield the newest orders by when they were placed, the newest first; one body at a time is in memory."""
        then, now = bodies_of(self.before), bodies_of(self.after)
        for row_id in sources.newest(tx, self.after.shop, "order", limit=limit):
            stored = sources.load(tx, row_id)
            if stored.problem != GONE:
                yield self._compared(tx, stored, then, now)

    def _compared(
        self, tx: Transaction, stored: Source, then: WooCommerceBodies, now: WooCommerceBodies
    ) -> OrderCompared:
        seen = [bodies.seen(stored.source_id, stored.body, tx.now) for bodies in (then, now)]
        order = seen[1].order or seen[0].order
        return OrderCompared(
            number=order.number if order else stored.source_id,
            state=order.native_state if order else "",
            placed_at=order.placed_at if order else None,
            sides=tuple(self._side(tx, side, stored, seen[0], seen[1]) for side in Side),
        )

    def _side(self, tx: Transaction, side: Side, stored: Source, then: Seen, now: Seen) -> SideCompared:
        key = f"{self.after.shop}-{stored.source_id}-{_KEYS[side]}"
        document = documents.find(tx, key)
        before = _foreseen(tx, self.before, side, stored, then, key)
        after = _foreseen(tx, self.after, side, stored, now, key)
        changes: list[Change] = []
        if before is not None and after is not None:
            changes += _differences(_members(then.order_to(side)), _members(now.order_to(side)), member=True)
            changes += _differences(before.planned, after.planned, member=False)
        return SideCompared(
            side,
            None if before is None else before.verdict,
            None if after is None else after.verdict,
            tuple(changes),
            stands=document is not None and document.status is Status.DONE,
        )


def rule_hits(rules: tuple[FieldRule, ...], received: Received) -> Iterator[str]:
    """Yield the ids of the rules that fit an order, or one of its lines."""
    for rule in rules:
        lines = tuple(received.lines or {}) if rule.is_for_lines else (None,)
        if any(rule.fits(received, line) for line in lines):
            yield rule.id


def _foreseen(
    tx: Transaction, settings: ShopSettings, side: Side, stored: Source, seen: Seen, key: str
) -> Foreseen | None:
    if not _goes_to(settings, side):
        return None
    order = seen.order_to(side)
    if order is None:
        return Foreseen(Verdict.of("order_unreadable", problem=seen.problem))
    order = releases.unless_released(tx, order, key)
    if side is Side.WAREHOUSE:
        return foreseen_reservation(order, state_rules(settings), settings.mapping)
    return foreseen_invoice(order, state_rules(settings), shipped_of(tx, settings, stored.id), settings.mapping)


def _goes_to(settings: ShopSettings, side: Side) -> bool:
    if side is Side.WAREHOUSE:
        return settings.rackbeat_target is not None and settings.orders.enabled
    return settings.economic_target is not None and settings.invoices.mode is not InvoiceMode.OFF


def _members(order: Order | None) -> dict[str, str]:
    return {} if order is None else members_of(order)


def _differences(before: Mapping[str, str], after: Mapping[str, str], *, member: bool) -> Iterator[Change]:
    for name in dict.fromkeys((*before, *after)):
        if before.get(name, "") != after.get(name, ""):
            yield Change(name, before.get(name, ""), after.get(name, ""), member)

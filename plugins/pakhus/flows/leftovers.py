"""Leftovers: reservations in Rackbeat that no longer fit the shop's order, and orders there that nobody accounts for.

Listed once a night by `<shop>__audit`; each becomes a held document or a red reason, none is mended by itself.
Rackbeat's orders are read newest first, back to the oldest open reservation but no further than WINDOW; older ones are
asked for one by one. Sources: domain guide 3.2, 3.3; rackbeat.md 1.3, 7.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from pakhus.clients.rackbeat import RackbeatClient
from pakhus.clients.webshop import Webshop
from pakhus.errors import ConfigurationError, NotFoundError
from pakhus.flows.observation import GONE
from pakhus.flows.report import RunReport
from pakhus.flows.shipments import CLOSED
from pakhus.formats.rackbeat import is_open
from pakhus.ledger import documents, leftovers
from pakhus.ledger.connection import Ledger, Transaction
from pakhus.ledger.leftovers import Reserved
from pakhus.model import Lifecycle
from pakhus.reasons import Status, Verdict
from pakhus.settings import ShopSettings

AUDIT = "audit"
WINDOW = timedelta(days=90)
# A sale that ended this very day may still be shipped, told or taken back by the live flows.
GRACE = timedelta(days=1)
LEFT_OVER, MISSING = "reservation_left_over", "reservation_missing"
_MEMBERS = "number,heading,is_booked,is_cancelled,is_shipped,is_archived,is_invoiced"
_AT_ONCE = 100
_NAMED = 10
_MARGIN = timedelta(days=1)


@dataclass(slots=True)
class _There:
    """Rackbeat's orders with our headings: which numbers were listed, and which of them are open, by key."""

    since: datetime
    listed: dict[str, bool] = field(default_factory=dict)  # number -> open
    by_key: dict[str, list[str]] = field(default_factory=dict)  # key -> open numbers


@dataclass(frozen=True, slots=True)
class Leftovers:
    """Looks through one shop's reservations; `agreement` is the connection of the warehouse."""

    shop: Webshop
    warehouse: RackbeatClient
    ledger: Ledger
    settings: ShopSettings
    agreement: str

    def find(self) -> RunReport:
        """Hold what no longer fits, release what fits again; returns what was found as reasons."""
        report, found = RunReport(AUDIT, self.settings.shop), list[tuple[str, str]]()
        there = self._there()
        for reserved in self._reserved():
            verdict = self._judge(reserved, there)
            self._settle(reserved, verdict)
            if verdict is not None:
                found.append((reserved.order_number, reserved.number))
                if reserved.reason != verdict.code:  # what is held since a night before is no news of this run
                    report.add(verdict)
        strangers = list(self._strangers(there))
        for key, verdict in strangers:
            report.add(verdict)
            found.append((key, dict(verdict.parameters)["number"]))
        if strangers:
            report.causes["reservation_unknown"] = " ".join(verdict.message() for _, verdict in strangers[:_NAMED])
        report.headline = _note(found)
        return report

    def _there(self) -> _There:
        now = self.ledger.now()
        with self.ledger.begin() as tx:
            oldest = leftovers.oldest_open(tx, self.settings.shop, self.agreement, CLOSED)
        there = _There(max(now - WINDOW, (oldest or now) - _MARGIN))
        for row in self.warehouse.orders_made_since(there.since, _MEMBERS):
            key, number = str(row.get("heading") or ""), str(row["number"])
            if key.startswith(f"{self.settings.shop}-") and key.endswith("-order"):
                there.listed[number] = is_open(row)
                if is_open(row):
                    there.by_key.setdefault(key, []).append(number)
        return there

    def _reserved(self) -> Iterator[Reserved]:
        after = 0
        while True:
            with self.ledger.begin() as tx:
                batch = leftovers.open_reserved(
                    tx, self.settings.shop, self.agreement, CLOSED, after=after, limit=_AT_ONCE
                )
            if not batch:
                return
            yield from batch
            after = batch[-1].document_id

    def _judge(self, reserved: Reserved, there: _There) -> Verdict | None:
        """What is wrong with a reservation, if something is; only of what the live flows have done with."""
        if reserved.status is not Status.DONE and reserved.reason not in (LEFT_OVER, MISSING):
            return None
        state = self._state(reserved)
        ended = state not in ("", "open")
        if not state or reserved.changed_at > self.ledger.now() - GRACE or reserved.accepted in (LEFT_OVER, MISSING):
            return None
        stands = there.listed.get(reserved.number)
        if stands is None and (ended or _must_be_listed(reserved, there)):
            stands = self._ask(reserved.number)
        if ended and stands:
            return Verdict.of("reservation_left_over", number=reserved.number, order=reserved.order_number, state=state)
        if state == "open" and stands is None and _must_be_listed(reserved, there):
            return Verdict.of("reservation_missing", number=reserved.number, order=reserved.order_number)
        return None

    def _state(self, reserved: Reserved) -> str:
        """How the order is in the shop: open, what ended it, or empty where that cannot be told."""
        if reserved.order.problem == GONE:
            return "gone"
        order = self.shop.parse(reserved.order.source_id, reserved.order.body, self.ledger.now()).order
        if order is None or order.lifecycle in (Lifecycle.UNKNOWN, Lifecycle.DRAFT):
            return ""
        return "open" if order.lifecycle is Lifecycle.OPEN else order.native_state

    def _ask(self, number: str) -> bool | None:
        """Whether one order is open; None: it is not there."""
        try:
            return is_open(self.warehouse.get_order(number))
        except NotFoundError:
            return None

    def _settle(self, reserved: Reserved, verdict: Verdict | None) -> None:
        """Hold or release the reservation, unless a flow has moved it on meanwhile."""

        def record(tx: Transaction) -> None:
            document = documents.lock(tx, reserved.document_id)
            if document.verdict.code != reserved.reason:
                return
            if verdict is not None:
                documents.give_verdict(tx, document.id, verdict)
            elif reserved.reason in (LEFT_OVER, MISSING):
                documents.give_verdict(tx, document.id, Verdict.of("transferred"))

        if verdict is not None or reserved.reason in (LEFT_OVER, MISSING):
            self.ledger.persist(record)

    def _strangers(self, there: _There) -> Iterator[tuple[str, Verdict]]:
        """Open orders under our keys that the ledger does not have, or has under another number."""
        with self.ledger.begin() as tx:
            known = leftovers.numbers_of(tx, list(there.by_key))
        for key, numbers in sorted(there.by_key.items()):
            for number in numbers:
                ours = known.get(key)
                if ours != number and self._ask(number):
                    yield key, Verdict.of("reservation_unknown", number=number, key=key, ours=ours or "none")


def leftover_finder(shop: Webshop, warehouse: RackbeatClient, ledger: Ledger, settings: ShopSettings) -> Leftovers:
    """Put a finder together. ConfigurationError when the shop has no warehouse."""
    if settings.rackbeat_target is None:
        raise ConfigurationError(f"{settings.shop} names no Rackbeat agreement: it has no reservations")
    return Leftovers(shop, warehouse, ledger, settings, settings.rackbeat_target)


def _must_be_listed(reserved: Reserved, there: _There) -> bool:
    """Whether the list must have shown the order if it were there: the ledger made it within what was read."""
    return reserved.made_at >= there.since


def _note(found: Sequence[tuple[str, str]]) -> str:
    """What was found, for the run's note: "left over in the warehouse: 1042 (Rackbeat 1020)"."""
    if not found:
        return ""
    named = ", ".join(f"{order} (Rackbeat {number})" for order, number in found[:_NAMED])
    more = f" and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
    return f"left over in the warehouse: {named}{more}"

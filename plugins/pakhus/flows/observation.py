"""Reading one shop: what changed is stored as versions, and judged for each document it is to become.

The one observer of a shop (design, decision 4): the flow `orders` runs it, `invoices` uses it to look at orders again
before it writes. Sources: domain guide 3.1-3.2, 16; design, decisions 4-6.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from pakhus.clients.webshop import ChangesPage, Seen, Webshop
from pakhus.errors import DataError
from pakhus.flows import releases
from pakhus.flows.judging import ORDERS, Look, judge
from pakhus.flows.outcomes import stop
from pakhus.flows.report import RunReport
from pakhus.flows.shown_doubts import doubt
from pakhus.flows.sweeping import Sweep, placed_order
from pakhus.ledger import cursors, inbox, sources
from pakhus.ledger.connection import Ledger, Transaction
from pakhus.ledger.documents import Document
from pakhus.ledger.inbox import WaitingHint
from pakhus.ledger.sources import Recorded, Showing, Source
from pakhus.model import Order, Window
from pakhus.rules.proof import PlacedOrder
from pakhus.rulings import side_of
from pakhus.settings import ShopSettings

CURSOR = "orders"
SETTINGS_CURSOR = "settings"
READ_UNTIL = "orders_read_until"
"""A mark beside the cursor, which stands still while a shop sells nothing: all that was shown up to then is stored."""

GONE = "gone"  # as the problem of a source: the shop says that it has no such order
_HINTS_AT_ONCE = 200
_MOST_TIMES = 50  # a shop that hints without end must not keep us from reading on
_RECONSIDERED_AT_ONCE = 50


@dataclass(frozen=True, slots=True)
class Observer:
    """Reads one shop and keeps the ledger's picture of its orders."""

    shop: Webshop
    ledger: Ledger
    settings: ShopSettings

    def observe(self) -> RunReport:
        """Store every order that changed since the last run, and those that webhooks hinted at.

        The cursor moves in the transaction that stores the rows it vouches for. CursorMovedError when another run of
        the same shop has read on meanwhile.
        """
        report = RunReport(ORDERS, self.settings.shop)
        self._reconsider()
        self._hinted(report)
        with self.ledger.begin() as tx:
            cursor, began = cursors.read(tx, self.settings.shop, CURSOR), tx.now
        for page in self.shop.changes(cursor):
            self._store(page, cursor, report)
            report.young |= page.young
            self.shop.acknowledge(page.cursor)
            cursor = page.cursor
        self.ledger.persist(lambda tx: cursors.note(tx, self.settings.shop, READ_UNTIL, began.isoformat()))
        return report

    def look_again(self, source_ids: Sequence[str]) -> RunReport:
        """Read these orders anew, store and judge them: right before something is written from them."""
        report = RunReport(ORDERS, self.settings.shop)
        seen = list(self.shop.orders(source_ids))
        with self.ledger.begin() as tx:
            self._record_all(tx, seen, report)
        return report

    def sweep(self, window: Window) -> Sweep:
        """Read all orders placed in a closed window; store and judge what the live reading missed.

        That is what changed without a new date of change (fields of plugins, deleted refunds), and what was not shown.
        Moves no cursor. Orders placed before the shop's start are stored as evidence and come to nothing.
        """
        placed, missed = dict[str, PlacedOrder](), set[str]()
        report = RunReport(ORDERS, self.settings.shop)
        ours = window.end > self.settings.start_from
        for page in self.shop.placed(window):
            with self.ledger.begin() as tx:
                missed |= self._record_all(tx, page.orders, report, judge_unreadable=ours)
            placed |= {seen.id: placed_order(seen, self.settings.mapping.economic) for seen in page.orders}
        return Sweep(tuple(placed.values()), frozenset(missed), report)

    def judge_again(self, source_ids: Sequence[int]) -> None:
        """Judge stored orders (rows of sources) anew: what the ledger knows about them beside the shop has changed."""
        rows = sorted({*source_ids})
        for start in range(0, len(rows), _RECONSIDERED_AT_ONCE):
            with self.ledger.begin() as tx:
                wanted = [(row_id, None) for row_id in rows[start : start + _RECONSIDERED_AT_ONCE]]
                found = sources.load_all(tx, wanted)
                self._judge_stored(tx, [found[place] for place in wanted])

    def _reconsider(self) -> None:
        """Judge every stored order again when the settings have changed: their documents wait for nothing else.

        In small transactions; begun anew by the next run if this one does not come to the end.
        """
        shop, now = self.settings.shop, fingerprint(self.settings)
        with self.ledger.begin() as tx:
            before = cursors.read(tx, shop, SETTINGS_CURSOR)
        last = ""
        while now != before:
            with self.ledger.begin() as tx:
                stored = sources.after(tx, shop, "order", last, limit=_RECONSIDERED_AT_ONCE)
                self._judge_stored(tx, stored)
                if not stored:
                    cursors.move(tx, shop, SETTINGS_CURSOR, now, expected=before)
                    return
            last = stored[-1].source_id

    def _judge_stored(self, tx: Transaction, stored: Sequence[Source]) -> None:
        looks = [Look(as_seen(self.shop, one, tx.now), Recorded(one.id, one.version, changed=False)) for one in stored]
        judge(tx, self.settings, self.shop, looks)

    def _hinted(self, report: RunReport) -> None:
        """Read what webhooks hinted at. A hint is taken out with the order stored, and stays when that went wrong.

        One that comes again while it is read is read again at once: it wakes nobody up.
        """
        tried: set[WaitingHint] = set()
        for _ in range(_MOST_TIMES):
            with self.ledger.begin() as tx:
                found = inbox.waiting(tx, self.settings.shop, "order", limit=_HINTS_AT_ONCE + len(tried))
            hints = [hint for hint in found if hint not in tried][:_HINTS_AT_ONCE]
            if not hints:
                return
            tried.update(hints)
            try:
                self._follow(hints, report)
            except DataError:
                for hint in hints:  # one that the shop refuses must not keep us from the others, nor from reading on
                    with suppress(DataError):
                        self._follow([hint], report)

    def _follow(self, hints: Sequence[WaitingHint], report: RunReport) -> None:
        seen = list(self.shop.orders([hint.source_id for hint in hints]))
        with self.ledger.begin() as tx:
            self._record_all(tx, seen, report)
            inbox.mark_taken(tx, hints)

    def _store(self, page: ChangesPage, cursor: str | None, report: RunReport) -> None:
        with self.ledger.begin() as tx:
            self._record_all(tx, page.orders, report)
            if page.cursor != cursor:
                cursors.move(tx, self.settings.shop, CURSOR, page.cursor, expected=cursor)

    def _record_all(
        self, tx: Transaction, orders: Iterable[Seen], report: RunReport, *, judge_unreadable: bool = True
    ) -> set[str]:
        """Store and judge orders; returns the ids of those that were news."""
        orders, news = list(orders), set[str]()
        for wave in _waves(orders):
            recorded = sources.record_all(tx, [showing_of(self.settings.shop, seen) for seen in wave])
            looks = [Look(*pair) for pair in zip(wave, recorded, strict=True)]
            for look in looks:
                report.see(look.recorded.id)
            changed = [look for look in looks if look.recorded.changed]
            news |= {look.seen.id for look in changed}
            judged = [look for look in changed if look.seen.order is not None or judge_unreadable]
            for verdict in judge(tx, self.settings, self.shop, judged):
                report.add(verdict)
        doubt(tx, self.settings, [seen for seen in orders if seen.id in news])
        return news


def _waves(orders: Iterable[Seen]) -> Iterator[list[Seen]]:
    """Orders by the characters of their ids, each once; what was shown a second time comes in a wave after that."""
    left = sorted(orders, key=lambda one: one.id)
    while left:
        wave = {seen.id: seen for seen in reversed(left)}
        yield sorted(wave.values(), key=lambda one: one.id)
        left = [seen for seen in left if seen is not wave[seen.id]]


def showing_of(shop: str, seen: Seen) -> Showing:
    """What the ledger keeps of an order as it was seen."""
    order = seen.order
    if order is None:
        problem = GONE if seen.gone else seen.problem
        return Showing(shop, "order", seen.id, seen.body, seen.read_at, problem=problem)
    return Showing(
        scope=shop,
        kind="order",
        source_id=seen.id,
        body=seen.body,
        read_at=seen.read_at,
        number=order.number,
        native_state=order.native_state,
        currency=order.currency,
        gross=order.total.amount,
        vat=order.vat_total,
        placed_at=order.placed_at,
        modified_at=order.modified_at,
    )


def fingerprint(settings: ShopSettings) -> str:
    """Tell whether verdicts were given under other settings: a hash that does not depend on the order of sets."""
    told = [settings.model_dump(mode="json"), settings.mapping.model_dump(mode="json")]
    return hashlib.sha256(json.dumps(_ordered(told), sort_keys=True).encode()).hexdigest()


def stored_order(
    ledger: Ledger, shop: Webshop, document: Document, version: int | None = None, *, transferred: bool = False
) -> tuple[Order, int]:
    """Return a document's order at a version (None: the newest) as the ledger has it and the rules would have it.

    StoppedError when it could not be understood, or is gone from the shop: that is a cancellation once the order was
    `transferred`.
    """
    if document.source_id is None:
        raise ValueError(f"{document.key} has no source")
    row_id = document.source_id
    source = ledger.persist(lambda tx: sources.load(tx, row_id, version))
    seen = as_seen(shop, source, ledger.now())
    if seen.gone:
        raise stop("cancelled_after_transfer" if transferred else "order_gone")
    order = seen.order_to(side_of(document.kind))
    if order is None:
        raise stop("order_unreadable", problem=seen.problem)
    return ledger.persist(lambda tx: releases.unless_released(tx, order, document.key)), source.version


def as_seen(shop: Webshop, source: Source, read_at: datetime) -> Seen:
    """Return a stored order as the shop showed it."""
    if source.problem == GONE:
        return Seen(source.source_id, source.body, read_at, gone=True)
    return shop.parse(source.source_id, source.body, read_at)


def _ordered(value: object) -> object:
    if isinstance(value, dict):
        return {name: _ordered(item) for name, item in value.items()}
    return sorted(map(_ordered, value), key=repr) if isinstance(value, list) else value

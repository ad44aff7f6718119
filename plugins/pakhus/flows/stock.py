"""Give a shop the quantities of the newest reading: only what differs from what it last confirmed.

The shop's stock is one document of the ledger, `{shop}-stock`, under one claim: a quantity is a fact of the shop, not
of a run, and each batch is an attempt of it. Quantities are absolute, so a lost answer is not searched for: its rows
are unknown, and are written again when a late effect must have shown. What the shop already shows is not written.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from pakhus.clients.http import Answer, Call
from pakhus.clients.webshop import RowOutcome, RowResult, Webshop
from pakhus.errors import AccessDeniedError, ClaimLostError, ConfigurationError, RemoteError
from pakhus.flows import shown_doubts
from pakhus.flows.outcomes import StoppedError, stop
from pakhus.flows.recorded_calls import RecordedCalls
from pakhus.flows.report import RunReport
from pakhus.flows.stock_account import require_stock_falls_at_shipping
from pakhus.flows.stock_compare import StockCompare
from pakhus.flows.stock_reading import STOCK
from pakhus.flows.unreserved_sales import shown_rules, unseen
from pakhus.ledger import claims, documents, products, stock, stops
from pakhus.ledger.claims import Claim, holding
from pakhus.ledger.connection import Ledger, Transaction
from pakhus.ledger.documents import Document, NewDocument
from pakhus.model import StockLevel
from pakhus.reasons import Verdict
from pakhus.rules.stock import Level, PushPlan, plan_push, written
from pakhus.settings import ShopSettings

logger = logging.getLogger(__name__)

# A batch of most platforms, and no more than what must be written anew when a task is killed.
ROWS_AT_ONCE = 100
# Two runs of the usual schedule. What was sold since the reading began is not in it: an old one would sell it again.
LONGEST_READING_AGE = timedelta(minutes=15)
_STEP = "set_stock"
_PUSHED = Verdict.of("transferred")


@dataclass(frozen=True, slots=True)
class RenewedCalls:
    """A CallRecorder that lengthens the claim before each call: one push may take more calls than a lease lasts."""

    calls: RecordedCalls

    def send(self, call: Call) -> Answer:
        with self.calls.ledger.begin() as tx:
            claims.renew(tx, self.calls.claim)
        return self.calls.send(call)


@dataclass(frozen=True, slots=True)
class _Due:
    """Levels to be pushed, the reading that they are from, and the shops whose sales since then are not known."""

    due: tuple[Level, ...]
    read_at: datetime | None
    unseen: frozenset[str]


@dataclass(frozen=True, slots=True)
class StockPusher:
    """Pushes one shop's stock."""

    shop: Webshop
    ledger: Ledger
    settings: ShopSettings
    selling: Sequence[ShopSettings] = ()  # all shops that sell from this stock; none: this one alone
    unread: frozenset[str] = frozenset()  # those that may sell from it, and whose settings are wrong

    def push(self, *, compare: bool = False) -> RunReport:
        """Push what is due; with `compare`, or once a night, after comparing the whole catalogue.

        Errors of the shop are raised when nothing was pushed; ConfigurationError when the account forbids it.
        """
        report = RunReport(STOCK, self.settings.shop)
        require_stock_falls_at_shipping(self.ledger, self.settings)
        document = self._document()
        with holding(self.ledger, documents.claim_name(document.key)) as claim:
            if claim is None:
                report.add(Verdict.of("claimed_elsewhere"))
                return report
            try:
                self._conclude(document, claim, self._treated(document, claim, report, compare=compare))
            except ClaimLostError as error:
                logger.warning("%s: %s", document.key, error)
                report.add(Verdict.of("claimed_elsewhere"))
        return report

    def _document(self) -> Document:
        name = self.settings.shop
        new = NewDocument(f"{name}-stock", name, STOCK, STOCK, self.settings.connection)
        return self.ledger.persist(lambda tx: documents.ensure(tx, new, Verdict.of("due")))

    def _treated(self, document: Document, claim: Claim, report: RunReport, *, compare: bool) -> Verdict:
        """Push, and return how the shop's stock stands after it."""
        try:
            self._push(document, claim, report, compare=compare)
        except StoppedError as error:
            report.add(error.verdict)
            return error.verdict
        except RemoteError as error:
            self._conclude(document, claim, self._verdict_of(error))
            raise
        return Verdict.of("outcome_unknown", step=_STEP) if report.codes["outcome_unknown"] else _PUSHED

    def _push(self, document: Document, claim: Claim, report: RunReport, *, compare: bool) -> None:
        calls = RecordedCalls(self.ledger, claim, document, _STEP, self.shop.send)
        self._require_may_go_on()
        calls.wait_for_late_effects()
        calls.supersede()  # their rows are unknown, and are written again below
        StockCompare(self.shop, self.ledger, self.settings, claim).run(report, at_once=compare)
        self.ledger.persist(lambda tx: shown_doubts.take(tx, self.settings, claim))
        after, read_at, not_seen = "", None, set[str]()
        while True:
            self._require_may_go_on()
            found = self._next_due(claim, after, read_at)
            for shop in found.unseen - not_seen:
                report.add(Verdict.of("sales_not_seen", shop=shop))
            if not found.due:
                return
            self._push_some(found.due, calls, report, only_lower=bool(found.unseen))
            after, read_at, not_seen = found.due[-1].sku, found.read_at, not_seen | found.unseen

    def _next_due(self, claim: Claim, after: str, read_at: datetime | None) -> _Due:
        """The next levels, less what was sold since the reading that they are from.

        `read_at` is the reading whose sales were taken off already: another run may store a newer one on the way.
        """
        shop, selling = self.settings.shop, self.selling or (self.settings,)

        def find(tx: Transaction) -> _Due:
            claims.renew(tx, claim)
            whole = stock.newest_reading(tx, shop)
            if whole is None:
                return _Due((), None, frozenset())
            newest = max([whole, *stock.read_since(tx, shop, whole).values()])
            if newest != read_at:
                stock.show_anew(tx, shop, shown_rules(tx, self.settings, selling, whole))
            due = stock.due(tx, shop, after=after, limit=ROWS_AT_ONCE)
            return _Due(tuple(due), newest, self.unread | set(unseen(tx, selling, newest)))

        return self.ledger.persist(find)

    def _require_may_go_on(self) -> None:
        """StoppedError when a person has stopped the flow, the shop has not begun, or the newest reading is too old."""
        with self.ledger.begin() as tx:
            stopped = stops.find(tx, self.settings.shop, STOCK)
            read_at, now = stock.newest_reading(tx, self.settings.shop), tx.now
            # The shop's numbers are what is counted in the warehouse: they must stand until all of them are.
            uncounted = products.sync_is_open(tx, self.settings.shop)
            uncounted = uncounted and not stock.was_confirmed(tx, self.settings.shop)
        if stopped is not None:
            raise stop("stopped_by_person", cause=stopped.cause)
        if not self.settings.is_ours(now):  # what it sells until then is reserved by others, or by nobody
            raise stop("shop_not_begun", start=f"{self.settings.start_from:%Y-%m-%d %H:%M %Z}")
        if uncounted:
            raise stop("initial_sync_open")
        if read_at is None or now > read_at + LONGEST_READING_AGE:
            raise stop("stock_reading_old")

    def _push_some(
        self, due: Sequence[Level], calls: RecordedCalls, report: RunReport, *, only_lower: bool = False
    ) -> None:
        levels = {level.sku: level for level in due}
        resolution = self.shop.resolve(list(levels))
        plan = plan_push(due, resolution.found, resolution.ambiguous, only_lower=only_lower)
        self._record_plan(plan, levels, calls.claim)
        outcomes = self._write(plan.writes, calls, levels) if plan.writes else []
        for sku in plan.in_step:
            report.add(written(levels[sku]))
        for verdict in plan.hindered.values():
            report.add(verdict)
        for outcome in outcomes:
            report.add(_verdict_on(outcome, levels[outcome.sku]))
        if outcomes and all(outcome.result is RowResult.UNKNOWN for outcome in outcomes):
            raise stop("remote_unavailable", system="The shop", problem=outcomes[0].problem)

    def _record_plan(self, plan: PushPlan, levels: dict[str, Level], claim: Claim) -> None:
        """Store what needs no write, and forget what is about to leave us."""
        shop = self.settings.shop

        def record(tx: Transaction) -> None:
            claims.require(tx, claim)
            stock.confirm(tx, shop, [(sku, product.id, product.stock) for sku, product in plan.in_step.items()])
            stock.hinder(tx, shop, [(levels[sku], verdict) for sku, verdict in plan.hindered.items()])
            stock.forget_confirmed(tx, shop, [*plan.hindered, *(row.product.sku for row in plan.writes)])

        self.ledger.persist(record)

    def _write(
        self, rows: Sequence[StockLevel], calls: RecordedCalls, levels: dict[str, Level]
    ) -> Sequence[RowOutcome]:
        shop, ids = self.settings.shop, {row.product.sku: row.product.id for row in rows}
        try:
            outcomes = self.shop.set_stock(rows, RenewedCalls(calls), key=calls.document.key)
        except RemoteError:  # no row has left us: what was confirmed before still is
            self.ledger.persist(lambda tx: self._give_back(tx, calls.claim, [levels[sku] for sku in ids]))
            raise

        def record(tx: Transaction) -> None:
            claims.require(tx, calls.claim)
            shown = [(row.sku, ids[row.sku], row.confirmed) for row in outcomes if row.confirmed is not None]
            stock.confirm(tx, shop, shown)
            refused = [row for row in outcomes if row.result is RowResult.REFUSED]
            stock.hinder(tx, shop, [(levels[row.sku], _verdict_on(row, levels[row.sku])) for row in refused])

        try:
            self.ledger.persist(record)
        except ClaimLostError:  # somebody may have written other quantities since: our answers prove nothing
            self.ledger.persist(lambda tx: stock.forget_confirmed(tx, shop, list(ids)))
            raise
        return outcomes

    def _give_back(self, tx: Transaction, claim: Claim, levels: Sequence[Level]) -> None:
        claims.require(tx, claim)
        stock.restore_confirmed(tx, self.settings.shop, levels)

    def _conclude(self, document: Document, claim: Claim, verdict: Verdict) -> None:
        def record(tx: Transaction) -> None:
            claims.require(tx, claim)
            documents.give_verdict(tx, document.id, verdict)

        self.ledger.persist(record)
        logger.info("%s: %s", document.key, verdict.text())

    def _verdict_of(self, error: RemoteError) -> Verdict:
        problem = str(error).rstrip(". ")
        if isinstance(error, AccessDeniedError):
            connection = self.settings.connection
            return Verdict.of("access_denied", system=error.system, problem=problem, connection=connection)
        if isinstance(error, ConfigurationError):
            return Verdict.of("configuration", problem=problem)
        return Verdict.of("remote_unavailable", system=error.system or "The shop", problem=problem)


def _verdict_on(outcome: RowOutcome, level: Level) -> Verdict:
    if outcome.result in (RowResult.WRITTEN, RowResult.UNCHANGED):
        return written(level)
    if outcome.result is RowResult.REFUSED:
        return Verdict.of("stock_refused", sku=outcome.sku, problem=outcome.problem.rstrip(". "))
    return Verdict.of("outcome_unknown", step=_STEP)

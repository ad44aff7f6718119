"""Invoices: ledger -> e-conomic. Looks at each due order again, drafts its invoice, demands the prediction, books it.

In e-conomic people win (design, decision 8): a draft changed by hand is not overwritten, a deleted one is not made
again, one booked by hand is taken over with its difference shown. A draft that nobody has touched follows its order:
changed with it, deleted when it is cancelled. Sources: domain guide 3.4; economic.md 6, 9.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from pakhus.clients import economic
from pakhus.clients.economic import EconomicClient
from pakhus.clients.http import Call
from pakhus.clients.webshop import Webshop
from pakhus.errors import ConfigurationError, DataError
from pakhus.flows.accounts_customers import AccountsCustomers
from pakhus.flows.accounts_facts import AccountsReader
from pakhus.flows.booked_records import note_as_booked
from pakhus.flows.booking_gate import LOOK_AGAIN, BookingGate
from pakhus.flows.double_invoicing import DoubleInvoicing
from pakhus.flows.drafting import Drafter
from pakhus.flows.drafts import Drafts, Standing
from pakhus.flows.exactly_once import ECONOMIC, Step, Writer, Written
from pakhus.flows.judging import INVOICES, state_rules
from pakhus.flows.observation import Observer, stored_order
from pakhus.flows.outcomes import StoppedError, stop
from pakhus.flows.refund_reading import RefundReader
from pakhus.flows.refunds import judge_refunds, refund_deleted
from pakhus.flows.report import RunReport
from pakhus.flows.shared_records import SharedRecords
from pakhus.flows.shipments import shipped_of
from pakhus.flows.taken_off import TakenOff
from pakhus.flows.work import Chunk, Treated
from pakhus.formats.economic import booked_number, totals_from_economic
from pakhus.formats.economic_drafts import (
    asked_exchange_rate,
    asked_lines,
    changed_by_people,
    has_exchange_rate,
    is_as_asked,
    pdf_link,
)
from pakhus.ledger import comparisons, document_lines, documents, included_refunds, sources
from pakhus.ledger.claims import Claim
from pakhus.ledger.connection import Ledger, Transaction
from pakhus.ledger.documents import Document
from pakhus.model import ZERO, Credit, Order
from pakhus.reasons import Status, Verdict
from pakhus.rules.booking import send_by
from pakhus.rules.document_lines import planned_lines
from pakhus.rules.exchange_rates import restated
from pakhus.rules.gift_cards import redeemed_of
from pakhus.rules.invoices import InvoicePlan
from pakhus.rules.mappings import AccountingMapping
from pakhus.rules.states import NOT_SHIPPED, Shipped, changed_draft, changed_invoice, invoice_verdict
from pakhus.rules.validation import Cause, likely_cause, spoken
from pakhus.settings import InvoiceMode, ShopSettings

# Orders are looked at again in packs, so that none is older than a pack's work when it is written.
_PACK = 25


@dataclass(frozen=True, slots=True)
class Work:
    """One document under treatment: its order as it is now, and the writer of its steps."""

    document: Document
    claim: Claim
    writer: Writer
    order: Order
    version: int

    def ends(self, verdict: Verdict) -> Treated:
        return Treated(verdict, self.version)


@dataclass(frozen=True, slots=True)
class Biller:
    """Brings due invoices of one shop into one e-conomic agreement."""

    observer: Observer
    accounts: EconomicClient
    mapping: AccountingMapping
    drafter: Drafter
    drafts: Drafts
    gate: BookingGate
    double: DoubleInvoicing
    taken_off: TakenOff
    stops: str = INVOICES  # the flow that stops itself when it is refused; an import must not stop the live one

    def book(self, document_ids: Sequence[int], *, workers: int = 4) -> RunReport:
        """Invoice the orders of these documents as far as the shop's mode goes; returns the counts."""
        settings, ledger = self.observer.settings, self.observer.ledger
        report = RunReport(INVOICES, settings.shop)
        chunk = Chunk(ledger, report, workers, stops=self.stops)
        chunk.work(document_ids, self._treat, prepare=self._look_again, at_once=_PACK)
        report.progress = self.gate.progress()
        self.gate.watch_corrections(report)
        return report

    def _look_again(self, document_ids: Sequence[int]) -> None:
        self.observer.look_again(list(self._source_ids(document_ids)))

    def _source_ids(self, document_ids: Sequence[int]) -> Iterator[str]:
        with self.observer.ledger.begin() as tx:
            for document_id in document_ids:
                source_id = documents.load(tx, document_id).source_id
                if source_id is not None:
                    yield sources.name(tx, source_id)

    def _treat(self, document: Document, claim: Claim) -> Treated:
        ledger = self.observer.ledger
        writer = Writer(ledger, claim, document, ECONOMIC, self.accounts.send)
        position = self.drafts.position(writer, document.key)
        standing = position.standing
        booked = None if standing is None else writer.known(self.drafts.booking(document.key, standing))
        if standing is not None and booked is not None:
            self._note_booked(document, claim, standing, booked.value)
        try:
            order, version = stored_order(ledger, self.observer.shop, document, transferred=standing is not None)
        except StoppedError as error:
            if standing is None or booked is not None or error.verdict.code != "cancelled_after_transfer":
                raise
            return self._gone(document, writer, standing, error)
        work = Work(document, claim, replace(writer, version=version), order, version)
        if standing is not None and booked is not None:
            return self._concluded(work, standing, booked)
        if standing is None:
            body = self._to_draft(document, order)
            if isinstance(body, Verdict):
                return work.ends(body)
            step = self.drafts.making(document.key, position.generation)
            standing = Standing(position.generation, self._make(work, step, economic.create_draft(body)))
        return self._finish(work, standing)

    def _make(self, work: Work, step: Step, call: Call) -> Written:
        try:
            return work.writer.make(step, call)
        except DataError:
            self.drafter.customers.look_again(work.order)  # refused for a customer who was deleted since
            raise

    def _to_draft(self, document: Document, order: Order) -> dict[str, Any] | Verdict:
        """The body of the draft of an order that has none, or why none is made now."""
        settings = self.observer.settings
        shipped = self._shipped(document)
        verdict = invoice_verdict(order, state_rules(settings), shipped)
        if verdict.status is not Status.DUE:
            return verdict
        planned = self.drafter.plan(order)
        if isinstance(planned, Verdict):
            return planned
        if settings.invoices.mode is InvoiceMode.DRY_RUN:
            # What would stop the draft stops the dry run.
            self.drafter.terms_and_days(order, shipped, planned.taken_off)
            whose = self.drafter.customers.foresee(order)
            look_again = self.observer.ledger.now() + LOOK_AGAIN
            raise stop("dry_run", due_at=look_again, customer=whose.what, customer_name=whose.name)
        return self.drafter.body(document.key, order, planned, shipped)

    def _shipped(self, document: Document) -> Shipped:
        settings, order_id = self.observer.settings, document.source_id
        if order_id is None:
            return NOT_SHIPPED
        return self.observer.ledger.persist(lambda tx: shipped_of(tx, settings, order_id))

    def _finish(self, work: Work, standing: Standing) -> Treated:
        """From a draft that exists to a booked invoice; one that somebody booked by hand is taken over."""
        last, key = standing.last, work.document.key
        draft = last.value if last.fresh else self.accounts.find_draft(standing.number)
        if draft is None:
            by_hand = self.drafts.documents.booked_by_hand(key, standing.number)
            also = self.taken_off.by_hand(work.document, self._order_at(work, standing), work.order, standing, by_hand)
            self._note_booked(work.document, work.claim, standing, by_hand, also)
            return self._concluded(work, standing, Written("", by_hand, work.version))
        drafted_order = self._order_at(work, standing)
        changed = self._changed(drafted_order, work.order, draft, standing)
        if changed is not None:
            return self._follow(work, standing, draft, changed)
        plan = self.drafter.plan(drafted_order, then=True)
        if isinstance(plan, Verdict):
            return work.ends(plan)
        if self._is_outdated(draft, standing, plan) or self._is_found_without_refunds(draft, standing, drafted_order):
            return self._update(work, standing, drafted_order, plan)
        self._demand(work, draft, standing, plan, drafted_order)
        self._note_drafted(work, standing, plan)
        amount = f"{plan.predicted.gross:.2f} {work.order.currency}"
        self.gate.pass_or_stop(work.document, last.version, standing.number, amount)
        self.double.refuse_first()
        sending = send_by(work.order, self.observer.settings.invoices, self.mapping)
        booking = self.drafts.booking(key, standing)
        booked = work.writer.make(booking, economic.book_draft(standing.number, send_by=sending))
        self._note_booked(work.document, work.claim, standing, booked.value)
        return self._concluded(work, standing, booked)

    def _changed(self, drafted: Order, now: Order, draft: Any, standing: Standing) -> Verdict | None:
        """What has changed since the draft was made. A refund leaves a draft that we may not change: it is credited."""
        changed = changed_draft(drafted, now) or restated(drafted, now, self.mapping.exchange_rates)
        if changed is None or changed.code == "cancelled_after_transfer" or self._may_change(draft, standing):
            return changed
        return changed_invoice(drafted, now) or restated(drafted, now, self.mapping.exchange_rates)

    def _follow(self, work: Work, standing: Standing, draft: Any, changed: Verdict) -> Treated:
        """The order has changed since the draft was made: a draft that nobody has touched changes with it."""
        if not self._may_change(draft, standing):
            return work.ends(changed)
        if changed.code == "cancelled_after_transfer":
            return work.ends(self._withdraw(work.writer, standing))
        plan = self.drafter.plan(work.order)
        if isinstance(plan, Verdict):
            nothing_left = plan.code == "nothing_left_to_invoice"
            return work.ends(self._withdraw(work.writer, standing) if nothing_left else plan)
        return self._update(work, standing, work.order, plan)

    def _gone(self, document: Document, writer: Writer, standing: Standing, gone: StoppedError) -> Treated:
        """The shop no longer has the order of a draft."""
        draft = self.accounts.find_draft(standing.number)
        if draft is None or not self._may_change(draft, standing):
            raise gone
        return Treated(self._withdraw(writer, standing), document.judged_version)

    def _withdraw(self, writer: Writer, standing: Standing) -> Verdict:
        number = standing.number
        writer.make(self.drafts.withdrawing(standing.generation, number), economic.delete_draft(number))
        return Verdict.of("draft_withdrawn", number=number)

    def _may_change(self, draft: Any, standing: Standing) -> bool:
        ours = self.observer.settings.invoices.update_draft
        return ours and not changed_by_people(draft, standing.last.value)

    def _is_outdated(self, draft: Any, standing: Standing, plan: InvoicePlan) -> bool:
        """Whether other settings, or a period that was closed since, make another draft of the same order.

        A draft that we have just written is not: what differs then is told as a difference.
        """
        if standing.last.fresh or not standing.last.sent or not self._may_change(draft, standing):
            return False
        wanted = [(line.product_number, line.quantity, line.unit_price) for line in plan.lines]
        day = date.fromisoformat(str(draft["date"]))
        if asked_exchange_rate(standing.last.sent) != plan.exchange_rate:
            return True
        return asked_lines(standing.last.sent) != wanted or not self.drafter.is_open(day)

    def _is_found_without_refunds(self, draft: Any, standing: Standing, order: Order) -> bool:
        """Whether a draft that was found in recovery is ours of before refunds of which the ledger knows no version."""
        last = standing.last
        if not (last.adopted and order.credit_ids and self._may_change(draft, standing)):
            return False
        return not is_as_asked(draft, last.sent) and self.drafter.is_of_fewer_refunds(order, draft)

    def _update(self, work: Work, standing: Standing, order: Order, plan: InvoicePlan) -> Treated:
        body = self.drafter.body(work.document.key, order, plan, self._shipped(work.document))
        call = economic.replace_draft(standing.number, body)
        updated = work.writer.make(self.drafts.updating(standing), call)
        return self._finish(work, Standing(standing.generation, updated, standing.updates + 1))

    def _order_at(self, work: Work, standing: Standing) -> Order:
        version = standing.last.version
        if version is None or version == work.version:
            return work.order
        return stored_order(self.observer.ledger, self.observer.shop, work.document, version)[0]

    def _demand(self, work: Work, draft: Any, standing: Standing, plan: InvoicePlan, order: Order) -> None:
        """Demand that the draft equals the prediction; people may have been at it since it was made."""
        answered, ours, rate = totals_from_economic(draft), standing.last.value, plan.exchange_rate
        as_stated = has_exchange_rate(draft, rate)
        if (answered, draft["currency"]) == (plan.predicted, order.currency) and as_stated:
            return
        unchanged = as_stated or not has_exchange_rate(ours, rate)
        if answered == totals_from_economic(ours) and draft["currency"] == ours["currency"] and unchanged:
            cause = likely_cause(order, plan.lines, plan.predicted, answered) if as_stated else Cause.EXCHANGE_RATE
            self.observer.ledger.persist(lambda tx: comparisons.note_differed(tx, work.claim, work.document.id))
            raise stop("document_differs", answered=spoken(answered), predicted=spoken(plan.predicted), cause=cause)
        raise stop("draft_changed", number=standing.number, due_at=self.observer.ledger.now() + LOOK_AGAIN)

    def _concluded(self, work: Work, standing: Standing, booked: Written) -> Treated:
        """The verdict on a booked invoice: what differs from the order, then or since, is said."""
        order, drafted = work.order, standing.last
        self._release_refunds(work.document, order)
        drafted_order = self._order_at(work, standing)
        taken_off = self.taken_off.amounts(work.document)
        changed = changed_invoice(drafted_order, order) or refund_deleted(drafted_order, order, taken_off, booked.value)
        if changed is not None:
            return work.ends(changed)
        totals, planned = totals_from_economic(booked.value), totals_from_economic(drafted.value)
        if not taken_off.keys() <= {*drafted_order.credit_ids}:  # a person took a later refund off the draft
            plan = self.drafter.plan(order)
            planned = planned if isinstance(plan, Verdict) else plan.predicted
        target = drafted_order.total.amount + redeemed_of(drafted_order, self.mapping) - sum(taken_off.values(), ZERO)
        difference, of_vat = totals.gross - target, totals.vat - planned.vat
        currency = str(booked.value["currency"])
        if difference or of_vat or currency != drafted_order.currency:
            text = f"{difference:.2f} {currency}" + (f" ({of_vat:.2f} of VAT)" if of_vat else "")
            return work.ends(Verdict.of("booked_differently", difference=text))
        return work.ends(Verdict.of("adopted" if booked.adopted or drafted.adopted else "transferred"))

    def _release_refunds(self, document: Document, order: Order) -> None:
        """The invoice is booked: its refunds need wait no longer."""
        settings, order_row = self.observer.settings, document.source_id
        if order.credit_ids and order_row is not None:
            self.observer.ledger.persist(lambda tx: judge_refunds(tx, settings, order, order_row, tx.now))

    def _note_drafted(self, work: Work, standing: Standing, plan: InvoicePlan) -> None:
        document, claim = work.document, work.claim
        lines = planned_lines(plan.lines, self.mapping.rounding_mode, plan.vat)

        def note(tx: Transaction) -> None:
            documents.note_remote(
                tx,
                document.id,
                claim,
                remote_id=standing.number,
                version=standing.last.version,
                totals=plan.predicted,
                correction=plan.correction,
            )
            document_lines.put(tx, document.id, claim, lines)
            comparisons.note_equal(tx, claim, document.id)

        self.observer.ledger.persist(note)

    def _note_booked(
        self, document: Document, claim: Claim, standing: Standing, booked: Any, also: Sequence[Credit] = ()
    ) -> None:
        taken_off = [*self.taken_off.of_draft(document, standing, booked), *also]

        def note(tx: Transaction) -> None:
            documents.note_remote(
                tx,
                document.id,
                claim,
                remote_id=standing.number,
                remote_number=booked_number(booked),
                version=standing.last.version,
                currency=str(booked["currency"]),
                totals=totals_from_economic(booked),
            )
            stated = asked_exchange_rate(standing.last.sent)
            note_as_booked(tx, document.id, claim, booked, self.mapping.rounding_mode, stated_rate=stated)
            comparisons.note_pdf(tx, document.id, pdf_link(booked))
            included_refunds.note(tx, claim, document.id, self.observer.settings.shop, taken_off)

        self.observer.ledger.persist(note)


def biller(shop: Webshop, accounts: EconomicClient, ledger: Ledger, settings: ShopSettings) -> Biller:
    """Put a shop's biller together. ConfigurationError when the shop has no accounts."""
    target, mapping = settings.economic_target, settings.mapping.economic
    if target is None or mapping is None:
        raise ConfigurationError(f"{settings.shop} names no e-conomic agreement: it has nothing to invoice")
    customers = AccountsCustomers(accounts, SharedRecords(ledger, target), mapping)
    refunds = RefundReader(shop, ledger, settings.shop)
    return Biller(
        observer=Observer(shop, ledger, settings),
        accounts=accounts,
        mapping=mapping,
        drafter=Drafter(ledger, settings, mapping, customers, AccountsReader(accounts), refunds),
        drafts=Drafts(accounts),
        gate=BookingGate(ledger, settings, target),
        double=DoubleInvoicing(accounts, ledger, settings, target),
        taken_off=TakenOff(shop, ledger, refunds, mapping),
    )

"""Refunds -> e-conomic: due credit notes are planned, drafted, compared and booked. A part of `<shop>__invoices`.

A refund whose invoice is booked becomes a draft with negative quantities that names the invoice, and in auto mode a
booked credit note. What people do with a draft is respected, as with invoices. Never touches stock: that moves when
goods are received. Sources: domain guide 3.6, 8; economic.md 9, 10; design, decisions 3, 7 and 8.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from pakhus.clients import economic
from pakhus.clients.economic import EconomicClient
from pakhus.clients.http import Call
from pakhus.clients.webshop import Webshop
from pakhus.errors import ConfigurationError
from pakhus.flows.accounts_documents import AccountsDocuments
from pakhus.flows.accounts_facts import AccountsReader
from pakhus.flows.booked_records import note_as_booked
from pakhus.flows.booking_gate import BookingGate
from pakhus.flows.credited import Credited
from pakhus.flows.drafts import Drafts, Standing
from pakhus.flows.exactly_once import ECONOMIC, Writer, Written
from pakhus.flows.judging import INVOICES
from pakhus.flows.observation import Observer, stored_order
from pakhus.flows.open_days import OpenDays
from pakhus.flows.outcomes import StoppedError, stop
from pakhus.flows.refund_reading import RefundReader, source_of
from pakhus.flows.refunds import CREDITS, deleted_after_credit, in_invoice, invoice_standing, is_accepted
from pakhus.flows.report import RunReport
from pakhus.flows.work import Chunk, Treated
from pakhus.formats.economic import booked_number, header_from_economic, totals_from_economic
from pakhus.formats.economic_credits import CreditNote, credit_to_economic, vat_zone_from_economic
from pakhus.formats.economic_drafts import changed_by_people
from pakhus.formats.provider_refunds import is_providers
from pakhus.ledger import document_lines, documents, sources
from pakhus.ledger.claims import Claim, holding
from pakhus.ledger.connection import Ledger, Transaction
from pakhus.ledger.documents import Document
from pakhus.model import ZERO, Credit, Order, Totals
from pakhus.reasons import Status, Verdict
from pakhus.rules.booking import send_by
from pakhus.rules.credits import CreditPlan, Sale, plan_credit, products_needed
from pakhus.rules.document_lines import DocumentLine, vat_shares
from pakhus.rules.mappings import AccountingMapping
from pakhus.rules.vat import Scheme
from pakhus.settings import InvoiceMode, ShopSettings

# Orders are looked at again in packs, so that none is older than a pack's work when it is written.
_PACK = 25
# A draft that waits for a person, or an invoice that is not booked yet, is looked at again so often.
_LOOK = timedelta(days=1)
# Refunds of one order are planned one after the other: each takes from what the others have left.
_ORDER_WAIT_S = 20.0
_ORDER_AGAIN = timedelta(minutes=1)
_BOOKING = "book_credit_note"


@dataclass(frozen=True, slots=True)
class Crediter:
    """Brings due credit notes of one shop into one e-conomic agreement."""

    observer: Observer
    accounts: EconomicClient
    mapping: AccountingMapping
    reader: AccountsReader
    refunds: RefundReader
    found: AccountsDocuments
    drafts: Drafts
    gate: BookingGate

    def credit(self, document_ids: Sequence[int], *, workers: int = 4) -> RunReport:
        """Credit the refunds of these documents as far as the shop's mode goes; returns the counts."""
        settings, ledger = self.observer.settings, self.observer.ledger
        report = RunReport(CREDITS, settings.shop)
        chunk = Chunk(ledger, report, workers, stopped_by=INVOICES)
        return chunk.work(document_ids, self._treat, prepare=self._look_again, at_once=_PACK)

    def _look_again(self, document_ids: Sequence[int]) -> None:
        self.observer.look_again(sorted(set(self._order_ids(document_ids))))

    def _order_ids(self, document_ids: Sequence[int]) -> Iterator[str]:
        with self.observer.ledger.begin() as tx:
            for document_id in document_ids:
                order_id = documents.load(tx, document_id).order_id
                if order_id is not None:
                    yield sources.name(tx, order_id)

    def _treat(self, document: Document, claim: Claim) -> Treated:
        try:
            return self._treated(document, claim)
        except StoppedError as stopped:  # the refund may have been read on the way: that version is judged
            source = self.observer.ledger.persist(lambda tx: sources.load(tx, source_of(document)))
            return Treated(stopped.verdict, source.version, stopped.due_at)

    def _treated(self, document: Document, claim: Claim) -> Treated:
        writer = Writer(self.observer.ledger, claim, document, ECONOMIC, self.accounts.send)
        standing = self.drafts.position(writer, document.key).standing
        booked = None if standing is None else writer.known(self._booking(document, standing.last))
        if standing is not None and booked is not None:
            self._note_booked(document, claim, standing.last, booked.value)
            return self._concluded(document, standing.last, booked)
        if standing is None:
            made = self._drafted(document, writer)
            if isinstance(made, Treated):
                return made
            standing = Standing(1, made)
        return self._finish(document, claim, writer, standing)

    def _drafted(self, document: Document, writer: Writer) -> Written | Treated:
        """The draft of a credit note that has none, or why none is made now."""
        invoice, order = self._invoice(document), self._order(document)
        verdict = self._standing(document, invoice, order)
        if verdict is not None:
            return Treated(verdict, None)
        with holding(self.observer.ledger, f"credits:{invoice.key}", wait_s=_ORDER_WAIT_S) as turn:
            if turn is None:
                raise stop("claimed_elsewhere", due_at=self.observer.ledger.now() + _ORDER_AGAIN)
            [(credit, version)] = self.refunds.credits([document], order.id)
            planned = self._plan(document, invoice, order, credit)
            if isinstance(planned, Verdict):
                return Treated(planned, version)
            plan, booked = planned
            if self.observer.settings.invoices.mode is InvoiceMode.DRY_RUN:
                raise stop("dry_run", due_at=self._look_again_at())
            call = self._draft(document, order, credit, plan, booked)
            self._note_planned(document, writer.claim, plan, invoice)
            return replace(writer, version=version).make(self.found.drafting(document.key), call)

    def _standing(self, document: Document, invoice: Document, order: Order) -> Verdict | None:
        """Why a refund is not credited whatever its amounts; None: it is."""
        if not self._is_there(document, order):
            return Verdict.of("refund_withdrawn")
        included = self.observer.ledger.persist(lambda tx: in_invoice(tx, document.source_id, invoice))
        if included is not None:
            return included
        standing = invoice_standing(invoice)
        if standing.status is Status.WAITING:
            raise StoppedError(standing, self._look_again_at())
        if standing.status is not Status.DUE:
            return standing
        return Verdict.of("credit_after_chargeback") if order.attributes.get("chargeback") else None

    def _plan(
        self, document: Document, invoice: Document, order: Order, credit: Credit
    ) -> tuple[CreditPlan, Any] | Verdict:
        booked = self.accounts.get_booked(str(invoice.remote_number))
        invoiced = Credited(self.observer.ledger, self.mapping).of(invoice, booked, without=document)
        numbers = products_needed(invoiced, self.mapping)
        facts = self.reader.facts(numbers, vat_zone_from_economic(booked))
        plan = plan_credit(credit, Sale(order, invoiced, self.mapping, facts))
        return plan if isinstance(plan, Verdict) else (plan, booked)

    def _draft(self, document: Document, order: Order, credit: Credit, plan: CreditPlan, booked: Any) -> Call:
        note = CreditNote(
            key=document.key,
            order_number=order.number,
            credit_date=self._credit_date(credit, booked),
            lines=plan.lines,
            country=self.observer.ledger.persist(lambda tx: _oss_country(tx, document.parent_id)),
        )
        return economic.create_draft(credit_to_economic(note, booked))

    def _credit_date(self, credit: Credit, booked: Any) -> date:
        """The day of the refund, not before its invoice; where that is closed by the mapping the first open one."""
        invoiced, _ = header_from_economic(booked)
        return self._days.of(
            max(invoiced, credit.created_at.astimezone(ZoneInfo(self.observer.settings.timezone)).date())
        )

    @property
    def _days(self) -> OpenDays:
        return OpenDays(self.observer.ledger, self.mapping, self.reader, self.observer.settings.timezone)

    def _moved(self, writer: Writer, standing: Standing, draft: Any) -> Standing | None:
        """Our draft on the first open day, where its own was closed since; None: it stays as it is."""
        day, last = date.fromisoformat(str(draft["date"])[:10]), standing.last
        if last.fresh or self._days.is_open(day) or changed_by_people(draft, last.value):
            return None
        body = {**json.loads(last.sent, parse_float=Decimal), "date": self._days.of(day).isoformat()}
        call = economic.replace_draft(standing.number, body)
        moved = replace(writer, version=last.version).make(self.drafts.updating(standing), call)
        return Standing(standing.generation, moved, standing.updates + 1)

    def _finish(self, document: Document, claim: Claim, writer: Writer, standing: Standing) -> Treated:
        """From a draft that exists to a booked credit note; one that somebody booked by hand is taken over."""
        drafted = standing.last
        draft = drafted.value if drafted.fresh else self.accounts.find_draft(drafted.remote_id)
        if draft is None:
            by_hand = self.found.booked_by_hand(document.key, drafted.remote_id)
            self._note_booked(document, claim, drafted, by_hand)
            return self._concluded(document, drafted, Written("", by_hand, drafted.version))
        order = self._order(document)
        if not self._is_there(document, order):
            return Treated(deleted_after_credit(replace(document, remote_id=drafted.remote_id)), drafted.version)
        moved = self._moved(writer, standing, draft)
        if moved is not None:
            return self._finish(document, claim, writer, moved)
        self._demand(document, draft, drafted, order)
        self._note_drafted(document, claim, drafted)
        amount = f"{-totals_from_economic(draft).gross:.2f} {order.currency}"
        self.gate.pass_or_stop(document, drafted.version, drafted.remote_id, amount)
        sending = send_by(order, self.observer.settings.invoices, self.mapping)
        booking = economic.book_draft(drafted.remote_id, send_by=sending)
        booked = writer.make(self._booking(document, drafted), booking)
        self._note_booked(document, claim, drafted, booked.value)
        return self._concluded(document, drafted, booked)

    def _demand(self, document: Document, draft: Any, drafted: Written, order: Order) -> None:
        """Demand the refund's amount and the predicted VAT; people may have been at the draft since it was made."""
        predicted = self._predicted(document, order)
        answered, as_made = totals_from_economic(draft), totals_from_economic(drafted.value)
        if (answered, draft["currency"]) == (predicted, order.currency):
            return
        if answered == as_made and draft["currency"] == drafted.value["currency"]:
            raise stop("document_differs", answered=_text(answered), predicted=_text(predicted))
        raise stop("draft_changed", number=drafted.remote_id, due_at=self._look_again_at())

    def _predicted(self, document: Document, order: Order) -> Totals:
        """What the accounts must answer: the refund's amount, with the VAT of the lines that were planned."""
        lines = self.observer.ledger.persist(lambda tx: document_lines.of_document(tx, document.id))
        [(credit, _)] = self.refunds.credits([document], order.id)
        gross, vat = -credit.amount.amount, sum((line.vat for line in lines), ZERO)
        return Totals(gross - vat, vat, gross)

    def _concluded(self, document: Document, drafted: Written, booked: Written) -> Treated:
        """The verdict on a booked credit note: what differs from the refund, then or since, is said."""
        version = drafted.version or document.judged_version
        order = self._order(document)
        if not self._is_there(document, order) and not is_accepted(document):
            return Treated(deleted_after_credit(replace(document, remote_number=booked_number(booked.value))), version)
        [(credit, _)] = self.refunds.credits([document], order.id)
        difference = totals_from_economic(booked.value).gross + credit.amount.amount
        currency = str(booked.value["currency"])
        if difference or currency != credit.amount.currency:
            return Treated(Verdict.of("booked_differently", difference=f"{difference:.2f} {currency}"), version)
        by_search = booked.adopted or drafted.adopted
        return Treated(Verdict.of("adopted" if by_search else "transferred"), version)

    def _booking(self, document: Document, drafted: Written) -> Any:
        return self.found.booking(_BOOKING, document.key, drafted.remote_id)

    def _invoice(self, document: Document) -> Document:
        parent = document.parent_id
        if parent is None:
            raise ValueError(f"{document.key} has no invoice")
        return self.observer.ledger.persist(lambda tx: documents.load(tx, parent))

    def _order(self, document: Document) -> Order:
        """The newest version of the refund's order."""
        about_order = replace(document, source_id=document.order_id)
        return stored_order(self.observer.ledger, self.observer.shop, about_order)[0]

    def _is_there(self, document: Document, order: Order) -> bool:
        refund_id = self.observer.ledger.persist(lambda tx: sources.name(tx, source_of(document)))
        return refund_id in order.credit_ids or is_providers(refund_id)

    def _look_again_at(self) -> datetime:
        return self.observer.ledger.now() + _LOOK

    def _note_planned(self, document: Document, claim: Claim, plan: CreditPlan, invoice: Document) -> None:
        """Keep the lines before they are sent: what is demanded of the draft must not depend on what came after it."""
        shares = vat_shares([(one.vat_code, one.rate, one.net) for one in plan.lines], self.mapping.rounding_mode)

        def note(tx: Transaction) -> None:
            sold = document_lines.of_document(tx, invoice.id)
            country, scheme = (sold[0].country, sold[0].scheme) if sold else ("", "")
            lines = [
                DocumentLine(
                    line_number=number,
                    product_number=line.product_number,
                    quantity=line.quantity,
                    rate=line.rate,
                    vat_code=line.vat_code,
                    country=country,
                    scheme=scheme,
                    net=line.net,
                    vat=share,
                    order_line_id=line.order_line_id,
                )
                for number, (line, share) in enumerate(zip(plan.lines, shares, strict=True), 1)
            ]
            document_lines.put(tx, document.id, claim, lines)
            documents.note_remote(tx, document.id, claim, correction=plan.correction)

        self.observer.ledger.persist(note)

    def _note_drafted(self, document: Document, claim: Claim, drafted: Written) -> None:
        self.observer.ledger.persist(
            lambda tx: documents.note_remote(
                tx,
                document.id,
                claim,
                remote_id=drafted.remote_id,
                version=drafted.version,
                currency=str(drafted.value["currency"]),
                totals=totals_from_economic(drafted.value),
            )
        )

    def _note_booked(self, document: Document, claim: Claim, drafted: Written, booked: Any) -> None:
        def note(tx: Transaction) -> None:
            documents.note_remote(
                tx,
                document.id,
                claim,
                remote_id=drafted.remote_id,
                remote_number=booked_number(booked),
                version=drafted.version,
                currency=str(booked["currency"]),
                totals=totals_from_economic(booked),
            )
            note_as_booked(tx, document.id, claim, booked, self.mapping.rounding_mode)

        self.observer.ledger.persist(note)


def crediter(shop: Webshop, accounts: EconomicClient, ledger: Ledger, settings: ShopSettings) -> Crediter:
    """Put a shop's crediter together. ConfigurationError when the shop has no accounts."""
    mapping = settings.mapping.economic
    if settings.economic_target is None or mapping is None:
        raise ConfigurationError(f"{settings.shop} names no e-conomic agreement: it has nothing to credit")
    return Crediter(
        observer=Observer(shop, ledger, settings),
        accounts=accounts,
        mapping=mapping,
        reader=AccountsReader(accounts),
        refunds=RefundReader(shop, ledger, settings.shop),
        found=AccountsDocuments(accounts),
        drafts=Drafts(accounts),
        gate=BookingGate(ledger, settings, settings.economic_target),
    )


def _oss_country(tx: Transaction, invoice_id: int | None) -> str:
    """The country whose VAT an invoice carries when it is not the seller's own."""
    sold = document_lines.of_document(tx, invoice_id) if invoice_id is not None else ()
    return next((line.country for line in sold if line.scheme == Scheme.OSS.value), "")


def _text(totals: Totals) -> str:
    return f"{totals.net:.2f} + {totals.vat:.2f} = {totals.gross:.2f}"

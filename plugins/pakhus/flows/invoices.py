"""Invoices: ledger -> e-conomic. Looks at each due order again, drafts its invoice, demands the prediction, books it.

In e-conomic people win (design, decision 8): a draft changed by hand is not overwritten, a deleted one is not made
again, one booked by hand is taken over with its difference shown. Sources: domain guide 3.4; economic.md 6, 9.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from pakhus.clients import economic
from pakhus.clients.economic import EconomicClient
from pakhus.clients.http import Call
from pakhus.clients.webshop import Webshop
from pakhus.errors import ConfigurationError
from pakhus.flows.accounts_customers import AccountsCustomers
from pakhus.flows.accounts_facts import AccountsReader
from pakhus.flows.booked_records import note_as_booked
from pakhus.flows.exactly_once import ECONOMIC, Found, Step, Writer, Written
from pakhus.flows.observation import INVOICES, Observer, state_rules, stored_order
from pakhus.flows.outcomes import StoppedError, stop
from pakhus.flows.refunds import judge_refunds
from pakhus.flows.report import RunReport
from pakhus.flows.shared_records import SharedRecords
from pakhus.flows.shipments import shipped_of
from pakhus.flows.work import Chunk, Treated
from pakhus.formats.economic import booked_number, draft_number, invoice_to_economic, totals_from_economic
from pakhus.ledger import document_lines, documents, sources
from pakhus.ledger.claims import Claim
from pakhus.ledger.connection import Ledger, Transaction
from pakhus.ledger.documents import Document
from pakhus.model import Invoice, Order
from pakhus.reasons import Status, Verdict
from pakhus.rules.document_lines import planned_lines
from pakhus.rules.gift_cards import redeemed_of
from pakhus.rules.invoices import InvoicePlan, numbers_needed, plan_invoice
from pakhus.rules.mappings import AccountingMapping
from pakhus.rules.payments import terms_of, with_cards
from pakhus.rules.states import NOT_SHIPPED, Shipped, changed_invoice, invoice_moment, invoice_verdict
from pakhus.rules.validation import likely_cause, spoken
from pakhus.rules.vat import decide_vat, destination
from pakhus.settings import InvoiceMode, ShopSettings

# Orders are looked at again in packs, so that none is older than a pack's work when it is written.
_PACK = 25
# A draft that waits for a person is looked at again so often.
_DRAFT_LOOK = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Biller:
    """Brings due invoices of one shop into one e-conomic agreement."""

    observer: Observer
    accounts: EconomicClient
    mapping: AccountingMapping
    customers: AccountsCustomers
    reader: AccountsReader

    def book(self, document_ids: Sequence[int], *, workers: int = 4) -> RunReport:
        """Invoice the orders of these documents as far as the shop's mode goes; returns the counts."""
        settings, ledger = self.observer.settings, self.observer.ledger
        report = RunReport(INVOICES, settings.shop)
        for start in range(0, len(document_ids), _PACK):
            pack = document_ids[start : start + _PACK]
            self.observer.look_again(list(self._source_ids(pack)))
            Chunk(ledger, report, workers).work(pack, self._treat)
        return report

    def _source_ids(self, document_ids: Sequence[int]) -> Iterator[str]:
        with self.observer.ledger.begin() as tx:
            for document_id in document_ids:
                source_id = documents.load(tx, document_id).source_id
                if source_id is not None:
                    yield sources.name(tx, source_id)

    def _treat(self, document: Document, claim: Claim) -> Treated:
        ledger, shop = self.observer.ledger, self.observer.shop
        writer = Writer(ledger, claim, document, ECONOMIC, self.accounts.send)
        drafting = self._drafting(document.key)
        drafted = writer.known(drafting)
        booked = None if drafted is None else writer.known(self._booking(document.key, drafted.remote_id))
        if drafted is not None and booked is not None:
            self._note_booked(document, claim, drafted, booked.value)
        order, version = stored_order(ledger, shop, document, transferred=drafted is not None)
        if drafted is not None and booked is not None:
            return self._concluded(document, drafted, booked, order, version)
        writer = replace(writer, version=version)
        if drafted is None:
            planned = self._to_draft(document, order)
            if isinstance(planned, Verdict):
                return Treated(planned, version)
            drafted = writer.make(drafting, planned)
        return self._finish(document, claim, writer, drafted, order, version)

    def _to_draft(self, document: Document, order: Order) -> Call | Verdict:
        """The call that drafts the invoice of an order that has none, or why none is made now."""
        settings = self.observer.settings
        shipped = self._shipped(document)
        verdict = invoice_verdict(order, state_rules(settings), shipped)
        if verdict.status is not Status.DUE:
            return verdict
        planned = self._plan(order)
        if isinstance(planned, Verdict):
            return planned
        if settings.invoices.mode is InvoiceMode.DRY_RUN:
            raise stop("dry_run", due_at=self._look_again_at())
        return self._draft(document, order, planned, shipped)

    def _shipped(self, document: Document) -> Shipped:
        settings, order_id = self.observer.settings, document.source_id
        if order_id is None:
            return NOT_SHIPPED
        return self.observer.ledger.persist(lambda tx: shipped_of(tx, settings, order_id))

    def _finish(
        self, document: Document, claim: Claim, writer: Writer, drafted: Written, order: Order, version: int
    ) -> Treated:
        """From a draft that exists to a booked invoice; one that somebody booked by hand is taken over."""
        draft = drafted.value if drafted.fresh else self.accounts.find_draft(drafted.remote_id)
        if draft is None:
            by_hand = self._booked_by_hand(document.key, drafted.remote_id)
            self._note_booked(document, claim, drafted, by_hand)
            return self._concluded(document, drafted, Written("", by_hand, version), order, version)
        drafted_order = self._order_at(document, drafted, order, version)
        changed = changed_invoice(drafted_order, order)
        if changed is not None:
            return Treated(changed, version)
        plan = self._plan(drafted_order)
        if isinstance(plan, Verdict):
            return Treated(plan, version)
        self._demand(draft, drafted, plan, drafted_order)
        self._note_drafted(document, claim, drafted, plan)
        if self.observer.settings.invoices.mode is not InvoiceMode.AUTO:
            raise stop("drafted", due_at=self._look_again_at())
        booking = self._booking(document.key, drafted.remote_id)
        booked = writer.make(booking, economic.book_draft(drafted.remote_id))
        self._note_booked(document, claim, drafted, booked.value)
        return self._concluded(document, drafted, booked, order, version)

    def _look_again_at(self) -> datetime:
        return self.observer.ledger.now() + _DRAFT_LOOK

    def _order_at(self, document: Document, drafted: Written, order: Order, version: int) -> Order:
        if drafted.version is None or drafted.version == version:
            return order
        return stored_order(self.observer.ledger, self.observer.shop, document, drafted.version)[0]

    def _plan(self, order: Order) -> InvoicePlan | Verdict:
        renamed = self.observer.settings.mapping.product_numbers
        vat = decide_vat(order, self.mapping)
        if isinstance(vat, Verdict):
            return vat
        numbers = numbers_needed(order, self.mapping, renamed, vat)
        if isinstance(numbers, Verdict):
            return numbers
        return plan_invoice(order, self.mapping, renamed, vat, self.reader.facts(numbers, vat.zone))

    def _draft(self, document: Document, order: Order, plan: InvoicePlan, shipped: Shipped) -> Call:
        terms = terms_of(order, *with_cards(order, self.mapping))
        if isinstance(terms, Verdict):
            raise StoppedError(terms)
        day = self._invoice_date(order, shipped)
        customer = self.customers.number_for(order)
        invoice = Invoice(
            key=document.key,
            currency=order.currency,
            invoice_date=day,
            customer_number=customer,
            recipient=order.billing,
            delivery=destination(order),
            vat_zone=plan.vat.zone,
            layout=terms.layout or self.mapping.layout,
            payment_terms=terms.terms,
            lines=plan.lines,
            predicted=plan.predicted,
            correction=plan.correction,
            heading=f"Ordre {order.number}",
            text=plan.vat.legal_text,
        )
        return economic.create_draft(invoice_to_economic(invoice, self.mapping.country_names))

    def _drafting(self, key: str) -> Step:
        return Step("create_draft", draft_number, lambda _: self._search_draft(key))

    def _booking(self, key: str, number: str) -> Step:
        return Step("book_invoice", booked_number, lambda _: self._search_booked(key, number))

    def _invoice_date(self, order: Order, shipped: Shipped) -> date:
        """The day the goods went as far as anybody says it (design, decision 8), in an open period."""
        settings = self.observer.settings
        moment = invoice_moment(order, shipped) or self.observer.ledger.now()
        day = moment.astimezone(ZoneInfo(settings.timezone)).date()
        locked = self.mapping.lock_date is not None and day <= self.mapping.lock_date
        if locked or not self.reader.is_open(day):
            raise stop("period_closed", date=day)
        return day

    def _search_draft(self, key: str) -> Found | None:
        """Look for our key among the drafts, then among the booked (decision 3)."""
        drafts = self.accounts.drafts_with_reference(key)
        booked = self.accounts.booked_with_reference(key)
        _demand_one(key, drafts, booked)
        if drafts:
            number = draft_number(drafts[0])
            return Found(number, self.accounts.find_draft(number) or drafts[0])
        if booked:
            # A booked invoice names its former draft in orderNumber (economic.md 9.1).
            document = self.accounts.get_booked(booked_number(booked[0]))
            return Found(str(int(document["orderNumber"])), document)
        return None

    def _search_booked(self, key: str, number: str) -> Found | None:
        """Was the draft booked? (economic.md 9.4)"""
        if self.accounts.find_draft(number) is not None:
            return None
        document = self._booked_by_hand(key, number)
        return Found(booked_number(document), document)

    def _booked_by_hand(self, key: str, number: str) -> Any:
        """The invoice that a draft which is no longer there has become."""
        booked = self.accounts.booked_with_reference(key)
        _demand_one(key, [], booked)
        if not booked or str(booked[0].get("orderNumber", number)) != number:
            raise stop("draft_gone", number=number)
        return self.accounts.get_booked(booked_number(booked[0]))

    def _demand(self, draft: Any, drafted: Written, plan: InvoicePlan, order: Order) -> None:
        """Demand that the draft equals the prediction; people may have been at it since it was made."""
        answered = totals_from_economic(draft)
        if (answered, draft["currency"]) == (plan.predicted, order.currency):
            return
        if answered == totals_from_economic(drafted.value) and draft["currency"] == drafted.value["currency"]:
            cause = likely_cause(order, plan.lines, plan.predicted, answered)
            raise stop("document_differs", answered=spoken(answered), predicted=spoken(plan.predicted), cause=cause)
        raise stop("draft_changed", number=drafted.remote_id, due_at=self._look_again_at())

    def _concluded(self, document: Document, drafted: Written, booked: Written, order: Order, version: int) -> Treated:
        """The verdict on a booked invoice: what differs from the order, then or since, is said."""
        self._release_refunds(document, order)
        drafted_order = self._order_at(document, drafted, order, version)
        changed = changed_invoice(drafted_order, order)
        if changed is not None:
            return Treated(changed, version)
        totals, planned = totals_from_economic(booked.value), totals_from_economic(drafted.value)
        target = drafted_order.total.amount + redeemed_of(drafted_order, self.mapping)
        difference, of_vat = totals.gross - target, totals.vat - planned.vat
        currency = str(booked.value["currency"])
        if difference or of_vat or currency != drafted_order.currency:
            text = f"{difference:.2f} {currency}" + (f" ({of_vat:.2f} of VAT)" if of_vat else "")
            return Treated(Verdict.of("booked_differently", difference=text), version)
        return Treated(Verdict.of("adopted" if booked.adopted or drafted.adopted else "transferred"), version)

    def _release_refunds(self, document: Document, order: Order) -> None:
        """The invoice is booked: its refunds need wait no longer."""
        settings, order_row = self.observer.settings, document.source_id
        if order.credit_ids and order_row is not None:
            self.observer.ledger.persist(lambda tx: judge_refunds(tx, settings, order, order_row, tx.now))

    def _note_drafted(self, document: Document, claim: Claim, drafted: Written, plan: InvoicePlan) -> None:
        lines = planned_lines(plan.lines, self.mapping.rounding_mode, plan.vat)

        def note(tx: Transaction) -> None:
            documents.note_remote(
                tx,
                document.id,
                claim,
                remote_id=drafted.remote_id,
                version=drafted.version,
                totals=plan.predicted,
                correction=plan.correction,
            )
            document_lines.put(tx, document.id, claim, lines)

        self.observer.ledger.persist(note)

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


def biller(shop: Webshop, accounts: EconomicClient, ledger: Ledger, settings: ShopSettings) -> Biller:
    """Put a shop's biller together. ConfigurationError when the shop has no accounts."""
    target, mapping = settings.economic_target, settings.mapping.economic
    if target is None or mapping is None:
        raise ConfigurationError(f"{settings.shop} names no e-conomic agreement: it has nothing to invoice")
    return Biller(
        observer=Observer(shop, ledger, settings),
        accounts=accounts,
        mapping=mapping,
        customers=AccountsCustomers(accounts, SharedRecords(ledger, target), mapping),
        reader=AccountsReader(accounts),
    )


def _demand_one(key: str, drafts: Sequence[Any], booked: Sequence[Any]) -> None:
    if len(drafts) + len(booked) > 1:
        numbers = [f"draft {row['draftInvoiceNumber']}" for row in drafts]
        numbers += [f"invoice {row['bookedInvoiceNumber']}" for row in booked]
        raise stop("duplicate_found", count=len(numbers), system="e-conomic", key=key, numbers=", ".join(numbers))

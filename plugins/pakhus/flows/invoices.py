"""Invoices: ledger -> e-conomic. Looks at each due order again, drafts its invoice, demands the prediction, books it.

In e-conomic people win (design, decision 8): a draft changed by hand is not overwritten, a deleted one is not made
again, one booked by hand is taken over with its difference shown. Sources: domain guide 3.4; economic.md 6, 9.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from pakhus.clients import economic
from pakhus.clients.economic import EconomicClient
from pakhus.clients.webshop import Webshop
from pakhus.errors import ConfigurationError
from pakhus.flows.accounts_customers import AccountsCustomers
from pakhus.flows.accounts_facts import AccountsReader
from pakhus.flows.exactly_once import ECONOMIC, Found, Write, Writer, Written
from pakhus.flows.observation import INVOICES, Observer, state_rules, stored_order
from pakhus.flows.outcomes import StoppedError, stop
from pakhus.flows.report import RunReport
from pakhus.flows.shared_records import SharedRecords
from pakhus.flows.work import Chunk, Treated
from pakhus.formats.economic import booked_number, draft_number, invoice_to_economic, totals_from_economic
from pakhus.ledger import documents, sources
from pakhus.ledger.attempts import Attempt
from pakhus.ledger.claims import Claim
from pakhus.ledger.connection import Ledger
from pakhus.ledger.documents import Document
from pakhus.model import Invoice, Order, Totals
from pakhus.reasons import Status, Verdict
from pakhus.rules.invoices import InvoicePlan, numbers_needed, plan_invoice
from pakhus.rules.mappings import AccountingMapping
from pakhus.rules.states import changed_invoice, invoice_verdict
from pakhus.rules.vat import destination, zone_of
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
        settings, ledger = self.observer.settings, self.observer.ledger
        order, version = stored_order(ledger, self.observer.shop, document, None)
        writer = Writer(ledger, claim, document, ECONOMIC, self.accounts.send, version)
        drafted = writer.done("create_draft")
        if drafted is None:
            if not writer.begun("create_draft"):
                verdict = invoice_verdict(order, state_rules(settings))
                if verdict.status is not Status.DUE:
                    return Treated(verdict, version)
            planned = self._plan(order)
            if settings.invoices.mode is InvoiceMode.DRY_RUN:
                return Treated(planned if isinstance(planned, Verdict) else Verdict.of("dry_run"), version)
            if isinstance(planned, Verdict):
                return Treated(planned, version)
            drafted = writer.make(self._draft(document, order, planned))
        return self._finish(document, claim, writer, drafted, order, version)

    def _finish(
        self, document: Document, claim: Claim, writer: Writer, drafted: Written, order: Order, version: int
    ) -> Treated:
        """From a draft that exists to a booked invoice."""
        settings = self.observer.settings
        drafted_order = self._order_at(document, drafted, order, version)
        changed = changed_invoice(drafted_order, order)
        if changed is not None:
            return Treated(changed, version)
        plan = self._plan(drafted_order)
        if isinstance(plan, Verdict):
            return Treated(plan, version)
        if not writer.begun("book_invoice"):
            by_hand = self._compare(document, drafted, plan)
            if by_hand is not None:
                return self._take_over(document, claim, drafted, plan, by_hand, version)
            if settings.invoices.mode is not InvoiceMode.AUTO:
                self._note(document, claim, drafted, plan, None)
                raise stop("drafted", due_at=self.observer.ledger.now() + _DRAFT_LOOK)
        booked = writer.make(self._book(document, drafted.remote_id))
        return self._take_over(document, claim, drafted, plan, booked.value, version, adopted=booked.adopted)

    def _order_at(self, document: Document, drafted: Written, order: Order, version: int) -> Order:
        if drafted.version is None or drafted.version == version:
            return order
        return stored_order(self.observer.ledger, self.observer.shop, document, drafted.version)[0]

    def _plan(self, order: Order) -> InvoicePlan | Verdict:
        renamed = self.observer.settings.mapping.product_numbers
        zone = zone_of(order, self.mapping.vat_zones)
        if isinstance(zone, Verdict):
            return zone
        numbers = numbers_needed(order, self.mapping, renamed)
        if isinstance(numbers, Verdict):
            return numbers
        return plan_invoice(order, self.mapping, renamed, self.reader.facts(numbers, zone))

    def _draft(self, document: Document, order: Order, plan: InvoicePlan) -> Write:
        method = order.payments[0].method if order.payments else ""
        payment = self.mapping.payments.get(method)
        if payment is None:
            raise stop("payment_method_unmapped", method=method or "(none)")
        zone = zone_of(order, self.mapping.vat_zones)
        if isinstance(zone, Verdict):
            raise StoppedError(zone)
        day = self._invoice_date(order)
        customer = self.customers.number_for(order)
        invoice = Invoice(
            key=document.key,
            currency=order.currency,
            invoice_date=day,
            customer_number=customer,
            recipient=order.billing,
            delivery=destination(order),
            vat_zone=zone,
            layout=payment.layout or self.mapping.layout,
            payment_terms=payment.terms,
            lines=plan.lines,
            predicted=plan.predicted,
            correction=plan.correction,
            heading=f"Ordre {order.number}",
        )
        body = invoice_to_economic(invoice, self.mapping.country_names)

        def search(attempt: Attempt) -> Found | None:
            del attempt
            return self._search_draft(document.key)

        return Write("create_draft", economic.create_draft(body), draft_number, search)

    def _invoice_date(self, order: Order) -> date:
        """The day the goods went as far as the shop says it (design, decision 8), in an open period."""
        settings = self.observer.settings
        moment = order.completed_at or order.paid_at or self.observer.ledger.now()
        day = moment.astimezone(ZoneInfo(settings.timezone)).date()
        locked = self.mapping.lock_date is not None and day <= self.mapping.lock_date
        if locked or not self.reader.is_open(day):
            raise stop("period_closed", date=day)
        return day

    def _search_draft(self, key: str) -> Found | None:
        """Look for our key among the drafts, then among the booked (decision 3)."""
        drafts = self.accounts.drafts_with_reference(key)
        booked = self.accounts.booked_with_reference(key)
        if len(drafts) + len(booked) > 1:
            numbers = [f"draft {row['draftInvoiceNumber']}" for row in drafts]
            numbers += [f"invoice {row['bookedInvoiceNumber']}" for row in booked]
            raise stop("duplicate_found", count=len(numbers), system="e-conomic", key=key, numbers=", ".join(numbers))
        if drafts:
            number = draft_number(drafts[0])
            return Found(number, self.accounts.find_draft(number) or drafts[0])
        if booked:
            # A booked invoice names its former draft in orderNumber (economic.md 9.1).
            document = self.accounts.get_booked(booked_number(booked[0]))
            return Found(str(int(document["orderNumber"])), document)
        return None

    def _compare(self, document: Document, drafted: Written, plan: InvoicePlan) -> Any | None:
        """Demand that the draft equals the prediction. Returns the invoice if somebody booked it by hand.

        The answer to the creation is the draft; later the draft is read again, since people may have been at it.
        """
        draft = drafted.value if drafted.fresh else self.accounts.find_draft(drafted.remote_id)
        if draft is None:
            booked = self.accounts.booked_with_reference(document.key)
            if len(booked) == 1:
                return self.accounts.get_booked(booked_number(booked[0]))
            raise stop("draft_gone", number=drafted.remote_id)
        answered = totals_from_economic(draft)
        if answered == plan.predicted:
            return None
        if answered == totals_from_economic(drafted.value):
            raise stop("document_differs", answered=_text(answered), predicted=_text(plan.predicted))
        look_at = self.observer.ledger.now() + _DRAFT_LOOK
        raise stop("draft_changed", number=drafted.remote_id, due_at=look_at)

    def _book(self, document: Document, number: str) -> Write:
        def search(attempt: Attempt) -> Found | None:
            del attempt
            return self._search_booked(document.key, number)

        return Write("book_invoice", economic.book_draft(number), booked_number, search)

    def _search_booked(self, key: str, number: str) -> Found | None:
        """Was the draft booked? (economic.md 9.4)"""
        if self.accounts.find_draft(number) is not None:
            return None
        booked = [
            row for row in self.accounts.booked_with_reference(key) if str(row.get("orderNumber", number)) == number
        ]
        if len(booked) != 1:
            raise stop("draft_gone", number=number)
        return Found(booked_number(booked[0]), self.accounts.get_booked(booked_number(booked[0])))

    def _take_over(
        self,
        document: Document,
        claim: Claim,
        drafted: Written,
        plan: InvoicePlan,
        booked: Any,
        version: int,
        *,
        adopted: bool = False,
    ) -> Treated:
        """Record the booked invoice, and its difference to the plan if somebody booked another amount."""
        totals = totals_from_economic(booked)
        self._note(document, claim, drafted, plan, booked)
        if totals.gross != plan.predicted.gross:
            difference = totals.gross - plan.predicted.gross
            return Treated(Verdict.of("booked_differently", difference=difference), version)
        return Treated(Verdict.of("adopted" if adopted or drafted.adopted else "transferred"), version)

    def _note(self, document: Document, claim: Claim, drafted: Written, plan: InvoicePlan, booked: Any | None) -> None:
        totals = totals_from_economic(booked) if booked is not None else plan.predicted
        currency = str(booked["currency"]) if booked is not None else None
        self.observer.ledger.persist(
            lambda tx: documents.note_remote(
                tx,
                document.id,
                claim,
                remote_id=drafted.remote_id,
                remote_number=booked_number(booked) if booked is not None else None,
                version=drafted.version,
                currency=currency,
                totals=totals,
                correction=plan.correction,
            )
        )


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


def _text(totals: Totals) -> str:
    amounts: tuple[Decimal, ...] = (totals.net, totals.vat, totals.gross)
    return " + ".join(f"{amount:.2f}" for amount in amounts[:2]) + f" = {totals.gross:.2f}"

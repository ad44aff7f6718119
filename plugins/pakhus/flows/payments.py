"""Payments: how the money of booked invoices and credit notes got into the accounts, and what is entered for it.

By the payment term nothing is written: the booking did it. In the journal each payment is one voucher, a draft until
the bookkeeper books it. What stands on a clearing account is noted for the payouts that settle it. Sources: domain
guide 3.5, 9; economic.md 8; design, decisions 3 and 8.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from pakhus.clients.economic import EconomicClient
from pakhus.clients.economic_journals import EconomicJournals
from pakhus.clients.webshop import Webshop
from pakhus.errors import ConfigurationError
from pakhus.flows.accounts_facts import AccountsReader
from pakhus.flows.chunks import WorkChunk, due_chunks
from pakhus.flows.exactly_once import ECONOMIC, Writer, Written
from pakhus.flows.judging import INVOICES
from pakhus.flows.observation import stored_order
from pakhus.flows.outcomes import StoppedError, stop
from pakhus.flows.paid_documents import BASE_RATE, Paid, in_base, paid_of, refund_item, settled_apart
from pakhus.flows.refund_reading import RefundReader
from pakhus.flows.refunded_payments import RefundedPayments
from pakhus.flows.report import RunReport
from pakhus.flows.vouchers import Vouchers
from pakhus.flows.work import Chunk, Treated
from pakhus.ledger import clearing, documents, included_refunds, payments
from pakhus.ledger.claims import Claim
from pakhus.ledger.clearing import NewItem
from pakhus.ledger.connection import Ledger, Transaction
from pakhus.ledger.documents import Document, NewDocument
from pakhus.ledger.payments import PAYMENT, REPAYMENT, Booked
from pakhus.model import Money, Order, Totals
from pakhus.reasons import Status, Verdict
from pakhus.rules.mappings import AccountingMapping
from pakhus.rules.payment_methods import PaymentMethod, PaymentWay
from pakhus.rules.payments import (
    GIFT_CARD,
    Methods,
    PaymentPart,
    less_taken_off,
    parts_of,
    payment_verdict,
    repayment_verdict,
    way_of,
    with_cards,
)
from pakhus.settings import ShopSettings
from pakhus.vouchers import CustomerLine, Voucher, keyed

PAYMENTS = "payments"
_JUDGED_AT_ONCE = 200
# A payment that waits for its capture is looked at again so often.
_LOOK = timedelta(hours=6)
# What is paid back waits for the payment of its invoice, which the next runs settle.
_SOON = timedelta(minutes=10)
_NO_NEWS = ("paid_by_term", "left_open", "payment_refunded", "refunded_unsettled")
# Payments that people have entered, or answer for: how, only they know.
_BY_HAND = frozenset({"already_paid", "ignored_by_person"})


@dataclass(frozen=True, slots=True)
class _Payment:
    """One payment at work: its document under a claim, the order's part that it is, and what was booked."""

    document: Document
    claim: Claim
    writer: Writer
    paid: Paid
    order: Order
    part: PaymentPart

    @property
    def version(self) -> int | None:
        return self.writer.version


@dataclass(frozen=True, slots=True)
class Cashier:
    """Registers the payments of one shop in one agreement. Its stored orders are read; the shop is asked only for the
    refunds of an order that has no invoice."""

    shop: Webshop
    accounts: EconomicClient
    ledger: Ledger
    settings: ShopSettings
    mapping: AccountingMapping
    vouchers: Vouchers
    refunded: RefundedPayments

    def run(self, chunks: Sequence[WorkChunk] | None = None, *, workers: int = 4) -> RunReport:
        """Make the payments' documents of what was booked since, and register what is due, or `chunks`; returns the
        counts.

        Those that need nothing are no news of a run: each invoice has one.
        """
        self.judge()
        report = RunReport(PAYMENTS, self.settings.shop)
        for chunk in due_chunks(self.ledger, self.settings.shop, PAYMENTS) if chunks is None else chunks:
            report.merge(self.register(chunk.documents, workers=workers))
        for code in _NO_NEWS:
            report.codes.pop(code, None)
        return report

    def judge(self) -> None:
        """Make a document of each payment of the invoices and credit notes that have none. From the ledger alone."""
        found = self._without_payment()
        while found:
            for booked in found:
                for new in self._documents_of(booked):
                    self._ensure(new)
            found = self._without_payment() if len(found) == _JUDGED_AT_ONCE else []
        self.refunded.judge_again(self.settings.shop)
        for invoice in self.refunded.without_invoice(self.settings.shop, limit=_JUDGED_AT_ONCE):
            stem = invoice.key.rpartition("-")[0]
            self._ensure(self._new(Booked(invoice, None), f"{stem}-{PAYMENT}1", PAYMENT))

    def register(self, document_ids: Sequence[int], *, workers: int = 4) -> RunReport:
        """Register the payments of these documents; returns the counts."""
        report = RunReport(PAYMENTS, self.settings.shop)
        return Chunk(self.ledger, report, workers, stopped_by=INVOICES).work(document_ids, self._treat)

    def _without_payment(self) -> list[Booked]:
        with self.ledger.begin() as tx:
            return payments.without_payment(tx, self.settings.shop, limit=_JUDGED_AT_ONCE)

    def _documents_of(self, booked: Booked) -> list[NewDocument]:
        document = booked.document
        stem, _, suffix = document.key.rpartition("-")
        if document.kind != "invoice":
            return [self._new(booked, f"{stem}-{REPAYMENT}{suffix.removeprefix('credit')}", REPAYMENT)]
        try:
            order, _ = stored_order(self.ledger, self.shop, document, document.transferred_version, transferred=True)
        except StoppedError:  # its first payment says why, and stops no other order's
            return [self._new(booked, f"{stem}-{PAYMENT}1", PAYMENT)]
        parts = parts_of(order, with_cards(order, self.mapping)[1])
        numbers = [1] if isinstance(parts, Verdict) or not parts else [part.number for part in parts]
        return [self._new(booked, f"{stem}-{PAYMENT}{number}", PAYMENT) for number in numbers]

    def _new(self, booked: Booked, key: str, kind: str) -> NewDocument:
        document = booked.document
        return NewDocument(
            key=key,
            scope=self.settings.shop,
            flow=PAYMENTS,
            kind=kind,
            target=document.target,
            source_id=document.source_id,
            parent_id=document.id,
        )

    def _ensure(self, new: NewDocument) -> None:
        self.ledger.persist(lambda tx: documents.ensure(tx, new, Verdict.of("due")))

    # --- one payment -------------------------------------------------------------------------------------------------

    def _treat(self, document: Document, claim: Claim) -> Treated:
        writer = Writer(self.ledger, claim, document, ECONOMIC, self.accounts.send)
        known = writer.known(self.vouchers.step(document.key))
        booked = self.ledger.persist(lambda tx: payments.paid_document(tx, document.id))
        if booked.document.remote_number is None:
            return self.refunded.treat(document, booked.document)
        paid = self._paid(booked)
        if document.kind == REPAYMENT:
            return self._repay(document, claim, writer, paid, known)
        order, version = stored_order(self.ledger, self.shop, document, transferred=True)
        methods, cards = with_cards(order, self.mapping)
        left = less_taken_off(order, sum((one.amount for one in paid.taken_off), Decimal(0)))
        parts = left if isinstance(left, Verdict) else parts_of(left, cards)
        if isinstance(parts, Verdict):
            return Treated(parts, version)
        number = int(document.key.rpartition(PAYMENT)[2])
        if number == 1 and len(parts) > 1:  # the others have no documents where the order could not be read at first
            for new in self._documents_of(booked):
                self._ensure(new)
        part = next((one for one in parts if one.number == number), None)
        if part is None:
            return Treated(Verdict.of("left_open"), version)
        work = _Payment(document, claim, replace(writer, version=version), paid, order, part)
        earlier = [one for one in parts if one.number < part.number]
        return self._pay(work, methods, earlier, known)

    def _pay(self, work: _Payment, methods: Methods, earlier: Sequence[PaymentPart], known: Written | None) -> Treated:
        method = methods.get(work.part.method)
        if known is not None and method is not None:
            return self._registered(work, method, known)

        def judged(paid: Paid) -> Verdict:
            return payment_verdict(work.order, work.part, earlier, methods, paid.amount, self.ledger.now())

        verdict = judged(work.paid)
        if method is not None and verdict.code in ("paid_by_term", "left_open"):
            self._note_item(work, method, way_of(method, work.paid.amount))
        if method is None or verdict.status is not Status.DUE:
            return self._judged(verdict, work.version)
        work = replace(work, paid=self._asked(work.paid))
        verdict = judged(work.paid)
        if verdict.status is not Status.DUE:
            return self._judged(verdict, work.version)
        written = self._write(work.writer, work.document, self._days(work), self._line(work, method), method)
        return self._registered(work, method, written)

    def _days(self, work: _Payment) -> list[date]:
        """The days that a payment may stand on, best first: its capture's, the invoice's."""
        captured = work.part.captured_at
        zone = ZoneInfo(self.settings.timezone)
        return [*([captured.astimezone(zone).date()] if captured else []), work.paid.day]

    def _repay(self, document: Document, claim: Claim, writer: Writer, paid: Paid, known: Written | None) -> Treated:
        """The money of a credit note goes out by the way that its invoice's came in."""
        invoice_id = paid.booked.parent_id
        items = [] if invoice_id is None else self.ledger.persist(lambda tx: clearing.of_invoice(tx, invoice_id))
        captures = [item for item in items if item.new.kind == "capture"]
        of_invoice = [] if captures or invoice_id is None else self._payments_of(invoice_id)
        way = PaymentWay(captures[0].new.way) if captures else _way_without_item(of_invoice)
        by_hand = bool(of_invoice) and all(one.verdict.code in _BY_HAND for one in of_invoice)
        if known is None:
            verdict = repayment_verdict(way, paid.amount, by_hand=by_hand)
            if verdict.status is Status.DUE or (way is None and by_hand):
                paid = self._asked(paid)
                verdict = repayment_verdict(way, paid.amount, by_hand=by_hand)
            if verdict.status is not Status.DUE:
                if captures and verdict.code in ("paid_by_term", "left_open"):
                    self._note_refund(document, paid, captures[0].new)
                return self._judged(verdict, None)
        first = captures[0].new
        method = self.mapping.payments.get(first.method)
        if method is None or method.journal is None:
            raise stop("payment_method_unmapped", method=first.method or "(none)")
        if known is None:
            line = replace(
                self._line_of(document, first.order_number, paid, paid.amount.gross), contra_account=first.account
            )
            known = self._write(writer, document, [paid.day], line, method)
        self._note_voucher(document, claim, paid.amount.gross, known)
        self._note_refund(document, paid, first)
        return Treated(_told(known, method.journal), None)

    def _payments_of(self, invoice_id: int) -> Sequence[Document]:
        return self.ledger.persist(lambda tx: payments.payments_of(tx, invoice_id))

    def _judged(self, verdict: Verdict, version: int | None) -> Treated:
        if verdict.status is Status.WAITING:
            wait = _SOON if verdict.code == "invoice_payment_open" else _LOOK
            raise stop(verdict.code, due_at=self.ledger.now() + wait, **dict(verdict.parameters))
        return Treated(verdict, version)

    # --- what is written ---------------------------------------------------------------------------------------------

    def _line(self, work: _Payment, method: PaymentMethod) -> CustomerLine:
        line = self._line_of(work.document, work.order.number, work.paid, work.part.amount)
        return replace(line, contra_account=method.clearing_account)

    def _line_of(self, document: Document, number: str, paid: Paid, amount: Money) -> CustomerLine:
        return CustomerLine(
            customer=paid.customer,
            invoice=paid.number,
            received=amount,
            text=keyed(f"Ordre {number}", document.key),
            exchange_rate=None if paid.exchange_rate == BASE_RATE else paid.exchange_rate,
        )

    def _write(
        self, writer: Writer, document: Document, days: Sequence[date], line: CustomerLine, method: PaymentMethod
    ) -> Written:
        if method.journal is None:
            raise ConfigurationError("a payment method without a journal cannot be registered in one")
        today = self.ledger.now().astimezone(ZoneInfo(self.settings.timezone)).date()
        day = self.vouchers.open_day([*days, today], self.mapping.lock_date)
        voucher = Voucher(day, line.received.currency, customers=(line,))
        return writer.make(self.vouchers.step(document.key), self.vouchers.call(voucher, method.journal))

    def _registered(self, work: _Payment, method: PaymentMethod, written: Written) -> Treated:
        self._note_voucher(work.document, work.claim, work.part.amount, written)
        self._note_item(work, method, PaymentWay.JOURNAL)
        return Treated(_told(written, method.journal), work.version)

    def _note_voucher(self, document: Document, claim: Claim, amount: Money, written: Written) -> None:
        totals = Totals(amount.amount, Decimal(0), amount.amount)
        self.ledger.persist(
            lambda tx: documents.note_remote(
                tx,
                document.id,
                claim,
                remote_id=written.remote_id,
                version=written.version,
                currency=amount.currency,
                totals=totals,
            )
        )

    def _note_item(self, work: _Payment, method: PaymentMethod, way: PaymentWay) -> None:
        """Note what a provider is to settle: nothing where no clearing account says who that would be."""
        if method.clearing_account is None:
            return
        paid, part = work.paid, work.part
        amount = paid.amount.gross if way is PaymentWay.TERM else part.amount
        off = () if part.method == GIFT_CARD else paid.taken_off
        item = NewItem(
            document_id=work.document.id,
            invoice_id=paid.booked.document.id,
            shop=self.settings.shop,
            target=work.document.target,
            account=method.clearing_account,
            way=way.value,
            kind="capture",
            method=part.method,
            order_number=work.order.number,
            currency=amount.currency,
            amount=amount.amount,
            base_amount=in_base(amount.amount, paid),
            occurred_at=part.captured_at or work.order.paid_at or paid.amount.invoiced_at,
            provider_ids=sorted(part.provider_ids),
        )
        # An invoice that stands open is paid for what is open of it: no document is there for what went back before.
        items = [item] if way is PaymentWay.OPEN else settled_apart(item, off, paid)

        def put(tx: Transaction) -> None:
            clearing.withdraw_refunded(tx, item.invoice_id, way=item.way)
            for one in items:
                if one.amount:  # nobody pays out nothing: it would stand open for ever
                    clearing.put(tx, one)

        self.ledger.persist(put)

    def _note_refund(self, document: Document, paid: Paid, payment: NewItem) -> None:
        gross = paid.amount.gross.amount
        item = refund_item(payment, document.id, gross, paid, paid.amount.invoiced_at)
        self.ledger.persist(lambda tx: clearing.put(tx, item))

    # --- what was booked ---------------------------------------------------------------------------------------------

    def _paid(self, booked: Booked) -> Paid:
        """The booked document by the answer to its booking; asked for only when a person booked it."""
        document = booked.document
        answer = self.ledger.persist(lambda tx: payments.booking_answer(tx, document.id))
        if answer is None:
            return self._read(booked, self.accounts.get_booked(str(document.remote_number)), asked=True)
        return self._read(booked, json.loads(answer, parse_float=Decimal), asked=False)

    def _asked(self, paid: Paid) -> Paid:
        """The same, read anew right before something is written for it."""
        if paid.amount.open is not None:
            return paid
        return self._read(paid.booked, self.accounts.get_booked(str(paid.number)), asked=True)

    def _read(self, booked: Booked, invoice: Any, *, asked: bool) -> Paid:
        taken_off = self.ledger.persist(lambda tx: included_refunds.of_invoice(tx, booked.document.id))
        return paid_of(booked, invoice, taken_off, ZoneInfo(self.settings.timezone), asked=asked)


def _way_without_item(of_invoice: Sequence[Document]) -> PaymentWay | None:
    """How an invoice was paid of which nothing was noted on a clearing account; None: nobody says."""
    return PaymentWay.OPEN if any(one.verdict.code == "left_open" for one in of_invoice) else None


def _told(written: Written, journal: int | None) -> Verdict:
    return Verdict.of("payment_registered", journal=journal or "", voucher=written.remote_id)


def cashier(shop: Webshop, accounts: EconomicClient, ledger: Ledger, settings: ShopSettings) -> Cashier:
    """Put a shop's cashier together. ConfigurationError when the shop has no accounts."""
    mapping = settings.mapping.economic
    if settings.economic_target is None or mapping is None:
        raise ConfigurationError(f"{settings.shop} names no e-conomic agreement: it has no payments to register")
    reader = AccountsReader(accounts)
    vouchers = Vouchers(EconomicJournals(accounts), reader, mapping.customer_payment_sign)
    refunded = RefundedPayments(shop, ledger, RefundReader(shop, ledger, settings.shop), mapping)
    return Cashier(shop, accounts, ledger, settings, mapping, vouchers, refunded)

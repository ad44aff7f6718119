"""Refunds as the shop shows them: one source and one document for each, and what is to become of it.

The observer calls `judge_refunds` with each order it judges, the flow of invoices when an invoice is booked. A refund
is known by its id from the order alone; its lines are read once, right before they are needed (`RefundReader`).
Sources: domain guide 3.6, 8; woocommerce.md 8; docs/runbooks/credit_notes.md.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from pakhus.clients.webshop import Seen, Webshop
from pakhus.flows.outcomes import stop
from pakhus.ledger import documents, sources
from pakhus.ledger.connection import Ledger, Transaction
from pakhus.ledger.documents import Document, NewDocument
from pakhus.ledger.sources import Showing
from pakhus.model import Credit, Order
from pakhus.reasons import Status, Verdict
from pakhus.settings import InvoiceMode, ShopSettings

CREDITS = "credit_notes"
CREDIT_NOTE = "credit_note"
REFUND = "refund"
# What was kept of a refund that was seen with its order, before its lines are read.
_NAMED_ONLY = "named_by_order"
_NOT_INVOICED = frozenset({Status.SKIPPED, Status.FILTERED, Status.NOT_OURS})


def credit_key(shop: str, order_id: str, refund_id: str) -> str:
    """The key of a refund's credit note."""
    return f"{shop}-{order_id}-credit{refund_id}"


def judge_refunds(tx: Transaction, settings: ShopSettings, order: Order, order_row: int, read_at: datetime) -> None:
    """Keep a document for each refund of an order, and say where it stands; refunds that are gone are withdrawn."""
    if settings.economic_target is None or settings.invoices.mode is InvoiceMode.OFF:
        return
    invoice = documents.find(tx, f"{order.shop}-{order.id}-invoice")
    if invoice is None:
        return
    found = {document.key: document for document in documents.of_order(tx, order_row, CREDIT_NOTE)}
    if order.credit_ids or found:
        single = found.pop(f"{order.shop}-{order.id}-credit", None)
        for refund_id in order.credit_ids:
            found.pop(credit_key(order.shop, order.id, refund_id), None)
            _judge(tx, order, order_row, refund_id, invoice, single, read_at)
        for gone in found.values():
            _withdraw(tx, gone)
        if single is not None and single.verdict.code != "credit_superseded":
            documents.give_verdict(tx, single.id, Verdict.of("credit_superseded"))


def invoice_standing(invoice: Document) -> Verdict:
    """What the invoice's own state means for a refund that has no credit note yet."""
    if invoice.remote_number is not None:
        return Verdict.of("due")
    if invoice.verdict.code == "ignored_by_person":
        return Verdict.of("credit_of_foreign_invoice")
    if invoice.status in _NOT_INVOICED:
        return Verdict.of("credit_not_needed", cause=invoice.verdict.code)
    return Verdict.of("credit_waits_for_invoice")


def _judge(
    tx: Transaction,
    order: Order,
    order_row: int,
    refund_id: str,
    invoice: Document,
    single: Document | None,
    read_at: datetime,
) -> None:
    new = NewDocument(
        key=credit_key(order.shop, order.id, refund_id),
        scope=order.shop,
        flow=CREDITS,
        kind=CREDIT_NOTE,
        target=invoice.target,
        source_id=_named(tx, order, order_row, refund_id, read_at),
        parent_id=invoice.id,
    )
    known = documents.find(tx, new.key)
    standing = _inherited(single, order) or invoice_standing(invoice)
    if known is None:
        documents.ensure(tx, new, standing, judged_version=1)
    elif known.verdict.code == "refund_deleted_after_credit":
        documents.give_verdict(tx, known.id, Verdict.of("due"))  # it is there again: the flow compares
    elif _is_open(known) and documents.untouched(tx, known.id):
        documents.give_verdict(tx, known.id, standing)


def _is_open(document: Document) -> bool:
    return document.status in (Status.WAITING, Status.SKIPPED) and document.verdict.code != "ignored_by_person"


def _inherited(single: Document | None, order: Order) -> Verdict | None:
    """What an earlier version's one document for all refunds of the order means for each of them.

    It asked for a credit note by hand, and nobody had to say that there is one.
    """
    if single is None or single.verdict.code in ("credit_superseded", "refund_withdrawn"):
        return None
    told = dict(single.verdict.parameters)
    if single.verdict.code == "ignored_by_person" and told.get("refunded") == str(order.refunded):
        return Verdict.of("ignored_by_person", **told)
    return Verdict.of("credit_perhaps_by_hand")


def _named(tx: Transaction, order: Order, order_row: int, refund_id: str, read_at: datetime) -> int:
    """The source of a refund, made from what the order says of it when it is not there yet."""
    found = sources.find(tx, order.shop, REFUND, refund_id)
    if found is not None:
        return found
    body = json.dumps({_NAMED_ONLY: order.id, "id": refund_id}, separators=(",", ":")).encode()
    showing = Showing(
        scope=order.shop,
        kind=REFUND,
        source_id=refund_id,
        body=body,
        read_at=read_at,
        parent_id=order_row,
        number=refund_id,
        currency=order.currency,
    )
    return sources.record(tx, showing).id


def _withdraw(tx: Transaction, document: Document) -> None:
    """The shop does not show the refund any more."""
    if document.status is Status.SKIPPED or document.verdict.code == "ignored_by_person" or is_accepted(document):
        return
    if documents.untouched(tx, document.id):
        documents.give_verdict(tx, document.id, Verdict.of("refund_withdrawn"))
    elif document.verdict.code != "refund_deleted_after_credit":
        documents.give_verdict(tx, document.id, deleted_after_credit(document))


def is_accepted(document: Document) -> bool:
    """Whether a person has said that the credit note of the deleted refund stays as it is."""
    told = dict(document.verdict.parameters)
    return document.verdict.code == "accepted_by_person" and told.get("was") == "refund_deleted_after_credit"


def deleted_after_credit(document: Document) -> Verdict:
    """Why the credit note of a refund that is no longer there needs a person."""
    return Verdict.of("refund_deleted_after_credit", number=document.remote_number or document.remote_id or "(unknown)")


@dataclass(frozen=True, slots=True)
class RefundReader:
    """Reads refunds whole. What was read once is kept: no shop lets a refund be changed, only deleted."""

    shop: Webshop
    ledger: Ledger
    shop_name: str

    def credits(self, wanted: Sequence[Document], order_id: str) -> list[tuple[Credit, int]]:
        """Return the refunds of an order's documents, each with the version of its source.

        One look at the shop when some are not known whole. StoppedError when one cannot be understood, or is not there
        any more.
        """
        stored = self.ledger.persist(lambda tx: [sources.load(tx, source_of(one)) for one in wanted])
        if any(_is_named_only(source.body) for source in stored):
            self._read(order_id)
            stored = self.ledger.persist(lambda tx: [sources.load(tx, source_of(one)) for one in wanted])
        return [(self._parsed(source.source_id, source.body), source.version) for source in stored]

    def _read(self, order_id: str) -> None:
        """Store each refund of the order as the shop shows it now."""
        seen = self.shop.credits(order_id)
        with self.ledger.begin() as tx:
            for one in seen:
                sources.record(tx, _showing(self.shop_name, one))

    def _parsed(self, refund_id: str, body: bytes) -> Credit:
        if _is_named_only(body):
            raise stop("refund_withdrawn")
        seen = self.shop.parse_credit(refund_id, body, self.ledger.now())
        if seen.credit is None:
            raise stop("refund_unreadable", problem=seen.problem)
        return seen.credit


def _showing(shop: str, seen: Seen) -> Showing:
    """What the ledger keeps of a refund as it was read."""
    credit = seen.credit
    return Showing(
        scope=shop,
        kind=REFUND,
        source_id=seen.id,
        body=seen.body,
        read_at=seen.read_at,
        number=seen.id,
        currency=credit.amount.currency if credit else "",
        gross=credit.amount.amount if credit else None,
        vat=credit.vat if credit else None,
        placed_at=credit.created_at if credit else None,
        problem=seen.problem,
    )


def source_of(document: Document) -> int:
    """The row of a document's refund."""
    if document.source_id is None:
        raise ValueError(f"{document.key} has no source")
    return document.source_id


def _is_named_only(body: bytes) -> bool:
    return body.startswith(b'{"' + _NAMED_ONLY.encode() + b'"')

"""Refunds as the shop shows them: one source and one document for each, and what is to become of it.

The observer calls `judge_refunds` with each order it judges, the flow of invoices when an invoice is booked. A refund
is known by its id from the order alone; its lines are read right before they are needed (pakhus.flows.refund_reading).
Sources: domain guide 3.6, 8; woocommerce.md 8; docs/runbooks/credit_notes.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from pakhus.flows.refund_reading import note_named
from pakhus.formats.economic import booked_number
from pakhus.formats.provider_refunds import is_providers
from pakhus.ledger import documents, included_refunds
from pakhus.ledger.connection import Transaction
from pakhus.ledger.documents import Document, NewDocument
from pakhus.model import Order
from pakhus.reasons import Status, Verdict
from pakhus.rules.states import deleted_refunds
from pakhus.settings import InvoiceMode, ShopSettings

CREDITS = "credit_notes"
CREDIT_NOTE = "credit_note"
_LOOK = timedelta(days=1)
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
        for key, gone in found.items():
            if not _is_providers(key):
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


def in_invoice(tx: Transaction, refund_row: int | None, invoice: Document) -> Verdict | None:
    """That no credit note is made, where the invoice was booked without what the refund gave back."""
    if refund_row is None or not included_refunds.is_included(tx, refund_row):
        return None
    return Verdict.of("credit_in_invoice", number=invoice.remote_number or "")


def refund_deleted(before: Order, now: Order, taken_off: Mapping[str, Decimal], booked: Any) -> Verdict | None:
    """That a booked invoice lacks the amount of a refund which the shop has deleted since."""
    amount = deleted_refunds(before, now, taken_off)
    return (
        Verdict.of("included_refund_deleted", number=booked_number(booked), amount=f"{amount:.2f}") if amount else None
    )


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
        source_id=note_named(tx, order, order_row, refund_id, read_at),
        parent_id=invoice.id,
    )
    known = documents.find(tx, new.key)
    standing = in_invoice(tx, new.source_id, invoice) or _inherited(single, order) or invoice_standing(invoice)
    if known is None and standing.status is Status.DUE and (credited := _by_provider(tx, order_row)):
        standing = Verdict.of("refund_perhaps_credited", number=credited.remote_number or credited.key)
    if known is None:
        known = documents.ensure(tx, new, standing, judged_version=1)
        documents.give_verdict(tx, known.id, standing, due_at=_look_at(tx, standing))
    elif known.verdict.code == "refund_deleted_after_credit":
        documents.give_verdict(tx, known.id, Verdict.of("due"))  # it is there again: the flow compares
    elif _is_open(known) and documents.untouched(tx, known.id):
        documents.give_verdict(tx, known.id, standing, due_at=_look_at(tx, standing))


def _look_at(tx: Transaction, standing: Verdict) -> datetime | None:
    """When a refund that waits is looked at without being asked: its invoice may come to nothing."""
    return tx.now + _LOOK if standing.status is Status.WAITING else None


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


def _is_providers(key: str) -> bool:
    return is_providers(key.rpartition("-credit")[2])


def _by_provider(tx: Transaction, order_row: int) -> Document | None:
    """The credit note of an order that was made of what a provider alone has told, if there is one."""
    found = [one for one in documents.of_order(tx, order_row, CREDIT_NOTE) if _is_providers(one.key)]
    return found[0] if found else None


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

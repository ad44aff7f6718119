"""What a newer version of an order means for documents that were transferred, or left out by a person.

A part of the observer: decided from the ledger alone, in the transaction that stores the version.
"""

from __future__ import annotations

from datetime import datetime

from pakhus.clients.webshop import Seen, Webshop
from pakhus.ledger import documents, included_refunds, sources
from pakhus.ledger.connection import Transaction
from pakhus.ledger.documents import Document
from pakhus.ledger.sources import Recorded
from pakhus.model import Order
from pakhus.reasons import Status, Verdict
from pakhus.rules.reservations import concerns_warehouse
from pakhus.rules.states import changed_invoice, changed_reservation, deleted_refunds
from pakhus.rulings import Side, side_of


def judge_reserved(
    tx: Transaction, shop: Webshop, document: Document, seen: Seen, recorded: Recorded, verdict: Verdict
) -> None:
    """A reservation is looked at again by its flow when the change may concern it; `verdict` is that of a new order."""
    if document.transferred_version is None or document.source_id is None:
        return
    if document.verdict.code == "reservation_cancelled":
        concerned = verdict.status is Status.DUE
    elif seen.order is None:
        concerned = True
    else:
        before = order_at(tx, shop, document, document.transferred_version, seen.read_at)
        now = seen.order_to(Side.WAREHOUSE)
        concerned = before is None or now is None or concerns_warehouse(before, now)
    if concerned:
        documents.give_verdict(tx, document.id, Verdict.of("due"), judged_version=recorded.version)


def judge_done(tx: Transaction, shop: Webshop, document: Document, seen: Seen, recorded: Recorded, _: Verdict) -> None:
    """A transferred document stays done unless the change means something for it; then a person must look."""
    if document.transferred_version is None or document.source_id is None:
        return
    verdict = Verdict.of("cancelled_after_transfer") if seen.gone else None
    if seen.order is not None:
        before = order_at(tx, shop, document, document.transferred_version, seen.read_at)
        if before is not None:
            verdict = _changed(document, before, seen) or _refund_deleted(tx, document, before, seen)
        elif document.verdict.code == "accepted_by_person":  # accepted as gone, and there again
            verdict = Verdict.of("order_changed_after_transfer")
    if verdict is not None:
        documents.give_verdict(tx, document.id, verdict, judged_version=recorded.version)


def judge_ignored(tx: Transaction, shop: Webshop, document: Document, seen: Seen, recorded: Recorded) -> None:
    """What a person left out stays out, but a person must look when goods, address or amounts changed since.

    It is never sent by itself: it may have been made by hand. That the order is cancelled or gone asks for nothing,
    since nothing of ours stands in the other system.
    """
    if seen.order is None or document.source_id is None:
        return
    before = order_at(tx, shop, document, document.judged_version, seen.read_at)
    changed = _changed(document, before, seen) if before is not None else Verdict.of("order_unreadable")
    if changed is not None and changed.code != "cancelled_after_transfer":
        verdict = Verdict.of("order_changed_after_ignored")
        documents.give_verdict(tx, document.id, verdict, judged_version=recorded.version)


def order_at(
    tx: Transaction, shop: Webshop, document: Document, version: int | None, read_at: datetime
) -> Order | None:
    """A document's order as it was at a version of its source; None when that could not be understood."""
    if document.source_id is None:
        return None
    stored = sources.load(tx, document.source_id, version)
    return shop.parse(stored.source_id, stored.body, read_at).order_to(side_of(document.kind))


def _refund_deleted(tx: Transaction, document: Document, before: Order, seen: Seen) -> Verdict | None:
    """Whether the shop has deleted a refund that a booked invoice was made without."""
    now = seen.order_to(side_of(document.kind))
    if document.kind != "invoice" or now is None:
        return None
    taken_off = {one.refund_id: one.amount for one in included_refunds.of_invoice(tx, document.id)}
    amount = deleted_refunds(before, now, taken_off)
    return (
        Verdict.of("included_refund_deleted", number=document.remote_number, amount=f"{amount:.2f}") if amount else None
    )


def _changed(document: Document, before: Order, seen: Seen) -> Verdict | None:
    now = seen.order_to(side_of(document.kind))
    changed = changed_reservation if document.kind == "reservation" else changed_invoice
    return None if now is None else changed(before, now)

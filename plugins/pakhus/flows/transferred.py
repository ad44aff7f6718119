"""What a newer version of an order means for documents that were transferred, or left out by a person.

A part of the observer: decided from the ledger alone, in the transaction that stores the version.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from pakhus.clients.webshop import Seen, Webshop
from pakhus.ledger import included_refunds, sources
from pakhus.ledger.connection import Transaction
from pakhus.ledger.documents import Document
from pakhus.ledger.sources import Place, Source
from pakhus.model import Order
from pakhus.reasons import Status, Verdict
from pakhus.rules.reservations import concerns_warehouse
from pakhus.rules.states import changed_invoice, changed_reservation, deleted_refunds
from pakhus.rulings import Side, side_of

_IGNORED = "ignored_by_person"


@dataclass(frozen=True, slots=True)
class Earlier:
    """The versions of orders that documents were made from, and the refunds that booked invoices were made without."""

    shop: Webshop
    versions: Mapping[Place, Source]
    taken_off: Mapping[int, Mapping[str, Decimal]]  # by the invoice's row and the refund's id in the shop

    def order(self, document: Document, read_at: datetime) -> Order | None:
        """A document's order as it was when it was transferred, or left out; None when it could not be understood."""
        place = _place(document)
        if place is None:
            return None
        stored = self.versions[place]
        return self.shop.parse(stored.source_id, stored.body, read_at).order_to(side_of(document.kind))


def earlier_orders(tx: Transaction, shop: Webshop, documents: Collection[Document]) -> Earlier:
    """Read what is needed to see what changed about documents that are done or left out."""
    versions = sources.load_all(tx, {place for one in documents if (place := _place(one)) is not None})
    invoices = [one.id for one in documents if one.kind == "invoice" and one.verdict.code != _IGNORED]
    taken_off = {
        invoice: {one.refund_id: one.amount for one in refunds}
        for invoice, refunds in included_refunds.of_invoices(tx, invoices).items()
    }
    return Earlier(shop, versions, taken_off)


def changed_since(document: Document, seen: Seen, verdict: Verdict, earlier: Earlier) -> Verdict | None:
    """What a new version of an order means for a document that is done or left out; None: nothing.

    `verdict` is that of a new document.
    """
    if document.verdict.code == _IGNORED:
        return _ignored(document, seen, earlier)
    if _place(document) is None:
        return None
    if document.kind == "reservation":
        return _reserved(document, seen, verdict, earlier)
    return _done(document, seen, earlier)


def _reserved(document: Document, seen: Seen, verdict: Verdict, earlier: Earlier) -> Verdict | None:
    """A reservation is looked at again by its flow when the change may concern it."""
    if document.verdict.code == "reservation_cancelled":
        concerned = verdict.status is Status.DUE
    elif seen.order is None:
        concerned = True
    else:
        before, now = earlier.order(document, seen.read_at), seen.order_to(Side.WAREHOUSE)
        concerned = before is None or now is None or concerns_warehouse(before, now)
    return Verdict.of("due") if concerned else None


def _done(document: Document, seen: Seen, earlier: Earlier) -> Verdict | None:
    """A transferred document stays done unless the change means something for it; then a person must look."""
    if seen.order is None:
        return Verdict.of("cancelled_after_transfer") if seen.gone else None
    before = earlier.order(document, seen.read_at)
    if before is not None:
        return _changed(document, before, seen) or _refund_deleted(document, before, seen, earlier)
    if document.verdict.code == "accepted_by_person":  # accepted as gone, and there again
        return Verdict.of("order_changed_after_transfer")
    return None


def _ignored(document: Document, seen: Seen, earlier: Earlier) -> Verdict | None:
    """What a person left out stays out, but a person must look when goods, address or amounts changed since.

    It is never sent by itself: it may have been made by hand. That the order is cancelled or gone asks for nothing,
    since nothing of ours stands in the other system.
    """
    if seen.order is None or document.source_id is None:
        return None
    before = earlier.order(document, seen.read_at)
    changed = _changed(document, before, seen) if before is not None else Verdict.of("order_unreadable")
    asks = changed is not None and changed.code != "cancelled_after_transfer"
    return Verdict.of("order_changed_after_ignored") if asks else None


def _refund_deleted(document: Document, before: Order, seen: Seen, earlier: Earlier) -> Verdict | None:
    """Whether the shop has deleted a refund that a booked invoice was made without."""
    now, taken_off = seen.order_to(side_of(document.kind)), earlier.taken_off.get(document.id)
    if now is None or not taken_off:
        return None
    amount = deleted_refunds(before, now, taken_off)
    return (
        Verdict.of("included_refund_deleted", number=document.remote_number, amount=f"{amount:.2f}") if amount else None
    )


def _changed(document: Document, before: Order, seen: Seen) -> Verdict | None:
    now = seen.order_to(side_of(document.kind))
    changed = changed_reservation if document.kind == "reservation" else changed_invoice
    return None if now is None else changed(before, now)


def _place(document: Document) -> Place | None:
    """The version that a document's target shows, or that a person left out; None where there is none."""
    if document.source_id is None:
        return None
    if document.verdict.code == _IGNORED:
        return document.source_id, document.judged_version
    return None if document.transferred_version is None else (document.source_id, document.transferred_version)

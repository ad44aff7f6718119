"""Compares what shop, ledger and accounts say of one day, in count, gross and VAT, and names what differs. Pure.

Three lists: the shop's orders of the day, the ledger's with their documents, and the accounts' invoices and drafts that
carry our keys. Sources: design, decision 6; domain guide 17.5; docs/runbooks/audit.md says what this cannot see.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import TypeVar

from pakhus.model import ZERO
from pakhus.reasons import Status, Verdict

INVOICE = "invoice"
CREDIT_NOTE = "credit_note"
BOOKED_KINDS = frozenset({INVOICE, CREDIT_NOTE})
# Statuses in which nothing more is to be done about a document.
_SETTLED = frozenset({Status.DONE, Status.SKIPPED, Status.FILTERED, Status.NOT_OURS})
# Reasons that say themselves that an invoice is not what the customer was charged.
_EXPLAINED = frozenset({"booked_differently", "accepted_by_person"})
_PER_LINE = Decimal("0.01")


class DayStatus(StrEnum):
    """What a proof says of a day."""

    PROVEN = "proven"  # all three agree, and nothing is left to do
    OPEN = "open"  # all three agree, and something still waits or is held
    DIFFERS = "differs"


@dataclass(frozen=True, slots=True)
class PlacedOrder:
    """An order as the shop lists it; the amounts are None when it could not be understood. `lines` counts them.

    `due` is what its invoice must total where that is not the order's total: gift cards have paid a part. `refunds` are
    the ids of the refunds that the shop shows with it.
    """

    id: str
    number: str
    currency: str = ""
    gross: Decimal | None = None
    vat: Decimal | None = None
    lines: int = 0
    due: tuple[Decimal, Decimal] | None = None  # gross, VAT
    refunds: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RecordedDocument:
    """A document of an order, with the amounts that the target answered. `refunded` is a credit note's refund.

    `taken_off` is what was refunded before an invoice, which is over the rest; `taken_off_vat` the VAT in it, None
    where the shop does not say it.
    """

    key: str
    kind: str
    code: str
    remote_id: str | None = None
    remote_number: str | None = None
    currency: str = ""
    gross: Decimal | None = None
    vat: Decimal | None = None
    refunded: Decimal | None = None
    taken_off: Decimal = ZERO
    taken_off_vat: Decimal | None = ZERO

    @property
    def status(self) -> Status:
        return Verdict(self.code).status


@dataclass(frozen=True, slots=True)
class RecordedOrder:
    """An order as the ledger has it. `gone`: the shop has said that there is no such order any more."""

    id: str
    number: str
    currency: str
    gross: Decimal | None
    vat: Decimal | None
    documents: tuple[RecordedDocument, ...] = ()
    gone: bool = False


@dataclass(frozen=True, slots=True)
class BookedInvoice:
    """An invoice of the accounts that carries one of our keys. `draft` is the number of the draft that it was."""

    key: str
    number: str
    draft: str
    currency: str
    gross: Decimal
    vat: Decimal


@dataclass(frozen=True, slots=True)
class DraftInvoice:
    """A draft of the accounts that carries one of our keys."""

    key: str
    number: str


Row = TypeVar("Row", BookedInvoice, DraftInvoice)


@dataclass(frozen=True, slots=True)
class Accounts:
    """What the accounts have. `booked` and `drafts` are those of the day's keys; the others are dated on the day and
    carry a key of the shop that the ledger does not have, or has with another number."""

    booked: Sequence[BookedInvoice] = ()
    drafts: Sequence[DraftInvoice] = ()
    unknown_booked: Sequence[BookedInvoice] = ()
    unknown_drafts: Sequence[DraftInvoice] = ()


@dataclass(frozen=True, slots=True)
class Difference:
    """Something on which two of the three disagree: an order's or document's key, and the reason."""

    key: str
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Sum:
    """Count, gross and VAT of one currency."""

    count: int = 0
    gross: Decimal = ZERO
    vat: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class Proof:
    """What a comparison found. `sums` are by source and currency, `documents` counts by kind and status."""

    status: DayStatus
    differences: tuple[Difference, ...]
    sums: Mapping[str, Mapping[str, Sum]]
    documents: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    orders: int = 0
    booked: int = 0
    credited: int = 0

    def note(self) -> str:
        """The run note: "12 orders · 11 booked · 1 held · open"."""
        counts: Counter[str] = Counter()
        for by_status in self.documents.values():
            counts.update({status: count for status, count in by_status.items() if Status(status) not in _SETTLED})
        left = [f"{counts[status]} {status.value}" for status in Status if counts.get(status.value)]
        differs = f"{self.status.value} ({len(self.differences)})" if self.differences else self.status.value
        booked = [f"{self.booked} booked"] if "accounts" in self.sums else []
        booked += [f"{self.credited} credited"] if self.credited else []
        return " · ".join([f"{self.orders} orders", *booked, *left, differs])


def compare(
    placed: Sequence[PlacedOrder],
    recorded: Sequence[RecordedOrder],
    accounts: Accounts | None,
    expected_kinds: Collection[str] = (),
) -> Proof:
    """Compare the three lists; `accounts` is None for a shop that has none, `expected_kinds` each order must have."""
    differences = [*_orders(placed, recorded, expected_kinds)]
    if accounts is not None:
        differences += _invoices(placed, recorded, accounts)
    documents = [document for order in recorded for document in order.documents]
    left = any(document.status not in _SETTLED for document in documents)
    booked = [document for document in documents if document.kind == INVOICE and document.remote_number]
    credited = [document for document in documents if document.kind == CREDIT_NOTE and document.remote_number]
    sums = {"shop": _sums(placed), "ledger": _sums(order for order in recorded if not order.gone)}
    if accounts is not None:
        keys = {document.key for document in documents if document.kind == CREDIT_NOTE}
        notes = [row for row in accounts.booked if row.key in keys]
        sums |= {"invoices": _sums(booked), "accounts": _sums(row for row in accounts.booked if row.key not in keys)}
        sums |= {"credit_notes": _sums(credited), "accounts_credit_notes": _sums(notes)} if credited or notes else {}
    settled = DayStatus.OPEN if left else DayStatus.PROVEN
    return Proof(
        status=DayStatus.DIFFERS if differences else settled,
        differences=tuple(sorted(differences, key=lambda one: (one.key, one.verdict.code))),
        sums=sums,
        documents=_counts(documents),
        orders=len(placed),
        booked=len(booked),
        credited=len(credited),
    )


def _orders(
    placed: Sequence[PlacedOrder], recorded: Sequence[RecordedOrder], kinds: Collection[str]
) -> Iterator[Difference]:
    """Shop against ledger."""
    known, listed = {order.id: order for order in recorded}, {order.id for order in placed}
    for order in placed:
        ours = known.get(order.id)
        if ours is None:
            yield Difference(order.id, Verdict.of("order_not_recorded", number=order.number or order.id))
        elif order.gross is not None and (ours.currency, ours.gross, ours.vat) != (
            order.currency,
            order.gross,
            order.vat,
        ):
            told = {"shop": _told(order), "ledger": _told(ours)}
            yield Difference(order.id, Verdict.of("order_recorded_differently", number=order.number, **told))
        if ours is not None:
            yield from _refunds(order, ours)
    for ours in recorded:
        if ours.id not in listed and not ours.gone:
            yield Difference(ours.id, Verdict.of("order_not_listed", number=ours.number))
        for kind in sorted(set(kinds) - {document.kind for document in ours.documents}):
            yield Difference(ours.id, Verdict.of("document_missing", number=ours.number, kind=kind))


def _refunds(order: PlacedOrder, ours: RecordedOrder) -> Iterator[Difference]:
    """Each refund that the shop shows has a document, where the order has one for its invoice."""
    if any(document.kind == INVOICE for document in ours.documents):
        known = {document.key.rpartition("-credit")[2] for document in ours.documents if document.kind == CREDIT_NOTE}
        for _ in sorted(set(order.refunds) - known):
            yield Difference(order.id, Verdict.of("document_missing", number=order.number, kind=CREDIT_NOTE))


def _invoices(
    placed: Sequence[PlacedOrder], recorded: Sequence[RecordedOrder], accounts: Accounts
) -> Iterator[Difference]:
    """Ledger against accounts, and the shop against both."""
    charged = {order.id: order for order in placed}
    booked, drafts = _by_key(accounts.booked), _by_key(accounts.drafts)
    for order in recorded:
        for document in order.documents:
            if document.kind in BOOKED_KINDS:
                there, ordered = booked.pop(document.key, []), charged.get(order.id)
                whose = ordered if document.kind == INVOICE else None
                yield from _invoice(document, there, drafts.pop(document.key, []), whose)
    for strays in (*booked.values(), accounts.unknown_booked):
        for invoice in strays:
            yield Difference(invoice.key, Verdict.of("invoice_unknown", number=invoice.number))
    for others in (*drafts.values(), accounts.unknown_drafts):
        for draft in others:
            yield Difference(draft.key, Verdict.of("draft_unknown", number=draft.number))


def _invoice(
    document: RecordedDocument,
    booked: Sequence[BookedInvoice],
    drafts: Sequence[DraftInvoice],
    order: PlacedOrder | None,
) -> Iterator[Difference]:
    key, ours = document.key, document.remote_number
    mine = [invoice for invoice in booked if invoice.number == ours or (ours is None and _became(document, invoice))]
    if len(booked) > 1:
        numbers = ", ".join(invoice.number for invoice in booked)
        yield Difference(key, Verdict.of("invoice_doubled", count=len(booked), numbers=numbers))
    elif booked and not mine and document.code != "ignored_by_person":  # who leaves an order out invoices it by hand
        yield Difference(key, Verdict.of("invoice_unknown", number=booked[0].number))
    if ours is not None and not mine:
        yield Difference(key, Verdict.of("invoice_missing", number=ours))
    if len(drafts) > (0 if booked or ours else 1):
        numbers = ", ".join(draft.number for draft in drafts)
        yield Difference(key, Verdict.of("draft_beside_invoice", numbers=numbers))
    if ours is not None and mine:
        yield from _amounts(document, mine[0], order)


def _became(document: RecordedDocument, invoice: BookedInvoice) -> bool:
    """A draft of ours that a person has booked, not taken over yet: the flow looks once a day."""
    return document.remote_id is not None and invoice.draft == document.remote_id


def _amounts(document: RecordedDocument, invoice: BookedInvoice, order: PlacedOrder | None) -> Iterator[Difference]:
    answered = (document.currency, document.gross, document.vat)
    if answered != (invoice.currency, invoice.gross, invoice.vat):
        told = {"ledger": _told(document), "accounts": _told(invoice)}
        yield Difference(document.key, Verdict.of("invoice_differs", number=invoice.number, **told))
    if document.refunded is not None and invoice.gross != -document.refunded and _is_as_charged(document):
        told = {"invoiced": _told(invoice), "charged": f"{-document.refunded:.2f} {document.currency}"}
        yield Difference(document.key, Verdict.of("invoice_not_as_charged", number=invoice.number, **told))
    if order is None or order.gross is None or not _is_as_charged(document):
        return
    # The accounts round VAT by their own rule: at most a hundredth for each line, and one for the sum.
    explained = _PER_LINE * (order.lines + 1)
    gross, vat = order.due or (order.gross, order.vat)
    vat = _less(vat, document.taken_off_vat)
    explained += explained if document.taken_off else ZERO  # a refund's lines are rounded, too
    same_vat = vat is None or abs(invoice.vat - vat) <= explained
    if (order.currency, gross - document.taken_off) != (invoice.currency, invoice.gross) or not same_vat:
        less = f" less {document.taken_off:.2f} refunded before" if document.taken_off else ""
        told = {"invoiced": _told(invoice), "charged": f"{_told(order)}{less}"}
        yield Difference(document.key, Verdict.of("invoice_not_as_charged", number=invoice.number, **told))


def _less(vat: Decimal | None, off: Decimal | None) -> Decimal | None:
    return None if vat is None or off is None else vat - off


def _is_as_charged(document: RecordedDocument) -> bool:
    """Whether the ledger says that the document is over what the shop charged or gave back."""
    return document.status is Status.DONE and document.code not in _EXPLAINED


Amounted = PlacedOrder | RecordedOrder | RecordedDocument | BookedInvoice


def _told(one: Amounted) -> str:
    if one.gross is None or one.vat is None:
        return "no amount"
    return f"{one.gross:.2f} {one.currency} with {one.vat:.2f} VAT"


def _sums(rows: Iterable[Amounted]) -> dict[str, Sum]:
    found: dict[str, Sum] = {}
    for row in rows:
        so_far = found.get(row.currency, Sum())
        found[row.currency] = Sum(so_far.count + 1, so_far.gross + (row.gross or ZERO), so_far.vat + (row.vat or ZERO))
    return found


def _counts(documents: Iterable[RecordedDocument]) -> dict[str, dict[str, int]]:
    found: dict[str, Counter[str]] = {}
    for document in documents:
        found.setdefault(document.kind, Counter())[document.status.value] += 1
    return {kind: dict(counts) for kind, counts in found.items()}


def _by_key(rows: Iterable[Row]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(row.key, []).append(row)
    return found

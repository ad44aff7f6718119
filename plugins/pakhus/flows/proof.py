"""The proof of one day of a shop: reads the shop's list anew, the ledger and the accounts, and compares them.

Changes nothing outside the ledger. Requests: the shop's list of the day, one for every forty orders and two more in the
accounts. Sources: design, decisions 4 and 6; domain guide 16, 17.5; economic.md 2.5, 9.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from pakhus.clients.economic import EconomicClient
from pakhus.errors import NotFoundError
from pakhus.flows.observation import GONE, Observer
from pakhus.flows.report import RunReport
from pakhus.flows.sweeping import Sweep
from pakhus.formats.economic import booked_number, draft_number, key_of, totals_from_economic
from pakhus.ledger import proofs
from pakhus.ledger.connection import Ledger, Transaction
from pakhus.model import Window
from pakhus.rules.proof import (
    BOOKED_KINDS,
    INVOICE,
    Accounts,
    BookedInvoice,
    DayStatus,
    DraftInvoice,
    Proof,
    RecordedDocument,
    RecordedOrder,
    compare,
)
from pakhus.settings import InvoiceMode, ShopSettings

AUDIT = "audit"
# Late changes without a new date of change (fields of plugins, deleted refunds) are found by reading the days again.
_ALWAYS_AGAIN = timedelta(days=7)
# Goods that are not gone after so long are asked about elsewhere; their days stay as they were last seen.
_OPEN_AGAIN = timedelta(days=60)
_READ_AT_ONCE = 50
# So many documents of one reason are named in a run's message; the calendar names all.
_NAMED = 10


@dataclass(frozen=True, slots=True)
class ProvenDay:
    """A day's proof, and the ids of the orders that the ledger did not have so before."""

    day: date
    proof: Proof
    missed: frozenset[str]

    @property
    def status(self) -> DayStatus:
        return self.proof.status


@dataclass(frozen=True, slots=True)
class Prover:
    """Proves days of one shop. `accounts` is None for a shop that invoices nothing in e-conomic."""

    observer: Observer
    accounts: EconomicClient | None

    def prove(self, day: date) -> ProvenDay:
        """Compare the three lists of a day of the shop, and put the result into the calendar."""
        settings, ledger = self.observer.settings, self.observer.ledger
        window = day_window(day, settings.timezone)
        sweep = self.observer.sweep(window)
        recorded = self._recorded(sweep, window)
        accounts = None if self.accounts is None else self._accounts(self.accounts, recorded, day)
        proof = compare(sweep.orders, recorded, accounts, expected_kinds(settings, window))
        with ledger.begin() as tx:
            _save(tx, settings.shop, day, proof)
        return ProvenDay(day, proof, sweep.missed)

    def days_again(self, before: date) -> list[date]:
        """Return the days before this one that are to be proven again: last week's, and those not proven since."""
        settings = self.observer.settings
        week = [before - timedelta(days=days) for days in range(1, _ALWAYS_AGAIN.days + 1)]
        start = settings.start_from.astimezone(ZoneInfo(settings.timezone)).date()
        with self.observer.ledger.begin() as tx:
            left = proofs.not_proven(tx, settings.shop, before - _OPEN_AGAIN, before - timedelta(days=1))
        return sorted({*left, *(day for day in week if day >= start)})

    def look_at_refunds(self) -> RunReport:
        """Read the orders anew of which money was given back lately, however long ago they were placed.

        A refund that is deleted again leaves no trace in the order's date of change (woocommerce.md 5).
        """
        shop, report = self.observer.settings.shop, RunReport(AUDIT, self.observer.settings.shop)
        with self.observer.ledger.begin() as tx:
            ids = proofs.orders_with_credits(tx, shop, tx.now - _OPEN_AGAIN)
        for start in range(0, len(ids), _READ_AT_ONCE):
            report.merge(self.observer.look_again(ids[start : start + _READ_AT_ONCE]))
        return report

    def _recorded(self, sweep: Sweep, window: Window) -> list[RecordedOrder]:
        """What the ledger has of the day; an order that the list does not show is asked for by its id first."""
        listed = {order.id for order in sweep.orders}
        recorded = self._read_ledger(listed, window)
        hidden = [order.id for order in recorded if order.id not in listed and not order.gone]
        for start in range(0, len(hidden), _READ_AT_ONCE):
            self.observer.look_again(hidden[start : start + _READ_AT_ONCE])
        if hidden:
            recorded = self._read_ledger(listed, window)
        return recorded

    def _read_ledger(self, listed: set[str], window: Window) -> list[RecordedOrder]:
        shop = self.observer.settings.shop
        with self.observer.ledger.begin() as tx:
            rows = {row.id: row for row in proofs.orders_placed(tx, shop, window)}
            rows |= {row.id: row for row in proofs.orders_named(tx, shop, listed)}
            documents = proofs.documents_of(tx, list(rows))
        return [_recorded_order(row, documents.get(row.id, [])) for row in rows.values()]

    def _accounts(self, client: EconomicClient, recorded: Sequence[RecordedOrder], day: date) -> Accounts:
        prefix = f"{self.observer.settings.shop}-"
        invoices = [document for order in recorded for document in order.documents if document.kind in BOOKED_KINDS]
        keys = {document.key for document in invoices}
        booked = [_booked(row) for row in client.booked_with_references(sorted(keys))]
        drafts = {_draft(row): str(row.get("date")) for row in client.drafts_of(prefix)}
        # Who dates what we do not know is told on that day, so that a stray stands in the calendar once.
        foreign = [one for one in map(_booked, client.booked_on(day, prefix)) if one.key not in keys]
        strays = [one for one, dated in drafts.items() if one.key not in keys and dated == day.isoformat()]
        with self.observer.ledger.begin() as tx:
            known = proofs.remote_numbers(tx, [*(one.key for one in foreign), *(one.key for one in strays)])
        return Accounts(
            booked=[*booked, *_shown_late(client, invoices, booked)],
            drafts=[one for one in drafts if one.key in keys],
            unknown_booked=[one for one in foreign if not _is_known(one, known.get(one.key))],
            unknown_drafts=[one for one in strays if one.key not in known],
        )


def day_window(day: date, zone: str) -> Window:
    """Return a day of the shop, from midnight to midnight: 23 or 25 hours when the clocks change."""
    shop_zone = ZoneInfo(zone)
    start, end = (datetime.combine(one, time(), shop_zone).astimezone(UTC) for one in (day, day + timedelta(days=1)))
    return Window(start, end)


def yesterday(ledger: Ledger, settings: ShopSettings) -> date:
    """Return the last day of the shop that is over."""
    return ledger.now().astimezone(ZoneInfo(settings.timezone)).date() - timedelta(days=1)


def expected_kinds(settings: ShopSettings, window: Window) -> tuple[str, ...]:
    """What each order of a day becomes by the shop's settings; before its start nothing is demanded."""
    if window.end <= settings.start_from:
        return ()
    kinds = ["reservation"] if settings.rackbeat_target is not None and settings.orders.enabled else []
    return (*kinds, INVOICE) if invoices_are_made(settings) else tuple(kinds)


def invoices_are_made(settings: ShopSettings) -> bool:
    """Whether the accounts belong to the shop's proof."""
    return settings.economic_target is not None and settings.invoices.mode is not InvoiceMode.OFF


def report_of(shop: str, days: Sequence[ProvenDay]) -> RunReport:
    """Return what was proven, for a run's note and alarm: each difference is named by its day and key."""
    report, told = RunReport(AUDIT, shop), dict[str, list[str]]()
    for proven in days:
        report.seen += proven.proof.orders
        for difference in proven.proof.differences:
            report.add(difference.verdict)
            text = f"{proven.day} {difference.key}: {difference.verdict.message()}"
            told.setdefault(difference.verdict.code, []).append(text)
    for code, texts in told.items():
        more = len(texts) - _NAMED
        report.causes[code] = " ".join([*texts[:_NAMED], *([f"And {more} more."] if more > 0 else [])])
    return report


def again_note(days: Sequence[ProvenDay]) -> str:
    """What proving earlier days again gave: "7 days again: 5 proven, 2 open"."""
    counts = [(status, sum(day.status is status for day in days)) for status in DayStatus]
    found = ", ".join(f"{count} {status.value}" for status, count in counts if count)
    return f"{len(days)} days again: {found}" if days else ""


def _save(tx: Transaction, shop: str, day: date, proof: Proof) -> None:
    sums = {
        source: {
            currency: {"count": one.count, "gross": f"{one.gross:.2f}", "vat": f"{one.vat:.2f}"}
            for currency, one in by_currency.items()
        }
        for source, by_currency in proof.sums.items()
    }
    differences = [
        {"key": one.key, "reason": one.verdict.code, "parameters": dict(one.verdict.parameters)}
        for one in proof.differences
    ]
    figures = {**sums, "documents": proof.documents}
    proofs.save(tx, shop, day, proof.status.value, figures=figures, differences=differences)


def _recorded_order(row: Any, documents: Iterable[Any]) -> RecordedOrder:
    found = tuple(
        RecordedDocument(
            key=document.key,
            kind=document.kind,
            code=document.reason,
            remote_id=document.remote_id,
            remote_number=document.remote_number,
            currency=document.currency,
            gross=document.gross,
            vat=document.vat,
            refunded=document.refunded,
            taken_off=document.taken_off,
            taken_off_vat=document.taken_off_vat,
        )
        for document in documents
    )
    gone = row.problem == GONE
    return RecordedOrder(row.source_id, row.number, row.currency, row.gross, row.vat, found, gone)


def _booked(row: Any) -> BookedInvoice:
    totals = totals_from_economic(row)
    return BookedInvoice(
        key=key_of(row),
        number=booked_number(row),
        draft=str(row.get("orderNumber", "")),
        currency=str(row["currency"]),
        gross=totals.gross,
        vat=totals.vat,
    )


def _is_known(invoice: BookedInvoice, remote: tuple[str | None, str | None] | None) -> bool:
    """Whether the ledger has this invoice, or the draft that it was, on a document of another day."""
    return remote is not None and (remote[1] == invoice.number or (remote[1] is None and remote[0] == invoice.draft))


def _draft(row: Any) -> DraftInvoice:
    return DraftInvoice(key_of(row), draft_number(row))


def _shown_late(
    client: EconomicClient, invoices: Sequence[RecordedDocument], listed: Sequence[BookedInvoice]
) -> list[BookedInvoice]:
    """Invoices that the list does not show, asked for by number: lists run some seconds late (economic.md 2.8)."""
    shown = {(invoice.key, invoice.number) for invoice in listed}
    found = []
    for document in invoices:
        number = document.remote_number
        if number is not None and (document.key, number) not in shown:
            try:
                row = client.get_booked(number)
            except NotFoundError:
                continue
            if key_of(row) == document.key:
                found.append(_booked(row))
    return found

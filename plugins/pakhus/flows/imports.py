"""Import of orders placed before the shop's start -> e-conomic. Accounting only: never stock, never mail.

One call treats one day of the shop, or orders named by their ids. The ledger remembers each document, so a broken
import goes on where it was and a second one writes nothing. Sources: domain guide 17.6; design, decision 4.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum

from pakhus.clients.economic import EconomicClient, keys_on
from pakhus.clients.webshop import Webshop
from pakhus.errors import ConfigurationError
from pakhus.flows.invoices import biller
from pakhus.flows.judging import IMPORTS, INVOICES, Look, judge, new_invoice
from pakhus.flows.observation import Observer, as_seen
from pakhus.flows.proof import AUDIT, day_window
from pakhus.flows.refund_reading import is_named_only, stored_refunds
from pakhus.flows.report import RunReport
from pakhus.ledger import decisions, documents, imports, sources
from pakhus.ledger.connection import Ledger, Transaction
from pakhus.ledger.documents import Document
from pakhus.ledger.imports import StoredOrder
from pakhus.ledger.sources import Recorded
from pakhus.reasons import Answer, Status, Verdict
from pakhus.rules.imports import ImportedOrder, Outcomes, customers_of, outcomes_of, to_json
from pakhus.settings import InvoiceMode, InvoiceWhen, ShopSettings

_EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
# What a person or another system has settled; an import does not ask again.
_SETTLED_CODES = frozenset({"ignored_by_person", "already_in_accounts"})


class ImportMode(StrEnum):
    """How far an import goes. A dry run writes to no system and leaves nothing but its figures."""

    DRY_RUN = "dry_run"
    DRAFT = "draft"
    BOOK = "book"


_INVOICE_MODES = {
    ImportMode.DRY_RUN: InvoiceMode.DRY_RUN,
    ImportMode.DRAFT: InvoiceMode.DRAFT,
    ImportMode.BOOK: InvoiceMode.AUTO,
}


def settings_for_import(settings: ShopSettings, mode: ImportMode) -> ShopSettings:
    """The shop's settings as they hold for earlier orders: due by state alone, no warehouse, nobody is written to."""
    changes = {"mode": _INVOICE_MODES[mode], "when": InvoiceWhen.STATE, "send_email": False, "send_ean": False}
    # Who imports in that mode has seen the dry run: that is the evidence, and the approval.
    invoices = settings.invoices.model_copy(update={**changes, "auto_after": 0, "approve": False})
    return settings.model_copy(update={"start_from": _EARLIEST, "rackbeat": None, "invoices": invoices})


@dataclass(frozen=True, slots=True)
class _Taken:
    """An earlier order, and its invoice's document as the import began with it."""

    order: StoredOrder
    document: Document

    @property
    def is_open(self) -> bool:
        return self.document.status is not Status.DONE and self.document.verdict.code not in _SETTLED_CODES


@dataclass(frozen=True, slots=True)
class Importer:
    """Imports earlier orders of one shop into one e-conomic agreement (`target`)."""

    shop: Webshop
    accounts: EconomicClient
    ledger: Ledger
    settings: ShopSettings
    mode: ImportMode
    target: str

    def import_day(self, day: date) -> tuple[RunReport, Outcomes]:
        """Import the orders placed on a day of the shop; keeps what came of them, and returns it."""
        sweep = self._live.sweep(day_window(day, self.settings.timezone))
        report, outcomes = self._import([seen.id for seen in sweep.orders])
        with self.ledger.begin() as tx:
            imports.save_day(tx, self.settings.shop, day, self.mode.value, to_json(outcomes))
        return report, outcomes

    def import_orders(self, order_ids: Sequence[str]) -> tuple[RunReport, Outcomes]:
        """Import these orders, read anew first; those placed since the shop's start are the live flows' own."""
        self._live.look_again(order_ids)
        return self._import(order_ids)

    @property
    def _live(self) -> Observer:
        return Observer(self.shop, self.ledger, self.settings)

    @property
    def _judging(self) -> ShopSettings:
        return settings_for_import(self.settings, self.mode)

    def _import(self, order_ids: Sequence[str]) -> tuple[RunReport, Outcomes]:
        taken = list(self._take_all(order_ids))
        try:
            still_open = [one.document.id for one in taken if one.is_open]
            invoiced = self._pass_over_invoiced([one for one in taken if one.is_open])
            flow = replace(biller(self.shop, self.accounts, self.ledger, self._judging), stops=IMPORTS)
            report = flow.book([one for one in still_open if one not in invoiced])
            report.flow = AUDIT
            return report, outcomes_of(self._outcome(one) for one in taken)
        finally:
            if self.mode is ImportMode.DRY_RUN:
                for one in taken:
                    self._let_go(one)

    def _take_all(self, order_ids: Sequence[str]) -> Iterator[_Taken]:
        with self.ledger.begin() as tx:
            stored = imports.orders(tx, self.settings.shop, order_ids)
        for order in stored:
            if order.placed_at is not None and not self.settings.is_ours(order.placed_at):
                with self.ledger.begin() as tx:
                    yield _Taken(order, self._take(tx, order))

    def _take(self, tx: Transaction, order: StoredOrder) -> Document:
        """Put the order's invoice under the import and judge it, in one transaction: no live flow may see it as due."""
        source = sources.load(tx, order.id)
        new = new_invoice(self.settings, self.target, source.source_id, order.id)
        document = documents.lock(tx, documents.ensure(tx, new, Verdict.of("before_start")).id)
        if not _Taken(order, document).is_open:
            return document
        imports.put_under(tx, document.id, IMPORTS)
        seen = as_seen(self.shop, source, tx.now)
        judge(tx, self._judging, self.shop, [Look(seen, Recorded(order.id, source.version, changed=False))])
        return documents.load(tx, document.id)

    def _pass_over_invoiced(self, taken: Sequence[_Taken]) -> set[int]:
        """Skip what was invoiced by other means, and return it: the accounts have a document with its own reference.

        Of several orders with one reference each must have its document; where there are fewer, nobody can tell whose
        they are.
        """
        wanted, passed_over = defaultdict[str, set[int]](set), set[int]()
        for one in taken:
            if one.document.remote_id is None and not self._is_released(one):
                for reference in self._references(one):
                    wanted[reference].add(one.document.id)
        for reference, numbers in self._existing(wanted).items():
            orders, told = wanted[reference], {"number": ", ".join(numbers), "reference": reference}
            verdict = Verdict.of("already_in_accounts", **told)
            if len(numbers) < len(orders):
                verdict = Verdict.of("reference_of_several_orders", count=len(orders), **told)
            with self.ledger.begin() as tx:
                for document_id in sorted(orders):
                    documents.give_verdict(tx, document_id, verdict)
            passed_over |= orders
        return passed_over

    def _is_released(self, one: _Taken) -> bool:
        """Whether a person has said that the document under the order's reference is another's."""
        key, code = one.document.key, "reference_of_several_orders"
        again = Answer.AGAIN.value
        return key in self.ledger.persist(lambda tx: decisions.answered_since_change(tx, [key], code, again))

    def _references(self, one: _Taken) -> list[str]:
        shop = self.settings.shop
        order_id = one.document.key.removeprefix(f"{shop}-").removesuffix("-invoice")
        values = (("{number}", one.order.number), ("{id}", order_id), ("{shop}", shop))
        return [_filled(pattern, values) for pattern in self.settings.imports.references]

    def _existing(self, references: Collection[str]) -> Mapping[str, Sequence[str]]:
        """The documents of the accounts by those of the references that they carry, in either of two places."""
        if not references:
            return {}
        wanted, found = sorted(references), defaultdict[str, list[str]](list)
        rows = [(row, f"draft {row['draftInvoiceNumber']}") for row in self.accounts.drafts_with_references(wanted)]
        booked = self.accounts.booked_with_references(wanted)
        rows += [(row, f"invoice {row['bookedInvoiceNumber']}") for row in booked]
        for row, number in rows:
            for reference in {*keys_on(row)} & {*wanted}:
                found[reference].append(number)
        return found

    def _outcome(self, one: _Taken) -> ImportedOrder:
        with self.ledger.begin() as tx:
            verdict = documents.load(tx, one.document.id).verdict
            gross, vat = self._left(tx, one.order)
        return ImportedOrder(one.order.number, verdict, one.order.currency, gross, vat)

    def _left(self, tx: Transaction, stored: StoredOrder) -> tuple[Decimal, Decimal]:
        """What refunds have left of an order, gross and VAT: the VAT of an amount alone the shop does not say."""
        order = as_seen(self.shop, sources.load(tx, stored.id), tx.now).order
        if order is None or not order.refunded:
            return stored.gross, stored.vat
        refunds = [one for one in stored_refunds(tx, self.settings.shop, order).values() if not is_named_only(one.body)]
        read = [self.shop.parse_credit(one.source_id, one.body, tx.now).credit for one in refunds]
        off = sum((one.vat for one in read if one is not None and one.vat is not None), Decimal(0))
        return stored.gross - order.refunded, stored.vat - off

    def _let_go(self, one: _Taken) -> None:
        """After a dry run nothing of the import is left on a document that it has not written from."""
        with self.ledger.begin() as tx:
            now = documents.lock(tx, one.document.id)
            if now.flow == IMPORTS and documents.untouched(tx, now.id) and now.verdict.code not in _SETTLED_CODES:
                imports.put_under(tx, now.id, INVOICES)
                documents.give_verdict(tx, now.id, Verdict.of("before_start"))


def importer(
    shop: Webshop, accounts: EconomicClient, ledger: Ledger, settings: ShopSettings, mode: ImportMode
) -> Importer:
    """Put a shop's importer together. ConfigurationError when the shop has no accounts."""
    target = settings.economic_target
    if target is None:
        raise ConfigurationError(f"{settings.shop} names no e-conomic agreement: there is nothing to import into")
    return Importer(shop, accounts, ledger, settings, mode, target)


def import_note(mode: ImportMode, outcomes: Outcomes) -> str:
    """What an import came to: "import dry_run: 12 orders · 12 dry_run 4,210.00 DKK · customers 3 found, 7 new"."""
    parts = [f"import {mode.value}: {sum(one.count for one in outcomes.values())} orders"]
    for code, one in sorted(outcomes.items()):
        sums = ", ".join(f"{amount:,.2f} {currency}" for currency, amount in sorted(one.gross.items()))
        parts.append(f"{one.count} {code} {sums}")
    customers = customers_of(outcomes)
    if customers:
        parts.append(f"customers {', '.join(f'{count} {what}' for what, count in customers.items())}")
    return " · ".join(parts)


def _filled(pattern: str, values: Sequence[tuple[str, str]]) -> str:
    for name, value in values:
        pattern = pattern.replace(name, value)
    return pattern

"""Bring products over to one system: one document each, under its claim, read again right before it is written.

Several shops of an agreement share its products. One of them is a product's master there; numbers that differ by
letter case and blanks only have one document, so that two shops never make the same product at once.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from pakhus.flows.outcomes import StoppedError, stop
from pakhus.flows.product_targets import Hand, ProductTarget, Shown, TargetRules
from pakhus.flows.products import PRODUCTS, WHOLE_READ_AT
from pakhus.flows.report import RunReport
from pakhus.flows.work import Chunk, Treated
from pakhus.ledger import cursors, documents, missing_products, product_facts
from pakhus.ledger.claims import Claim
from pakhus.ledger.connection import Ledger, Transaction
from pakhus.ledger.documents import Document
from pakhus.ledger.product_facts import Brought, Known
from pakhus.reasons import Verdict
from pakhus.rules.product_sync import BARRED, PRICE, YES, Facts, Values, after, currency_of, decide
from pakhus.rules.spelling import folded, spelt_otherwise

logger = logging.getLogger(__name__)

# A product that is new to us costs a request to look at; from so many on the whole list costs fewer.
LIST_FROM = 20
# What one run takes: at Rackbeat's eight calls a second some minutes. The next run goes on.
MOST_OF_A_RUN = 3000
_WORKERS = 2
_KEPT = "product_kept"


@dataclass(slots=True)
class ProductWriter:
    """Writes one shop's products to one target."""

    target: ProductTarget
    ledger: Ledger
    shop: str
    rules: TargetRules
    workers: int = _WORKERS
    _listing: Mapping[str, Shown] = field(default_factory=dict)
    _spelt: dict[str, str] = field(default_factory=dict)
    _reading: threading.Lock = field(default_factory=threading.Lock)
    _listed_at_s: float = 0.0  # when the list began to be read, by the monotonic clock

    def write(self) -> RunReport:
        """Write what has changed; after the master was read whole, also what is otherwise out of step."""
        report = RunReport(PRODUCTS, self.shop)
        whole = self._whole_reading()
        if whole is not None:
            self._list()
            self._note_in_step(report)
        self.ledger.persist(lambda tx: self._make_due(tx, astray=whole is not None))
        with self.ledger.begin() as tx:
            due = product_facts.due(tx, self.rules.target, self.rules.master, limit=MOST_OF_A_RUN)
        if not self._listing and len(due) >= LIST_FROM:
            self._list()
        Chunk(self.ledger, report, self.workers).work(due, self._treat)
        if whole is not None:
            self.ledger.persist(lambda tx: self._note_compared(tx, whole))
        if len(due) == MOST_OF_A_RUN:
            report.remark = "more in the next run"
        return report

    def _note_in_step(self, report: RunReport) -> None:
        """Note the products that were never looked at and need nothing, all at once: that is most of a first run."""

        def note(tx: Transaction) -> list[Verdict]:
            new = product_facts.new(tx, self.rules.target, self.rules.master)
            listed = [one for row in new if (one := self._as_listed(row)) is not None]
            return product_facts.note_new(tx, self.rules.target, listed)

        for verdict in self.ledger.persist(note):
            report.seen += 1
            report.add(verdict)

    def _as_listed(self, row: Known) -> Brought | None:
        """What is known of a product that stays as the list shows it; None where it is to be looked at by itself."""
        shown = self._listing.get(row.number)
        if shown is None or shown.deleted or row.is_gone or any(currency_of(name) for name in row.facts.wanted):
            return None
        decision = decide(row.facts, shown.values, self.rules.manners)
        if decision.write or (shown.problem is not None and PRICE in self.rules.manners.owned):
            return None
        verdict = self._standing(row, decision.kept, ())
        return Brought(row, after(row.facts, shown.values, {}), verdict)

    def _list(self) -> None:
        self._listed_at_s = time.monotonic()
        self._listing = self.target.listing()

    def _is_to_be_read_again(self, number: str, changes: Values) -> bool:
        """Whether what the list shows of a product may not stand for a reading right before it is changed so.

        Goods may have come in meanwhile: what is to be barred is read again in any case.
        """
        is_old = time.monotonic() - self._listed_at_s >= self.target.list_holds_s
        return number in self._listing and (is_old or BARRED in changes)

    @property
    def _compared(self) -> str:
        return f"products_compared:{self.rules.target}"

    def _whole_reading(self) -> str | None:
        """When the master was last read whole, unless the target was compared with that already."""
        with self.ledger.begin() as tx:
            read, compared = cursors.read(tx, self.shop, WHOLE_READ_AT), cursors.read(tx, self.shop, self._compared)
        return None if read == compared else read

    def _note_compared(self, tx: Transaction, read_at: str) -> None:
        cursors.move(tx, self.shop, self._compared, read_at, expected=cursors.read(tx, self.shop, self._compared))

    def _make_due(self, tx: Transaction, *, astray: bool) -> None:
        names: list[str] = []
        if astray:
            known = product_facts.known(tx, self.rules.target).values()
            reasons = product_facts.reasons(tx, self.rules.target)
            mine = [row for row in known if row.master == self.rules.master]
            names = [row.name for row in mine if self._is_astray(row, reasons.get(row.document_id, ""))]
        product_facts.make_due(tx, self.rules.target, self.rules.master, names)

    def _is_astray(self, row: Known, reason: str) -> bool:
        """Whether the target shows a product otherwise than it should, or than was told."""
        shown = self._listing.get(row.number)
        if shown is None:
            return not row.is_gone and (self.rules.create_missing or bool(row.facts.written))
        decision = decide(row.facts, shown.values, self.rules.manners)
        news = after(row.facts, shown.values, {}).written != row.facts.written
        return news or bool(decision.write or (decision.kept and reason != _KEPT))

    def _treat(self, document: Document, claim: Claim) -> Treated:
        """From here on only the document says whether there is something to do: what stops it has its own time."""
        hand = Hand(self.ledger, document, claim)
        row = self.ledger.persist(lambda tx: product_facts.take(tx, document.id))
        made = self.target.settle(hand, row.number)
        shown = self._listing.get(row.number) if self._listing else self._find(row)
        if shown is not None and any(currency_of(name) for name in row.facts.wanted):
            shown = self._find(row)  # no list shows them
        if shown is None:
            return Treated(self._make(hand, row, made=made), None)
        if shown.deleted:
            raise stop("product_removed", number=row.number, system=self.target.system)
        return Treated(self._change(hand, row, shown), None)

    def _make(self, hand: Hand, row: Known, *, made: bool) -> Verdict:
        """The target has no such product: make it, or say why not."""
        number, system = row.number, self.target.system
        if row.is_gone:
            return self._left(hand, row, Verdict.of("product_unsold", number=number, system=system))
        if row.facts.written or made:
            raise stop("product_removed", number=number, system=system)
        before = self._renamed_from(row)
        if before is not None:
            raise stop("product_renamed", number=number, system=system, before=before)
        if not self.rules.create_missing:
            return self._left(hand, row, Verdict.of("product_not_made", number=number, system=system))
        again = self._find(row) if self._listing else None  # the list is some minutes old
        if again is not None:
            return self._change(hand, row, again)
        self._require_new(number)
        shown = self.target.create(hand, row.number, row.facts.wanted)
        self._note(hand, row, after(row.facts, shown.values, row.facts.wanted))
        return Verdict.of("product_created", number=number, system=system)

    def _require_new(self, number: str) -> None:
        """StoppedError when the target has the product under another spelling: made, it would be there twice."""
        with self._reading:
            if not self._spelt:
                self._spelt = {folded(one): one for one in self._listing or self.target.numbers()}
        other = spelt_otherwise(number, self._spelt)
        if other is not None:
            raise stop("product_sku_wrong", sku=number, problem=f"{self.target.system} has it as {other}")

    def _change(self, hand: Hand, row: Known, shown: Shown) -> Verdict:
        """The target has the product: write what is ours and differs."""
        if shown.problem is not None and PRICE in self.rules.manners.owned:
            raise StoppedError(shown.problem)
        decision = decide(row.facts, shown.values, self.rules.manners)
        if decision.write and self._is_to_be_read_again(row.number, decision.write):
            shown = self._find(row) or shown
            decision = decide(row.facts, shown.values, self.rules.manners)
        changes = dict(decision.write)
        kept = list(decision.kept)
        if changes.get(BARRED) == YES and shown.used:
            del changes[BARRED]
            kept.append(BARRED)
        if changes:
            shown = self.target.update(hand, shown, changes)
        self._note(hand, row, after(row.facts, shown.values, changes))
        return self._standing(row, kept, changes)

    def _standing(self, row: Known, kept: Collection[str], changes: Collection[str]) -> Verdict:
        """How a product stands that the target has, of which these fields stay and these were changed."""
        told = {"number": row.number, "system": self.target.system}
        if kept:
            return Verdict.of("product_kept", **told, fields=", ".join(kept), written=", ".join(changes) or "nothing")
        if row.is_gone:
            return Verdict.of("product_unsold", **told)
        if changes:
            return Verdict.of("product_changed", **told, fields=", ".join(changes))
        return Verdict.of("product_in_step", **told)

    def _find(self, row: Known) -> Shown | None:
        return self.target.find(row.number, tuple(row.facts.wanted))

    def _renamed_from(self, row: Known) -> str | None:
        """What the target knew the product as before the master renamed it, where it can be renamed there, too."""
        if not self.rules.hold_renamed:
            return None
        with self.ledger.begin() as tx:
            rows = product_facts.of_sources(tx, row.target, row.master, [row.source_id])
        before = [one for one in rows if one.name != row.name and one.is_gone and one.facts.written]
        return before[-1].number if before else None

    def _left(self, hand: Hand, row: Known, verdict: Verdict) -> Verdict:
        self._note(hand, row, row.facts)
        return verdict

    def _note(self, hand: Hand, row: Known, facts: Facts) -> None:
        def note(tx: Transaction) -> None:
            product_facts.note(tx, hand.claim, row, facts)
            documents.note_remote(tx, hand.document.id, hand.claim, remote_id=row.number, remote_number=row.number)
            if facts.written:
                missing_products.release(tx, row.target, [row.number])

        self.ledger.persist(note)

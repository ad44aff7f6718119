"""One product made in Rackbeat, and its first stock counted there: each exactly once (rackbeat.md 3.3, 5.1).

An adjustment has two steps. The first makes a draft, which moves nothing; only its booking does. A quantity is counted
only where the warehouse has none in stock: so it can be told afterwards whether a lost booking took effect.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from pakhus.clients import rackbeat_products
from pakhus.clients.rackbeat import RackbeatClient
from pakhus.flows.exactly_once import RACKBEAT, Found, Step, Writer
from pakhus.flows.outcomes import stop
from pakhus.formats import rackbeat_products as formats
from pakhus.ledger import attempts
from pakhus.ledger.attempts import Attempt
from pakhus.ledger.claims import Claim
from pakhus.ledger.connection import Ledger
from pakhus.ledger.documents import Document
from pakhus.reasons import Verdict
from pakhus.rules.initial_sync import Transfer, WarehouseProduct
from pakhus.rules.product_mapping import NewWarehouseProducts

CREATE, DRAFT, BOOK = "create_product", "create_adjustment", "book_adjustment"
# Clocks differ, and a row's time may be that of the request's beginning.
_BEFORE_SENDING = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class WarehouseProducts:
    """Makes and counts products of one Rackbeat account."""

    warehouse: RackbeatClient
    ledger: Ledger
    new: NewWarehouseProducts

    def transfer(self, document: Document, claim: Claim, transfer: Transfer) -> list[Verdict]:
        """Make and count one product as far as it is not done. Raises StoppedError while an outcome is unknown."""
        writer = Writer(self.ledger, claim, document, RACKBEAT, self.warehouse.send)
        found = self._made(writer, transfer.number, transfer.make)
        if transfer.on_hand is not None:
            found.append(self._counted(writer, transfer.number, transfer.on_hand))
        elif (booked := self._booked(writer, transfer.number)) is not None:  # the shop has sold it all since
            found.append(Verdict.of("initial_stock_set", number=transfer.number, quantity=booked))
        else:
            self._settle_drafts(writer)
        return found

    def _made(self, writer: Writer, number: str, make: WarehouseProduct | None) -> list[Verdict]:
        step = Step(CREATE, formats.product_number, lambda _: self._existing(number))
        if writer.known(step) is not None:
            return [Verdict.of("product_made", number=number)]
        if make is None:
            return []
        if self._existing(number) is not None:
            return [Verdict.of("product_there", number=number)]
        writer.make(step, rackbeat_products.create_product(formats.product_to_rackbeat(make, self.new)))
        return [Verdict.of("product_made", number=number)]

    def _existing(self, number: str) -> Found | None:
        row = self.warehouse.find_product(number)
        return None if row is None else Found(str(row["number"]), {"product": row})

    def _counted(self, writer: Writer, number: str, on_hand: Decimal) -> Verdict:
        booked = self._booked(writer, number)
        if booked is not None:
            return Verdict.of("initial_stock_set", number=number, quantity=booked)
        self._settle_drafts(writer)
        there = rackbeat_products.stocked_one(self.warehouse, number)
        if there is None or there.in_stock is None:
            return Verdict.of("initial_stock_unknown", number=number, problem="the warehouse shows no number for it")
        if there.in_stock != 0:
            return Verdict.of("initial_stock_there", number=number, there=there.in_stock, shop=on_hand)
        subject, reason = f"{on_hand:f}", _reason(writer.document)
        today = self.ledger.now().date()
        body = formats.adjustment_to_rackbeat(number, on_hand, self.new.location, today, reason)
        draft = writer.make(self._draft_step(writer.document, subject), rackbeat_products.create_adjustment(body))
        step = self._book_step(number, draft.remote_id, subject)
        writer.make(step, rackbeat_products.book_adjustment(draft.remote_id))
        return Verdict.of("initial_stock_set", number=number, quantity=on_hand)

    def _booked(self, writer: Writer, number: str) -> Decimal | None:
        """The quantity that was counted already; None: surely nothing was. To be asked before stock is looked at."""
        with self.ledger.begin() as tx:
            last = attempts.last_of(tx, writer.document.id, BOOK)
        if last is None:
            return None
        adjustment = last.request.path.split("/")[-2]
        known = writer.known(self._book_step(number, adjustment, last.subject))
        return None if known is None else Decimal(last.subject)

    def _settle_drafts(self, writer: Writer) -> None:
        with self.ledger.begin() as tx:
            drafts = attempts.open_of(tx, writer.document.id, DRAFT)
        for draft in drafts:
            writer.known(self._draft_step(writer.document, draft.subject))

    def _draft_step(self, document: Document, quantity: str) -> Step:
        """Told by our key in its reason, and by its quantity: the shop may have sold between two drafts."""

        def search(attempt: Attempt) -> Found | None:
            since = (attempt.first_sent_at or self.ledger.now()) - _BEFORE_SENDING
            rows = rackbeat_products.adjustments_with_reason(self.warehouse, _reason(document), since=since)
            ours = [row for row in rows if formats.adjusted_to(row) == Decimal(quantity)]
            # A second one is a draft of ours, too, that moves nothing: the newest is booked.
            return Found(str(int(ours[0]["id"])), {"inventory_regulation": ours[0]}) if ours else None

        return Step(DRAFT, formats.adjustment_id, search, subject=quantity)

    def _book_step(self, number: str, adjustment: str, quantity: str) -> Step:
        """Told by the stock: nothing says of an adjustment whether it is booked."""

        def search(_: Attempt) -> Found | None:
            there = rackbeat_products.stocked_one(self.warehouse, number)
            if there is not None and there.in_stock == Decimal(quantity):
                return Found(adjustment, {"number": number, "stock_quantity": there.in_stock})
            if there is not None and there.in_stock == 0:
                return None
            shown = "none" if there is None else there.in_stock
            raise stop("initial_stock_unclear", number=number, adjustment=adjustment, wanted=quantity, there=shown)

        return Step(BOOK, lambda _: adjustment, search, subject=quantity)


def _reason(document: Document) -> str:
    return f"Pakhus {document.key}"

"""Which refunds an invoice is booked without: those that its draft was made without, or that a person took off it.

No credit note is made of them (docs/decisions/0021).
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from pakhus.clients.webshop import Webshop
from pakhus.flows.drafts import Standing
from pakhus.flows.refund_reading import RefundReader
from pakhus.formats.economic import totals_from_economic
from pakhus.ledger import included_refunds, sources
from pakhus.ledger.connection import Ledger
from pakhus.ledger.documents import Document
from pakhus.model import ZERO, Credit, Order
from pakhus.rules.gift_cards import redeemed_of
from pakhus.rules.mappings import AccountingMapping
from pakhus.rulings import Side


@dataclass(frozen=True, slots=True)
class TakenOff:
    """Tells of one shop's invoices what refunds they have taken off."""

    shop: Webshop
    ledger: Ledger
    reader: RefundReader
    mapping: AccountingMapping

    def of_draft(self, document: Document, standing: Standing, booked: Any) -> tuple[Credit, ...]:
        """Return the refunds that the draft was made without, also of an order that the shop has no more.

        None where the booked invoice is over the whole charge: after a restored backup it is one that was found again,
        booked before the refunds that the shop shows now.
        """
        row, version = document.source_id, standing.last.version
        if row is None or version is None:
            return ()
        stored = self.ledger.persist(lambda tx: sources.load(tx, row, version))
        order = self.shop.parse(stored.source_id, stored.body, self.ledger.now()).order_to(Side.ACCOUNTS)
        if order is None or totals_from_economic(booked).gross == order.total.amount + redeemed_of(order, self.mapping):
            return ()
        return self.reader.once_of(order)

    def by_hand(
        self, document: Document, drafted: Order, now: Order, standing: Standing, booked: Any
    ) -> tuple[Credit, ...]:
        """Return the refunds since the draft that a person took off it before booking it: its total says so exactly.

        None once the booking was noted: later refunds may have been credited.
        """
        if document.remote_number is not None or drafted.credit_ids == now.credit_ids:
            return ()
        since = [refund for refund in self.reader.of_order(now) if refund.id not in drafted.credit_ids]
        off = totals_from_economic(standing.last.value).gross - totals_from_economic(booked).gross
        return tuple(since) if off == sum((refund.amount.amount for refund in since), ZERO) else ()

    def amounts(self, document: Document) -> dict[str, Decimal]:
        """Return the amounts of the refunds that a booked invoice has taken off, by their ids."""
        noted = self.ledger.persist(lambda tx: included_refunds.of_invoice(tx, document.id))
        return {refund.refund_id: refund.amount for refund in noted}

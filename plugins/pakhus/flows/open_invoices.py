"""Invoices and credit notes that stand open until a payout pays them: what the accounts say is open of each.

They are asked once per settlement. A customer line is made only for what is really open there (domain guide 9.1, P3).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from pakhus.clients.economic import EconomicClient
from pakhus.ledger import documents
from pakhus.ledger.clearing import Item
from pakhus.ledger.connection import Ledger, Transaction
from pakhus.rules.payout_posting import PaidItem


@dataclass(slots=True)
class OpenInvoices:
    """The booked documents behind clearing items of the way `open`, as the accounts answer them."""

    ledger: Ledger
    accounts: EconomicClient
    keep: Callable[[], None]  # what is held while they are asked for: thousands outlast any lease
    _booked: dict[int, Mapping[str, Any]] = field(default_factory=dict)  # by clearing item
    _left: dict[int, Decimal] = field(default_factory=dict)  # by the document's number

    def pay(self, item: Item, amount: Decimal) -> bool:
        """Take an amount off what is open of an item's document; False, and nothing taken, when less is open."""
        number = int(self._of(item)["bookedInvoiceNumber"])
        left = self._left.setdefault(number, Decimal(self._of(item)["remainder"]))
        if amount * left <= 0 or abs(amount) > abs(left):
            return False
        self._left[number] = left - amount
        return True

    def told(self, item: Item) -> str:
        """Say what is open of an item's document."""
        booked = self._of(item)
        return f"only {booked['remainder']} is open of {booked['bookedInvoiceNumber']} in the accounts"

    def item(self, item: Item, plain: PaidItem) -> PaidItem:
        """Return what is paid as a payment of the customer for the item's document."""
        booked = self._of(item)
        customer, invoice = int(booked["customer"]["customerNumber"]), int(booked["bookedInvoiceNumber"])
        return replace(plain, customer=customer, invoice=invoice)

    def _of(self, item: Item) -> Mapping[str, Any]:
        if item.id not in self._booked:
            number = self.ledger.persist(lambda tx: _number_of(tx, item))
            self._booked[item.id] = self.accounts.get_booked(number)
            self.keep()
        return self._booked[item.id]


def _number_of(tx: Transaction, item: Item) -> str:
    """The number of the invoice that a payment pays; a repayment's is that of its credit note."""
    payment = documents.load(tx, item.new.document_id)
    parent = item.new.invoice_id if payment.parent_id is None else payment.parent_id
    return str(documents.load(tx, parent).remote_number)

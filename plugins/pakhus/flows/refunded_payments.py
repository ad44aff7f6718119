"""Payments of orders that were refunded whole before an invoice was made: nothing is booked, both sides are settled.

What the provider took and what it gave back come to 0.00 on its clearing account, whatever payouts hold them. Both are
noted for the payouts as soon as the shop shows that everything went back; what is not refunded whole is for a person.
Sources: domain guide 3.5, 8, 10; docs/decisions/0021; docs/runbooks/payments.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from pakhus.clients.webshop import Webshop
from pakhus.flows.observation import stored_order
from pakhus.flows.outcomes import stop
from pakhus.flows.refund_reading import RefundReader
from pakhus.flows.refunds import credit_key
from pakhus.flows.work import Treated
from pakhus.ledger import clearing, documents, refunded_payments
from pakhus.ledger.clearing import REFUNDED, NewItem
from pakhus.ledger.connection import Ledger, Transaction
from pakhus.ledger.documents import Document
from pakhus.model import ZERO, Credit, Order
from pakhus.reasons import Status, Verdict
from pakhus.rules.mappings import AccountingMapping
from pakhus.rules.payment_methods import PaymentMethod
from pakhus.rules.payments import PaymentPart, refunded_whole

# What these payments' documents end in: they are judged anew when an invoice is booked after all.
CODES = (
    "payment_refunded",
    "refunded_unsettled",
    "refunded_without_invoice",
    "refunded_payment_unknown",
    "refund_precedes_invoice",
)
# The order may be refunded further, or be invoiced after all.
_LOOK = timedelta(hours=6)


@dataclass(frozen=True, slots=True)
class RefundedPayments:
    """Notes what a provider settles for one shop's orders that have no invoice."""

    shop: Webshop
    ledger: Ledger
    refunds: RefundReader
    mapping: AccountingMapping

    def without_invoice(self, shop: str, *, limit: int) -> list[Document]:
        """Return the invoices that are not made, and whose payment is to be looked at: the shop is asked for each."""
        with self.ledger.begin() as tx:
            return refunded_payments.without_invoice(tx, shop, limit=limit)

    def judge_again(self, shop: str) -> None:
        """Make due what was judged before an invoice was booked, or before a refund was deleted."""

        def wake(tx: Transaction) -> None:
            for document_id in refunded_payments.outdated(tx, shop, CODES):
                documents.give_verdict(tx, document_id, Verdict.of("due"))

        self.ledger.persist(wake)

    def treat(self, document: Document, invoice: Document) -> Treated:
        """Note both sides of a payment whose order was refunded whole; take them back where it is not so any more."""
        order, version = stored_order(self.ledger, self.shop, document)
        refunds = self.refunds.of_order(order)
        part = refunded_whole(order, [refund.amount for refund in refunds], self.mapping)
        if isinstance(part, Verdict):
            self.ledger.persist(lambda tx: clearing.withdraw_refunded(tx, invoice.id))
            if invoice.status is not Status.SKIPPED:
                raise stop("refund_precedes_invoice", due_at=self.ledger.now() + _LOOK)
            return Treated(part, version)
        method = self.mapping.payments.get(part.method)
        if method is None:
            return Treated(Verdict.of("payment_method_unmapped", method=part.method or "(none)"), version)
        if method.clearing_account is None:
            return Treated(Verdict.of("refunded_unsettled", amount=part.amount, method=part.method), version)
        self._note(document, invoice, order, part, method, refunds)
        told = {"amount": part.amount, "account": method.clearing_account}
        return Treated(Verdict.of("payment_refunded", **told), version)

    def _note(
        self,
        document: Document,
        invoice: Document,
        order: Order,
        part: PaymentPart,
        method: PaymentMethod,
        refunds: Sequence[Credit],
    ) -> None:
        if method.clearing_account is None:
            raise ValueError(f"no provider settles {part.method}")
        taken = NewItem(
            document_id=document.id,
            invoice_id=invoice.id,
            shop=order.shop,
            target=document.target,
            account=method.clearing_account,
            way=REFUNDED,
            kind="capture",
            method=part.method,
            order_number=order.number,
            currency=part.amount.currency,
            amount=part.amount.amount,
            occurred_at=part.captured_at or order.paid_at or order.placed_at,
            provider_ids=sorted(part.provider_ids),
        )

        def put(tx: Transaction) -> None:
            clearing.put(tx, taken)
            for refund in refunds:
                clearing.put(tx, _given_back(tx, taken, order, refund))

        self.ledger.persist(put)


def _given_back(tx: Transaction, taken: NewItem, order: Order, refund: Credit) -> NewItem:
    """What the provider settles for one refund of the payment."""
    note = documents.find(tx, credit_key(order.shop, order.id, refund.id))
    if note is None:
        raise ValueError(f"refund {refund.id} of order {order.id} has no document")
    return replace(
        taken,
        document_id=note.id,
        kind="refund",
        amount=ZERO - refund.amount.amount,
        occurred_at=refund.created_at,
        provider_ids=(),
        parent_ids=taken.provider_ids,
    )

"""Refunds seen only at the provider -> a due credit note each, where the account's settings want that.

The credit note is made as any other: planned against its invoice, compared, booked in the shop's own mode, never twice.
The payout waits for it. Nothing is done in the first days: the shop may only be late. Nor while a refund that the shop
shows of the order has not come to the clearing account, and one that it shows afterwards is for a person: both may be
the same money. Sources: domain guide 8, edge case 46.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from pakhus.flows.refunds import CREDIT_NOTE, CREDITS, credit_key
from pakhus.formats.provider_refunds import body_of, is_providers, provider_refund_id
from pakhus.ledger import clearing, documents, sources
from pakhus.ledger.clearing import Item
from pakhus.ledger.connection import Ledger, Transaction
from pakhus.ledger.documents import NewDocument
from pakhus.ledger.sources import Showing
from pakhus.model import Credit, Money
from pakhus.reasons import Verdict
from pakhus.rules.settlement_matching import paid
from pakhus.settlements import BatchLine

# So long a refund may show in the shop after the provider has it.
LATE = timedelta(days=2)
# Refunds of the shop for which no money went back.
_NO_MONEY = frozenset({"refund_withdrawn", "credit_superseded"})


def credit_strange_refunds(ledger: Ledger, account: str, found: Iterable[tuple[BatchLine, Item]]) -> int:
    """Make the due credit notes of refunds that no document is known of, each with the payment that it takes back."""
    with ledger.begin() as tx:
        return sum(_noted(tx, account, line, payment) for line, payment in found if tx.now - line.occurred_at >= LATE)


def _noted(tx: Transaction, account: str, line: BatchLine, payment: Item) -> bool:
    invoice = documents.load(tx, payment.new.invoice_id)
    amount, currency = paid(line)
    if invoice.order_id is None or not line.provider_id or abs(amount) > payment.new.amount:
        return False
    if _is_awaited(tx, invoice.order_id, invoice.id):
        return False
    order_id = sources.name(tx, invoice.order_id)
    refund_id = provider_refund_id(account, line.provider_id, line.ordinal)
    credit = Credit(payment.new.shop, order_id, refund_id, Money(-amount, currency), (), line.occurred_at)
    recorded = sources.record(
        tx,
        Showing(
            scope=credit.shop,
            kind="refund",
            source_id=refund_id,
            body=body_of(credit, account, line.provider_id),
            read_at=tx.now,
            parent_id=invoice.order_id,
            number=line.provider_id,
            currency=currency,
            gross=credit.amount.amount,
            placed_at=line.occurred_at,
        ),
    )
    new = NewDocument(
        key=credit_key(credit.shop, order_id, refund_id),
        scope=credit.shop,
        flow=CREDITS,
        kind=CREDIT_NOTE,
        target=invoice.target,
        source_id=recorded.id,
        parent_id=invoice.id,
    )
    return documents.create(tx, new, Verdict.of("due"), judged_version=recorded.version) is not None


def _is_awaited(tx: Transaction, order_row: int, invoice_id: int) -> bool:
    """Whether the shop shows a refund of the order that is not on the clearing account yet: held, drafted, to be paid
    back, or credited by hand."""
    told = [documents.load(tx, item.new.document_id) for item in clearing.of_invoice(tx, invoice_id)]
    known = {one.id for one in told} | {one.parent_id for one in told}  # a refund taken off the invoice, a repayment
    return any(
        one.id not in known and one.verdict.code not in _NO_MONEY
        for one in documents.of_order(tx, order_row, CREDIT_NOTE)
        if not is_providers(one.key.rpartition("-credit")[2])
    )

"""Which payments the lines of a settlement pay: the ledger's clearing items against the lines (domain guide 10.5)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from pakhus.clients.economic import EconomicClient
from pakhus.flows.outcomes import stop
from pakhus.ledger import clearing, settlements
from pakhus.ledger.clearing import Item
from pakhus.ledger.connection import Ledger, Transaction
from pakhus.ledger.documents import load
from pakhus.ledger.settlements import Found, Settlement
from pakhus.model import Money
from pakhus.rules.money import rounded
from pakhus.rules.payment_methods import PaymentWay
from pakhus.rules.payout_posting import PaidItem
from pakhus.rules.settlement_matching import LineMatch, OpenItem, Outcome, match_lines, paid
from pakhus.settings.accounts import AccountSettings
from pakhus.settlements import Batch, BatchLineKind

_PAYMENTS = (BatchLineKind.CAPTURE, BatchLineKind.REFUND)


@dataclass(frozen=True, slots=True)
class Matched:
    """What each line of a settlement pays, by its number; `unsure` says of each line without a sure document why."""

    paid: Mapping[int, Sequence[PaidItem]]
    unsure: Sequence[str]
    lines: int


def match_settlement(
    ledger: Ledger, accounts: EconomicClient, settings: AccountSettings, batch: Batch, settlement: Settlement
) -> Matched:
    """Match a settlement's lines with what is open on its clearing account, and store what was found."""
    clearing_account = settings.accounts[batch.currency].clearing
    with ledger.begin() as tx:
        items = {item.key: item for item in clearing.of_account(tx, settings.economic_target, clearing_account)}
    matches = match_lines(batch.lines, [_open(item) for item in items.values()], settings.order_number)
    taken: dict[int, Decimal] = {}
    found = [_found(match, items, taken) for match in matches]
    ledger.persist(lambda tx: settlements.note_matches(tx, settlement.id, found))
    by_id = {item.id: item for item in items.values()}
    paid_items = {
        one.number: [_paid(ledger, accounts, by_id[item], amount) for item, amount in one.pays.items()]
        for one in found
        if one.pays
    }
    unsure = [_told(match) for match in matches if match.outcome is not Outcome.MATCHED and _needs_document(match)]
    return Matched(paid_items, unsure, len(matches))


def _needs_document(match: LineMatch) -> bool:
    """A chargeback that names no payment of ours is posted all the same: its account is its to-do list."""
    return match.line.kind in _PAYMENTS


def _open(item: Item) -> OpenItem:
    new = item.new
    return OpenItem(
        key=item.key,
        kind=BatchLineKind(new.kind),
        shop=new.shop,
        order_number=new.order_number,
        amount=new.amount - item.settled,
        currency=new.currency,
        occurred_at=new.occurred_at,
        provider_ids=frozenset(new.provider_ids),
        parent_ids=frozenset(new.parent_ids),
        settled_by="" if item.settled_by is None else str(item.settled_by),
    )


def _found(match: LineMatch, items: Mapping[str, Item], taken: dict[int, Decimal]) -> Found:
    """What is stored of a match; `taken` is what lines before it paid of each item."""
    mine = [items[one.key] for one in match.items]
    pays = _pays(match, mine, taken) if match.line.kind in _PAYMENTS else {}
    for item, amount in pays.items():
        taken[item] = taken.get(item, Decimal(0)) + amount
    return Found(match.line.number, match.outcome.value, match.difference, [item.id for item in mine], pays)


def _pays(match: LineMatch, items: Sequence[Item], taken: Mapping[int, Decimal]) -> dict[int, Decimal]:
    """How much of which items a line pays: each whole where it pays several, else what it says, up to the item."""
    if match.outcome is Outcome.MATCHED and len(items) > 1:
        return {item.id: item.new.amount - item.settled for item in items}
    if match.outcome not in (Outcome.MATCHED, Outcome.AMOUNT_DIFFERS) or len(items) != 1:
        return {}
    item = items[0]
    amount, currency = paid(match.line)
    left = item.new.amount - item.settled - taken.get(item.id, Decimal(0))
    if currency != item.new.currency or not left:
        return {}
    return {item.id: min(amount, left, key=abs)}


def _paid(ledger: Ledger, accounts: EconomicClient, item: Item, amount: Decimal) -> PaidItem:
    new = item.new
    base = amount if new.base_amount is None else rounded(new.base_amount * amount / new.amount)
    found = PaidItem(item.key, new.order_number, Money(amount, new.currency), base)
    if new.way != PaymentWay.OPEN:
        return found

    def number_of(tx: Transaction) -> str:
        return str(load(tx, new.invoice_id).remote_number)

    invoice = accounts.get_booked(ledger.persist(number_of))
    if not Decimal(invoice["remainder"]):
        problem = f"invoice {invoice['bookedInvoiceNumber']} is paid already"
        raise stop("payout_unmatched", count=1, lines=1, problem=problem)
    customer = int(invoice["customer"]["customerNumber"])
    return PaidItem(
        found.key, found.order_number, found.paid, base, customer=customer, invoice=int(invoice["bookedInvoiceNumber"])
    )


def _told(match: LineMatch) -> str:
    line = match.line
    amount, currency = paid(line)
    candidates = ", ".join(item.key for item in match.items)
    more = f" ({candidates})" if candidates else ""
    by = f" by {match.difference}" if match.outcome is Outcome.AMOUNT_DIFFERS else ""
    return f"line {line.number} {line.kind} {amount} {currency} {line.provider_id}: {match.outcome.value}{by}{more}"

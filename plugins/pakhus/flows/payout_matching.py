"""Which payments the lines of a settlement pay: the ledger's clearing items against the lines (domain guide 10.5).

What a person has said about a line comes first: a document that was linked by hand is no candidate for another line.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from itertools import islice

from pakhus.clients.economic import EconomicClient
from pakhus.flows.open_invoices import OpenInvoices
from pakhus.flows.vouchers import STEP
from pakhus.ledger import clearing, settlement_answers, settlements, unpaid_orders
from pakhus.ledger.clearing import Item
from pakhus.ledger.connection import Ledger, Transaction
from pakhus.ledger.settlement_answers import LineAnswer, LineId
from pakhus.ledger.settlements import Found, Settlement
from pakhus.model import Money
from pakhus.rules.money import rounded
from pakhus.rules.near_documents import near_documents
from pakhus.rules.payment_methods import PaymentWay
from pakhus.rules.payout_posting import PaidItem
from pakhus.rules.refunded_weights import Side, weights
from pakhus.rules.settlement_matching import LineMatch, OpenItem, Outcome, match_lines, paid, payments_taken_back
from pakhus.settings.accounts import AccountSettings
from pakhus.settlements import Batch, BatchLine, BatchLineKind

_PAYMENTS = (BatchLineKind.CAPTURE, BatchLineKind.REFUND)
LINK, POST, IGNORE, WAIT = "link", "post", "ignore", "wait"
LINKED, POSTED, IGNORED = settlements.DECIDED
_MOST_NAMED = 20


@dataclass(frozen=True, slots=True)
class Matched:
    """What each line of a settlement pays, by its number; `unsure` says of each line without a sure document why.

    `elsewhere` is the account that takes what no document of a line explains, where a person named one. `strange` are
    refunds that nobody but the provider knows, with the payment that each takes back.
    """

    paid: Mapping[int, Sequence[PaidItem]]
    unsure: Sequence[str]
    lines: int
    elsewhere: Mapping[int, int]
    strange: Sequence[tuple[BatchLine, Item]] = ()


@dataclass(slots=True)
class _Matching:
    """One settlement at work; `taken` is what its lines so far pay of each item, and vouchers that may exist."""

    items: dict[str, Item]
    answers: Mapping[LineId, LineAnswer]
    taken: dict[int, Decimal] = field(default_factory=dict)
    found: list[Found] = field(default_factory=list)
    unsure: list[str] = field(default_factory=list)
    elsewhere: dict[int, int] = field(default_factory=dict)
    orders: Mapping[int, str] = field(default_factory=dict)  # what is known of the order that a line names

    def answer_of(self, line: BatchLine) -> LineAnswer | None:
        """What a person has said about a line, unless it says something else now than it did then."""
        answer = self.answers.get((line.kind.value, line.provider_id, line.ordinal))
        return answer if answer is not None and answer.gross == line.gross else None

    def left_of(self, item: Item) -> Decimal:
        return item.new.amount - item.settled - self.taken.get(item.id, Decimal(0))

    def note(self, number: int, outcome: str, difference: Decimal, items: list[int], pays: dict[int, Decimal]) -> None:
        for item, amount in pays.items():
            self.taken[item] = self.taken.get(item, Decimal(0)) + amount
        self.found.append(Found(number, outcome, difference, items, pays))


def match_settlement(
    ledger: Ledger,
    accounts: EconomicClient,
    settings: AccountSettings,
    batch: Batch,
    settlement: Settlement,
    *,
    keep: Callable[[], None] = lambda: None,
) -> Matched:
    """Match a settlement's lines with what is open on its clearing account, and store what was found.

    `keep` is called now and then: whoever works under a claim renews it there.
    """
    clearing_account = settings.accounts[batch.currency].clearing
    with ledger.begin() as tx:
        items = {item.key: item for item in clearing.of_account(tx, settings.economic_target, clearing_account)}
        answers = settlement_answers.newest(tx, settlement.id)
        promised = settlements.promised(tx, settlement.id, STEP)
    at = _Matching(items, answers, promised)
    undecided = [line for line in batch.lines if not _decide(at, line)]
    matches = match_lines(undecided, [_open(at, item) for item in items.values()], settings.order_number)
    at.orders = _named_orders(ledger, settings, matches)
    for match in matches:
        _take(at, match)
    strange = _strange(at, matches, settings)
    _offer_near_ones(at, matches)
    invoices = OpenInvoices(ledger, accounts, keep)
    _close_paid_invoices(at, invoices, batch)
    weighed = _weigh_refunded(at, batch, settings.accounts[batch.currency].base_currency)

    def note(tx: Transaction) -> None:
        settlements.note_matches(tx, settlement.id, at.found)
        clearing.weigh(tx, weighed)

    ledger.persist(note)
    return Matched(_paid_items(at, invoices), at.unsure, len(at.found), at.elsewhere, strange)


def _named_orders(ledger: Ledger, settings: AccountSettings, matches: Sequence[LineMatch]) -> dict[int, str]:
    """What the orders wait for that lines without a document name, by the line's number; the first few of them."""
    lost = [one.line for one in matches if one.outcome is Outcome.NO_DOCUMENT and _needs_document(one)]
    named = {line.number: settings.order_number(line.order_reference) for line in lost if line.order_reference}
    few = dict(islice(named.items(), _MOST_NAMED))
    with ledger.begin() as tx:
        orders = unpaid_orders.by_number(tx, settings.economic_target, set(few.values())) if few else {}
    return {
        line: f" (order {number} of {orders[number].shop}: {orders[number].verdict.text().rstrip('.')})"
        for line, number in few.items()
        if number in orders
    }


def _offer_near_ones(at: _Matching, matches: Sequence[LineMatch]) -> None:
    """Note what lines without a document may mean, of what no other line pays: candidates for a person, no more."""
    lost = [one.line for one in matches if one.outcome is Outcome.NO_DOCUMENT and _needs_document(one)]
    near = near_documents(lost, [_open(at, item) for item in at.items.values()]) if lost else {}
    for place, one in enumerate(at.found):
        if one.number in near:
            at.found[place] = replace(one, items=[at.items[item.key].id for item in near[one.number]])


def _strange(at: _Matching, matches: Sequence[LineMatch], settings: AccountSettings) -> list[tuple[BatchLine, Item]]:
    """The refunds without a document of which nobody has said anything, each with the payment that it takes back."""
    lines = [
        match.line
        for match in matches
        if (match.line.kind, match.outcome) == (BatchLineKind.REFUND, Outcome.NO_DOCUMENT)
        and at.answer_of(match.line) is None
    ]
    items = [_open(at, item) for item in at.items.values()] if lines else []
    taken_back = payments_taken_back(lines, items, settings.order_number)
    pairs = zip(lines, taken_back, strict=True)
    return [(line, at.items[item.key]) for line, item in pairs if item is not None]


def _decide(at: _Matching, line: BatchLine) -> bool:
    """Do with a line what a person has said; False: nothing is said that takes it out of the matching."""
    answer = at.answer_of(line)
    if answer is None or answer.action not in (LINK, POST):
        return False
    if answer.account is not None:
        at.elsewhere[line.number] = answer.account
    if answer.action == POST:
        at.note(line.number, POSTED, Decimal(0), [], {})
        return True
    item = next((item for item in at.items.values() if item.id == answer.item), None)
    pays = {} if item is None else _linked(at, item, line)
    if item is None or not pays:
        at.unsure.append(f"line {line.number} {line.kind} {line.gross}: the document it was linked to is settled")
        at.note(line.number, Outcome.ALREADY_SETTLED.value, Decimal(0), [] if item is None else [item.id], {})
        return True
    amount = paid(line)[0] - sum(pays.values(), Decimal(0)) if paid(line)[1] == item.new.currency else Decimal(0)
    at.note(line.number, LINKED, amount, [item.id], pays)
    return True


def _linked(at: _Matching, item: Item, line: BatchLine) -> dict[int, Decimal]:
    """How much of a document a line pays that a person gave to it: in another currency, all that is open of it."""
    amount, currency = paid(line)
    left = at.left_of(item)
    if currency != item.new.currency:
        return {item.id: left} if left else {}
    return _up_to(item.id, amount, left)


def _up_to(item: int, amount: Decimal, left: Decimal) -> dict[int, Decimal]:
    """What a line says, as far as that much is open; nothing where the signs differ."""
    return {item: min(amount, left, key=abs)} if amount * left > 0 else {}


def _needs_document(match: LineMatch) -> bool:
    """A chargeback that names no payment of ours is posted all the same: its account is its to-do list."""
    return match.line.kind in _PAYMENTS


def _open(at: _Matching, item: Item) -> OpenItem:
    new, left = item.new, at.left_of(item)
    settled = item.settled_by is not None or not left
    return OpenItem(
        key=item.key,
        kind=BatchLineKind(new.kind),
        shop=new.shop,
        order_number=new.order_number,
        amount=left,
        currency=new.currency,
        occurred_at=new.occurred_at,
        provider_ids=frozenset(new.provider_ids),
        parent_ids=frozenset(new.parent_ids),
        settled_by=str(item.settled_by or "a line of this settlement") if settled else "",
    )


def _take(at: _Matching, match: LineMatch) -> None:
    """Note what the ladder found for a line, and why a person must look at it."""
    mine = [at.items[one.key] for one in match.items]
    outcome, pays = match.outcome.value, _pays(at, match, mine) if _needs_document(match) else {}
    if match.outcome is not Outcome.MATCHED and _needs_document(match):
        answer = at.answer_of(match.line)
        if answer is not None and answer.action == IGNORE:
            outcome = IGNORED
        else:
            at.unsure.append(_told(match) + at.orders.get(match.line.number, ""))
    at.note(match.line.number, outcome, match.difference, [item.id for item in mine], pays)


def _pays(at: _Matching, match: LineMatch, items: Sequence[Item]) -> dict[int, Decimal]:
    """How much of which items a line pays: each whole where it pays several, else what it says, up to the item."""
    if match.outcome is Outcome.MATCHED and len(items) > 1:
        return {item.id: at.left_of(item) for item in items}
    if match.outcome not in (Outcome.MATCHED, Outcome.AMOUNT_DIFFERS) or len(items) != 1:
        return {}
    item = items[0]
    amount, currency = paid(match.line)
    return {} if currency != item.new.currency else _up_to(item.id, amount, at.left_of(item))


def _close_paid_invoices(at: _Matching, invoices: OpenInvoices, batch: Batch) -> None:
    """Take back what would pay an invoice that is not open for so much any more: a customer line is no guess."""
    by_id = {item.id: item for item in at.items.values()}
    lines = {line.number: line for line in batch.lines}
    for place, one in enumerate(at.found):
        for item, amount in one.pays.items():
            if by_id[item].new.way != PaymentWay.OPEN or invoices.pay(by_id[item], amount):
                continue
            line = lines[one.number]
            at.found[place] = replace(one, outcome=Outcome.ALREADY_SETTLED.value, pays={})
            at.unsure.append(f"line {line.number} {line.kind} {line.gross}: {invoices.told(by_id[item])}")
            break


def _weigh_refunded(at: _Matching, batch: Batch, base_currency: str) -> dict[int, Decimal]:
    """What foreign payments without an invoice weigh; lines that pay one of which nothing says it are taken back."""
    orders: dict[int, list[Item]] = defaultdict(list)
    for item in at.items.values():
        if item.new.way == clearing.REFUNDED and item.new.currency != base_currency:
            orders[item.new.invoice_id].append(item)
    converted = _converted(at, batch) if orders and batch.currency == base_currency else {}
    weighed: dict[int, Decimal] = {}
    for sides in orders.values():
        told = [Side(one.id, one.new.amount, one.settled, one.new.base_amount) for one in sides]
        weighed |= weights(told, converted)
    mine = {item.id for sides in orders.values() for item in sides}
    lines = {line.number: line for line in batch.lines}
    for key, item in at.items.items():
        if item.id in weighed:
            at.items[key] = replace(item, new=replace(item.new, base_amount=weighed[item.id]))
    for place, one in enumerate(at.found):
        if any(item in mine and item not in weighed for item in one.pays):
            line = lines[one.number]
            at.found[place] = replace(one, outcome=Outcome.NO_DOCUMENT.value, items=[], pays={})
            at.unsure.append(
                f"line {line.number} {line.kind} {line.gross} {batch.currency}: refunded without an invoice, and "
                f"nothing says what it weighs in {base_currency}"
            )
    return weighed


def _converted(at: _Matching, batch: Batch) -> dict[int, tuple[Decimal, Decimal]]:
    """How much of each item the lines pay that pay nothing else, and what the provider made of it."""
    lines, found = {line.number: line for line in batch.lines}, dict[int, tuple[Decimal, Decimal]]()
    for one in at.found:
        if len(one.pays) == 1:
            [(item, amount)] = one.pays.items()
            before = found.get(item, (Decimal(0), Decimal(0)))
            found[item] = (before[0] + amount, before[1] + lines[one.number].gross)
    return found


def _paid_items(at: _Matching, invoices: OpenInvoices) -> dict[int, list[PaidItem]]:
    by_id = {item.id: item for item in at.items.values()}
    before = {item.id: item.settled for item in at.items.values()}
    found: dict[int, list[PaidItem]] = {}
    for one in at.found:
        for item_id, amount in one.pays.items():
            item = by_id[item_id]
            base = _weight(item, before[item_id] + amount) - _weight(item, before[item_id])
            before[item_id] += amount
            money = Money(amount, item.new.currency)
            plain = PaidItem(item.key, item.new.order_number, money, base)
            found.setdefault(one.number, []).append(
                plain if item.new.way != PaymentWay.OPEN else invoices.item(item, plain)
            )
    return found


def _weight(item: Item, amount: Decimal) -> Decimal:
    """What so much of an item weighs in the base currency: its parts together weigh what the whole does."""
    new = item.new
    return amount if new.base_amount is None else rounded(new.base_amount * amount / new.amount)


def _told(match: LineMatch) -> str:
    line = match.line
    amount, currency = paid(line)
    candidates = ", ".join(item.key for item in match.items)
    more = f" ({candidates})" if candidates else ""
    by = f" by {match.difference}" if match.outcome is Outcome.AMOUNT_DIFFERS else ""
    return f"line {line.number} {line.kind} {amount} {currency} {line.provider_id}: {match.outcome.value}{by}{more}"

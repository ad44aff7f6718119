"""What new versions of orders, or old ones under new settings, mean for the documents that they are to become.

A part of the observer: decided from the ledger alone, in the transaction that stores the versions. Orders are judged
many at a time: everything that a judgement is based on is read under the locks of all their documents, in a few
statements.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pakhus.clients.webshop import Seen, Webshop
from pakhus.flows import releases
from pakhus.flows.refunds import CREDIT_NOTE, judge_refunds
from pakhus.flows.shipments import shipped_of_all
from pakhus.flows.transferred import Earlier, changed_since, earlier_orders
from pakhus.ledger import documents
from pakhus.ledger.connection import Transaction
from pakhus.ledger.documents import Change, Document, Judged, NewDocument
from pakhus.ledger.sources import Recorded
from pakhus.model import Order
from pakhus.reasons import Status, Verdict
from pakhus.rules.states import NOT_SHIPPED, Shipped, StateRules, invoice_verdict, reservation_verdict
from pakhus.rulings import side_of
from pakhus.settings import InvoiceMode, InvoiceWhen, Pickup, ShopSettings

ORDERS = "orders"
INVOICES = "invoices"
IMPORTS = "imports"  # of earlier orders' invoices: the live flows leave them alone
_RESERVATION, _INVOICE = "reservation", "invoice"


@dataclass(frozen=True, slots=True)
class Look:
    """An order as it was seen, and where that was stored."""

    seen: Seen
    recorded: Recorded


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A document that an order is to become, whether it is there or not, and what is thought of a new one."""

    look: Look
    new: NewDocument
    verdict: Verdict


def judge(tx: Transaction, settings: ShopSettings, shop: Webshop, looks: Sequence[Look]) -> list[Verdict]:
    """Decide what orders, each seen once, are to become.

    Returns the verdicts on reservations that are not to be worked on: they are the run's own news.
    """
    names = [(look, new) for look in looks for new in _documents_of(settings, look)]
    locked = documents.lock_named(tx, [new.key for look, new in names if not look.recorded.is_first])
    wanted = _verdicts(tx, settings, names)
    missing = [one for one in wanted if one.new.key not in locked]
    made = documents.create_all(tx, [Judged(one.new, one.verdict, one.look.recorded.version) for one in missing])
    # Those that another run has made just now.
    locked |= documents.lock_named(tx, [one.new.key for one in missing if one.new.key not in made])
    known = [(one, locked[one.new.key]) for one in wanted if one.new.key in locked]
    untouched = {one.new.key for one in missing if one.new.key in made} | _judge_known(tx, shop, known)
    _judge_refunds(tx, settings, looks)
    return [
        one.verdict
        for one in wanted
        if one.new.key in untouched and one.new.flow == ORDERS and one.verdict.status is not Status.DUE
    ]


def _judge_known(tx: Transaction, shop: Webshop, known: Sequence[tuple[_Wanted, Document]]) -> set[str]:
    """Judge documents that were there before, locked; returns those for which nothing was ever sent nor decided.

    Those of an import are not the live flows' to judge.
    """
    ours = [(one, document) for one, document in known if not _is_imports(one, document)]
    touched = documents.touched(tx, [document.id for _, document in ours if not _is_settled(document)])
    settled = [document for one, document in ours if _is_settled(document) and one.look.recorded.changed]
    earlier = earlier_orders(tx, shop, settled)
    changes, untouched = list[Change](), set[str]()
    for one, document in ours:
        verdict = _verdict_on_known(one, document, document.id in touched, earlier)
        if verdict is not None:
            changes.append(Change(document.id, verdict, one.look.recorded.version))
        if not _is_settled(document) and document.id not in touched:
            untouched.add(one.new.key)
    documents.give_verdicts(tx, changes)
    return untouched


def _verdict_on_known(one: _Wanted, document: Document, is_touched: bool, earlier: Earlier) -> Verdict | None:
    """What is thought of a document now; None: the same as before."""
    recorded = one.look.recorded
    if _is_settled(document):
        return changed_since(document, one.look.seen, one.verdict, earlier) if recorded.changed else None
    if is_touched:
        # Its writes have begun: the flow sees the new version and compares it with what was sent.
        return Verdict.of("due")
    return one.verdict if document.judged_version != recorded.version or not recorded.changed else None


def _is_settled(document: Document) -> bool:
    return document.status is Status.DONE or document.verdict.code == "ignored_by_person"


def _is_imports(one: _Wanted, document: Document) -> bool:
    return document.flow == IMPORTS and one.verdict.code == "before_start"


def _documents_of(settings: ShopSettings, look: Look) -> list[NewDocument]:
    """What names the documents that an order is to become."""
    found, order_id, row_id = [], look.seen.id, look.recorded.id
    if settings.rackbeat_target is not None and settings.orders.enabled:
        key, target = f"{settings.shop}-{order_id}-order", settings.rackbeat_target
        found.append(NewDocument(key, settings.shop, ORDERS, _RESERVATION, target, row_id))
    if settings.economic_target is not None and settings.invoices.mode is not InvoiceMode.OFF:
        found.append(new_invoice(settings, settings.economic_target, order_id, row_id))
    return found


def _verdicts(tx: Transaction, settings: ShopSettings, names: Sequence[tuple[Look, NewDocument]]) -> list[_Wanted]:
    """What is thought of each document if it is new."""
    rules = state_rules(settings)
    earlier = {look.recorded.id for look, new in names if new.kind == _INVOICE and not look.recorded.is_first}
    shipped = shipped_of_all(tx, settings, earlier)
    orders = {new.key: order for look, new in names if (order := look.seen.order_to(side_of(new.kind))) is not None}
    orders = releases.unless_released_all(tx, orders)
    return [_Wanted(look, new, _verdict(look, new, orders, rules, shipped)) for look, new in names]


def _verdict(
    look: Look, new: NewDocument, orders: Mapping[str, Order], rules: StateRules, shipped: Mapping[int, Shipped]
) -> Verdict:
    if look.seen.gone:
        return Verdict.of("order_gone")
    if look.seen.order is None:
        return Verdict.of("order_unreadable", problem=look.seen.problem)
    if new.kind == _RESERVATION:
        return reservation_verdict(orders[new.key], rules)
    return invoice_verdict(orders[new.key], rules, shipped.get(look.recorded.id, NOT_SHIPPED))


def _judge_refunds(tx: Transaction, settings: ShopSettings, looks: Sequence[Look]) -> None:
    """Judge the refunds of the orders that have some, or once had."""
    earlier = [look.recorded.id for look in looks if not look.recorded.is_first]
    credited = documents.orders_with(tx, earlier, CREDIT_NOTE)
    for look in looks:
        order = look.seen.order
        if order is not None and (order.credit_ids or look.recorded.id in credited):
            judge_refunds(tx, settings, order, look.recorded.id, look.seen.read_at)


def state_rules(settings: ShopSettings) -> StateRules:
    """The shop's settings as the rules want them."""
    return StateRules(
        start_from=settings.start_from,
        reserve=settings.orders.reserve_states,
        invoice=settings.invoices.states,
        ignored=settings.orders.ignore_states,
        by_state=settings.invoices.when is not InvoiceWhen.SHIPPED,
        by_shipment=settings.invoices.when is not InvoiceWhen.STATE and settings.tells_shipments,
        prepay_states=settings.orders.prepay_states,
        prepay_later=settings.orders.prepay_later,
        not_reserved_pickups=settings.orders.pickup_methods if settings.orders.pickup is Pickup.SKIP else (),
    )


def new_invoice(settings: ShopSettings, target: str, order_id: str, source_id: int) -> NewDocument:
    """What names the invoice of an order."""
    key = f"{settings.shop}-{order_id}-invoice"
    return NewDocument(key, settings.shop, INVOICES, _INVOICE, target, source_id)

"""Whether every order of a shop is accounted for, once and truly: shop, ledger, warehouse and accounts compared.

An oracle of its own: it knows what systems and verdicts must say of each other, and nothing of how they came to it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from pakhus.clients.webshop import Seen
from pakhus.ledger import sources as stored
from pakhus.ledger.schema import documents, sources
from pakhus.model import Lifecycle, LineKind, Order
from pakhus.reasons import Status
from tests.interleavings.busy_shop import BusyShop


@dataclass(frozen=True)
class Books:
    """What the systems have, by our keys."""

    reserved: Mapping[str, list[Any]]
    booked: Mapping[str, list[Any]]
    drafts: int
    returned: Mapping[str, Mapping[str, Decimal]]  # pieces that refunds name, by order and line

    def of_order(self, name: str) -> Decimal:
        """What the accounts have of an order: its invoice less its credit notes."""
        mine = [rows for key, rows in self.booked.items() if key.startswith(f"nordlys-{name}-")]
        return sum((Decimal(row["grossAmount"]) for rows in mine for row in rows), Decimal(0))


def complaints(busy: BusyShop, *, but: Collection[str] = ()) -> list[str]:
    """What is not as it must be once everything has been read and done; orders in `but` are not looked at."""
    world = busy.world
    now = {seen.id: seen for seen in busy.client().orders([str(number) for number in sorted(busy.shop.orders)])}
    with world.ledger.begin() as tx:
        recorded = {
            row.source_id: row for row in tx.connection.execute(select(sources).where(sources.c.kind == "order"))
        }
        bodies = {name: stored.load(tx, row.id).body for name, row in recorded.items()}
        rows = tx.connection.execute(select(documents).where(documents.c.order_id.is_not(None))).all()
    books = _books(busy)
    found: list[str] = []
    for name in sorted(now.keys() | recorded.keys() - set(but), key=int):
        own = [row for row in rows if row.order_id == getattr(recorded.get(name), "id", None)]
        text = _reading(now.get(name), recorded.get(name), bodies.get(name))
        found += [f"order {name}: {one}" for one in ([text] if text else _documents(name, now.get(name), own, books))]
    return [one for one in found if one.split()[1].rstrip(":") not in but] + list(_everywhere(busy, books))


def _books(busy: BusyShop) -> Books:
    warehouse: Any = busy.world.warehouse_server.dump()
    accounts: Any = busy.world.accounts_server.dump()
    reserved: dict[str, list[Any]] = {}
    for order in warehouse["orders"].values():
        reserved.setdefault(str(order["heading"]), []).append(order)
    booked: dict[str, list[Any]] = {}
    for invoice in accounts["booked"].values():
        booked.setdefault(str(invoice["references"]["other"]), []).append(invoice)
    returned: dict[str, dict[str, Decimal]] = {}
    for refund in busy.shop.refunds.values():
        pieces = returned.setdefault(str(refund.order_id), {})
        for line in refund.lines:
            [about] = [meta.value for meta in line.meta if meta.key == "_refunded_item_id"]
            pieces[about] = pieces.get(about, Decimal(0)) - Decimal(line.quantity)
    return Books(reserved, booked, len(accounts["drafts"]), returned)


def _reading(seen: Seen | None, row: Any, body: bytes | None) -> str:
    """One source, and its newest version is what the shop shows; what is gone is known to be gone."""
    if row is None:
        return "is not in the ledger"
    if seen is None:
        return "" if row.problem == "gone" else f"is gone, and recorded as {row.native_state}"
    if seen.order is None:
        return f"cannot be understood: {seen.problem}"
    return "" if body == seen.body else f"is {seen.order.native_state}, and recorded as it was: {row.native_state}"


def _documents(name: str, seen: Seen | None, rows: list[Any], books: Books) -> Iterator[str]:
    order = None if seen is None else seen.order
    expected = {"reservation": f"nordlys-{name}-order", "invoice": f"nordlys-{name}-invoice"}
    for kind, key in expected.items():
        own = [row for row in rows if row.kind == kind]
        if [row.key for row in own] != [key]:
            yield f"has {len(own)} documents of kind {kind}"
            return
        there = (books.reserved if kind == "reservation" else books.booked).get(key, [])
        if len(there) > 1:
            yield f"{key} is there {len(there)} times"
        if kind == "reservation":
            text = _reservation(order, own[0], there, books.returned.get(name, {}))
        else:
            held = any(row.kind == "credit_note" and row.status == "held" for row in rows)
            text = _invoice(order, own[0], there, None if held else books.of_order(name))
        if text:
            yield f"{kind} is {own[0].status}, {own[0].reason}; {text}"
    yield from _credits(order, rows, books.booked.get(expected["invoice"], []))


def _reservation(order: Order | None, row: Any, there: list[Any], returned: Mapping[str, Decimal]) -> str:
    """The warehouse holds what the shop wants held, less what was refunded, or a person is asked why not."""
    status, goods = Status(row.status), {} if order is None else _goods(order, returned)
    over = order is None or _is_over(order) or not goods
    if status in (Status.DUE, Status.WAITING, Status.FAILED):
        return "nothing was left to wait for"
    if row.reason == "reservation_cancelled":
        return "" if over and not there else "the shop wants it, or the warehouse still has it"
    if status is Status.DONE:
        if not there or not there[0]["is_booked"] or row.remote_id != str(there[0]["number"]):
            return "the warehouse does not have it so"
        if over or order is None:
            return "the shop's order is over"
        return "" if _pieces(there[0]) == goods else "the warehouse has other pieces than the shop sold"
    if status is Status.HELD:
        wrong = there and (over or _pieces(there[0]) != goods)
        return "" if wrong else "nothing is wrong with it"
    if there:
        return "the warehouse has it all the same"
    wanted = order is not None and order.native_state == "processing" and not over
    return "the shop wants it reserved" if wanted else ""


def _invoice(order: Order | None, row: Any, there: list[Any], net: Decimal | None) -> str:
    """The accounts have what was charged less what was refunded, or a person is asked why not.

    `net` is what they have with the credit notes; None: one of these is held.
    """
    status, left = Status(row.status), Decimal(0) if order is None else order.total.amount - order.refunded
    over = order is None or (_is_over(order) and left != 0)
    if status in (Status.DUE, Status.FAILED) or (status is Status.WAITING and row.reason != "not_shipped"):
        return "nothing was left to wait for"
    if status is Status.DONE:
        if not there or row.remote_number != str(there[0]["bookedInvoiceNumber"]):
            return "the accounts do not have it so"
        return "" if not over and net in (None, left) else f"the accounts have {net}, {left} is left"
    if status is Status.HELD:
        wrong = there and (over or net != left)
        given_back = order is not None and bool(order.refunded)
        return "" if wrong or given_back else "nothing is wrong with it"
    if there:
        return "the accounts have it all the same"
    wanted = order is not None and order.native_state == "completed" and left != 0
    return "the shop wants it invoiced" if wanted else ""


def _credits(order: Order | None, rows: list[Any], booked: list[Any]) -> Iterator[str]:
    """Money given back after the invoice is known as a credit, and no longer once it was taken again."""
    active = [row for row in rows if row.kind == "credit_note" and row.reason != "refund_withdrawn"]
    if booked and order is not None and order.refunded and not active:
        yield "money was given back, and nobody knows of it"
    expected = [row for row in active if row.remote_id is None and row.status != "skipped"]
    if order is not None and not order.refunded and expected:
        yield "a credit is expected, and no money was given back"


def _everywhere(busy: BusyShop, books: Books) -> Iterator[str]:
    for server in busy.world.servers:
        counted = server.counters()
        if counted["doubles"] or counted["crashes"]:
            yield f"{server.standin.name}: doubles {counted['doubles']}, crashes {counted['crashes']}"
    if books.drafts:
        yield f"{books.drafts} drafts were left behind"


def _is_over(order: Order) -> bool:
    money_back = order.lifecycle is Lifecycle.OPEN and 0 < order.total.amount <= order.refunded
    return money_back or order.lifecycle in (Lifecycle.CANCELLED, Lifecycle.DELETED)


def _goods(order: Order, returned: Mapping[str, Decimal]) -> dict[str, Decimal]:
    """The pieces of an order that are still to be sent."""
    goods = [line for line in order.lines if line.kind is LineKind.PRODUCT]
    left = {line.sku or "": line.quantity - returned.get(line.id, Decimal(0)) for line in goods}
    return {sku: pieces for sku, pieces in left.items() if pieces > 0}


def _pieces(reserved: Mapping[str, Any]) -> dict[str, Decimal]:
    lines = [line for line in reserved["lines"] if str(line["child_id"]).startswith("NH-")]
    return {str(line["child_id"]): Decimal(line["quantity"]) for line in lines}

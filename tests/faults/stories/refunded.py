"""A scene of refunds that come early: before goods are packed, before an invoice is drafted, between draft and booking.

Each run is one of the flows `orders` and `invoices` with its credit notes; the faults strike the run that brings the
refunds into the warehouse and the accounts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from sqlalchemy import create_engine, select

from pakhus.clients.http import Limits
from pakhus.ledger.connection import Ledger
from pakhus.ledger.schema import documents
from pakhus.settings import InvoiceMode
from tests.faults.scene import Scene, credit, invoice, observe, reserve, scene
from tests.faults.story import PreparedScene, Story
from tests.faults.truth import Finding, Truth, nothing_open

PIECES, GOODS, DRAFTED, SENT = "pieces", "goods", "drafted", "sent"
SOLD, AMOUNT = "NH-1018", "10.02"  # with a correction line
# In this state a document waits for people or parcels, not for us.
_WAITS = ("not_shipped", "credit_waits_for_invoice")


@dataclass(slots=True)
class RefundedScene(PreparedScene):
    """Its beginning: two orders are reserved, one is drafted; then all and a fourth one are refunded in part."""

    orders: dict[str, int] = field(default_factory=dict)

    def prepare(self) -> None:
        """The refunds are made in the shop and not yet read."""
        self._in_mode(InvoiceMode.DRAFT)
        self.orders = {name: self._buy() for name in (PIECES, GOODS, DRAFTED)}
        self.act(action="set_status", order=self.orders[DRAFTED], status="completed")
        self.quietly()
        if len(self.servers["economic"].get("state")["drafts"]) != 1:
            raise RuntimeError("the sent order has no draft")
        self.orders[SENT] = self._buy()
        self.act(action="set_status", order=self.orders[SENT], status="completed")
        self._give_back(PIECES, 1)
        self._give_back(GOODS, 3)
        self._give_back(SENT, 1)
        self.act(action="refund", order=self.orders[DRAFTED], amount=AMOUNT)
        self._in_mode(InvoiceMode.AUTO)
        self.pass_time(minutes=2)

    def order(self, name: str) -> dict[str, Any]:
        """An order as the shop has it."""
        rows: list[dict[str, Any]] = self.servers["woocommerce"].get("state")["orders"]
        return next(row for row in rows if int(row["id"]) == self.orders[name])

    def _in_mode(self, mode: InvoiceMode) -> None:
        invoices = self.settings.invoices.model_copy(update={"mode": mode})
        self.settings = self.settings.model_copy(update={"invoices": invoices})

    def _buy(self) -> int:
        items = [{"sku": SOLD, "quantity": 3}]
        placed: Any = self.act(action="place_order", items=items, payment_method="cod")
        return int(placed["order"])

    def _give_back(self, name: str, pieces: int) -> None:
        [line] = self.order(name)["line_items"]
        net, taxes = Decimal(line["total"]) * pieces / 3, line["taxes"]
        back = {"id": line["id"], "quantity": pieces, "refund_total": f"{net:.2f}"}
        back["refund_tax"] = [
            {"id": tax["id"], "refund_total": f"{Decimal(tax['total']) * pieces / 3:.2f}"} for tax in taxes
        ]
        self.act(action="refund", order=self.orders[name], line_items=[back])

    def _steps(self, limits: Limits, ledger: Ledger) -> None:
        for step in (observe, reserve, invoice, credit):
            step(self, limits, ledger)


def refunded_scene(ledger_url: str) -> AbstractContextManager[Scene]:
    """Start the servers of this scene; there are no earlier orders."""
    return scene(ledger_url, RefundedScene, ())


def refunded_findings(scene: Scene) -> list[Finding]:
    """Compare warehouse, accounts and ledger with what the refunds have left."""
    if not isinstance(scene, RefundedScene):
        raise TypeError("this truth is of the scene of refunds")
    warehouse, accounts = (scene.servers[name].get("state") for name in ("rackbeat", "economic"))
    return [*_warehouse(scene, warehouse), *_accounts(scene, accounts), *_ledger(scene)]


def open_documents(scene: Scene) -> int:
    """How many documents still wait for an outcome or their turn."""
    engine = create_engine(scene.ledger_url)
    with engine.begin() as connection:
        query = select(documents.c.id).where(
            documents.c.status.in_(("due", "waiting")), documents.c.reason.not_in(_WAITS)
        )
        found = len(connection.execute(query).all())
    engine.dispose()
    return found


def _warehouse(scene: RefundedScene, state: Mapping[str, Any]) -> Iterator[Finding]:
    there = {name: [] for name in scene.orders} | dict[str, list[Any]]()
    for row in state["orders"].values():
        name = next(one for one, order in scene.orders.items() if row["heading"] == f"nordlys-{order}-order")
        there[name].append(row)
    if len(there[PIECES]) != 1:
        yield Finding("lost" if not there[PIECES] else "doubled", f"{len(there[PIECES])} orders of one sale")
    for row in there[PIECES]:
        goods = [(line["child_id"], int(line["quantity"])) for line in row["lines"]]
        if goods != [(SOLD, 2)] or not row["is_booked"]:
            yield Finding("untrue", f"{goods} are reserved (booked: {row['is_booked']}), 2 are to be sent")
    for name in (GOODS, DRAFTED, SENT):
        if there[name]:
            yield Finding("doubled", f"the order {name} is still to be sent")


def _accounts(scene: RefundedScene, state: Mapping[str, Any]) -> Iterator[Finding]:
    if state["drafts"]:
        yield Finding("untrue", f"{len(state['drafts'])} drafts are left")
    booked = list(state["booked"].values())
    notes = [row for row in booked if "-credit" in row["references"]["other"]]
    if notes:
        yield Finding("doubled", f"{len(notes)} credit notes of refunds that the invoices have taken off")
    for name in (DRAFTED, SENT):
        order = scene.order(name)
        mine = [row for row in booked if row["references"]["other"] == f"nordlys-{order['id']}-invoice"]
        if len(mine) != 1:
            yield Finding("doubled" if mine else "lost", f"{len(mine)} invoices of the order {name}")
        left = Decimal(order["total"]) + sum(Decimal(refund["total"]) for refund in order["refunds"])
        for row in mine:
            if row["grossAmount"] != left:
                yield Finding("untrue", f"the order {name} is invoiced at {row['grossAmount']}, {left} are left")


def _ledger(scene: RefundedScene) -> Iterator[Finding]:
    engine = create_engine(scene.ledger_url)
    with engine.begin() as connection:
        rows = {row.key: row for row in connection.execute(select(documents))}
    engine.dispose()
    yield from nothing_open(scene)
    for name, (kind, reasons) in _EXPECTED.items():
        found = rows.get(f"nordlys-{scene.orders[name]}-{kind}")
        if found is None or found.reason not in reasons:
            yield Finding("untrue", f"the ledger says {found and found.reason} of the {kind} of {name}")
    for name in (DRAFTED, SENT):
        for row in rows.values():
            if row.key.startswith(f"nordlys-{scene.orders[name]}-credit") and row.reason != "credit_in_invoice":
                yield Finding("untrue", f"the ledger says {row.reason} of {row.key}")


_EXPECTED = {
    PIECES: ("order", {"transferred"}),
    GOODS: ("order", {"reservation_cancelled"}),
    DRAFTED: ("invoice", {"transferred", "adopted"}),
    SENT: ("invoice", {"transferred", "adopted"}),
}

REFUNDED = Truth(refunded_findings, open_documents)
STORY = Story("refunded", refunded_scene, REFUNDED)

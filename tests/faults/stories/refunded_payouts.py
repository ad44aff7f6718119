"""A payout of an order that was refunded whole before its invoice: both sides noted, entered once, clearing at 0.00."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import create_engine, select

from pakhus.clients.http import Limits
from pakhus.ledger.connection import Ledger
from pakhus.ledger.schema import clearing_items, documents
from tests.faults.money import CLEARING, PAYOUT, settle_refunded
from tests.faults.scene import Scene, credit, invoice, observe, pay, scene
from tests.faults.story import PreparedScene, Story
from tests.faults.truth import Finding, Truth, nothing_open


@dataclass(slots=True)
class RefundedPayoutScene(PreparedScene):
    """Its beginning: an order was paid and refunded whole, and the provider has settled both in one payout."""

    order_id: int = 0

    def prepare(self) -> None:
        """The order and its refund are in the shop and not yet read."""
        items = [{"sku": "NH-1018", "quantity": 1}]
        placed: Any = self.act(action="place_order", items=items, payment_method="cod")
        self.order_id = int(placed["order"])
        self.act(action="refund", order=self.order_id)
        self.pass_time(minutes=2)

    @property
    def order(self) -> dict[str, Any]:
        """The order as the shop has it."""
        rows: list[dict[str, Any]] = self.servers["woocommerce"].get("state")["orders"]
        return next(row for row in rows if int(row["id"]) == self.order_id)

    def _steps(self, limits: Limits, ledger: Ledger) -> None:
        for step in (observe, invoice, credit, pay):
            step(self, limits, ledger)
        settle_refunded(self.accounts(limits), ledger, str(self.order["number"]), Decimal(self.order["total"]))


def refunded_payout_scene(ledger_url: str) -> AbstractContextManager[Scene]:
    """Start the servers of this scene; there are no earlier orders."""
    return scene(ledger_url, RefundedPayoutScene, ())


def findings(scene: Scene) -> list[Finding]:
    """Compare accounts and ledger with what went in and out again."""
    if not isinstance(scene, RefundedPayoutScene):
        raise TypeError("this truth is of the scene of a refunded payout")
    return [*_accounts(scene), *_ledger(scene)]


def _accounts(scene: RefundedPayoutScene) -> Iterator[Finding]:
    state = scene.servers["economic"].get("state")
    if state["drafts"] or state["booked"]:
        yield Finding("doubled", "an invoice or credit note of what was refunded whole")
    entries = list(state["journal_entries"].values())
    vouchers = {entry["voucher"] for entry in entries}
    if len(vouchers) != 1:
        yield Finding("doubled" if vouchers else "lost", f"{len(vouchers)} vouchers of the payout")
    clearing = [Decimal(str(entry["amount"])) for entry in entries if entry["account"] == CLEARING]
    if sum(clearing) or len(clearing) != 2:
        yield Finding("untrue", f"{clearing} stand on clearing")


def _ledger(scene: RefundedPayoutScene) -> Iterator[Finding]:
    yield from nothing_open(scene)
    engine = create_engine(scene.ledger_url)
    with engine.begin() as connection:
        items = connection.execute(select(clearing_items)).all()
        reasons = {row.key: row.reason for row in connection.execute(select(documents))}
    engine.dispose()
    if len(items) != 2 or any(item.amount != item.settled_amount for item in items):
        yield Finding("untrue", f"{[(item.amount, item.settled_amount) for item in items]} are settled")
    if reasons.get(PAYOUT) != "payout_journaled":
        yield Finding("untrue", f"the ledger says {reasons.get(PAYOUT)} of the payout")


def open_documents(scene: Scene) -> int:
    """How many documents still wait for an outcome or their turn."""
    engine = create_engine(scene.ledger_url)
    with engine.begin() as connection:
        query = select(documents.c.id).where(documents.c.status.in_(("due", "waiting", "held")))
        found = len(connection.execute(query.where(documents.c.kind != "reservation")).all())
    engine.dispose()
    return found


STORY = Story("refunded payout", refunded_payout_scene, Truth(findings, open_documents))

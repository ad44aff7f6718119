"""The nightly audit: an order that live reading missed, a leftover in the warehouse, an invoice copied by hand.

The audit writes to no system. Whatever goes wrong in a night, the nights after find all three, and no day is called
proven that is not.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import create_engine, select

from pakhus.clients.http import Limits
from pakhus.flows.chunks import due_chunks
from pakhus.flows.invoices import biller
from pakhus.flows.judging import INVOICES, ORDERS
from pakhus.flows.leftovers import leftover_finder
from pakhus.flows.observation import Observer
from pakhus.flows.orders import reserver
from pakhus.flows.proof import Prover, day_window
from pakhus.ledger.connection import Ledger
from pakhus.ledger.schema import documents, proven_days
from tests.faults.scene import INVOICED, RESERVED, Scene, scene
from tests.faults.story import PreparedScene, Story
from tests.faults.truth import Finding, Truth

PLACED = date(2026, 11, 21)


@dataclass(slots=True)
class AuditScene(PreparedScene):
    """Its beginning: two orders are transferred, and after that everything happened that live reading does not see."""

    missed: str = ""
    day: date = PLACED
    live: bool = False

    def prepare(self) -> None:
        """A leftover, a copied invoice, and, a day later, an order of which no webhook and no list told."""
        self._live_run()
        self.act(action="set_status", order=int(RESERVED), status="completed")
        self._live_run()
        self.pass_time(hours=30)
        self._live_run()
        state = self.servers["economic"].get("state")
        [invoice] = [row for row in state["booked"].values() if row["references"]["other"] == _key()]
        self.act("economic", action="copy_invoice", invoice=invoice["bookedInvoiceNumber"])
        placed: Any = self.act(action="place_order", items=[{"sku": "NH-1018", "quantity": 2}], payment_method="cod")
        self.missed = str(placed["order"])
        self.pass_time(minutes=5)
        rows = self.servers["woocommerce"].get("state")["orders"]
        when = next(row["date_created_gmt"] for row in rows if str(row["id"]) == self.missed)
        zone = ZoneInfo(self.settings.timezone)
        self.day = datetime.fromisoformat(f"{when}+00:00").astimezone(zone).date()

    def _live_run(self) -> None:
        self.live = True
        self.quietly()
        self.live = False

    def _steps(self, limits: Limits, ledger: Ledger) -> None:
        shop, accounts, warehouse = self.shop(limits), self.accounts(limits), self.warehouse(limits)
        observer = Observer(shop, ledger, self.settings)
        if self.live:
            observer.observe()
            for chunk in due_chunks(ledger, self.settings.shop, ORDERS):
                reserver(shop, warehouse, ledger, self.settings).reserve(chunk.documents, workers=1)
            for chunk in due_chunks(ledger, self.settings.shop, INVOICES):
                biller(shop, accounts, ledger, self.settings).book(chunk.documents, workers=1)
            return
        observer.sweep(day_window(self.day, self.settings.timezone))
        prover = Prover(observer, accounts)
        prover.prove(self.day)
        prover.look_at_refunds()
        prover.prove(PLACED)
        leftover_finder(shop, warehouse, ledger, self.settings).find()


def audit_scene(ledger_url: str) -> AbstractContextManager[Scene]:
    """Start the servers of this scene."""
    return scene(ledger_url, AuditScene, (INVOICED, RESERVED))


def audit_findings(scene: Scene) -> list[Finding]:
    """Compare the calendar and the ledger with what is so."""
    assert isinstance(scene, AuditScene)
    return list(_found(scene))


def open_nights(scene: Scene) -> int:
    """How many of the two days and of the leftover are not told yet."""
    assert isinstance(scene, AuditScene)
    days, rows = _told(scene)
    return sum((len(days) < 2, rows[_key(RESERVED, "order")].reason != "reservation_left_over"))


def _found(scene: AuditScene) -> Iterator[Finding]:
    days, rows = _told(scene)
    missed = rows.get(_key(scene.missed, "order"))
    if missed is None or missed.reason != "due":
        yield Finding("lost", f"the order that was missed is {missed and missed.reason} in the ledger")
    if rows[_key(RESERVED, "order")].reason != "reservation_left_over":
        yield Finding("lost", "the leftover is not held for a person")
    if PLACED in days and _key() not in days[PLACED]:
        yield Finding("untrue", f"the copied invoice is not named on its day: {days[PLACED]}")
    if days.get(scene.day):
        yield Finding("untrue", f"a difference is named where there is none: {days[scene.day]}")


def _told(scene: AuditScene) -> tuple[dict[date, list[str]], dict[str, Any]]:
    """The keys that differ on each day of the calendar, and the documents by their key."""
    engine = create_engine(scene.ledger_url)
    with engine.begin() as connection:
        days = connection.execute(select(proven_days)).all()
        rows = {row.key: row for row in connection.execute(select(documents))}
    engine.dispose()
    return {row.day: [one["key"] for one in row.differences] for row in days}, rows


def _key(order: str = INVOICED, kind: str = "invoice") -> str:
    return f"nordlys-{order}-{kind}"


AUDITED = Truth(audit_findings, open_nights)
STORY = Story("audit", audit_scene, AUDITED)

"""Import of a day before the shop's start: two completed orders, one that never was.

Each healing run imports the same day again, as clearing the run or a second backfill does.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import create_engine, select

from pakhus.clients.http import Limits
from pakhus.flows.imports import ImportMode, importer
from pakhus.ledger.connection import Ledger
from pakhus.ledger.schema import documents, import_days
from tests.faults.scene import INVOICED, Scene, scene
from tests.faults.story import Story
from tests.faults.truth import Finding, Truth, nothing_open

COMPLETED, UNSENT = "60", "61"
DAY = date(2026, 11, 21)
_STARTS = datetime(2030, 1, 1, tzinfo=UTC)


@dataclass(slots=True)
class ImportScene(Scene):
    """A run imports the day, and books."""

    def _steps(self, limits: Limits, ledger: Ledger) -> None:
        settings = self.settings.model_copy(update={"start_from": _STARTS})
        flow = importer(self.shop(limits), self.accounts(limits), ledger, settings, ImportMode.BOOK)
        flow.import_day(DAY)


def import_scene(ledger_url: str) -> AbstractContextManager[Scene]:
    """Start the servers of this scene."""
    return scene(ledger_url, ImportScene, (INVOICED, COMPLETED, UNSENT))


def import_findings(scene: Scene) -> list[Finding]:
    """Compare accounts, warehouse and ledger with what was to be imported."""
    states = {name: server.get("state") for name, server in scene.servers.items()}
    return [*_accounts(states), *_ledger(scene)]


def open_imports(scene: Scene) -> int:
    """How many documents still wait for an outcome or their turn; one while the day is not noted as imported."""
    engine = create_engine(scene.ledger_url)
    with engine.begin() as connection:
        query = select(documents.c.id).where(
            documents.c.status.in_(("due", "waiting")), documents.c.reason != "not_shipped"
        )
        found = len(connection.execute(query).all())
        day = connection.execute(select(import_days)).one_or_none()
    engine.dispose()
    return found or int(day is None)


def _accounts(states: dict[str, Any]) -> Iterator[Finding]:
    accounts, shop = states["economic"], states["woocommerce"]
    charged = {str(order["id"]): Decimal(order["total"]) for order in shop["orders"]}
    booked = list(accounts["booked"].values())
    for order in (INVOICED, COMPLETED):
        found = [row for row in booked if row["references"]["other"] == f"nordlys-{order}-invoice"]
        if len(found) != 1:
            yield Finding("doubled" if found else "lost", f"the invoice of {order} is there {len(found)} times")
        for row in found:
            if Decimal(row["grossAmount"]) != charged[order]:
                yield Finding("untrue", f"order {order} is invoiced over {row['grossAmount']}, not {charged[order]}")
    if len(booked) > 2:
        yield Finding("untrue", "the accounts have invoices that nobody asked for")
    if accounts["drafts"]:
        yield Finding("doubled", f"{len(accounts['drafts'])} drafts were left behind")
    emails = [str(row["email"]).lower() for row in accounts["customers"].values() if row.get("email")]
    if len(emails) != len(set(emails)):
        yield Finding("doubled", "a customer is in the accounts twice")
    if states["rackbeat"]["orders"] or shop["notes"]:
        yield Finding("untrue", "an import reserved goods or wrote to a buyer")


def _ledger(scene: Scene) -> Iterator[Finding]:
    engine = create_engine(scene.ledger_url)
    with engine.begin() as connection:
        rows = {row.key: row for row in connection.execute(select(documents).where(documents.c.kind == "invoice"))}
        day = connection.execute(select(import_days)).one_or_none()
    engine.dispose()
    yield from nothing_open(scene)
    for order, status in ((INVOICED, "done"), (COMPLETED, "done"), (UNSENT, "waiting")):
        row = rows.get(f"nordlys-{order}-invoice")
        if row is None or row.status != status:
            yield Finding("untrue", f"the ledger says {row and (row.status, row.reason)} of order {order}")
    if day is not None and sum(one["count"] for one in day.outcomes.values()) != 3:
        yield Finding("untrue", f"the imported day is noted as {day.outcomes}")


IMPORTED = Truth(import_findings, open_imports)
STORY = Story("import", import_scene, IMPORTED)

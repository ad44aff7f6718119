"""Credit notes on the Transfers page, as the flows made them: with refund, invoice, payment and reason."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from fastapi.testclient import TestClient

from tests.apps.test_transfers_page import client_of
from tests.flows.few_orders import FEW
from tests.flows.shipped_orders import only
from tests.flows.test_credit_notes import booked, credit, invoiced, order_of, refund
from tests.flows.test_payments import JOURNAL, pay, paying
from tests.flows.test_refunds_before_booking import completed
from tests.flows.world import World, world


@dataclass(frozen=True, slots=True)
class Told:
    """A shop with credit notes, and the page over its ledger."""

    world: World
    page: TestClient

    def row(self, **query: str) -> Any:
        """The one order that the list shows for a query."""
        [row] = self.page.get("/data/orders", params=query).json()["rows"]
        return row

    def timeline(self, **query: str) -> Any:
        return self.page.get(f"/data/orders/{self.row(**query)['id']}").json()


@pytest.fixture
def told(fresh_ledger_url: str) -> Iterator[Told]:
    with world(fresh_ledger_url, seed=only(*FEW)) as running:
        yield Told(paying(running, JOURNAL), client_of(fresh_ledger_url))


def documents(timeline: Any, kind: str) -> list[Any]:
    return [one for one in timeline["documents"] if one["kind"] == kind]


def test_credit_note_stands_beside_its_order_and_is_found_by_its_number(told: Told) -> None:
    order = invoiced(told.world)
    key = refund(told.world, order, amount="50.00")
    credit(told.world)
    [note] = booked(told.world, key)
    row = told.row(q=str(note["bookedInvoiceNumber"]))
    assert row["number"] == order_of(told.world, order)["number"]
    [found] = documents(row, "credit_note")
    assert (found["key"], found["status"], found["reason"]) == (key, "done", "transferred")
    assert found["remote_number"] == str(note["bookedInvoiceNumber"])
    assert "credit_note" in told.page.get("/data/choices").json()["kinds"]


def test_timeline_tells_the_refund_that_was_seen_and_each_write_of_its_credit_note(told: Told) -> None:
    order = invoiced(told.world)
    key = refund(told.world, order, amount="50.00")
    credit(told.world)
    pay(told.world)
    told.world.forward(minutes=11)  # it may have been looked at before its invoice was paid
    pay(told.world)
    timeline = told.timeline(q=key)
    seen = {(one["kind"], one["gross"]) for one in timeline["objects"]}
    assert ("refund", "50.000000") in seen
    [note] = documents(timeline, "credit_note")
    steps = [write["step"] for write in timeline["writes"] if write["document_id"] == note["id"]]
    assert sorted(steps) == ["book_credit_note", "create_draft"]
    assert [one["reason"] for one in documents(timeline, "repayment")] == ["payment_registered"]


def test_held_credit_note_is_among_what_a_person_has_to_do_with_its_reason(told: Told) -> None:
    order = invoiced(told.world)
    key = refund(told.world, order, amount="50.00")
    told.world.observe()
    told.world.accounts_server.act({"action": "close", "what": "year", "date": f"{told.world.ledger.now():%Y-%m-%d}"})
    told.world.credit()
    row = told.row(status="person", kind="credit_note")
    assert row["number"] == order_of(told.world, order)["number"]
    [found] = documents(row, "credit_note")
    assert (found["key"], found["reason"], found["actor"]) == (key, "period_closed", "merchant")
    assert "accounting period" in found["meaning"]
    assert told.page.get("/data/counts").json()["held"] >= 1


def test_refund_that_the_invoice_has_taken_off_says_so_and_names_the_invoice(told: Told) -> None:
    order = completed(told.world)
    key = refund(told.world, order, amount="50.00")
    credit(told.world)
    [invoice] = booked(told.world, f"nordlys-{order}-invoice")
    [found] = documents(told.row(q=key), "credit_note")
    assert (found["status"], found["reason"]) == ("skipped", "credit_in_invoice")
    assert str(invoice["bookedInvoiceNumber"]) in found["meaning"]

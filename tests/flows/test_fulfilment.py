"""From a shipment in Rackbeat to an order that is completed in the shop, and to its invoice."""

from collections.abc import Iterator
from datetime import date, timedelta

import pytest

from pakhus.clients.http import Call
from pakhus.flows.decisions import send_again
from pakhus.ledger import inbox
from pakhus.reasons import REASONS
from pakhus.rules.mappings import TrackingField
from pakhus.settings import InvoiceWhen
from tests.flows.shipped_orders import (
    Row,
    calls_of_shipments,
    only,
    our_notes,
    reasons,
    reservations,
    rows,
    state_in_shop,
)
from tests.flows.world import World, world

WHOLE, IN_PARTS = "61", "100"  # orders of the recorded shop with one and with two kinds of goods


@pytest.fixture
def nordlys(fresh_ledger_url: str) -> Iterator[World]:
    """The recorded shop with these two orders alone."""
    with world(fresh_ledger_url, seed=only(WHOLE, IN_PARTS)) as running:
        yield running


@pytest.fixture
def reserved(nordlys: World) -> World:
    nordlys.observe()
    nordlys.reserve()
    return nordlys


def test_shipped_order_is_noted_and_completed_in_the_shop(reserved: World) -> None:
    shipment = reserved.ship(reservations(reserved)[WHOLE])
    report = reserved.fulfil()
    key = f"nordlys-{WHOLE}-shipment{shipment}"
    assert rows(reserved) == {key: Row("done", "transferred", {})}
    assert state_in_shop(reserved, WHOLE) == "completed"
    assert our_notes(reserved, WHOLE) == [f"Shipped: 3 × NH-1001 [{key}]"]
    assert report.codes == {"transferred": 1}
    assert calls_of_shipments(reserved) == [("POST", "ok"), ("PUT", "ok")]


def test_further_runs_change_nothing(reserved: World) -> None:
    reserved.ship(reservations(reserved)[WHOLE])
    reserved.fulfil()
    reserved.reset_counters()
    for _ in range(2):
        reserved.fulfil()
        reserved.observe()
        reserved.reserve()
    assert reserved.writes() == 0


def test_order_in_two_shipments_is_completed_by_the_last(reserved: World) -> None:
    number = reservations(reserved)[IN_PARTS]
    first = reserved.ship(number, NH_1000=1)
    reserved.fulfil()
    assert state_in_shop(reserved, IN_PARTS) == "processing"
    assert reasons(reserved) == ["partly_shipped"]
    second = reserved.ship(number)
    reserved.fulfil()
    assert state_in_shop(reserved, IN_PARTS) == "completed"
    assert reasons(reserved) == ["partly_shipped", "transferred"]
    assert our_notes(reserved, IN_PARTS) == [
        f"Partly shipped: 1 × NH-1000 [nordlys-{IN_PARTS}-shipment{first}]",
        f"Shipped: 3 × NH-1029 [nordlys-{IN_PARTS}-shipment{second}]",
    ]


@pytest.mark.parametrize("workers", [1, 4])
def test_two_shipments_between_two_runs_are_both_noted_and_complete_once(reserved: World, workers: int) -> None:
    number = reservations(reserved)[IN_PARTS]
    reserved.ship(number, NH_1000=1)
    reserved.ship(number)
    reserved.fulfil(workers=workers)
    assert state_in_shop(reserved, IN_PARTS) == "completed"
    assert len(our_notes(reserved, IN_PARTS)) == 2
    assert calls_of_shipments(reserved) == [("POST", "ok"), ("POST", "ok"), ("PUT", "ok")]


def test_order_whose_rest_is_taken_off_is_completed_by_the_compare(reserved: World) -> None:
    number = reservations(reserved)[IN_PARTS]
    reserved.ship(number, NH_1000=1)
    reserved.fulfil()
    reserved.warehouse_server.act({"action": "take_off", "order": number})
    reserved.fulfil(compare=True)
    assert state_in_shop(reserved, IN_PARTS) == "completed"
    assert reasons(reserved) == ["transferred"]
    assert len(our_notes(reserved, IN_PARTS)) == 1


def test_order_that_a_person_completed_needs_nothing(reserved: World) -> None:
    reserved.ship(reservations(reserved)[WHOLE])
    reserved.act(action="set_status", order=int(WHOLE), status="completed")
    reserved.reset_counters()
    reserved.fulfil()
    assert reasons(reserved) == ["closed_in_shop"]
    assert reserved.writes() == 0


@pytest.mark.parametrize("state", ["cancelled", "refunded", "failed"])
def test_shipped_order_that_people_closed_is_held_until_they_decide(reserved: World, state: str) -> None:
    reserved.ship(reservations(reserved)[WHOLE])
    reserved.act(action="set_status", order=int(WHOLE), status=state)
    reserved.reset_counters()
    reserved.fulfil()
    assert list(rows(reserved).values()) == [Row("held", "shipped_but_closed", {"state": state})]
    assert reserved.writes() == 0
    reserved.act(action="set_status", order=int(WHOLE), status="processing")
    reserved.forward(days=1, minutes=1)
    reserved.fulfil()
    assert reasons(reserved) == ["transferred"]
    assert state_in_shop(reserved, WHOLE) == "completed"


@pytest.mark.parametrize(("force", "state"), [("false", "trash"), ("true", "deleted")])
def test_shipped_order_that_was_deleted_in_the_shop_is_held(reserved: World, force: str, state: str) -> None:
    reserved.ship(reservations(reserved)[WHOLE])
    reserved.shop.send(Call("DELETE", f"/wc/v3/orders/{WHOLE}", [("force", force)]))
    reserved.fulfil()
    assert list(rows(reserved).values()) == [Row("held", "shipped_but_closed", {"state": state})]


@pytest.mark.parametrize("method", ["POST", "PUT"], ids=["note", "state"])
@pytest.mark.parametrize("fault", ["answer_lost", "request_lost"])
def test_lost_answer_is_settled_by_reading_again_when_it_must_have_shown(
    reserved: World, fault: str, method: str
) -> None:
    reserved.ship(reservations(reserved)[WHOLE])
    reserved.shop_server.faults.set([{"kind": fault, "method": method, "nth": 1}])
    reserved.fulfil()
    assert reasons(reserved) == ["remote_unavailable"]
    reserved.forward(minutes=1)
    reserved.fulfil()
    assert reasons(reserved) == ["outcome_unknown"]
    reserved.forward(minutes=3)
    reserved.fulfil()
    assert reasons(reserved) == ["transferred"]
    assert len(our_notes(reserved, WHOLE)) == 1
    assert state_in_shop(reserved, WHOLE) == "completed"
    assert (method, "adopted" if fault == "answer_lost" else "absent") in calls_of_shipments(reserved)


def test_held_shipment_that_is_sent_again_has_its_order_read_anew_and_goes_on(reserved: World) -> None:
    shipment = reserved.ship(reservations(reserved)[WHOLE])
    reserved.act(action="set_status", order=int(WHOLE), status="cancelled")
    reserved.fulfil()
    reserved.act(action="set_status", order=int(WHOLE), status="processing")
    send_again(reserved.ledger, "nordlys", f"nordlys-{WHOLE}-shipment{shipment}", by="anna")
    with reserved.ledger.begin() as tx:
        assert [hint.source_id for hint in inbox.waiting(tx, "nordlys", "order", limit=9)] == [WHOLE]
    reserved.fulfil()
    assert reasons(reserved) == ["transferred"]


def test_tracking_is_told_from_the_field_that_the_mapping_names(reserved: World) -> None:
    number = reservations(reserved)[WHOLE]
    reserved.warehouse_server.act({"action": "set_field", "order": number, "field": 7, "value": "0037-1, 0037-2"})
    tracking = TrackingField(field=7, carrier="GLS", address="https://gls.example/{number}")
    assert reserved.settings.mapping.rackbeat is not None
    warehouse = reserved.settings.mapping.rackbeat.model_copy(update={"tracking": tracking})
    mapping = reserved.settings.mapping.model_copy(update={"rackbeat": warehouse})
    reserved.settings = reserved.settings.model_copy(update={"mapping": mapping})
    reserved.ship(number)
    reserved.fulfil()
    (note,) = our_notes(reserved, WHOLE)
    assert "GLS 0037-1 https://gls.example/0037-1. GLS 0037-2 https://gls.example/0037-2" in note


def test_goods_are_named_as_the_shop_calls_them(reserved: World) -> None:
    mapping = reserved.settings.mapping.model_copy(update={"product_numbers": {"SHOP-NAME": "NH-1001"}})
    reserved.settings = reserved.settings.model_copy(update={"mapping": mapping})
    reserved.ship(reservations(reserved)[WHOLE])
    reserved.fulfil()
    assert "3 × SHOP-NAME" in our_notes(reserved, WHOLE)[0]


def test_rest_that_the_warehouse_cancelled_is_held_until_the_shop_ends_the_order(reserved: World) -> None:
    number = reservations(reserved)[IN_PARTS]
    reserved.ship(number, NH_1000=1)
    reserved.fulfil()
    reserved.warehouse_server.act({"action": "cancel", "order": number})
    reserved.fulfil(compare=True)
    held = Row("held", "warehouse_order_closed", {"number": number, "state": "cancelled"})
    assert rows(reserved, "remainder") == {f"nordlys-{IN_PARTS}-remainder": held}
    reserved.act(action="set_status", order=int(IN_PARTS), status="completed")
    reserved.forward(days=1, minutes=1)
    reserved.observe()
    reserved.fulfil()
    assert reasons(reserved, "remainder") == ["closed_in_shop"]


def test_reservation_that_was_deleted_in_the_warehouse_is_held_or_ends_with_the_order(reserved: World) -> None:
    """A merchant who cancels in the shop deletes the reservation: that is how it should be, and asks for nothing."""
    numbers = reservations(reserved)
    reserved.act(action="set_status", order=int(WHOLE), status="cancelled")
    reserved.forward(minutes=2)
    reserved.observe()
    for order in (WHOLE, IN_PARTS):
        reserved.warehouse_server.act({"action": "delete", "order": numbers[order]})
    reserved.fulfil(compare=True)
    found = {key: row.reason for key, row in rows(reserved, "remainder").items()}
    assert found == {
        f"nordlys-{WHOLE}-remainder": "closed_in_shop",
        f"nordlys-{IN_PARTS}-remainder": "warehouse_order_closed",
    }


def test_shipment_of_a_form_that_nobody_knows_is_held_and_turns_the_run_red(reserved: World) -> None:
    shipment = reserved.ship(reservations(reserved)[WHOLE])
    reserved.warehouse_server.standin.state.shipments[shipment]["lines"][0]["quantity"] = "three"  # type: ignore[attr-defined]
    report = reserved.fulfil()
    (row,) = rows(reserved).values()
    assert (row.status, row.reason) == ("held", "shipment_unreadable")
    assert "quantity of item NH-1001" in row.parameters["problem"]
    assert report.alarms()
    assert state_in_shop(reserved, WHOLE) == "processing"


def test_nobody_is_asked_about_what_only_we_can_mend() -> None:
    assert REASONS["shipment_unreadable"].answers == ()


# invoices


def with_when(at: World, when: InvoiceWhen) -> None:
    invoices = at.settings.invoices.model_copy(update={"when": when})
    at.settings = at.settings.model_copy(update={"invoices": invoices})


def invoice_of(at: World, order: str) -> str:
    return rows(at, "invoice")[f"nordlys-{order}-invoice"].reason


def invoice_date(at: World, order: str) -> date:
    booked = at.accounts_server.dump()["booked"]
    entries = booked.values() if isinstance(booked, dict) else booked
    found = next(row for row in entries if row["references"]["other"] == f"nordlys-{order}-invoice")
    return date.fromisoformat(str(found["date"]))


def test_invoice_waits_for_the_shipment_though_a_person_completed_the_order(nordlys: World) -> None:
    with_when(nordlys, InvoiceWhen.SHIPPED)
    nordlys.observe()
    nordlys.reserve()
    nordlys.act(action="set_status", order=int(WHOLE), status="completed")
    nordlys.forward(minutes=2)
    nordlys.run()
    assert invoice_of(nordlys, WHOLE) == "not_shipped"
    nordlys.forward(days=1)
    nordlys.ship(reservations(nordlys)[WHOLE])
    shipped_on = (nordlys.ledger.now() + timedelta(hours=1)).date()
    nordlys.fulfil()
    nordlys.forward(days=2)
    nordlys.book()
    assert invoice_of(nordlys, WHOLE) == "transferred"
    assert invoice_date(nordlys, WHOLE) == shipped_on


def test_invoice_is_due_by_the_shipment_before_the_shop_knows_of_it(reserved: World) -> None:
    reserved.ship(reservations(reserved)[WHOLE])
    reserved.shop_server.faults.set([{"kind": "error_500", "method": "POST", "times": None}])
    reserved.fulfil()
    reserved.shop_server.faults.set([])
    assert state_in_shop(reserved, WHOLE) == "processing"
    assert invoice_of(reserved, WHOLE) == "due"
    reserved.book()
    assert invoice_of(reserved, WHOLE) == "transferred"


def test_part_of_an_order_makes_no_invoice_due(reserved: World) -> None:
    reserved.ship(reservations(reserved)[IN_PARTS], NH_1000=1)
    reserved.fulfil()
    reserved.run()
    assert invoice_of(reserved, IN_PARTS) == "not_shipped"


def test_shipment_makes_no_invoice_due_where_only_the_state_counts(nordlys: World) -> None:
    with_when(nordlys, InvoiceWhen.STATE)
    nordlys.observe()
    nordlys.reserve()
    nordlys.ship(reservations(nordlys)[WHOLE])
    nordlys.shop_server.faults.set([{"kind": "error_500", "method": "POST", "times": None}])
    nordlys.fulfil()
    nordlys.shop_server.faults.set([])
    nordlys.book()
    assert invoice_of(nordlys, WHOLE) == "not_shipped"


def test_invoice_of_a_refunded_order_is_not_due_because_its_goods_went(reserved: World) -> None:
    reserved.act(action="set_status", order=int(WHOLE), status="refunded")
    reserved.forward(minutes=2)
    reserved.observe()
    reserved.ship(reservations(reserved)[WHOLE])
    reserved.fulfil()
    reserved.book()
    assert rows(reserved, "invoice")[f"nordlys-{WHOLE}-invoice"].status != "done"

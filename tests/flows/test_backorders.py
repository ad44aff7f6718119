"""The rest of a partly shipped order that people move to a new order in Rackbeat: followed, or left to a person."""

from collections.abc import Iterator

import pytest

from pakhus.settings import InvoiceMode
from tests.flows.shipped_orders import only, reasons, reservations, state_in_shop
from tests.flows.test_order_life import document, in_shop
from tests.flows.world import World, world

OURS = "61"


@pytest.fixture
def nordlys(fresh_ledger_url: str) -> Iterator[World]:
    with world(fresh_ledger_url, seed=only(OURS)) as running:
        invoices = running.settings.invoices.model_copy(update={"mode": InvoiceMode.AUTO})
        running.settings = running.settings.model_copy(update={"invoices": invoices})
        running.observe()
        running.reserve()
        yield running


def ship_a_part(at: World) -> str:
    """One piece of our order goes; the order's number in the warehouse."""
    number = reservations(at)[OURS]
    first = at.warehouse_server.dump()["orders"][number]["lines"][0]["child_id"]
    at.warehouse_server.act({"action": "ship", "order": number, "lines": {first: 1}})
    at.fulfil()
    return number


def move_the_rest(at: World, number: str) -> str:
    moved = at.warehouse_server.act({"action": "backorder", "order": number})
    return str(moved["order"])


@pytest.mark.parametrize("heading", ["kept", "empty"])
def test_shipment_of_a_backorder_completes_the_order_and_its_invoice_is_due(nordlys: World, heading: str) -> None:
    nordlys.warehouse_server.configure({"backorder_heading": heading})
    number = ship_a_part(nordlys)
    rest = move_the_rest(nordlys, number)
    nordlys.fulfil(compare=True)
    assert reservations(nordlys)[OURS] == rest
    assert (reasons(nordlys), reasons(nordlys, "remainder")) == (["partly_shipped"], [])
    nordlys.ship(rest)
    nordlys.fulfil()
    assert (reasons(nordlys), state_in_shop(nordlys, OURS)) == (["partly_shipped", "transferred"], "completed")
    nordlys.book()
    assert len(nordlys.accounts_server.dump()["booked"]) == 1


def test_backorder_that_was_shipped_before_anybody_looked_is_told_as_well(nordlys: World) -> None:
    number = ship_a_part(nordlys)
    nordlys.ship(move_the_rest(nordlys, number))
    nordlys.fulfil()
    nordlys.fulfil(compare=True)
    assert (reasons(nordlys), state_in_shop(nordlys, OURS)) == (["partly_shipped", "transferred"], "completed")


def test_followed_backorder_costs_a_quiet_run_nothing_more(nordlys: World) -> None:
    number = ship_a_part(nordlys)
    nordlys.ship(move_the_rest(nordlys, number))
    nordlys.fulfil(compare=True)
    nordlys.reset_counters()
    nordlys.fulfil()
    assert [row["path"] for row in nordlys.warehouse_server.requests()] == ["/api/order-shipments"]


def test_change_in_the_shop_is_for_a_person_once_the_rest_is_a_backorder(nordlys: World) -> None:
    rest = move_the_rest(nordlys, ship_a_part(nordlys))
    nordlys.fulfil(compare=True)
    nordlys.act(action="edit_line", order=int(OURS), line=in_shop(nordlys, OURS)["line_items"][0]["id"], quantity=9)
    nordlys.forward(minutes=2)
    nordlys.observe()
    nordlys.reserve()
    held = document(nordlys, OURS)
    assert (held.reason, held.reason_parameters["number"]) == ("reservation_locked", rest)
    assert "backorder" in held.reason_parameters["why"]
    assert reservations(nordlys)[OURS] == rest


@pytest.mark.parametrize("doubt", ["two", "other goods", "not named"])
def test_rest_that_cannot_be_told_for_certain_is_left_to_a_person(nordlys: World, doubt: str) -> None:
    number = ship_a_part(nordlys)
    rest = move_the_rest(nordlys, number)
    state = nordlys.warehouse_server.standin.state  # type: ignore[attr-defined]
    if doubt == "two":
        state.orders[99999] = {**state.orders[int(rest)], "number": 99999}
    elif doubt == "other goods":
        state.orders[int(rest)]["lines"][0]["quantity"] += 5
    else:
        state.orders[int(rest)] |= {"note": f"See order 1{number}", "heading": None}
    nordlys.fulfil(compare=True)
    assert (reservations(nordlys)[OURS], reasons(nordlys, "remainder")) == (number, ["warehouse_order_closed"])


def test_order_that_was_cancelled_after_a_part_went_without_a_backorder_is_held(nordlys: World) -> None:
    number = ship_a_part(nordlys)
    nordlys.warehouse_server.act({"action": "cancel", "order": number})
    nordlys.fulfil(compare=True)
    assert reasons(nordlys, "remainder") == ["warehouse_order_closed"]

"""Reading the shipments of an agreement: none is missed, nothing is read twice, and a quiet run costs one request."""

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import replace
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from pakhus.flows.shipments import CURSOR, shipment_reader
from pakhus.ledger import cursors
from pakhus.ledger.claims import holding
from pakhus.ledger.schema import documents, sources
from tests.flows.shipped_orders import only, reasons, reservations, state_in_shop, stored_shipments
from tests.flows.world import World, beside, world

OURS, OTHER = "61", "100"
AGREEMENT = "rackbeat__main"


@pytest.fixture
def nordlys(fresh_ledger_url: str) -> Iterator[World]:
    with world(fresh_ledger_url, seed=only(OURS, OTHER)) as running:
        until_noon(running)
        running.observe()
        running.reserve()
        yield running


def until_noon(at: World) -> None:
    """Let time pass to the next noon, so that no test meets the compare of the night by chance."""
    local = at.ledger.now().astimezone(ZoneInfo(at.settings.timezone))
    noon = (local + timedelta(days=1)).replace(hour=12, minute=0, second=0, microsecond=0)
    at.forward(seconds=int((noon - local).total_seconds()))


def requests_of(at: World) -> list[str]:
    """The warehouse's requests since the counters were reset, as method and route."""
    return [f"{row['method']} {row['path']}" for row in at.warehouse_server.requests()]


def shipments_in_warehouse(at: World) -> dict[int, Any]:
    found: dict[int, Any] = at.warehouse_server.standin.state.shipments  # type: ignore[attr-defined]
    return found


def ship_for_others(at: World, count: int) -> None:
    """Let the warehouse ship orders that other channels made: newer than all that is there."""
    state = at.warehouse_server.standin.state  # type: ignore[attr-defined]
    order = deepcopy(next(iter(state.orders.values())))
    order |= {"number": state.next_number("order"), "heading": "from the fair"}
    state.orders[order["number"]] = order
    for _ in range(count):
        number = state.next_number("shipment")
        now = at.warehouse_server.clock.now()
        state.shipments[number] = {
            "id": number,
            "order_id": order["number"],
            "customer_id": order["customer_id"],
            "is_picked": True,
            "is_partly_picked": False,
            "is_shipped": True,
            "shipped_at": now,
            "shipping_date": now.date().isoformat(),
            "lines": [],
            "created": now,
            "updated": now,
        }


def test_quiet_run_costs_one_request(nordlys: World) -> None:
    nordlys.fulfil()
    nordlys.reset_counters()
    nordlys.fulfil()
    assert requests_of(nordlys) == ["GET /api/order-shipments"]


def test_nothing_is_asked_before_anything_was_reserved(fresh_ledger_url: str) -> None:
    with world(fresh_ledger_url, seed=only()) as empty:
        empty.fulfil()
        assert requests_of(empty) == []


def test_shipment_that_is_marked_shipped_weeks_after_it_was_made_is_told(nordlys: World) -> None:
    """120 newer ones stand before it in the list by then."""
    packed = nordlys.pack(reservations(nordlys)[OURS])
    nordlys.fulfil()
    assert stored_shipments(nordlys) == {str(packed): "open"}
    nordlys.forward(hours=2)
    ship_for_others(nordlys, 120)
    nordlys.fulfil()
    nordlys.forward(days=21)
    nordlys.fulfil()
    nordlys.send_off(packed)
    nordlys.reset_counters()
    nordlys.fulfil()
    assert state_in_shop(nordlys, OURS) == "completed"
    assert requests_of(nordlys) == [
        "GET /api/order-shipments",
        f"GET /api/order-shipments/{packed}",
        f"GET /api/orders/{reservations(nordlys)[OURS]}",
    ]


def test_packed_shipment_that_was_deleted_is_not_asked_for_again(nordlys: World) -> None:
    packed = nordlys.pack(reservations(nordlys)[OURS])
    nordlys.fulfil()
    nordlys.warehouse_server.act({"action": "delete_shipment", "shipment": packed})
    nordlys.fulfil()
    assert stored_shipments(nordlys) == {str(packed): "gone"}
    nordlys.reset_counters()
    nordlys.fulfil()
    assert len(requests_of(nordlys)) == 1


def test_shipment_that_the_list_never_showed_is_found_by_the_compare_of_the_night(nordlys: World) -> None:
    nordlys.fulfil()
    shipped = nordlys.ship(reservations(nordlys)[OURS])
    hidden = shipments_in_warehouse(nordlys).pop(shipped)
    nordlys.forward(hours=2)
    ship_for_others(nordlys, 120)
    nordlys.fulfil()
    nordlys.forward(hours=2)
    nordlys.fulfil()
    shipments_in_warehouse(nordlys)[shipped] = hidden  # older than all that was stored, and on the second page
    nordlys.fulfil()
    assert reasons(nordlys) == []
    nordlys.forward(days=1)
    nordlys.fulfil()
    assert state_in_shop(nordlys, OURS) == "completed"


def test_compare_runs_once_a_night_and_asks_for_open_orders_only(nordlys: World) -> None:
    nordlys.ship(reservations(nordlys)[OURS])
    nordlys.fulfil(compare=True)
    for _ in range(2):
        nordlys.forward(days=1)
        nordlys.reset_counters()
        nordlys.fulfil()
        nordlys.fulfil()
        asked = [path for path in requests_of(nordlys) if "/orders/" in path]
        assert asked == [f"GET /api/orders/{reservations(nordlys)[OTHER]}"]


def test_night_begins_at_three_by_the_shops_clock(nordlys: World) -> None:
    nordlys.fulfil()
    nordlys.forward(hours=14, minutes=58)  # it is noon
    nordlys.reset_counters()
    nordlys.fulfil()
    assert len(requests_of(nordlys)) == 1
    nordlys.forward(minutes=4)
    nordlys.fulfil()
    assert len(requests_of(nordlys)) == 4


def test_order_that_says_more_went_than_its_shipments_show_is_asked_again_for_two_weeks(nordlys: World) -> None:
    shipped = nordlys.ship(reservations(nordlys)[OURS])
    del shipments_in_warehouse(nordlys)[shipped]
    asked = []
    for days in (0, 1, 12, 2):
        nordlys.forward(days=days)
        nordlys.reset_counters()
        nordlys.fulfil()
        asked.append(f"GET /api/orders/{reservations(nordlys)[OURS]}/shipments" in requests_of(nordlys))
    assert asked == [True, True, True, False]


def test_shipment_of_an_order_that_is_not_ours_is_stored_and_comes_to_nothing(nordlys: World) -> None:
    nordlys.fulfil()
    ship_for_others(nordlys, 3)
    report = nordlys.fulfil()
    assert (report.seen, report.codes, reasons(nordlys)) == (3, {}, [])
    with nordlys.ledger.begin() as tx:
        parents = tx.connection.execute(select(sources.c.parent_id).where(sources.c.kind == "shipment")).scalars().all()
    assert parents == [None] * 3


def test_two_shops_read_their_agreement_once_and_each_tells_its_own(nordlys: World) -> None:
    with beside(nordlys) as fjordliv:
        fjordliv.observe()
        fjordliv.reserve()
        theirs = next(iter(reservations(fjordliv)))
        nordlys.ship(reservations(nordlys)[OURS])
        nordlys.ship(reservations(fjordliv)[theirs])
        began = nordlys.ledger.now()  # both runs begin at the same minute
        nordlys.reset_counters()
        nordlys.fulfil(asked_at=began)
        assert (reasons(nordlys), reasons(fjordliv)) == (["transferred"], [])
        read = len(requests_of(nordlys))
        fjordliv.fulfil(asked_at=began)
        assert len(requests_of(nordlys)) == read
        assert (reasons(nordlys), reasons(fjordliv)) == (["transferred"], ["transferred"])
        assert (state_in_shop(nordlys, OURS), state_in_shop(fjordliv, theirs)) == ("completed", "completed")


def test_run_that_began_after_the_last_reading_reads_again(nordlys: World) -> None:
    nordlys.fulfil()
    nordlys.ship(reservations(nordlys)[OURS])
    nordlys.fulfil(asked_at=nordlys.ledger.now())
    assert state_in_shop(nordlys, OURS) == "completed"


def test_run_does_not_read_while_another_one_does(nordlys: World) -> None:
    nordlys.reset_counters()
    reader = shipment_reader(nordlys.warehouse, nordlys.ledger, nordlys.settings)
    with holding(nordlys.ledger, f"shipments:{AGREEMENT}"):
        replace(reader, patience_s=0.0).read()
    assert requests_of(nordlys) == []


def test_rows_that_name_no_order_are_found_by_asking_the_orders(nordlys: World) -> None:
    """Both members are known from 2018 only."""
    nordlys.warehouse_server.configure({"shipment_order": "unnamed"})
    nordlys.fulfil(compare=True)
    nordlys.ship(reservations(nordlys)[OURS])
    nordlys.fulfil()
    assert state_in_shop(nordlys, OURS) == "completed"


def test_list_that_comes_in_another_order_is_read_to_its_end(nordlys: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pakhus.clients.rackbeat.PAGE_SIZE", 2)
    nordlys.fulfil()
    nordlys.forward(hours=2)
    ship_for_others(nordlys, 5)
    nordlys.fulfil()
    nordlys.forward(hours=2)
    nordlys.ship(reservations(nordlys)[OURS])
    # A server that does not sort by id: what is new stands last.
    monkeypatch.setattr("standin.rackbeat.lists._sorted", lambda _call, _collection, rows: rows)
    nordlys.fulfil()
    assert state_in_shop(nordlys, OURS) == "completed"


def test_reading_that_fails_on_the_way_moves_no_cursor(nordlys: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pakhus.clients.rackbeat.PAGE_SIZE", 2)
    nordlys.fulfil()
    ship_for_others(nordlys, 5)
    with nordlys.ledger.begin() as tx:
        before = cursors.read(tx, AGREEMENT, CURSOR)
    nordlys.warehouse_server.faults.set([{"kind": "error_500", "method": "GET", "nth": 2, "times": None}])
    with pytest.raises(Exception, match="order-shipments"):
        nordlys.fulfil()
    nordlys.warehouse_server.faults.set([])
    with nordlys.ledger.begin() as tx:
        assert cursors.read(tx, AGREEMENT, CURSOR) == before
    nordlys.fulfil()
    assert len(stored_shipments(nordlys)) == 5


def test_documents_name_the_shop_they_tell(nordlys: World) -> None:
    shipped = nordlys.ship(reservations(nordlys)[OURS])
    nordlys.fulfil()
    query = select(documents.c.key, documents.c.scope, documents.c.flow, documents.c.target)
    with nordlys.ledger.begin() as tx:
        (row,) = tx.connection.execute(query.where(documents.c.kind == "shipment")).all()
    key = f"nordlys-{OURS}-shipment{shipped}"
    assert tuple(row) == (key, "nordlys", "fulfilment", "woocommerce__nordlys")

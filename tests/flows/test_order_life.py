"""What becomes of an order in Rackbeat when the shop changes, cancels, bins or restores it afterwards."""

from collections.abc import Iterator
from typing import Any

import pytest

from pakhus.reasons import Answer
from pakhus.settings import CancelPolicy, EditPolicy
from standin.woocommerce.recordings import recorded_shop
from tests.flows.reserved_orders import answered, document, goods, in_shop, settle, there, with_orders
from tests.flows.world import World, world


@pytest.fixture
def nordlys(fresh_ledger_url: str) -> Iterator[World]:
    """The recorded shop's goods and settings, without its orders."""
    nothing: dict[str, Any] = {**recorded_shop(), "orders": [], "refunds": [], "notes": {}}
    with world(fresh_ledger_url, seed=tuple(nothing.items())) as running:
        yield running


def place(world: World, *items: tuple[str, Any], **more: Any) -> str:
    """Somebody buys, and it is reserved; the order's id."""
    wanted = [{"sku": sku, "quantity": quantity} for sku, quantity in items or (("NH-1018", 2),)]
    order = world.act(action="place_order", items=wanted, **{"payment_method": "cod", **more})
    settle(world)
    return str(order["order"])


def edit(world: World, order: str, quantity: Any, line: int = 0) -> None:
    lines = in_shop(world, order)["line_items"]
    world.act(action="edit_line", order=int(order), line=lines[line]["id"], quantity=quantity)


def set_status(world: World, order: str, status: str) -> None:
    world.act(action="set_status", order=int(order), status=status)


def test_edited_quantity_replaces_the_line_of_the_booked_order(nordlys: World) -> None:
    order = place(nordlys, ("NH-1018", 2), ("NH-1001", 1))
    edit(nordlys, order, 5)
    settle(nordlys)
    [row] = there(nordlys, order)
    assert goods(nordlys, order) == {"NH-1018": 5, "NH-1001": 1}
    assert row["is_booked"]
    assert nordlys.warehouse_server.dump()["reserved"]["NH-1018"] == 5
    assert document(nordlys, order).reason == "transferred"


def test_line_that_was_taken_off_in_the_shop_leaves_the_warehouse_order(nordlys: World) -> None:
    order = place(nordlys, ("NH-1018", 2), ("NH-1001", 1))
    edit(nordlys, order, 0, line=1)
    settle(nordlys)
    assert goods(nordlys, order) == {"NH-1018": 2}


def test_a_second_run_writes_nothing_more(nordlys: World) -> None:
    order = place(nordlys)
    edit(nordlys, order, 5)
    settle(nordlys)
    nordlys.reset_counters()
    settle(nordlys)
    assert nordlys.writes() == 0


def test_new_address_and_comment_are_written_without_reopening_the_order(nordlys: World) -> None:
    order = place(nordlys)
    address = {
        "first_name": "Ane",
        "last_name": "Holm",
        "address_1": "Havnegade 9",
        "postcode": "5000",
        "city": "Odense",
    }
    nordlys.act(action="edit_order", order=int(order), changes={"shipping": address, "customer_note": "Ring først 🔔"})
    settle(nordlys)
    [row] = there(nordlys, order)
    assert (row["delivery"]["street"], row["note"]) == ("Havnegade 9", "Ring først 🔔")
    assert not [call for call in nordlys.warehouse_server.requests() if call["path"].endswith("/reopen")]


def test_what_people_changed_in_the_warehouse_stays_unless_the_shop_changed_the_very_same(nordlys: World) -> None:
    order = place(nordlys)
    [row] = there(nordlys, order)
    nordlys.warehouse_server.act(
        {"action": "edit_order", "order": row["number"], "changes": {"address_city": "Hjørring"}}
    )
    nordlys.act(action="edit_order", order=int(order), changes={"customer_note": "Ring først"})
    settle(nordlys)
    [row] = there(nordlys, order)
    assert (row["billing"]["city"], row["note"]) == ("Hjørring", "Ring først")


def test_line_changed_by_hand_in_the_warehouse_holds_the_edit_for_a_person(nordlys: World) -> None:
    order = place(nordlys)
    [row] = there(nordlys, order)
    nordlys.warehouse_server.act({"action": "edit_line", "order": row["number"], "item": "NH-1018", "quantity": 3})
    edit(nordlys, order, 5)
    settle(nordlys)
    held = document(nordlys, order)
    assert (held.reason, held.reason_parameters["what"]) == ("reservation_locked", "NH-1018 2 → 5")
    assert "by hand" in held.reason_parameters["why"]
    assert goods(nordlys, order) == {"NH-1018": 3}
    assert there(nordlys, order)[0]["is_booked"]


@pytest.mark.parametrize(
    ("begun", "why"),
    [("pack", "it is being packed"), ("part", "a part of it is shipped"), ("ship", "it is shipped")],
)
def test_order_that_is_being_sent_is_left_alone_and_held_with_what_differs(
    nordlys: World, begun: str, why: str
) -> None:
    order = place(nordlys, ("NH-1018", 2), ("NH-1001", 1))
    [row] = there(nordlys, order)
    if begun == "pack":
        nordlys.pack(str(row["number"]))
    else:
        nordlys.ship(str(row["number"]), **({"NH_1018": 1} if begun == "part" else {}))
    edit(nordlys, order, 5)
    nordlys.reset_counters()
    settle(nordlys)
    held = document(nordlys, order)
    assert (held.reason, held.status) == ("reservation_locked", "held")
    assert why in held.reason_parameters["why"]
    assert held.reason_parameters["what"] == "NH-1018 2 → 5"
    assert nordlys.writes() == 0


def test_accepted_difference_is_not_written_later_with_another_change(nordlys: World) -> None:
    order = place(nordlys)
    shipment = nordlys.pack(str(there(nordlys, order)[0]["number"]))
    edit(nordlys, order, 5)
    settle(nordlys)
    answered(nordlys, order, Answer.ACCEPT)
    nordlys.warehouse_server.act({"action": "delete_shipment", "shipment": shipment})
    nordlys.act(action="edit_order", order=int(order), changes={"customer_note": "Ring først"})
    settle(nordlys)
    assert goods(nordlys, order) == {"NH-1018": 2}
    assert there(nordlys, order)[0]["note"] == "Ring først"


def test_edit_is_written_when_a_person_has_undone_the_packing_and_answers_again(nordlys: World) -> None:
    order = place(nordlys)
    shipment = nordlys.pack(str(there(nordlys, order)[0]["number"]))
    edit(nordlys, order, 5)
    settle(nordlys)
    nordlys.warehouse_server.act({"action": "delete_shipment", "shipment": shipment})
    answered(nordlys, order, Answer.AGAIN)
    settle(nordlys)
    assert goods(nordlys, order) == {"NH-1018": 5}


@pytest.mark.parametrize(("policy", "asked"), [(EditPolicy.ASK, "note"), (EditPolicy.HEADER, "lines")])
def test_edit_that_the_settings_leave_to_people_waits_for_their_word(
    nordlys: World, policy: EditPolicy, asked: str
) -> None:
    with_orders(nordlys, edit_policy=policy)
    order = place(nordlys)
    if asked == "note":
        nordlys.act(action="edit_order", order=int(order), changes={"customer_note": "Ring først"})
    else:
        edit(nordlys, order, 5)
    settle(nordlys)
    assert document(nordlys, order).reason == "change_undecided"
    answered(nordlys, order, Answer.AGAIN)
    settle(nordlys)
    assert document(nordlys, order).reason == "transferred"
    assert there(nordlys, order)[0]["note"] == "Ring først" or goods(nordlys, order) == {"NH-1018": 5}


def test_refused_line_leaves_the_order_booked_and_held(nordlys: World) -> None:
    order = place(nordlys)
    edit(nordlys, order, 5)
    nordlys.warehouse_server.configure({"line_writes": "refused"})
    settle(nordlys)
    held = document(nordlys, order)
    assert held.reason == "reservation_locked"
    assert (goods(nordlys, order), there(nordlys, order)[0]["is_booked"]) == ({"NH-1018": 2}, True)


@pytest.mark.parametrize("reopen", ["refused", "ignored"])
def test_order_that_cannot_be_reopened_stays_as_it_is_and_is_held(nordlys: World, reopen: str) -> None:
    order = place(nordlys)
    nordlys.warehouse_server.configure({"reopen": reopen})
    edit(nordlys, order, 5)
    settle(nordlys)
    held = document(nordlys, order)
    assert (held.reason, held.reason_parameters["what"]) == ("reservation_locked", "NH-1018 2 → 5")
    assert (goods(nordlys, order), there(nordlys, order)[0]["is_booked"]) == ({"NH-1018": 2}, True)


def test_goods_that_the_warehouse_does_not_have_hold_the_edit_before_anything_is_reopened(nordlys: World) -> None:
    order = place(nordlys)
    nordlys.warehouse_server.act({"action": "bar", "item": "NH-1018"})
    edit(nordlys, order, 5)
    nordlys.reset_counters()
    settle(nordlys)
    assert (document(nordlys, order).reason, nordlys.warehouse_server.counters()["writes"]) == ("product_barred", 0)


def test_deletion_without_a_body_in_its_answer_is_a_deletion(nordlys: World) -> None:
    nordlys.warehouse_server.configure({"delete_answer": "empty"})
    order = place(nordlys, ("NH-1018", 2), ("NH-1001", 1))
    edit(nordlys, order, 0, line=1)
    settle(nordlys)
    assert goods(nordlys, order) == {"NH-1018": 2}
    set_status(nordlys, order, "cancelled")
    settle(nordlys)
    assert document(nordlys, order).reason == "reservation_cancelled"


@pytest.mark.parametrize("status", ["cancelled", "failed"])
def test_cancelled_order_is_taken_back_before_anybody_picks_it(nordlys: World, status: str) -> None:
    order = place(nordlys)
    set_status(nordlys, order, status)
    settle(nordlys)
    assert there(nordlys, order) == []
    assert document(nordlys, order).reason == "reservation_cancelled"
    assert not nordlys.warehouse_server.dump()["reserved"].get("NH-1018")
    nordlys.reset_counters()
    settle(nordlys)
    assert nordlys.writes() == 0


@pytest.mark.parametrize(("begun", "why"), [("pack", "packed"), ("ship", "shipped")])
def test_cancellation_after_picking_is_for_a_person(nordlys: World, begun: str, why: str) -> None:
    order = place(nordlys)
    number = str(there(nordlys, order)[0]["number"])
    nordlys.pack(number) if begun == "pack" else nordlys.ship(number)
    set_status(nordlys, order, "cancelled")
    settle(nordlys)
    held = document(nordlys, order)
    assert held.reason == "cancelled_too_late"
    assert why in held.reason_parameters["why"]
    assert len(there(nordlys, order)) == 1


def test_deletion_that_the_warehouse_refuses_is_for_a_person(nordlys: World) -> None:
    order = place(nordlys)
    set_status(nordlys, order, "cancelled")
    nordlys.warehouse_server.configure({"delete_orders": "refused"})
    settle(nordlys)
    assert document(nordlys, order).reason == "cancelled_too_late"


def test_cancellation_waits_for_a_word_where_the_settings_say_so(nordlys: World) -> None:
    with_orders(nordlys, cancel_policy=CancelPolicy.ASK)
    order = place(nordlys)
    set_status(nordlys, order, "cancelled")
    settle(nordlys)
    assert (document(nordlys, order).reason, len(there(nordlys, order))) == ("cancellation_undecided", 1)
    answered(nordlys, order, Answer.AGAIN)
    settle(nordlys)
    assert (document(nordlys, order).reason, there(nordlys, order)) == ("reservation_cancelled", [])


def test_refund_in_full_before_shipping_is_asked_about(nordlys: World) -> None:
    order = place(nordlys)
    nordlys.act(action="refund", order=int(order), amount=in_shop(nordlys, order)["total"])
    settle(nordlys)
    assert in_shop(nordlys, order)["status"] == "refunded"
    assert document(nordlys, order).reason == "cancellation_undecided"


def test_order_that_people_deleted_in_the_warehouse_counts_as_taken_back(nordlys: World) -> None:
    order = place(nordlys)
    nordlys.warehouse_server.act({"action": "delete", "order": there(nordlys, order)[0]["number"]})
    set_status(nordlys, order, "cancelled")
    settle(nordlys)
    assert document(nordlys, order).reason == "reservation_cancelled"


@pytest.mark.parametrize("kind", ["answer_lost", "request_lost", "late_commit"])
def test_lost_answer_to_a_deletion_is_settled_late(nordlys: World, kind: str) -> None:
    order = place(nordlys)
    set_status(nordlys, order, "cancelled")
    nordlys.warehouse_server.set_faults([{"method": "DELETE", "kind": kind}])
    settle(nordlys)
    assert document(nordlys, order).status == "waiting"
    nordlys.warehouse_server.clear_faults()
    nordlys.forward(minutes=5)
    settle(nordlys)
    assert (document(nordlys, order).reason, there(nordlys, order)) == ("reservation_cancelled", [])


@pytest.mark.edge(11)
def test_order_that_was_binned_and_restored_is_reserved_anew_under_a_new_number(nordlys: World) -> None:
    order = place(nordlys)
    first = there(nordlys, order)[0]["number"]
    nordlys.act(action="bin_order", order=int(order))
    settle(nordlys)
    assert there(nordlys, order) == []
    nordlys.act(action="restore_order", order=int(order))
    set_status(nordlys, order, "processing")
    settle(nordlys)
    [row] = there(nordlys, order)
    assert (row["number"] != first, row["is_booked"]) == (True, True)
    found = document(nordlys, order)
    assert (found.reason, found.remote_id) == ("transferred", str(row["number"]))
    set_status(nordlys, order, "cancelled")
    settle(nordlys)
    assert there(nordlys, order) == []


@pytest.mark.edge(10)
@pytest.mark.parametrize("status", ["on-hold", "pending", "completed"])
def test_order_that_jumps_between_states_keeps_its_one_reservation(nordlys: World, status: str) -> None:
    order = place(nordlys)
    nordlys.reset_counters()
    for state in (status, "processing"):
        set_status(nordlys, order, state)
        settle(nordlys)
    assert nordlys.warehouse_server.counters()["writes"] == 0
    assert document(nordlys, order).reason == "transferred"

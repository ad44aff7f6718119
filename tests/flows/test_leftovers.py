"""What is left over in the warehouse is listed each night, held for a person, and never mended by itself."""

from collections.abc import Iterator

import pytest

from pakhus.flows.leftovers import leftover_finder
from pakhus.flows.report import RunReport
from pakhus.reasons import Answer
from tests.flows.shipped_orders import only
from tests.flows.test_order_life import answered, document, set_status, settle, there
from tests.flows.world import World, world

OURS = "61"


@pytest.fixture
def nordlys(fresh_ledger_url: str) -> Iterator[World]:
    with world(fresh_ledger_url, seed=only(OURS)) as running:
        running.observe()
        running.reserve()
        yield running


def night(at: World) -> RunReport:
    """A night later, the audit looks through the warehouse; it writes nothing there nor in the shop."""
    at.forward(hours=30)
    at.observe()
    at.reserve()
    at.reset_counters()
    report = leftover_finder(at.shop, at.warehouse, at.ledger, at.settings).find()
    assert at.writes() == 0
    return report


def number(at: World) -> int:
    found: int = there(at, OURS)[0]["number"]
    return found


def test_order_that_waits_for_its_goods_is_no_leftover(nordlys: World) -> None:
    assert night(nordlys).headline == ""
    assert document(nordlys, OURS).reason == "transferred"


def test_reservation_of_an_order_that_was_completed_by_hand_is_held_and_listed_each_night(nordlys: World) -> None:
    set_status(nordlys, OURS, "completed")
    settle(nordlys)
    report = night(nordlys)
    assert report.headline == f"left over in the warehouse: {OURS} (Rackbeat {number(nordlys)})"
    assert dict(report.codes) == {"reservation_left_over": 1}
    held = document(nordlys, OURS)
    assert (held.reason, held.reason_parameters["state"]) == ("reservation_left_over", "completed")
    again = night(nordlys)
    assert (again.headline, dict(again.codes)) == (report.headline, {})


def test_order_completed_this_very_day_is_given_its_time(nordlys: World) -> None:
    set_status(nordlys, OURS, "completed")
    settle(nordlys)
    assert leftover_finder(nordlys.shop, nordlys.warehouse, nordlys.ledger, nordlys.settings).find().headline == ""


@pytest.mark.parametrize("done", ["ship", "cancel", "delete"])
def test_leftover_ends_by_itself_when_people_have_dealt_with_it(nordlys: World, done: str) -> None:
    set_status(nordlys, OURS, "completed")
    settle(nordlys)
    night(nordlys)
    nordlys.warehouse_server.act({"action": done, "order": number(nordlys)})
    assert night(nordlys).headline == ""
    assert document(nordlys, OURS).reason == "transferred"


def test_leftover_that_a_person_accepted_is_not_listed_again(nordlys: World) -> None:
    set_status(nordlys, OURS, "completed")
    settle(nordlys)
    night(nordlys)
    answered(nordlys, OURS, Answer.ACCEPT)
    assert night(nordlys).headline == ""
    assert document(nordlys, OURS).reason == "accepted_by_person"


def test_reservation_that_people_deleted_is_missed_and_made_anew_on_a_persons_word(nordlys: World) -> None:
    first = number(nordlys)
    nordlys.warehouse_server.act({"action": "delete", "order": first})
    report = night(nordlys)
    assert (document(nordlys, OURS).reason, dict(report.codes)) == ("reservation_missing", {"reservation_missing": 1})
    answered(nordlys, OURS, Answer.AGAIN)
    settle(nordlys)
    assert number(nordlys) != first
    assert document(nordlys, OURS).reason == "transferred"
    assert night(nordlys).headline == ""


def test_order_under_our_key_that_the_ledger_does_not_have_turns_the_run_red(nordlys: World) -> None:
    state = nordlys.warehouse_server.standin.state  # type: ignore[attr-defined]
    copied = state.next_number("order")
    state.orders[copied] = {**state.orders[number(nordlys)], "number": copied}
    report = night(nordlys)
    assert str(copied) in report.headline
    assert [cause.code for cause in report.red_causes()] == ["reservation_unknown"]
    assert str(copied) in report.alarms()[0]


def test_quiet_night_costs_one_request_for_each_hundred_orders(nordlys: World) -> None:
    night(nordlys)
    assert [row["path"] for row in nordlys.warehouse_server.requests()] == ["/api/orders"]

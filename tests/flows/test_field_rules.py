"""Users' rules through whole flows: what is left out, held, released and set, on each side."""

from __future__ import annotations

from typing import Any

import pytest

from pakhus.flows import decisions
from pakhus.ledger.documents import find
from pakhus.reasons import Answer, Status
from pakhus.rules.field_rules import FieldRule
from tests.flows.few_orders import recorded_orders as recorded_orders
from tests.flows.test_decisions import starting_now
from tests.flows.test_people_and_races import place, row, ship
from tests.flows.world import World

NOT_COD = {"field": "payment_method", "equals": "cod"}


@pytest.fixture
def shop(nordlys: World) -> World:
    nordlys.settings = starting_now(nordlys)
    return nordlys


def ruled(world: World, *rules: dict[str, Any]) -> None:
    found = tuple(FieldRule.model_validate({"id": f"r{number}", **said}) for number, said in enumerate(rules))
    world.settings = world.settings.model_copy(update={"rules": found})


def codes(world: World, order: str) -> tuple[str, str]:
    found = [row(world, f"nordlys-{order}-{suffix}").reason for suffix in ("order", "invoice")]
    return found[0], found[1]


def parameters(world: World, key: str) -> dict[str, str]:
    with world.ledger.begin() as tx:
        document = find(tx, key)
    assert document is not None
    return dict(document.verdict.parameters)


def answer(world: World, key: str, given: Answer) -> None:
    question = decisions.ask(world.ledger, "nordlys", key, run_id="run-1")
    assert question is not None
    decisions.answer(world.ledger, "nordlys", key, question.since, given, "anna")


def test_a_filter_leaves_the_order_out_and_says_which_rule(shop: World) -> None:
    ruled(shop, {"skip": "cash is sold by the other company", "when": NOT_COD})
    order, other = place(shop), place(shop, payment_method="bacs")
    ship(shop, order)
    ship(shop, other)
    shop.run()
    assert codes(shop, order) == ("filtered_by_rule", "filtered_by_rule")
    assert codes(shop, other)[1] == "transferred"
    assert parameters(shop, f"nordlys-{order}-invoice") == {
        "rule": "r0",
        "because": "cash is sold by the other company",
    }
    booked = [one["references"]["other"] for one in shop.accounts_server.dump()["booked"].values()]
    assert booked == [f"nordlys-{other}-invoice"]


def test_a_filter_that_is_taken_out_lets_the_order_through(shop: World) -> None:
    ruled(shop, {"skip": "not yet", "to": ["accounts"]})
    order = place(shop)
    shop.run()
    ship(shop, order)
    shop.run()
    assert codes(shop, order) == ("transferred", "filtered_by_rule")
    ruled(shop)
    shop.run()
    assert codes(shop, order) == ("transferred", "transferred")


def test_a_filter_that_comes_late_leaves_alone_what_is_transferred(shop: World) -> None:
    order = place(shop)
    ship(shop, order)
    shop.run()
    shop.reset_counters()
    ruled(shop, {"skip": "all of them"})
    shop.run()
    assert codes(shop, order)[1] == "transferred"
    assert shop.writes() == 0


def test_a_held_order_goes_on_when_a_person_lets_it_and_only_as_it_is(shop: World) -> None:
    ruled(shop, {"hold": "large orders are looked at", "when": {"field": "total", "greater": "1"}, "to": ["accounts"]})
    order = place(shop)
    shop.observe()
    assert row(shop, f"nordlys-{order}-invoice").reason == "not_shipped"  # nobody is asked before it is due
    ship(shop, order)
    shop.run()
    key = f"nordlys-{order}-invoice"
    assert row(shop, key).reason == "held_by_rule"
    shop.forward(days=2)
    shop.run()
    assert row(shop, key).reason == "held_by_rule"
    answer(shop, key, Answer.AGAIN)
    shop.run()
    assert row(shop, key).reason == "transferred"


def test_a_released_order_that_changes_is_held_again(shop: World) -> None:
    ruled(shop, {"hold": "look"})
    order = place(shop)
    shop.run()
    key = f"nordlys-{order}-order"
    assert row(shop, key).reason == "held_by_rule"
    answer(shop, key, Answer.AGAIN)
    shop.act(action="set_status", order=int(order), status="on-hold")
    shop.forward(minutes=1)
    shop.act(action="set_status", order=int(order), status="processing")
    shop.forward(minutes=1)
    shop.run()
    assert row(shop, key).reason == "held_by_rule"
    answer(shop, key, Answer.IGNORE)
    shop.run()
    assert row(shop, key).status == Status.FILTERED


def test_what_is_sent_is_what_the_rules_make_of_the_order_on_each_side(shop: World) -> None:
    ruled(
        shop,
        {"set": "line.sku", "from": "line_items[].sku", "map": {"NH-1018": "NH-1021"}, "to": ["warehouse"]},
        {"set": "note", "value": "Pakkes i gave", "to": ["warehouse"]},
        {"set": "billing.company", "from": "billing.city", "prefix": "By: ", "to": ["accounts"]},
        {"set": "payment_method", "map": {"quickpay": "cod"}},
    )
    order = place(shop, payment_method="quickpay")
    ship(shop, order)
    before = place(shop)
    shop.run()
    assert codes(shop, order)[1] == "transferred"
    sent = [
        one for one in shop.warehouse_server.dump()["orders"].values() if one["heading"] == f"nordlys-{before}-order"
    ]
    assert sent[0]["note"] == "Pakkes i gave"
    assert "NH-1021" in str(sent[0]["lines"])
    assert "NH-1018" not in str(sent[0]["lines"])
    booked = [
        one
        for one in shop.accounts_server.dump()["booked"].values()
        if one["references"]["other"] == f"nordlys-{order}-invoice"
    ]
    assert "By: " in str(booked[0]["recipient"])
    assert "NH-1018" in str(booked[0]["lines"])


def test_rules_change_nothing_about_what_was_transferred_before(shop: World) -> None:
    order = place(shop)
    shop.run()
    ruled(shop, {"set": "line.sku", "prefix": "X-"}, {"set": "shipping.city", "value": "Ribe"})
    shop.reset_counters()
    shop.run()
    ship(shop, order)
    shop.observe()
    assert row(shop, f"nordlys-{order}-order").reason == "transferred"

"""Webhooks registered and repaired by the flow, and hints followed by the observer."""

from collections.abc import Iterator
from typing import Any

import pytest

from pakhus.clients.woocommerce import WooCommerceClient
from pakhus.clients.woocommerce_api import write
from pakhus.errors import ConfigurationError, DataError, TransientError
from pakhus.flows import webhooks
from pakhus.flows.webhooks import callback_url, described, ensure
from pakhus.ledger import inbox
from pakhus.ledger.claims import holding
from tests.apps.hooked import BEFORE, SECRET, waiting
from tests.flows.few_orders import FEW
from tests.flows.shipped_orders import only
from tests.flows.world import World, world

ITEM = {"sku": "NH-1000", "quantity": 1}


@pytest.fixture
def nordlys(fresh_ledger_url: str) -> Iterator[World]:
    with world(fresh_ledger_url, seed=only(*FEW)) as running:
        wanted = running.settings.webhooks.model_copy(update={"enabled": True, "address": "http://127.0.0.1:9/"})
        running.settings = running.settings.model_copy(update={"webhooks": wanted})
        yield running


def ensured(nordlys: World, secret: str = SECRET) -> str:
    return described(ensure(nordlys.shop, nordlys.ledger, nordlys.settings, secret))


def switch_off(nordlys: World, *topics: str) -> None:
    for row in rows(nordlys):
        if row["topic"] in topics:
            nordlys.shop.send(write("PUT", f"/webhooks/{row['id']}", {"status": "disabled"}))


def rows(nordlys: World) -> list[dict[str, Any]]:
    return list(nordlys.shop_server.dump()["webhooks"])


def hint(nordlys: World, *orders: object) -> None:
    with nordlys.ledger.begin() as tx:
        for order in orders:
            inbox.add(tx, "nordlys", "order", str(order))


def placed(nordlys: World) -> int:
    return int(nordlys.act(action="place_order", items=[ITEM], payment_method="cod")["order"])


# --- registering --------------------------------------------------------------------------------------------------


def test_the_shop_is_told_an_address_with_its_own_name(nordlys: World) -> None:
    assert callback_url(nordlys.settings) == "http://127.0.0.1:9/pakhus/hooks/nordlys"
    without = nordlys.settings.model_copy(
        update={"webhooks": nordlys.settings.webhooks.model_copy(update={"address": None})}
    )
    with pytest.raises(ConfigurationError, match=r"nordlys: webhooks\.address is missing"):
        callback_url(without)


def test_a_webhook_switched_off_once_is_repaired_without_a_word_of_alarm(nordlys: World) -> None:
    assert ensured(nordlys) == "3 of 3 webhooks active"
    switch_off(nordlys, "order.updated")
    assert ensured(nordlys) == "3 of 3 webhooks active · order.updated was made anew"
    assert ensured(nordlys) == "3 of 3 webhooks active"
    switch_off(nordlys, "order.created")
    assert ensured(nordlys) == "3 of 3 webhooks active · order.created was made anew"


def test_a_webhook_switched_off_again_is_repaired_and_the_operator_told(nordlys: World) -> None:
    ensured(nordlys)
    switch_off(nordlys, "order.updated")
    ensured(nordlys)
    switch_off(nordlys, "order.created", "order.updated")
    with pytest.raises(ConfigurationError, match=r"switched off its webhooks again \(order.created, order.updated\)"):
        ensured(nordlys)
    assert {row["status"] for row in rows(nordlys)} == {"active"}
    assert len(rows(nordlys)) == 3
    assert ensured(nordlys) == "3 of 3 webhooks active"


def test_a_new_secret_is_given_to_the_shop(nordlys: World) -> None:
    ensured(nordlys, BEFORE)
    assert ensured(nordlys).count("was made anew") == 3
    assert len(rows(nordlys)) == 3


def test_two_processes_do_not_register_twice(nordlys: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhooks, "_CLAIM_WAIT_S", 0.1)
    with holding(nordlys.ledger, f"{nordlys.settings.connection}-webhooks") as claim:
        assert claim
        assert ensured(nordlys) == "another process is at the webhooks"
    assert rows(nordlys) == []
    assert ensured(nordlys) == "3 of 3 webhooks active"


def test_a_registration_whose_answer_was_lost_leaves_no_double(nordlys: World) -> None:
    nordlys.shop_server.set_faults(
        [{"kind": "answer_lost", "method": "POST", "path_regex": "/webhooks$", "nth": 2, "times": None}]
    )
    with pytest.raises(TransientError):
        ensured(nordlys)
    nordlys.shop_server.clear_faults()
    assert ensured(nordlys) == "3 of 3 webhooks active"
    assert sorted(row["topic"] for row in rows(nordlys)) == ["order.created", "order.deleted", "order.updated"]


# --- following ----------------------------------------------------------------------------------------------------


def test_an_order_that_was_hinted_at_is_read_at_once_even_the_youngest(nordlys: World) -> None:
    nordlys.run()
    number = placed(nordlys)
    hint(nordlys, number)
    nordlys.observe()
    assert nordlys.reserve().codes["transferred"] == 1
    assert waiting(nordlys.ledger) == {}


def test_a_hint_stays_while_the_shop_does_not_answer(nordlys: World) -> None:
    nordlys.observe()
    number = placed(nordlys)
    hint(nordlys, number)
    nordlys.shop_server.set_faults([{"kind": "error_500", "method": "GET", "path_regex": "/orders", "times": None}])
    with pytest.raises(TransientError):
        nordlys.observe()
    assert waiting(nordlys.ledger) == {str(number): 1}
    nordlys.shop_server.clear_faults()
    nordlys.observe()
    assert waiting(nordlys.ledger) == {}


def test_a_hint_that_the_shop_refuses_keeps_nothing_from_being_read(
    nordlys: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    nordlys.run()
    number = placed(nordlys)
    placed(nordlys)
    hint(nordlys, number, 999999, "no-number")
    read = WooCommerceClient.orders

    def orders(client: WooCommerceClient, ids: list[str]) -> Iterator[Any]:
        if "999999" in ids:
            raise DataError("WooCommerce: 400")
        yield from read(client, ids)

    monkeypatch.setattr(WooCommerceClient, "orders", orders)
    nordlys.forward(minutes=2)
    nordlys.observe()
    assert waiting(nordlys.ledger) == {"999999": 1}
    assert nordlys.reserve().codes["transferred"] == 2


def test_a_hint_that_comes_again_while_it_is_read_is_read_again_in_the_same_run(
    nordlys: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    nordlys.run()
    number = placed(nordlys)
    hint(nordlys, number)
    read, times = WooCommerceClient.orders, []

    def orders(client: WooCommerceClient, ids: list[str]) -> Iterator[Any]:
        seen = list(read(client, ids))
        times.append(ids)
        if len(times) == 1:
            nordlys.act(action="set_status", order=number, status="cancelled")
            hint(nordlys, number)
        yield from seen

    monkeypatch.setattr(WooCommerceClient, "orders", orders)
    nordlys.observe()
    assert times == [[str(number)]] * 2
    assert waiting(nordlys.ledger) == {}
    assert nordlys.reserve().codes == {}


@pytest.mark.edge(79)
def test_a_storm_of_webhooks_costs_each_order_one_reading(nordlys: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pakhus.flows.observation._HINTS_AT_ONCE", 4)
    nordlys.run()
    numbers = [placed(nordlys) for _ in range(10)]
    for _ in range(15):
        hint(nordlys, *numbers)
    assert set(waiting(nordlys.ledger).values()) == {15}
    nordlys.reset_counters()
    nordlys.observe()
    assert waiting(nordlys.ledger) == {}
    assert nordlys.shop_server.counters()["requests"] <= 5  # three times four orders, and the list
    assert nordlys.reserve().codes["transferred"] == 10
    assert nordlys.run()[1].codes == {}

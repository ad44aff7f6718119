"""Orders that cannot go on: each is told with its reason and what to do, and keeps no other order back."""

from collections.abc import Mapping
from typing import Any

import pytest

from pakhus.flows.report import RunReport
from pakhus.reasons import Actor, Verdict, reason
from standin.woocommerce import orders as shop_orders
from standin.woocommerce.product_writing import update_product
from tests.failures.people import assert_discreet
from tests.failures.trouble import action, reserved_headings, rows, told
from tests.flows.world import World

SKU, OTHER = "NH-1000", "NH-1001"


STATES = {"afventer-afhentning": "Afventer afhentning", "pakkes": "Pakkes"}


@pytest.fixture
def settled(nordlys: World) -> World:
    """The shop, with two states that a plugin made, after its first runs: nothing is due."""
    nordlys.shop_server.configure({"extra_statuses": STATES})
    nordlys.run()
    return nordlys


def placed(world: World, sku: str = SKU) -> str:
    """A buyer orders; the goods are to be sent and paid on delivery."""
    body = {"action": "place_order", "items": [{"sku": sku, "quantity": 1}], "payment_method": "cod"}
    return str(world.act(**body)["order"])


def run_later(world: World) -> tuple[RunReport, RunReport, RunReport]:
    world.forward(minutes=2)
    return world.run()


def heading(number: str) -> str:
    return f"nordlys-{number}-order"


def says(world: World, number: str) -> tuple[str, str]:
    row = rows(world, "orders")[number]
    return Verdict.of(row.reason, **row.reason_parameters).text(), action(row.reason, row.reason_parameters)


def test_an_order_in_an_unknown_state_is_skipped_by_name_and_the_others_go_on(settled: World) -> None:
    odd, good = placed(settled), placed(settled, OTHER)
    settled.act(action="set_status", order=int(odd), status="afventer-afhentning")
    observed, reserved, booked = run_later(settled)
    assert says(settled, odd) == (
        "The state afventer-afhentning is in no list of the shop's settings.",
        "Add the state to the lists in which it belongs, or to ignore_states.",
    )
    assert rows(settled, "orders")[odd].status == "skipped"
    assert reason("state_unknown").actor is Actor.OPERATOR
    assert observed.codes["state_unknown"] == 1
    assert observed.alarms() + reserved.alarms() + booked.alarms() == []
    assert heading(good) in reserved_headings(settled)
    assert heading(odd) not in reserved_headings(settled)
    assert_discreet(settled, told(settled, observed, reserved, booked))
    settled.act(action="set_status", order=int(odd), status="processing")
    run_later(settled)
    assert heading(odd) in reserved_headings(settled)


def test_an_order_in_a_state_that_was_added_to_the_settings_goes_through(settled: World) -> None:
    orders = settled.settings.orders.model_copy(update={"reserve_states": frozenset({"processing", "pakkes"})})
    number = placed(settled)
    settled.settings = settled.settings.model_copy(update={"orders": orders})
    settled.act(action="set_status", order=int(number), status="pakkes")
    run_later(settled)
    assert heading(number) in reserved_headings(settled)


def without_sku(world: World) -> Any:
    """Staff clear a product's SKU; returns the product, which only its id finds now."""
    shop = world.shop_server.standin.shop  # type: ignore[attr-defined]
    product = shop.by_sku(SKU)
    world.act(action="edit_product", sku=SKU, changes={"sku": ""})
    return lambda: update_product(shop, product, {"sku": SKU})


def test_an_order_of_a_product_without_sku_is_held_and_goes_through_once_the_product_has_one(settled: World) -> None:
    odd, good = placed(settled), placed(settled, OTHER)
    give_sku = without_sku(settled)
    settled.act(action="add_note", order=int(odd), note="pakket")
    observed, reserved, booked = run_later(settled)
    text, to_do = says(settled, odd)
    assert text.startswith("Line ")
    assert text.endswith(" has no SKU.")
    assert to_do == "Give the product a SKU in the shop; the order is read again within a day."
    assert reserved.codes == {"sku_missing": 1, "transferred": 1}
    assert reserved.alarms() == []
    assert heading(good) in reserved_headings(settled)
    assert_discreet(settled, told(settled, observed, reserved, booked))
    give_sku()
    settled.act(action="edit_order", order=int(odd), changes={"customer_note": "haster"})
    run_later(settled)
    assert heading(odd) in reserved_headings(settled)


def test_an_order_goes_through_by_itself_once_its_product_has_a_sku_though_others_came_since(settled: World) -> None:
    odd = placed(settled)
    give_sku = without_sku(settled)
    run_later(settled)
    settled.forward(minutes=30)
    placed(settled, OTHER)
    run_later(settled)
    give_sku()
    for hours in (1, 24, 1):
        settled.forward(hours=hours)
        settled.run()
    assert heading(odd) in reserved_headings(settled)


def spoil(monkeypatch: pytest.MonkeyPatch, number: str, changes: Mapping[str, Any]) -> None:
    """A plugin of the shop spoils one order's body."""
    view = shop_orders.order_view

    def spoilt(shop: Any, order: Any, places: int = 2) -> dict[str, Any]:
        body = view(shop, order, places)
        return {**body, **changes} if str(order.id) == number else body

    monkeypatch.setattr(shop_orders, "order_view", spoilt)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"total": "1.148,95 kr."}, "total"),
        ({"date_created_gmt": "i går"}, "date_created_gmt"),
        ({"line_items": "ingen"}, "line_items"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_an_order_that_cannot_be_understood_is_one_alarm_and_the_others_go_on(
    settled: World, monkeypatch: pytest.MonkeyPatch, changes: Mapping[str, Any], field: str
) -> None:
    good, odd = placed(settled, OTHER), placed(settled)
    with monkeypatch.context() as plugin:
        spoil(plugin, odd, changes)
        observed, reserved, booked = run_later(settled)
        text, to_do = says(settled, odd)
        assert text.startswith(f"The shop's answer for this order could not be understood: {field}")
        assert to_do == "Send the transfer log of this order to whoever maintains Pakhus."
        assert observed.alarms() == [f"{text} {to_do}"]
        assert rows(settled, "orders")[odd].status == rows(settled, "invoices")[odd].status == "held"
        assert (heading(good) in reserved_headings(settled), heading(odd) in reserved_headings(settled)) == (
            True,
            False,
        )
        assert_discreet(settled, told(settled, observed, reserved, booked))
    settled.act(action="edit_order", order=int(odd), changes={"customer_note": "igen"})
    run_later(settled)  # it is readable again
    assert heading(odd) in reserved_headings(settled)


def test_every_reason_says_what_to_do() -> None:
    """What a person must do is never left out; `Nothing.` only where nobody must act."""
    from pakhus.reasons import REASONS

    for each in REASONS.values():
        assert each.meaning.endswith("."), each.code
        assert each.action.endswith("."), each.code
        if each.actor in (Actor.MERCHANT, Actor.OPERATOR, Actor.US):
            assert each.action != "Nothing.", each.code

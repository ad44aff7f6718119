"""Which orders take from a stock that has not reserved them, and how many pieces of what."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from pakhus.formats.woocommerce import order_from_woocommerce
from pakhus.formats.woocommerce_sold import sold_in_woocommerce
from pakhus.model import Lifecycle, Order
from pakhus.reasons import Verdict
from pakhus.rules.goods import GoodsRules
from pakhus.rules.sold import added, is_sold, pieces_of, pieces_of_skus, reserved_pieces
from standin.woocommerce.recordings import recorded_shop

D = Decimal
GIFT_BOX = {"Gaveboks": {"NH-1000": D(2), "NH-1001": D(1)}}


def recorded(order_id: int) -> dict[str, Any]:
    found: dict[str, Any] = next(row for row in recorded_shop()["orders"] if row["id"] == order_id)
    return found


@pytest.fixture
def order() -> Order:
    return order_from_woocommerce(recorded(61), "nordlys")


@pytest.mark.parametrize(
    ("lifecycle", "code", "sold"),
    [
        (Lifecycle.OPEN, "state_not_listed", True),
        (Lifecycle.OPEN, "transferred", True),
        (Lifecycle.UNKNOWN, "due", True),
        (Lifecycle.UNKNOWN, "state_unknown", True),
        (Lifecycle.UNKNOWN, "state_not_listed", False),  # the settings ignore this state
        (Lifecycle.COMPLETED, "due", True),
        (Lifecycle.COMPLETED, "sku_missing", True),
        (Lifecycle.COMPLETED, "state_not_listed", False),
        (Lifecycle.CANCELLED, "due", False),
        (Lifecycle.DELETED, "due", False),
        (Lifecycle.DRAFT, "state_not_listed", False),
    ],
)
def test_sale_counts_while_it_may_still_come_to_the_warehouse(lifecycle: Lifecycle, code: str, sold: bool) -> None:
    assert is_sold(lifecycle, Verdict(code)) is sold


@pytest.mark.edge(73)
def test_bundle_that_is_sold_as_one_line_takes_its_components(order: Order) -> None:
    line = replace(order.lines[0], sku="gaveboks ", quantity=D(3))
    sold = pieces_of(replace(order, lines=(line,)), {}, GoodsRules(), GIFT_BOX)
    assert sold == {"nh-1000": D(6), "nh-1001": D(3)}
    assert pieces_of_skus({"GAVEBOKS": D(3), "X": D(1)}, {"X": "Y"}, GIFT_BOX) == {**sold, "y": D(1)}


def test_parts_of_a_bundle_are_held_back_where_the_warehouse_is_known_to(order: Order) -> None:
    lines = (replace(order.lines[0], sku="Gaveboks", quantity=D(3)), replace(order.lines[0], sku="NH-1000"))
    booked = replace(order, lines=lines)
    now = pieces_of(booked, {}, GoodsRules(), GIFT_BOX)
    held = {way: reserved_pieces(booked, {}, GoodsRules(), GIFT_BOX, with_parts=way) for way in (True, False)}
    assert held[True] == now
    assert added(held[False], now) == {"nh-1000": D(6), "nh-1001": D(3)}


def test_added_are_pieces_that_nobody_has_reserved_yet() -> None:
    assert added({"a": D(2), "b": D(5)}, {"a": D(3), "b": D(1), "c": D(1)}) == {"a": D(1), "c": D(1)}


def test_pieces_are_read_out_of_an_order_that_is_not_understood() -> None:
    body = {**recorded(61), "currency": "", "total": "many", "status": "processing"}
    assert sum(sold_in_woocommerce(body).values()) == sum(line["quantity"] for line in body["line_items"])
    assert sold_in_woocommerce({**body, "status": "cancelled"}) == {}

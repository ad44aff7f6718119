"""Coupons, gift cards and parts of bundles in WooCommerce's orders, as plugins show them."""

from __future__ import annotations

import copy
from decimal import Decimal
from typing import Any

import pytest

from pakhus.formats.woocommerce import WooCommerceFormatError, order_from_woocommerce
from pakhus.model import LineKind, Order
from tests.clients.woocommerce_recordings import recorded_body

D = Decimal


def order(name: str = "order-get-round", **changes: Any) -> Order:
    return order_from_woocommerce({**recorded_body(name), **changes}, "nordlys", {"_ywgc_applied": "gift_card"})


def test_recorded_coupons_are_read_with_what_they_took_off() -> None:
    found = order("order-get-coupon")
    taken = (
        sum((line.discount_net for line in found.lines), D(0)),
        sum((line.discount_vat for line in found.lines), D(0)),
    )
    assert taken == (sum(one.net for one in found.coupons), sum(one.vat for one in found.coupons))
    assert taken[0] > 0
    assert {one.kind for one in order_from_woocommerce(recorded_body("order-create-coupon"), "nordlys").coupons} == {
        "percent",
        "fixed_cart",
    }


@pytest.mark.parametrize(
    "value",
    ["300.00", 300, '{"ABCD-1234": 200, "EFGH": "100.00"}', '[{"code": "ABCD", "amount": "300"}]', {"ABCD": 300}],
)
def test_mapped_field_of_a_plugin_becomes_a_redeemed_card_without_its_code(value: object) -> None:
    found = order(meta_data=[{"id": 1, "key": "_ywgc_applied", "value": value}])
    card = found.lines[-1]
    assert (card.kind, card.net, card.vat, card.vat_shares) == (LineKind.GIFT_CARD_REDEEMED, D(-300), 0, ())
    assert "ABCD" not in repr(card)
    assert found.attributes == {}


def test_list_of_gift_cards_counts_once_though_a_field_repeats_it() -> None:
    found = order(
        gift_cards=[{"id": 7, "code": "ABCD", "amount": D("120.5")}, {"id": 8, "code": "EFGH", "amount": "79.50"}],
        meta_data=[{"id": 1, "key": "_ywgc_applied", "value": "200"}],
    )
    cards = [line for line in found.lines if line.kind is LineKind.GIFT_CARD_REDEEMED]
    assert [card.net for card in cards] == [D("-120.5"), D("-79.50")]


def test_card_field_that_is_no_amount_is_named() -> None:
    with pytest.raises(WooCommerceFormatError, match="gift_card"):
        order(meta_data=[{"id": 1, "key": "_ywgc_applied", "value": "ABCD-1234"}])


@pytest.mark.parametrize("member", ["bundled_by", "composite_parent"])
def test_part_of_a_bundle_names_its_parent(member: str) -> None:
    body = copy.deepcopy(recorded_body("order-get-round"))
    parent = body["line_items"][0]
    body["line_items"].append({**parent, "id": 990, member: parent["id"]})
    parent["bundled_by"] = ""
    lines = order_from_woocommerce(body, "nordlys").lines
    assert [line.parent_line_id for line in lines[:2]] == [None, str(parent["id"])]

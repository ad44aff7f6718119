"""WooCommerce's refunds, as recorded from a real shop, understood."""

from __future__ import annotations

import copy
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from pakhus.formats.woocommerce import (
    credit_from_woocommerce,
    vat_rates,
)
from pakhus.model import (
    Credit,
    LineKind,
    Money,
    VatShare,
)
from tests.clients.woocommerce_recordings import recorded_body

D = Decimal
MAP = {"_billing_cvr": "vat_number", "_billing_ean": "ean", "_billing_rekvisition": "requisition"}
RATE = D("0.25")


def read_credits(name: str, **changes: Any) -> list[Credit]:
    rates = vat_rates(recorded_body("order-get-part-refund"))
    return [
        credit_from_woocommerce({**refund, **changes}, "nordlys", "80", currency="DKK", order_rates=rates)
        for refund in recorded_body(name)
    ]


def test_reads_a_refund_by_lines_as_positive_parts_of_the_order() -> None:
    shipping, _, goods = read_credits("order-refunds-list")
    assert (goods.id, goods.amount, goods.vat) == ("106", Money(D("189.00"), "DKK"), D("37.80"))
    (line,) = goods.lines
    assert (line.id, line.kind, line.quantity, line.net, line.vat) == (
        "73",
        LineKind.PRODUCT,
        1,
        D("151.20"),
        D("37.80"),
    )
    assert line.vat_shares == (VatShare(RATE, D("37.80")),)
    (line,) = shipping.lines
    assert (line.id, line.kind, line.net) == ("75", LineKind.SHIPPING, D("39.20"))
    assert goods.created_at == datetime(2026, 11, 21, 16, 15, 9, tzinfo=UTC)
    assert goods.reason == "Defekt vare"


@pytest.mark.parametrize("name", ["order-refunds-list", "order-refunds-list-auto"])
def test_reads_a_refund_by_amount_without_lines_or_vat(name: str) -> None:
    found = [credit for credit in read_credits(name) if not credit.lines]
    assert found
    assert all(credit.vat is None and credit.amount.amount > 0 for credit in found)


def test_reads_a_refund_with_wrong_signs() -> None:
    goods = recorded_body("order-refunds-list")[2]
    wrong = copy.deepcopy(goods)
    wrong["amount"] = "-189.00"
    wrong["line_items"][0].update(quantity=1, total="151.20", total_tax="37.80", taxes=[{"id": 1, "total": "37.80"}])
    read = [credit_from_woocommerce(body, "nordlys", "80", currency="DKK") for body in (goods, wrong)]
    assert read[0] == read[1]


def test_keeps_a_refunded_discount_negative_beside_the_goods() -> None:
    refund = copy.deepcopy(recorded_body("order-refunds-list")[2])
    fee = {"id": 500, "name": "Rabat", "total": "10.00", "total_tax": "2.50", "taxes": [{"id": 1, "total": "2.50"}]}
    refund.update(amount="176.50", fee_lines=[fee])
    read = credit_from_woocommerce(refund, "nordlys", "80", currency="DKK")
    discount = read.lines[-1]
    assert (discount.kind, discount.net, discount.vat) == (LineKind.DISCOUNT, D("-10.00"), D("-2.50"))
    assert read.vat == D("35.30")


def test_says_no_vat_where_lines_do_not_explain_the_refund() -> None:
    read = read_credits("order-refunds-list", amount="289.00")
    assert [credit.vat for credit in read] == [None, None, None]


def test_borrows_the_orders_rates_where_the_refund_has_none() -> None:
    (_, _, goods) = read_credits("order-refunds-list", tax_lines=[])
    assert goods.lines[0].vat_shares == (VatShare(RATE, D("37.80")),)

"""The bodies we send to Rackbeat and what we read of its answers (contracts/rackbeat.md 1.6, 6, 7.3)."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from pakhus.formats.rackbeat import (
    CustomerDefaults,
    OrderDefaults,
    ReservedLine,
    created_at,
    customer_to_rackbeat,
    order_number,
    order_to_rackbeat,
    unit_price,
)
from pakhus.model import Party
from tests.rules.orders import DENMARK, line, order

DEFAULTS = OrderDefaults(
    customer_number=1,
    layout=1,
    payment_terms=5,
    vat_zone="domestic",
    order_date=date(2026, 11, 21),
    heading="nordlys-1042-order",
)
GOODS = [ReservedLine("NH-1", "Vinglas", Decimal(6), Decimal("39.60"))]


def test_order_carries_our_key_and_the_goods() -> None:
    body = order_to_rackbeat(order([line("237.60", "59.40", quantity="6")], "297.00"), GOODS, DEFAULTS)
    assert body["heading"] == "nordlys-1042-order"
    assert body["lines"] == [
        {"item_id": "NH-1", "name": "Vinglas", "quantity": Decimal(6), "line_price": Decimal("39.60")}
    ]
    assert body["delivery_address_street"] == "Algade 1"
    assert body["their_reference"] == "1042"


def test_goods_go_to_the_billing_address_when_there_is_no_other() -> None:
    body = order_to_rackbeat(order([line("80.00", "20.00")], "100.00", shipping=Party()), GOODS, DEFAULTS)
    assert body["delivery_address_city"] == DENMARK.city


def test_customer_has_its_name_in_both_members_and_no_empty_ones() -> None:
    defaults = CustomerDefaults(group=1, payment_terms=5, vat_zone="domestic", layout=None)
    body = customer_to_rackbeat(order([line("80.00", "20.00")], "100.00"), defaults)
    assert body["name"] == body["company_name"] == "Anne Test"
    assert "" not in body.values()
    assert "layout_id" not in body


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-21T11:00:00+01:00", datetime(2026, 11, 21, 10, tzinfo=UTC)),
        ("2026-11-21 11:00:00", datetime(2026, 11, 21, 11, tzinfo=UTC)),
        ("2026-07-01 12:00:00", datetime(2026, 7, 1, 12, tzinfo=UTC)),
    ],
)
def test_both_forms_of_time_are_read(text: str, expected: datetime) -> None:
    assert created_at({"created_at": text}) == expected


def test_row_without_a_time_or_a_number_is_refused() -> None:
    with pytest.raises(ValueError, match="created_at"):
        created_at({})
    with pytest.raises(KeyError):
        order_number({"order": {}})


def test_price_of_one_unit_is_for_display_only() -> None:
    assert unit_price(Decimal("79.99"), Decimal(3)) == Decimal("26.66")
    assert unit_price(Decimal("10.00"), Decimal(0)) == Decimal("10.00")

"""Rackbeat's shipments and orders as rows of its lists, to what the ledger keeps and the shop is told."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from pakhus.formats.rackbeat_shipments import (
    Shipment,
    ShipmentFormatError,
    Shipping,
    fulfilment_from_rackbeat,
    last_shipped,
    order_facts,
    order_from_facts,
    order_number_of,
    parcels_of,
    shipment_facts,
    shipment_from_facts,
    unaccounted,
)
from pakhus.model import Parcel
from pakhus.rules.mappings import TrackingField
from tests.rules.orders import line, order

WENT = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
D = Decimal


def row(**changes: Any) -> dict[str, Any]:
    """A shipment as a list shows it, with members that are no facts of it."""
    return {
        "id": 7,
        "is_picked": True,
        "is_shipped": True,
        "shipped_at": "2026-11-21T10:30:00+01:00",
        "customer": {"number": 1, "name": "Anne Test"},
        "order": {"number": 1021, "customer_id": 1},
        "lines": [
            {"id": 1, "child_id": "NH-1", "quantity": 2, "location": {"name": "A1"}},
            {"id": 2, "child_id": "NH-2", "quantity": D("1.5")},
            {"id": 3, "child_id": "NH-1", "quantity": 1},
            {"id": 4, "child_id": None, "quantity": 1},
        ],
        **changes,
    }


def shipment(**changes: Any) -> Shipment:
    changed = row(**changes)
    return shipment_from_facts(shipment_facts(changed, order_number_of(changed)))


def test_shipment_is_pieces_by_item_and_the_moment_they_went() -> None:
    assert shipment() == Shipment(7, WENT, {"NH-1": D(3), "NH-2": D("1.5")})


def test_kept_facts_hold_nothing_of_a_person_and_do_not_change_when_goods_are_picked() -> None:
    facts = shipment_facts(row(), "1021")
    assert "Anne" not in str(facts)
    assert facts == shipment_facts(row(is_picked=False, updated_at="2026-12-01 10:00:00"), "1021")


@pytest.mark.parametrize(
    ("told", "meant"),
    [
        ("2026-11-21T10:30:00+01:00", WENT),
        ("2026-11-21 10:30:00", WENT),
        ("2026-07-01 10:30:00", datetime(2026, 7, 1, 8, 30, tzinfo=UTC)),
    ],
    ids=["with offset", "Danish winter", "Danish summer"],
)
def test_both_forms_of_times_are_read(told: str, meant: datetime) -> None:
    assert shipment(shipped_at=told).shipped_at == meant


def test_shipment_that_has_not_gone_has_no_moment_whatever_is_planned() -> None:
    assert shipment(is_shipped=False, shipped_at=None, shipping_date="2026-11-22").shipped_at is None


def test_moment_of_the_last_change_stands_in_where_none_of_shipping_is_shown() -> None:
    assert shipment(shipped_at=None, updated_at="2026-11-21T10:30:00+01:00").shipped_at == WENT


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"shipped_at": "yesterday"}, "shipped_at is 'yesterday'"),
        ({"shipped_at": None, "updated_at": None}, "shipped_at is None"),
        ({"lines": [{"child_id": "NH-1", "quantity": None}]}, "quantity of item NH-1 is None"),
        ({"lines": [{"child_id": "NH-1", "quantity": "NaN"}]}, "quantity of item NH-1 is 'NaN'"),
        ({"id": None}, "a shipment has no id"),
    ],
)
def test_member_that_cannot_be_understood_is_named(changes: dict[str, Any], named: str) -> None:
    with pytest.raises(ShipmentFormatError) as error:
        shipment(**changes)
    assert str(error.value) == named


def test_number_of_the_order_is_read_from_either_member_or_not_said() -> None:
    assert order_number_of({"order": {"number": 1021}, "order_id": 5}) == "1021"
    assert order_number_of({"order_id": 1021}) == "1021"
    assert order_number_of({"id": 7}) is None


def warehouse_order(*lines: tuple[str | None, int, int | None], **flags: Any) -> dict[str, Any]:
    shown = [{"child_id": item, "quantity": asked, "quantity_shipped": went} for item, asked, went in lines]
    return {"number": 1021, "lines": shown, **flags}


@pytest.mark.parametrize(
    ("shown", "shipping"),
    [
        (warehouse_order(("NH-1", 2, 0)), Shipping.NONE),
        (warehouse_order(("NH-1", 2, None)), Shipping.NONE),
        (warehouse_order(("NH-1", 2, 1)), Shipping.PARTIAL),
        (warehouse_order(("NH-1", 2, 0), is_partly_shipped=True), Shipping.PARTIAL),
        (warehouse_order(("NH-1", 2, 2), ("NH-2", 1, 0)), Shipping.PARTIAL),
        (warehouse_order(("NH-1", 2, 2), ("NH-2", 1, 1)), Shipping.FULL),
        (warehouse_order(("NH-1", 2, 2), (None, 1, None)), Shipping.FULL),
        (warehouse_order(("NH-1", 2, 2), ("freight", 1, 0), is_shipped=True), Shipping.FULL),
        (warehouse_order(("NH-1", 2, 1), is_cancelled=True, is_partly_shipped=True), Shipping.CANCELLED),
        (warehouse_order(("NH-1", 2, 2), is_cancelled=True, is_shipped=True), Shipping.FULL),
        (warehouse_order(), Shipping.NONE),
    ],
)
def test_order_is_shipped_as_its_flags_say_else_as_its_lines_do(shown: dict[str, Any], shipping: Shipping) -> None:
    assert order_from_facts(order_facts(shown)).shipping is shipping


def test_order_that_says_more_went_than_its_shipments_hold_has_one_that_is_not_known() -> None:
    told = order_from_facts(order_facts(warehouse_order(("NH-1", 3, 3), ("NH-2", 2, 1))))
    parts = [Shipment(1, WENT, {"NH-1": D(1)}), Shipment(2, WENT, {"NH-1": D(2), "NH-2": D(1)})]
    assert not unaccounted(told, parts)
    assert unaccounted(told, parts[:1])
    assert unaccounted(told, [parts[0], Shipment(2, None, parts[1].items)])
    flag_alone = order_from_facts(order_facts({"number": 1021, "is_shipped": True}))
    assert unaccounted(flag_alone, [])
    assert not unaccounted(flag_alone, parts)


def test_last_shipment_is_the_one_that_went_last_not_the_newest() -> None:
    later = datetime(2026, 11, 22, tzinfo=UTC)
    found = last_shipped([Shipment(1, later, {}), Shipment(2, WENT, {}), Shipment(3, None, {})])
    assert found is not None
    assert found.id == 1
    assert last_shipped([Shipment(3, None, {})]) is None


def test_tracking_comes_from_the_custom_field_that_is_named_and_from_no_other() -> None:
    values = [{"value": "0037-1,0037-2", "field": {"id": 7}}, {"value": "x", "field": {"id": 8}}, {"value": None}]
    told = order_from_facts(order_facts({"number": 1, "field_values": values}))
    field = TrackingField(field=7, carrier="GLS", address="https://gls.example/{number}")
    assert parcels_of(told, field) == (
        Parcel("GLS", "0037-1", "https://gls.example/0037-1"),
        Parcel("GLS", "0037-2", "https://gls.example/0037-2"),
    )
    assert parcels_of(told, TrackingField(field=9)) == ()
    assert parcels_of(told, None) == ()


def test_shop_is_told_in_its_own_names_and_lines_where_those_are_certain() -> None:
    lines = [line("1", "0", sku="SKU-1", number=11), line("1", "0", sku="NH-2", number=12), line("1", "0", sku="NH-2")]
    told = fulfilment_from_rackbeat(
        shipment(), order(lines, "3.00"), {"SKU-1": "NH-1"}, key="k", completes=True, parcels=()
    )
    assert (told.order_id, told.id, told.shipped_at, told.completes) == ("1042", "k", WENT, True)
    assert [(one.sku, one.quantity, one.line_id) for one in told.lines] == [
        ("SKU-1", D(3), "11"),
        ("NH-2", D("1.5"), None),
    ]


def test_shop_is_never_told_of_what_has_not_gone() -> None:
    with pytest.raises(ShipmentFormatError):
        fulfilment_from_rackbeat(
            shipment(is_shipped=False), order([], "0.00"), {}, key="k", completes=False, parcels=()
        )

"""Rackbeat's shipments and the shipping side of its orders, to our objects (contracts/rackbeat.md 7.4, 8); pure.

What is kept of a row are the facts of the shipment: no customer, no address. A row without a member that a fact needs
is refused only where the fact is used, so that one odd shipment harms no other.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from pakhus.model import ZERO, Fulfilment, Order, Parcel, ShippedLine
from pakhus.rules.mappings import TrackingField

# Times without a zone are taken for Danish: where a zone is written it is Denmark's (section 1.6).
_LOCAL = ZoneInfo("Europe/Copenhagen")

Facts = dict[str, Any]


class ShipmentFormatError(ValueError):
    """A member of a shipment or order that cannot be understood; the text names it."""


class Shipping(StrEnum):
    """How far a warehouse order is. `cancelled` also covers one whose rest went to a new order (section 8)."""

    NONE = "none"
    PARTIAL = "partial"
    FULL = "full"
    CANCELLED = "cancelled"
    GONE = "gone"  # Rackbeat has no such order any more


@dataclass(frozen=True, slots=True)
class Shipment:
    """One shipment. `shipped_at` is None until the goods went; `items` are pieces by item number, in its order."""

    id: int
    shipped_at: datetime | None
    items: Mapping[str, Decimal]


@dataclass(frozen=True, slots=True)
class WarehouseOrder:
    """How far an order is shipped: pieces by item number, as its lines say. `fields` are custom fields by their id."""

    shipping: Shipping
    shipped: Mapping[str, Decimal]
    fields: Mapping[int, str]


def shipment_id(row: Mapping[str, Any]) -> int:
    """The id of a shipment in a list; ShipmentFormatError without it."""
    try:
        return int(row["id"])
    except (KeyError, TypeError, ValueError):
        raise ShipmentFormatError("a shipment has no id") from None


def order_number_of(row: Mapping[str, Any]) -> str | None:
    """The number of a shipment's order. None where the row does not say it: both members are known from 2018 only."""
    order = row.get("order")
    number = order.get("number") if isinstance(order, Mapping) else row.get("order_id")
    return None if number is None else str(number)


def shipment_facts(row: Mapping[str, Any], order_number: str | None) -> Facts:
    """What the ledger keeps of a shipment."""
    return {
        "id": shipment_id(row),
        "order_number": order_number,
        "is_shipped": row.get("is_shipped") is True,
        "shipped_at": (row.get("shipped_at") or row.get("updated_at")) if row.get("is_shipped") is True else None,
        "lines": [{"child_id": line.get("child_id"), "quantity": line.get("quantity")} for line in _lines(row)],
    }


def shipment_from_facts(facts: Mapping[str, Any]) -> Shipment:
    """Understand a shipment that the ledger kept; ShipmentFormatError names the member that cannot be."""
    shipped_at = _moment(facts.get("shipped_at")) if facts.get("is_shipped") else None
    items: dict[str, Decimal] = {}
    for line in _lines(facts):
        if line.get("child_id") is not None:  # lines of text have none
            number = str(line["child_id"])
            items[number] = items.get(number, ZERO) + _quantity(line, "quantity")
    return Shipment(shipment_id(facts), shipped_at, items)


def order_facts(order: Mapping[str, Any]) -> Facts:
    """What the ledger keeps of an order's shipping."""
    fields = order.get("field_values")
    return {
        "number": str(order.get("number")),
        **{flag: order.get(flag) is True for flag in ("is_shipped", "is_partly_shipped", "is_cancelled")},
        "lines": [
            {name: line.get(name) for name in ("child_id", "quantity", "quantity_shipped")} for line in _lines(order)
        ],
        "fields": [
            {"id": value["field"].get("id"), "value": value.get("value")}
            for value in (fields if isinstance(fields, Sequence) else ())
            if isinstance(value, Mapping) and isinstance(value.get("field"), Mapping)
        ],
    }


def order_from_facts(facts: Mapping[str, Any]) -> WarehouseOrder:
    """Understand an order that the ledger kept; ShipmentFormatError names the member that cannot be."""
    shipped: dict[str, Decimal] = {}
    left = False
    for line in _lines(facts):
        if line.get("child_id") is None:
            continue
        number, gone = str(line["child_id"]), _quantity(line, "quantity_shipped", missing=ZERO)
        shipped[number] = shipped.get(number, ZERO) + gone
        left = left or gone < _quantity(line, "quantity")
    fields = {int(field["id"]): str(field["value"]) for field in facts.get("fields", ()) if field.get("value")}
    return WarehouseOrder(_shipping(facts, shipped, left=left), shipped, fields)


def unaccounted(order: WarehouseOrder, shipments: Iterable[Shipment]) -> bool:
    """Whether the order says that more was shipped than these shipments hold: then one of them is not known yet."""
    known: Counter[str] = Counter()
    for shipment in shipments:
        if shipment.shipped_at is not None:
            known.update(shipment.items)
    nothing_known = order.shipping in (Shipping.PARTIAL, Shipping.FULL) and not known
    return nothing_known or any(known.get(number, ZERO) < quantity for number, quantity in order.shipped.items())


def last_shipped(shipments: Iterable[Shipment]) -> Shipment | None:
    """The shipment that went last."""
    went = [(shipment.shipped_at, shipment.id, shipment) for shipment in shipments if shipment.shipped_at is not None]
    return max(went, key=lambda entry: entry[:2])[2] if went else None


def parcels_of(order: WarehouseOrder, tracking: TrackingField | None) -> tuple[Parcel, ...]:
    """What the buyer follows the parcels by, one for each number in the field, divided by commas or spaces."""
    if tracking is None:
        return ()
    numbers = order.fields.get(tracking.field, "").replace(",", " ").split()
    return tuple(Parcel(tracking.carrier, number, tracking.address.replace("{number}", number)) for number in numbers)


def fulfilment_from_rackbeat(
    shipment: Shipment,
    order: Order,
    numbers: Mapping[str, str],
    *,
    key: str,
    completes: bool,
    parcels: Sequence[Parcel],
) -> Fulfilment:
    """A shipment as the shop is told of it. `numbers` maps SKUs that are called otherwise in the warehouse."""
    if shipment.shipped_at is None:
        raise ShipmentFormatError(f"shipment {shipment.id} is not shipped")
    skus = {number: sku for sku, number in numbers.items()}
    lines = []
    for number, quantity in shipment.items.items():
        sku = skus.get(number, number)
        ids = [line.id for line in order.lines if line.sku == sku]
        lines.append(ShippedLine(sku, quantity, ids[0] if len(ids) == 1 else None))
    return Fulfilment(
        shop=order.shop,
        order_id=order.id,
        id=key,
        shipped_at=shipment.shipped_at,
        lines=tuple(lines),
        completes=completes,
        parcels=tuple(parcels),
    )


def _shipping(facts: Mapping[str, Any], shipped: Mapping[str, Decimal], *, left: bool) -> Shipping:
    """The flags first: lines without stock keeping are never shipped and don't hold them back (section 15.9)."""
    if facts.get("is_shipped") or (shipped and not left):
        return Shipping.FULL
    if facts.get("is_cancelled"):
        return Shipping.CANCELLED
    partly = facts.get("is_partly_shipped") or any(quantity > 0 for quantity in shipped.values())
    return Shipping.PARTIAL if partly else Shipping.NONE


def _lines(row: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    lines = row.get("lines")
    return [line for line in lines if isinstance(line, Mapping)] if isinstance(lines, Sequence) else []


def _quantity(line: Mapping[str, Any], name: str, missing: Decimal | None = None) -> Decimal:
    value = line.get(name)
    if value is None and missing is not None:
        return missing
    try:
        quantity = Decimal(str(value))
    except ArithmeticError:
        quantity = Decimal("NaN")
    if not quantity.is_finite():
        raise ShipmentFormatError(f"{name} of item {line.get('child_id')} is {value!r}")
    return quantity


def _moment(value: object) -> datetime:
    try:
        moment = datetime.fromisoformat(str(value or ""))
    except ValueError:
        raise ShipmentFormatError(f"shipped_at is {value!r}") from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=_LOCAL)).astimezone(UTC)

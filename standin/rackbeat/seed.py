"""The Rackbeat stand-in's state from a seed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from standin.rackbeat.checks import as_decimal
from standin.rackbeat.customers import new_customer
from standin.rackbeat.products import new_product
from standin.rackbeat.state import Record, State

_PLAIN = {
    "product_groups": "groups",
    "payment_terms": "payment_terms",
    "layouts": "layouts",
    "units": "units",
    "customer_groups": "customer_groups",
    "employees": "employees",
}


def build(seed: Mapping[str, Any], now: datetime) -> State:
    """A fresh state. ``shop_products`` (see ``standin.seeds``) become products of the group with their VAT rate."""
    state = State(
        account=dict(seed["account"]),
        token=str(seed["credentials"]["token"]),
        currencies={code: Decimal(str(rate)) for code, rate in seed["currencies"].items()},
        fields={int(row["id"]): dict(row) for row in seed.get("fields", [])},
        next_numbers={name: int(number) for name, number in seed.get("next_numbers", {}).items()},
    )
    for name, member in _PLAIN.items():
        setattr(state, member, {int(row["number"]): dict(row) for row in seed.get(name, [])})
    for row in seed["locations"]:
        state.locations[int(row["number"])] = _location(row, now)
    for row in [*seed.get("products", []), *(_shop_product(state, row) for row in seed.get("shop_products", []))]:
        _add_product(state, dict(row), now)
    for row in seed.get("customers", []):
        state.customers[int(row["number"])] = new_customer(int(row["number"]), dict(row), now)
    return state


def _location(row: Mapping[str, Any], now: datetime) -> Record:
    defaults = {"barcode": None, "is_default": False, "parent_id": None}
    return {**defaults, **row, "number": int(row["number"]), "created": now}


def _add_product(state: State, row: Record, now: datetime) -> None:
    stock = {int(location): as_decimal(quantity) or Decimal(0) for location, quantity in row.pop("stock", {}).items()}
    number, name, group = row.pop("number"), row.pop("name"), int(row.pop("group"))
    state.products[number] = new_product(number, name, group, created=now, **row)
    if stock:
        state.stock[number] = stock


def _shop_product(state: State, row: Mapping[str, Any]) -> Record:
    rate = as_decimal(row.get("vat_percentage", 25))
    groups = [group for group in state.groups.values() if group["has_inventory"] and group["vat_domestic"] == rate]
    group = groups[0] if groups else next(iter(state.groups.values()))
    location = next(number for number, record in state.locations.items() if record["is_default"])
    quantity = as_decimal(row.get("stock", 0)) or Decimal(0)
    return {
        "number": str(row["sku"]),
        "name": str(row["name"])[:255],
        "group": row.get("rackbeat_group", group["number"]),
        "sales_price": row["net_price"],
        "barcode": row.get("barcode"),
        "default_location_id": location,
        "unit_id": next(iter(state.units)),
        "stock": {location: quantity} if quantity else {},
    }

"""Available quantities and account settings out of Rackbeat's JSON (contracts/rackbeat.md 2, 3.2); pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from pakhus.model import Available
from pakhus.rules.stock_locations import Location, Place

AVAILABLE_FIELDS = "number,available_quantity,stock_quantity,inventory_enabled,deleted_at"
# The setting is known by its title only, "Inventory value associated with invoicing" (section 11): its identifier is
# proven nowhere, so it is told by the words that it must have.
_SETTING_WORDS = ("inventory", "value", "invoic")
_OFF = frozenset({"", "0", "false", "no", "off"})


def available_from_rackbeat(row: Mapping[str, Any]) -> Available | None:
    """Return what is free of an item; None for one that keeps no stock, was deleted, or has no number.

    A quantity that is missing or no number is None in the result: it must not be taken for 0.
    """
    number = str(row.get("number") or "").strip()
    if not number or row.get("deleted_at") is not None or row.get("inventory_enabled") is False:
        return None
    return Available(
        number, quantity_or_none(row.get("available_quantity")), quantity_or_none(row.get("stock_quantity"))
    )


def location_from_rackbeat(row: Mapping[str, Any]) -> Location:
    """Return a location of the account (section 4). KeyError when it has no number."""
    parent = row.get("parent_id")
    return Location(str(row["number"]), str(row.get("name") or "").strip(), None if parent is None else str(parent))


def places_from_rackbeat(rows: Iterable[Mapping[str, Any]]) -> dict[str, Place]:
    """Return what an item's rows of locations say, by location; a row without a stock quantity says nothing."""
    found: dict[str, Place] = {}
    for row in rows:
        stock = quantity_or_none(row.get("stock_quantity"))
        if stock is not None and row.get("number") is not None:
            found[str(row["number"])] = Place(stock, quantity_or_none(row.get("available_quantity")))
    return found


def stock_follows_invoices(settings: Iterable[Mapping[str, Any]]) -> bool | None:
    """Tell whether goods leave stock when they are invoiced, not when they are shipped; None: the account does not say.

    Then `available` rises at shipping (section 11).
    """
    for setting in settings:
        identifier = str(setting.get("identifier") or "").lower()
        if all(word in identifier for word in _SETTING_WORDS):
            return str(setting.get("value") or "").strip().lower() not in _OFF
    return None


def quantity_or_none(value: object) -> Decimal | None:
    """Return a quantity or a price; None for what is no number, which must not be taken for 0."""
    if isinstance(value, bool) or not isinstance(value, (int, Decimal, str)):
        return None
    try:
        quantity = Decimal(value)
    except InvalidOperation:
        return None
    return quantity if quantity.is_finite() else None

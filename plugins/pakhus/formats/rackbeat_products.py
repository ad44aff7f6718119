"""Products and inventory adjustments in Rackbeat's JSON (contracts/rackbeat.md 3, 5.1); pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from pakhus.formats.rackbeat_stock import quantity_or_none
from pakhus.model import Money, Product
from pakhus.rules.initial_sync import Stocked, WarehouseProduct
from pakhus.rules.money import percent
from pakhus.rules.product_mapping import NewWarehouseProducts, PricedProducts
from pakhus.rules.product_sync import BARCODE, BARRED, DESCRIPTION, NAME, NO, PRICE, YES, Values

STOCKED_FIELDS = "number,stock_quantity,in_order_quantity,inventory_enabled,deleted_at"


def product_to_rackbeat(product: WarehouseProduct, new: NewWarehouseProducts) -> dict[str, Any]:
    """Return the body that makes a product. No stock: what Rackbeat does with it at creation is unknown (3.3)."""
    body: dict[str, Any] = {
        "number": product.number,
        "name": product.name,
        "group": new.group,
        "sales_price": product.price,
    }
    if product.description:
        body["description"] = product.description
    if product.barcode:
        body["barcode"] = product.barcode
    if new.unit is not None:
        body["unit_id"] = new.unit
    return body


_MEMBERS = {NAME: "name", DESCRIPTION: "description", BARCODE: "barcode"}


def new_product_to_rackbeat(number: str, values: Values, new: NewWarehouseProducts) -> dict[str, Any]:
    """Return the body that makes a product of a master's values; one without a price has 0, since one is needed."""
    price = Decimal(values.get(PRICE, "0"))
    product = WarehouseProduct(number, values[NAME], price, values.get(DESCRIPTION, ""), values.get(BARCODE, ""))
    return product_to_rackbeat(product, new)


def changes_to_rackbeat(changes: Values) -> dict[str, Any]:
    """Return the body that changes these fields alone (section 3.1: any subset is taken)."""
    body: dict[str, Any] = {_MEMBERS[name]: changes[name] for name in _MEMBERS if name in changes}
    if PRICE in changes:
        body["sales_price"] = Decimal(changes[PRICE])
    if BARRED in changes:
        body["is_barred"] = changes[BARRED] == YES
    return body


def values_from_rackbeat(row: Mapping[str, Any]) -> tuple[str, Values]:
    """Return a product's number, and what Rackbeat shows of it; a price that is no number is none."""
    values: dict[str, str] = {name: str(row.get(member) or "") for name, member in _MEMBERS.items()}
    price = quantity_or_none(row.get("sales_price"))
    values[PRICE] = "" if price is None else f"{price:f}"
    values[BARRED] = YES if row.get("is_barred") else NO
    return str(row["number"]), values


def product_from_rackbeat(row: Mapping[str, Any], basis: PricedProducts, skus: Mapping[str, str]) -> Product:
    """Return a product of the account as a master's. Its price is without VAT, in the account's base currency.

    `skus`: number -> the shop's SKU, where they differ.
    """
    number, values = values_from_rackbeat(row)
    return Product(
        sku=skus.get(number, number),
        name=values[NAME],
        price=Money(Decimal(values[PRICE]), basis.currency) if values[PRICE] else None,
        price_includes_vat=False,
        description=values[DESCRIPTION],
        barcode=values[BARCODE],
        id=number,
        tax_class=_class_of_group(row, basis),
        barred=values[BARRED] == YES or is_deleted(row),
    )


def _class_of_group(row: Mapping[str, Any], basis: PricedProducts) -> str:
    """The VAT of a product's group as people write it, "0 %"; empty where it is that of the shop's standard class."""
    told = quantity_or_none((row.get("group") or {}).get("vat_domestic"))
    standard = basis.rate_of("")
    return "" if told is None or standard is None or told == standard * 100 else percent(told / 100)


def updated_after(row: Mapping[str, Any], cursor: str | None) -> bool:
    """Whether a row was changed after the cursor; one whose time cannot be read was."""
    if cursor is None:
        return True
    try:
        return datetime.fromisoformat(str(row.get("updated_at"))) > datetime.fromisoformat(cursor)
    except (ValueError, TypeError):
        return True


def is_deleted(row: Mapping[str, Any]) -> bool:
    """Whether a product was deleted and its number is still taken (section 3.2)."""
    return row.get("deleted_at") is not None


def is_used(row: Mapping[str, Any]) -> bool:
    """Whether pieces are there or on their way; what is not readable counts as so."""
    names = ("stock_quantity", "in_order_quantity", "purchased_quantity")
    return any(quantity_or_none(row.get(name, 0)) != 0 for name in names)


def product_number(answer: Mapping[str, Any]) -> str:
    """The number of a product in a single-object answer; KeyError without it."""
    return str(answer["product"]["number"])


def adjustment_to_rackbeat(number: str, on_hand: Decimal, location: int, day: date, reason: str) -> dict[str, Any]:
    """Return the body of an adjustment: the quantity is what the location is to have, not a difference (5.1)."""
    return {
        "item_id": number,
        "adjustment_type": "quantity",
        "quantity": on_hand,
        "location": location,
        "regulated_at": day.isoformat(),
        "reason": reason,
    }


def adjustment_id(answer: Mapping[str, Any]) -> str:
    """The id of an adjustment in a single-object answer; KeyError without it."""
    return str(int(answer["inventory_regulation"]["id"]))


def stocked_from_rackbeat(row: Mapping[str, Any]) -> Stocked:
    """Return what the warehouse has of a product; a quantity that is no number is None, it must not be taken for 0."""
    return Stocked(
        number=str(row["number"]),
        in_stock=quantity_or_none(row.get("stock_quantity")),
        in_orders=quantity_or_none(row.get("in_order_quantity")),
        keeps_stock=row.get("inventory_enabled") is not False and row.get("deleted_at") is None,
    )


def adjusted_to(row: Mapping[str, Any]) -> Decimal | None:
    """The quantity of an adjustment's only line; None where it has none that can be understood, or several lines."""
    lines = row.get("lines")
    if not isinstance(lines, list) or len(lines) != 1 or not isinstance(lines[0], Mapping):
        return None
    return quantity_or_none(lines[0].get("quantity"))

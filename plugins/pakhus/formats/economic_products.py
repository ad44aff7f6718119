"""Products in e-conomic's JSON (contracts/economic.md 4.1); pure."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from pakhus.rules.product_mapping import NewAccountsProducts
from pakhus.rules.product_sync import BARCODE, BARRED, DESCRIPTION, GROUP, NAME, NO, PRICE, YES, Values

_TEXTS = {NAME: "name", DESCRIPTION: "description", BARCODE: "barCode"}
# What a client may write: all else that a product shows is read-only, or a link.
_PLAIN = ("productNumber", "name", "description", "barCode", "salesPrice", "recommendedPrice", "costPrice", "barred")
_REFERENCES = {
    "productGroup": "productGroupNumber",
    "unit": "unitNumber",
    "departmentalDistribution": "departmentalDistributionNumber",
}
_INVENTORY = ("packageVolume", "recommendedCostPrice")


def product_to_economic(number: str, values: Values, new: NewAccountsProducts) -> dict[str, Any]:
    """Return the body of POST /products. The group decides the account and the VAT (section 4.2)."""
    body: dict[str, Any] = {"productNumber": number, "barred": values.get(BARRED, NO) == YES}
    body |= {member: values[name] for name, member in _TEXTS.items() if values.get(name)}
    body["productGroup"] = {"productGroupNumber": int(values[GROUP])}
    if values.get(PRICE):
        body["salesPrice"] = Decimal(values[PRICE])
    if new.unit is not None:
        body["unit"] = {"unitNumber": new.unit}
    return body


def replaced_product(row: Mapping[str, Any], changes: Values) -> dict[str, Any]:
    """Return the body of PUT /products/{n}: everything as it is but for the changes; what is not sent is cleared."""
    body: dict[str, Any] = {name: row[name] for name in _PLAIN if row.get(name) is not None}
    body |= {name: {key: row[name][key]} for name, key in _REFERENCES.items() if row.get(name)}
    inventory = {name: (row.get("inventory") or {}).get(name) for name in _INVENTORY}
    if any(value is not None for value in inventory.values()):
        body["inventory"] = {name: value for name, value in inventory.items() if value is not None}
    for name, member in _TEXTS.items():
        if changes.get(name):
            body[member] = changes[name]
        elif name in changes:
            body.pop(member, None)
    if PRICE in changes:
        body["salesPrice"] = Decimal(changes[PRICE])
    if GROUP in changes:
        body["productGroup"] = {"productGroupNumber": int(changes[GROUP])}
    if BARRED in changes:
        body["barred"] = changes[BARRED] == YES
    return body


def values_from_economic(row: Mapping[str, Any]) -> tuple[str, Values]:
    """Return a product's number, and what e-conomic shows of it; members without a value are left out there."""
    values: dict[str, str] = {name: str(row.get(member) or "") for name, member in _TEXTS.items()}
    price = row.get("salesPrice")
    values[PRICE] = "" if price is None else f"{Decimal(price):f}"
    values[GROUP] = str((row.get("productGroup") or {}).get("productGroupNumber") or "")
    values[BARRED] = YES if row.get("barred") else NO
    return str(row["productNumber"]), values


def product_number(answer: Mapping[str, Any]) -> str:
    """The number of a product in a single-object answer; KeyError without it."""
    return str(answer["productNumber"])

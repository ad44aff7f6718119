"""The e-conomic stand-in's state from a seed."""

from __future__ import annotations

import calendar
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from standin.economic.state import Record, State

_BY_NUMBER = {
    "accounts": "accountNumber",
    "vat_zones": "vatZoneNumber",
    "product_groups": "productGroupNumber",
    "customer_groups": "customerGroupNumber",
    "layouts": "layoutNumber",
    "payment_terms": "paymentTermsNumber",
    "units": "unitNumber",
    "employees": "employeeNumber",
    "departments": "departmentNumber",
    "journals": "journalNumber",
}


def build(seed: Mapping[str, Any], now: datetime) -> State:
    """A fresh state. ``shop_products`` (see ``standin.seeds``) become products of the group with their VAT rate."""
    credentials = seed["credentials"]
    state = State(
        agreement=dict(seed["agreement"]),
        app_token=str(credentials["app_secret_token"]),
        grant_token=str(credentials["agreement_grant_token"]),
        base_currency=seed["agreement"]["settings"]["baseCurrency"],
        currencies={row["code"]: {**row, "rate": Decimal(str(row["rate"]))} for row in seed["currencies"]},
        vat_accounts={row["vatCode"]: _vat_account(row) for row in seed["vat_accounts"]},
        years={row["year"]: _year(row) for row in seed["years"]},
        next_numbers={name: int(number) for name, number in seed.get("next_numbers", {}).items()},
    )
    for member, key in _BY_NUMBER.items():
        setattr(state, member, {int(row[key]): dict(row) for row in seed.get(member, [])})
    for account in state.accounts.values():
        account.setdefault("balance", Decimal("0.00"))
        account.setdefault("debitCredit", "credit" if account["accountNumber"] < 2000 else "debit")
    for group in state.product_groups.values():
        group["sales_accounts"] = {int(zone): int(number) for zone, number in group["sales_accounts"].items()}
    for row in seed.get("products", []):
        _add(state.products, "productNumber", row, now)
    for row in seed.get("shop_products", []):
        _add(state.products, "productNumber", _shop_product(state, row), now)
    for row in seed.get("customers", []):
        _add(state.customers, "customerNumber", row, now)
    for row in seed.get("contacts", []):
        state.contacts[int(row["customerContactNumber"])] = {"sortKey": 1, **row}
    return state


def _add(records: dict[Any, Record], key: str, row: Mapping[str, Any], now: datetime) -> None:
    records[row[key]] = {**row, "created": now, "updated": now}


def _vat_account(row: Mapping[str, Any]) -> Record:
    rate = Decimal(str(row["ratePercentage"])).quantize(Decimal("0.00000001"))
    return {**row, "ratePercentage": rate}


def _year(row: Mapping[str, Any]) -> Record:
    """A year with one period per month; ``closed_periods`` names those that are closed."""
    closed = set(row.get("closed_periods", []))
    first, last = date.fromisoformat(row["fromDate"]), date.fromisoformat(row["toDate"])
    periods, start, number = [], first, 1
    while start <= last:
        end = date(start.year, start.month, calendar.monthrange(start.year, start.month)[1])
        span = {"fromDate": start.isoformat(), "toDate": end.isoformat()}
        periods.append({"periodNumber": number, **span, "closed": number in closed})
        start, number = date.fromordinal(end.toordinal() + 1), number + 1
    kept = {name: row[name] for name in ("year", "fromDate", "toDate")}
    return {**kept, "closed": bool(row.get("closed", False)), "periods": periods}


def _shop_product(state: State, row: Mapping[str, Any]) -> Record:
    """A shop's product in the first group that gives its VAT rate (25 unless said) at home."""
    wanted = Decimal(str(row.get("vat_percentage", 25)))
    groups = [number for number in state.product_groups if _home_rate(state, number) == wanted]
    return {
        "productNumber": str(row["sku"]),
        "name": str(row["name"])[:300] or str(row["sku"]),
        "group": row.get("economic_group", groups[0] if groups else next(iter(state.product_groups))),
        "salesPrice": Decimal(str(row["net_price"])),
        "unit": next(iter(state.units)),
    }


def _home_rate(state: State, group: int) -> Decimal | None:
    account = state.product_groups[group]["sales_accounts"].get(1)
    code = state.accounts[account].get("vatCode") if account else None
    return state.vat_accounts[code]["ratePercentage"] if code else Decimal(0)

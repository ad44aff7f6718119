"""Reference data: agreement, groups, terms, zones, layouts, units, VAT, accounts, years (contract 4, 7.1)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from standin.economic.call import Call, answer, found, router
from standin.economic.identifiers import escaped
from standin.economic.listing import Collection, listing
from standin.economic.state import Record
from standin.messages import Response

Show = Callable[[Call, Record], dict[str, Any]]


@router.on("GET", "/self")
def read_self(call: Call) -> Response:
    """Agreement, company, modules, application."""
    agreement = call.state.agreement
    modules = [
        {**module, "self": call.link(f"modules/{module['moduleNumber']}")} for module in agreement.get("modules", [])
    ]
    shown = {name: value for name, value in agreement.items() if name != "modules"}
    return answer(200, {**shown, "modules": modules, "self": call.link("self")})


def show_vat_zone(call: Call, record: Record) -> dict[str, Any]:
    """A VAT zone, as it also stands in documents."""
    shown = {name: record[name] for name in ("name", "vatZoneNumber", "enabledForCustomer", "enabledForSupplier")}
    return {**shown, "self": call.link(f"vat-zones/{record['vatZoneNumber']}")}


def show_vat_account(call: Call, record: Record) -> dict[str, Any]:
    """A VAT code with its rate, 8 decimals."""
    return {
        "vatCode": record["vatCode"],
        "name": record["name"],
        "ratePercentage": record["ratePercentage"],
        "account": call.ref("accounts", "accountNumber", record["account"]),
        "vatType": {
            "vatTypeNumber": record["vatTypeNumber"],
            "name": record["vatTypeName"],
            "self": call.link(f"vat-types/{record['vatTypeNumber']}"),
        },
        "self": call.link(f"vat-accounts/{escaped(record['vatCode'])}"),
    }


def show_account(call: Call, record: Record) -> dict[str, Any]:
    """An account of the chart; false flags are left out, as documented."""
    number = record["accountNumber"]
    shown = {name: record[name] for name in ("accountNumber", "accountType", "balance", "debitCredit", "name")}
    shown |= {name: True for name in ("barred", "blockDirectEntries") if record.get(name)}
    if record.get("vatCode"):
        shown["vatAccount"] = call.ref("vat-accounts", "vatCode", record["vatCode"])
    return {
        **shown,
        "accountingYears": call.link(f"accounts/{number}/accounting-years"),
        "self": call.link(f"accounts/{number}"),
    }


def show_terms(call: Call, record: Record) -> dict[str, Any]:
    """Payment terms; contra accounts and the card company only where the type has them."""
    shown = {"paymentTermsNumber": record["paymentTermsNumber"]}
    if "daysOfCredit" in record:
        shown["daysOfCredit"] = record["daysOfCredit"]
    shown |= {"name": record["name"], "paymentTermsType": record["paymentTermsType"]}
    for name in ("contraAccountForPrepaidAmount", "contraAccountForRemainderAmount"):
        if name in record:
            shown[name] = call.ref("accounts", "accountNumber", record[name])
    if "creditCardCompany" in record:
        shown["creditCardCompany"] = call.ref("customers", "customerNumber", record["creditCardCompany"])
    return {**shown, "self": call.link(f"payment-terms/{record['paymentTermsNumber']}")}


def show_product_group(call: Call, record: Record) -> dict[str, Any]:
    """A product group, which decides account and VAT."""
    address = f"product-groups/{record['productGroupNumber']}"
    return {
        "productGroupNumber": record["productGroupNumber"],
        "name": record["name"],
        "salesAccounts": call.link(f"{address}/sales-accounts"),
        "products": call.link(f"{address}/products"),
        "self": call.link(address),
    }


def show_unit(call: Call, record: Record) -> dict[str, Any]:
    """A unit."""
    address = f"units/{record['unitNumber']}"
    shown = {"unitNumber": record["unitNumber"], "name": record["name"]}
    return {**shown, "products": call.link(f"{address}/products"), "self": call.link(address)}


def _show_customer_group(call: Call, record: Record) -> dict[str, Any]:
    address = f"customer-groups/{record['customerGroupNumber']}"
    return {
        "customerGroupNumber": record["customerGroupNumber"],
        "name": record["name"],
        "account": call.ref("accounts", "accountNumber", record["account"]),
        "customers": call.link(f"{address}/customers"),
        "self": call.link(address),
    }


def _show_currency(call: Call, record: Record) -> dict[str, Any]:
    shown = {name: record[name] for name in ("code", "name", "isoNumber")}
    return {**shown, "self": call.link(f"currencies/{record['code']}")}


def _shown_as(path: str, key: str) -> Show:
    return lambda call, record: {**record, "self": call.link(f"{path}/{record[key]}")}


_ACCOUNT_FIELDS = {
    "accountNumber": "number",
    "accountType": "text",
    "balance": "number",
    "barred": "flag",
    "blockDirectEntries": "flag",
    "debitCredit": "text",
    "name": "text",
}
_GROUP_FIELDS = {"customerGroupNumber": "number", "name": "text", "account.accountNumber": "number"}
_EMPLOYEE_FIELDS = {"employeeNumber": "number", "name": "text", "email": "text", "phone": "text", "barred": "flag"}
_DEPARTMENT_FIELDS = {"departmentNumber": "number", "name": "text", "barred": "flag"}


def _register(path: str, member: str, show: Show, filterable: Mapping[str, str] | None = None) -> None:
    """List and single read of a collection in the state, keyed by number or by an escaped text."""
    collection = Collection(show, filterable or {}, unsortable=("barred",))

    @router.on("GET", f"/{path}")
    def read_all(call: Call) -> Response:
        return listing(call, collection, getattr(call.state, member).values())

    @router.on("GET", f"/{path}/{{number}}")
    def read_one(call: Call) -> Response:
        records = getattr(call.state, member)
        by_text = isinstance(next(iter(records), ""), str)
        return answer(200, show(call, found(records, call.identifier() if by_text else call.number())))


_register("vat-zones", "vat_zones", show_vat_zone)
_register("vat-accounts", "vat_accounts", show_vat_account)
_register("accounts", "accounts", show_account, _ACCOUNT_FIELDS)
_register("payment-terms", "payment_terms", show_terms)
_register("product-groups", "product_groups", show_product_group)
_register("customer-groups", "customer_groups", _show_customer_group, _GROUP_FIELDS)
_register("units", "units", show_unit)
_register("currencies", "currencies", _show_currency)
_register("layouts", "layouts", _shown_as("layouts", "layoutNumber"))
_register("employees", "employees", _shown_as("employees", "employeeNumber"), _EMPLOYEE_FIELDS)
_register("departments", "departments", _shown_as("departments", "departmentNumber"), _DEPARTMENT_FIELDS)


@router.on("GET", "/product-groups/{number}/sales-accounts")
def read_sales_accounts(call: Call) -> Response:
    """One row per VAT zone that the group has an account for."""
    group = found(call.state.product_groups, call.number())

    def show(call: Call, row: Record) -> dict[str, Any]:
        account, zone = call.state.accounts[row["account"]], call.state.vat_zones[row["zone"]]
        return {"salesAccount": show_account(call, account), "vatZone": show_vat_zone(call, zone)}

    rows = [{"zone": zone, "account": account} for zone, account in sorted(group["sales_accounts"].items())]
    return listing(call, Collection(show), rows)


# --- accounting years ------------------------------------------------------------------------------------------------


def _show_year(call: Call, record: Record) -> dict[str, Any]:
    address = f"accounting-years/{escaped(record['year'])}"
    shown = {name: record[name] for name in ("year", "fromDate", "toDate")}
    shown |= {"closed": True} if record["closed"] else {}
    links = {name: call.link(f"{address}/{name}") for name in ("periods", "entries", "totals", "vouchers")}
    return {**shown, **links, "self": call.link(address)}


def _show_period(call: Call, record: Record) -> dict[str, Any]:
    year = f"accounting-years/{escaped(record['year'])}"
    address = f"{year}/periods/{record['periodNumber']}"
    shown = {name: record[name] for name in ("periodNumber", "fromDate", "toDate")}
    shown |= {"closed": True} if record["closed"] else {}
    reference = {"year": record["year"], "self": call.link(year)}
    return {
        **shown,
        "accountingYear": reference,
        "entries": call.link(f"{address}/entries"),
        "self": call.link(address),
    }


_YEARS = Collection(_show_year, {"fromDate": "date", "toDate": "date", "year": "text"})
_PERIODS = Collection(_show_period, {"periodNumber": "number", "fromDate": "date", "toDate": "date"})


@router.on("GET", "/accounting-years")
def read_years(call: Call) -> Response:
    """All years, earliest first; a closed one says so."""
    return listing(call, _YEARS, sorted(call.state.years.values(), key=lambda year: str(year["fromDate"])))


def _year(call: Call) -> Record:
    year: Record = found(call.state.years, call.identifier("year"))
    return year


@router.on("GET", "/accounting-years/{year}")
def read_year(call: Call) -> Response:
    """One year."""
    return answer(200, _show_year(call, _year(call)))


def _periods(call: Call) -> list[Record]:
    year = _year(call)
    return [{**period, "year": year["year"]} for period in year["periods"]]


@router.on("GET", "/accounting-years/{year}/periods")
def read_periods(call: Call) -> Response:
    """The periods of a year."""
    return listing(call, _PERIODS, _periods(call))


@router.on("GET", "/accounting-years/{year}/periods/{number}")
def read_period(call: Call) -> Response:
    """One period."""
    periods = {period["periodNumber"]: period for period in _periods(call)}
    return answer(200, _show_period(call, found(periods, call.number())))

"""Account check and reference data: groups, locations, terms, layouts, units, employees, currencies, fields."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from standin.messages import Response
from standin.rackbeat.call import Call, answer, found, router, single, stamp
from standin.rackbeat.checks import RefusedError, flag, key_of, number, refuse, text, validate, whole
from standin.rackbeat.lists import Collection, listing
from standin.rackbeat.state import Record, State

Show = Callable[[Call, Record], dict[str, Any]]


def extra(call: Call, shown: dict[str, Any]) -> dict[str, Any]:
    """Members that no contract knows, so that strict parsers break in tests and not in production."""
    if call.switches.extra_fields:
        shown["unlisted"] = {"revision": 3, "labels": ["a"], "note": None}
    return shown


@router.on("GET", "/api/self")
def read_self(call: Call) -> Response:
    """Account and user, without a wrapper."""
    account = call.state.account
    return answer(200, extra(call, {"user_account": dict(account["user_account"]), "user": dict(account["user"])}))


def show_location(call: Call, record: Record) -> dict[str, Any]:
    """A location with its place in the tree."""
    parents = _parents(call.state, record)
    return extra(
        call,
        {
            "number": record["number"],
            "name": record["name"],
            "barcode": record["barcode"],
            "is_default": record["is_default"],
            "parent_id": record["parent_id"],
            "children_count": _children(call.state, record),
            "toplevel_parent_id": parents[0]["number"] if parents else None,
            "nesting_level": len(parents),
            "nest_list": [
                {"number": row["number"], "name": row["name"], "children_count": _children(call.state, row)}
                for row in parents
            ],
            "created_at": stamp(record["created"]),
            "updated_at": stamp(record["created"]),
            "self": call.link(f"locations/{record['number']}"),
        },
    )


def _children(state: State, record: Record) -> int:
    return sum(other["parent_id"] == record["number"] for other in state.locations.values())


def _parents(state: State, record: Record) -> list[Record]:
    parents: list[Record] = []
    while record["parent_id"] is not None:
        record = state.locations[record["parent_id"]]
        parents.insert(0, record)
    return parents


def short(record: Record | None) -> dict[str, Any] | None:
    """Number and name of a referenced record."""
    return None if record is None else {"number": record["number"], "name": record["name"]}


def show_group(call: Call, record: Record) -> dict[str, Any]:
    """A product group: stock keeping and VAT rates per zone."""
    return extra(call, {**record, "self": call.link(f"product-groups/{record['number']}")})


def show_terms(call: Call, record: Record) -> dict[str, Any]:
    """Payment terms."""
    return extra(call, {**record, "self": call.link(f"payment-terms/{record['number']}")})


def _show_plain(call: Call, record: Record) -> dict[str, Any]:
    return extra(call, dict(record))


def _reference(path: str, member: str, show: Show) -> None:
    """Register list and single read of a collection in the state."""
    plural = path.replace("-", "_")
    collection = Collection(plural, show, searched=("name",), exact=("name",))

    @router.on("GET", f"/api/{path}")
    def read_all(call: Call) -> Response:
        return listing(call, collection, getattr(call.state, member).values())

    @router.on("GET", f"/api/{path}/{{number}}")
    def read_one(call: Call) -> Response:
        record = found(getattr(call.state, member), call.number())
        return single(200, plural.removesuffix("s"), show(call, record))


_reference("product-groups", "groups", show_group)
_reference("locations", "locations", show_location)
_reference("payment-terms", "payment_terms", show_terms)
_reference("layouts", "layouts", _show_plain)
_reference("units", "units", _show_plain)
_reference("customer-groups", "customer_groups", _show_plain)
_reference("employees", "employees", _show_plain)


def _settings(call: Call) -> dict[str, Record]:
    """The account's settings. What the one on invoicing is called is told nowhere: hidden unless switched on."""
    by_invoice = "1" if call.switches.deduct_at == "invoice_booking" else "0"
    shown = {"default_currency": ("DKK", "string")}
    if call.switches.stock_setting == "shown":
        shown["inventory_value_associated_with_invoicing"] = (by_invoice, "boolean")
    return {name: {"identifier": name, "value": value, "type": kind} for name, (value, kind) in shown.items()}


@router.on("GET", "/api/settings")
def read_settings(call: Call) -> Response:
    """All settings, without paging (contract 1.3, 2)."""
    return answer(200, {"settings": [_show_plain(call, record) for record in _settings(call).values()]})


@router.on("GET", "/api/settings/{identifier}")
def read_setting(call: Call) -> Response:
    """One setting, without a wrapper."""
    return answer(200, _show_plain(call, found(_settings(call), call.keys["identifier"])))


@router.on("GET", "/api/currencies")
def read_currencies(call: Call) -> Response:
    """The currencies of the account."""
    return answer(200, {"currencies": [{"code": code, "rate": rate} for code, rate in call.state.currencies.items()]})


@router.on("GET", "/api/fields")
def read_fields(call: Call) -> Response:
    """Custom fields; ``for`` narrows to what they are available for."""
    wanted = call.request.param("for")
    kept = [record for record in call.state.fields.values() if wanted in (None, record["available_for"])]
    return answer(200, {"fields": [_show_plain(call, record) for record in kept]})


@router.on("POST", "/api/product-groups")
def create_group(call: Call) -> Response:
    """A new product group; stock keeping is off unless said."""
    body = call.body()
    rates = ("vat_domestic", "vat_eu", "vat_abroad", "vat_domestic_exempt")
    spec = {"number": whole, "name": text(), "has_inventory": flag, "is_sellable": flag, "should_spread_cost": flag}
    validate(body, {**spec, **dict.fromkeys(rates, number)}, ("name",), strict=call.strict)
    group: Record = {
        "number": int(body.get("number") or call.state.next_number("group")),
        "name": body["name"],
        "has_inventory": body.get("has_inventory", False),
        "is_sellable": body.get("is_sellable", True),
        "should_spread_cost": body.get("should_spread_cost", False),
        **{rate: body.get(rate, 0) for rate in rates},
    }
    if group["number"] in call.state.groups:
        raise refuse("number", "The number has already been taken.")
    call.state.groups[group["number"]] = group
    return single(201, "product_group", show_group(call, group))


@router.on("POST", "/api/locations")
def create_location(call: Call) -> Response:
    """A new location below ``parent_id`` or as a warehouse of its own."""
    body = call.body()
    locations = call.state.locations
    spec = {"name": text(), "number": whole, "parent_id": key_of(locations), "is_default": flag}
    validate(body, spec, ("name",), strict=call.strict)
    number_ = int(body.get("number") or call.state.next_number("location"))
    if number_ in locations:
        raise RefusedError(422, errors={"number": ["The number has already been taken."]})
    locations[number_] = {
        "number": number_,
        "name": body["name"],
        "barcode": None,
        "is_default": body.get("is_default", False),
        "parent_id": body.get("parent_id"),
        "created": call.now,
    }
    return single(201, "location", show_location(call, locations[number_]))

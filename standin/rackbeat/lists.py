"""Lists of the Rackbeat stand-in: filters, sorting, paging, fields, the 206 envelope (contract 1.3, 1.4)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from standin.messages import Response
from standin.rackbeat.call import LOCAL, Call, answer, stamp
from standin.rackbeat.checks import RefusedError
from standin.rackbeat.state import Record

LARGEST_PAGE = 1000
FLAGS = frozenset(
    {
        "is_booked",
        "is_shipped",
        "is_cancelled",
        "is_archived",
        "is_ready_for_shipping",
        "is_barred",
        "is_sellable",
        "is_received",
        "is_picked",
        "is_creditnote",
    }
)
_TIME = "%Y-%m-%d %H:%M:%S"
_SIMPLE = re.compile(r"simple_filter\[(\w+)\]")
_FIELD = re.compile(r"(field_eq|field)\[(\d+)\]")
_DATES = {"date": "invoice_date", "invoice_date": "invoice_date", "updated_at": "updated"}


@dataclass(frozen=True)
class Collection:
    """How one list is filtered and shown."""

    key: str
    show: Callable[[Call, Record], dict[str, Any]]
    searched: tuple[str, ...] = ()
    exact: tuple[str, ...] = ()
    simple: tuple[str, ...] = ()
    sortable: tuple[str, ...] = ("number",)
    lags: bool = False
    dated: bool = False


def listing(call: Call, collection: Collection, records: Iterable[Record]) -> Response:
    """The page that the query asks for, as 206 with the collection key first."""
    rows = [row for row in records if _visible(call, collection, row) and _fits(call, collection, row)]
    rows = _sorted(call, collection, rows)
    page, limit = _whole(call, "page", 1), min(_whole(call, "limit", 20), LARGEST_PAGE)
    shown = [select(call, collection.show(call, row)) for row in rows[(page - 1) * limit : page * limit]]
    pages = max(-(-len(rows) // limit), 1)
    return answer(206, {collection.key: shown, "total": len(rows), "pages": pages, "limit": limit, "page": page})


def select(call: Call, shown: dict[str, Any]) -> dict[str, Any]:
    """Only the members that ``fields=`` asks for; all without it."""
    wanted = call.request.param("fields")
    return shown if not wanted else _pick(shown, _parse_fields(wanted))


def _visible(call: Call, collection: Collection, row: Record) -> bool:
    if not (collection.lags and call.switches.list_lag_s):
        return True
    created: datetime = row["created"]
    return created <= call.now - timedelta(seconds=call.switches.list_lag_s)


def _fits(call: Call, collection: Collection, row: Record) -> bool:
    return all(_fits_one(call, collection, row, name, value) for name, value in call.request.query)


def _fits_one(call: Call, collection: Collection, row: Record, name: str, value: str) -> bool:
    if name == "search":
        return any(value.lower() in str(row.get(member) or "").lower() for member in collection.searched)
    if name in FLAGS:
        honoured = call.switches.plain_flags == "honoured" and name in row
        return not honoured or bool(row[name]) == (value.lower() in {"true", "1"})
    if name in collection.exact:
        return str(row.get(name)) == value
    if match := _SIMPLE.fullmatch(name):
        return _fits_simple(collection, row, match[1], value)
    if match := _FIELD.fullmatch(name):
        return _fits_field(row, match[1], int(match[2]), value)
    return _fits_date(call, collection, row, name, value)


def _fits_simple(collection: Collection, row: Record, member: str, value: str) -> bool:
    if member not in collection.simple:
        raise RefusedError(422, f"Property '{member}' is not filterable")
    held = row.get(member.removesuffix("_at")) if member.endswith("_at") else row.get(member)
    return (stamp(held) if isinstance(held, datetime) else str(held)) == value


def _fits_field(row: Record, form: str, number: int, value: str) -> bool:
    held = str(row.get("custom_fields", {}).get(number, ""))
    return held == value if form == "field_eq" else value.lower() in held.lower()


def _fits_date(call: Call, collection: Collection, row: Record, name: str, value: str) -> bool:
    base, _, end = name.rpartition("_")
    if end not in {"from", "to"} or base not in _DATES:
        return True  # unknown plain parameters are ignored
    if not (collection.dated or call.switches.date_filters == "everywhere"):
        return True
    held = row.get(_DATES[base])
    if held is None:
        return False
    shown = held.astimezone(LOCAL).strftime(_TIME) if isinstance(held, datetime) else f"{held} 00:00:00"
    limit = value if len(value) > len("YYYY-MM-DD") else f"{value} {'00:00:00' if end == 'from' else '23:59:59'}"
    return shown >= limit if end == "from" else shown <= limit


def _sorted(call: Call, collection: Collection, rows: list[Record]) -> list[Record]:
    name = call.request.param("order_by") or call.request.param("sort")
    direction = (call.request.param("order_direction") or "ASC").upper()
    if name is None:
        return rows if call.switches.default_order == "oldest_first" else rows[::-1]
    if name not in collection.sortable or direction not in {"ASC", "DESC"}:
        raise RefusedError(422, f"Can't sort by '{name}' {direction}")
    member = {"created_at": "created", "updated_at": "updated"}.get(name, name)
    return sorted(rows, key=lambda row: _order_key(row.get(member)), reverse=direction == "DESC")


def _order_key(value: Any) -> tuple[int, Any]:
    if isinstance(value, datetime):
        return 1, value.replace(microsecond=0)  # Rackbeat's times have whole seconds, so ties are real
    return (0, "") if value is None else (1, value)


def _whole(call: Call, name: str, default: int) -> int:
    value = call.request.param(name)
    if value is None:
        return default
    if not value.isascii() or not value.isdigit():
        raise RefusedError(400, f"{name} must be a whole number")
    return int(value) or default


Fields = dict[str, "Fields | None"]


def _parse_fields(text: str) -> Fields:
    """``a,b(c,d(e))`` as nested dicts. Raises RefusedError (400) for brackets that don't match."""
    stack: list[Fields] = [{}]
    last = ""
    for token in re.findall(r"[^,()\s]+|[()]", text):
        if token == "(":
            inner: Fields = {}
            stack[-1][last] = inner
            stack.append(inner)
        elif token == ")":
            stack.pop()
            if not stack:
                break
        else:
            stack[-1].setdefault(token, None)
            last = token
    if len(stack) != 1:
        raise RefusedError(400, "fields has brackets that do not match")
    return stack[0]


def _pick(value: Any, wanted: Fields) -> Any:
    if isinstance(value, list):
        return [_pick(item, wanted) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        name: _pick(value[name], inner) if inner else value[name] for name, inner in wanted.items() if name in value
    }

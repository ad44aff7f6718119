"""Collections: filter, sort, pages and the links of the envelope (contract 2.4)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from standin.economic.call import Call, answer
from standin.economic.errors import ApiError
from standin.economic.filters import parse_filter, sort_rows
from standin.economic.state import Record
from standin.messages import Response

LARGEST_PAGE = 1000


@dataclass(frozen=True)
class Collection:
    """How one collection is filtered, sorted and shown. ``unsortable`` names are filterable only.

    ``facts`` gives what filter and sort look at where showing a whole row to look at it would cost too much.
    """

    show: Callable[[Call, Record], dict[str, Any]]
    filterable: Mapping[str, str] = field(default_factory=dict)
    unsortable: tuple[str, ...] = ()
    create: str = ""
    facts: Callable[[Call, Record], Mapping[str, Any]] | None = None
    lags: bool = False


@dataclass(frozen=True)
class _Row:
    record: Record
    facts: Mapping[str, Any]


def listing(call: Call, collection: Collection, records: Iterable[Record]) -> Response:
    """The page that the query asks for. Raises ApiError (400) for a bad filter, sort or page."""
    rows = [record for record in records if _visible(call, collection, record)]
    everything = len(rows)
    rows = _filtered_and_sorted(call, collection, rows)
    page, size = _whole(call, "skippages", 0, None), _whole(call, "pagesize", 20, LARGEST_PAGE)
    wanted = rows[page * size : (page + 1) * size]
    shown: dict[str, Any] = {"collection": [collection.show(call, record) for record in wanted]}
    if collection.create:
        href = call.link(call.request.path.lstrip("/"))
        shown["metaData"] = {"create": {"description": collection.create, "href": href, "httpMethod": "post"}}
    shown["pagination"] = _pagination(call, page, size, len(rows), everything)
    return answer(200, {**shown, "self": _page_link(call, page, size)})


def _filtered_and_sorted(call: Call, collection: Collection, records: list[Record]) -> list[Record]:
    filter_, sort = call.request.param("filter"), call.request.param("sort")
    if not filter_ and not sort:
        return records
    facts = collection.facts or collection.show
    rows = [_Row(record, facts(call, record)) for record in records]
    if filter_:
        test = parse_filter(filter_, collection.filterable)
        rows = [row for row in rows if test(row.facts)]
    if sort:
        sortable = {name: kind for name, kind in collection.filterable.items() if name not in collection.unsortable}
        rows = sort_rows(rows, sort, sortable, lambda row: row.facts)
    return [row.record for row in rows]


def _visible(call: Call, collection: Collection, record: Record) -> bool:
    if not (collection.lags and call.switches.lag_s):
        return True
    return bool(record["created"] <= call.now - timedelta(seconds=call.switches.lag_s))


def _pagination(call: Call, page: int, size: int, results: int, everything: int) -> dict[str, Any]:
    last = max(-(-results // size) - 1, 0)
    links = {"firstPage": _page_link(call, 0, size)}
    if page > 0:
        links["previousPage"] = _page_link(call, page - 1, size)
    if page < last:
        links["nextPage"] = _page_link(call, page + 1, size)
    return {
        "maxPageSizeAllowed": LARGEST_PAGE,
        "skipPages": page,
        "pageSize": size,
        "results": results,
        "resultsWithoutFilter": everything,
        **links,
        "lastPage": _page_link(call, last, size),
    }


def _page_link(call: Call, page: int, size: int) -> str:
    """The rest of the query is echoed as it came."""
    parts = call.request.raw_query.split("&") if call.request.raw_query else []
    rest = [part for part in parts if part.partition("=")[0] not in {"skippages", "pagesize"}]
    query = "&".join([f"skippages={page}", f"pagesize={size}", *rest])
    return f"{call.link(call.request.raw_path.lstrip('/'))}?{query}"


def _whole(call: Call, name: str, default: int, most: int | None) -> int:
    value = call.request.param(name)
    if value is None:
        return default
    least = 0 if most is None else 1
    if not (value.isascii() and value.isdigit() and least <= int(value) <= (most or int(value))):
        raise ApiError(400, f"{name} '{value}' is not allowed.", f"The largest pagesize is {LARGEST_PAGE}.")
    return int(value)

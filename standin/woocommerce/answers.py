"""Answers on their way out: ``_fields``, ``_envelope``, paging headers, WordPress's way of writing JSON.

Source: contracts/woocommerce.md section 4.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote_plus

from standin.messages import Response, shortest, write_json
from standin.woocommerce.routing import Answer, Call

_COMMON_HEADERS = {
    "Server": "nginx",
    "X-Robots-Tag": "noindex",
    "X-Content-Type-Options": "nosniff",
    "Access-Control-Expose-Headers": "X-WP-Total, X-WP-TotalPages, Link",
    "Access-Control-Allow-Headers": "Authorization, X-WP-Nonce, Content-Disposition, Content-MD5, Content-Type",
    "Expires": "Wed, 11 Jan 1984 05:00:00 GMT",
    "Cache-Control": "no-cache, must-revalidate, max-age=0, no-store, private",
}
JSON_TYPE = "application/json; charset=UTF-8"


def encoded(data: Any) -> bytes:
    """JSON as PHP writes it: ASCII only, slashes escaped."""
    return write_json(data, shortest, ascii_only=True).replace("/", "\\/").encode("ascii")


def response(status: int, data: Any, home: str, headers: Mapping[str, str] | None = None) -> Response:
    """A JSON answer with the headers that every answer carries."""
    own = {"Link": f'<{home}/wp-json/>; rel="https://api.w.org/"', **(headers or {})}
    return Response(status, encoded(data), {**_COMMON_HEADERS, **own}, JSON_TYPE)


def finished(answer: Answer, query: Mapping[str, Any], home: str, headers: Mapping[str, str]) -> Response:
    """An answer cut down to ``_fields`` and perhaps wrapped by ``_envelope``."""
    data = answer.data
    if fields := str(query.get("_fields", "")):
        data = only_fields(data, [name.strip() for name in fields.split(",")])
    sent = {**answer.headers, **headers}
    if "_envelope" not in query:
        return response(answer.status, data, home, sent)
    inner = {name: int(value) if value.isdigit() else value for name, value in sent.items()}
    return response(200, {"body": data, "status": answer.status, "headers": inner}, home)


def only_fields(data: Any, names: Sequence[str]) -> Any:
    """The wanted members. A single object keeps its ``_links``; a path into a list inside an object finds nothing."""
    wanted: dict[str, Any] = {}
    for name in names:
        at = wanted
        *parents, last = name.split(".")
        for parent in parents:
            at = at.setdefault(parent, {}) if at.get(parent) is not True else {}
        at[last] = True
    if isinstance(data, list):
        return [_cut(item, wanted) or [] for item in data]
    cut = _cut(data, wanted)
    if isinstance(data, dict) and "_links" in data:
        cut = {**cut, "_links": data["_links"]}
    return cut or []


def _cut(item: Mapping[str, Any], wanted: Mapping[str, Any]) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for name, value in item.items():
        below = wanted.get(name)
        if below is True:
            result[name] = value
        elif isinstance(below, dict) and isinstance(value, dict):
            result[name] = _cut(value, below)
        elif isinstance(below, dict) and isinstance(value, list) and "_links" not in item:
            # A batch answers ``"update": []``; an order (which has _links) leaves the list out altogether.
            result[name] = []
    return result


def page_of(
    call: Call, rows: Sequence[Any], *, defaults: Mapping[str, Any] | None = None, forgets_beyond: bool = False
) -> tuple[list[Any], dict[str, str]]:
    """The asked page of all ``rows`` and its headers.

    ``defaults`` are put into the links as the server filled them in; ``forgets_beyond`` gives the totals 0 on a page
    beyond the end, as orders do.
    """
    size, page = call.params["per_page"], call.params["page"]
    start = call.params.get("offset") or (page - 1) * size
    shown = list(rows[start : start + size])
    total = 0 if forgets_beyond and not shown else len(rows)
    pages = -(-total // size)
    headers = {"X-WP-Total": str(total), "X-WP-TotalPages": str(pages)}
    links = []
    if page > 1:
        links.append(_page_link(call, min(page - 1, pages), defaults, bool(shown), "prev"))
    if pages > page:
        links.append(_page_link(call, page + 1, defaults, bool(shown), "next"))
    if links:
        headers["Link"] = ", ".join(links)
    return shown, headers


def _page_link(call: Call, page: int, defaults: Mapping[str, Any] | None, has_rows: bool, rel: str) -> str:
    parts: dict[str, Any] = {n: v for n, v in call.query.items() if defaults is None or n not in defaults}
    if "page" in parts:
        parts["page"] = str(page)
    # Defaults other than status are filled in while a row is written: without rows they are missing.
    parts.update({n: value for n, value in (defaults or {}).items() if has_rows or isinstance(value, list)})
    parts.setdefault("page", str(page))
    return f'<{call.shop.home}/wp-json/wc/v3{call.path}?{_written(parts)}>; rel="{rel}"'


def _written(parts: Mapping[str, Any]) -> str:
    written = []
    for name, value in parts.items():
        if isinstance(value, list):
            written += [f"{name}%5B{number}%5D={quote_plus(str(item))}" for number, item in enumerate(value)]
        else:
            written.append(f"{name}={quote_plus(str(value))}" if value != "" else name)
    return "&".join(written)

"""The locations of a Rackbeat account, and what lies there of one item (rackbeat.md section 4)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from pakhus.clients.http import Call
from pakhus.clients.pages import Page, numbered_pages
from pakhus.clients.rackbeat import LARGEST_PAGE, SYSTEM, RackbeatClient
from pakhus.errors import NotFoundError, TransientError
from pakhus.formats.rackbeat_stock import location_from_rackbeat, places_from_rackbeat
from pakhus.rules.stock_locations import Location, Place


def read_locations(client: RackbeatClient) -> list[Location]:
    """Return all locations; short lists come without a count of pages."""

    def fetch(number: int) -> Page:
        query = (("page", str(number)), ("limit", str(LARGEST_PAGE)))
        body = client.send(Call("GET", "/locations", query)).json()
        return Page(_rows(body, "locations"), int(body.get("pages") or 1))

    pages = numbered_pages(fetch, identity=lambda row: row.get("number"))
    return [location_from_rackbeat(row) for page in pages for row in page]


def read_places(client: RackbeatClient, number: str) -> dict[str, Place]:
    """Return what lies where of an item; nothing of one that is gone. TransientError when the list is not whole."""
    try:
        body = client.send(Call("GET", f"/products/{quote(number, safe='')}/locations")).json()
    except NotFoundError:
        return {}
    rows = _rows(body, "product_locations")
    if int(body.get("pages") or 1) > 1:
        raise TransientError(f"{SYSTEM}: the locations of {number} come in pages", system=SYSTEM)
    return places_from_rackbeat(rows)


def _rows(body: Any, key: str) -> list[Mapping[str, Any]]:
    rows = body.get(key) if isinstance(body, Mapping) else None
    if not isinstance(rows, list) or not all(isinstance(row, Mapping) for row in rows):
        raise TransientError(f"{SYSTEM}: the answer is not a list of {key}", system=SYSTEM)
    return rows

"""All available quantities of a Rackbeat account in as few requests as it allows (rackbeat.md 1.3, 2, 3.2)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pakhus.clients.http import Call
from pakhus.clients.pages import Page, numbered_pages
from pakhus.clients.rackbeat import LARGEST_PAGE, SYSTEM, RackbeatClient
from pakhus.errors import AccessDeniedError, NotFoundError, TransientError
from pakhus.formats.rackbeat_stock import AVAILABLE_FIELDS, available_from_rackbeat, stock_follows_invoices
from pakhus.model import Available

_TRIES = 3


def read_available(client: RackbeatClient) -> list[Available]:
    """Return what is free of each stocked product, by number.

    A list that moved while it was read is read again: a product that was deleted meanwhile pulls another over the edge
    of a page, unseen. TransientError when it moved each time.
    """
    for _ in range(_TRIES):
        rows = _rows(client)
        if rows is not None:
            found = [available_from_rackbeat(row) for row in rows]
            return sorted((item for item in found if item is not None), key=lambda item: item.number)
    raise TransientError(f"{SYSTEM}: the list of products changed each time it was read", system=SYSTEM)


def read_available_of(client: RackbeatClient, number: str) -> Available | None:
    """Return what is free of one item; None for one that is gone or keeps no stock."""
    row = client.find_product(number)
    return available_from_rackbeat(row) if isinstance(row, Mapping) else None


def read_stock_follows_invoices(client: RackbeatClient) -> bool | None:
    """Ask the account whether goods leave stock at invoicing; None where it, or this key, has no answer (section 2)."""
    try:
        body = client.send(Call("GET", "/settings")).json()
    except (AccessDeniedError, NotFoundError):  # a key may lack this scope and be good for all else
        return None
    rows = body.get("settings") if isinstance(body, Mapping) else body
    if not isinstance(rows, list):
        return None
    return stock_follows_invoices([row for row in rows if isinstance(row, Mapping)])


def _rows(client: RackbeatClient) -> list[Mapping[str, Any]] | None:
    """Read the list once; None when it moved: another total on another page, or not as many products as it says."""
    totals: set[int] = set()
    query = (("fields", AVAILABLE_FIELDS), ("order_by", "number"), ("order_direction", "ASC"))

    def fetch(number: int) -> Page:
        paging = (("page", str(number)), ("limit", str(LARGEST_PAGE)))
        body = client.send(Call("GET", "/products", (*query, *paging))).json()
        records = body.get("products") if isinstance(body, Mapping) else None
        if not isinstance(records, list) or not all(isinstance(row, Mapping) for row in records):
            raise TransientError(f"{SYSTEM}: the answer to /products is not a list of products", system=SYSTEM)
        if body.get("total") is not None:
            totals.add(int(body["total"]))
        return Page(records, 1 if body.get("pages") is None else int(body["pages"]))

    found: dict[str, Mapping[str, Any]] = {}
    count = 0
    for page in numbered_pages(fetch, identity=lambda row: row.get("number")):
        count += len(page)
        found.update((str(row.get("number")), row) for row in page)
        if len(totals) > 1:
            return None
    whole = len(found) == count and (not totals or totals == {count})
    return list(found.values()) if whole else None

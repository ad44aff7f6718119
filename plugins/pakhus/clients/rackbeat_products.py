"""Making products and counting their first stock in Rackbeat (contracts/rackbeat.md 3.3, 5.1)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from pakhus.clients.http import Call, to_json
from pakhus.clients.pages import Page, numbered_pages
from pakhus.clients.rackbeat import PAGE_SIZE, SYSTEM, RackbeatClient
from pakhus.errors import NotFoundError, TransientError
from pakhus.formats.rackbeat import created_at
from pakhus.formats.rackbeat_products import stocked_from_rackbeat
from pakhus.rules.initial_sync import Stocked


def create_product(body: Mapping[str, Any]) -> Call:
    """POST /products (section 3.3)."""
    return Call("POST", "/products", body=to_json(body))


def update_product(number: str, changes: Mapping[str, Any]) -> Call:
    """PUT /products/{number}: these members, the others stay as they are (section 3.1)."""
    return Call("PUT", f"/products/{quote(number, safe='')}", body=to_json(changes))


def create_adjustment(body: Mapping[str, Any]) -> Call:
    """POST /inventory-adjustments: a draft, which moves nothing (section 5.1)."""
    return Call("POST", "/inventory-adjustments", body=to_json(body))


def book_adjustment(adjustment_id: str) -> Call:
    """POST /inventory-adjustments/{id}/book: now the stock moves (section 5.1)."""
    return Call("POST", f"/inventory-adjustments/{quote(adjustment_id, safe='')}/book")


def stocked(client: RackbeatClient) -> list[Stocked]:
    """Return all products of the account with their quantities."""
    return [stocked_from_rackbeat(row) for row in client.list_products()]


def products_updated(client: RackbeatClient, since: str | None) -> list[Any]:
    """Return the products, of which those changed before `since` (ISO) may be missing.

    The filter is shown for invoices only, and unknown ones are ignored (section 1.4): each row's time is to be looked
    at. It has no zone; UTC is the earlier reading of it in Denmark.
    """
    if since is None:
        return list(client.list_products())
    moment = datetime.fromisoformat(since).astimezone(UTC)
    return list(client.list_products((("updated_at_from", f"{moment:%Y-%m-%d %H:%M:%S}"),)))


def stocked_one(client: RackbeatClient, number: str) -> Stocked | None:
    """Return one product with its quantities; None when there is none of this number."""
    row = client.find_product(number)
    return None if row is None else stocked_from_rackbeat(row)


def adjustments_with_reason(client: RackbeatClient, reason: str, *, since: datetime) -> list[Any]:
    """Return the adjustments made after `since` whose reason is exactly `reason`.

    TransientError when the list could not be read to that point, or there is no such list (its address is inferred):
    then nothing is proved.
    """
    query = (("order_by", "id"), ("order_direction", "DESC"))

    def fetch(number: int) -> Page:
        paging = (("page", str(number)), ("limit", str(PAGE_SIZE)))
        try:
            body = client.send(Call("GET", "/inventory-adjustments", (*query, *paging))).json()
        except NotFoundError as error:
            raise TransientError("Rackbeat has no list of adjustments: nothing is proved", system=SYSTEM) from error
        rows = body.get("inventory_regulations")
        if not isinstance(rows, list):
            raise TransientError("the answer has no list of adjustments: nothing is proved", system=SYSTEM)
        return Page(rows, None if body.get("pages") is None else int(body["pages"]))

    found: dict[int, Any] = {}
    lowest: int | None = None
    for page in numbered_pages(fetch, identity=lambda row: row.get("id")):
        for row in page:
            try:
                number, made = int(row["id"]), created_at(row)
            except (KeyError, TypeError, ValueError) as error:
                raise TransientError(f"an adjustment in the list cannot be read: {error}", system=SYSTEM) from error
            if lowest is not None and number > lowest:
                raise TransientError("the list of adjustments is not in order: it proves nothing", system=SYSTEM)
            lowest = number
            if made < since:
                return list(found.values())
            if row.get("reason") == reason:
                found[number] = row
    return list(found.values())

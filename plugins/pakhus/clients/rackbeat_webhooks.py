"""Rackbeat's webhooks (rackbeat.md section 10): one event each, verified by a token that is told once, at creation."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from pakhus.clients.http import Call, to_json
from pakhus.clients.pages import Page, numbered_pages
from pakhus.clients.rackbeat import PAGE_SIZE, SYSTEM, RackbeatClient
from pakhus.clients.webshop import Hint
from pakhus.errors import AccessDeniedError, TransientError

STOCK_CHANGED = "inventory.changed"
"""After receipts, shipments and adjustments; booking an order sends none."""

INVENTORY = "inventory"
"""The entity of its hints: an item of the warehouse."""

_TOKEN, _EVENT = "rackbeat-webhook-token", "rackbeat-webhook-event"


@dataclass(frozen=True, slots=True)
class WarehouseWebhook:
    """A registration; `token` is known of one that was made just now."""

    id: str
    event: str
    url: str
    active: bool
    token: str = field(default="", repr=False)


def list_webhooks(client: RackbeatClient) -> list[WarehouseWebhook]:
    """Return all registrations that the API key may see."""

    def fetch(number: int) -> Page:
        query = (("page", str(number)), ("limit", str(PAGE_SIZE)))
        body = client.send(Call("GET", "/webhooks", query)).json()
        rows = body.get("webhooks") if isinstance(body, Mapping) else None
        if not isinstance(rows, list):
            raise TransientError(f"{SYSTEM}: the answer to /webhooks is not a list", system=SYSTEM)
        return Page(rows, int(body.get("pages") or 1))

    pages = numbered_pages(fetch, identity=lambda row: row.get("id"))
    return [_webhook(row) for page in pages for row in page]


def create_webhook(client: RackbeatClient, event: str, url: str) -> WarehouseWebhook:
    """Register; the same event and address again gives the one that is there, without its token."""
    answer = client.send(Call("POST", "/webhooks", body=to_json({"event": event, "url": url, "is_active": True})))
    body = answer.json()
    row = body.get("webhook") if isinstance(body, Mapping) else None
    if not isinstance(row, Mapping):
        raise TransientError(f"{SYSTEM}: the answer to a registration shows none", system=SYSTEM)
    return _webhook(row)


def delete_webhook(client: RackbeatClient, webhook_id: str) -> None:
    client.send(Call("DELETE", f"/webhooks/{webhook_id}"))


def fingerprint(token: str) -> str:
    """What is kept of a token, which is long and random: enough to know it again, and nobody can use it."""
    return hashlib.sha256(token.encode()).hexdigest()


def read_hint(headers: Mapping[str, str], body: bytes, fingerprints: Collection[str]) -> Hint | None:
    """Verify a delivery by any of these tokens' fingerprints, in constant time; AccessDeniedError when it is not ours.

    None for events and kinds of stock that nobody reads.
    """
    told = {name.lower(): value for name, value in headers.items()}
    given = fingerprint(told.get(_TOKEN, ""))
    if not any(hmac.compare_digest(given, known) for known in fingerprints):
        raise AccessDeniedError(f"{SYSTEM}: the token of the webhook is not known", system=SYSTEM)
    if told.get(_EVENT) != STOCK_CHANGED:
        return None
    try:
        content = json.loads(body)
    except ValueError:
        return None
    item = content.get("item") if isinstance(content, Mapping) and content.get("type") == "stock" else None
    return Hint(INVENTORY, str(item)) if item else None


def _webhook(row: Mapping[str, Any]) -> WarehouseWebhook:
    return WarehouseWebhook(
        id=str(row.get("id")),
        event=str(row.get("event") or ""),
        url=str(row.get("url") or ""),
        active=row.get("is_active") is not False,
        token=str(row.get("token") or ""),
    )

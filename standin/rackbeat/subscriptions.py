"""Webhook subscriptions and what is delivered for them (contract 10)."""

from __future__ import annotations

import secrets
from typing import Any
from urllib.parse import urlsplit

from standin.messages import Response, write_json
from standin.rackbeat.call import LOCAL, Call, answer, found, router, single
from standin.rackbeat.checks import flag, one_of, refuse, text, validate
from standin.rackbeat.lists import Collection, listing
from standin.rackbeat.reference import extra
from standin.rackbeat.state import Record, State
from standin.webhooks import Delivery

EVENTS = (
    "order.created",
    "order.shipped",
    "product.created",
    "product.updated",
    "inventory.changed",
    *(f"{kind}.{what}" for kind in ("delivery_terms", "employee", "payment_terms") for what in ("created", "updated")),
)
_SPEC = {"event": one_of(*EVENTS), "url": text(2000), "is_active": flag}


def _show(call: Call, record: Record, *, with_token: bool = False) -> dict[str, Any]:
    shown = {name: record[name] for name in ("id", "event", "url", "is_active", "failures_since_last_success")}
    if with_token:
        shown["token"] = record["token"]
    times = {name: record[name].astimezone(LOCAL).strftime("%Y-%m-%d %H:%M:%S") for name in ("created", "updated")}
    return extra(call, {**shown, "plugin": None, **{f"{name}_at": value for name, value in times.items()}})


@router.on("POST", "/api/webhooks")
def create_webhook(call: Call) -> Response:
    """Subscribe; the same event and URL again updates. The token is in the answer to a creation only."""
    body = call.body()
    validate(body, _SPEC, ("event", "url"), strict=call.strict)
    if urlsplit(body["url"]).scheme not in {"http", "https"}:
        raise refuse("url", "The url format is invalid.")
    for record in call.state.webhooks.values():
        if (record["event"], record["url"]) == (body["event"], body["url"]):
            record |= {"is_active": body.get("is_active", True), "updated": call.now}
            return single(200, "webhook", _show(call, record))
    record = {
        "id": call.state.next_number("webhook"),
        "event": body["event"],
        "url": body["url"],
        "is_active": body.get("is_active", True),
        "failures_since_last_success": 0,
        "token": secrets.token_hex(16),
        "created": call.now,
        "updated": call.now,
    }
    call.state.webhooks[record["id"]] = record
    return single(201, "webhook", _show(call, record, with_token=True))


@router.on("GET", "/api/webhooks")
def read_webhooks(call: Call) -> Response:
    """All subscriptions, without tokens."""
    return listing(call, Collection("webhooks", _show, sortable=("id",)), call.state.webhooks.values())


@router.on("GET", "/api/webhooks/{id}")
def read_webhook(call: Call) -> Response:
    """One subscription."""
    return single(200, "webhook", _show(call, found(call.state.webhooks, call.number("id"))))


@router.on("PUT", "/api/webhooks/{id}")
def update_webhook(call: Call) -> Response:
    """Change a subscription."""
    record: Record = found(call.state.webhooks, call.number("id"))
    body = call.body()
    validate(body, _SPEC, strict=call.strict)
    record |= {**body, "updated": call.now}
    return single(200, "webhook", _show(call, record))


@router.on("DELETE", "/api/webhooks/{id}")
def delete_webhook(call: Call) -> Response:
    """Unsubscribe."""
    found(call.state.webhooks, call.number("id"))
    del call.state.webhooks[call.number("id")]
    return answer(200, {"message": "Deleted."})


def deliveries(state: State, event: str, key: Any) -> list[Delivery]:
    """What goes out for an event, one delivery per active subscription, bodies as observed: no event, string key."""
    if event == "inventory.changed":
        body = {"item": str(key), "item_type": "product", "type": "stock"}
    else:
        body = {"key_name": "number", "key": str(key)}
    return [
        Delivery(
            url=record["url"],
            event=event,
            key=str(key),
            body=write_json(body).encode(),
            headers={
                "Content-Type": "application/json",
                "User-Agent": "Rackbeat Webhook",
                "Rackbeat-Webhook-Token": record["token"],
                "Rackbeat-Webhook-Event": event,
                "Rackbeat-Account-Id": str(state.account["user_account"]["id"]),
            },
        )
        for record in state.webhooks.values()
        if record["event"] == event and record["is_active"]
    ]

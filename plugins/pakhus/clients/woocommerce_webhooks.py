"""Webhooks: hints to read now, never data (contract section 12).

The shop signs the raw body; its first ping is unsigned. It sends each delivery once, switches a webhook off after
seven failures in a row, and leaves the counter standing when it is switched on again: so we delete and create anew.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from pakhus.clients.webshop import Hint, WebhookState
from pakhus.clients.woocommerce_api import WooCommerceApi, as_object, delete, write
from pakhus.clients.woocommerce_errors import SYSTEM
from pakhus.errors import AccessDeniedError, ConfigurationError
from pakhus.formats.woocommerce_fields import Fields

# order.created comes with an order.updated of the same content; order.deleted is the bin.
TOPICS = ("order.created", "order.updated", "order.deleted")
_PING = re.compile(rb"webhook_id=\d+")
_SHORTEST_SECRET = 16
_OURS = "Pakhus "
_DEFAULT_PORTS = {"http": 80, "https": 443}


def read_hint(headers: Mapping[str, str], body: bytes, secrets: Sequence[str], addresses: Sequence[str]) -> Hint | None:
    """Verify a delivery on its raw body and say what to look at.

    None for a ping, and for an object that was gone when the shop wrote the body: an error without id stands there,
    and no header names the object. AccessDeniedError when no secret made the signature, or when the shop that sent it
    is at none of `addresses`: a copy of a shop, for tests, has its webhooks and their secret too.
    """
    named = {name.lower(): value for name, value in headers.items()}
    signature = named.get("x-wc-webhook-signature", "")
    if not signature and _PING.fullmatch(body.strip()):
        return None
    if not _signed_by_any(signature, body, secrets):
        raise AccessDeniedError(f"{SYSTEM}: a webhook's signature does not match our secret", system=SYSTEM)
    if not is_source(named.get("x-wc-webhook-source", ""), addresses):
        raise AccessDeniedError(f"{SYSTEM}: a webhook came from another shop than ours", system=SYSTEM)
    try:
        content = json.loads(body)
        found = Fields(content).identifier("id") if isinstance(content, Mapping) else None
    except (ValueError, RecursionError):
        return None
    resource = named.get("x-wc-webhook-resource", "")
    return Hint(resource, found) if resource and found else None


def is_source(source: str, addresses: Sequence[str]) -> bool:
    """Whether a shop that believes to be at `source` is the one we reach at one of `addresses`.

    Scheme, `www.` and the default port do not count: proxies and redirects change them.
    """
    return bool(source) and _place(source) in {_place(address) for address in addresses}


def _place(address: str) -> tuple[str, int, str] | None:
    try:
        parts = urlsplit(address.strip())
        port = parts.port
    except ValueError:
        return None
    default = port is None or port == _DEFAULT_PORTS.get(parts.scheme)
    return (parts.hostname or "").lower().removeprefix("www."), 0 if default else int(port or 0), parts.path.strip("/")


def ensure_webhooks(api: WooCommerceApi, callback_url: str, secret: str) -> Sequence[WebhookState]:
    """Make sure that each topic has one active webhook of ours with this secret; leave paused ones to people.

    The shop never tells a secret, so a fingerprint of it stands in the webhook's name.
    """
    _check_secret(secret)
    rows = _registered(api)
    return [_ensure(api, topic, _of_topic(rows, topic, callback_url), callback_url, secret) for topic in TOPICS]


def look_at_webhooks(api: WooCommerceApi, callback_url: str, secret: str) -> Sequence[WebhookState]:
    """Say how each topic's webhook is, and which webhooks of ours lead to another address; changes nothing."""
    _check_secret(secret)
    rows = _registered(api)
    return [
        *(_look(topic, _of_topic(rows, topic, callback_url), secret) for topic in TOPICS),
        *(_elsewhere(row) for row in rows if _leads_elsewhere(row, callback_url)),
    ]


def _check_secret(secret: str) -> None:
    if not (secret.isascii() and secret.isalnum() and len(secret) >= _SHORTEST_SECRET):
        raise ConfigurationError(
            f"{SYSTEM}: a webhook's secret must be at least {_SHORTEST_SECRET} letters and digits", system=SYSTEM
        )


def _registered(api: WooCommerceApi) -> list[Fields]:
    return [Fields(row) for row in api.all_rows("/webhooks", [("orderby", "id"), ("order", "asc")])]


def _of_topic(rows: Sequence[Fields], topic: str, callback_url: str) -> list[Fields]:
    return [row for row in rows if row.text("delivery_url") == callback_url and row.text("topic") == topic]


def _ensure(api: WooCommerceApi, topic: str, ours: Sequence[Fields], callback_url: str, secret: str) -> WebhookState:
    name = _name(topic, secret)
    found = _look(topic, ours, secret)
    paused = [row for row in ours if row.text("status") == "paused"]
    if found.active or paused:
        state = found
    else:
        body = {"name": name, "topic": topic, "delivery_url": callback_url, "secret": secret, "status": "active"}
        made = Fields(as_object(api.send(write("POST", "/webhooks", body))))
        state = WebhookState(topic, made.text("id"), active=made.text("status") == "active", repaired=bool(ours))
    for row in ours:  # disabled, of an older secret, or double: each would deliver again or nothing
        if row.text("id") != state.id and row not in paused:
            api.send(delete(f"/webhooks/{row.text('id')}"))
    return state


def _look(topic: str, ours: Sequence[Fields], secret: str) -> WebhookState:
    for row in ours:
        if row.text("status") == "active" and row.text("name") == _name(topic, secret):
            return WebhookState(topic, row.text("id"), active=True)
    for row in ours:
        if row.text("status") == "paused":
            return WebhookState(topic, row.text("id"), active=False, problem="was paused by somebody in the shop")
    if not ours:
        return WebhookState(topic, "", active=False, problem="is not registered in the shop")
    disabled = all(row.text("status") == "disabled" for row in ours)
    problem = "was switched off by the shop after failures in a row" if disabled else "has an older secret"
    return WebhookState(topic, ours[-1].text("id"), active=False, problem=problem)


def _leads_elsewhere(row: Fields, callback_url: str) -> bool:
    return row.text("name").startswith(_OURS) and row.text("delivery_url") != callback_url


def _elsewhere(row: Fields) -> WebhookState:
    """Another Pakhus may be there, so it is left to people."""
    problem = f"of Pakhus leads to another address, {row.text('delivery_url')}"
    return WebhookState(row.text("topic"), row.text("id"), active=row.text("status") == "active", problem=problem)


def _name(topic: str, secret: str) -> str:
    return f"{_OURS}{topic} {_fingerprint(secret)}"


def _signed_by_any(signature: str, body: bytes, secrets: Sequence[str]) -> bool:
    given = signature.encode("utf-8", "replace")
    matches = [
        hmac.compare_digest(base64.b64encode(hmac.digest(secret.encode(), body, hashlib.sha256)), given)
        for secret in secrets
        if secret
    ]
    return any(matches)


def _fingerprint(secret: str) -> str:
    return hashlib.sha256(b"pakhus webhook " + secret.encode()).hexdigest()[:8]

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

from pakhus.clients.webshop import Hint, WebhookState
from pakhus.clients.woocommerce_api import WooCommerceApi, as_object, delete, write
from pakhus.clients.woocommerce_errors import SYSTEM
from pakhus.errors import AccessDeniedError, ConfigurationError
from pakhus.formats.woocommerce_fields import Fields

# order.created comes with an order.updated of the same content; order.deleted is the bin.
TOPICS = ("order.created", "order.updated", "order.deleted")
_PING = re.compile(rb"webhook_id=\d+")
_SHORTEST_SECRET = 16


def read_hint(headers: Mapping[str, str], body: bytes, secrets: Sequence[str]) -> Hint | None:
    """Verify a delivery on its raw body and say what to look at.

    None for a ping, and for an object that was gone when the shop wrote the body: an error without id stands there,
    and no header names the object. AccessDeniedError when no secret made the signature.
    """
    named = {name.lower(): value for name, value in headers.items()}
    signature = named.get("x-wc-webhook-signature", "")
    if not signature and _PING.fullmatch(body.strip()):
        return None
    if not _signed_by_any(signature, body, secrets):
        raise AccessDeniedError(f"{SYSTEM}: a webhook's signature does not match our secret", system=SYSTEM)
    try:
        content = json.loads(body)
    except ValueError:
        return None
    found = Fields(content).identifier("id") if isinstance(content, Mapping) else None
    resource = named.get("x-wc-webhook-resource", "")
    return Hint(resource, found) if resource and found else None


def ensure_webhooks(api: WooCommerceApi, callback_url: str, secret: str) -> Sequence[WebhookState]:
    """Make sure that each topic has one active webhook of ours with this secret; leave paused ones to people.

    The shop never tells a secret, so a fingerprint of it stands in the webhook's name.
    """
    if not (secret.isascii() and secret.isalnum() and len(secret) >= _SHORTEST_SECRET):
        raise ConfigurationError(
            f"{SYSTEM}: a webhook's secret must be at least {_SHORTEST_SECRET} letters and digits", system=SYSTEM
        )
    rows = [Fields(row) for row in api.all_rows("/webhooks", [("orderby", "id"), ("order", "asc")])]
    ours = [row for row in rows if row.text("delivery_url") == callback_url]
    return [
        _ensure(api, topic, [row for row in ours if row.text("topic") == topic], callback_url, secret)
        for topic in TOPICS
    ]


def _ensure(api: WooCommerceApi, topic: str, ours: Sequence[Fields], callback_url: str, secret: str) -> WebhookState:
    name = f"Pakhus {topic} {_fingerprint(secret)}"
    paused = [row for row in ours if row.text("status") == "paused"]
    good = [row for row in ours if row.text("status") == "active" and row.text("name") == name]
    kept = (good or paused)[:1]
    repaired = bool(ours) and not kept
    if kept:
        state = WebhookState(topic, kept[0].text("id"), active=bool(good), repaired=False)
    else:
        body = {"name": name, "topic": topic, "delivery_url": callback_url, "secret": secret, "status": "active"}
        made = Fields(as_object(api.send(write("POST", "/webhooks", body))))
        state = WebhookState(topic, made.text("id"), active=made.text("status") == "active", repaired=repaired)
    for row in ours:  # disabled, of an older secret, or double: each would deliver again or nothing
        if row.text("id") != state.id and row not in paused:
            api.send(delete(f"/webhooks/{row.text('id')}"))
    return state


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

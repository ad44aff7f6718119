"""``/webhooks``: registrations. Source: contracts/woocommerce.md section 12."""

from __future__ import annotations

import re
from datetime import UTC
from typing import Any

from standin.woocommerce.answers import page_of
from standin.woocommerce.arguments import Rule
from standin.woocommerce.dates import shown_gmt, shown_local
from standin.woocommerce.deliveries import ping
from standin.woocommerce.errors import ApiError, trash_not_supported
from standin.woocommerce.order_list import in_order
from standin.woocommerce.order_rules import FORCE, LISTING, READING, TEXT
from standin.woocommerce.order_view import item_links
from standin.woocommerce.routing import Answer, Call, Operation, Route, edits
from standin.woocommerce.shop import Shop
from standin.woocommerce.webhook_state import Webhook

_HOOKS = {
    "order.created": ["woocommerce_new_order"],
    "order.updated": ["woocommerce_update_order", "woocommerce_order_refunded"],
    "order.deleted": ["wp_trash_post", "woocommerce_trash_order"],
    "order.restored": ["untrashed_post", "woocommerce_untrash_order"],
    "product.created": [
        "woocommerce_process_product_meta",
        "woocommerce_new_product",
        "woocommerce_new_product_variation",
    ],
    "product.updated": [
        "woocommerce_process_product_meta",
        "woocommerce_update_product",
        "woocommerce_update_product_variation",
    ],
    "product.deleted": ["wp_trash_post"],
}
_TOPIC = re.compile(r"(coupon|customer|order|product)\.(created|updated|deleted|restored)|action\.[A-Za-z0-9_]+")
_STATUSES = ("active", "paused", "disabled")
_LISTING = {
    **LISTING,
    "orderby": Rule(default="date", choices=("date", "id", "title")),
    "status": Rule(default="all", choices=("all", *_STATUSES)),
}
_WRITING = {"name": TEXT, "topic": TEXT, "secret": TEXT, "delivery_url": TEXT, "status": Rule(choices=_STATUSES)}
_CREATING = {**_WRITING, "topic": Rule(required=True), "delivery_url": Rule(required=True)}


def webhook_view(shop: Shop, webhook: Webhook) -> dict[str, Any]:
    """One registration; neither the secret nor the count of failures is shown."""
    zone = shop.switches.zone
    hooks = [webhook.event] if webhook.resource == "action" else _HOOKS.get(webhook.topic, [])
    return {
        "id": webhook.id,
        "name": webhook.name,
        "status": webhook.status,
        "topic": webhook.topic,
        "resource": webhook.resource,
        "event": webhook.event,
        "hooks": list(hooks),
        "delivery_url": webhook.delivery_url,
        "date_created": shown_local(webhook.created, zone),
        "date_created_gmt": shown_gmt(webhook.created),
        "date_modified": shown_local(webhook.modified, zone),
        "date_modified_gmt": shown_gmt(webhook.modified),
        "_links": item_links(shop, f"/webhooks/{webhook.id}", "/webhooks"),
    }


def _find(call: Call, *, writing: bool = False) -> Webhook:
    webhook = call.shop.webhooks.get(call.id())
    if webhook is None:
        raise ApiError(400 if writing else 404, "woocommerce_rest_shop_webhook_invalid_id", "Invalid ID.")
    return webhook


def _checked_topic(topic: str) -> str:
    if not _TOPIC.fullmatch(topic):
        code = "woocommerce_rest_shop_webhook_invalid_topic"
        raise ApiError(400, code, "Webhook topic is required and must be valid.")
    return topic


def _checked_url(url: str) -> str:
    if not url.startswith(("http://", "https://")):
        code = "woocommerce_rest_shop_webhook_invalid_delivery_url"
        raise ApiError(400, code, "Webhook delivery URL must be a valid URL starting with http:// or https://.")
    return url


def list_webhooks(call: Call) -> Answer:
    """All registrations, newest second first."""
    status = call.params["status"]
    rows = [w for w in call.shop.webhooks.values() if status in {"all", w.status}]
    rows.sort(key=lambda webhook: webhook.id)
    if call.params["orderby"] == "date":
        rows.sort(key=lambda webhook: webhook.created, reverse=call.params["order"] == "desc")
    else:
        rows = in_order([*rows], call.params, titles=lambda w: w.name)  # type: ignore[type-var]
    shown, headers = page_of(call, rows)
    return Answer([webhook_view(call.shop, webhook) for webhook in shown], headers=headers)


def get_webhook(call: Call) -> Answer:
    """One registration."""
    return Answer(webhook_view(call.shop, _find(call)))


def post_webhook(call: Call) -> Answer:
    """A new registration, active at once. The ping is sent before the answer; its failure changes nothing."""
    shop, params = call.shop, call.params
    topic, url = _checked_topic(params["topic"]), _checked_url(params["delivery_url"])
    name = params.get("name") or f"Webhook created on {shop.now.astimezone(UTC):%b %d, %Y @ %I:%M %p}"
    secret = params.get("secret") or "".join(shop.chance.choice("abcdefghij0123456789") for _ in range(50))
    user = call.key.user_id if call.key is not None else 0
    webhook = Webhook(shop.ids.take("webhook"), name, topic, url, secret, shop.now, user)
    webhook.status = params.get("status") or "active"
    shop.webhooks[webhook.id] = webhook
    view = webhook_view(shop, webhook)
    if webhook.status == "active":
        ping(shop, webhook)
        webhook.modified = shop.now
    return Answer(view, 201, {"Location": call.link(f"/webhooks/{webhook.id}")})


def put_webhook(call: Call) -> Answer:
    """A changed registration. Switching it on again leaves its count of failures as it was."""
    webhook = _find(call, writing=True)
    given = {name: value for name, value in call.params.items() if name in call.given}
    if "topic" in given:
        webhook.topic = _checked_topic(given["topic"])
    if "delivery_url" in given:
        webhook.delivery_url = _checked_url(given["delivery_url"])
    for name in ("name", "secret", "status"):
        if given.get(name):
            setattr(webhook, name, given[name])
    webhook.modified = call.shop.now
    return Answer(webhook_view(call.shop, webhook))


def delete_webhook(call: Call) -> Answer:
    """Only with ``force``: webhooks have no bin."""
    webhook = _find(call)
    if not call.params["force"]:
        raise trash_not_supported("Webhooks")
    del call.shop.webhooks[webhook.id]
    return Answer(webhook_view(call.shop, webhook))


ROUTES = [
    Route(
        r"/webhooks",
        {"GET": Operation(list_webhooks, "list", _LISTING), "POST": Operation(post_webhook, "create", _CREATING)},
    ),
    Route(
        r"/webhooks/(?P<id>\d+)",
        {
            "GET": Operation(get_webhook, "view", READING),
            **edits(Operation(put_webhook, "edit", _WRITING)),
            "DELETE": Operation(delete_webhook, "delete", FORCE),
        },
    ),
]

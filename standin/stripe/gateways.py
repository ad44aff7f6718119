"""The gateways in the stand-in shops: what a shop has taken money for is charged, what it has refunded is given back.

A gateway tells Stripe when the shop does something; here it looks at the shop's orders when it is asked to, by the
shop's own control, so that no request of the shop's API is counted.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from urllib.request import urlopen

from standin.stripe import money
from standin.stripe.reading import Call
from standin.stripe.state import Record

_TIMEOUT_S = 30
_MINOR = 100
_TAKEN = ("completed", "refunded")
"""A gateway that captures on delivery takes the money when the shop completes the order."""


def connect_shop(call: Call, act: Mapping[str, Any]) -> object:
    """A merchant sets the gateway up: ``shop`` and its ``url``, and ``methods``, the payment methods that it serves.

    ``orders`` limits it to these order numbers; left out, it serves all.
    """
    url = str(act["url"])
    if not url.startswith("http://127.0.0.1:"):
        raise ValueError(f"a stand-in reads only shops of this machine, not {url}")
    orders = act.get("orders")
    call.state.shops[str(act["shop"])] = {
        "url": url,
        "methods": [str(method) for method in act["methods"]],
        "orders": None if orders is None else [str(number) for number in orders],
    }
    return {"shops": sorted(call.state.shops)}


def collect(call: Call, act: Mapping[str, Any]) -> object:
    """Charge and refund what the connected shops have since; again, it does nothing."""
    del act
    charged, refunded = 0, 0
    for shop, gateway in call.state.shops.items():
        for order in _orders(gateway):
            charged += _charged(call, shop, order)
            refunded += sum(_refunded(call, shop, order, row) for row in order["refunds"])
    return {"charged": charged, "refunded": refunded}


def _orders(gateway: Record) -> Iterator[Record]:
    """The shop's orders that the gateway has taken money for, oldest first."""
    with urlopen(f"{gateway['url']}/_standin/state", timeout=_TIMEOUT_S) as answer:  # noqa: S310 - this machine only
        orders = json.load(answer, parse_float=Decimal)["orders"]
    for order in sorted(orders, key=lambda order: int(order["id"])):
        serves = gateway["orders"] is None or str(order["number"]) in gateway["orders"]
        if serves and order["payment_method"] in gateway["methods"] and order["status"] in _TAKEN:
            yield order


def _charged(call: Call, shop: str, order: Record) -> int:
    key, amount = f"{shop}/{order['id']}", _minor(order["total"])
    if key in call.state.charged or amount <= 0:
        return 0
    number = str(order["number"])
    facts = {
        "amount": amount,
        "currency": str(order["currency"]).lower(),
        "order_id": number,
        "description": f"{shop} - Order {number}",
    }
    row = money.charge(call.state, call.switches, _when(call, order), facts)
    call.state.charged[key] = row["id"]
    return 1


def _refunded(call: Call, shop: str, order: Record, given: Record) -> int:
    key, charge = f"{shop}/{given['id']}", call.state.charged.get(f"{shop}/{order['id']}")
    amount = abs(_minor(given["total"]))
    if key in call.state.refunded or charge is None or amount == 0:
        return 0
    row = money.refund(call.state, call.switches, call.now, call.state.charges[charge], amount)
    call.state.refunded[key] = row["id"]
    return 1


def _when(call: Call, order: Record) -> datetime:
    """When the shop took the money, as far as it says."""
    told = order.get("date_completed_gmt") or order.get("date_paid_gmt")
    moment = datetime.fromisoformat(str(told)).replace(tzinfo=UTC) if told else call.now
    return min(moment, call.now)


def _minor(amount: Any) -> int:
    return int(Decimal(str(amount)) * _MINOR)

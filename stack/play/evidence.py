"""What the demo's systems have, read from each of them; and what the ledger says of each document."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import requests
import simplejson
from sqlalchemy import create_engine, select

from pakhus.ledger.schema import documents
from pakhus.reasons import reason
from pakhus.settings import ShopSettings

TIMEOUT_S = 30
HELD = ("held", "failed")


@dataclass(frozen=True, slots=True)
class Kept:
    """A document of the ledger."""

    key: str
    flow: str
    status: str
    reason: str

    @property
    def order(self) -> str:
        """The id of the order that it is of."""
        return order_of(self.key)

    def is_of(self, shop: ShopSettings, kind: str) -> bool:
        """Whether it is a document of this kind (order, invoice …) of a shop."""
        return belongs(self.key, shop) and self.key.endswith(f"-{kind}")


@dataclass(frozen=True, slots=True)
class Accounts:
    """The accounts, read as anybody with their keys could."""

    url: str
    tokens: Mapping[str, str]

    def invoices(self, kind: str) -> list[Any]:
        """All drafts or booked invoices."""
        headers = {
            "X-AppSecretToken": self.tokens["app_secret_token"],
            "X-AgreementGrantToken": self.tokens["agreement_grant_token"],
        }
        answer = requests.get(f"{self.url}/invoices/{kind}?pagesize=1000", headers=headers, timeout=TIMEOUT_S)
        answer.raise_for_status()
        found: list[Any] = simplejson.loads(answer.content, use_decimal=True)["collection"]
        return found


def state(url: str) -> Any:
    """All that a stand-in has."""
    answer = requests.get(f"{url}/_standin/state", timeout=TIMEOUT_S)
    answer.raise_for_status()
    return simplejson.loads(answer.content, use_decimal=True)


def orders_in(url: str) -> dict[str, Any]:
    """A shop's orders by id."""
    return {str(order["id"]): order for order in state(url)["orders"]}


def has_lines(order: Mapping[str, Any]) -> bool:
    """Whether an order has something to ship or to invoice."""
    return bool(order.get("line_items"))


def left_of(order: Mapping[str, Any]) -> Decimal:
    """What an order was charged, less what was refunded of it."""
    refunded = sum((abs(Decimal(str(refund["total"]))) for refund in order["refunds"]), Decimal(0))
    return Decimal(str(order["total"])) - refunded


def belongs(key: str, shop: ShopSettings) -> bool:
    """Whether one of our keys (`{shop}-{order id}-{kind}`) is of this shop."""
    return key.startswith(f"{shop.shop}-")


def order_of(key: str) -> str:
    """The order id in one of our keys."""
    return key.split("-")[1]


def kept_documents(ledger_url: str) -> list[Kept]:
    """All documents of the ledger, in the order in which they came."""
    engine = create_engine(ledger_url)
    with engine.begin() as connection:
        query = select(documents.c.key, documents.c.flow, documents.c.status, documents.c.reason)
        rows = connection.execute(query.where(documents.c.source_id.is_not(None)).order_by(documents.c.id)).all()
    engine.dispose()
    return [Kept(row.key, row.flow, row.status, row.reason) for row in rows]


def held(ledger_url: str) -> Iterator[str]:
    """One line per held document: nothing vanishes."""
    for kept in kept_documents(ledger_url):
        if kept.status in HELD:
            yield f"held {kept.key}: {reason(kept.reason).action} ({kept.reason})"

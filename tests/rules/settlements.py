"""Short ways to write settlement lines and open items."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from pakhus.model import Money
from pakhus.rules.settlement_matching import OpenItem
from pakhus.settlements import Batch, BatchLine, BatchLineKind

MONDAY = datetime(2026, 11, 2, 12, tzinfo=UTC)


def line(number: int, gross: str, kind: str = "capture", **facts: Any) -> BatchLine:
    """A line; `days` after Monday, `fee` and `paid="11.30 EUR"` where they matter."""
    fee, amount = Decimal(facts.pop("fee", "0")), Decimal(gross)
    days, paid = facts.pop("days", 0), facts.pop("paid", "")
    transaction = Money(Decimal(paid.split()[0]), paid.split()[1]) if paid else None
    return BatchLine(
        number=number,
        ordinal=1,
        kind=BatchLineKind(kind),
        provider_id=facts.pop("id", f"tx-{number}"),
        gross=amount,
        fee=fee,
        fee_vat=Decimal(0),
        net=amount + fee,
        settled_currency="DKK",
        occurred_at=MONDAY + timedelta(days=days),
        parent_id=facts.pop("parent", ""),
        order_reference=facts.pop("order", ""),
        transaction=transaction,
        **facts,
    )


def item(key: str, amount: str, **facts: Any) -> OpenItem:
    """An open item; a negative amount is a refund."""
    return OpenItem(
        key=key,
        kind=BatchLineKind.REFUND if amount.startswith("-") else BatchLineKind.CAPTURE,
        shop=facts.pop("shop", "nordlys"),
        order_number=facts.pop("order", key),
        amount=Decimal(amount),
        currency=facts.pop("currency", "DKK"),
        occurred_at=MONDAY + timedelta(days=facts.pop("days", 0)),
        provider_ids=frozenset(facts.pop("ids", ())),
        parent_ids=frozenset(facts.pop("parents", ())),
        **facts,
    )


def batch(*lines: BatchLine, opening: str = "0", closing: str = "0") -> Batch:
    return Batch("stripe", "main", "po_1", "DKK", Decimal(opening), Decimal(closing), lines)

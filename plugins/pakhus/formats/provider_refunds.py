"""Refunds that only a payment provider knows, in the form in which the ledger keeps them; pure.

Staff give money back in the provider's portal, and the shop never hears of it (domain guide 8, edge case 46). Such a
refund has an amount and no lines.
"""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from decimal import Decimal

from pakhus.model import Credit, Money

# No shop's own ids begin so; it is one word, as the parts of a key are.
_PREFIX = "provider"


def provider_refund_id(account: str, provider_id: str, ordinal: int) -> str:
    """The id of a refund that a line of a settlement tells: the same whenever the line is read."""
    return _PREFIX + hashlib.sha256(f"{account}/{provider_id}/{ordinal}".encode()).hexdigest()[:12]


def is_providers(refund_id: str) -> bool:
    """Whether a refund is known from a provider alone."""
    return refund_id.startswith(_PREFIX)


def body_of(credit: Credit, account: str, provider_id: str) -> bytes:
    """What is kept of it."""
    told = {
        "order": credit.order_id,
        "amount": str(credit.amount.amount),
        "currency": credit.amount.currency,
        "created_at": credit.created_at.isoformat(),
        "account": account,
        "provider_id": provider_id,
    }
    return json.dumps(told, sort_keys=True, separators=(",", ":")).encode()


def credit_from(shop: str, refund_id: str, body: bytes) -> Credit:
    """The refund as it was kept."""
    told = json.loads(body)
    return Credit(
        shop=shop,
        order_id=str(told["order"]),
        id=refund_id,
        amount=Money(Decimal(told["amount"]), str(told["currency"])),
        lines=(),
        created_at=datetime.fromisoformat(told["created_at"]),
    )

"""What an order takes from stock, read out of a body of which the rest cannot be understood; pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from pakhus.formats.woocommerce_fields import Fields

OVER_STATES = frozenset({"completed", "cancelled", "failed", "refunded", "trash"})
_NOT_OPEN = OVER_STATES | {"checkout-draft", "auto-draft"}


def sold_in_woocommerce(content: Mapping[str, Any]) -> dict[str, Decimal]:
    """Return the pieces of an open order's lines by SKU. WooCommerceFormatError when not even these can be read."""
    order = Fields(content)
    pieces: dict[str, Decimal] = defaultdict(Decimal)
    if order.text("status") in _NOT_OPEN:
        return {}
    for line in order.objects("line_items"):
        sku = line.text("sku").strip()
        if sku:
            pieces[sku] += line.amount("quantity")
    return dict(pieces)

"""Stored bodies of orders and refunds understood again, without network: what an adapter would make of them now."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from pakhus.clients.webshop import Seen
from pakhus.formats.woocommerce import credit_from_woocommerce, order_from_woocommerce, vat_rates
from pakhus.formats.woocommerce_fields import Fields, WooCommerceFormatError, received_from_woocommerce
from pakhus.formats.woocommerce_sold import OVER_STATES, sold_in_woocommerce
from pakhus.rules.field_paths import Received
from pakhus.rules.field_rules import FieldRule, ruled_orders
from pakhus.settings import Platform, ShopSettings


@dataclass(frozen=True, slots=True)
class WooCommerceBodies:
    """Understands the bodies of a WooCommerce shop's orders as its mapping and rules want them."""

    shop: str
    attribute_map: Mapping[str, str]
    rules: tuple[FieldRule, ...] = ()

    @property
    def over_states(self) -> frozenset[str]:
        """The native states of orders of which nothing is left to send."""
        return OVER_STATES

    def seen(self, order_id: str, body: bytes, read_at: datetime) -> Seen:
        """Understand a body; a problem names the field and does not raise."""
        try:
            content = _content(body)
            order = order_from_woocommerce(content, self.shop, self.attribute_map)
            ruled = ruled_orders(order, received_from_woocommerce(content), self.rules)
        except ValueError as error:
            return Seen(order_id, body, read_at, problem=str(error))
        return Seen(order_id, body, read_at, order=order, ruled=ruled)

    def credit(self, credit_id: str, body: bytes, read_at: datetime) -> Seen:
        """Understand a refund, kept with its order's currency and rates; a problem names the field."""
        try:
            content = _content(body)
            order, refund = content["order"], content["refund"]
            order_id, rates = str(order["id"]), vat_rates(order)
            currency = Fields(order).text("currency").strip().upper()
            credit = credit_from_woocommerce(refund, self.shop, order_id, currency=currency, order_rates=rates)
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            return Seen(credit_id, body, read_at, problem=str(error))
        return Seen(credit_id, body, read_at, credit=credit)

    def sold(self, body: bytes) -> Mapping[str, Decimal]:
        """Return the pieces that an order takes by SKU, though the rest is not understood; none where nor are they."""
        try:
            return sold_in_woocommerce(_content(body))
        except ValueError:
            return {}

    def received(self, body: bytes) -> Received:
        """Return a body as rules look at it. ValueError when it is no order."""
        return received_from_woocommerce(_content(body))


def bodies_of(settings: ShopSettings) -> WooCommerceBodies:
    """Return what understands the bodies of this shop's orders."""
    match settings.platform:
        case Platform.WOOCOMMERCE:
            return WooCommerceBodies(settings.shop, settings.mapping.buyer_fields, settings.field_rules)


def _content(body: bytes) -> Mapping[str, Any]:
    content = json.loads(body, parse_float=Decimal)
    if not isinstance(content, Mapping):
        raise WooCommerceFormatError("body", "is no object")
    return content

"""Stand-in for WooCommerce's REST API ``wc/v3``, as recorded on 11.0.1 and 8.9.2: a shop with state.

A seed is a dict as ``load.load_shop`` reads it, or ``{"shop": "recorded" | "second" | "empty"}`` with further members
beside it. ``empty`` has the recorded shop's settings, taxes and methods, but nothing to sell. ``last_days: 7`` moves
the orders into the seven days before today.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from standin.clock import Clock
from standin.woocommerce.recent import in_the_last_days
from standin.woocommerce.recordings import goods_of, recorded_shop
from standin.woocommerce.second_shop import VERSION as SECOND_SHOP_SETTINGS
from standin.woocommerce.second_shop import second_shop
from standin.woocommerce.webshop import WooCommerceStandin

__all__ = [
    "SECOND_SHOP_SETTINGS",
    "WooCommerceStandin",
    "create",
    "default_seed",
    "goods_of",
    "products_of_recorded_shop",
    "products_of_second_shop",
    "recorded_shop",
    "second_shop",
    "with_gateway",
]


def create(name: str, seed: Mapping[str, Any], settings: Mapping[str, Any], clock: Clock) -> WooCommerceStandin:
    """A shop. Raises ValueError for an unknown setting or an unknown ``shop`` in the seed."""
    named = seed.get("shop")
    whole = {**_named_seed(named), **{n: v for n, v in seed.items() if n != "shop"}} if named else seed
    if "last_days" in whole:
        whole = in_the_last_days(whole, int(whole["last_days"]), clock.now().date())
    own = {**SECOND_SHOP_SETTINGS, **settings} if named == "second" else settings
    return WooCommerceStandin(name, whole, own, clock)


def _named_seed(name: str) -> dict[str, Any]:
    if name == "recorded":
        return recorded_shop()
    if name == "second":
        return second_shop()
    if name == "empty":
        return {n: v for n, v in recorded_shop().items() if n in {"options", "taxes", "reference"}}
    raise ValueError(f"there is no shop {name!r}; known are recorded, second and empty")


def default_seed() -> dict[str, Any]:
    """The recorded shop."""
    return recorded_shop()


def products_of_recorded_shop() -> list[dict[str, Any]]:
    """What the recorded shop sells: see ``goods_of``."""
    return goods_of(recorded_shop())


def products_of_second_shop() -> list[dict[str, Any]]:
    """What the second shop sells; five SKUs are those of the recorded shop."""
    return goods_of(second_shop())


def with_gateway(seed: Mapping[str, Any], gateway: str, title: str, *, refunds: bool = True) -> dict[str, Any]:
    """The seed with one more payment method, such as a card gateway that can pay money back."""
    reference = dict(seed["reference"])
    template = dict(reference["payment_gateways"][0])
    supports = ["products", "refunds"] if refunds else ["products"]
    own = {"id": gateway, "title": title, "description": title, "method_title": title, "method_supports": supports}
    reference["payment_gateways"] = [*reference["payment_gateways"], {**template, **own, "settings": {}}]
    return {**seed, "reference": reference}

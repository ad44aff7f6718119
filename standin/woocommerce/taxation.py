"""Which tax rates hold where, and what they make of an amount. Source: contracts/woocommerce.md section 7."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

from standin.woocommerce.money import ZERO, kept, rounded, rounded_half_down
from standin.woocommerce.order_state import Order
from standin.woocommerce.shop import Shop, TaxRate

LOCAL_PICKUP = {"local_pickup", "legacy_local_pickup"}


def taxed_country(shop: Shop, order: Order) -> str:
    """The country whose rates hold: by the shop's setting, the shop's own where the address has none."""
    based_on = shop.options.get("woocommerce_tax_based_on", "shipping")
    if any(line.method_id in LOCAL_PICKUP for line in order.shipping_lines):
        based_on = "base"
    if based_on == "shipping" and not order.shipping["country"]:
        based_on = "billing"
    address = {"shipping": order.shipping, "billing": order.billing}.get(based_on, {})
    return address.get("country") or shop.country()


def rates_of(shop: Shop, country: str, tax_class: str = "") -> list[TaxRate]:
    """The rates of a country and class."""
    plain = "" if tax_class in {"standard", "parent", "inherit"} else tax_class
    return [rate for rate in shop.tax_rates if rate.country == country and rate.tax_class == plain]


def tax_on(net: Decimal, rates: Iterable[TaxRate]) -> dict[int, Decimal]:
    """Tax on an amount without tax, by rate id, kept at six decimals."""
    return {rate.id: kept(net * rate.percent / 100) for rate in rates}


def tax_inside(gross: Decimal, rates: Iterable[TaxRate]) -> Decimal:
    """The tax in an amount that includes it."""
    percent = sum((rate.percent for rate in rates), ZERO)
    return kept(gross - gross * 100 / (100 + percent))


def round_tax(shop: Shop, tax: Decimal) -> Decimal:
    """To øre; a half goes down in a shop whose prices include tax (WooCommerce's issue 10121, not recorded)."""
    return rounded_half_down(tax) if shop.prices_include_tax else rounded(tax)


def line_tax(shop: Shop, taxes: Mapping[int, Decimal]) -> Decimal:
    """The tax of one line: rounded per rate, unless the shop rounds at subtotal."""
    return sum((tax if shop.rounds_at_subtotal else round_tax(shop, tax) for tax in taxes.values()), ZERO)


def net_of_price(shop: Shop, price: Decimal, quantity: int, tax_class: str = "") -> Decimal:
    """What a line costs without tax. Prices that include tax hold the shop's *own* tax, whoever buys."""
    gross = price * quantity
    if not shop.prices_include_tax:
        return kept(gross)
    return kept(gross - tax_inside(gross, rates_of(shop, shop.country(), tax_class)))

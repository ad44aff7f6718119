"""A product's price without VAT, and back to what the shop's prices mean; pure (domain guide 4.7, 15).

Whether VAT is in the shop's prices is the shop's own answer; the rate is the mapping's, by tax class.
"""

from __future__ import annotations

from decimal import Decimal

from pakhus.model import Money, Product
from pakhus.reasons import Verdict
from pakhus.rules.money import rounded
from pakhus.rules.product_mapping import PricedProducts

NO_PRICE = Decimal(0)


def net_price(product: Product, basis: PricedProducts) -> Decimal | Verdict:
    """Return the price without VAT, or why it cannot be told. A product without a price has 0: orders bring their own.

    What no VAT is charged on has none in its price, whatever the shop's setting says.
    """
    if product.price_problem:
        return _unknown(product.sku, product.price_problem)
    if product.price is None:
        return NO_PRICE
    if product.price.currency != basis.currency:
        problem = f"its price is in {product.price.currency}, the account's are in {basis.currency}"
        return _unknown(product.sku, problem)
    if not product.price_includes_vat or not product.taxable:
        return rounded(product.price.amount)
    rate = basis.rate_of(product.tax_class)
    if rate is None:
        return _unknown(product.sku, f"its tax class {product.tax_class!r} is not in the mapping's vat_rates")
    return rounded(product.price.amount / (1 + rate))


def shop_price(net: Decimal, shown: Product, basis: PricedProducts) -> Money | Verdict:
    """Return a price without VAT as the shop has its own: with the VAT of the product's class where they hold VAT.

    `shown` is the product as the shop has it, or as it would be new.
    """
    if shown.price is not None and shown.price.currency != basis.currency:
        problem = f"the shop's prices are in {shown.price.currency}, the account's in {basis.currency}"
        return _unknown(shown.sku, problem)
    if not shown.price_includes_vat or not shown.taxable:
        return Money(rounded(net), basis.currency)
    rate = basis.rate_of(shown.tax_class)
    if rate is None:
        return _unknown(shown.sku, f"its tax class {shown.tax_class!r} is not in the mapping's vat_rates")
    return Money(rounded(net * (1 + rate)), basis.currency)


def _unknown(sku: str, problem: str) -> Verdict:
    return Verdict.of("product_price_unknown", sku=sku, problem=problem)

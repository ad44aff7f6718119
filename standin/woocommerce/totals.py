"""An order's taxes and totals, computed as WooCommerce does. Source: contracts/woocommerce.md section 7."""

from __future__ import annotations

from decimal import Decimal

from standin.woocommerce.money import ZERO, kept, rounded
from standin.woocommerce.order_state import FeeLine, Order, ProductLine, ShippingLine, Taxed, TaxLine
from standin.woocommerce.shop import Shop
from standin.woocommerce.taxation import line_tax, rates_of, round_tax, tax_on, taxed_country


def recalculate(shop: Shop, order: Order) -> None:
    """Taxes of all lines, tax lines, header."""
    goods = _sum_of_lines(shop, [line.total for line in order.lines])
    before_discount = _sum_of_lines(shop, [line.subtotal for line in order.lines])
    shipping = sum((rounded(line.total) for line in order.shipping_lines), ZERO)
    fees = _limit_negative_fees(order, goods + shipping)
    _tax_lines(shop, order)
    _sum_taxes(shop, order)
    totals = order.totals
    totals.shipping_total = shipping
    totals.discount_total = rounded(before_discount - goods)
    taxed_before = sum((sum(line.subtotal_taxes.values(), ZERO) for line in order.lines), ZERO)
    taxed_after = sum((sum(line.taxes.values(), ZERO) for line in order.lines), ZERO)
    totals.discount_tax = round_tax(shop, taxed_before - taxed_after)
    totals.total_tax = rounded(totals.cart_tax + totals.shipping_tax)
    totals.total = rounded(goods + fees + shipping + totals.cart_tax + totals.shipping_tax)


def _sum_of_lines(shop: Shop, amounts: list[Decimal]) -> Decimal:
    return sum((amount if shop.rounds_at_subtotal else rounded(amount) for amount in amounts), ZERO)


def _limit_negative_fees(order: Order, before_fees: Decimal) -> Decimal:
    """A negative fee takes at most what there is. Returns the sum of the fees."""
    fees = ZERO
    for fee in order.fees:
        lowest = -rounded(before_fees + fees)
        if fee.total < lowest < 0:
            fee.total = lowest
        fees += fee.total
    return fees


def _tax_lines(shop: Shop, order: Order) -> None:
    country = taxed_country(shop, order)
    for line in order.lines:
        _tax_goods(shop, line, country)
    for fee in order.fees:
        _tax_fee(shop, order, fee, country)
    for shipping in order.shipping_lines:
        _tax_shipping(shop, order, shipping, country)


def _tax_goods(shop: Shop, line: ProductLine, country: str) -> None:
    product = shop.goods(line)
    taxable = product is None or product.tax_status == "taxable"
    rates = rates_of(shop, country, line.tax_class) if taxable else []
    line.taxes, line.subtotal_taxes = tax_on(line.total, rates), tax_on(line.subtotal, rates)
    line.total_tax, line.subtotal_tax = line_tax(shop, line.taxes), line_tax(shop, line.subtotal_taxes)


def _tax_shipping(shop: Shop, order: Order, line: ShippingLine, country: str) -> None:
    wanted = shop.options.get("woocommerce_shipping_tax_class", "inherit")
    tax_class = _inherited_class(order) if wanted == "inherit" else wanted
    rates = [rate for rate in rates_of(shop, country, tax_class) if rate.on_shipping]
    line.taxes = tax_on(line.total, rates if line.tax_status == "taxable" else [])
    line.total_tax = line_tax(shop, line.taxes)


def _inherited_class(order: Order) -> str:
    classes = {line.tax_class for line in order.lines}
    return "" if "" in classes or not classes else sorted(classes)[0]


def _tax_fee(shop: Shop, order: Order, fee: FeeLine, country: str) -> None:
    if fee.total >= 0:
        fee.taxes = tax_on(fee.total, rates_of(shop, country, fee.tax_class) if fee.tax_status == "taxable" else [])
    else:
        fee.taxes = _tax_negative_fee(shop, order, fee, country)
    fee.total_tax = line_tax(shop, fee.taxes)


def _tax_negative_fee(shop: Shop, order: Order, fee: FeeLine, country: str) -> dict[int, Decimal]:
    """A negative fee is spread over the tax classes in the order by cost: taxed whatever its own tax status says."""
    costs: dict[str | None, Decimal] = {}
    for line in [*order.lines, *order.fees, *order.shipping_lines]:
        if line.total >= 0:
            taxable = line.tax_status == "taxable"
            tax_class = _inherited_class(order) if isinstance(line, ShippingLine) else line.tax_class
            costs[tax_class if taxable else None] = costs.get(tax_class if taxable else None, ZERO) + line.total
    whole = sum(costs.values(), ZERO)
    taxes: dict[int, Decimal] = {}
    for own_class, cost in costs.items():
        if own_class is not None and whole:
            for rate, tax in tax_on(fee.total * cost / whole, rates_of(shop, country, own_class)).items():
                taxes[rate] = taxes.get(rate, ZERO) + tax
    return {rate: kept(tax) for rate, tax in taxes.items()}


def _sum_taxes(shop: Shop, order: Order) -> None:
    """Tax lines and the header's taxes; a rate that nothing uses any more disappears."""
    cart = _by_rate(shop, order.taxed_lines())
    shipping = _by_rate(shop, order.shipping_lines)
    known = {line.rate_id: line for line in order.tax_lines}
    order.tax_lines = []
    for rate_id in dict.fromkeys([*cart, *shipping]):
        line = known.get(rate_id) or _new_tax_line(shop, rate_id)
        line.tax_total, line.shipping_tax_total = cart.get(rate_id, ZERO), shipping.get(rate_id, ZERO)
        order.tax_lines.append(line)
    order.totals.cart_tax = sum(cart.values(), ZERO)
    order.totals.shipping_tax = sum(shipping.values(), ZERO)


def _by_rate(shop: Shop, lines: list[Taxed] | list[ShippingLine]) -> dict[int, Decimal]:
    sums: dict[int, Decimal] = {}
    for line in lines:
        for rate_id, tax in line.taxes.items():
            sums[rate_id] = sums.get(rate_id, ZERO) + (tax if shop.rounds_at_subtotal else round_tax(shop, tax))
    return sums


def _new_tax_line(shop: Shop, rate_id: int) -> TaxLine:
    rate = next(rate for rate in shop.tax_rates if rate.id == rate_id)
    return TaxLine(shop.ids.take("item"), rate.id, rate.code, rate.name, rate.percent)

"""Stock: the rules of a product, what orders take and give back. Source: contracts/woocommerce.md sections 9, 10."""

from __future__ import annotations

from collections.abc import Iterable

from standin.woocommerce.money import php_integer
from standin.woocommerce.order_state import Order, ProductLine, meta_value, put_meta
from standin.woocommerce.product_state import Product
from standin.woocommerce.shop import Shop

REDUCED = "_reduced_stock"
RESTOCKED = "_restock_refunded_items"
TAKES_STOCK = frozenset({"processing", "on-hold", "completed"})


def stock_keeper(shop: Shop, product: Product) -> Product | None:
    """The row that holds the stock: the product itself, a variation's parent, or None where nothing is managed."""
    if product.manage_stock:
        return product
    parent = shop.products.get(product.parent_id)
    return parent if parent is not None and product.type == "variation" and parent.manage_stock else None


def settle_stock(product: Product) -> None:
    """The status follows the number while stock is managed; unmanaged stock has no number at all."""
    if not product.manage_stock:
        product.stock, product.backorders = None, "no"
    elif product.type != "variable" or product.stock is not None:
        if (product.stock or 0) > 0:
            product.stock_status = "instock"
        else:
            product.stock_status = "outofstock" if product.backorders == "no" else "onbackorder"


def save_product(shop: Shop, product: Product) -> None:
    """Every save bumps, changed or not; a variation's save bumps its parent and may change the parent's status."""
    settle_stock(product)
    if product.type == "variable":
        settle_parent(shop, product)
    product.modified = shop.now
    parent = shop.products.get(product.parent_id) if product.type == "variation" else None
    if parent is not None:
        parent.modified = shop.now
        settle_parent(shop, parent)
    shop.tell("product.updated", product.id)


def settle_parent(shop: Shop, parent: Product) -> None:
    """A variable product without stock of its own is in stock when one of its variations is."""
    if not parent.manage_stock:
        statuses = {variation.stock_status for variation in shop.variations_of(parent)}
        best = (status for status in ("instock", "onbackorder") if status in statuses)
        parent.stock_status = next(best, "outofstock")


def change_stock(shop: Shop, product: Product, pieces: int) -> tuple[int, int]:
    """Add pieces (or take them, negative) where the stock is kept. Returns the numbers before and after."""
    keeper = stock_keeper(shop, product) or product
    before = keeper.stock or 0
    keeper.stock = before + pieces
    save_product(shop, keeper)
    return before, keeper.stock


def reduce_stock(shop: Shop, order: Order) -> None:
    """Take the pieces of an order once; a note lists the numbers. Nothing checks that they are there."""
    if order.stock_reduced:
        return
    order.stock_reduced = True
    changes = []
    for line, product in _managed(shop, order.lines):
        if meta_value(line.meta, REDUCED) is None:
            before, after = change_stock(shop, product, -line.quantity)
            put_meta(line.meta, shop.new_meta(REDUCED, str(line.quantity)))
            changes.append(f"{product.name} ({before}&rarr;{after})")
    if changes:
        shop.add_note(order, f"Stock levels reduced: {', '.join(changes)}")


def give_back_stock(shop: Shop, order: Order) -> None:
    """Put back what an order had taken: on cancelled and pending, never on refunded, bin or deletion."""
    if not order.stock_reduced:
        return
    order.stock_reduced = False
    changes = []
    for line, product in _managed(shop, order.lines):
        if (pieces := php_integer(meta_value(line.meta, REDUCED))) > 0:
            before, after = change_stock(shop, product, pieces)
            changes.append(f"{product.name} ({before}&rarr;{after})")
        line.meta = [row for row in line.meta if row.key != REDUCED]
    if changes:
        shop.add_note(order, f"Stock levels increased: {', '.join(changes)}")


def adjust_line_stock(shop: Shop, order: Order, line: ProductLine, quantity: int) -> None:
    """The quantity of a line was edited: only the difference to what was taken moves."""
    if order.status not in TAKES_STOCK:
        return
    for _, product in _managed(shop, [line]):
        difference = quantity - php_integer(meta_value(line.meta, REDUCED))
        if difference:
            change_stock(shop, product, -difference)
            put_meta(line.meta, shop.new_meta(REDUCED, str(quantity)))


def restock_refunded(shop: Shop, order: Order, line: ProductLine, pieces: int) -> None:
    """A refund gives pieces back, at most those that the line had taken."""
    for _, product in _managed(shop, [line]):
        taken = php_integer(meta_value(line.meta, REDUCED))
        back = min(pieces, taken) if meta_value(line.meta, REDUCED) is not None else 0
        if back:
            before, after = change_stock(shop, product, back)
            already = php_integer(meta_value(line.meta, RESTOCKED))
            put_meta(line.meta, shop.new_meta(REDUCED, str(taken - back)))
            put_meta(line.meta, shop.new_meta(RESTOCKED, str(already + back)))
            shop.add_note(order, f"Item #{product.id} stock increased from {before} to {after}.")


def _managed(shop: Shop, lines: Iterable[ProductLine]) -> list[tuple[ProductLine, Product]]:
    found = ((line, shop.goods(line)) for line in lines)
    return [(line, product) for line, product in found if product is not None and stock_keeper(shop, product)]


def record_sales(shop: Shop, order: Order) -> None:
    """``total_sales`` of the products: once per order, taken back when it is cancelled or binned."""
    gone = order.status in {"cancelled", "trash"}
    if gone != order.sales_recorded:
        return
    order.sales_recorded = not gone
    for line in order.lines:
        if product := shop.products.get(line.product_id):
            product.total_sales += -line.quantity if gone else line.quantity

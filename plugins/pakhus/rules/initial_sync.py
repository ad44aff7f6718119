"""What the first transfer of a shop's products and stock to the warehouse makes, and what it leaves alone; pure.

Sources: domain guide 2.1, 3.7, 4.7, 15. It only adds: a product that the warehouse has stays as it is, and so does a
quantity that somebody has counted there.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from pakhus.model import Product
from pakhus.reasons import Verdict
from pakhus.rules.product_mapping import NewWarehouseProducts
from pakhus.rules.product_prices import net_price
from pakhus.rules.product_texts import cut
from pakhus.rules.sku_report import Catalogue, Trouble, sku_report
from pakhus.rules.spelling import folded, spelt_otherwise

# What Rackbeat takes is documented for the number only; these are what text columns usually hold (to-confirm.md).
NAME_LENGTH = 255
DESCRIPTION_LENGTH = 5000
_WRONG = {
    Trouble.MISSING: "it has no SKU",
    Trouble.TOO_LONG: "its SKU is too long",
    Trouble.DOUBLED: "another product has its SKU",
    Trouble.SHARED_BY_VARIATIONS: "it shares its SKU with other variations",
}


@dataclass(frozen=True, slots=True)
class Stocked:
    """A product as the warehouse has it: pieces there, and pieces of them that open orders hold back.

    A quantity is None where the warehouse's number could not be understood.
    """

    number: str
    in_stock: Decimal | None
    in_orders: Decimal | None
    keeps_stock: bool = True


@dataclass(frozen=True, slots=True)
class WarehouseProduct:
    """A product to be made in the warehouse. `price` is net, in the account's base currency."""

    number: str
    name: str
    price: Decimal
    description: str = ""
    barcode: str = ""


@dataclass(frozen=True, slots=True)
class Transfer:
    """What is to become of one product: made (None: it is there), counted (None: its stock is left alone), and why not.

    `on_hand` is what the warehouse is to have in stock: the shop's number is what is free, so what orders in the
    warehouse hold back is on top.
    """

    number: str
    name: str
    make: WarehouseProduct | None = None
    on_hand: Decimal | None = None
    left: tuple[Verdict, ...] = ()
    begun: bool = False  # by an earlier run

    @property
    def is_work(self) -> bool:
        """Whether something of it is, or may be, still to be done."""
        return self.begun or self.make is not None or self.on_hand is not None


@dataclass(frozen=True, slots=True)
class _Warehouse:
    """What the warehouse has, what of it an earlier run has begun, and whether other shops sell from it already."""

    there: Mapping[str, Stocked]
    new: NewWarehouseProducts
    ours: Collection[str]
    in_use: bool


def plan_transfers(
    catalogue: Catalogue,
    there: Mapping[str, Stocked],
    new: NewWarehouseProducts,
    *,
    stock: bool = True,
    ours: Collection[str] = (),
    in_use: bool = False,
) -> tuple[Transfer, ...]:
    """Return what is to become of each product that the shop sells, in the shop's order.

    `ours` are numbers that an earlier, interrupted run made or counted: what it began is finished by what it recorded.
    `in_use`: another shop sells from the warehouse. What it has none of has run out there, whatever this shop shows.
    """
    spelt = {folded(number): number for number in there}
    problems = {**_spelt_otherwise(catalogue, spelt), **sku_troubles(catalogue)}
    warehouse = _Warehouse(there, new, ours, in_use)
    return tuple(
        _transfer(product, catalogue.number(product), problems.get(product.id or ""), warehouse, stock=stock)
        for product in catalogue.goods()
    )


def _spelt_otherwise(catalogue: Catalogue, spelt: Mapping[str, str]) -> dict[str, str]:
    """Return by product id what the warehouse has under another spelling: made, it would be there twice."""
    found: dict[str, str] = {}
    for product in catalogue.goods():
        other = spelt_otherwise(catalogue.number(product), spelt)
        if other is not None:
            found[product.id or ""] = f"the warehouse has it as {other}"
    return found


def sku_troubles(catalogue: Catalogue) -> dict[str, str]:
    """Return by product id why its SKU cannot be a number elsewhere."""
    problems: dict[str, str] = {}
    for problem in sku_report([catalogue]):
        if problem.trouble in _WRONG:
            problems.setdefault(problem.product_id, _WRONG[problem.trouble])
    return problems


def _transfer(product: Product, number: str, problem: str | None, warehouse: _Warehouse, *, stock: bool) -> Transfer:
    name, begun = product.name or number, number in warehouse.ours
    if problem is not None:
        left = Verdict.of("product_sku_wrong", sku=product.sku or product.name, problem=problem)
        return Transfer(number, name, left=(left,))
    known, make = warehouse.there.get(number), None
    left_out: list[Verdict] = []
    if known is None:
        price = net_price(product, warehouse.new)
        if isinstance(price, Verdict):
            return Transfer(number, name, left=(price,))
        text, code = cut(product.description, DESCRIPTION_LENGTH), product.barcode
        make = WarehouseProduct(number, cut(name, NAME_LENGTH), price, text, code)
    elif not begun:
        left_out.append(Verdict.of("product_there", number=number))
    quantity = _on_hand(product, number, known, warehouse) if stock else None
    if isinstance(quantity, Verdict):
        return Transfer(number, name, make, left=(*left_out, quantity), begun=begun)
    return Transfer(number, name, make, quantity, tuple(left_out), begun=begun)


def _on_hand(product: Product, number: str, known: Stocked | None, warehouse: _Warehouse) -> Decimal | Verdict | None:
    """What the warehouse is to have of a product, None where it has that, or why its stock is left alone."""
    if not product.manages_stock or product.stock is None:
        return Verdict.of("initial_stock_unknown", number=number, problem="the shop keeps no number of its own for it")
    if product.stock < 0:
        return Verdict.of("initial_stock_unknown", number=number, problem=f"the shop shows {product.stock}")
    if known is None:
        return product.stock or None
    if not known.keeps_stock:
        return Verdict.of("initial_stock_unknown", number=number, problem="the warehouse keeps no stock of it")
    if known.in_stock is None or known.in_orders is None:
        return Verdict.of("initial_stock_unknown", number=number, problem="the warehouse's number is not readable")
    wanted, begun = product.stock + known.in_orders, number in warehouse.ours
    if known.in_stock == wanted or begun:
        return wanted if begun and wanted else None
    if known.in_stock != 0 or warehouse.in_use:
        return Verdict.of("initial_stock_there", number=number, there=known.in_stock, shop=product.stock)
    return wanted


def stock_of(rows: Sequence[Stocked]) -> dict[str, Stocked]:
    """Return the warehouse's products by number."""
    return {row.number: row for row in rows}

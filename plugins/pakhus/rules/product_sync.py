"""What of a product is written where: only what the master has changed, and nothing that a person has (domain 2.1, 15).

Three values decide about a field: what the master says now (`wanted`), what the target shows, and what it showed after
our last write (`written`). A target that shows what we wrote follows the master. One that shows something else was
changed by a person: in the accounts people win for good; elsewhere until the master's own value changes again.
Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from enum import StrEnum

from pakhus.model import Money, Product
from pakhus.reasons import Verdict
from pakhus.rules.money import rounded
from pakhus.rules.product_mapping import UNTAXED, NewAccountsProducts, NewWarehouseProducts, PricedProducts
from pakhus.rules.product_prices import net_price
from pakhus.rules.product_texts import alike, cut, on_one_line

YES, NO = "yes", "no"


class ProductField(StrEnum):
    """What may be kept in step of a product. `group` and `barred` are words of the target, never asked for."""

    NAME = "name"
    PRICE = "price"
    DESCRIPTION = "description"
    BARCODE = "barcode"
    GROUP = "group"
    BARRED = "barred"


NAME, PRICE, DESCRIPTION, BARCODE = (
    ProductField.NAME,
    ProductField.PRICE,
    ProductField.DESCRIPTION,
    ProductField.BARCODE,
)
GROUP, BARRED = ProductField.GROUP, ProductField.BARRED
TAX_CLASS = "tax_class"
"""Among what is wanted in a shop: the VAT of the product's group, where that is not the standard one. Never written."""
_IN_CURRENCY = f"{PRICE} "
"""Begins the name of a price in another currency than the target's own: "price EUR"."""
_TEXTS = frozenset({NAME, DESCRIPTION, BARCODE})
# A group decides accounts and VAT, and a bar is somebody's decision: what was there before us is never taken over.
_NEVER_TAKEN_OVER = frozenset({GROUP, BARRED})

Values = Mapping[str, str]
"""Field -> text; prices with two decimals, without VAT but in a shop; group numbers as text; barred is yes or no."""


@dataclass(frozen=True, slots=True)
class Lengths:
    """How many characters a system takes."""

    name: int
    description: int
    barcode: int


# Of Rackbeat only the number's is documented; these are what text columns usually hold (to-confirm.md).
IN_RACKBEAT = Lengths(name=255, description=5000, barcode=255)
IN_ECONOMIC = Lengths(name=300, description=500, barcode=50)  # economic.md 4.1


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a product in one target."""

    wanted: Values
    applied: Values = field(default_factory=dict)
    written: Values = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Manners:
    """What the target's fields are to us. `owned` follow the master.

    `take_over`: what was there before Pakhus is brought in step at once, not only when the master changes it.
    """

    owned: frozenset[str]
    people_win: bool = False
    take_over: bool = False


@dataclass(frozen=True, slots=True)
class Decision:
    """What is to be written, and which fields differ and stay as a person has made them."""

    write: Values
    kept: tuple[str, ...]


def decide(facts: Facts, shown: Values, manners: Manners) -> Decision:
    """Compare what the master wants with what the target shows."""
    write: dict[str, str] = {}
    kept: list[str] = []
    for name, value in facts.wanted.items():
        there = shown.get(name)
        if _owner(name) not in manners.owned or there is None or same(name, value, there):
            continue
        ours, before = facts.written.get(name), facts.applied.get(name)
        if before is not None and before != value and same(name, before, there):
            follows = True  # it shows what the master said before, whoever wrote that
        elif ours is None:
            follows = _follows_at_first(name, value, there, manners)
            follows = follows or (_changed(before, value) and not manners.people_win)
        elif same(name, ours, there):
            if before == value:
                continue  # the target shows what it made of this very value
            follows = True
        else:
            follows = not manners.people_win and _changed(before, value)
        if follows:
            write[name] = value
        else:
            kept.append(name)
    return Decision(write, tuple(kept))


def after(facts: Facts, shown: Values, wrote: Values) -> Facts:
    """Return what is known once the target shows `shown`, after `wrote` was written (empty: nothing was)."""
    written = dict(facts.written)
    for name, value in facts.wanted.items():
        there = shown.get(name)
        if there is not None and (name in wrote or same(name, value, there)):
            written[name] = there
    return Facts(facts.wanted, facts.wanted, written)


def same(name: str, one: str, other: str) -> bool:
    """Tell whether two values of a field are the same to people."""
    if _owner(name) == PRICE:
        return bool(one) == bool(other) and (not one or Decimal(one) == Decimal(other))
    return alike(one, other) if name in _TEXTS else one == other


def in_rackbeat(product: Product, number: str, new: NewWarehouseProducts, owned: frozenset[str]) -> Values | Verdict:
    """Return the product as Rackbeat is to have it, or why it cannot be told."""
    price = _price(product, new, owned)
    return price if isinstance(price, Verdict) else {**_texts(product, number, IN_RACKBEAT), **price, BARRED: NO}


def in_shop(product: Product, number: str) -> Values | Verdict:
    """Return a product of the warehouse as the shop is to have it; its price is without VAT until it is written.

    Whether it is for sale is the staff's to say.
    """
    wanted = _texts(product, number, IN_RACKBEAT)
    if product.price is not None:
        wanted[PRICE] = f"{rounded(product.price.amount):f}"
    if product.tax_class:
        wanted[TAX_CLASS] = product.tax_class
    return wanted


def in_economic(product: Product, number: str, new: NewAccountsProducts, owned: frozenset[str]) -> Values | Verdict:
    """Return the product as e-conomic is to have it, or why it cannot be told."""
    foreign = new.currency_prices and product.price is not None and product.price.currency != new.currency
    price = _price_in_currency(product, new, owned) if foreign else _price(product, new, owned)
    if isinstance(price, Verdict):
        return price
    tax_class = product.tax_class if product.taxable else UNTAXED  # a group of the class would charge VAT
    group = new.group_of(tax_class)
    if group is None:
        return Verdict.of("product_group_unknown", sku=product.sku, tax_class=tax_class or "standard")
    return {**_texts(product, number, IN_ECONOMIC), **price, GROUP: str(group), BARRED: NO}


def _price(product: Product, basis: PricedProducts, owned: frozenset[str]) -> dict[str, str] | Verdict:
    """A product without a price in the shop says nothing of it; one whose price nobody follows needs none."""
    if product.price is None and not product.price_problem:
        return {}
    net = net_price(product, basis)
    if isinstance(net, Verdict):
        return net if PRICE in owned else {}
    return {PRICE: f"{net:f}"}


def _price_in_currency(product: Product, basis: PricedProducts, owned: frozenset[str]) -> dict[str, str] | Verdict:
    """The price in the shop's own currency, without VAT."""
    if product.price is None:
        return {}
    code = product.price.currency
    found = _price(replace(product, price=Money(product.price.amount, basis.currency)), basis, owned)
    return found if isinstance(found, Verdict) else {f"{_IN_CURRENCY}{code}": amount for amount in found.values()}


def currency_of(name: str) -> str | None:
    """The currency of a field that is a price in another one than the target's own."""
    return name.removeprefix(_IN_CURRENCY) if name.startswith(_IN_CURRENCY) else None


def _owner(name: str) -> str:
    """The field that a merchant names when this one is meant."""
    return name if currency_of(name) is None else PRICE


def _texts(product: Product, number: str, lengths: Lengths) -> dict[str, str]:
    """A barcode that is too long for the system is none: half of it would be another one."""
    barcode = product.barcode if len(product.barcode) <= lengths.barcode else ""
    return {
        NAME: cut(on_one_line(product.name) or number, lengths.name),
        DESCRIPTION: cut(product.description, lengths.description),
        BARCODE: barcode,
    }


def _follows_at_first(name: str, value: str, there: str, manners: Manners) -> bool:
    """Whether a field that we never wrote is written at once: an empty text, or that nothing is barred, is nobody's
    word."""
    empty = not there and (name in _TEXTS or currency_of(name) is not None)
    empty = empty or (name == BARRED and value == YES)
    return empty or (manners.take_over and name not in _NEVER_TAKEN_OVER)


def _changed(before: str | None, value: str) -> bool:
    return before is not None and before != value

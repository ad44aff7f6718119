"""What is wrong with the SKUs of shops before they are joined to a warehouse and accounts (domain guide 4.7, 15); pure.

SKUs are compared as shops and people compare them: without regard to letter case and blanks.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from pakhus.model import Product
from pakhus.rules.goods import PRODUCT_NUMBER_LENGTH
from pakhus.rules.spelling import folded, spelt_otherwise


class Trouble(StrEnum):
    """What may be wrong with a SKU; the value is what tables say."""

    MISSING = "missing"
    TOO_LONG = "too_long"
    DOUBLED = "doubled"
    SHARED_BY_VARIATIONS = "shared_by_variations"
    LEADING_ZERO = "leading_zero"
    OTHER_PRODUCT = "other_product_in_other_shop"
    NOT_IN_WAREHOUSE = "not_in_rackbeat"
    NOT_IN_ACCOUNTS = "not_in_economic"


@dataclass(frozen=True, slots=True)
class Catalogue:
    """A shop's products, and the product numbers that its warehouse and its accounts have.

    None: not asked for, or the list could not be read. `together` names what shops share that must not confuse their
    products: the agreements. `not_goods` are SKUs that the warehouse is not told of.
    """

    shop: str
    products: Sequence[Product]
    numbers: Mapping[str, str] = field(default_factory=dict)
    warehouse: Collection[str] | None = None
    accounts: Collection[str] | None = None
    together: frozenset[str] = frozenset()
    not_goods: Collection[str] = ()

    def sold(self) -> list[Product]:
        """What buyers can order: no parent of variations, no set of others, nothing that is not published."""
        parents = {product.parent_id for product in self.products}
        sold = [product for product in self.products if product.sold_alone and not product.barred]
        return [product for product in sold if product.id not in parents]

    def number(self, product: Product) -> str:
        """The product's number in the other systems."""
        return self.numbers.get(product.sku, product.sku).strip()

    def goods(self) -> list[Product]:
        """What buyers can order and the warehouse is to have."""
        return [product for product in self.sold() if product.sku not in self.not_goods]


@dataclass(frozen=True, slots=True)
class SkuProblem:
    """One product and what is wrong with its SKU; `detail` says with what it collides."""

    shop: str
    trouble: Trouble
    product_id: str
    name: str
    sku: str
    number: str
    detail: str = ""


def sku_report(catalogues: Sequence[Catalogue]) -> tuple[SkuProblem, ...]:
    """Return all problems, by shop in the given order, then by kind and SKU."""
    found: list[SkuProblem] = []
    for catalogue in catalogues:
        own = [problem for check in _CHECKS for problem in check(catalogue)]
        own += _other_products(catalogue, [other for other in catalogues if other.shop != catalogue.shop])
        found += sorted(own, key=lambda one: (list(Trouble).index(one.trouble), one.sku, one.product_id))
    return tuple(found)


def usable_numbers(catalogue: Catalogue) -> set[str]:
    """Return the product numbers under which the shop's products can be anywhere else."""
    numbers = {catalogue.number(product) for product in catalogue.sold() if product.sku}
    return {number for number in numbers if len(number) <= PRODUCT_NUMBER_LENGTH}


def _missing(catalogue: Catalogue) -> Iterator[SkuProblem]:
    for product in catalogue.sold():
        if not product.sku:
            yield _problem(catalogue, product, Trouble.MISSING)


def _too_long(catalogue: Catalogue) -> Iterator[SkuProblem]:
    for product in catalogue.sold():
        length = len(catalogue.number(product))
        if length > PRODUCT_NUMBER_LENGTH:
            yield _problem(catalogue, product, Trouble.TOO_LONG, f"{length} characters")


def _doubled(catalogue: Catalogue) -> Iterator[SkuProblem]:
    """Products of one number, and variations of one parent that share a SKU or show their parent's."""
    groups: dict[str, list[Product]] = defaultdict(list)
    for product in catalogue.sold():
        if product.sku:
            groups[folded(catalogue.number(product))].append(product)
    parents = {product.id: product for product in catalogue.products}
    for group in groups.values():
        for product in group:
            parent = parents.get(product.parent_id) if product.parent_id else None
            if parent is not None and parent.sku and folded(parent.sku) == folded(product.sku):
                yield _problem(catalogue, product, Trouble.SHARED_BY_VARIATIONS, "its parent's SKU")
                continue
            others = [other for other in group if other is not product]
            siblings = [other for other in others if other.parent_id and other.parent_id == product.parent_id]
            strangers = [other for other in others if other not in siblings]
            if siblings:
                yield _problem(catalogue, product, Trouble.SHARED_BY_VARIATIONS, _named(siblings))
            if strangers:
                yield _problem(catalogue, product, Trouble.DOUBLED, _named(strangers))


def _leading_zeros(catalogue: Catalogue) -> Iterator[SkuProblem]:
    """All digits with a zero in front: spreadsheets drop it, and then it is another number."""
    for product in catalogue.sold():
        number = catalogue.number(product)
        if number.isdigit() and len(number) > 1 and number.startswith("0"):
            yield _problem(
                catalogue, product, Trouble.LEADING_ZERO, f"a spreadsheet makes it {number.lstrip('0') or '0'}"
            )


def _not_in_warehouse(catalogue: Catalogue) -> Iterator[SkuProblem]:
    return _unknown(catalogue, catalogue.goods(), catalogue.warehouse, Trouble.NOT_IN_WAREHOUSE)


def _not_in_accounts(catalogue: Catalogue) -> Iterator[SkuProblem]:
    return _unknown(catalogue, catalogue.sold(), catalogue.accounts, Trouble.NOT_IN_ACCOUNTS)


def _unknown(
    catalogue: Catalogue, wanted: Sequence[Product], known: Collection[str] | None, trouble: Trouble
) -> Iterator[SkuProblem]:
    if known is None:
        return
    spelt = {folded(number): number for number in known}
    for product in wanted:
        number = catalogue.number(product)
        if number and number not in known and len(number) <= PRODUCT_NUMBER_LENGTH:
            other = spelt_otherwise(number, spelt)
            yield _problem(catalogue, product, trouble, f"there is {other!r}" if other else "")


_Check = Callable[[Catalogue], Iterator[SkuProblem]]
_CHECKS: tuple[_Check, ...] = (
    _missing,
    _too_long,
    _doubled,
    _leading_zeros,
    _not_in_warehouse,
    _not_in_accounts,
)


def _other_products(catalogue: Catalogue, others: Sequence[Catalogue]) -> Iterator[SkuProblem]:
    """Numbers that another shop of the same agreement gives to what reads like another product."""
    elsewhere: dict[str, list[tuple[str, Product]]] = defaultdict(list)
    for other in others:
        if catalogue.together & other.together:
            for product in other.sold():
                if product.sku:
                    elsewhere[folded(other.number(product))].append((other.shop, product))
    for product in catalogue.sold():
        if not product.sku:
            continue
        strange = [
            f"{shop}: {found.name}"
            for shop, found in elsewhere.get(folded(catalogue.number(product)), [])
            if not same_product(product, found)
        ]
        if strange:
            yield _problem(catalogue, product, Trouble.OTHER_PRODUCT, "; ".join(strange))


def same_product(one: Product, other: Product) -> bool:
    """Whether two shops' products of one number are taken to be the same: by barcode where both have one, else by
    name."""
    if one.barcode and other.barcode:
        return one.barcode == other.barcode
    return folded(one.name) == folded(other.name)


def _named(products: Sequence[Product]) -> str:
    return "; ".join(f"{product.id}: {product.name} ({product.sku})" for product in products)


def _problem(catalogue: Catalogue, product: Product, trouble: Trouble, detail: str = "") -> SkuProblem:
    number = catalogue.number(product)
    return SkuProblem(catalogue.shop, trouble, product.id or "", product.name, product.sku, number, detail)

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
    products: the agreements.
    """

    shop: str
    products: Sequence[Product]
    numbers: Mapping[str, str] = field(default_factory=dict)
    warehouse: Collection[str] | None = None
    accounts: Collection[str] | None = None
    together: frozenset[str] = frozenset()

    def sold(self) -> list[Product]:
        """What buyers can order: no parent of variations, nothing that is not published."""
        parents = {product.parent_id for product in self.products}
        return [product for product in self.products if product.id not in parents and not product.barred]

    def number(self, product: Product) -> str:
        """The product's number in the other systems."""
        return self.numbers.get(product.sku, product.sku).strip()


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


def folded(sku: str) -> str:
    """Return the SKU without what people and shops overlook: letter case and blanks."""
    return "".join(sku.split()).casefold()


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


def _unknown(there: Callable[[Catalogue], Collection[str] | None], trouble: Trouble) -> _Check:
    def check(catalogue: Catalogue) -> Iterator[SkuProblem]:
        known = there(catalogue)
        if known is None:
            return
        alike = {folded(number): number for number in known}
        for product in catalogue.sold():
            number = catalogue.number(product)
            if number and number not in known and len(number) <= PRODUCT_NUMBER_LENGTH:
                almost = alike.get(folded(number))
                yield _problem(catalogue, product, trouble, f"there is {almost!r}" if almost else "")

    return check


_Check = Callable[[Catalogue], Iterator[SkuProblem]]
_CHECKS: tuple[_Check, ...] = (
    _missing,
    _too_long,
    _doubled,
    _leading_zeros,
    _unknown(lambda catalogue: catalogue.warehouse, Trouble.NOT_IN_WAREHOUSE),
    _unknown(lambda catalogue: catalogue.accounts, Trouble.NOT_IN_ACCOUNTS),
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

"""Which quantities a shop is to show, and which of them must be written; pure (domain guide 4.6, 14).

SKUs are compared as shops do: without regard to case and to blanks around (woocommerce.md 10). How many of the free
pieces a shop shows is in `rules/stock_shown.py`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import ROUND_FLOOR, Decimal

from pakhus.model import Available, Product, ProductRef, StockLevel
from pakhus.reasons import Verdict
from pakhus.rules.spelling import compared
from pakhus.rules.stock_shown import ShownRules

# More pieces than any shop sells: such a number is a mistake, and a shop may not be able to keep it.
LARGEST_QUANTITY = Decimal(999_999_999)
_SETTING = 'the account setting "Inventory value associated with invoicing"'
_DECIMALS = Decimal("0.000001")
# Reasons that the warehouse's list gives and takes back; all others come from the shop.
_OF_THE_WAREHOUSE = frozenset(
    {
        "number_ambiguous",
        "available_unreadable",
        "sku_not_in_warehouse",
        "bundle_component_unknown",
        "location_stock_awaited",
    }
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a reading says of a shop's SKU. `quantity` is None when `hindrance` leaves nothing to be shown."""

    sku: str
    available: Decimal | None
    quantity: Decimal | None
    hindrance: Verdict | None = None


@dataclass(frozen=True, slots=True)
class Level:
    """What the ledger knows of a shop's SKU: what it is to show, and what the shop last confirmed (None: unknown)."""

    sku: str
    wanted: Decimal | None
    confirmed: Decimal | None
    available: Decimal | None = None
    reason: str = ""
    problem: str = ""


@dataclass(frozen=True, slots=True)
class PushPlan:
    """What is to become of due levels: written, found in the shop already as wanted, or not pushed for a reason."""

    writes: tuple[StockLevel, ...]
    in_step: Mapping[str, ProductRef]
    hindered: Mapping[str, Verdict]


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why no stock may be pushed from an account, and what the operator does about it."""

    problem: str
    action: str


@dataclass(frozen=True, slots=True)
class Difference:
    """The shop shows something else than what it had confirmed: sold, changed by hand, or by a plugin."""

    sku: str
    product_id: str
    confirmed: Decimal
    shown: Decimal | None


@dataclass(slots=True)
class Comparison:
    """What a shop's whole catalogue says of our levels; `shown` are its quantities, by SKU, with the product's id."""

    shown: dict[str, tuple[str, Decimal | None]] = field(default_factory=dict)
    hindered: dict[str, Verdict] = field(default_factory=dict)
    differences: list[Difference] = field(default_factory=list)


def wanted_of(items: Iterable[Available], rules: ShownRules) -> list[Wanted]:
    """Return what a shop is to show, by SKU."""
    every = list(items)
    renamed: dict[str, list[str]] = defaultdict(list)
    for sku, number in rules.product_numbers.items():
        renamed[number].append(sku)
    found: dict[str, dict[str, Available]] = defaultdict(dict)
    for item in every:
        own = [item.number] if rules.product_numbers.get(item.number, item.number) == item.number else []
        for sku in dict.fromkeys([*own, *renamed.get(item.number, ())]):
            found[sku][item.number] = item
    leading: dict[str, set[str]] = defaultdict(set)
    made = {compared(sku) for sku in rules.bundles}
    for sku, numbers in found.items():
        leading[compared(sku)] |= numbers.keys()
    items_of = {sku: next(iter(numbers.values())) for sku, numbers in found.items() if compared(sku) not in made}
    single = [_wanted(sku, item, sorted(leading[compared(sku)]), rules) for sku, item in items_of.items()]
    available = _available(every)
    bundles = [_bundle(sku, rules.available_of_bundle(sku, available), rules) for sku in rules.bundles]
    return sorted([*single, *bundles], key=lambda one: one.sku)


def shown_anew(levels: Iterable[Level], rules: ShownRules) -> list[Level]:
    """Return the levels whose quantity is another one by these rules, though the warehouse's is the same."""
    known = [level for level in levels if level.wanted is not None]
    made = {compared(sku) for sku in rules.bundles}
    single = [level for level in known if compared(level.sku) not in made]
    available = {rules.number_of(level.sku): level.available for level in single}
    found = []
    for level in known:
        if level.reason in _OF_THE_WAREHOUSE or level.available is None:
            continue
        if level.sku in rules.bundles:
            whole = rules.available_of_bundle(level.sku, available)
            quantity = level.wanted if whole is None else rules.quantity_of_bundle(whole)
        else:
            quantity = rules.quantity(rules.number_of(level.sku), level.available)
        if quantity != level.wanted:
            found.append(replace(level, wanted=quantity, reason="", problem=""))
    return found


def changes(known: Mapping[str, Level], wanted: Iterable[Wanted]) -> list[Level]:
    """Return the levels that a reading changes, new ones too. What stands in no reading is not pushed any more.

    A reason that the shop gave stays until the quantity changes: asking it at each run would be a storm.
    """
    found: list[Level] = []
    read: set[str] = set()
    for level in wanted:
        read.add(level.sku)
        changed = _changed(known.get(level.sku), level)
        if changed is not None:
            found.append(changed)
    for sku in sorted(known.keys() - read):
        if known[sku].reason != "sku_not_in_warehouse":
            gone = Verdict.of("sku_not_in_warehouse", sku=sku)
            found.append(_hindered(known[sku], gone))
    return found


def changes_of_some(
    known: Mapping[str, Level], wanted: Iterable[Wanted], rules: ShownRules
) -> tuple[list[Level], frozenset[str]]:
    """The same for a reading of some items, and their compared numbers; what stands in none of them is left alone.

    An item with anything unclear about it waits for the whole list, which alone tells whether it is clear now. Bundles
    follow their components.
    """
    unclear = {rules.number_of(level.sku) for level in known.values() if level.reason in _OF_THE_WAREHOUSE}
    made = {compared(sku) for sku in rules.bundles}
    some = [
        level
        for level in wanted
        if level.sku in known
        and level.hindrance is None
        and compared(level.sku) not in made
        and rules.number_of(level.sku) not in unclear
    ]
    changed = [level for one in some if (level := _changed(known[one.sku], one)) is not None]
    return changed, frozenset(rules.number_of(level.sku) for level in some)


def plan_push(
    due: Sequence[Level],
    found: Mapping[str, ProductRef],
    ambiguous: Mapping[str, tuple[str, ...]],
    *,
    only_lower: bool = False,
) -> PushPlan:
    """Decide about levels by where their SKUs live now, and what the shop shows there at this moment.

    With `only_lower` what would rise stays as it is, and due.
    """
    writes: list[StockLevel] = []
    in_step: dict[str, ProductRef] = {}
    hindered: dict[str, Verdict] = {}
    for level in due:
        product = found.get(level.sku)
        if product is None:
            hindered[level.sku] = _not_found(level.sku, ambiguous.get(level.sku, ()))
        elif not product.manages_stock:
            of_parent = product.parent_id is not None and product.stock is not None
            hindered[level.sku] = _unmanaged(level.sku, of_parent=of_parent)
        elif product.stock == level.wanted:
            in_step[level.sku] = product
        elif level.wanted is not None and not (only_lower and _rises(product.stock, level.wanted)):
            writes.append(StockLevel(product, level.wanted, product.stock))
    return PushPlan(tuple(writes), in_step, hindered)


def _rises(shown: Decimal | None, wanted: Decimal) -> bool:
    return shown is None or wanted > shown


def compare(levels: Iterable[Level], products: Iterable[Product]) -> Comparison:
    """Compare all levels with a shop's catalogue. A difference is where the shop had confirmed what it was to show."""
    places = _places(products)
    result = Comparison()
    for level in levels:
        if level.wanted is None or level.reason in _OF_THE_WAREHOUSE:
            continue
        here = places.get(compared(level.sku), [])
        if len(here) != 1:
            result.hindered[level.sku] = _not_found(level.sku, [product.id or "" for product in here])
            continue
        product = here[0]
        if not product.manages_stock:
            of_parent = product.parent_id is not None and product.stock is not None
            result.hindered[level.sku] = _unmanaged(level.sku, of_parent=of_parent)
            continue
        result.shown[level.sku] = (product.id or "", product.stock)
        if level.confirmed == level.wanted and product.stock != level.wanted:
            result.differences.append(Difference(level.sku, product.id or "", level.wanted, product.stock))
    return result


def written(level: Level) -> Verdict:
    """The verdict on a level that the shop has confirmed; a negative quantity is told, not silently cut."""
    if level.available is not None and level.available < 0:
        return Verdict.of("available_negative", sku=level.sku, available=f"{level.available.normalize():f}")
    return Verdict.of("transferred")


def refusal(stock_falls_at: str | None, follows_invoices: bool | None) -> Refusal | None:
    """Say why stock may not be pushed from an account, if it may not; `follows_invoices` is the account's own answer.

    Goods that leave stock at invoicing become available when they are shipped: shops would sell them a second time.
    """
    if follows_invoices or stock_falls_at == "invoice":
        return Refusal(
            f"{_SETTING} is on: what is shipped would be offered again until it is invoiced",
            "Switch it off in Rackbeat, then write rackbeat.stock_falls_at: shipping in the mapping",
        )
    if stock_falls_at is None:
        return Refusal(
            "nobody has said when goods leave stock in Rackbeat",
            f"Look at {_SETTING}; if it is off, write rackbeat.stock_falls_at: shipping in the mapping",
        )
    return None


def _wanted(sku: str, item: Available, numbers: Sequence[str], rules: ShownRules) -> Wanted:
    if len(numbers) > 1:
        return Wanted(sku, None, None, Verdict.of("number_ambiguous", sku=sku, numbers=", ".join(numbers)))
    if item.awaited:
        return Wanted(sku, None, None, Verdict.of("location_stock_awaited", sku=sku))
    if item.quantity is None or abs(item.quantity) > LARGEST_QUANTITY:
        return Wanted(sku, None, None, Verdict.of("available_unreadable", sku=sku))
    quantity = item.quantity.quantize(_DECIMALS, ROUND_FLOOR)
    return Wanted(sku, quantity, rules.quantity(item.number, quantity))


def _available(items: Iterable[Available]) -> dict[str, Decimal | None]:
    """What is free by compared number; None where nobody can tell: two items have it, or the quantity is unreadable."""
    found: dict[str, Decimal | None] = {}
    for item in items:
        number = compared(item.number)
        found[number] = None if number in found else item.quantity
    return found


def _bundle(sku: str, bundles: Decimal | None, rules: ShownRules) -> Wanted:
    if bundles is None:
        return Wanted(sku, None, None, Verdict.of("bundle_component_unknown", sku=sku))
    return Wanted(sku, bundles, rules.quantity_of_bundle(bundles))


def _changed(known: Level | None, read: Wanted) -> Level | None:
    if known is None:
        new = Level(read.sku, read.quantity, None, read.available)
        return new if read.hindrance is None else _hindered(new, read.hindrance)
    if read.hindrance is not None:
        return None if known.reason == read.hindrance.code else _hindered(known, read.hindrance)
    same = read.quantity == known.wanted
    keeps = same and known.reason not in _OF_THE_WAREHOUSE
    changed = Level(
        read.sku,
        read.quantity,
        known.confirmed,
        read.available,
        known.reason if keeps else "",
        known.problem if keeps else "",
    )
    return None if changed == known else changed


def _hindered(level: Level, verdict: Verdict) -> Level:
    return Level(level.sku, level.wanted, level.confirmed, level.available, verdict.code, verdict.text())


def _places(products: Iterable[Product]) -> dict[str, list[Product]]:
    """Return products by SKU. A variation without a SKU of its own shows its parent's: it is not meant by it."""
    every = list(products)
    by_id = {product.id: compared(product.sku) for product in every}
    found: dict[str, list[Product]] = defaultdict(list)
    for product in every:
        sku = compared(product.sku)
        inherited = product.parent_id is not None and by_id.get(product.parent_id) == sku
        if sku and not inherited:
            found[sku].append(product)
    return found


def _not_found(sku: str, ids: Sequence[str]) -> Verdict:
    if ids:
        return Verdict.of("sku_ambiguous", sku=sku, ids=", ".join(ids))
    return Verdict.of("sku_not_in_shop", sku=sku)


def _unmanaged(sku: str, *, of_parent: bool) -> Verdict:
    return Verdict.of("stock_at_parent" if of_parent else "stock_not_managed", sku=sku)

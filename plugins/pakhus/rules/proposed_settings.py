"""The parts of a mapping, proposed from the lists that the warehouse and the accounts have; pure.

The keys are those of a mapping file, in the order in which they stand there. Sources: domain guide 3.7, 4.10, 5;
rackbeat.md 3; economic.md 3, 4, 7.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from pakhus.rules.mappings import RoundingMode
from pakhus.rules.proposals import (
    OF_COMPANIES,
    OF_PRIVATE_BUYERS,
    OF_WEBSHOP,
    TO_DO,
    Asked,
    Choice,
    Proposal,
    chosen,
    is_called,
)
from pakhus.rules.proposed_payments import Method, MoneyLists, net_terms, payments_proposed
from pakhus.rules.proposed_products import generic_products, products_proposed

Answers = Mapping[str, str]
ACCOUNTS, WAREHOUSE = "e-conomic", "Rackbeat"
_OF_WAREHOUSE_BUYERS = (*OF_WEBSHOP, ("diverse",), ("privat",))
# economic.md 3: the numbers are the same in every agreement; a name that says otherwise is asked about.
_ZONES = {
    "domestic": ("1", ("domestic", "indland", "danmark", "denmark")),
    "eu": ("2", ("eu",)),
    "abroad": ("3", ("abroad", "udland", "verden", "world")),
}
_WITHOUT_VAT = ("without", "w/o", "uden moms", "momsfri")


@dataclass(frozen=True, slots=True)
class WarehouseLists:
    """What Rackbeat has. Product groups are those that keep stock, with their VAT in percent; a location may be the
    default one; `follows_invoices` says whether goods leave stock at invoicing (None: not told)."""

    customer_groups: Sequence[Choice]
    terms: Sequence[Choice]
    layouts: Sequence[Choice]
    product_groups: Sequence[tuple[Choice, Any]]
    locations: Sequence[tuple[Choice, bool]]
    units: Sequence[Choice]
    follows_invoices: bool | None


@dataclass(frozen=True, slots=True)
class AccountsLists:
    """What e-conomic has. `products` are number -> name, `rates` the VAT at home of those that could carry lines."""

    customer_groups: Sequence[Choice]
    layouts: Sequence[Choice]
    employees: Sequence[Choice]
    zones: Sequence[Choice]
    currencies: Sequence[str]
    money: MoneyLists
    products: Mapping[str, str]
    rates: Mapping[str, Decimal]
    rounding: RoundingMode | None


def warehouse(lists: WarehouseLists, answers: Answers) -> tuple[Proposal, ...]:
    """Propose the part `rackbeat`."""
    return tuple(_warehouse(lists, answers))


def _warehouse(lists: WarehouseLists, answers: Answers) -> Iterator[Proposal]:
    def pick(key: str, what: str, rows: Sequence[Choice], *, needed: bool = False) -> Proposal:
        return chosen(Asked(f"rackbeat.{key}", what, WAREHOUSE, _OF_WAREHOUSE_BUYERS, needed), rows, answers)

    reason = "a warehouse customer per buyer, found by e-mail; collective, with a number, has one for all"
    yield Proposal("rackbeat.customers.mode", "each", reason)
    yield pick("customers.group", "customer group", lists.customer_groups, needed=True)
    yield pick("customers.payment_terms", "payment term", lists.terms, needed=True)
    yield pick("layout", "layout", lists.layouts)
    yield Proposal("rackbeat.vat_zone", "domestic", "nothing is invoiced from warehouse orders")
    yield _stock_falls_at(lists.follows_invoices, answers)
    groups = [row for row, vat in lists.product_groups if not _is_zero(vat)] or [row for row, _ in lists.product_groups]
    yield pick("new_products.group", "product group that keeps stock and has VAT", groups)
    default = [row for row, is_default in lists.locations if is_default]
    yield pick("new_products.location", "location", default or [row for row, _ in lists.locations])
    if len(lists.units) == 1:
        yield pick("new_products.unit", "unit", lists.units)


def _stock_falls_at(follows_invoices: bool | None, answers: Answers) -> Proposal:
    key, setting = "rackbeat.stock_falls_at", "the setting 'Inventory value associated with invoicing'"
    if (answer := answers.get(key)) is not None:
        return Proposal(key, answer, f"as you say of {setting}")
    if follows_invoices is None:
        why = (
            f"Rackbeat does not tell {setting}: look it up; off is shipping, on is invoice. Until then no stock is told"
        )
        return Proposal(key, "", why, (Choice("shipping", "off"), Choice("invoice", "on")))
    return Proposal(key, "invoice" if follows_invoices else "shipping", f"{setting} is {_on(follows_invoices)}")


def accounts(
    lists: AccountsLists, methods: Sequence[Method], currency: str, used_currencies: Sequence[str], answers: Answers
) -> tuple[Proposal, ...]:
    """Propose the part `economic`. `currency` is the shop's own, `used_currencies` are those of its newest orders."""
    return (
        *_customers(lists, answers),
        chosen(Asked("economic.layout", "layout", ACCOUNTS, OF_WEBSHOP, needed=True), lists.layouts, answers),
        *_employee(lists.employees, answers),
        *products_proposed(lists.products, lists.rates, answers),
        *_generic(lists),
        *payments_proposed(methods, lists.money, answers),
        *_vat_zones(lists.zones, answers),
        _currencies(lists.currencies, currency, used_currencies),
        _rounding(lists.rounding),
    )


def _customers(lists: AccountsLists, answers: Answers) -> Iterator[Proposal]:
    """Private buyers, companies, public bodies: a customer each. Orders of a class without a rule are held."""
    terms = net_terms(lists.money)
    classes = (
        ("customers", "email", OF_PRIVATE_BUYERS, "private buyers are found by e-mail"),
        ("companies", "vat_number", OF_COMPANIES, "companies are found by CVR or VAT number"),
        ("public_bodies", "ean", OF_COMPANIES, "public bodies are found by EAN"),
    )
    for section, identify, names, reason in classes:
        key, needed = f"economic.{section}", section == "customers"
        yield Proposal(f"{key}.mode", "each", f"{reason}, a customer each")
        yield Proposal(f"{key}.identify", identify, reason)
        group = Asked(f"{key}.group", "customer group", ACCOUNTS, names, needed)
        yield chosen(group, lists.customer_groups, answers)
        term = Asked(f"{key}.payment_terms", "payment term", ACCOUNTS, OF_WEBSHOP if needed else (), needed)
        yield chosen(term, terms, answers)


def _employee(rows: Sequence[Choice], answers: Answers) -> Iterator[Proposal]:
    """Our reference on invoices: only where a person says so, or there is one employee and no choice."""
    if rows:
        yield chosen(Asked("economic.employee", "employee", ACCOUNTS), rows, answers)


def _generic(lists: AccountsLists) -> Iterator[Proposal]:
    found = generic_products(lists.products, lists.rates)
    if found:
        text = ", ".join(f"{rate.normalize():f}: {number}" for rate, number in found)
        reason = "lines of products that e-conomic does not have go on these, with the title as text"
        yield Proposal("economic.products.by_rate", f"{{{text}}}", reason)


def _vat_zones(rows: Sequence[Choice], answers: Answers) -> Iterator[Proposal]:
    for name, (number, words) in _ZONES.items():
        key = f"economic.vat_zones.{name}"
        usual = next((row for row in rows if row.value == number), None)
        if key not in answers and usual and is_called(usual.name, words) and not is_called(usual.name, _WITHOUT_VAT):
            yield Proposal(key, number, f"e-conomic calls it {usual.name}")
            continue
        others = [row for row in rows if not is_called(row.name, _WITHOUT_VAT)]
        yield chosen(Asked(key, f"VAT zone ({name})", ACCOUNTS, (words,), needed=True), others, answers)


def _currencies(known: Sequence[str], own: str, used: Sequence[str]) -> Proposal:
    """The shop's own currency; others need a rate, which a person must have thought about."""
    others = sorted(set(used) - {own})
    reason = "the shop's own currency" + (
        f"; its newest orders are in {', '.join(others)}, too: held" if others else ""
    )
    if own not in known:
        reason = f"{TO_DO}: make the currency in e-conomic; {reason}"
    return Proposal("economic.currencies", f"[{own}]", reason)


def _rounding(shown: RoundingMode | None) -> Proposal:
    if shown is None:
        reason = "no booked invoice shows how the agreement rounds VAT; the first drafts will, and `check` says so"
        return Proposal("economic.rounding_mode", RoundingMode.DOCUMENT.value, reason)
    return Proposal("economic.rounding_mode", shown.value, "as the newest booked invoices show")


def _is_zero(vat: Any) -> bool:
    return vat is not None and Decimal(str(vat)) == 0


def _on(value: bool) -> str:
    return "on" if value else "off"


# What plugins call the fields in which buyers say who they are.
_FIELDS = (
    ("vat_number", ("cvr", "vat_number", "vat_id", "vatnumber")),
    ("requisition", ("rekvisition", "requisition")),
)


def buyer_fields(used: Mapping[str, int], with_ean: Mapping[str, int]) -> tuple[Proposal, ...]:
    """Propose what plugins' fields mean: by their values where those are EANs, else by their names.

    Both count the newest orders that have the field.
    """
    return tuple(_buyer_fields(used, with_ean))


def _buyer_fields(used: Mapping[str, int], with_ean: Mapping[str, int]) -> Iterator[Proposal]:
    for key, count in sorted(used.items()):
        meaning = next((meaning for meaning, words in _FIELDS if is_called(key, words)), None)
        if key in with_ean:
            yield Proposal(f"buyer_fields.{key}", "ean", f"{with_ean[key]} of the newest orders have an EAN there")
        elif meaning is not None:
            yield Proposal(f"buyer_fields.{key}", meaning, f"{count} of the newest orders have it; by its name")

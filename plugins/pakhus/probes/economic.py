"""Compare mappings with a live e-conomic agreement (contracts/economic.md 3, 4, 7.1); reads only."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from functools import partial
from typing import Any

from pakhus.clients.economic import EconomicClient
from pakhus.clients.economic_errors import SYSTEM
from pakhus.clients.http import Call
from pakhus.errors import NotFoundError
from pakhus.flows.accounts_facts import AccountsReader
from pakhus.probes.economic_booking import check_double_invoicing, check_rounding
from pakhus.probes.economic_lists import rows_of
from pakhus.probes.economic_payments import check_payments, terms_named
from pakhus.probes.economic_products import check_products
from pakhus.probes.findings import Findings
from pakhus.probes.mapped import Mapped, Reference, check_exists, key_in, mappings_of
from pakhus.rules.customer_mapping import CollectiveCustomer, CustomerEach
from pakhus.rules.mappings import AccountingMapping
from pakhus.settings import ShopSettings

PART = "economic"
Parts = Sequence[tuple[str, AccountingMapping]]


def probe_economic(client: EconomicClient, findings: Findings, shops: Sequence[ShopSettings], today: date) -> str:
    """Note all that does not fit the agreement; return what identifies it, or an empty text when it cannot be had."""
    agreement = findings.ask(client.agreement)
    number = findings.ask(lambda: str(agreement["agreementNumber"])) if agreement is not None else None
    if number is None:
        return ""
    findings.facts.append(_described(agreement))
    mappings = mappings_of(shops)
    parts = [(name, mapping.economic) for name, mapping in mappings if mapping.economic is not None]
    _check_numbers(client, findings, parts)
    _check_currencies(client, findings, parts, _base_currency(agreement))
    check_payments(client, findings, parts)
    check_rounding(client, findings, parts)
    check_double_invoicing(client, findings, shops)
    reader = AccountsReader(client)
    for name, mapping in mappings:
        if mapping.economic is not None:
            check_products(reader, findings, name, mapping)
    if findings.ask(lambda: reader.is_open(today)) is False:
        findings.merchant(
            f"{today} lies in no open accounting period: nothing of today could be booked",
            f"Create the accounting year in {SYSTEM}, or open the period.",
        )
    return number


def _described(agreement: Any) -> str:
    company = (agreement.get("company") or {}).get("name")
    number = agreement.get("agreementNumber")
    return f"{SYSTEM} agreement {number}, {company}, base currency {_base_currency(agreement)}"


def _base_currency(agreement: Any) -> str:
    return str((agreement.get("settings") or {}).get("baseCurrency") or "unknown")


# Path, member that identifies a row, what a row is called.
_LISTS = (
    ("layouts", "layoutNumber", "layout"),
    ("payment-terms", "paymentTermsNumber", "payment term"),
    ("customer-groups", "customerGroupNumber", "customer group"),
    ("vat-zones", "vatZoneNumber", "VAT zone for customers"),
    ("employees", "employeeNumber", "employee"),
    ("product-groups", "productGroupNumber", "product group"),
    ("units", "unitNumber", "unit"),
)


def _check_numbers(client: EconomicClient, findings: Findings, parts: Parts) -> None:
    wanted = [each for name, part in parts for each in _numbers_of(name, part)]
    for path, identity, what in _LISTS:
        mapped = [number for listed, number in wanted if listed == path]
        rows = findings.ask(partial(rows_of, client, path, identity)) if mapped else None
        if rows is not None:
            usable = {int(row[identity]) for row in rows if _is_usable(row)}
            check_exists(findings, Reference(what, SYSTEM, usable), mapped)
    for name, part in parts:
        for key, rule in _customer_rules(part):
            if isinstance(rule, CollectiveCustomer):
                _check_customer(client, findings, key_in(name, PART, key, "number"), rule.number)


def _numbers_of(name: str, part: AccountingMapping) -> Iterator[tuple[str, Mapped]]:
    """Yield the list that each number of a mapping must be in."""
    yield "layouts", Mapped(key_in(name, PART, "layout"), part.layout)
    yield from (("employees", mapped) for mapped in _employees(name, part))
    yield from _new_products(name, part)
    for method, payment in sorted(part.payments.items()):
        yield "payment-terms", Mapped(key_in(name, PART, "payments", method, "terms"), payment.terms)
        if payment.layout is not None:
            yield "layouts", Mapped(key_in(name, PART, "payments", method, "layout"), payment.layout)
    yield from (("payment-terms", mapped) for mapped in terms_named(name, part))
    for zone in ("domestic", "eu", "abroad"):
        yield "vat-zones", Mapped(key_in(name, PART, "vat_zones", zone), getattr(part.vat_zones, zone))
    for zone, number in (("oss.zone", part.vat.oss and part.vat.oss.zone), ("exempt_zone", part.vat.exempt_zone)):
        if number:
            yield "vat-zones", Mapped(key_in(name, PART, "vat", zone), number)
    for key, rule in _customer_rules(part):
        if isinstance(rule, CustomerEach):
            yield "customer-groups", Mapped(key_in(name, PART, key, "group"), rule.group)
            yield "payment-terms", Mapped(key_in(name, PART, key, "payment_terms"), rule.payment_terms)
            if rule.vat_zone is not None:
                yield "vat-zones", Mapped(key_in(name, PART, key, "vat_zone"), rule.vat_zone)


def _new_products(name: str, part: AccountingMapping) -> Iterator[tuple[str, Mapped]]:
    """Yield the numbers that products which are made there get."""
    if part.new_products is None:
        return
    for tax_class, group in sorted(part.new_products.groups.items()):
        key = key_in(name, PART, "new_products", "groups", tax_class or "standard")
        yield "product-groups", Mapped(key, group)
    if part.new_products.unit is not None:
        yield "units", Mapped(key_in(name, PART, "new_products", "unit"), part.new_products.unit)


def _employees(name: str, part: AccountingMapping) -> Iterator[Mapped]:
    """Yield who invoices name as our reference."""
    if part.employee is not None:
        yield Mapped(key_in(name, PART, "employee"), part.employee)
    for method, payment in sorted(part.payments.items()):
        if payment.employee is not None:
            yield Mapped(key_in(name, PART, "payments", method, "employee"), payment.employee)


def _customer_rules(part: AccountingMapping) -> Iterator[tuple[str, CollectiveCustomer | CustomerEach]]:
    """Yield the rule of each class of buyers that the mapping has, with its key."""
    yield "customers", part.customers
    if part.companies is not None:
        yield "companies", part.companies
    if part.public_bodies is not None:
        yield "public_bodies", part.public_bodies


def _is_usable(row: Any) -> bool:
    gone = row.get("deleted") or row.get("barred")
    return not gone and row.get("enabledForCustomer", True) is True


def _check_customer(client: EconomicClient, findings: Findings, key: str, number: int) -> None:
    customer = findings.ask(lambda: _customer(client, number))
    if customer is None:
        return
    if not customer:
        findings.operator(
            f"{key} is {number}, but {SYSTEM} has no such customer",
            f"Write the number of the customer for webshop sales, or create it in {SYSTEM}.",
        )
    elif customer.get("barred"):
        findings.merchant(f"customer {number} ({key}) is barred in {SYSTEM}", f"Open the customer in {SYSTEM}.")


def _check_currencies(client: EconomicClient, findings: Findings, parts: Parts, base: str) -> None:
    codes = findings.ask(lambda: {str(row["code"]) for row in rows_of(client, "currencies", "code")})
    if codes is None:
        return
    for name, part in parts:
        for code in sorted(part.currencies - codes):
            findings.operator(
                f"{key_in(name, PART, 'currencies')} has {code}, which {SYSTEM} does not have",
                f"Take {code} out, or create the currency in {SYSTEM}.",
            )
        if part.new_products is not None and part.new_products.currency != base:
            findings.operator(
                f"{key_in(name, PART, 'new_products', 'currency')} is {part.new_products.currency}, but the accounts' "
                f"base currency is {base}",
                f"Write {base}: a product's own price has no other currency.",
            )
        if base in part.exchange_rates:
            findings.operator(
                f"{key_in(name, PART, 'exchange_rates', base)}: {base} is the currency of the accounts themselves",
                "Take it out: only other currencies have a rate.",
            )


def _customer(client: EconomicClient, number: int) -> Any:
    try:
        return client.send(Call("GET", f"/customers/{number}")).json()
    except NotFoundError:
        return {}

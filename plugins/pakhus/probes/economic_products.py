"""Whether the accounts have the products of a mapping, and charge on them what the mapping says (economic.md 4.2)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import partial

from pakhus.clients.economic_errors import SYSTEM
from pakhus.flows.accounts_facts import AccountsReader
from pakhus.probes.findings import Findings
from pakhus.probes.mapped import key_in
from pakhus.reasons import reason
from pakhus.rules.invoices import AccountsFacts
from pakhus.rules.mappings import AccountingMapping, CardPurpose, Mapping
from pakhus.rules.money import percent

_NONE = Decimal(0)
_KEY = ("economic", "products")


@dataclass(frozen=True, slots=True)
class _Product:
    """A product in a zone. `rate`: what the accounts must charge there; None: anything; `taxed`: anything but none."""

    key: str
    number: str
    zone: int
    rate: Decimal | None = None
    taxed: bool = False


def check_products(reader: AccountsReader, findings: Findings, name: str, mapping: Mapping) -> None:
    """Note missing and barred products, groups without account, and VAT that is not as the mapping says."""
    if mapping.economic is None:
        return
    part = mapping.economic
    named = [*_own(name, part), *_oss(name, part), *_cards(name, part), *_renamed(name, mapping)]
    products = list(dict.fromkeys(named))
    for zone in sorted({product.zone for product in products}):
        in_zone = [product for product in products if product.zone == zone]
        facts = findings.ask(partial(reader.facts, [product.number for product in in_zone], zone))
        if facts is not None:
            for product in in_zone:
                _check(findings, product, facts)


def _own(name: str, part: AccountingMapping) -> Iterator[_Product]:
    """The lines that are no products of the shop. Sales out of the country carry no VAT, whatever the line."""
    zones, products = part.vat_zones, part.products
    yield _Product(key_in(name, *_KEY, "shipping_taxed"), products.shipping_taxed, zones.domestic, taxed=True)
    for key in ("fee", "discount"):
        yield _Product(key_in(name, *_KEY, key), getattr(products, key), zones.domestic)
        yield _Product(key_in(name, *_KEY, key), getattr(products, key), zones.abroad, _NONE)
    for zone in (zones.domestic, zones.abroad):
        yield _Product(key_in(name, *_KEY, "shipping_untaxed"), products.shipping_untaxed, zone, _NONE)
    exempt = () if part.vat.exempt_zone is None else (part.vat.exempt_zone,)
    for zone in (zones.domestic, zones.eu, zones.abroad, *exempt):
        yield _Product(key_in(name, *_KEY, "rounding"), products.rounding, zone, _NONE)
    for key in ("fee_untaxed", "discount_untaxed"):
        if (own := getattr(products, key)) is not None:
            yield _Product(key_in(name, *_KEY, key), own, zones.domestic, _NONE)
    for text, number in sorted(products.by_rate.items()):
        yield _Product(key_in(name, *_KEY, "by_rate", text), number, zones.domestic, Decimal(text))
    for text, number in sorted(products.refund_by_rate.items()):
        yield _Product(key_in(name, *_KEY, "refund_by_rate", text), number, zones.domestic, Decimal(text))


def _oss(name: str, part: AccountingMapping) -> Iterator[_Product]:
    """The product of each country and rate: its account has that country's VAT code in the zone of such invoices."""
    oss = part.vat.oss
    if oss is None:
        return
    zone = oss.zone or part.vat_zones.domestic
    for country, by_rate in sorted(oss.products.items()):
        for text, number in sorted(by_rate.items()):
            key = key_in(name, "economic", "vat", "oss", "products", country, text)
            yield _Product(key, number, zone, Decimal(text))
    yield _Product(key_in(name, *_KEY, "rounding"), part.products.rounding, zone, _NONE)


def _cards(name: str, part: AccountingMapping) -> Iterator[_Product]:
    """The products of gift cards, as far as this mapping uses them."""
    cards, zone, key = part.gift_cards, part.vat_zones.domestic, ("economic", "gift_cards")
    if cards is None:
        return
    sells_debt = CardPurpose.MULTI in cards.sold.values()
    if sells_debt or (cards.redeemed is CardPurpose.MULTI and cards.shown_as == "line"):
        yield _Product(key_in(name, *key, "debt_product"), cards.debt_product, zone, _NONE)
    if cards.redeemed is CardPurpose.SINGLE:
        yield _Product(key_in(name, *key, "single_product"), cards.single_product, zone, Decimal(cards.rate))


def _renamed(name: str, mapping: Mapping) -> Iterator[_Product]:
    if mapping.economic is not None:
        for sku, number in sorted(mapping.product_numbers.items()):
            yield _Product(key_in(name, "product_numbers", sku), number, mapping.economic.vat_zones.domestic)


def _check(findings: Findings, product: _Product, facts: AccountsFacts) -> None:
    number = product.number
    if number in facts.unsellable:
        verdict = facts.unsellable[number]
        findings.add(verdict.actor, f"{product.key}: {verdict.text()}", reason(verdict.code).action)
    elif number not in facts.vat:
        findings.operator(
            f"{product.key} is {number}, but {SYSTEM} has no such product",
            f"Create the product in {SYSTEM}, or write the number it has there.",
        )
    else:
        _check_vat(findings, product, facts)


def _check_vat(findings: Findings, product: _Product, facts: AccountsFacts) -> None:
    charged = facts.vat[product.number]
    wrong = product.rate is not None and charged.rate != product.rate
    if not wrong and not (product.taxed and charged.rate == 0):
        return
    wanted = "some VAT" if product.rate is None else "no VAT" if product.rate == 0 else f"{percent(product.rate)} VAT"
    code = f" (VAT code {charged.vat_code})" if charged.vat_code else ""
    findings.merchant(
        f"{product.key}: {product.number} must carry {wanted} in VAT zone {product.zone}, but {SYSTEM} would charge "
        f"{percent(charged.rate)}{code}",
        f"Move it to a product group whose sales account for zone {product.zone} fits, or name another product.",
    )

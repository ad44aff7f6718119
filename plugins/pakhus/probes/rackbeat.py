"""Compare mappings with a live Rackbeat agreement (contracts/rackbeat.md 2, 3, 6); reads only."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any

from pakhus.clients.http import Call
from pakhus.clients.pages import Page, numbered_pages
from pakhus.clients.rackbeat import PAGE_SIZE, SYSTEM, RackbeatClient
from pakhus.clients.rackbeat_locations import read_locations
from pakhus.clients.rackbeat_stock import read_stock_follows_invoices
from pakhus.errors import NotFoundError
from pakhus.formats.rackbeat_shipments import order_number_of, shipment_id
from pakhus.probes.findings import Findings
from pakhus.probes.mapped import Mapped, Reference, check_exists, key_in, mappings_of
from pakhus.rules.customer_mapping import CollectiveCustomer
from pakhus.rules.mappings import Mapping, WarehouseMapping
from pakhus.rules.stock import refusal
from pakhus.rules.stock_locations import LocationTree, UnknownLocationError
from pakhus.settings import ShopSettings

PART = "rackbeat"


def probe_rackbeat(client: RackbeatClient, findings: Findings, shops: Sequence[ShopSettings]) -> str:
    """Note all that does not fit the agreement; return what identifies it, or an empty text when it cannot be had."""
    account = findings.ask(lambda: client.account()["user_account"])
    number = findings.ask(lambda: str(account["id"])) if account is not None else None
    if account is None or number is None:
        return ""
    findings.facts.append(f"{SYSTEM} account {number}, {account.get('company_name')}")
    mappings = mappings_of(shops)
    parts = [(name, mapping.rackbeat) for name, mapping in mappings if mapping.rackbeat is not None]
    _check_numbers(client, findings, parts)
    for name, part in parts:
        if isinstance(part.customers, CollectiveCustomer):
            _check_customer(client, findings, key_in(name, PART, "customers.number"), part.customers.number)
    _check_items(client, findings, mappings)
    _check_shipments(client, findings, shops)
    _check_stock(client, findings, shops)
    return number


def _check_numbers(client: RackbeatClient, findings: Findings, parts: list[tuple[str, WarehouseMapping]]) -> None:
    layouts, terms, groups, product_groups, locations = [], [], [], [], []
    for name, part in parts:
        if part.new_products is not None:
            product_groups += _given(key_in(name, PART, "new_products.group"), part.new_products.group)
            locations += _given(key_in(name, PART, "new_products.location"), part.new_products.location)
        layouts += _given(key_in(name, PART, "layout"), part.layout)
        terms += _given(key_in(name, PART, "payment_terms"), part.payment_terms)
        if not isinstance(part.customers, CollectiveCustomer):
            terms += _given(key_in(name, PART, "customers.payment_terms"), part.customers.payment_terms)
            groups += _given(key_in(name, PART, "customers.group"), part.customers.group)
    for path, what, mapped in (
        ("layouts", "layout", layouts),
        ("payment-terms", "payment term", terms),
        ("customer-groups", "customer group", groups),
        ("product-groups", "product group", product_groups),
        ("locations", "location", locations),
    ):
        rows = findings.ask(partial(reference_rows, client, path)) if mapped else None
        if rows is not None:
            numbers = {int(row["number"]) for row in rows}
            check_exists(findings, Reference(what, SYSTEM, numbers), mapped)


def _check_shipments(client: RackbeatClient, findings: Findings, shops: Sequence[ShopSettings]) -> None:
    """Whether shipments may be read, what reading them costs, and where tracking numbers stand (section 8)."""
    telling = [shop for shop in shops if shop.tells_shipments]
    rows = findings.ask(lambda: next(client.shipments_newest_first(), ())) if telling else None
    if rows is None:
        return
    ids = [shipment_id(row) for row in rows]
    if ids != sorted(ids, reverse=True):
        findings.facts.append("its list of shipments does not come newest first: it is read whole every time")
    if any(order_number_of(row) is None for row in rows):
        findings.facts.append("its shipments do not name their orders: every open order is asked every time")
    fields = [
        Mapped(key_in(name, PART, "tracking.field"), mapping.rackbeat.tracking.field)
        for name, mapping in mappings_of(telling)
        if mapping.rackbeat is not None and mapping.rackbeat.tracking is not None
    ]
    known = (
        findings.ask(lambda: {int(row["id"]) for row in reference_rows(client, "fields", identity="id")})
        if fields
        else None
    )
    if known is not None:
        check_exists(findings, Reference("custom field", SYSTEM, known), fields)


def _check_stock(client: RackbeatClient, findings: Findings, shops: Sequence[ShopSettings]) -> None:
    """Where shops are given stock: whether the account's may be pushed (section 11)."""
    pushed = [shop for shop in shops if shop.stock.enabled]
    if not pushed:
        return
    answer = findings.ask(lambda: (read_stock_follows_invoices(client),))  # it may be None
    for name, mapping in mappings_of(pushed) if answer else ():
        falls_at = mapping.rackbeat.stock_falls_at if mapping.rackbeat else None
        refused = refusal(falls_at, answer[0]) if answer else None
        if refused is not None:
            where = key_in(name, PART, "stock_falls_at")
            findings.operator(f"{where}: no stock is pushed: {refused.problem}", f"{refused.action}.")
    _check_locations(client, findings, [shop for shop in pushed if shop.stock.locations])


def _check_locations(client: RackbeatClient, findings: Findings, shops: Sequence[ShopSettings]) -> None:
    """Whether the locations that shops may sell from are there (section 4)."""
    locations = findings.ask(lambda: read_locations(client)) if shops else None
    for shop in shops if locations is not None else ():
        try:
            LocationTree.of(locations or ()).chosen(shop.stock.locations)
        except UnknownLocationError as error:
            there = ", ".join(sorted(one.name for one in locations or ()))
            where = f"stock.locations of {shop.shop}"
            findings.operator(f"{where}: {error} in {SYSTEM}", f"Write names or numbers of its locations: {there}.")


def _check_customer(client: RackbeatClient, findings: Findings, key: str, number: int) -> None:
    customer = findings.ask(lambda: _customer(client, number))
    if customer is None:
        return
    if not customer or customer.get("is_deleted"):
        findings.operator(
            f"{key} is {number}, but {SYSTEM} has no such customer",
            f"Write the number of the customer for webshop orders, or create it in {SYSTEM}.",
        )
    elif customer.get("is_barred"):
        findings.merchant(f"customer {number} ({key}) is barred in {SYSTEM}", f"Open the customer in {SYSTEM}.")


def _check_items(client: RackbeatClient, findings: Findings, mappings: Iterable[tuple[str, Mapping]]) -> None:
    for name, mapping in mappings:
        for sku, number in sorted(mapping.product_numbers.items()):
            _check_item(client, findings, key_in(name, "product_numbers", sku), number)
        item = mapping.rackbeat.shipping_item if mapping.rackbeat else None
        if item is not None:
            key = key_in(name, PART, "shipping_item")
            product = _check_item(client, findings, key, item)
            if product is not None:
                _check_without_stock(client, findings, key, product)


def _check_item(client: RackbeatClient, findings: Findings, key: str, number: str) -> Any | None:
    product = findings.ask(lambda: client.find_product(number) or {})
    if product is None:
        return None
    if not product:
        findings.operator(
            f"{key} is {number}, but {SYSTEM} has no such product",
            f"Create the product in {SYSTEM}, or write the number it has there.",
        )
        return None
    if product.get("is_barred"):
        findings.merchant(f"product {number} ({key}) is barred in {SYSTEM}", f"Open the product in {SYSTEM}.")
    return product


def _check_without_stock(client: RackbeatClient, findings: Findings, key: str, product: Any) -> None:
    """Freight in a group with stock would be picked, and its stock counted (rackbeat.md 7.3)."""
    groups = findings.ask(lambda: {int(row["number"]): row for row in reference_rows(client, "product-groups")}) or {}
    number = (product.get("group") or {}).get("number")
    if number is not None and groups.get(int(number), {}).get("has_inventory"):
        findings.merchant(
            f"product {product.get('number')} ({key}) is in product group {number}, which keeps stock",
            f"Move the product to a group without stock in {SYSTEM}.",
        )


def _given(key: str, number: int | None) -> list[Mapped]:
    return [] if number is None else [Mapped(key, number)]


def _customer(client: RackbeatClient, number: int) -> Any:
    try:
        return client.send(Call("GET", f"/customers/{number}")).json()["customer"]
    except NotFoundError:
        return {}


def reference_rows(client: RackbeatClient, path: str, *, identity: str = "number") -> list[Any]:
    """Return a list of reference data; short ones come without a count of pages (section 1.3)."""
    key = path.replace("-", "_")

    def fetch(number: int) -> Page:
        query = (("page", str(number)), ("limit", str(PAGE_SIZE)))
        body = client.send(Call("GET", f"/{path}", query)).json()
        return Page(body[key], int(body.get("pages") or 1))

    return [row for rows in numbered_pages(fetch, identity=lambda row: row[identity]) for row in rows]

"""What keys of a shop file may not say together. Pure, and apart from the model: a file with other mistakes in it is
judged by the same rules, so that all problems are told at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

KeyPath = tuple[str, ...]
Contradiction = tuple[KeyPath, str]

# States in which WooCommerce never ships an order (domain guide 3.2); all of its own, none of a plugin.
_DEAD_STATES = {"woocommerce": frozenset({"cancelled", "failed", "refunded", "trash", "pending", "checkout-draft"})}
_DEFAULT_WHEN = "shipped_or_state"
_DEFAULT_INVOICE_STATES = frozenset({"completed"})
_DEFAULT_RESERVE_STATES = frozenset({"processing"})
_NONE: frozenset[str] = frozenset()
_TRUE = frozenset({"true", "yes", "on", "y", "t", "1"})
# The ports that WordPress calls at addresses which others chose (contract woocommerce.md section 12).
_CALLED_PORTS = {"woocommerce": frozenset({None, 80, 443, 8080})}
_PRIVATE_ENDINGS = (".localhost", ".local", ".internal", ".lan")


@dataclass(frozen=True, slots=True)
class Outline:
    """The facts that these rules look at. `invoice_mode` is None where the file leaves it at its default, and
    `mapping_parts` and `product_targets` are None where the mapping could not be read."""

    platform: str = ""
    rackbeat: bool = False
    economic: bool = False
    mapping_name: str = ""
    mapping_parts: frozenset[str] | None = None
    invoice_mode: str | None = None
    invoice_when: str = _DEFAULT_WHEN
    invoice_states: frozenset[str] = _DEFAULT_INVOICE_STATES
    reserve_states: frozenset[str] = _DEFAULT_RESERVE_STATES
    ignore_states: frozenset[str] = _NONE
    webhooks: bool = False
    webhooks_address: str = ""
    orders: bool = True
    fulfilment: bool = True
    stock: bool = False
    products: str = "none"
    product_targets: frozenset[str] | None = None


def contradictions(outline: Outline) -> list[Contradiction]:
    """Return (key, what is wrong and what to do) for each."""
    return [
        *_topology(outline),
        *_products(outline),
        *_invoicing(outline),
        *_states(outline),
        *_webhooks(outline),
    ]


def outline_of(
    values: Mapping[str, Any], mapping_parts: frozenset[str] | None, product_targets: frozenset[str] | None
) -> Outline:
    """Return the outline of a file's raw values, whatever else is wrong with them."""
    orders, invoices, webhooks = (_table(values, name) for name in ("orders", "invoices", "webhooks"))
    mode = invoices.get("mode")
    return Outline(
        platform=str(values.get("platform") or ""),
        rackbeat=values.get("rackbeat") is not None,
        economic=values.get("economic") is not None,
        mapping_name=str(values.get("mapping") or ""),
        mapping_parts=mapping_parts,
        invoice_mode=mode if isinstance(mode, str) else None,
        invoice_when=str(invoices.get("when") or _DEFAULT_WHEN),
        invoice_states=_texts(invoices, "states", _DEFAULT_INVOICE_STATES),
        reserve_states=_texts(orders, "reserve_states", _DEFAULT_RESERVE_STATES),
        ignore_states=_texts(orders, "ignore_states", _NONE),
        webhooks=str(webhooks.get("enabled")).lower() in _TRUE,
        webhooks_address=str(webhooks.get("address") or ""),
        orders=str(orders.get("enabled", True)).lower() in _TRUE,
        fulfilment=str(_table(values, "fulfilment").get("enabled", True)).lower() in _TRUE,
        stock=str(_table(values, "stock").get("enabled")).lower() in _TRUE,
        products=str(_table(values, "products").get("master") or "none"),
        product_targets=product_targets,
    )


def _topology(outline: Outline) -> Iterator[Contradiction]:
    parts = outline.mapping_parts
    if not outline.rackbeat and not outline.economic:
        yield (
            ("rackbeat",),
            "is missing, and so is economic; name an agreement for one of them or both",
        )
    if outline.stock and not outline.rackbeat:
        yield ("stock", "enabled"), "is true, but the file names no Rackbeat agreement to read stock from; name one"
    for part, wanted in (("rackbeat", outline.rackbeat), ("economic", outline.economic)):
        if wanted and parts is not None and part not in parts:
            yield (part,), f"the mapping {outline.mapping_name} has no part {part!r}; add it there, or leave this out"


def _products(outline: Outline) -> Iterator[Contradiction]:
    path, targets = ("products", "master"), outline.product_targets
    if outline.products == "none":
        return
    if outline.products == "rackbeat" and not outline.rackbeat:
        yield path, "is rackbeat, but the file names no Rackbeat agreement; name one, or write shop or none"
        return
    if targets is None:
        return
    if outline.products == "rackbeat" and "rackbeat" not in targets:
        # Its currency and rates say what Rackbeat's prices are in the shop.
        yield path, f"is rackbeat, but the mapping {outline.mapping_name} has no rackbeat.new_products; add it there"
    there = {name for name, named in (("rackbeat", outline.rackbeat), ("economic", outline.economic)) if named}
    if outline.products == "shop" and not targets & there:
        parts, name = "rackbeat.new_products or economic.new_products", outline.mapping_name
        yield path, f"is shop, but products go nowhere: add {parts} to the mapping {name}, or write none"


def _invoicing(outline: Outline) -> Iterator[Contradiction]:
    if not outline.economic and outline.invoice_mode not in (None, "off"):
        yield (
            ("invoices", "mode"),
            f"is {outline.invoice_mode}, but the file names no economic agreement; name one, or remove this",
        )
    if outline.economic and not outline.orders and outline.invoice_mode != "off":
        yield (
            ("orders", "enabled"),
            "is false, so nobody would read the orders that are to be invoiced; switch it on, or invoices.mode off",
        )
    if outline.invoice_when == "shipped" and not (outline.rackbeat and outline.fulfilment):
        # By its state alone an order would be invoiced before its goods went: what this merchant does not want.
        lacking = "fulfilment.enabled is false" if outline.rackbeat else "the file names no Rackbeat agreement"
        yield ("invoices", "when"), f"is shipped, but {lacking}, so nobody reads shipments; change that, or write state"
    if outline.invoice_when == "state" and not outline.invoice_states:
        yield ("invoices", "states"), "is empty, so no order would ever be invoiced; name the states that mean shipped"


def _states(outline: Outline) -> Iterator[Contradiction]:
    lists = (
        (("orders", "reserve_states"), outline.reserve_states),
        (("invoices", "states"), outline.invoice_states),
    )
    dead = _DEAD_STATES.get(outline.platform, _NONE)
    for path, states in lists:
        both = sorted(states & outline.ignore_states)
        if both:
            yield path, f"{', '.join(both)} stands in orders.ignore_states too; keep it in one of them"
        if wrong := sorted(states & dead):
            yield path, f"{', '.join(wrong)} is a state in which goods are never sent; take it out"
    for path, states in (*lists, (("orders", "ignore_states"), outline.ignore_states)):
        prefixed = sorted(state for state in states if state.startswith("wc-") and outline.platform == "woocommerce")
        if prefixed:
            bare = ", ".join(state.removeprefix("wc-") for state in prefixed)
            yield path, f"{', '.join(prefixed)}: WooCommerce's API names states without wc-; write {bare}"


def _webhooks(outline: Outline) -> Iterator[Contradiction]:
    path = ("webhooks", "address")
    if outline.webhooks and not outline.orders:
        yield ("webhooks", "enabled"), "is true, but orders.enabled is false: nobody would read the hints; leave it out"
    if not outline.webhooks_address:
        if outline.webhooks:
            yield path, "is missing; write where the shop reaches this Airflow, or switch webhooks.enabled off"
        return
    try:
        parts = urlsplit(outline.webhooks_address)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        yield path, "is no address; write it like https://pakhus.example.dk"
        return
    if "@" in parts.netloc:
        yield path, "holds a user or password, which the shop would show; leave it out"
    if _is_private(host):
        return
    if parts.scheme != "https":
        yield path, "is not https: whoever is on the way could read what the shop sends; write https"
    ports = _CALLED_PORTS.get(outline.platform)
    if ports is not None and port not in ports:
        yield path, f"has port {port}, which WordPress never calls; only 80, 443 and 8080 are reached"


def _is_private(host: str) -> bool:
    """Whether an address is on this machine or its own network, where plain http is allowed."""
    try:
        return ip_address(host).is_private
    except ValueError:
        return "." not in host or host.lower().endswith(_PRIVATE_ENDINGS)


def _table(values: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    table = values.get(key)
    return table if isinstance(table, Mapping) else {}


def _texts(values: Mapping[str, Any], key: str, default: frozenset[str]) -> frozenset[str]:
    found = values.get(key)
    return frozenset(item for item in found if isinstance(item, str)) if isinstance(found, list) else default

"""Which members of an order a rule may set, and how (domain guide 4.10). Pure.

Texts only. Ids, numbers, states, dates and amounts are not among them: what was ordered and charged is the shop's word.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable
from dataclasses import fields, replace

from pakhus.model import Buyer, Line, LineKind, Order, Party, Payment
from pakhus.rules.countries import COUNTRY_CODES

LINE = "line."
ATTRIBUTES = "attributes."
_PARTY = tuple(field.name for field in fields(Party))
_BUYER = ("requisition", "ean", "vat_number")
_ORDER = ("note", "shipping_method", "drop_point")
MEMBERS = (
    *_ORDER,
    *_BUYER,
    "payment_method",
    *(f"billing.{name}" for name in _PARTY),
    *(f"shipping.{name}" for name in _PARTY),
    f"{LINE}sku",
    f"{LINE}name",
)
PERSONAL = frozenset(
    {"note", *_BUYER, *(f"{side}.{name}" for side in ("billing", "shipping") for name in _PARTY if name != "country")}
)
_FREE_NAME = re.compile(r"attributes\.[a-z][a-z0-9_]*")
_NOT_TEXTS = {
    "total": "what the buyer was charged is the shop's word",
    "vat_total": "what the buyer was charged is the shop's word",
    "currency": "what the buyer was charged is the shop's word",
    "line.quantity": "what was ordered is the shop's word",
    "line.net": "what was ordered is the shop's word",
    "line.vat": "what was ordered is the shop's word",
    "number": "an order is known by its number everywhere",
    "id": "an order is known by its id everywhere",
    "native_state": "states are chosen by orders.reserve_states and invoices.states",
    "state": "states are chosen by orders.reserve_states and invoices.states",
    "status": "states are chosen by orders.reserve_states and invoices.states",
}


def checked_member(name: str) -> str:
    """Return the name of a member that may be set; ValueError says why it may not, or which there are."""
    if name in MEMBERS or _FREE_NAME.fullmatch(name):
        return name
    if name in _NOT_TEXTS:
        raise ValueError(f"{name} cannot be set: {_NOT_TEXTS[name]}")
    meant = difflib.get_close_matches(name, MEMBERS, n=1, cutoff=0.6)
    hint = f"did you mean {meant[0]}?" if meant else f"there are: {', '.join(MEMBERS)}, attributes.<name of your own>"
    raise ValueError(f"{name!r} is no member of an order that can be set; {hint}")


def refused(member: str, value: str) -> str:
    """Say why a member cannot take a value; empty when it can."""
    if member.endswith(".country") and value not in COUNTRY_CODES:
        return f"it gives {member} what is no country (two capital letters, like DK)"
    return ""


def text_at(order: Order, member: str) -> str:
    """Return what a member of the order says; empty where it says nothing."""
    first, _, name = member.partition(".")
    if first in ("billing", "shipping"):
        return str(getattr(getattr(order, first), name))
    if first == "attributes":
        return order.attributes.get(name, "")
    if member == "payment_method":
        return order.payments[0].method if order.payments else ""
    return str(getattr(order.buyer if member in _BUYER else order, member))


def with_text(order: Order, member: str, value: str) -> Order:
    """Return the order with a member set."""
    first, _, name = member.partition(".")
    if first == "billing":
        return replace(order, billing=_party(order.billing, name, value))
    if first == "shipping":
        return replace(order, shipping=_party(order.shipping, name, value))
    if first == "attributes":
        return replace(order, attributes={**order.attributes, name: value})
    if member == "payment_method":
        paid = replace(order.payments[0], method=value) if order.payments else Payment(method=value)
        return replace(order, payments=(paid, *order.payments[1:]))
    if member in _BUYER:
        return replace(order, buyer=_buyer(order.buyer, member, value))
    return replace(order, **{member: value})  # type: ignore[arg-type]


def with_line_texts(order: Order, member: str, change: Callable[[Line, str], str | None]) -> Order:
    """Return the order with a member of each line of goods as `change` gives it; None leaves a line as it is."""
    name = member.removeprefix(LINE)
    lines = []
    for line in order.lines:
        value = change(line, str(getattr(line, name) or "")) if line.kind is LineKind.PRODUCT else None
        lines.append(line if value is None else replace(line, **{name: value}))  # type: ignore[arg-type]
    return replace(order, lines=tuple(lines))


def _party(party: Party, name: str, value: str) -> Party:
    return replace(party, **{name: value})


def _buyer(buyer: Buyer, name: str, value: str) -> Buyer:
    return replace(buyer, **{name: value})

"""Rackbeat's JSON to our objects and back (contracts/rackbeat.md 1.6, 6, 7.3); pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from pakhus.model import Order, Party

HEADING_LENGTH = 255
NOTE_LENGTH = 800
_CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class OrderDefaults:
    """What the mapping adds to each warehouse order."""

    customer_number: int
    layout: int | None
    payment_terms: int | None
    vat_zone: str
    order_date: date
    heading: str


@dataclass(frozen=True, slots=True)
class ReservedLine:
    """One line of a warehouse order; `unit_price` is net, before discount."""

    item: str
    name: str
    quantity: Decimal
    unit_price: Decimal


def order_to_rackbeat(order: Order, lines: Iterable[ReservedLine], defaults: OrderDefaults) -> dict[str, Any]:
    """The body of POST /orders (section 7.3); prices of one unit, net, in the order's currency."""
    body: dict[str, Any] = {
        "customer_id": defaults.customer_number,
        "heading": defaults.heading[:HEADING_LENGTH],
        "order_date": defaults.order_date.isoformat(),
        "currency": order.currency,
        "vat_zone": defaults.vat_zone,
        "their_reference": order.number,
        "lines": [
            {
                "item_id": line.item,
                "name": line.name,
                "quantity": line.quantity,
                "line_price": line.unit_price,
            }
            for line in lines
        ],
        **_address("address", order.billing),
        **_address("delivery_address", delivery_party(order)),
        "delivery_address": _contact(delivery_party(order), order.billing),
        "billing_address": _contact(order.billing, order.billing),
    }
    if order.note:
        body["note"] = order.note[:NOTE_LENGTH]
    if defaults.layout is not None:
        body["layout_id"] = defaults.layout
    if defaults.payment_terms is not None:
        body["payment_terms_id"] = defaults.payment_terms
    return body


@dataclass(frozen=True, slots=True)
class CustomerDefaults:
    """What the mapping says of customers that we create (section 6)."""

    group: int
    payment_terms: int
    vat_zone: str
    layout: int | None


def customer_to_rackbeat(order: Order, defaults: CustomerDefaults) -> dict[str, Any]:
    """The body of POST /customers: the name in both members, since sources differ on which is read (section 6)."""
    buyer = order.billing
    name = buyer.company or buyer.name
    body: dict[str, Any] = {
        "name": name,
        "company_name": name,
        "customer_group_id": defaults.group,
        "payment_terms_id": defaults.payment_terms,
        "vat_zone": defaults.vat_zone,
        "currency": order.currency,
        "contact_email": buyer.email,
        "contact_phone": buyer.phone,
        **_address("address", buyer, with_name=False),
    }
    if defaults.layout is not None:
        body["layout_id"] = defaults.layout
    return {key: value for key, value in body.items() if value not in ("", None)}


def delivery_party(order: Order) -> Party:
    """Where the goods go: the shipping address, or the billing address when the order has none."""
    return order.shipping if order.shipping.street or order.shipping.postcode else order.billing


def unit_price(net: Decimal, quantity: Decimal) -> Decimal:
    """The net price of one unit at two decimals. For display in the warehouse; nothing is invoiced from it."""
    return (net / quantity).quantize(_CENT) if quantity else net


def created_at(row: Mapping[str, Any]) -> datetime:
    """The latest moment at which a row can have been made, in UTC; ValueError when it says nothing of it.

    Both forms of section 1.6. Whether a time without a zone is Danish or UTC is proven nowhere; UTC is the later one:
    an order that is taken for older than it is would be believed absent, and be made a second time.
    """
    text = str(row.get("created_at") or "")
    if not text:
        raise ValueError("the row has no created_at")
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)


def order_number(body: Mapping[str, Any]) -> str:
    """The number of an order in a single-object answer; KeyError without it."""
    return str(int(body["order"]["number"]))


def customer_number(body: Mapping[str, Any]) -> str:
    """The number of a customer in a single-object answer; KeyError without it."""
    return str(int(body["customer"]["number"]))


def _address(prefix: str, party: Party, *, with_name: bool = True) -> dict[str, str]:
    fields = {
        "street": party.street,
        "street2": party.street2,
        "city": party.city,
        "zipcode": party.postcode,
        "country": party.country,
    }
    if with_name:
        fields["name"] = party.company or party.name
    return {f"{prefix}_{name}": value for name, value in fields.items() if value}


def _contact(party: Party, fallback: Party) -> dict[str, str]:
    return {"email": party.email or fallback.email, "phone": party.phone or fallback.phone}

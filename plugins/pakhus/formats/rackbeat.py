"""Rackbeat's JSON to our objects and back (contracts/rackbeat.md 1.6, 6, 7.3); pure."""

from __future__ import annotations

import html
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from pakhus.model import Order, Party
from pakhus.rules.mappings import CommentPlace
from pakhus.rules.reservations import StandingLine, delivery_of, is_picked_up

HEADING_LENGTH = 255
NOTE_LENGTH = 800
# No source tells how long the parts of an address may be; what is longer is spread or held, never cut off.
TEXT_LENGTH = 255
_CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class NoteRules:
    """What stands in an order's note: whether the buyer's comment does, and by which methods goods are fetched."""

    comment: CommentPlace = CommentPlace.NOTE
    pickup_methods: Collection[str] = ()


@dataclass(frozen=True, slots=True)
class OrderDefaults:
    """What the mapping adds to each warehouse order."""

    customer_number: int
    layout: int | None
    payment_terms: int | None
    vat_zone: str
    order_date: date
    heading: str
    note: NoteRules = NoteRules()


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
        "lines": [line_to_rackbeat(line) for line in lines],
        **_header(order, defaults.note),
    }
    if not body["note"]:
        del body["note"]
    if defaults.layout is not None:
        body["layout_id"] = defaults.layout
    if defaults.payment_terms is not None:
        body["payment_terms_id"] = defaults.payment_terms
    return body


def line_to_rackbeat(line: ReservedLine) -> dict[str, Any]:
    """A line of an order, also the body of POST /orders/{number}/lines (section 7.3)."""
    return {"item_id": line.item, "name": line.name, "quantity": line.quantity, "line_price": line.unit_price}


def header_changes(before: Order, now: Order, note: NoteRules) -> dict[str, Any]:
    """The body of PUT /orders/{number}: members that the shop changed, and no others; what was taken away is empty.

    What people changed in Rackbeat stays so unless the shop changed the very same.
    """
    old, new = _header(before, note), _header(now, note)
    return {name: new.get(name, "") for name in {**old, **new} if old.get(name, "") != new.get(name, "")}


def header_stands(order: Mapping[str, Any], sent: Mapping[str, Any]) -> bool:
    """Whether an order shows the members that were sent by a PUT (sections 7.3 and 7.4 name them differently)."""
    return all(_shown(order, name) == _flat(value) for name, value in sent.items())


def standing_lines(order: Mapping[str, Any]) -> list[StandingLine]:
    """The lines of an order as it stands (section 7.4)."""
    found = []
    for line in order.get("lines") or ():
        item = line.get("child_id")
        quantity, shipped = _decimal(line.get("quantity")), _decimal(line.get("quantity_shipped"))
        found.append(StandingLine(int(line["id"]), None if item is None else str(item), quantity, shipped))
    return found


def is_backorder_of(row: Mapping[str, Any], order: Mapping[str, Any]) -> bool:
    """Whether `row` holds the rest of a partly shipped `order`: it names it, and wants nothing but what was left.

    Rackbeat puts the old number in the new order's comment (section 8); whether it keeps the heading is not told. The
    goods must fit as well: people write numbers into comments for other reasons.
    """
    number = int(order["number"])
    heading = order.get("heading")
    named = re.search(rf"(?<!\d){number}(?!\d)", str(row.get("note") or "")) is not None
    if int(row["number"]) <= number or not (named or (heading and row.get("heading") == heading)):
        return False
    left: dict[str, Decimal] = defaultdict(Decimal)
    for line in order.get("lines") or ():
        if line.get("child_id") is not None:
            left[str(line["child_id"])] += _decimal(line.get("quantity")) - _decimal(line.get("quantity_shipped"))
    wanted: dict[str, Decimal] = defaultdict(Decimal)
    for standing in standing_lines(row):
        if standing.item is not None:
            wanted[standing.item] += standing.quantity
    return bool(wanted) and all(quantity <= left[item] for item, quantity in wanted.items())


def _decimal(value: object) -> Decimal:
    return Decimal(str(value or 0))


def is_open(row: Mapping[str, Any]) -> bool:
    """Whether an order still waits for something of the warehouse: it may hold goods back (sections 7.1 and 11)."""
    return not any(row.get(flag) is True for flag in ("is_cancelled", "is_shipped", "is_archived", "is_invoiced"))


def lock_of(order: Mapping[str, Any], shipments: Sequence[Mapping[str, Any]]) -> str:
    """Say why an order can no longer be changed or taken back; empty: it can (sections 7.1, 8 and 11)."""
    if order.get("is_invoiced") or order.get("is_partly_invoiced"):
        return "it is invoiced there"
    if order.get("is_shipped"):
        return "it is shipped"
    if order.get("is_partly_shipped"):
        return "a part of it is shipped"
    if any(row.get("is_picked") or row.get("is_partly_picked") for row in shipments):
        return "it is being picked"
    return "it is being packed: it has a shipment" if shipments else ""


def _header(order: Order, note: NoteRules) -> dict[str, Any]:
    delivery = delivery_party(order)
    return {
        "their_reference": order.number,
        "note": note_of(order, note),
        **_address("address", order.billing),
        **_address("delivery_address", delivery),
        "delivery_address": _contact(delivery, order.billing),
        "billing_address": _contact(order.billing, order.billing),
    }


def _shown(order: Mapping[str, Any], name: str) -> object:
    for prefix, place in (("delivery_address_", "delivery_address"), ("address_", "billing_address")):
        if name.startswith(prefix):
            return _flat((order.get(place) or {}).get(name.removeprefix(prefix)))
    value = order.get(name)
    if isinstance(value, Mapping):
        return _flat({part: value.get(part) for part in ("email", "phone")})
    return _flat(value)


def _flat(value: object) -> object:
    """A value to compare: Rackbeat may show nothing as null or as an empty text."""
    if isinstance(value, Mapping):
        return {name: part or "" for name, part in value.items()}
    return value or ""


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
    return fitted(delivery_of(order))


def note_of(order: Order, rules: NoteRules) -> str:
    """The order's note in Rackbeat: that the buyer fetches the goods, the drop point, and the buyer's comment as text.

    Cut to what Rackbeat takes, and then it ends in an ellipsis.
    """
    parts = ["Pick-up in store"] if is_picked_up(order, rules.pickup_methods) else []
    if order.drop_point:
        parts.append(f"Drop point: {order.drop_point}")
    if rules.comment is CommentPlace.NOTE and order.note:
        parts.append(as_text(order.note))
    text = "\n".join(parts)
    return text if len(text) <= NOTE_LENGTH else text[: NOTE_LENGTH - 1].rstrip() + "…"


def as_text(comment: str) -> str:
    """A buyer's comment without mark-up: line breaks stay, tags go, and entities become what they mean."""
    broken = re.sub(r"(?i)<br\s*/?>|</p>|</div>|</li>", "\n", comment)
    bare = html.unescape(re.sub(r"<[A-Za-z/!][^<>]*>", "", broken)).replace("\r\n", "\n")
    return "\n".join(line.rstrip() for line in bare.split("\n")).strip()


def fitted(party: Party) -> Party:
    """An address whose street is spread over both lines where one would be too long for Rackbeat."""
    if len(party.street) <= TEXT_LENGTH or party.street2:
        return party
    cut = party.street.rfind(" ", 1, TEXT_LENGTH + 1)
    if cut < 1:
        return party
    return replace(party, street=party.street[:cut].rstrip(" ,"), street2=party.street[cut:].strip())


def too_long(order: Order) -> str:
    """Name the part of an address that Rackbeat would not take whole; empty: all fits."""
    for kind, party in (("billing", fitted(order.billing)), ("delivery", delivery_party(order))):
        for part in ("company", "name", "street", "street2", "postcode", "city", "email", "phone"):
            if len(getattr(party, part)) > TEXT_LENGTH:
                return f"{kind} {part}"
    return ""


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


def _address(prefix: str, given: Party, *, with_name: bool = True) -> dict[str, str]:
    party = fitted(given)
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

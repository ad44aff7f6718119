"""WooCommerce's orders and refunds as our objects; pure (contract sections 6, 7 and 8; design, decisions 7 and 12).

Line amounts are excl. VAT whatever the shop's prices are, coupons are already inside them, `price` is a derived number
and is not used. Fields with `_gmt` carry no zone and are UTC; those without are the shop's local time and not used.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

import simplejson

from pakhus.formats.woocommerce_discounts import GIFT_CARD, coupons_of, redeemed_cards
from pakhus.formats.woocommerce_fields import Fields, WooCommerceFormatError, meta_values
from pakhus.model import (
    ZERO,
    Basis,
    Buyer,
    Credit,
    FulfilmentState,
    Lifecycle,
    Line,
    LineKind,
    Money,
    Order,
    Party,
    Payment,
    PaymentState,
    VatShare,
)

# What WooCommerce says of an order besides its facts: it changes without the order changing.
_NOT_FACTS = frozenset({"_links", "currency_symbol", "payment_url", "needs_processing", "is_editable", "needs_payment"})
_LINE_LISTS = (
    ("line_items", LineKind.PRODUCT, "name"),
    ("shipping_lines", LineKind.SHIPPING, "method_title"),
    ("fee_lines", LineKind.FEE, "name"),
)
_STATES = {
    "checkout-draft": (Lifecycle.DRAFT, FulfilmentState.NONE),
    "auto-draft": (Lifecycle.DRAFT, FulfilmentState.NONE),
    "pending": (Lifecycle.OPEN, FulfilmentState.NONE),
    "on-hold": (Lifecycle.OPEN, FulfilmentState.NONE),
    "processing": (Lifecycle.OPEN, FulfilmentState.NONE),
    "completed": (Lifecycle.COMPLETED, FulfilmentState.FULL),
    "cancelled": (Lifecycle.CANCELLED, FulfilmentState.NONE),
    "failed": (Lifecycle.CANCELLED, FulfilmentState.NONE),
}
_BUYER_ATTRIBUTES = frozenset({"vat_number", "ean", "requisition"})
_OWN_MEMBERS = _BUYER_ATTRIBUTES | {"drop_point", "is_test", GIFT_CARD}
_PARENTS = ("bundled_by", "composite_parent")  # the line that a part of a bundle belongs to
_ROUNDING = Decimal("0.01")
_NO_MEANING = frozenset({"no", "false", "0", "live"})

Rates = Mapping[str, Decimal]
"""VAT rates as fractions by the shop's rate id."""


def order_from_woocommerce(body: Mapping[str, Any], shop: str, attribute_map: Mapping[str, str] | None = None) -> Order:
    """Return the order that `GET /orders/{id}?dp=2` shows; WooCommerceFormatError names what cannot be used.

    `attribute_map` says which plugin field is what: meta key -> `ean`, `vat_number`, `requisition`, `drop_point`,
    `is_test`, or a free name. Of several keys for one attribute the first that says anything counts.
    """
    order = Fields(body)
    state = order.text("status").removeprefix("wc-")
    total = _money(order, "total")
    refunded, credit_ids = _refunds(order)
    paid_at, completed_at = order.moment("date_paid_gmt"), order.moment("date_completed_gmt")
    lifecycle, fulfilment = _facets(order, state, completed_at)
    attributes = _attributes(order, attribute_map or {})
    return Order(
        shop=shop,
        id=order.needed_identifier("id"),
        number=order.text("number").strip() or order.needed_identifier("id"),
        native_state=state,
        lifecycle=lifecycle,
        payment_state=_payment_state(order, state, paid_at, total.amount, refunded),
        fulfilment_state=fulfilment,
        total=total,
        total_basis=Basis.STATED,
        vat_total=order.amount("total_tax"),
        lines=(*_lines(order, vat_rates(order.members)), *redeemed_cards(order, attributes)),
        billing=_party(order.object("billing")),
        shipping=_party(order.object("shipping")),
        placed_at=_needed_moment(order, "date_created_gmt"),
        modified_at=order.moment("date_modified_gmt"),
        paid_at=paid_at,
        completed_at=completed_at,
        buyer=Buyer(
            customer_id=order.identifier("customer_id"),
            **{name: attributes[name] for name in _BUYER_ATTRIBUTES & attributes.keys()},
        ),
        payments=_payments(order),
        refunded=refunded,
        credit_ids=credit_ids,
        coupons=tuple(coupons_of(order)),
        shipping_method=_shipping_method(order),
        drop_point=attributes.get("drop_point", ""),
        note=order.text("customer_note"),
        is_test=attributes.get("is_test", "no").lower() not in _NO_MEANING,
        attributes={name: text for name, text in attributes.items() if name not in _OWN_MEMBERS},
    )


def credit_from_woocommerce(
    body: Mapping[str, Any], shop: str, order_id: str, *, currency: str, order_rates: Rates | None = None
) -> Credit:
    """Return the refund that `GET /orders/{id}/refunds` shows. It has no currency of its own: it is the order's.

    Lines carry the id of the order line they refund. The shop writes them as negative amounts; a plugin that writes
    positive ones is understood by the sign of their sum. A refund by amount only has no lines and no VAT.
    """
    refund = Fields(body)
    rates = {**(order_rates or {}), **vat_rates(body)}
    stated = [line for line in _lines(refund, rates) if line.net or line.vat or _is_returned(line)]
    flip = sum((line.net + line.vat for line in stated), ZERO) <= ZERO
    originals = dict(_refunded_items(refund))
    lines = tuple(_positive(line, originals.get(line.id, line.id), flip=flip) for line in stated)
    amount = abs(refund.amount("amount"))
    return Credit(
        shop=shop,
        order_id=order_id,
        id=refund.needed_identifier("id"),
        amount=_as_money(refund, "amount", amount, currency),
        lines=lines,
        created_at=_needed_moment(refund, "date_created_gmt"),
        vat=_vat_of_credit(amount, lines),
        reason=refund.text("reason"),
    )


def vat_rates(body: Mapping[str, Any]) -> dict[str, Decimal]:
    """Return the rates of an order's or refund's `tax_lines` as fractions by rate id (25 % is 0.25)."""
    rates: dict[str, Decimal] = {}
    for tax in Fields(body).objects("tax_lines"):
        rate_id, percent = tax.identifier("rate_id"), tax.number_or_none("rate_percent")
        if rate_id is not None and percent is not None:
            rates[rate_id] = percent.scaleb(-2)
    return rates


def stable_body(body: Mapping[str, Any]) -> bytes:
    """Return an order's JSON without members that are no facts of it, as bytes to keep and to hash.

    Numbers keep their digits and members their order. Plugin fields are sorted by id, since the shop lists them in any
    order; a line's picture is left out. Two readings of an unchanged order give the same bytes.
    """
    kept = {name: value for name, value in body.items() if name not in _NOT_FACTS}
    if isinstance(kept.get("line_items"), list):
        kept["line_items"] = [_without_image(line) for line in kept["line_items"]]
    text = simplejson.dumps(_sorted_meta(kept), use_decimal=True, ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "backslashreplace")  # a lone surrogate goes back to the escape it came as


def _without_image(line: Any) -> Any:
    return {name: value for name, value in line.items() if name != "image"} if isinstance(line, Mapping) else line


def _sorted_meta(value: Any) -> Any:
    """Sort each `meta_data` of the order and of its lines; what plugins keep inside a value stays as it is."""
    if isinstance(value, list):
        return [_sorted_meta(item) for item in value]
    if not isinstance(value, Mapping):
        return value
    return {
        name: sorted(item, key=_meta_id) if name == "meta_data" and isinstance(item, list) else _sorted_meta(item)
        for name, item in value.items()
    }


def _meta_id(entry: Any) -> tuple[int, str]:
    number = entry.get("id") if isinstance(entry, Mapping) else None
    return (number, "") if isinstance(number, int) else (0, str(entry))


def _lines(item: Fields, rates: Rates) -> Iterator[Line]:
    for list_name, kind, name_field in _LINE_LISTS:
        for line in item.objects(list_name):
            yield _line(line, kind, name_field, rates)


def _line(line: Fields, kind: LineKind, name_field: str, rates: Rates) -> Line:
    net, vat = line.amount("total"), line.amount_or_zero("total_tax")
    is_product = kind is LineKind.PRODUCT
    if kind is LineKind.FEE and net < ZERO:  # shops give discounts as negative fees (domain guide 18, case 6)
        kind = LineKind.DISCOUNT
    return Line(
        id=line.needed_identifier("id"),
        kind=kind,
        name=line.plain_text(name_field),
        quantity=line.amount("quantity") if is_product else Decimal(1),
        net=net,
        vat=vat,
        sku=line.text("sku").strip() or None,
        product_id=line.identifier("product_id") if is_product else None,
        variant_id=line.identifier("variation_id") if is_product else None,
        vat_shares=_vat_shares(line, vat, rates),
        discount_net=line.amount_or_zero("subtotal") - net if is_product else ZERO,
        discount_vat=line.amount_or_zero("subtotal_tax") - vat if is_product else ZERO,
        parent_line_id=next((parent for name in _PARENTS if (parent := line.identifier(name))), None),
    )


def _vat_shares(line: Fields, vat: Decimal, rates: Rates) -> tuple[VatShare, ...] | None:
    """Return the line's VAT by rate; None when VAT was charged and no rate is named."""
    shares = []
    for tax in line.objects("taxes"):
        share, rate_id = tax.number_or_none("total"), tax.identifier("id")
        if share is None:
            continue
        rate = rates.get(rate_id or "")
        if rate is not None:
            shares.append(VatShare(rate, share))
        elif share:
            raise tax.error("id", f"VAT of {share} at rate {rate_id}, which no tax line of the order explains")
    return None if vat and not shares else tuple(shares)


def _facets(order: Fields, state: str, completed_at: datetime | None) -> tuple[Lifecycle, FulfilmentState]:
    if not state:
        raise order.error("status", "is missing")
    went = FulfilmentState.FULL if completed_at else FulfilmentState.NONE
    if state == "refunded":  # the money went back; whether the goods had gone, only the completion date tells
        return (Lifecycle.COMPLETED if completed_at else Lifecycle.CANCELLED), went
    if state == "trash":
        return Lifecycle.DELETED, went
    return _STATES.get(state, (Lifecycle.UNKNOWN, FulfilmentState.UNKNOWN))


def _payment_state(
    order: Fields, state: str, paid_at: datetime | None, total: Decimal, refunded: Decimal
) -> PaymentState:
    if state == "refunded" or (refunded and refunded >= total):
        return PaymentState.REFUNDED
    if refunded:
        return PaymentState.PARTLY_REFUNDED
    if paid_at:
        return PaymentState.PAID
    if state not in _STATES and state != "trash":
        return PaymentState.UNKNOWN
    if state in ("processing", "completed", "on-hold") and order.text("transaction_id").strip():
        return PaymentState.AUTHORISED
    return PaymentState.UNPAID


def _refunds(order: Fields) -> tuple[Decimal, tuple[str, ...]]:
    """Return what was refunded, positive, and the refunds' ids, oldest first."""
    refunds = {refund.needed_identifier("id"): refund.amount("total") for refund in order.objects("refunds")}
    return sum((abs(total) for total in refunds.values()), ZERO), tuple(sorted(refunds, key=_id_order))


def _id_order(text: str) -> tuple[int, str]:
    return (int(text), "") if text.isdigit() else (0, text)


def _payments(order: Fields) -> tuple[Payment, ...]:
    """The one payment method; how much it covers and when it was captured the shop does not say."""
    method, title = order.text("payment_method").strip(), order.plain_text("payment_method_title")
    if not method and not title:
        return ()
    return (Payment(method=method, title=title, transaction_id=order.text("transaction_id").strip()),)


def _shipping_method(order: Fields) -> str:
    """The first shipping line's method as WooCommerce names a rate: `method:instance`, or the method alone."""
    for line in order.objects("shipping_lines"):
        method, instance = line.text("method_id").strip(), line.identifier("instance_id")
        if method:
            return f"{method}:{instance}" if instance else method
    return ""


def _party(address: Fields) -> Party:
    name = f"{address.text('first_name').strip()} {address.text('last_name').strip()}".strip()
    return Party(
        name=name,
        company=address.text("company").strip(),
        street=address.text("address_1").strip(),
        street2=address.text("address_2").strip(),
        postcode=address.text("postcode").strip(),
        city=address.text("city").strip(),
        region=address.text("state").strip(),
        country=address.text("country").strip().upper(),
        email=address.text("email").strip(),
        phone=address.text("phone").strip(),
    )


def _attributes(order: Fields, attribute_map: Mapping[str, str]) -> dict[str, str]:
    values = meta_values(order)
    found: dict[str, str] = {}
    for key, name in attribute_map.items():
        if values.get(key):
            found.setdefault(name, values[key])
    return found


def _refunded_items(refund: Fields) -> Iterator[tuple[str, str]]:
    """Yield each refund line's id and the id of the order line it refunds."""
    for list_name, _, _ in _LINE_LISTS:
        for line in refund.objects(list_name):
            original = meta_values(line).get("_refunded_item_id")
            if original:
                yield line.needed_identifier("id"), original


def _positive(line: Line, line_id: str, *, flip: bool) -> Line:
    sign = -1 if flip else 1
    net, shares = sign * line.net, line.vat_shares
    kind = line.kind
    if kind in (LineKind.FEE, LineKind.DISCOUNT):
        kind = LineKind.DISCOUNT if net < ZERO else LineKind.FEE
    return Line(
        id=line_id,
        kind=kind,
        name=line.name,
        quantity=abs(line.quantity),
        net=net,
        vat=sign * line.vat,
        sku=line.sku,
        product_id=line.product_id,
        variant_id=line.variant_id,
        vat_shares=None if shares is None else tuple(VatShare(share.rate, sign * share.vat) for share in shares),
    )


def _is_returned(line: Line) -> bool:
    """Whether a refund line without amount still says that goods came back."""
    return line.kind is LineKind.PRODUCT and bool(line.quantity)


def _vat_of_credit(amount: Decimal, lines: tuple[Line, ...]) -> Decimal | None:
    """Return the VAT in a refund where its lines explain the whole amount, up to an øre a line; else None."""
    if abs(amount - sum((line.net + line.vat for line in lines), ZERO)) > _ROUNDING * len(lines):
        return None
    return sum((line.vat for line in lines), ZERO)


def _money(item: Fields, name: str) -> Money:
    return _as_money(item, name, item.amount(name), item.text("currency").strip().upper())


def _as_money(item: Fields, name: str, amount: Decimal, currency: str) -> Money:
    try:
        return Money(amount, currency)
    except ValueError as error:
        raise item.error(name, str(error)) from None


def _needed_moment(item: Fields, name: str) -> datetime:
    moment = item.moment(name)
    if moment is None:
        raise item.error(name, "is missing")
    return moment


__all__ = [
    "Rates",
    "WooCommerceFormatError",
    "credit_from_woocommerce",
    "order_from_woocommerce",
    "stable_body",
    "vat_rates",
]

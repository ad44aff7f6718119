"""The arguments of orders, notes and refunds, as far as clients use them."""

from __future__ import annotations

from collections.abc import Mapping

from standin.woocommerce.arguments import Rule
from standin.woocommerce.order_state import BILLING, SHIPPING
from standin.woocommerce.shop import Shop

INTEGER, TEXT, DATE = Rule("integer"), Rule("string"), Rule("date-time")
NUMBERS = Rule("array", (), items=INTEGER)
CONTEXT = Rule(default="view", choices=("view", "edit"))
FORCE = {"force": Rule("boolean", False)}

PAGING = {
    "context": CONTEXT,
    "page": Rule("integer", 1, minimum=1),
    "per_page": Rule("integer", 10, minimum=1, maximum=100),
    "offset": Rule("integer"),
}
LISTING = {
    **PAGING,
    "search": TEXT,
    "after": DATE,
    "before": DATE,
    "modified_after": DATE,
    "modified_before": DATE,
    "dates_are_gmt": Rule("boolean", False),
    "include": NUMBERS,
    "exclude": NUMBERS,
    "order": Rule(default="desc", choices=("asc", "desc")),
}

_META = Rule("array", items=Rule("object", members={"id": INTEGER, "key": TEXT, "value": Rule("any")}))
_ADDRESSES = {
    "billing": Rule("object", members={n: Rule("email") if n == "email" else TEXT for n in BILLING}),
    "shipping": Rule("object", members=dict.fromkeys(SHIPPING, TEXT)),
}
_ITEM = {"id": INTEGER, "total": TEXT, "meta_data": _META}
_LINES = {
    "line_items": {
        **_ITEM,
        "name": Rule("any"),
        "product_id": Rule("any"),
        "variation_id": INTEGER,
        "quantity": INTEGER,
        "tax_class": TEXT,
        "subtotal": TEXT,
    },
    "shipping_lines": {**_ITEM, "method_title": Rule("any"), "method_id": Rule("any"), "instance_id": TEXT},
    "fee_lines": {
        **_ITEM,
        "name": Rule("any"),
        "tax_class": TEXT,
        "tax_status": Rule(choices=("taxable", "none")),
    },
    "coupon_lines": {"id": INTEGER, "code": Rule("any")},
}
_ORDER = {
    **dict.fromkeys(("customer_note", "payment_method", "payment_method_title", "transaction_id", "created_via"), TEXT),
    "parent_id": INTEGER,
    "customer_id": INTEGER,
    "currency": TEXT,
    "set_paid": Rule("boolean"),
    "meta_data": _META,
    **_ADDRESSES,
    **{name: Rule("array", items=Rule("object", members=members)) for name, members in _LINES.items()},
}


def order_statuses(shop: Shop) -> tuple[str, ...]:
    """The statuses that may be written, in the order in which an error names them."""
    own = [status for status in shop.statuses() if status != "checkout-draft"]
    return ("auto-draft", *own, "checkout-draft")


def order_listing(shop: Shop) -> Mapping[str, Rule]:
    """The arguments of a list of orders."""
    known = Rule(choices=("any", "trash", *order_statuses(shop)))
    return {
        **LISTING,
        "orderby": Rule(default="date", choices=("date", "id", "include", "title", "slug", "modified")),
        "status": Rule("array", ["any"], items=known),
        "customer": INTEGER,
        "product": INTEGER,
        "created_via": Rule("array", items=TEXT),
        "dp": Rule("integer", 2),
    }


def order_writing(shop: Shop) -> Mapping[str, Rule]:
    """The arguments of a PUT on an order, and of a POST but for defaults."""
    return {**_ORDER, "status": Rule(choices=order_statuses(shop))}


READING = {"context": CONTEXT, "dp": Rule("integer", 2)}

NOTE_LISTING = {"context": CONTEXT, "type": Rule(default="any", choices=("any", "customer", "internal"))}
NOTE_WRITING = {
    "note": TEXT,
    "customer_note": Rule("boolean", False),
    "added_by_user": Rule("boolean", False),
}

REFUND_LISTING = {
    **LISTING,
    "orderby": Rule(default="date", choices=("date", "id", "include", "title", "slug", "modified")),
    "dp": Rule("integer", 2),
}
REFUND_WRITING = {
    "amount": TEXT,
    "reason": TEXT,
    "refunded_by": INTEGER,
    "meta_data": _META,
    "line_items": Rule("array", items=Rule("object")),
    "api_refund": Rule("boolean", True),
    "api_restock": Rule("boolean", True),
}

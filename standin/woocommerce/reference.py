"""What clients read once: settings, taxes, gateways, shipping, status, customers, coupons, counts.

Source: contracts/woocommerce.md section 13. Bodies come from the seed; ``{home}`` in them is the shop's address.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from standin.woocommerce.answers import page_of
from standin.woocommerce.arguments import Rule
from standin.woocommerce.errors import ApiError
from standin.woocommerce.money import shown
from standin.woocommerce.order_rules import CONTEXT, INTEGER, PAGING, TEXT
from standin.woocommerce.order_view import CURRENCY_SYMBOLS, item_links
from standin.woocommerce.product_state import Coupon
from standin.woocommerce.routing import Answer, Call, Operation, Route, edits
from standin.woocommerce.shop import Shop, TaxRate

HOME = "{home}"
_READ = {"context": CONTEXT}
_CURRENCY_NAMES = {"DKK": "Danish krone", "EUR": "Euro", "NOK": "Norwegian krone", "SEK": "Swedish krona"}


def with_home(value: Any, home: str) -> Any:
    """The value with the shop's address put in."""
    if isinstance(value, str):
        return value.replace(HOME, home)
    if isinstance(value, Mapping):
        return {name: with_home(member, home) for name, member in value.items()}
    return [with_home(member, home) for member in value] if isinstance(value, list) else value


def _stored(call: Call, name: str) -> Any:
    return with_home(call.shop.reference.get(name, []), call.shop.home)


def _counted(rows: list[Any]) -> Answer:
    """A list without pages still says how many there are."""
    return Answer(rows, headers={"X-WP-Total": str(len(rows)), "X-WP-TotalPages": "1" if rows else "0"})


def _plain_list(name: str) -> Callable[[Call], Answer]:
    return lambda call: Answer(_stored(call, name))


def _counted_list(name: str) -> Callable[[Call], Answer]:
    return lambda call: _counted(_stored(call, name))


def _of_zone(name: str) -> Callable[[Call], Answer]:
    return lambda call: _counted(with_home(call.shop.reference.get(name, {}).get(call.ids["id"], []), call.shop.home))


# --- settings --------------------------------------------------------------------------------------------------------


def _group(call: Call) -> list[dict[str, Any]]:
    groups = call.shop.reference.get("settings", {})
    if call.ids["group"] not in groups:
        raise ApiError(404, "rest_setting_setting_group_invalid", "Invalid setting group.")
    rows: list[dict[str, Any]] = with_home(groups[call.ids["group"]], call.shop.home)
    return [{n: call.shop.options.get(row["id"], v) if n == "value" else v for n, v in row.items()} for row in rows]


def _setting(call: Call) -> dict[str, Any]:
    row = next((row for row in _group(call) if row["id"] == call.ids["option"]), None)
    if row is None:
        raise ApiError(404, "rest_setting_setting_invalid", "Invalid setting.")
    links = row.pop("_links", None)
    return {**row, "group_id": call.ids["group"], "_links": links}


def _put_setting(call: Call) -> Answer:
    setting, value = _setting(call), call.given.get("value")
    allowed = {"yes", "no"} if setting["type"] == "checkbox" else set(setting.get("options") or [])
    if (allowed and value not in allowed) or not isinstance(value, str):
        raise ApiError(400, "rest_setting_value_invalid", "An invalid setting value was passed.")
    call.shop.options[setting["id"]] = value
    return Answer({n: value if n == "value" else v for n, v in setting.items()})


def _system_status(call: Call) -> Answer:
    status, switches = _stored(call, "system_status"), call.shop.switches
    environment = {"version": switches.version, "wp_version": switches.wordpress_version}
    currency = str(call.shop.options.get("woocommerce_currency", "DKK"))
    settings = {"currency": currency, "currency_symbol": CURRENCY_SYMBOLS.get(currency, currency)}
    return Answer(
        {
            **status,
            "environment": {**status["environment"], **environment},
            "settings": {**status["settings"], **settings, "HPOS_enabled": True},
        }
    )


def _currency(call: Call) -> Answer:
    code = str(call.shop.options.get("woocommerce_currency", "DKK"))
    links = item_links(call.shop, f"/data/currencies/{code}", "/data/currencies", ("GET",))
    symbol = CURRENCY_SYMBOLS.get(code, code)
    return Answer({"code": code, "name": _CURRENCY_NAMES.get(code, code), "symbol": symbol, "_links": links})


# --- taxes, coupons, customers, counts -------------------------------------------------------------------------------


def tax_view(shop: Shop, rate: TaxRate, order: int) -> dict[str, Any]:
    """One row of the tax table."""
    return {
        "id": rate.id,
        "country": rate.country,
        "state": "",
        "postcode": "",
        "city": "",
        "rate": f"{rate.percent:.4f}",
        "name": rate.name,
        "priority": 1,
        "compound": rate.compound,
        "shipping": rate.on_shipping,
        "order": order,
        "class": rate.tax_class or "standard",
        "postcodes": [],
        "cities": [],
        "_links": item_links(shop, f"/taxes/{rate.id}", "/taxes"),
    }


def _taxes(call: Call) -> Answer:
    rows = [tax_view(call.shop, rate, order) for order, rate in enumerate(call.shop.tax_rates)]
    wanted = call.params.get("class")
    shown_rows, headers = page_of(call, [row for row in rows if not wanted or row["class"] == wanted])
    return Answer(shown_rows, headers=headers)


def _coupon_view(shop: Shop, coupon: Coupon) -> dict[str, Any]:
    live = {"usage_count": len(coupon.used_by), "used_by": list(coupon.used_by), "amount": shown(coupon.amount, 2)}
    return {n: live.get(n, v) for n, v in with_home(coupon.body, shop.home).items()}


def _coupons(call: Call) -> Answer:
    code = str(call.params.get("code") or "").lower()
    found = [c for c in call.shop.coupons.values() if not code or c.code == code]
    rows, headers = page_of(call, sorted(found, key=lambda coupon: -coupon.id))
    return Answer([_coupon_view(call.shop, coupon) for coupon in rows], headers=headers)


def _customers(call: Call) -> Answer:
    email = str(call.params.get("email") or "").lower()
    found = [c for c in call.shop.customers.values() if not email or c["email"].lower() == email]
    rows, headers = page_of(call, sorted(found, key=lambda customer: str(customer["username"])))
    return Answer(with_home(rows, call.shop.home), headers=headers)


def _customer(call: Call) -> Answer:
    if call.id() not in call.shop.customers:
        raise ApiError(404, "woocommerce_rest_invalid_id", "Invalid resource ID.")
    return Answer(with_home(call.shop.customers[call.id()], call.shop.home))


def _order_totals(call: Call) -> Answer:
    orders = list(call.shop.orders.values())
    return Answer(
        [
            {"slug": slug, "name": name, "total": sum(order.status == slug for order in orders)}
            for slug, name in call.shop.statuses().items()
        ]
    )


def rate_from(body: Mapping[str, Any]) -> TaxRate:
    """A tax rate from its form in the API."""
    own_class = "" if body.get("class", "standard") == "standard" else str(body["class"])
    percent = Decimal(str(body["rate"]))
    on_shipping, compound = bool(body.get("shipping", True)), bool(body.get("compound"))
    return TaxRate(int(body["id"]), str(body["country"]), percent, str(body["name"]), on_shipping, compound, own_class)


_LISTED = {
    **PAGING,
    "code": TEXT,
    "email": TEXT,
    "role": TEXT,
    "class": Rule(choices=("standard", "reduced-rate", "zero-rate")),
}

ROUTES = [
    Route(r"/settings", {"GET": Operation(_plain_list("settings_groups"), "list", _READ)}),
    Route(r"/settings/(?P<group>[\w-]+)", {"GET": Operation(lambda call: Answer(_group(call)), "list", _READ)}),
    Route(
        r"/settings/(?P<group>[\w-]+)/(?P<option>[\w-]+)",
        {
            "GET": Operation(lambda call: Answer(_setting(call)), "view", _READ),
            **edits(Operation(_put_setting, "edit")),
        },
    ),
    Route(r"/system_status", {"GET": Operation(_system_status, "list", _READ)}),
    Route(r"/data/currencies/current", {"GET": Operation(_currency, "view")}),
    Route(r"/taxes", {"GET": Operation(_taxes, "list", _LISTED)}),
    Route(r"/taxes/classes", {"GET": Operation(_counted_list("tax_classes"), "list", _READ)}),
    Route(r"/payment_gateways", {"GET": Operation(_counted_list("payment_gateways"), "list", _READ)}),
    Route(r"/shipping_methods", {"GET": Operation(_counted_list("shipping_methods"), "list", _READ)}),
    Route(r"/shipping/zones", {"GET": Operation(_counted_list("shipping_zones"), "list", _READ)}),
    Route(r"/shipping/zones/(?P<id>\d+)/methods", {"GET": Operation(_of_zone("zone_methods"), "list", _READ)}),
    Route(r"/shipping/zones/(?P<id>\d+)/locations", {"GET": Operation(_of_zone("zone_locations"), "list", _READ)}),
    Route(r"/products/categories", {"GET": Operation(_counted_list("categories"), "list", _READ)}),
    Route(r"/coupons", {"GET": Operation(_coupons, "list", _LISTED)}),
    Route(r"/customers", {"GET": Operation(_customers, "list", _LISTED)}),
    Route(r"/customers/(?P<id>\d+)", {"GET": Operation(_customer, "view", {"id": INTEGER})}),
    Route(r"/reports/orders/totals", {"GET": Operation(_order_totals, "list", _READ)}),
]

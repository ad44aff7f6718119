"""The recorded shop as a seed, built from the recordings in ``tests/fixtures/woocommerce``.

WooCommerce 11.0.1, the shop "Nordlys Hjem" of 21 November 2026. For each order the last recorded body holds. Of the
orders 84 and 86–95 only id, status, customer and dates were recorded: they are composed after recorded orders with as
many lines. Products that were only seen in lists and order lines get the body of a simple product.
"""

from __future__ import annotations

import copy
import functools
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from standin.woocommerce.dates import read_gmt
from standin.woocommerce.money import rounded

RECORDINGS = Path(__file__).resolve().parents[2] / "tests" / "fixtures" / "woocommerce" / "recorded"
RECORDED_HOME = "https://127.0.0.1:18443"
STOCK_AS_OF = datetime(2026, 11, 21, 16, 18, tzinfo=UTC)  # before the recordings that torture stock and SKUs

# id: (first id of its items, recorded order that it is composed after)
_COMPOSED = {84: (86, 60), **{86 + n: (94 + 4 * n, (97, 85, 60)[n % 3]) for n in range(10)}}
# Products that were only listed: up to this id they were made in that second.
_CREATED = (
    (15, "2026-11-21T16:12:33"),
    (22, "2026-11-21T16:12:34"),
    (25, "2026-11-21T16:12:35"),
    (36, "2026-11-21T16:12:36"),
    (99, "2026-11-21T16:12:37"),
)
_NEVER_SOLD_PRICE = "100.00"
_VARIATION_PRICES = {"S": "199.00", "M": "299.00", "L": "399.00"}

Json = dict[str, Any]


@functools.lru_cache(maxsize=2)
def _recordings(folder: Path) -> dict[str, Json]:
    found: dict[str, Json] = {}
    for path in sorted(folder.glob("*.json")):
        found[path.stem] = json.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
    if not found:
        raise FileNotFoundError(f"no recordings in {folder}")
    return found


def recording(name: str) -> Json:
    """One recorded exchange, fractions as Decimal; a copy that may be changed."""
    taken: Json = copy.deepcopy(_recordings(RECORDINGS)[name])
    return taken


def recording_names() -> list[str]:
    """The names of all recordings."""
    return sorted(_recordings(RECORDINGS))


def recorded_shop(as_of: datetime | None = None, stock_as_of: datetime = STOCK_AS_OF) -> Json:
    """The seed: orders as they stood at ``as_of`` (None: at the end), products as at ``stock_as_of``."""
    recordings = _recordings(RECORDINGS)
    end = as_of or datetime.max.replace(tzinfo=UTC)
    orders = _orders(recordings, end)
    settings = {group: recordings[f"settings-{group}"]["response"]["body"] for group in ("general", "tax", "products")}
    seed: Json = {
        "options": {row["id"]: row["value"] for rows in settings.values() for row in rows},
        "taxes": _body(recordings, "taxes-list"),
        "reference": _reference(recordings, settings),
        "products": _products(recordings, orders, stock_as_of),
        "orders": [orders[number] for number in sorted(orders)],
        "refunds": _refunds(recordings, orders, end),
        "notes": {"60": _notes(recordings, end)},
        "coupons": _body(recordings, "coupons-list"),
        "customers": _body(recordings, "customers-list"),
    }
    whole: Json = _homeless(seed)
    return whole


def _body(recordings: Mapping[str, Json], name: str) -> Any:
    return recordings[name]["response"]["body"]


def _homeless(value: Any) -> Any:
    """The value with the recorded address replaced by ``{home}``."""
    if isinstance(value, str):
        return value.replace(RECORDED_HOME, "{home}")
    if isinstance(value, dict):
        return {name: _homeless(member) for name, member in value.items()}
    return [_homeless(member) for member in value] if isinstance(value, list) else value


def _reference(recordings: Mapping[str, Json], settings: Mapping[str, Any]) -> Json:
    zones = ("0", "1", "2")
    return {
        "settings": dict(settings),
        "settings_groups": _body(recordings, "settings-list"),
        "payment_gateways": _body(recordings, "payment-gateways-list"),
        "shipping_methods": _body(recordings, "shipping-methods-list"),
        "shipping_zones": _body(recordings, "shipping-zones-list"),
        "zone_methods": {zone: _body(recordings, f"shipping-zone-{zone}-methods") for zone in zones},
        "zone_locations": {zone: _body(recordings, f"shipping-zone-{zone}-locations") for zone in zones},
        "tax_classes": _body(recordings, "tax-classes-list"),
        "system_status": _body(recordings, "system-status"),
        "categories": _body(recordings, "products-categories"),
    }


# --- bodies in recordings --------------------------------------------------------------------------------------------


def _moment(taken: Json) -> datetime | None:
    text = taken.get("recorded_at")
    return datetime.fromisoformat(text.replace("Z", "+00:00")) if text else None


def _objects(recordings: Mapping[str, Json], fits: Callable[[Any], bool]) -> Iterator[tuple[datetime, Json]]:
    """Whole objects with the moment of recording: answers, members of lists and batches, webhook deliveries."""
    for name, taken in recordings.items():
        moment = _moment(taken)
        if moment is None or name.startswith("old892-") or taken["request"].get("method") == "DELETE":
            continue
        if "dp=" in (taken["request"].get("query") or ""):
            continue
        sent = taken["request"].get("body") if name.startswith("webhook-delivery-") else None
        body = taken.get("response", {}).get("body")
        several = (
            [o for rows in body.values() if isinstance(rows, list) for o in rows] if isinstance(body, dict) else body
        )
        for found in [sent, body, *(several or [])]:
            if isinstance(found, dict) and fits(found):
                yield moment, found


def _latest(found: Iterator[tuple[datetime, Json]], end: datetime) -> dict[int, Json]:
    """Per id the last body up to ``end``."""
    best: dict[int, tuple[tuple[datetime, str], Json]] = {}
    for moment, body in found:
        rank = (moment, str(body["date_modified_gmt"]))
        if moment <= end and (body["id"] not in best or rank >= best[body["id"]][0]):
            best[body["id"]] = (rank, body)
    return {number: copy.deepcopy(body) for number, (_, body) in best.items()}


# --- orders ----------------------------------------------------------------------------------------------------------


def _is_order(body: Json) -> bool:
    return "line_items" in body and "order_key" in body and "billing" in body


def _orders(recordings: Mapping[str, Json], end: datetime) -> dict[int, Json]:
    orders = _latest(_objects(recordings, _is_order), end)
    statuses = {row["id"]: row["status"] for row in _body(recordings, "orders-list-status-any")}
    modified = {row["id"]: row["date_modified_gmt"] for row in _body(recordings, "orders-list-orderby-modified-asc")}
    customers = {row["id"]: row["customer_id"] for row in _body(recordings, "orders-list-customer")}
    for number, (first_item, like) in _COMPOSED.items():
        if like in orders and number not in orders:
            made = _composed(orders[like], number, first_item, statuses[number], modified[number])
            made["customer_id"] = customers.get(number, 0)
            orders[number] = made
    return orders


def _composed(like: Json, number: int, first_item: int, status: str, moment: str) -> Json:
    """An order after another one: same goods, own id, items, status and dates."""
    order = copy.deepcopy(like)
    local = _local(moment)
    order.update(id=number, number=str(number), status=status, order_key=f"wc_order_composed{number}", meta_data=[])
    order.update(date_created_gmt=moment, date_modified_gmt=moment, date_created=local, date_modified=local)
    paid, completed = status in {"processing", "completed"}, status == "completed"
    order.update(date_paid_gmt=moment if paid else None, date_paid=local if paid else None)
    order.update(date_completed_gmt=moment if completed else None, date_completed=local if completed else None)
    order["refunds"] = []
    for offset, line in enumerate([*order["line_items"], *order["shipping_lines"], *order["tax_lines"]]):
        line["id"] = first_item + offset
        if status == "pending" and "sku" in line:
            line["meta_data"] = []
    return order


def _local(moment: str) -> str:
    hour = int(moment[11:13]) + 1
    return f"{moment[:11]}{hour:02d}{moment[13:]}"


def _refunds(recordings: Mapping[str, Json], orders: Mapping[int, Json], end: datetime) -> list[Json]:
    deleted = recordings["refund-delete-without-force"]
    gone = {deleted["response"]["body"]["id"]} if (_moment(deleted) or end) <= end else set()
    refunds = []
    for body in _body(recordings, "refunds-list-all"):
        order_id = int(body["_links"]["up"][0]["href"].rsplit("/", 1)[1])
        created = read_gmt(body["date_created_gmt"])
        if created is not None and created <= end and body["id"] not in gone and order_id in orders:
            refunds.append({**body, "order_id": order_id})
    return refunds


def _notes(recordings: Mapping[str, Json], end: datetime) -> list[Json]:
    return [
        body for body in _body(recordings, "order-notes-list") if (read_gmt(body["date_created_gmt"]) or end) <= end
    ]


# --- products --------------------------------------------------------------------------------------------------------


def _is_product(body: Json) -> bool:
    return "regular_price" in body and "attributes" in body and "backorders" in body


def _products(recordings: Mapping[str, Json], orders: Mapping[int, Json], end: datetime) -> list[Json]:
    bodies = _latest(_objects(recordings, _is_product), end)
    sold = _sold(orders.values())
    products: dict[int, Json] = {n: body for n, body in bodies.items() if body["status"] == "trash"}
    for row in _body(recordings, "products-list-slim"):
        like = _like_variable if row["type"] == "variable" else _like_simple
        products[row["id"]] = {**(bodies.get(row["id"]) or like(recordings, row, sold)), **row}
    for row in _body(recordings, "products-list-status-any"):
        products[row["id"]]["status"] = row["status"]
    for row in _body(recordings, "variations-list-all"):
        products[row["id"]] = _variation(recordings, row, bodies.get(row["id"]), products[row["parent_id"]])
    return [products[number] for number in sorted(products)]


def _sold(orders: Iterable[Json]) -> dict[int, tuple[str, str]]:
    """Name and price with tax of each product in a line, undiscounted lines first; of parents the name."""
    sold: dict[int, tuple[str, str]] = {}
    lines = [
        line for order in orders if order["prices_include_tax"] for line in order["line_items"] if line["product_id"]
    ]
    for line in sorted(lines, key=lambda line: bool(line["subtotal"] != line["total"])):
        exact = line["subtotal"] == line["total"]
        net = Decimal(str(line["price"])) if exact else Decimal(line["subtotal"]) / line["quantity"]
        sold.setdefault(line["variation_id"] or line["product_id"], (line["name"], str(rounded(net * Decimal("1.25")))))
        if line["parent_name"]:
            sold.setdefault(line["product_id"], (line["parent_name"], ""))
    return sold


def _like_simple(recordings: Mapping[str, Json], row: Json, sold: Mapping[int, tuple[str, str]]) -> Json:
    body: Json = copy.deepcopy(_body(recordings, "product-get-simple"))
    name, price = sold.get(row["id"], (f"Vare {row['sku']}".strip(), _NEVER_SOLD_PRICE))
    slug = f"vare-{row['id']}"
    body.update(name=name, slug=slug, price=price, regular_price=price, total_sales=0, global_unique_id="")
    body["backorders"] = "notify" if row["stock_status"] == "onbackorder" else "no"
    body["date_created_gmt"] = next(moment for last, moment in _CREATED if row["id"] <= last)
    return body


def _like_variable(recordings: Mapping[str, Json], row: Json, sold: Mapping[int, tuple[str, str]]) -> Json:
    body: Json = copy.deepcopy(_body(recordings, "product-get-variable"))
    name = sold.get(row["id"], (f"Vare {row['sku']}", ""))[0]
    body.update(name=name, slug=name.lower().replace(" ", "-"), total_sales=0)
    return body


def _variation(recordings: Mapping[str, Json], row: Json, body: Json | None, parent: Json) -> Json:
    if body is None:
        body = copy.deepcopy(_body(recordings, "variations-list")[0])
        size = row["sku"].rsplit("-", 1)[1]
        body["regular_price"] = body["price"] = _VARIATION_PRICES[size]
        body["attributes"] = [{**body["attributes"][0], "option": size}]
    option = body["attributes"][0]["option"]
    return {
        **body,
        **row,
        "type": "variation",
        "name": f"{parent['name']} - {option}",
        "slug": f"{parent['slug']}-{option.lower()}",
        "stock_status": "instock" if row["stock_quantity"] > 0 else "outofstock",
        "manage_stock": True,
    }


def goods_of(seed: Mapping[str, Any]) -> list[Json]:
    """What a seed sells, for the warehouse and the accounts: ``sku``, ``name``, ``net_price`` (Decimal, two decimals),
    ``stock``, ``manage_stock``, ``barcode``. Binned ones too, orders still name them; no parents, none without SKU."""
    return [
        {
            "sku": product["sku"],
            "name": product["name"],
            "net_price": rounded(Decimal(product["price"] or 0) / Decimal("1.25")),
            "stock": product["stock_quantity"],
            "manage_stock": product["manage_stock"] is True,
            "barcode": product.get("global_unique_id") or None,
        }
        for product in seed["products"]
        if product["sku"] and product["type"] != "variable"
    ]

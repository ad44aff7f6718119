"""The catalogue of a WooCommerce shop, and products written by SKU."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from pakhus.errors import ConfigurationError, DataError
from pakhus.model import Money, Product
from tests.clients.scripted_shop import Asked, Reply, Script
from tests.clients.woocommerce_bench import NO_ROUTE, Bench, plain
from tests.clients.woocommerce_recordings import recorded_body

OpenBench = Callable[[Script], Bench]
D = Decimal


class Shelf:
    """Products of a shop with prices in DKK incl. VAT; creates and updates as WooCommerce answers."""

    def __init__(self, *rows: dict[str, Any], all_variations: bool = True) -> None:
        self.rows = list(rows)
        self.all_variations = all_variations
        self.price_as_shown: str | None = None
        self.taken_sku_id: int | None = None

    def __call__(self, asked: Asked) -> Reply:
        path = asked.path.removeprefix("/wp-json/wc/v3")
        if path.startswith("/settings/"):
            return Reply({"value": "DKK" if "currency" in path else "yes"})
        if asked.method == "POST" and self.taken_sku_id is not None:
            self.rows.append({"id": self.taken_sku_id, "sku": asked.json()["sku"], "type": "simple"})
            return Reply({"code": "product_invalid_sku", "message": "Invalid or duplicated SKU."}, 400)
        if asked.method != "GET":
            price = self.price_as_shown if self.price_as_shown is not None else asked.json().get("regular_price", "")
            return Reply({"id": 77, "type": "simple", **asked.json(), "regular_price": price}, 201)
        return self._listed(path, asked.query)

    def _listed(self, path: str, query: dict[str, str]) -> Reply:
        if path == "/variations" and not self.all_variations:
            return NO_ROUTE
        parent = int(path.split("/")[2]) if path.count("/") > 1 else None
        rows = [
            row
            for row in self.rows
            if ("sku" not in query and (row["type"] == "variation") is path.endswith("/variations"))
            or row["sku"] == query.get("sku")
        ]
        rows = [row for row in rows if parent is None or row.get("parent_id") == parent]
        size, number = int(query["per_page"]), int(query["page"])
        shown = rows[(number - 1) * size : number * size]
        pages = -(-len(rows) // size)
        return Reply(shown, headers={"X-WP-Total": str(len(rows)), "X-WP-TotalPages": str(pages)})


def variations() -> list[dict[str, Any]]:
    """The recorded variations, sorted as they are asked for."""
    return sorted(plain(recorded_body("variations-list")), key=lambda row: row["id"])


KOP = Product("NY-1", "Kop", Money(D("125.00"), "DKK"), price_includes_vat=True, barcode="5700000000017", stock=D(4))


@pytest.mark.parametrize("all_variations", [True, False])
def test_reads_all_products_and_their_variations(bench: OpenBench, all_variations: bool) -> None:
    simple = plain(recorded_body("product-get-simple"))
    parent = plain(recorded_body("product-get-variable"))
    at = bench(Shelf(simple, parent, *variations(), all_variations=all_variations))
    products = list(at.client.catalogue())
    assert [product.sku for product in products] == ["NH-1000", "NH-TS", "NH-TS-S", "NH-TS-M", "NH-TS-L"]
    assert products[2].parent_id == "44"
    assert products[0].price == Money(D("125.00"), "DKK")
    assert all(product.price_includes_vat for product in products)


def test_a_variation_says_what_it_is_and_what_its_product_is(bench: OpenBench) -> None:
    parent = {**plain(recorded_body("product-get-variable")), "description": "<p>Blød bomuld.<br />Vaskes ved 40°</p>"}
    own, plain_one, bare = ({**row, "description": ""} for row in variations())
    own["description"] = "<p>Kun i <b>L</b></p>"
    at = bench(Shelf(parent, own, plain_one, bare))
    texts = {product.sku: product.description for product in at.client.catalogue()}
    assert texts[own["sku"]] == "Kun i L\nBlød bomuld.\nVaskes ved 40°"
    assert texts[bare["sku"]] == "Blød bomuld.\nVaskes ved 40°"


def test_a_short_description_stands_in_for_a_long_one(bench: OpenBench) -> None:
    row = {**plain(recorded_body("product-get-simple")), "description": " <p></p>", "short_description": "<p>Kort</p>"}
    (product,) = bench(Shelf(row)).client.catalogue()
    assert product.description == "Kort"


@pytest.mark.parametrize(("setting", "included"), [("yes", True), ("no", False)])
def test_a_shop_that_charges_no_taxes_has_none_in_its_prices(bench: OpenBench, setting: str, included: bool) -> None:
    class Taxes(Shelf):
        def __call__(self, asked: Asked) -> Reply:
            return Reply({"value": setting}) if asked.path.endswith("calc_taxes") else super().__call__(asked)

    (product,) = bench(Taxes(plain(recorded_body("product-get-simple")))).client.catalogue()
    assert product.price_includes_vat is included


def test_what_no_vat_is_charged_on_is_known(bench: OpenBench) -> None:
    row = {**plain(recorded_body("product-get-simple")), "tax_status": "none"}
    (product,) = bench(Shelf(row)).client.catalogue()
    assert not product.taxable


def test_variations_of_a_product_that_is_not_published_are_not_sold(bench: OpenBench) -> None:
    parent = {**plain(recorded_body("product-get-variable")), "status": "draft"}
    at = bench(Shelf(parent, *variations()))
    assert all(product.barred for product in at.client.catalogue())


def test_creates_a_product_that_is_not_there(bench: OpenBench) -> None:
    at = bench(Shelf())
    ref = at.client.put_product(KOP, at.calls)
    ((method, path, body),) = at.written()
    assert (method, path, ref.id) == ("POST", "/products", "77")
    assert body == {
        "sku": "NY-1",
        "name": "Kop",
        "regular_price": "125.00",
        "global_unique_id": "5700000000017",
        "type": "simple",
        "status": "publish",
        "manage_stock": True,
        "stock_quantity": 4,
    }


@pytest.mark.parametrize(
    ("row", "path"),
    [
        ({"id": 10, "sku": "NY-1", "type": "simple"}, "/products/10"),
        ({"id": 46, "sku": "NY-1", "type": "variation", "parent_id": 44}, "/products/44/variations/46"),
    ],
)
def test_updates_a_product_that_is_there_without_touching_its_stock(
    bench: OpenBench, row: dict[str, Any], path: str
) -> None:
    at = bench(Shelf(row))
    at.client.put_product(KOP, at.calls)
    ((method, written, body),) = at.written()
    assert (method, written) == ("PUT", path)
    assert "stock_quantity" not in body
    assert body["regular_price"] == "125.00"


def test_updates_the_product_that_somebody_made_meanwhile(bench: OpenBench) -> None:
    shelf = Shelf()
    shelf.taken_sku_id = 88
    at = bench(shelf)
    at.client.put_product(KOP, at.calls)
    assert [(method, path) for method, path, _ in at.written()] == [("POST", "/products"), ("PUT", "/products/88")]


def test_says_when_the_sku_is_taken_by_a_binned_product(bench: OpenBench) -> None:
    shelf = Shelf()
    refusal = Reply(recorded_body("error-product-sku-of-binned"), 400)
    at = bench(lambda asked: refusal if asked.method == "POST" else shelf(asked))
    with pytest.raises(DataError, match="already present in the lookup table"):
        at.client.put_product(KOP, at.calls)


@pytest.mark.parametrize("shown", ["", "12.50"])
def test_says_when_the_shop_did_not_take_the_price(bench: OpenBench, shown: str) -> None:
    shelf = Shelf()
    shelf.price_as_shown = shown
    at = bench(shelf)
    with pytest.raises(DataError, match="price"):
        at.client.put_product(KOP, at.calls)


@pytest.mark.parametrize(
    "changes",
    [
        {"sku": " "},
        {"price": Money(D("125.00"), "EUR")},
        {"price": Money(D("-1.00"), "DKK")},
        {"price_includes_vat": False},
        {"parent_id": "44"},
        {"stock": D("1.5")},
    ],
)
def test_refuses_a_product_that_the_shop_would_take_wrongly(bench: OpenBench, changes: dict[str, Any]) -> None:
    at = bench(Shelf())
    members = {name: getattr(KOP, name) for name in KOP.__slots__}
    with pytest.raises(DataError):
        at.client.put_product(Product(**{**members, **changes}), at.calls)
    assert at.written() == []


def test_refuses_to_guess_between_products_of_one_sku(bench: OpenBench) -> None:
    rows = [{"id": number, "sku": "NY-1", "type": "simple"} for number in (10, 11)]
    at = bench(Shelf(*rows))
    with pytest.raises(DataError, match="10, 11"):
        at.client.put_product(KOP, at.calls)


class Clocked(Shelf):
    """A shop that says its time, and filters by the time of change as the contract has it (section 5)."""

    def __call__(self, asked: Asked) -> Reply:
        self.asked = [*getattr(self, "asked", []), asked]
        reply = super().__call__(asked)
        reply.headers.setdefault("Date", "Sun, 29 Nov 2026 12:00:00 GMT")
        since = asked.query.get("modified_after")
        if since is not None:
            assert asked.query["dates_are_gmt"] == "true"
            rows = [row for row in reply.body if row["date_modified_gmt"] > since]  # type: ignore[index]
            reply = Reply(rows, headers={**reply.headers, "X-WP-Total": str(len(rows)), "X-WP-TotalPages": "1"})
        return reply


def test_asks_for_what_changed_since_the_last_reading_by_the_shop_s_own_clock(bench: OpenBench) -> None:
    simple, parent = (plain(recorded_body(f"product-get-{kind}")) for kind in ("simple", "variable"))
    other = {**plain(recorded_body("product-get-variable")), "id": 52, "sku": "ANDEN"}
    shelf = Clocked(simple, parent, other, *variations())
    at = bench(shelf)
    first = at.client.product_changes(None)
    assert len(first.products) == 6
    assert first.cursor == "2026-11-29T11:58:30"  # by 90 s before the shop's time: a change shows that late
    simple["date_modified_gmt"] = "2026-11-29T12:05:00"
    again = at.client.product_changes(first.cursor)
    assert [product.sku for product in again.products] == ["NH-1000"]
    parent["date_modified_gmt"] = "2026-11-29T12:06:00"  # a variation's change bumps its parent
    shelf.asked = []
    third = at.client.product_changes("2026-11-29T12:05:30")
    assert [product.sku for product in third.products] == ["NH-TS", "NH-TS-S", "NH-TS-M", "NH-TS-L"]
    assert [asked.path.rsplit("v3")[-1] for asked in shelf.asked] == ["/products", "/products/44/variations"]


def test_one_request_when_nothing_changed(bench: OpenBench) -> None:
    shelf = Clocked(plain(recorded_body("product-get-simple")))
    at = bench(shelf)
    assert at.client.product_changes("2026-11-29T12:00:00").products == ()
    assert len(shelf.asked) == 1


def test_a_cursor_that_is_none_of_ours_is_said(bench: OpenBench) -> None:
    with pytest.raises(ConfigurationError, match="cursor"):
        bench(Shelf()).client.product_changes("i går")


def test_only_the_named_fields_are_written(bench: OpenBench) -> None:
    row = {"id": 10, "sku": "NY-1", "type": "simple"}
    at = bench(Shelf(row))
    at.client.put_product(KOP, at.calls, fields=("barcode",))
    ((method, _, body),) = at.written()
    assert (method, body) == ("PUT", {"global_unique_id": "5700000000017"})


def test_what_looks_like_markup_stays_text_in_the_shop(bench: OpenBench) -> None:
    at = bench(Shelf())
    at.client.put_product(replace(KOP, name="Kop & <fad>", description="5 < 6"), at.calls)
    ((_, _, body),) = at.written()
    assert (body["name"], body["description"]) == ("Kop &amp; &lt;fad&gt;", "5 &lt; 6")

"""Where SKUs live in a WooCommerce shop, and stock written in batches."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

import pytest

from pakhus.clients.webshop import RowResult
from pakhus.errors import AccessDeniedError, ConfigurationError
from pakhus.model import ProductRef, StockLevel
from tests.clients.scripted_shop import Asked, Reply, Script, in_turn
from tests.clients.woocommerce_bench import LOST, Bench, plain
from tests.clients.woocommerce_recordings import recorded_body

OpenBench = Callable[[Script], Bench]
D = Decimal


class Catalogue:
    """Answers ?sku= as the shop does: exact, case-blind, everything when it is empty."""

    def __init__(self, *rows: Mapping[str, Any]) -> None:
        self.rows = [{"type": "simple", "manage_stock": True, "stock_quantity": 5, **row} for row in rows]

    def __call__(self, asked: Asked) -> Reply:
        text = asked.query["sku"]
        wanted = {text.lower()} if any(row["sku"] == text for row in self.rows) else set(text.lower().split(","))
        found = [row for row in self.rows if not text or row["sku"].lower() in wanted]
        return Reply(found, headers={"X-WP-Total": str(len(found)), "X-WP-TotalPages": "1"})


def test_finds_products_and_variations_by_sku_case_blind(bench: OpenBench) -> None:
    rows = [{"id": 10, "sku": "NH-1000"}, {"id": 46, "sku": "NH-TS-M", "type": "variation", "parent_id": 44}]
    at = bench(Catalogue(*rows))
    found = at.client.resolve(["nh-1000", "NH-TS-M", "FINDES-IKKE"])
    assert found.found == {
        "nh-1000": ProductRef("nh-1000", "10", stock=D(5)),
        "NH-TS-M": ProductRef("NH-TS-M", "46", parent_id="44", stock=D(5)),
    }
    assert found.ambiguous == {}
    assert len(at.shop.asked) == 1


def test_asks_alone_for_a_sku_with_a_comma_and_never_for_an_empty_one(bench: OpenBench) -> None:
    at = bench(Catalogue({"id": 42, "sku": "AB,12 3/4"}, {"id": 10, "sku": "NH-1000"}, {"id": 12, "sku": "AB"}))
    found = at.client.resolve(["NH-1000", "AB,12 3/4", "", "  "])
    assert {sku: ref.id for sku, ref in found.found.items()} == {"NH-1000": "10", "AB,12 3/4": "42"}
    assert sorted(asked.query["sku"] for asked in at.shop.asked) == ["AB,12 3/4", "NH-1000"]


def test_asks_for_nothing_when_there_is_nothing_to_find(bench: OpenBench) -> None:
    at = bench(Catalogue())
    assert at.client.resolve([""]).found == {}
    assert at.shop.asked == []


def test_says_which_products_share_a_sku(bench: OpenBench) -> None:
    at = bench(Catalogue({"id": 10, "sku": "A"}, {"id": 11, "sku": "a"}, {"id": 12, "sku": "B"}))
    found = at.client.resolve(["A", "B"])
    assert found.ambiguous == {"A": ("10", "11")}
    assert set(found.found) == {"B"}


def test_asks_for_many_skus_in_chunks_of_a_bearable_length(bench: OpenBench) -> None:
    skus = [f"SKU-{number:04d}-{'X' * 60}" for number in range(120)]
    at = bench(Catalogue(*({"id": number + 1, "sku": sku} for number, sku in enumerate(skus))))
    assert len(at.client.resolve(skus).found) == 120
    assert all(len(asked.raw_query) < 4500 for asked in at.shop.asked)
    assert all(asked.query["sku"].count(",") < 50 for asked in at.shop.asked)


def test_refuses_a_shop_that_ignores_the_sku(bench: OpenBench) -> None:
    at = bench(in_turn(Reply([{"id": 1, "sku": "X"}, {"id": 2, "sku": "Y"}])))
    with pytest.raises(ConfigurationError, match="sku="):
        at.client.resolve(["A"])


def level(sku: str, product_id: int, quantity: str, parent: int | None = None, *, manages: bool = True) -> StockLevel:
    parent_id = None if parent is None else str(parent)
    return StockLevel(ProductRef(sku, str(product_id), parent_id, manages_stock=manages), D(quantity))


def taken(asked: Asked) -> Reply:
    """A shop that takes every row."""
    return Reply({"update": [{"manage_stock": True, **row} for row in asked.json()["update"]]})


def test_writes_stock_as_whole_numbers_variations_by_their_parent(bench: OpenBench) -> None:
    at = bench(taken)
    rows = [level("B", 46, "3", 44), level("A", 10, "7.00"), level("C", 50, "0", 48), level("D", 45, "-2", 44)]
    outcomes = at.client.set_stock(rows, at.calls, key="k")
    assert [(row.sku, row.result, row.confirmed) for row in outcomes] == [
        ("B", RowResult.WRITTEN, D(3)),
        ("A", RowResult.WRITTEN, D(7)),
        ("C", RowResult.WRITTEN, D(0)),
        ("D", RowResult.WRITTEN, D(-2)),
    ]
    assert at.written() == [
        ("POST", "/products/batch", {"update": [{"id": 10, "manage_stock": True, "stock_quantity": 7}]}),
        (
            "POST",
            "/products/44/variations/batch",
            {
                "update": [
                    {"id": 46, "manage_stock": True, "stock_quantity": 3},
                    {"id": 45, "manage_stock": True, "stock_quantity": -2},
                ]
            },
        ),
        ("POST", "/products/48/variations/batch", {"update": [{"id": 50, "manage_stock": True, "stock_quantity": 0}]}),
    ]


def test_sends_no_more_than_a_hundred_rows_at_once(bench: OpenBench) -> None:
    at = bench(taken)
    outcomes = at.client.set_stock([level(f"S{n}", n, str(n)) for n in range(1, 251)], at.calls, key="k")
    assert [len(body["update"]) for _, _, body in at.written()] == [100, 100, 50]
    assert [outcome.confirmed for outcome in outcomes] == [D(n) for n in range(1, 251)]


def test_judges_each_row_by_its_place_in_the_recorded_answer(bench: OpenBench) -> None:
    answered = plain(recorded_body("products-batch-mixed"))
    at = bench(in_turn(Reply(answered)))
    rows = [
        level("good", 11, "101"),
        level("unknown", 999999, "1"),
        level("dropped to zero", 12, "9"),
        level("duplicate", 13, "5"),
        level("lost id", 15, "4"),
        level("good too", 14, "104"),
    ]
    outcomes = at.client.set_stock(rows, at.calls, key="k")
    assert [outcome.result for outcome in outcomes] == [
        RowResult.WRITTEN,
        RowResult.REFUSED,
        RowResult.REFUSED,
        RowResult.REFUSED,
        RowResult.REFUSED,
        RowResult.WRITTEN,
    ]
    assert "woocommerce_rest_product_invalid_id" in outcomes[1].problem


@pytest.mark.parametrize(
    "shown",
    [
        {"id": 10, "manage_stock": False, "stock_quantity": None},
        {"id": 10, "manage_stock": "parent", "stock_quantity": 44},
        {"id": 10, "manage_stock": True, "stock_quantity": 6},
    ],
)
def test_refuses_a_row_whose_quantity_was_dropped(bench: OpenBench, shown: dict[str, Any]) -> None:
    at = bench(in_turn(Reply({"update": [shown]})))
    (outcome,) = at.client.set_stock([level("A", 10, "7")], at.calls, key="k")
    assert outcome.result is RowResult.REFUSED
    assert outcome.confirmed == (None if shown["stock_quantity"] is None else D(shown["stock_quantity"]))


@pytest.mark.parametrize("row", [level("A", 10, "7.5"), level("A", 10, "7", manages=False)])
def test_sends_no_fractions_and_nothing_for_products_without_stock(bench: OpenBench, row: StockLevel) -> None:
    at = bench(taken)
    outcomes = at.client.set_stock([row, level("B", 11, "1")], at.calls, key="k")
    assert [outcome.result for outcome in outcomes] == [RowResult.REFUSED, RowResult.WRITTEN]
    assert [body["update"][0]["id"] for _, _, body in at.written()] == [11]


@pytest.mark.parametrize(
    "shown", [[], {"update": []}, {"update": [7]}, {"update": [{"id": 99, "manage_stock": True, "stock_quantity": 7}]}]
)
def test_does_not_know_a_row_the_answer_does_not_show(bench: OpenBench, shown: object) -> None:
    at = bench(in_turn(Reply(shown)))
    (outcome,) = at.client.set_stock([level("A", 10, "7")], at.calls, key="k")
    assert outcome.result is RowResult.UNKNOWN


def test_keeps_what_was_written_when_the_shop_goes_away(bench: OpenBench) -> None:
    at = bench(lambda asked: taken(asked) if len(at.shop.asked) == 1 else LOST)
    outcomes = at.client.set_stock([level(f"S{n}", n, "1") for n in range(1, 302)], at.calls, key="k")
    counted = [outcome.result for outcome in outcomes]
    assert counted == [RowResult.WRITTEN] * 100 + [RowResult.UNKNOWN] * 201
    assert len(at.shop.asked) == 2, "a shop that is away is not asked for every batch"


def test_does_not_know_rows_whose_only_answer_was_lost(bench: OpenBench) -> None:
    at = bench(in_turn(LOST))
    (outcome,) = at.client.set_stock([level("A", 10, "7")], at.calls, key="k")
    assert outcome.result is RowResult.UNKNOWN


def test_raises_when_no_row_left_us(bench: OpenBench) -> None:
    at = bench(in_turn(Reply(recorded_body("products-batch-read-key"), 401)))
    with pytest.raises(AccessDeniedError):
        at.client.set_stock([level("A", 10, "7")], at.calls, key="k")


def test_refuses_the_rows_of_a_batch_that_is_refused(bench: OpenBench) -> None:
    at = bench(in_turn(Reply({"code": "woocommerce_rest_product_invalid_id", "message": "Invalid ID."}, 404)))
    (outcome,) = at.client.set_stock([level("A", 46, "7", 44)], at.calls, key="k")
    assert outcome.result is RowResult.REFUSED


def test_does_not_know_a_row_that_met_trouble_of_the_server(bench: OpenBench) -> None:
    """A refusal stays until something changes; trouble passes, and the shop must not show too many until the night."""
    error = {"code": "woocommerce_rest_cannot_save", "message": "Deadlock.", "data": {"status": 500}}
    shown = [{"id": 10, "error": error}, {"id": 11, "manage_stock": True, "stock_quantity": 3}]
    at = bench(in_turn(Reply({"update": shown})))
    outcomes = at.client.set_stock([level("A", 10, "7"), level("B", 11, "3")], at.calls, key="k")
    assert [outcome.result for outcome in outcomes] == [RowResult.UNKNOWN, RowResult.WRITTEN]

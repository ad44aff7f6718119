"""Stock from the warehouse to both shops of its agreement: what is written, what is not, what the ledger believes."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
import simplejson
from sqlalchemy import select

from pakhus.clients.woocommerce_api import delete, write
from pakhus.errors import ConfigurationError, TransientError
from pakhus.flows.stock_compare import COMPARE
from pakhus.ledger import bodies, documents, stock
from pakhus.ledger.claims import holding
from pakhus.ledger.schema import attempts, sources
from pakhus.reasons import Verdict
from pakhus.rules.stock import wanted_of
from pakhus.rules.stock_shown import ShownRules
from standin.woocommerce import goods_of, recorded_shop
from tests.flows.two_shops import TwoShops, levels, many_products, products, push, shown, two_shops
from tests.flows.world import World

D = Decimal


@pytest.fixture
def both(fresh_ledger_url: str) -> Iterator[TwoShops]:
    with two_shops(fresh_ledger_url) as running:
        yield running


@pytest.fixture
def settled(both: TwoShops) -> TwoShops:
    """Both shops show what the warehouse has, and have been compared this night."""
    both.run()
    both.reset_counters()
    return both


def expected(both: TwoShops, shop: World) -> dict[str, int]:
    """What a shop is to show of the products that it keeps stock of and that the warehouse has."""
    available = both.available()
    return {sku: max(int(available[sku]), 0) for sku in shown(shop) if sku in available}


def writes(shop: World) -> int:
    """Writes that the shop has had since its counters were reset."""
    found: int = shop.shop_server.counters()["writes"]
    return found


def batches(shop: World) -> list[int]:
    """The rows of each batch that has ever left us, as the ledger has them."""
    with shop.ledger.begin() as tx:
        query = select(attempts.c.request_sha256).order_by(attempts.c.id)
        found = tx.connection.execute(query).scalars().all()
        return [len(simplejson.loads(bodies.load(tx, digest))["update"]) for digest in found]


def test_both_shops_get_what_the_warehouse_has_free(both: TwoShops) -> None:
    for item, quantity in (("NH-1000", "7"), ("NH-TS-M", "2"), ("OLD-001", "13")):
        both.set_stock(item, quantity)
    both.run()
    for shop in both.worlds:
        wanted = expected(both, shop)
        assert len(wanted) >= 10
        assert {sku: shown(shop)[sku] for sku in wanted} == wanted
        assert {sku: levels(shop)[sku].confirmed for sku in wanted} == wanted
    assert (shown(both.nordlys)["NH-1000"], shown(both.nordlys)["NH-TS-M"]) == (7, 2)


def test_nothing_changed_costs_one_request_to_the_warehouse_and_a_look_for_sales_to_each_shop(
    settled: TwoShops,
) -> None:
    reports = settled.run()
    assert settled.requests() == (1, 1, 1)
    assert [report.codes for report in reports] == [{}, {}]


def test_only_what_changed_is_written_and_a_shop_that_does_not_sell_it_is_asked_only_that(settled: TwoShops) -> None:
    settled.set_stock("NH-1010", "31")
    settled.run()
    assert settled.requests() == (1, 3, 2)
    assert (writes(settled.nordlys), writes(settled.fjordliv)) == (1, 0)
    assert batches(settled.nordlys)[-1] == 1
    assert shown(settled.nordlys)["NH-1010"] == 31


def test_what_the_shop_already_shows_is_confirmed_without_a_write(settled: TwoShops) -> None:
    """The ordinary sale: the shop took the pieces off itself, and so did the warehouse when they were reserved."""
    settled.set_stock("NH-1000", "30")
    set_in_shop(settled.nordlys, "NH-1000", 30)
    settled.reset_counters()
    settled.run()
    assert writes(settled.nordlys) == 0
    assert levels(settled.nordlys)["NH-1000"].confirmed == 30


@pytest.mark.edge(72)
def test_negative_is_shown_as_nothing_and_told(settled: TwoShops) -> None:
    settled.set_stock("NH-1000", "-2")
    report, _ = settled.run()
    assert shown(settled.nordlys)["NH-1000"] == 0
    assert levels(settled.nordlys)["NH-1000"].available == -2
    assert report.codes == {"available_negative": 1}
    assert report.causes["available_negative"].startswith("NH-1000: -2 available")
    assert settled.run()[0].codes == {}


def test_fractions_are_cut_to_whole_pieces(settled: TwoShops) -> None:
    settled.set_stock("NH-1000", "4.999")
    settled.run()
    assert shown(settled.nordlys)["NH-1000"] == 4
    assert levels(settled.nordlys)["NH-1000"].available == D("4.999")


@pytest.mark.edge(77)
def test_product_without_stock_management_is_left_as_the_merchant_set_it(both: TwoShops) -> None:
    both.set_stock("NH-1008", "5")
    both.run()
    assert product(both.nordlys, "NH-1008")["manage_stock"] is False
    assert levels(both.nordlys)["NH-1008"].reason == "stock_not_managed"


@pytest.mark.edge(74)
def test_variation_whose_stock_the_parent_keeps_is_not_written(settled: TwoShops) -> None:
    parent, variation = product(settled.nordlys, "NH-TS"), product(settled.nordlys, "NH-TS-S")
    put(settled.nordlys, f"/products/{parent['id']}", {"manage_stock": True, "stock_quantity": 20})
    put(settled.nordlys, f"/products/{parent['id']}/variations/{variation['id']}", {"manage_stock": False})
    settled.set_stock("NH-TS-S", "3")
    report, _ = settled.run()
    assert report.codes == {"stock_at_parent": 1}
    assert product(settled.nordlys, "NH-TS")["stock_quantity"] == 20


def test_products_that_a_shop_does_not_sell_are_counted_once_and_asked_for_no_more(both: TwoShops) -> None:
    _, first = both.run()
    assert first.codes["sku_not_in_shop"] > 20
    assert first.red_causes() == []
    both.reset_counters()
    _, second = both.run()
    assert "sku_not_in_shop" not in second.codes
    assert both.requests()[2] == 1  # the look for sales


def test_refused_row_is_named_and_the_others_are_written(settled: TwoShops) -> None:
    """Another plugin that changes the quantity, as the recorded shop did when a product was binned meanwhile."""
    settled.set_stock("NH-1000", "31")
    settled.set_stock("NH-1001", "32")
    settled.read()
    gone = product(settled.nordlys, "NH-1001")["id"]
    report = push(settled.nordlys, before_batch=lambda: settled.nordlys.shop.send(delete(f"/products/{gone}")))
    assert report.codes == {"transferred": 1, "stock_refused": 1}
    found = levels(settled.nordlys)["NH-1001"]
    assert (found.reason, found.confirmed) == ("stock_refused", None)
    assert "Invalid ID" in found.problem
    assert levels(settled.nordlys)["NH-1000"].confirmed == 31
    assert push(settled.nordlys).codes == {}  # not asked again before something changes
    settled.set_stock("NH-1001", "33")
    assert settled.run()[0].codes == {"sku_not_in_shop": 1}


@pytest.mark.parametrize("kind", ["answer_lost", "request_lost", "error_500"])
def test_batch_whose_answer_was_lost_is_unknown_and_written_again_when_it_is_late(settled: TwoShops, kind: str) -> None:
    settled.set_stock("NH-1000", "31")
    settled.nordlys.shop_server.set_faults([{"method": "POST", "kind": kind}])
    report, _ = settled.run()
    settled.nordlys.shop_server.clear_faults()
    assert report.codes["outcome_unknown"] == 1
    assert levels(settled.nordlys)["NH-1000"].confirmed is None
    assert settled.run()[0].codes == {"outcome_unknown": 1}  # too early: the effect may still come
    settled.forward(minutes=4)
    assert settled.run()[0].codes == {"transferred": 1}
    assert levels(settled.nordlys)["NH-1000"].confirmed == shown(settled.nordlys)["NH-1000"] == 31
    assert open_attempts(settled.nordlys) == []


def test_late_effect_of_a_lost_batch_does_not_make_the_ledger_untrue(settled: TwoShops) -> None:
    settled.set_stock("NH-1000", "31")
    settled.nordlys.shop_server.set_faults(
        [{"method": "POST", "kind": "late_commit", "hold_s": 12.0, "delay_s": 110.0}]
    )
    settled.run()
    settled.nordlys.shop_server.clear_faults()
    settled.set_stock("NH-1000", "8")
    settled.run()
    settled.forward(minutes=4)  # now the old batch takes effect
    settled.run()
    assert levels(settled.nordlys)["NH-1000"].confirmed == shown(settled.nordlys)["NH-1000"] == 8


def test_shop_that_is_down_loses_nothing_and_keeps_what_it_had_confirmed(settled: TwoShops) -> None:
    before = levels(settled.nordlys)["NH-1000"].confirmed
    settled.set_stock("NH-1000", "31")
    settled.read()
    settled.nordlys.shop_server.set_faults([{"path_regex": ".", "kind": "rate_limited_seconds", "times": None}])
    with pytest.raises(TransientError):
        push(settled.nordlys)
    assert levels(settled.nordlys)["NH-1000"].confirmed == before
    assert document(settled.nordlys).verdict.code == "remote_unavailable"
    settled.nordlys.shop_server.clear_faults()
    push(settled.fjordliv)
    assert document(settled.fjordliv).verdict.code == "transferred"
    push(settled.nordlys)
    assert shown(settled.nordlys)["NH-1000"] == 31
    assert document(settled.nordlys).verdict.code == "transferred"


def test_older_reading_never_replaces_a_newer_one(settled: TwoShops) -> None:
    shop = settled.nordlys
    with shop.ledger.begin() as tx:
        newest = stock.newest_reading(tx, "nordlys")
        assert newest is not None
        older = wanted_of([], ShownRules())
        assert stock.store_reading(tx, "nordlys", newest - timedelta(seconds=1), older, ShownRules()) is None
        assert stock.newest_reading(tx, "nordlys") == newest
    assert levels(shop)["NH-1000"].reason == ""


def test_old_reading_is_not_pushed(settled: TwoShops) -> None:
    settled.set_stock("NH-1000", "31")
    settled.read()
    settled.forward(minutes=16)
    settled.reset_counters()
    found = push(settled.nordlys, selling=[settled.nordlys.settings])
    assert found.codes == {"stock_reading_old": 1}
    assert settled.requests()[1] == 0


def test_two_runs_at_once_write_once(settled: TwoShops) -> None:
    settled.set_stock("NH-1000", "31")
    settled.read()
    with ThreadPoolExecutor(2) as pool:
        reports = list(pool.map(lambda _: push(settled.nordlys), range(2)))
    assert writes(settled.nordlys) == 1
    assert sum(report.codes["transferred"] for report in reports) == 1


def test_push_leaves_a_shop_alone_whose_stock_another_run_is_pushing(settled: TwoShops) -> None:
    settled.set_stock("NH-1000", "31")
    settled.read()
    with holding(settled.nordlys.ledger, documents.claim_name("nordlys-stock")):
        assert push(settled.nordlys).codes == {"claimed_elsewhere": 1}
    assert writes(settled.nordlys) == 0


def test_answers_that_come_after_the_claim_was_lost_are_not_believed(settled: TwoShops) -> None:
    settled.set_stock("NH-1000", "31")
    settled.read()
    report = push(settled.nordlys, before_batch=lambda: settled.nordlys.forward(minutes=6))
    assert report.codes["claimed_elsewhere"] == 1
    assert levels(settled.nordlys)["NH-1000"].confirmed is None


def test_product_changed_by_hand_is_found_by_the_compare_told_and_written_again(settled: TwoShops) -> None:
    set_in_shop(settled.nordlys, "NH-1000", 99)
    settled.reset_counters()
    assert settled.run()[0].codes == {}  # what was last confirmed is all that a push looks at
    report, _ = settled.run(compare=True)
    assert report.codes == {"stock_differed": 1, "transferred": 1}
    assert shown(settled.nordlys)["NH-1000"] == 45
    (evidence,) = evidence_of(settled.nordlys)
    assert evidence["differences"] == [{"sku": "NH-1000", "product": "10", "confirmed": "45.000", "shown": "99"}]
    assert evidence["compared"] > 30


def test_differences_are_kept_before_they_are_corrected(settled: TwoShops) -> None:
    """Whoever is killed on the way to the shop leaves the evidence, not a corrected shop that nobody can explain."""
    set_in_shop(settled.nordlys, "NH-1000", 99)
    settled.nordlys.shop_server.set_faults([{"method": "POST", "kind": "request_lost"}])
    settled.run(compare=True)
    settled.nordlys.shop_server.clear_faults()
    assert shown(settled.nordlys)["NH-1000"] == 99
    (evidence,) = evidence_of(settled.nordlys)
    assert [(row["confirmed"], row["shown"]) for row in evidence["differences"]] == [("45.000", "99")]
    settled.forward(minutes=4)
    settled.run()
    assert shown(settled.nordlys)["NH-1000"] == 45


def test_compare_comes_by_itself_once_a_night(settled: TwoShops) -> None:
    set_in_shop(settled.nordlys, "NH-1000", 99)
    settled.forward(hours=23.9)
    settled.run()
    settled.forward(hours=6)
    reports = [settled.run()[0].codes["stock_differed"] for _ in range(2)]
    assert (shown(settled.nordlys)["NH-1000"], reports[1]) == (45, 0)


def test_catalogue_that_cannot_be_read_holds_no_push_up(settled: TwoShops) -> None:
    settled.set_stock("NH-1000", "31")
    settled.read()
    faults = [{"method": "GET", "path_regex": "/products$", "kind": "error_500", "times": 3}]
    settled.nordlys.shop_server.set_faults(faults)
    report = push(settled.nordlys, compare=True)
    settled.nordlys.shop_server.clear_faults()
    assert report.codes == {"stock_not_compared": 1, "transferred": 1}


def test_two_numbers_that_a_shop_cannot_tell_apart_are_not_written(fresh_ledger_url: str) -> None:
    twin = {"sku": "nh-1000", "name": "Kop", "net_price": D("100.00"), "stock": 3}
    with two_shops(fresh_ledger_url, goods=[twin]) as both:
        report = both.read()
        both.run()
        assert report.codes["number_ambiguous"] == 4  # two numbers in each of two shops
        assert {levels(both.nordlys)[sku].reason for sku in ("NH-1000", "nh-1000")} == {"number_ambiguous"}
        assert shown(both.nordlys)["NH-1000"] == 45


def test_product_that_left_the_warehouse_keeps_its_quantity_in_the_shop(settled: TwoShops) -> None:
    state = settled.nordlys.warehouse_server.standin.state
    del state.products["NH-1000"]
    assert settled.read().codes == {"sku_not_in_warehouse": 2}
    push(settled.nordlys, compare=True)
    assert shown(settled.nordlys)["NH-1000"] == 45
    assert levels(settled.nordlys)["NH-1000"].reason == "sku_not_in_warehouse"


def test_number_of_the_warehouse_is_told_to_the_sku_that_the_mapping_names(both: TwoShops) -> None:
    settings = both.nordlys.settings
    mapping = settings.mapping.model_copy(update={"product_numbers": {"NH-1001": "NH-1000"}})
    both.nordlys.settings = settings.model_copy(update={"mapping": mapping})
    both.set_stock("NH-1000", "6")
    both.run()
    assert (shown(both.nordlys)["NH-1000"], shown(both.nordlys)["NH-1001"]) == (6, 6)


@pytest.mark.parametrize("falls_at", [None, "invoice"])
def test_nothing_is_pushed_before_the_operator_says_that_stock_falls_at_shipping(
    both: TwoShops, falls_at: str | None
) -> None:
    settings = both.nordlys.settings
    part = settings.mapping.rackbeat
    assert part is not None
    changed = settings.mapping.model_copy(update={"rackbeat": part.model_copy(update={"stock_falls_at": falls_at})})
    both.nordlys.settings = settings.model_copy(update={"mapping": changed})
    both.read()
    with pytest.raises(ConfigurationError, match=r"rackbeat\.stock_falls_at: shipping"):
        push(both.nordlys, selling=both.selling)
    assert both.requests()[1] == 0
    push(both.fjordliv)  # its own mapping says it
    assert shown(both.fjordliv)["OLD-001"] == both.available()["OLD-001"]


def test_account_that_says_that_stock_follows_invoices_is_believed_before_the_operator(both: TwoShops) -> None:
    both.nordlys.warehouse_server.configure({"stock_setting": "shown", "deduct_at": "invoice_booking"})
    both.read()
    with pytest.raises(ConfigurationError, match="would be offered again"):
        push(both.nordlys)
    both.nordlys.warehouse_server.configure({"deduct_at": "shipping"})
    both.run()  # a bad answer is asked for again at once
    both.reset_counters()
    both.run()
    assert both.requests()[0] == 1  # a good one is good for a day


@pytest.mark.timeout(180)
def test_many_products_are_written_in_hundreds(fresh_ledger_url: str) -> None:
    seed = {"products": many_products(300), "orders": []}
    goods = [{**row, "stock": 9} for row in goods_of({**recorded_shop(), **seed})]
    with two_shops(fresh_ledger_url, seed=seed, goods=goods) as both:
        both.reset_counters()
        both.run()
        assert batches(both.nordlys)[:3] == [100, 100, 100]
        assert set(shown(both.nordlys).values()) == {9}
        for number in (7, 107, 207):
            both.set_stock(f"MANY-{number:04d}", "4")
        both.reset_counters()
        both.run()
        assert both.requests() == (1, 3, 2)  # a look for sales; what changed is resolved, and written
        assert sum(both.requests()[:2]) <= 1 + 1 + 5  # pages of the warehouse's list, batches of changes, and five
        assert [shown(both.nordlys)[f"MANY-{number:04d}"] for number in (7, 107, 207)] == [4, 4, 4]


def product(shop: World, sku: str) -> dict[str, Any]:
    return next(row for row in products(shop) if row["sku"] == sku)


def set_in_shop(shop: World, sku: str, quantity: int) -> None:
    put(shop, f"/products/{product(shop, sku)['id']}", {"stock_quantity": quantity})


def put(shop: World, path: str, body: dict[str, Any]) -> None:
    shop.shop.send(write("PUT", path, body))


def document(shop: World) -> documents.Document:
    with shop.ledger.begin() as tx:
        found = documents.find(tx, f"{shop.settings.shop}-stock")
    assert found is not None
    return found


def open_attempts(shop: World) -> list[int]:
    with shop.ledger.begin() as tx:
        query = select(attempts.c.id).where(attempts.c.status.in_(("planned", "sent", "unknown")))
        return list(tx.connection.execute(query).scalars())


def evidence_of(shop: World) -> list[Any]:
    with shop.ledger.begin() as tx:
        query = select(sources.c.body_sha256).where(sources.c.kind == COMPARE, sources.c.scope == shop.settings.shop)
        return [simplejson.loads(bodies.load(tx, digest)) for digest in tx.connection.execute(query).scalars()]


# --- the blind window -------------------------------------------------------------------------------------------------


def buy(shop: World, sku: str, quantity: int) -> str:
    items = [{"sku": sku, "quantity": quantity}]
    return str(shop.act(action="place_order", items=items, payment_method="cod")["order"])


@pytest.mark.edge(71)
def test_what_was_sold_and_is_not_reserved_is_not_offered_again(settled: TwoShops) -> None:
    """The worked example of the domain guide, section 14: five there, two sold, three received."""
    settled.set_stock("NH-1000", "5")
    settled.run()
    buy(settled.nordlys, "NH-1000", 2)
    settled.set_stock("NH-1000", "8")
    settled.forward(minutes=1)
    settled.run()
    assert [shown(shop)["NH-1000"] for shop in settled.worlds] == [6, 6]
    settled.forward(minutes=1)
    settled.nordlys.reserve()
    settled.run()
    assert settled.available()["NH-1000"] == 6
    assert [shown(shop)["NH-1000"] for shop in settled.worlds] == [6, 6]


def test_a_sale_reserved_while_the_warehouse_was_read_still_counts_as_sold(settled: TwoShops) -> None:
    settled.set_stock("NH-1000", "8")
    buy(settled.nordlys, "NH-1000", 2)
    settled.forward(minutes=1)
    settled.read()  # before the reservation: eight
    settled.forward(seconds=10)
    settled.nordlys.observe()
    settled.nordlys.reserve()
    settled.see()
    push(settled.fjordliv, selling=settled.selling)
    assert shown(settled.fjordliv)["NH-1000"] == 6


def test_a_cancelled_sale_is_offered_again(settled: TwoShops) -> None:
    settled.set_stock("NH-1000", "8")
    order = buy(settled.nordlys, "NH-1000", 2)
    settled.forward(minutes=1)
    settled.run()
    assert shown(settled.fjordliv)["NH-1000"] == 6
    settled.nordlys.act(action="set_status", order=int(order), status="cancelled")
    settled.forward(minutes=1)
    settled.run()
    assert shown(settled.fjordliv)["NH-1000"] == 8


def test_while_a_shop_cannot_be_read_the_others_are_only_lowered(settled: TwoShops) -> None:
    settled.set_stock("NH-1000", "310")
    before = shown(settled.fjordliv)["NH-1000"]
    settled.forward(minutes=1)
    settled.read()
    settled.see_one(settled.fjordliv)
    report = push(settled.fjordliv, selling=settled.selling)
    assert report.codes["sales_not_seen"] == 1
    assert shown(settled.fjordliv)["NH-1000"] == before
    settled.see()
    push(settled.fjordliv, selling=settled.selling)
    assert shown(settled.fjordliv)["NH-1000"] == 310


def test_a_shop_that_has_not_begun_is_shown_no_stock(settled: TwoShops) -> None:
    """Its orders are nobody's of ours yet: what it has sold would be offered again."""
    begins = settled.nordlys.ledger.now() + timedelta(days=2)
    settings = settled.fjordliv.settings.model_copy(update={"start_from": begins})
    settled.fjordliv = replace(settled.fjordliv, settings=settings)
    before = shown(settled.fjordliv)["NH-1000"]
    settled.set_stock("NH-1000", str(before + 9))
    _, report = settled.run()
    assert (shown(settled.nordlys)["NH-1000"], shown(settled.fjordliv)["NH-1000"]) == (before + 9, before)
    assert dict(report.codes) == {"shop_not_begun": 1}
    settled.forward(days=2, minutes=1)
    settled.run()
    assert shown(settled.fjordliv)["NH-1000"] == before + 9


def test_held_orders_and_those_of_a_shop_without_stock_count_as_sold(settled: TwoShops) -> None:
    """A customer that cannot be told apart holds an order for days; its pieces are sold all the same."""
    settled.set_stock("NH-1000", "8")
    buy(settled.nordlys, "NH-1000", 2)
    settled.forward(minutes=1)
    settled.run()
    with settled.nordlys.ledger.begin() as tx:
        held = documents.find(tx, f"nordlys-{max_order(settled.nordlys)}-order")
        assert held is not None
        documents.give_verdict(tx, held.id, Verdict.of("refused", system="Rackbeat", step="order", problem="x"))
    settled.set_stock("NH-1000", "9")
    settled.forward(minutes=1)
    settled.run()
    assert shown(settled.fjordliv)["NH-1000"] == 7


def max_order(shop: World) -> int:
    return max(int(order["id"]) for order in shop.shop_server.dump()["orders"])

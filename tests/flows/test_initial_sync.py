"""The first transfer of a shop's products and stock: once, whatever breaks on the way, and what is there stays."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from decimal import Decimal
from typing import Any, cast

import pytest
from sqlalchemy import select

from pakhus.clients.http import Answer, Call, to_json
from pakhus.clients.rackbeat import RackbeatClient
from pakhus.clients.woocommerce_api import write
from pakhus.errors import AccessDeniedError, ConfigurationError
from pakhus.flows.initial_sync import InitialSync
from pakhus.flows.observation import Observer
from pakhus.flows.report import RunReport
from pakhus.flows.stock import StockPusher
from pakhus.flows.stock_reading import StockReader
from pakhus.flows.unreserved_sales import SalesReader
from pakhus.ledger import documents, stops
from pakhus.ledger.schema import attempts
from pakhus.model import Product
from standin.registry import create, default_seed
from standin.server import StandinServer
from tests.flows.product_world import in_shop
from tests.flows.world import World, beside, world

D = Decimal


@contextmanager
def empty_warehouse(ledger_url: str) -> Iterator[World]:
    """A shop and a warehouse that has none of its goods yet."""
    with world(ledger_url) as running:
        clock = running.shop_server.clock
        with StandinServer(create("rackbeat", "new", default_seed("rackbeat"), {}, clock), clock=clock) as server:
            running.warehouse_server = server
            yield running


@pytest.fixture
def nordlys(fresh_ledger_url: str) -> Iterator[World]:
    with empty_warehouse(fresh_ledger_url) as running:
        yield running


def sync(shop: World, warehouse: RackbeatClient | None = None, **options: Any) -> InitialSync:
    return InitialSync(shop.shop, warehouse or shop.warehouse, shop.ledger, shop.settings, **options)


def state(shop: World) -> Any:
    return shop.warehouse_server.standin.state  # type: ignore[attr-defined]


def shop_products(shop: World) -> list[Any]:
    return list(shop.shop_server.standin.shop.products.values())  # type: ignore[attr-defined]


def adjustments(shop: World) -> list[Any]:
    return list(state(shop).adjustments.values())


def expected(shop: World) -> dict[str, D]:
    """What the warehouse must have of what the shop keeps stock of, by number."""
    products = list(shop.shop.catalogue())
    return {one.sku: one.stock for one in products if _is_counted(one, products) and one.stock is not None}


def _is_counted(one: Product, products: list[Product]) -> bool:
    parents = {product.parent_id for product in products}
    well = one.sku and len(one.sku) <= 25 and one.manages_stock and not one.barred and one.id not in parents
    return bool(well and (one.stock or 0) > 0)


def in_stock(shop: World) -> dict[str, D]:
    found = {number: state(shop).stock_of(number) for number in state(shop).products}
    return {number: quantity for number, quantity in found.items() if quantity}


def is_complete(shop: World) -> bool:
    """Everything once: each product, its quantity, one booked adjustment each."""
    wanted = expected(shop)
    assert len(wanted) > 10
    assert in_stock(shop) == wanted
    booked = [one["item"] for one in adjustments(shop) if one["is_booked"]]
    return sorted(booked) == sorted(wanted)


def test_products_and_stock_are_in_the_warehouse_afterwards(nordlys: World) -> None:
    report = sync(nordlys).run()
    assert is_complete(nordlys)
    assert len(adjustments(nordlys)) == len(expected(nordlys))
    assert report.codes["initial_stock_set"] == len(expected(nordlys))
    assert report.codes["product_sku_wrong"] == 3  # two without a SKU, one too long
    made = state(nordlys).products["NH-1000"]
    sold = next(one for one in nordlys.shop.catalogue() if one.sku == "NH-1000")
    assert sold.price is not None
    assert sold.price_includes_vat
    assert made["name"] == sold.name
    assert made["sales_price"] == (sold.price.amount / D("1.25")).quantize(D("0.01"))
    assert "<" not in (made["description"] or "")


def test_a_second_time_is_refused_and_writes_nothing(nordlys: World) -> None:
    sync(nordlys).run()
    nordlys.reset_counters()
    report = sync(nordlys).run()
    assert dict(report.codes) == {"initial_sync_done": 1}
    assert nordlys.writes() == 0


def test_the_preview_says_what_the_run_does_and_writes_nothing(nordlys: World) -> None:
    foreseen = sync(nordlys).preview()
    assert nordlys.writes() == 0
    with nordlys.ledger.begin() as tx:
        assert documents.find(tx, "nordlys-initial_sync") is None
    before = set(state(nordlys).products)
    sync(nordlys).run()
    assert {one.number for one in foreseen if one.make} == set(state(nordlys).products) - before
    assert {one.number: one.on_hand for one in foreseen if one.on_hand} == in_stock(nordlys)


def test_products_only(nordlys: World) -> None:
    sync(nordlys).run(stock=False)
    assert "NH-1000" in state(nordlys).products
    assert adjustments(nordlys) == []


def test_what_the_warehouse_has_stays_as_it_is(nordlys: World) -> None:
    body = {"number": "NH-1000", "name": "Deres navn", "group": 1, "sales_price": 7}
    nordlys.warehouse.send(Call("POST", "/products", body=to_json(body)))
    body["number"] = "NH-1001"
    nordlys.warehouse.send(Call("POST", "/products", body=to_json(body)))
    nordlys.warehouse_server.act({"action": "set_stock", "item": "NH-1000", "quantity": "3"})
    report = sync(nordlys).run()
    assert state(nordlys).products["NH-1000"]["name"] == "Deres navn"
    assert in_stock(nordlys)["NH-1000"] == 3
    assert in_stock(nordlys)["NH-1001"] == expected(nordlys)["NH-1001"]  # there was none of it: it is counted
    assert (report.codes["product_there"], report.codes["initial_stock_there"]) == (2, 1)


def test_a_product_that_the_warehouse_spells_otherwise_is_not_made_a_second_time(nordlys: World) -> None:
    """Two products that a shop cannot tell apart would be shown the stock of neither."""
    body = {"number": "nh-1000", "name": "Kaffekop", "group": 1, "sales_price": 100}
    nordlys.warehouse.send(Call("POST", "/products", body=to_json(body)))
    report = sync(nordlys).run()
    assert "NH-1000" not in state(nordlys).products
    assert "nh-1000" not in in_stock(nordlys)
    [left] = [one for one in sync(nordlys).preview() if one.number == "NH-1000"]
    assert left.left[0].text() == "NH-1000: not transferred, the warehouse has it as nh-1000."
    assert report.remark == ""  # it is a person's, and holds nothing up


@pytest.mark.parametrize("kind", ["grouped", "variable", "external", "variable-subscription"])
def test_what_nobody_can_put_in_a_basket_as_it_is_is_no_product_of_the_warehouse(nordlys: World, kind: str) -> None:
    product = {"name": "Sæt", "sku": "SET-1", "status": "publish", "regular_price": "10"}
    nordlys.shop.send(write("POST", "/products", product))
    in_shop(nordlys, "SET-1").type = kind
    sync(nordlys).run()
    assert "SET-1" not in state(nordlys).products


def test_a_price_that_is_no_number_holds_its_own_product_alone(nordlys: World) -> None:
    """Prices that were imported past the shop's own forms are kept as they were typed."""
    in_shop(nordlys, "NH-1001").regular_price = "199,95"
    report = sync(nordlys).run()
    assert {"NH-1000", "NH-1001"} & state(nordlys).products.keys() == {"NH-1000"}
    assert report.causes["product_price_unknown"].startswith("NH-1001: not transferred, its price cannot be understood")
    assert "199,95" in report.causes["product_price_unknown"]


def again_until_done(shop: World) -> RunReport:
    """Run it as a person does who is told that it is not finished."""
    for _ in range(4):
        shop.forward(minutes=6)
        report = sync(shop).run()
        if "initial_sync_done" in report.codes:
            return report
    raise AssertionError(f"never finished: {report.causes}")


@pytest.mark.parametrize("kind", ["answer_lost", "request_lost", "error_500"])
@pytest.mark.parametrize("path", ["/products$", "/inventory-adjustments$", "/book$"])
def test_lost_answers_are_settled_and_nothing_is_made_twice(nordlys: World, path: str, kind: str) -> None:
    fault = {"method": "POST", "path_regex": path, "kind": kind, "effect": kind == "error_500", "times": 7}
    nordlys.warehouse_server.set_faults([fault])
    first = sync(nordlys).run()
    assert not set(first.codes) <= {"product_made", "initial_stock_set", "product_sku_wrong", "initial_stock_unknown"}
    nordlys.warehouse_server.clear_faults()
    again_until_done(nordlys)
    assert is_complete(nordlys)
    assert len(adjustments(nordlys)) == len(expected(nordlys))
    with nordlys.ledger.begin() as tx:
        open_ones = select(attempts.c.id).where(attempts.c.status.in_(("sent", "unknown")))
        assert tx.connection.execute(open_ones).all() == []


class KilledError(BaseException):
    """What ends a process: nothing of ours catches it."""


class Dying:
    """A warehouse client whose process ends at its n-th write, before or after the warehouse took it."""

    def __init__(self, client: RackbeatClient, at: int, *, after: bool, end: BaseException | None = None) -> None:
        self._client, self._left, self._after, self._end = client, at, after, end or KilledError()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def send(self, call: Call) -> Answer:
        if call.method == "GET":
            return self._client.send(call)
        self._left -= 1
        if self._left < 0 or (self._left == 0 and not self._after):
            raise self._end
        answer = self._client.send(call)
        if self._left == 0:
            raise self._end
        return answer


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("at", [1, 2, 3, 4, 17, 30])
def test_broken_off_anywhere_it_goes_on(nordlys: World, at: int, after: bool) -> None:
    dying: Any = Dying(nordlys.warehouse, at, after=after)
    with pytest.raises(KilledError):
        sync(nordlys, dying, workers=1).run()
    again_until_done(nordlys)
    assert is_complete(nordlys)
    assert len(adjustments(nordlys)) == len(expected(nordlys))


def test_a_sale_between_draft_and_booking_counts_what_the_shop_then_has(nordlys: World) -> None:
    dying: Any = Dying(nordlys.warehouse, 3, after=False)  # product, draft; the booking never left
    with pytest.raises(KilledError):
        sync(nordlys, dying, workers=1).run()
    draft = adjustments(nordlys)[0]
    ref = nordlys.shop.resolve([draft["item"]]).found[draft["item"]]
    path = f"/products/{ref.parent_id}/variations/{ref.id}" if ref.parent_id else f"/products/{ref.id}"
    nordlys.shop.send(write("PUT", path, {"stock_quantity": int(draft["quantity"]) - 1}))
    again_until_done(nordlys)
    assert is_complete(nordlys)
    assert len(adjustments(nordlys)) == len(expected(nordlys)) + 1  # the draft that moves nothing stays


def open_attempts(shop: World) -> list[Any]:
    query = select(attempts.c.step, attempts.c.subject).where(attempts.c.status.in_(("sent", "unknown")))
    with shop.ledger.begin() as tx:
        return list(tx.connection.execute(query).all())


def lose_a_booking(shop: World) -> str:
    """A run whose process ends when the first booking has been taken by the warehouse; the product's number."""
    with pytest.raises(KilledError):
        sync(shop, cast("Any", Dying(shop.warehouse, 3, after=True)), workers=1).run()
    return str(adjustments(shop)[0]["item"])


def put_stock(shop: World, number: str, body: dict[str, Any]) -> None:
    ref = shop.shop.resolve([number]).found[number]
    path = f"/products/{ref.parent_id}/variations/{ref.id}" if ref.parent_id else f"/products/{ref.id}"
    shop.shop.send(write("PUT", path, body))


@pytest.mark.parametrize("body", [{"stock_quantity": 0}, {"status": "draft"}])
def test_a_lost_booking_of_what_the_shop_no_longer_sells_is_settled_too(nordlys: World, body: dict[str, Any]) -> None:
    number = lose_a_booking(nordlys)
    counted = in_stock(nordlys)[number]
    put_stock(nordlys, number, body)
    again_until_done(nordlys)
    assert open_attempts(nordlys) == []
    assert in_stock(nordlys)[number] == counted
    assert len([one for one in adjustments(nordlys) if one["item"] == number]) == 1


def test_what_nobody_can_tell_any_more_is_left_to_a_person_and_holds_nothing_up(nordlys: World) -> None:
    number = lose_a_booking(nordlys)
    nordlys.warehouse_server.act({"action": "set_stock", "item": number, "quantity": "1"})
    nordlys.forward(minutes=6)
    report = sync(nordlys).run()
    assert report.codes["initial_stock_unclear"] == 1
    assert dict(sync(nordlys).run().codes) == {"initial_sync_done": 1}
    assert in_stock(nordlys)[number] == 1


def test_the_shop_keeps_its_numbers_until_all_of_them_are_counted(nordlys: World) -> None:
    before = {one.sku: one.stock for one in nordlys.shop.catalogue() if one.stock}
    lose_a_booking(nordlys)
    report = push_stock(nordlys)
    assert dict(report.codes) == {"initial_sync_open": 1}
    assert {one.sku: one.stock for one in nordlys.shop.catalogue() if one.stock} == before
    again_until_done(nordlys)
    assert "initial_sync_open" not in push_stock(nordlys).codes
    after = {one.sku: one.stock for one in nordlys.shop.catalogue() if one.stock}
    assert {
        sku for sku, stock in before.items() if stock > 0
    } <= after.keys()  # less what is sold and not reserved yet, never 0 for want of a count


def push_stock(shop: World) -> RunReport:
    StockReader(shop.warehouse, shop.ledger, "rackbeat__main").read([shop.settings])
    SalesReader(Observer(shop.shop, shop.ledger, shop.settings)).see()
    return StockPusher(shop.shop, shop.ledger, shop.settings).push()


@pytest.mark.parametrize("at_once", [False, True])
def test_two_shops_of_a_warehouse_make_and_count_what_both_sell_once(nordlys: World, at_once: bool) -> None:
    with beside(nordlys) as fjordliv:
        mapping = fjordliv.settings.mapping.model_copy(update={"rackbeat": nordlys.settings.mapping.rackbeat})
        fjordliv.settings = fjordliv.settings.model_copy(update={"mapping": mapping})
        with ThreadPoolExecutor(2 if at_once else 1) as pool:
            first, second = pool.map(lambda shop: sync(shop).run(), (nordlys, fjordliv))
        one, other = expected(nordlys), expected(fjordliv)
        shared = set(one) & set(other)
        assert shared
        assert in_stock(nordlys).keys() == one.keys() | other.keys()
        assert all(in_stock(nordlys)[sku] in (one[sku], other[sku]) for sku in shared)
        booked = [row["item"] for row in adjustments(nordlys)]
        assert sorted(booked) == sorted(one.keys() | other.keys())
        assert first.codes["product_there"] + second.codes["product_there"] >= len(shared)


def test_what_has_run_out_in_a_warehouse_that_others_sell_from_is_not_counted_by_a_new_shop(
    fresh_ledger_url: str,
) -> None:
    """The number of a shop that joins is what somebody once typed there: all would sell it."""
    with world(fresh_ledger_url) as nordlys, beside(nordlys) as fjordliv:
        nordlys.run()
        nordlys.warehouse_server.act({"action": "set_stock", "item": "NH-1000", "quantity": "0"})
        mapping = fjordliv.settings.mapping.model_copy(update={"rackbeat": nordlys.settings.mapping.rackbeat})
        fjordliv.settings = fjordliv.settings.model_copy(update={"mapping": mapping})
        assert expected(fjordliv)["NH-1000"] > 0
        report = sync(fjordliv).run()
        assert "NH-1000" not in in_stock(nordlys)
        assert report.codes["initial_stock_there"] > 0
        assert report.remark == ""


@pytest.mark.parametrize("change", [{"status": "draft"}, {"sku": ""}])
def test_a_shop_that_has_nothing_to_transfer_yet_has_not_had_its_one_transfer(
    nordlys: World, change: dict[str, Any]
) -> None:
    """Run too early, before the products are published or have their numbers: it runs once, so this was not it."""
    before = {one.id: (one.status, one.sku) for one in shop_products(nordlys)}
    for one in shop_products(nordlys):
        one.status, one.sku = change.get("status", one.status), change.get("sku", one.sku)
    report = sync(nordlys).run()
    assert adjustments(nordlys) == []
    assert report.remark == "nothing to transfer yet: run it again when there is"
    for one in shop_products(nordlys):
        one.status, one.sku = before[one.id]
    sync(nordlys).run()
    assert is_complete(nordlys)


def test_a_stop_holds_it_and_what_is_done_is_kept(nordlys: World) -> None:
    with nordlys.ledger.begin() as tx:
        stops.stop(tx, "nordlys", "all", stopped_by="somebody", cause="stocktaking")
    report = sync(nordlys).run()
    assert report.codes["stopped_by_person"] > 10
    assert adjustments(nordlys) == []


def test_without_the_mapping_s_numbers_it_is_refused_before_anything_is_asked(nordlys: World) -> None:
    mapping = nordlys.settings.mapping
    assert mapping.rackbeat is not None
    bare = mapping.model_copy(update={"rackbeat": mapping.rackbeat.model_copy(update={"new_products": None})})
    nordlys.settings = nordlys.settings.model_copy(update={"mapping": bare})
    with pytest.raises(ConfigurationError, match=r"add rackbeat\.new_products"):
        sync(nordlys).run()


def test_a_key_that_may_not_write_ends_the_run_and_it_can_be_run_again(nordlys: World) -> None:
    denied = AccessDeniedError("the key may not write", status=403)
    dying: Any = Dying(nordlys.warehouse, 5, after=False, end=denied)
    with pytest.raises(AccessDeniedError):
        sync(nordlys, dying).run()
    again_until_done(nordlys)
    assert is_complete(nordlys)


def test_the_undo_list_names_what_was_made_and_not_what_was_there(nordlys: World) -> None:
    there = set(state(nordlys).products)
    sync(nordlys).run()
    made = sync(nordlys).made()
    products = {one.number for one in made if one.step == "create_product"}
    assert products == set(state(nordlys).products) - there
    counted = {one.number: D(one.subject) for one in made if one.step == "book_adjustment"}
    assert counted == in_stock(nordlys)
    assert {one.remote_id for one in made if one.step == "book_adjustment"} == {
        str(one["id"]) for one in adjustments(nordlys)
    }

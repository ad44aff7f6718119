"""Orders of a WooCommerce shop over HTTP: changed, named, placed in a window, refunded."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace

import pytest

from pakhus.clients.webshop import ChangesPage, Seen
from pakhus.clients.woocommerce import WooCommerceClient
from pakhus.clients.woocommerce_errors import InvalidParameterError
from pakhus.errors import (
    AccessDeniedError,
    ConfigurationError,
    NotFoundError,
    TransientError,
)
from pakhus.model import Window
from tests.clients.scripted_shop import Asked, Reply, in_turn
from tests.clients.woocommerce_orders import (
    NO_ROUTE,
    NOON,
    STATUSES,
    ListOfOrders,
    ShopOf,
    client,
    order_json,
)
from tests.clients.woocommerce_recordings import recorded_body, recording


def read_all(reader: WooCommerceClient, cursor: str | None) -> tuple[list[Seen], str | None, list[ChangesPage]]:
    pages = list(reader.changes(cursor))
    orders = [seen for page in pages for seen in page.orders]
    return orders, (pages[-1].cursor if pages else cursor), pages


def test_asks_once_when_nothing_changed(shop_of: ShopOf) -> None:
    shop = shop_of(ListOfOrders(order_json(7)))
    reader = client(shop)
    orders, cursor, _ = read_all(reader, None)
    assert [seen.id for seen in orders] == ["7"]
    shop.asked.clear()
    again, unmoved, _ = read_all(client(shop), cursor)
    assert len(shop.asked) == 1
    assert unmoved == cursor
    assert [seen.body for seen in again] == [seen.body for seen in orders], "the overlap gives the same version again"


def test_begins_at_the_start_date_and_keeps_that_even_when_empty(shop_of: ShopOf) -> None:
    shop = shop_of(ListOfOrders())
    _, cursor, pages = read_all(client(shop), None)
    assert [page.orders for page in pages] == [()]
    assert shop.asked[-1].query["modified_after"] == "2026-11-20T11:58:30"
    assert list(client(shop).changes(cursor)) == []


def test_begins_at_the_beginning_without_a_start_date(shop_of: ShopOf) -> None:
    shop = shop_of(ListOfOrders(order_json(7)))
    assert [seen.id for seen in read_all(client(shop, start_from=None), None)[0]] == ["7"]
    assert shop.asked[-1].query["modified_after"] == "1999-12-31T23:58:30"


def test_names_each_state_and_the_bin_but_no_drafts(shop_of: ShopOf) -> None:
    shop = shop_of(ListOfOrders())
    list(client(shop, extra_states=("wc-shipped",)).changes(None))
    assert shop.asked[-1].query["status"] == "completed,pending,processing,shipped,trash"


def test_falls_back_on_the_core_states_of_an_older_shop(shop_of: ShopOf) -> None:
    shop_orders = ListOfOrders(order_json(7, status="on-hold"))
    shop_orders.statuses = NO_ROUTE
    shop = shop_of(shop_orders)
    assert [seen.id for seen in read_all(client(shop, extra_states=("shipped",)), None)[0]] == ["7"]
    assert (
        shop.asked[-1].query["status"] == "cancelled,completed,failed,on-hold,pending,processing,refunded,shipped,trash"
    )


def test_asks_for_the_states_again_after_an_hour(shop_of: ShopOf) -> None:
    shop = shop_of(ListOfOrders(order_json(7)))
    _, cursor, _ = read_all(client(shop), None)
    stored = json.loads(cursor or "")
    stored["states_at"] = "2020-01-01T00:00:00"
    shop.asked.clear()
    _, renewed, _ = read_all(client(shop), json.dumps(stored))
    assert [asked.path.rsplit("/", 1)[1] for asked in shop.asked] == ["statuses", "orders"]
    assert json.loads(renewed or "")["states_at"] > "2026"


def test_asks_at_once_for_a_state_that_is_new_in_the_settings(shop_of: ShopOf) -> None:
    shop_orders = ListOfOrders(order_json(7), order_json(8, NOON + dt.timedelta(minutes=20), status="shipped"))
    shop_orders.statuses = NO_ROUTE
    shop = shop_of(shop_orders)
    _, cursor, _ = read_all(client(shop), None)
    assert [seen.id for seen in read_all(client(shop, extra_states=("shipped",)), cursor)[0]] == ["7", "8"]


def test_finds_orders_that_were_in_a_new_state_before_it_was_known(shop_of: ShopOf) -> None:
    shop_orders = ListOfOrders(order_json(7), order_json(8, NOON + dt.timedelta(minutes=20), status="shipped"))
    shop = shop_of(shop_orders)
    shop_orders.orders[9] = order_json(9, NOON + dt.timedelta(minutes=30))
    orders, cursor, _ = read_all(client(shop), None)
    assert [seen.id for seen in orders] == ["7", "9"], "8 is in a state nobody has told us of"
    stored = json.loads(cursor or "")
    stored["states_at"] = "2020-01-01T00:00:00"
    shop_orders.statuses = Reply([*STATUSES, {"slug": "shipped", "name": "Sendt"}])
    assert "8" in {seen.id for seen in read_all(client(shop), json.dumps(stored))[0]}


def test_reads_on_when_a_plugin_took_its_state_away(shop_of: ShopOf) -> None:
    shop_orders = ListOfOrders(order_json(7))
    shop_orders.statuses = Reply([*STATUSES, {"slug": "shipped", "name": "Sendt"}])
    refusal = Reply(recorded_body("error-orders-status-bad"), 400)
    gone = False

    def script(asked: Asked) -> Reply:
        return refusal if gone and "shipped" in asked.query.get("status", "") else shop_orders(asked)

    shop = shop_of(script)
    _, cursor, _ = read_all(client(shop), None)
    gone, shop_orders.statuses = True, Reply(STATUSES)
    orders, renewed, _ = read_all(client(shop), cursor)
    assert [seen.id for seen in orders] == ["7"]
    assert "shipped" not in json.loads(renewed or "")["states"]


def test_stops_when_the_settings_name_a_state_the_shop_has_not(shop_of: ShopOf) -> None:
    shop_orders = ListOfOrders()
    refusal = Reply(recorded_body("error-orders-status-bad"), 400)
    shop = shop_of(lambda asked: refusal if "sendt" in asked.query.get("status", "") else shop_orders(asked))
    with pytest.raises(InvalidParameterError, match="status"):
        list(client(shop, extra_states=("sendt",)).changes(None))


def test_gives_an_order_it_cannot_read_with_the_field(shop_of: ShopOf) -> None:
    shop = shop_of(ListOfOrders(order_json(7, total="gratis"), order_json(8)))
    bad, good = read_all(client(shop), None)[0]
    assert (bad.id, bad.order) == ("7", None)
    assert bad.problem == "total: is not a number: 'gratis'"
    assert json.loads(bad.body)["total"] == "gratis"
    assert good.order is not None


def test_shows_binned_orders_as_deleted(shop_of: ShopOf) -> None:
    shop = shop_of(ListOfOrders(order_json(7, status="trash")))
    (seen,) = read_all(client(shop), None)[0]
    assert seen.order is not None
    assert seen.order.lifecycle == "deleted"


def test_loses_no_order_when_one_moves_between_two_pages(shop_of: ShopOf) -> None:
    """The recorded race over HTTP: 5 a page, an order of page 1 changes before page 2 is asked for."""
    orders = [order_json(number, NOON + dt.timedelta(seconds=number)) for number in range(1, 13)]
    shop_orders = ListOfOrders(*orders)
    shop_orders.before[2] = lambda shop: shop.orders.update({2: order_json(2, NOON + dt.timedelta(minutes=9))})
    shop = shop_of(shop_orders)
    seen = [one.id for one in read_all(client(shop, page_size=5), None)[0]]
    assert set(seen) == {str(number) for number in range(1, 13)}
    assert seen.count("2") == 2, "it changed, so it comes again"


def test_vouches_only_for_what_was_given(shop_of: ShopOf) -> None:
    orders = [order_json(number, NOON + dt.timedelta(minutes=5 * number)) for number in range(1, 8)]
    shop = shop_of(ListOfOrders(*orders))
    first = next(iter(client(shop, page_size=3).changes(None)))
    rest = read_all(client(shop, page_size=3), first.cursor)[0]
    assert [seen.id for seen in first.orders] == ["1", "2", "3"]
    assert {seen.id for seen in rest} >= {"4", "5", "6", "7"}


def test_refuses_a_cursor_that_is_not_its_own(shop_of: ShopOf) -> None:
    with pytest.raises(ConfigurationError, match="cursor"):
        list(client(shop_of(ListOfOrders())).changes("page 7"))


def test_understands_a_stored_body_again_without_network(shop_of: ShopOf) -> None:
    shop = shop_of(ListOfOrders(order_json(7)))
    reader = client(shop)
    (seen,) = reader.orders(["7"])
    shop.asked.clear()
    assert reader.parse("7", seen.body, seen.read_at) == seen
    assert shop.asked == []


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"null", b'{"id": 7}'])
def test_says_what_is_wrong_with_a_stored_body(shop_of: ShopOf, body: bytes) -> None:
    seen = client(shop_of(ListOfOrders())).parse("7", body, NOON)
    assert seen.order is None
    assert seen.problem


def test_reads_named_orders_in_chunks_and_says_which_are_gone(shop_of: ShopOf) -> None:
    orders = [order_json(number, status="trash" if number == 3 else "processing") for number in range(1, 111)]
    shop = shop_of(ListOfOrders(*orders))
    wanted = [str(number) for number in range(1, 111)] + ["999"]
    seen = list(client(shop).orders(wanted))
    assert [one.id for one in seen] == wanted
    assert [one.id for one in seen if one.gone] == ["999"]
    lists = [asked for asked in shop.asked if asked.path.endswith("/orders")]
    assert [len(asked.query["include"].split(",")) for asked in lists] == [50, 50, 11]
    assert {asked.query["per_page"] for asked in lists} == {"100"}


def test_asks_alone_for_an_order_the_list_does_not_show(shop_of: ShopOf) -> None:
    shop = shop_of(ListOfOrders(order_json(7), order_json(8, status="state-of-a-plugin")))
    assert [(one.id, one.gone) for one in client(shop).orders(["7", "8"])] == [("7", False), ("8", False)]


def test_reads_one_order_with_one_request(shop_of: ShopOf) -> None:
    shop = shop_of(ListOfOrders(order_json(7)))
    assert [one.id for one in client(shop).orders(["7", "7"])] == ["7"]
    assert len(shop.asked) == 1


def test_asks_nothing_for_no_ids_and_for_what_cannot_be_one(shop_of: ShopOf) -> None:
    shop = shop_of(ListOfOrders())
    assert list(client(shop).orders([])) == []
    assert [(one.id, one.gone) for one in client(shop).orders(["x", "007", "-1"])] == [
        ("x", True),
        ("007", True),
        ("-1", True),
    ]
    assert shop.asked == []


def test_refuses_a_shop_that_ignores_include(shop_of: ShopOf) -> None:
    rows = [order_json(number) for number in (1, 2, 3)]
    shop = shop_of(lambda asked: Reply(STATUSES if asked.path.endswith("statuses") else rows))
    with pytest.raises(ConfigurationError, match="include"):
        list(client(shop).orders(["1", "2"]))


DAY = Window(NOON, NOON + dt.timedelta(days=1))


def placed_ids(pages: list[ChangesPage]) -> list[str]:
    return [seen.id for page in pages for seen in page.orders]


def test_reads_a_closed_window_by_id_start_included_end_not(shop_of: ShopOf) -> None:
    moments = {1: -1, 2: 0, 3: 10, 4: 86399, 5: 86400}
    orders = [order_json(number, NOON + dt.timedelta(seconds=moment)) for number, moment in moments.items()]
    shop = shop_of(ListOfOrders(*orders))
    assert placed_ids(list(client(shop).placed(DAY))) == ["2", "3", "4"]


def test_goes_on_in_a_window_where_it_stopped(shop_of: ShopOf) -> None:
    shop = shop_of(ListOfOrders(*(order_json(number) for number in range(1, 8))))
    first = next(iter(client(shop, page_size=3).placed(DAY)))
    shop.asked.clear()
    rest = list(client(shop, page_size=3).placed(DAY, first.cursor))
    assert placed_ids(rest) == ["4", "5", "6", "7"]
    assert list(client(shop, page_size=3).placed(DAY, rest[-1].cursor)) == []
    assert [asked.query["page"] for asked in shop.asked if "page" in asked.query] == ["2", "3"]


def test_reads_a_window_again_when_an_order_vanished_from_it(shop_of: ShopOf) -> None:
    shop_orders = ListOfOrders(*(order_json(number) for number in range(1, 8)))
    shop_orders.before[2] = lambda shop: shop.orders.pop(1)
    shop = shop_of(shop_orders)
    assert set(placed_ids(list(client(shop, page_size=3).placed(DAY)))) == {str(number) for number in range(1, 8)}


def test_does_not_take_a_window_for_whole_that_hides_orders(shop_of: ShopOf) -> None:
    rows = Reply([order_json(1)], headers={"X-WP-Total": "2", "X-WP-TotalPages": "1"})
    shop = shop_of(lambda asked: Reply(STATUSES) if asked.path.endswith("statuses") else rows)
    with pytest.raises(TransientError, match="hides rows"):
        list(client(shop).placed(DAY))


def test_refuses_a_cursor_of_another_window(shop_of: ShopOf) -> None:
    shop = shop_of(ListOfOrders(order_json(1)))
    (page,) = client(shop).placed(DAY)
    other = replace(DAY, end=DAY.end + dt.timedelta(days=1))
    for cursor in (page.cursor, "{}"):
        with pytest.raises(ConfigurationError, match="window"):
            list(client(shop).placed(other, cursor))


def test_reads_refunds_oldest_first_and_each_once(shop_of: ShopOf) -> None:
    order, refunds = recorded_body("order-get-part-refund"), recorded_body("order-refunds-list")
    bodies = json.loads(json.dumps([order, refunds], default=float))

    def script(asked: Asked) -> Reply:
        if not asked.path.endswith("/refunds"):
            return Reply(bodies[0])
        page = int(asked.query["page"])
        shown = [bodies[1][:2], bodies[1][1:]][page - 1 : page]  # one slipped to the next page
        return Reply(shown[0] if shown else [], headers={"X-WP-TotalPages": "2"})

    shop = client(shop_of(script), page_size=2)
    seen = shop.credits("80")
    assert [shop.parse_credit(one.id, one.body, one.read_at) for one in seen] == list(seen)
    found = [one.credit for one in seen if one.credit is not None]
    assert [(credit.id, str(credit.amount)) for credit in found] == [
        ("106", "189.00 DKK"),
        ("107", "25.00 DKK"),
        ("108", "49.00 DKK"),
    ]
    assert [len(credit.lines) for credit in found] == [1, 0, 1]


def test_asks_no_more_when_the_order_has_no_refunds(shop_of: ShopOf) -> None:
    shop = shop_of(ListOfOrders(order_json(7)))
    assert client(shop).credits("7") == ()
    assert len(shop.asked) == 1


def test_says_that_the_order_of_refunds_is_gone(shop_of: ShopOf) -> None:
    reader = client(shop_of(ListOfOrders()))
    for order_id in ("7", "x"):
        with pytest.raises(NotFoundError):
            reader.credits(order_id)


def test_holds_a_refund_it_cannot_read(shop_of: ShopOf) -> None:
    order = order_json(80, refunds=[{"id": 1, "total": "-1"}])
    refund = {"id": 1, "amount": "1", "date_created_gmt": "x"}
    shop = shop_of(lambda asked: Reply([refund] if asked.path.endswith("refunds") else order))
    [seen] = client(shop).credits("80")
    assert (seen.id, seen.credit) == ("1", None)
    assert "date_created_gmt" in seen.problem


def test_denied_keys_stop_the_reading(shop_of: ShopOf) -> None:
    name = "error-401-read-key-writes"
    shop = shop_of(in_turn(Reply(recorded_body(name), recording(name)["response"]["status"])))
    with pytest.raises(AccessDeniedError, match="permissions"):
        list(client(shop).changes(None))
    assert len(shop.asked) == 1

"""Orders of a shop over HTTP: keys, retries, changes, single orders, windows, refunds."""

from __future__ import annotations

import copy
import datetime as dt
import json
import ssl
import traceback
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from pakhus.clients.http import Limits
from pakhus.clients.webshop import ChangesPage, Seen
from pakhus.clients.woocommerce import WooCommerceClient, WooCommerceSettings
from pakhus.clients.woocommerce_errors import InvalidParameterError
from pakhus.errors import (
    AccessDeniedError,
    ConfigurationError,
    DataError,
    NotFoundError,
    RateLimitedError,
    RemoteError,
    TransientError,
)
from pakhus.model import Window
from tests.clients.certificates import self_signed
from tests.clients.scripted_shop import Asked, Reply, Script, ScriptedShop, in_turn, serving
from tests.clients.woocommerce_recordings import recorded_body, recording

NOON = dt.datetime(2026, 11, 21, 12, 0, tzinfo=dt.UTC)
QUICK = Limits(first_backoff_s=0.01, deadline_s=5, tries=3)
KEY, SECRET = "ck_0123456789", "cs_topsecret"
STATUSES = [{"slug": slug, "name": slug} for slug in ("pending", "processing", "completed", "checkout-draft")]
NOT_FOUND = Reply(
    {"code": "woocommerce_rest_shop_order_invalid_id", "message": "Invalid ID.", "data": {"status": 404}}, 404
)
NO_ROUTE = Reply({"code": "rest_no_route", "message": "No route", "data": {"status": 404}}, 404)


def client(shop: ScriptedShop, **settings: Any) -> WooCommerceClient:
    facts = {"limits": QUICK, "start_from": NOON - dt.timedelta(days=1), **settings}
    base_url = facts.pop("base_url", shop.url)
    return WooCommerceClient.from_settings(WooCommerceSettings("nordlys", base_url, KEY, SECRET, **facts))


def order_json(order_id: int, modified: dt.datetime = NOON, **changes: Any) -> dict[str, Any]:
    stamp = f"{modified:%Y-%m-%dT%H:%M:%S}"
    body = copy.deepcopy(recorded_body("order-get-round"))
    body.update(id=order_id, number=str(order_id), date_created_gmt=stamp, date_modified_gmt=stamp)
    return json.loads(json.dumps({**body, **changes}, default=float))  # type: ignore[no-any-return]


class Certificate(NamedTuple):
    """A certificate nobody has signed, as the client's CA file and as the server's key."""

    path: str
    tls: ssl.SSLContext


class ListOfOrders:
    """Answers /orders as the shop would for the filters we use; notes what may happen before each request."""

    def __init__(self, *orders: dict[str, Any]) -> None:
        self.orders = {order["id"]: order for order in orders}
        self.now = NOON + dt.timedelta(hours=1)
        self.before: dict[int, Callable[[ListOfOrders], None]] = {}
        self.reads = 0
        self.statuses: Reply = Reply(STATUSES)

    def __call__(self, asked: Asked) -> Reply:
        if asked.path.endswith("/orders/statuses"):
            return self.statuses
        if not asked.path.endswith("/orders"):
            found = self.orders.get(int(asked.path.rsplit("/", 1)[1]))
            return Reply(found) if found else NOT_FOUND
        self.reads += 1
        self.before.get(self.reads, lambda _: None)(self)
        return self._page(asked.query)

    def _page(self, query: dict[str, str]) -> Reply:
        assert query["dp"] == "2"
        size, number = int(query["per_page"]), int(query["page"])
        found = sorted(
            (order for order in self.orders.values() if _matches(order, query)),
            key=lambda order: (
                (order["date_modified_gmt"], order["id"]) if query["orderby"] == "modified" else order["id"]
            ),
        )
        rows = found[(number - 1) * size : number * size]
        total = len(found) if rows else 0
        headers = {
            "X-WP-Total": str(total),
            "X-WP-TotalPages": str(-(-total // size)),
            "Date": f"{self.now:%a, %d %b %Y %H:%M:%S} GMT",
        }
        return Reply(rows, headers=headers)


def _matches(order: dict[str, Any], query: dict[str, str]) -> bool:
    for bound in ("modified_after", "after", "before"):
        if bound in query:
            assert query["dates_are_gmt"] == "true"
            dt.datetime.strptime(query[bound], "%Y-%m-%dT%H:%M:%S")  # noqa: DTZ007 - no zone may be sent
    return (
        order["status"] in query["status"].split(",")
        and order["date_modified_gmt"] > query.get("modified_after", "")
        and order["date_created_gmt"] > query.get("after", "")
        and order["date_created_gmt"] < query.get("before", "9999")
        and ("include" not in query or str(order["id"]) in query["include"].split(","))
    )


@pytest.fixture
def shop_of() -> Iterator[Callable[[Script], ScriptedShop]]:
    opened = []

    def start(script: Script) -> ScriptedShop:
        server = serving(script)
        opened.append(server)
        return server.__enter__()

    yield start
    for server in opened:
        server.__exit__(None, None, None)


ShopOf = Callable[[Script], ScriptedShop]


# --- keys ------------------------------------------------------------------------------------------------------------


def test_signs_over_plain_http_and_never_sends_the_secret(shop_of: ShopOf) -> None:
    shop = shop_of(ListOfOrders())
    list(client(shop).changes(None))
    for asked in shop.asked:
        assert asked.query["oauth_consumer_key"] == KEY
        assert asked.query["oauth_signature_method"] == "HMAC-SHA256"
        assert "Authorization" not in asked.headers
        assert asked.headers["Accept"] == "application/json"
        assert SECRET not in asked.raw_query + str(asked.headers)


def test_signs_each_try_anew(shop_of: ShopOf) -> None:
    shop = shop_of(in_turn(Reply(b"<html>", 502), Reply(order_json(7))))
    assert [seen.id for seen in client(shop).orders(["7"])] == ["7"]
    first, second = shop.asked
    assert first.query["oauth_nonce"] != second.query["oauth_nonce"]
    assert first.query["oauth_signature"] != second.query["oauth_signature"]


def test_goes_by_the_shops_clock_when_a_signature_is_refused_for_its_time(shop_of: ShopOf) -> None:
    shop_clock = dt.datetime(2031, 1, 1, tzinfo=dt.UTC).timestamp()
    refusal = Reply({"code": "woocommerce_rest_authentication_error", "message": "Invalid timestamp."}, 401)

    def script(asked: Asked) -> Reply:
        in_time = abs(int(asked.query["oauth_timestamp"]) - shop_clock) < 900
        return Reply(order_json(7)) if in_time else refusal

    shop = shop_of(script)
    shop.clock = lambda: shop_clock
    assert [seen.gone for seen in client(shop).orders(["7"])] == [False]
    assert len(shop.asked) == 2


def test_reads_the_index_without_keys(shop_of: ShopOf) -> None:
    shop = shop_of(in_turn(Reply(recorded_body("index-root"))))
    client(shop)._api.index()
    assert shop.asked[0].path == "/wp-json/"
    assert "oauth_consumer_key" not in shop.asked[0].query


@pytest.fixture
def certificate(tmp_path: Path) -> Certificate:
    path, key = self_signed(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path, key)
    return Certificate(path, context)


@pytest.mark.parametrize("check", ["the certificate", "nothing"])
@pytest.mark.filterwarnings("ignore:Unverified HTTPS request")
def test_sends_keys_in_the_header_over_tls(certificate: Certificate, check: str) -> None:
    with serving(ListOfOrders(order_json(7)), certificate.tls) as shop:
        verify = certificate.path if check == "the certificate" else False
        assert [seen.id for seen in client(shop, verify=verify).orders(["7"])] == ["7"]
        assert shop.asked[0].headers["Authorization"].startswith("Basic ")
        assert shop.asked[0].raw_query == "dp=2"


def test_refuses_a_certificate_it_does_not_know(certificate: Certificate) -> None:
    with serving(ListOfOrders(), certificate.tls) as shop, pytest.raises(ConfigurationError, match="TLS"):
        list(client(shop).orders(["7"]))
    assert shop.asked == []


def test_shows_no_secret_in_its_representation() -> None:
    settings = WooCommerceSettings("nordlys", "https://shop.example", KEY, SECRET)
    shown = f"{settings!r} {settings} {WooCommerceClient.from_settings(settings)!r}"
    assert KEY not in shown
    assert SECRET not in shown


@pytest.mark.parametrize("trouble", ["closed port", "refusal", "page", "redirect"])
def test_shows_no_key_in_what_goes_wrong(shop_of: ShopOf, trouble: str) -> None:
    replies = {
        "refusal": Reply({"code": "woocommerce_rest_cannot_view", "message": "no"}, 401),
        "page": Reply(b"<html>Stack trace /srv/x.php</html>", 500),
    }

    def script(asked: Asked) -> Reply:
        location = f"https://shop.example{asked.path}?{asked.raw_query}"
        return replies.get(trouble) or Reply(status=301, headers={"Location": location})

    shop = shop_of(script)
    address = "http://127.0.0.1:9" if trouble == "closed port" else shop.url
    with pytest.raises(RemoteError) as caught:
        list(client(shop, base_url=address).orders(["7"]))
    told = "".join(traceback.format_exception(caught.value)) + caught.value.excerpt
    for secret in (KEY, SECRET, "oauth_signature"):
        assert secret not in told


@pytest.mark.parametrize("address", ["shop.example", "ftp://shop.example", "https://", "https://k:s@shop.example", ""])
def test_refuses_an_address_that_is_none(address: str) -> None:
    with pytest.raises(ConfigurationError, match="address"):
        WooCommerceClient.from_settings(WooCommerceSettings("nordlys", address, KEY, SECRET))


@pytest.mark.parametrize("suffix", ["", "/", "/wp-json", "/wp-json/wc/v3/"])
def test_takes_the_address_with_or_without_the_api_path(shop_of: ShopOf, suffix: str) -> None:
    shop = shop_of(ListOfOrders(order_json(7)))
    list(client(shop, base_url=shop.url + suffix).orders(["7"]))
    assert shop.asked[0].path == "/wp-json/wc/v3/orders/7"


def test_refuses_settings_without_a_zone_or_with_too_large_pages() -> None:
    with pytest.raises(ValueError, match="time zone"):
        WooCommerceSettings("s", "https://x", KEY, SECRET, start_from=dt.datetime(2026, 1, 1))  # noqa: DTZ001
    with pytest.raises(ValueError, match="page_size"):
        WooCommerceSettings("s", "https://x", KEY, SECRET, page_size=101)


# --- retries ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "trouble",
    [
        Reply(b"<html>bad gateway</html>", 502),
        Reply(b"<html>cloudflare</html>", 522),
        Reply(b"<html>firewall</html>", 403),
        Reply(b"<html>maintenance</html>", 503, {"Retry-After": "0"}),
        Reply({"code": "internal_server_error", "message": "<p>critical</p>"}, 500),
        Reply(b"<html>a page</html>", 200, {"Content-Type": "text/html"}),
    ],
)
def test_reads_again_after_trouble(shop_of: ShopOf, trouble: Reply) -> None:
    shop = shop_of(in_turn(trouble, Reply(order_json(7))))
    assert [seen.id for seen in client(shop).orders(["7"])] == ["7"]


def test_gives_up_after_some_tries(shop_of: ShopOf) -> None:
    shop = shop_of(in_turn(Reply(b"<html>", 502)))
    with pytest.raises(TransientError):
        list(client(shop).orders(["7"]))
    assert len(shop.asked) == QUICK.tries


def test_does_not_sit_out_a_long_retry_after(shop_of: ShopOf) -> None:
    shop = shop_of(in_turn(Reply({"code": "wp_die", "message": "Briefly"}, 503, {"Retry-After": "600"})))
    with pytest.raises(RateLimitedError) as caught:
        list(client(shop).orders(["7"]))
    assert caught.value.retry_after == dt.timedelta(seconds=60)
    assert len(shop.asked) == 1


@pytest.mark.parametrize("body", [{"code": "x"}, [1], None])
def test_takes_no_other_json_for_a_list(shop_of: ShopOf, body: object) -> None:
    shop = shop_of(in_turn(Reply(body)))
    with pytest.raises(TransientError, match="list of objects"):
        list(client(shop).changes(None))


# --- changes ---------------------------------------------------------------------------------------------------------


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


# --- single orders ---------------------------------------------------------------------------------------------------


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


# --- windows ---------------------------------------------------------------------------------------------------------

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


# --- refunds ---------------------------------------------------------------------------------------------------------


def test_reads_refunds_oldest_first_and_each_once(shop_of: ShopOf) -> None:
    order, refunds = recorded_body("order-get-part-refund"), recorded_body("order-refunds-list")
    bodies = json.loads(json.dumps([order, refunds], default=float))

    def script(asked: Asked) -> Reply:
        if not asked.path.endswith("/refunds"):
            return Reply(bodies[0])
        page = int(asked.query["page"])
        shown = [bodies[1][:2], bodies[1][1:]][page - 1 : page]  # one slipped to the next page
        return Reply(shown[0] if shown else [], headers={"X-WP-TotalPages": "2"})

    found = client(shop_of(script), page_size=2).credits("80")
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
    with pytest.raises(DataError) as caught:
        client(shop).credits("80")
    assert set(caught.value.fields) == {"date_created_gmt"}


def test_denied_keys_stop_the_reading(shop_of: ShopOf) -> None:
    name = "error-401-read-key-writes"
    shop = shop_of(in_turn(Reply(recorded_body(name), recording(name)["response"]["status"])))
    with pytest.raises(AccessDeniedError, match="permissions"):
        list(client(shop).changes(None))
    assert len(shop.asked) == 1

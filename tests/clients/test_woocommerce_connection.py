"""How a WooCommerce shop is reached: keys, addresses, certificates, retries."""

from __future__ import annotations

import datetime as dt
import ssl
import traceback
from pathlib import Path
from typing import NamedTuple

import pytest

from pakhus.clients.woocommerce import WooCommerceClient, WooCommerceSettings
from pakhus.errors import (
    ConfigurationError,
    RateLimitedError,
    RemoteError,
    TransientError,
)
from tests.clients.certificates import self_signed
from tests.clients.scripted_shop import Asked, Reply, in_turn, serving
from tests.clients.woocommerce_orders import (
    KEY,
    QUICK,
    SECRET,
    ListOfOrders,
    ShopOf,
    client,
    order_json,
)
from tests.clients.woocommerce_recordings import recorded_body


class Certificate(NamedTuple):
    """A certificate nobody has signed, as the client's CA file and as the server's key."""

    path: str
    tls: ssl.SSLContext


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


@pytest.mark.edge(85)
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

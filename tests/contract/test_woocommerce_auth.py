"""Keys, addresses and routes of the WooCommerce stand-in: who gets in, and by which door."""

from __future__ import annotations

import pytest

from tests.contract.woocommerce_worlds import HOME, HTTP_HOME, Visitor, World, at, basic, oauth, parsed, shop_as_of

ORDERS = "/wp-json/wc/v3/orders"
JSON = {"Accept": "application/json"}


def _visitor(home: str, **settings: object) -> Visitor:
    return Visitor(World(shop_as_of(), dict(settings)), at("16:17:10"), home)


def test_takes_basic_over_http_only_behind_a_proxy_that_ends_tls() -> None:
    asked = {**JSON, **basic("rw", "rw")}
    assert _visitor(HTTP_HOME).ask("GET", ORDERS, [], asked).status == 401
    assert _visitor(HTTP_HOME, behind_tls=True).ask("GET", ORDERS, [], asked).status == 200


@pytest.mark.parametrize("method", ["HMAC-SHA1", "HMAC-SHA256"])
def test_takes_oauth_in_the_query_and_in_the_header(method: str) -> None:
    shop, stamp = _visitor(HTTP_HOME), str(int(at("16:17:10").timestamp()))
    fixed = {"oauth_signature_method": method, "oauth_timestamp": stamp}
    pairs = [("search", "Ærø & søn"), ("per_page", "1")]
    url = f"{HTTP_HOME}{ORDERS}"
    signed = oauth("GET", url, pairs, **fixed, oauth_nonce="one")
    assert shop.ask("GET", ORDERS, [*pairs, *signed.items()], JSON).status == 200
    signed = oauth("GET", url, pairs, **fixed, oauth_nonce="two")
    header = "OAuth " + ", ".join(f'{name}="{value}"' for name, value in signed.items())
    assert shop.ask("GET", ORDERS, pairs, {**JSON, "Authorization": header}).status == 200


def test_refuses_what_was_signed_for_another_address_or_method() -> None:
    shop, stamp = _visitor(HTTP_HOME), str(int(at("16:17:10").timestamp()))
    for method, url in (("GET", f"http://proxy.example.dk{ORDERS}"), ("PUT", f"{HTTP_HOME}{ORDERS}")):
        signed = oauth(method, url, [], oauth_timestamp=stamp)
        answer = shop.ask("GET", ORDERS, list(signed.items()), JSON)
        assert (answer.status, parsed(answer)["code"]) == (401, "woocommerce_rest_authentication_error")


def test_counts_list_brackets_before_it_checks_a_signature() -> None:
    shop, stamp = _visitor(HTTP_HOME), str(int(at("16:17:10").timestamp()))
    url, sent = f"{HTTP_HOME}{ORDERS}", [("status[]", "processing"), ("status[]", "on-hold")]
    as_sent = oauth("GET", url, sent, oauth_timestamp=stamp, oauth_nonce="one")
    assert shop.ask("GET", ORDERS, [*sent, *as_sent.items()], JSON).status == 401
    counted = [("status[0]", "processing"), ("status[1]", "on-hold")]
    as_counted = oauth("GET", url, counted, oauth_timestamp=stamp, oauth_nonce="two")
    assert shop.ask("GET", ORDERS, [*sent, *as_counted.items()], JSON).status == 200


def test_lets_a_write_only_key_write_but_not_read() -> None:
    shop = _visitor(HOME)
    assert shop.send("PUT", "/orders/68", {}, key="write").status == 200
    assert shop.send("GET", "/orders/68", key="write").status == 401
    assert shop.send("HEAD", "/orders", key="read").status == 200
    assert shop.send("DELETE", "/orders/68", key="read").status == 401


def test_checks_arguments_before_rights() -> None:
    shop = _visitor(HOME)
    assert shop.send("GET", "/orders", key="customer", per_page="0").status == 400
    assert shop.send("GET", "/orders", key="customer").status == 403


def test_tells_methods_and_arguments_to_anybody() -> None:
    answer = _visitor(HOME).ask("OPTIONS", ORDERS, [], JSON)
    body = parsed(answer)
    assert sorted(body) == sorted(["namespace", "methods", "endpoints", "schema", "_links"])
    assert (body["methods"], "Allow" in answer.headers) == (["GET", "POST"], False)
    assert "modified_after" in body["endpoints"][0]["args"]


def test_knows_no_rest_address_while_permalinks_are_plain() -> None:
    shop = _visitor(HOME, plain_permalinks=True)
    answer = shop.ask("GET", ORDERS, [], {**JSON, **basic("rw", "rw")})
    assert (answer.status, answer.content_type) == (404, "text/html; charset=UTF-8")
    by_query = shop.ask("GET", "/", [("rest_route", "/wc/v3/orders")], {**JSON, **basic("rw", "rw")})
    assert (by_query.status, parsed(by_query)["code"]) == (401, "woocommerce_rest_cannot_view")


def test_lists_its_namespaces_unless_woocommerce_is_off() -> None:
    index = parsed(_visitor(HOME).ask("GET", "/wp-json/", [], JSON))
    assert "wc/v3" in index["namespaces"]
    assert (index["timezone_string"], index["gmt_offset"]) == ("Europe/Copenhagen", 1)
    switched_off = parsed(_visitor(HOME, woocommerce_off=True).ask("GET", "/wp-json", [], JSON))
    assert not [name for name in switched_off["namespaces"] if name.startswith("wc/")]


def test_answers_a_page_to_everything_else() -> None:
    shop = _visitor(HOME)
    for path in ("/", "/butik/", "/wc-api/v3/orders"):
        assert shop.ask("GET", path, [], JSON).content_type == "text/html; charset=UTF-8"


def test_answers_ordinary_errors_as_json_whatever_is_accepted() -> None:
    answer = _visitor(HOME).ask("GET", ORDERS, [], {"Accept": "*/*"})
    assert (answer.status, answer.content_type) == (401, "application/json; charset=UTF-8")


def test_refuses_switches_that_it_does_not_have() -> None:
    shop = _visitor(HOME)
    for wrong in ({"maintenence": True}, {"maintenance": "yes"}, {"webhook_delivery": "often"}, {"time_zone": 1}):
        with pytest.raises(ValueError, match=next(iter(wrong))):
            shop.shop.configure(wrong)
    assert shop.send("GET", "/orders").status == 200


def test_shifts_dates_by_the_sites_own_zone() -> None:
    shop = _visitor(HOME, time_zone="America/New_York")
    order = shop.json("GET", "/orders/68")
    assert (order["date_created_gmt"], order["date_created"]) == ("2026-11-21T16:13:42", "2026-11-21T11:13:42")
    # A GMT value without zone and flag is taken for site time: hours too late west of Greenwich.
    assert shop.json("GET", "/orders", modified_after="2026-11-21T16:00:00") == []

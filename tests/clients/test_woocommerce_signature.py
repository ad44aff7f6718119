"""OAuth 1.0a against the examples of RFC 5849, and as WooCommerce checks it."""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime
from email.utils import format_datetime

import pytest

from pakhus.clients.http import Call
from pakhus.clients.woocommerce_signature import (
    BasicSigner,
    OAuthSigner,
    base_string_uri,
    hmac_signature,
    percent_encoded,
    signature_base_string,
)

NOON = 1_795_277_830.0


def oauth_signer(**options: object) -> OAuthSigner:
    nonces = iter(f"nonce{number}" for number in range(100))
    facts = {"base_url": "http://127.0.0.1:18480", "now": lambda: NOON, "nonce": lambda: next(nonces), **options}
    return OAuthSigner("ck_key", "cs_secret", **facts)  # type: ignore[arg-type]


def test_builds_the_base_string_of_rfc_5849_section_3_4_1_1() -> None:
    parameters = [
        ("b5", "=%3D"),
        ("a3", "a"),
        ("c@", ""),
        ("a2", "r b"),
        ("oauth_consumer_key", "9djdj82h48djs9d2"),
        ("oauth_token", "kkk9d7dh3k39sjv7"),
        ("oauth_signature_method", "HMAC-SHA1"),
        ("oauth_timestamp", "137131201"),
        ("oauth_nonce", "7d8f3e4a"),
        ("c2", ""),
        ("a3", "2 q"),
    ]
    assert signature_base_string("post", "http://example.com/request", parameters) == (
        "POST&http%3A%2F%2Fexample.com%2Frequest&a2%3Dr%2520b%26a3%3D2%2520q%26a3%3Da%26b5%3D%253D%25253D%26c%2540%3D"
        "%26c2%3D%26oauth_consumer_key%3D9djdj82h48djs9d2%26oauth_nonce%3D7d8f3e4a%26oauth_signature_method%3DHMAC-SHA1"
        "%26oauth_timestamp%3D137131201%26oauth_token%3Dkkk9d7dh3k39sjv7"
    )


def test_makes_the_signature_of_rfc_5849_section_1_2() -> None:
    parameters = [
        ("file", "vacation.jpg"),
        ("size", "original"),
        ("oauth_consumer_key", "dpf43f3p2l4k3l03"),
        ("oauth_token", "nnch734d00sl2jdk"),
        ("oauth_signature_method", "HMAC-SHA1"),
        ("oauth_timestamp", "137131202"),
        ("oauth_nonce", "chapoH"),
    ]
    text = signature_base_string("GET", "http://photos.example.net/photos", parameters)
    assert hmac_signature(text, "kd94hf93k423kf44&pfkkdhi9sl3r4s00", hashlib.sha1) == "MdpQcU8iPSUjWoN/UDMsK2sui9I="


@pytest.mark.parametrize(
    ("url", "signed"),
    [
        ("http://EXAMPLE.COM:80/r%20v/X", "http://example.com/r%20v/X"),
        ("https://www.example.net:8080/", "https://www.example.net:8080/"),
        ("https://shop.example:443/wp-json", "https://shop.example/wp-json"),
        ("http://[::1]:8080/a", "http://[::1]:8080/a"),
        ("http://shop.example", "http://shop.example/"),
    ],
)
def test_signs_the_address_in_lower_case_without_default_port(url: str, signed: str) -> None:
    assert base_string_uri(url) == signed


def test_encodes_all_but_the_unreserved_characters() -> None:
    assert percent_encoded("Az09-._~ +/=&@æ") == "Az09-._~%20%2B%2F%3D%26%40%C3%A6"


def test_signs_with_hmac_sha256_of_the_secret_and_an_ampersand() -> None:
    call = Call("GET", "/wc/v3/orders", [("status", "processing,on-hold"), ("per_page", "1")])
    signed = oauth_signer().sign(call, "http://127.0.0.1:18480/wp-json/wc/v3/orders")
    text = (
        "GET&http%3A%2F%2F127.0.0.1%3A18480%2Fwp-json%2Fwc%2Fv3%2Forders&oauth_consumer_key%3Dck_key"
        "%26oauth_nonce%3Dnonce0%26oauth_signature_method%3DHMAC-SHA256%26oauth_timestamp%3D1795277830"
        "%26per_page%3D1%26status%3Dprocessing%252Con-hold"
    )
    expected = base64.b64encode(__import__("hmac").digest(b"cs_secret&", text.encode(), "sha256")).decode()
    assert dict(signed.query)["oauth_signature"] == expected
    assert list(signed.query)[:2] == list(call.query)


def test_takes_a_fresh_nonce_for_each_try() -> None:
    signer, call = oauth_signer(), Call("GET", "/wc/v3/orders")
    url = "http://127.0.0.1:18480/wp-json/wc/v3/orders"
    nonces = {dict(signer.sign(call, url).query)["oauth_nonce"] for _ in range(3)}
    assert len(nonces) == 3


def test_signs_the_address_the_shop_believes_to_have_behind_a_proxy() -> None:
    call = Call("GET", "/wc/v3/orders")
    proxied = oauth_signer(base_url="http://10.0.0.5:8080", home_url="http://shop.example")
    direct = oauth_signer(base_url="http://shop.example")
    assert dict(proxied.sign(call, "http://10.0.0.5:8080/wp-json/wc/v3/orders").query) == dict(
        direct.sign(call, "http://shop.example/wp-json/wc/v3/orders").query
    )


def test_goes_by_the_shops_clock_once_it_is_known_to_differ() -> None:
    signer = oauth_signer()
    shop_time = {"Date": format_datetime(datetime.fromtimestamp(NOON + 3600, UTC), usegmt=True)}
    assert signer.corrects_clock(shop_time)
    signed = signer.sign(Call("GET", "/wc/v3/orders"), "http://127.0.0.1:18480/wp-json/wc/v3/orders")
    assert int(dict(signed.query)["oauth_timestamp"]) == int(NOON) + 3600
    assert not signer.corrects_clock(shop_time), "a second refusal is not the clock's fault"


@pytest.mark.parametrize("date", ["", "yesterday", "Sat, 21 Nov 99999 16:17:10 GMT"])
def test_keeps_its_clock_when_the_shop_names_no_time(date: str) -> None:
    assert not oauth_signer().corrects_clock({"Date": date})


def test_signs_basic_in_the_header_and_leaves_the_query_alone() -> None:
    call = Call("GET", "/wc/v3/orders", [("per_page", "1")], headers={"X": "y"})
    signed = BasicSigner("ck_key", "cs_secret").sign(call, "https://shop.example/wp-json/wc/v3/orders")
    assert signed.query == call.query
    assert signed.headers == {"X": "y", "Authorization": "Basic Y2tfa2V5OmNzX3NlY3JldA=="}

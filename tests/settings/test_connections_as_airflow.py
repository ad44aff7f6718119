"""What Airflow would read of a connection's text is what we read."""

from __future__ import annotations

import pytest
from airflow.sdk import Connection

from pakhus.connections import connection_from_text

pytestmark = pytest.mark.airflow

TEXTS = [
    '{"conn_type": "woocommerce", "host": "https://shop.example/butik", "login": "ck_1", "password": "cs_1"}',
    '{"conn_type": "woocommerce", "host": "shop.example", "port": 8443, "extra": {"verify": "false", "n": 1}}',
    '{"conn_type": "rackbeat", "password": "t", "port": "80", "extra": "{\\"contact\\": \\"it@firma.example\\"}"}',
    '{"conn_type": "rackbeat", "host": null, "password": null}',
    "woocommerce://ck_1:cs_1@shop.example:8443/https",
    "woocommerce://https://ck_1:cs_1@shop.example:8443/",
    "woocommerce://https://shop.example",
    "woocommerce://ck%2F1:cs%40%3A1@shop.example",
    "woocommerce://:cs_1@https%3A%2F%2Fshop.example%2Fbutik",
    "economic://:grant@/?app_secret_token=abc&verify=false&empty=&path=%2Fapi",
    "economic://:grant@?__extra__=%7B%22app_secret_token%22%3A+%22abc%22%2C+%22deep%22%3A+%7B%22a%22%3A+1%7D%7D",
    "my-type://127.0.0.1:5432/ledger",
    "postgres://pakhus:p%40ss@[::1]:5432/ledger?sslmode=require",
]


@pytest.mark.parametrize("text", TEXTS)
def test_reads_a_connection_as_airflow_does(text: str) -> None:
    ours = connection_from_text("some__id", text)
    if text.startswith("{"):
        theirs = Connection.from_json(text, conn_id="some__id")
    else:
        theirs = Connection.from_uri(text, conn_id="some__id")
    assert ours.conn_type == (theirs.conn_type or "")
    assert ours.host == (theirs.host or "")
    assert ours.schema == (theirs.schema or "")
    assert ours.login == (theirs.login or "")
    assert ours.password == (theirs.password or "")
    assert ours.port == theirs.port
    assert dict(ours.extra) == theirs.extra_dejson

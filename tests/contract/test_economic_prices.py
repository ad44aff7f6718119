"""A product's prices in other currencies (contracts/economic.md 4.1)."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from tests.contract.economic_agreement import Agreement

PRICES = "/products/SKU-1001/pricing/currency-specific-sales-prices"
EUR = {"price": Decimal("10.75"), "currency": {"code": "EUR"}}


@pytest.fixture
def agreement() -> Iterator[Agreement]:
    running = Agreement()
    yield running
    running.close()


def test_is_made_once_and_replaced(agreement: Agreement) -> None:
    assert agreement.get(PRICES)["pagination"]["results"] == 0
    made = agreement.put_up(PRICES, EUR)
    assert (made["price"], made["currency"]["code"]) == (Decimal("10.75"), "EUR")
    assert agreement.call("POST", PRICES, EUR).status_code == 400
    assert agreement.call("PUT", f"{PRICES}/EUR", {**EUR, "price": 11}).status_code == 200
    assert agreement.get(f"{PRICES}/EUR")["price"] == Decimal("11.00")


def test_outlives_a_replacement_of_its_product(agreement: Agreement) -> None:
    agreement.put_up(PRICES, EUR)
    body = {"productNumber": "SKU-1001", "name": "Kop", "productGroup": {"productGroupNumber": 1}}
    assert agreement.call("PUT", "/products/SKU-1001", body).status_code == 200
    assert agreement.get(f"{PRICES}/EUR")["price"] == Decimal("10.75")


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", f"{PRICES}/EUR", None, 404),
        ("PUT", f"{PRICES}/EUR", EUR, 404),
        ("POST", PRICES.replace("SKU-1001", "nix"), EUR, 404),
        ("POST", PRICES, {"price": 1, "currency": {"code": "DKK"}}, 400),  # has its own place on the product
        ("POST", PRICES, {"price": 1, "currency": {"code": "XXX"}}, 400),
        ("POST", PRICES, {"price": Decimal("1.005"), "currency": {"code": "EUR"}}, 400),
        ("POST", PRICES, {"currency": {"code": "EUR"}}, 400),
    ],
)
def test_refuses(agreement: Agreement, method: str, path: str, body: Any, status: int) -> None:
    assert agreement.call(method, path, body).status_code == status

"""A running Rackbeat stand-in with the account of the contract's example bodies."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import requests

from standin.clock import Clock
from standin.messages import write_json
from standin.registry import create, default_seed
from standin.server import StandinServer
from tests.contract.example_bodies import example_bytes, read

MORNING = datetime(2026, 3, 2, 8, 15, tzinfo=UTC)
ORIGIN = "https://app.rackbeat.com/api"


def account_seed() -> dict[str, Any]:
    """The Danish account, changed to what the examples show."""
    seed = default_seed("rackbeat")
    seed["account"] = {
        "user_account": {
            "id": 12345,
            "company_name": "Example Trade ApS",
            "address": {
                "street": "Testvej 1",
                "street2": "",
                "city": "Aarhus C",
                "zipcode": "8000",
                "country": "Danmark",
            },
        },
        "user": {"id": 678, "name": "API user", "email": "api@example.test"},
    }
    names = {1: "Goods with stock", 2: "Services", 3: "Services without VAT", 4: "Goods without VAT"}
    seed["product_groups"] = [{**row, "name": names[row["number"]]} for row in seed["product_groups"]]
    seed["locations"] = [
        {"number": 100, "name": "Main warehouse", "is_default": True},
        {"number": 110, "name": "Main warehouse A1", "parent_id": 100, "barcode": "LOC-A1"},
    ]
    seed["units"] = [{"number": 1, "name": "pcs"}]
    seed["payment_terms"][1] |= {"type_translated": "Net"}
    cup = {"group": 1, "sales_price": 80, "cost_price": 48, "unit_id": 1, "default_location_id": 100, "min_stock": 5}
    size = {"weight": 350, "weight_unit": "g", "height": 10, "width": 20, "depth": 4, "size_unit": "cm"}
    seed["products"] = [
        {"number": "CUP-BLUE", "name": "Blue cup", "barcode": "5701234567890", "physical": size, **cup}
        | {"stock": {"100": 2, "110": 40}},
        {"number": "CUP-RED", "name": "Red cup", "barcode": "5701234567906", "physical": size, **cup},
        {"number": "A/B #1", "name": "Odd number", **cup},
        {"number": "SHIPPING", "name": "Home delivery", "group": 2, "sales_price": "39.2", "unit_id": 1},
    ]
    customer = {"customer_group_id": 1, "payment_terms_id": 5, "layout_id": 1, "vat_zone": "domestic"}
    seed["customers"] = [
        {
            "number": 20017,
            "name": "Mette Prøve",
            "contact_email": "mette@example.test",
            "contact_phone": "+4512345678",
            "locale": "da-DK",
            "address_street": "Strandvej 12, 2. th",
            "address_city": "Aarhus C",
            "address_zipcode": "8000",
            "address_country": "Danmark",
            **customer,
        },
        {"number": 20018, "name": "Anden Kunde", "contact_email": "anden@example.test", **customer},
    ]
    seed["next_numbers"] |= {"order": 1021, "adjustment": 5012, "webhook": 204, "customer": 20019}
    return seed


class Account:
    """The server and short ways to talk to it."""

    def __init__(self, **settings: Any) -> None:
        self.clock = Clock(MORNING)
        self.server = StandinServer(create("rackbeat", "lager", account_seed(), settings, self.clock)).start()
        self.session = requests.Session()
        self.session.headers.update({"Authorization": "Bearer rackbeat-test-token"})

    def close(self) -> None:
        """Stop the server."""
        self.session.close()
        self.server.stop()

    def call(self, method: str, path: str, body: Any = None, **options: Any) -> requests.Response:
        """One request below ``/api``; ``body`` is sent as JSON, bytes as they are."""
        headers = {"Content-Type": "application/json", **options.pop("headers", {})}
        data = body if isinstance(body, bytes) or body is None else write_json(body).encode()
        options.setdefault("timeout", 5)
        return self.session.request(method, f"{self.server.url}/api{path}", data=data, headers=headers, **options)

    def get(self, path: str, **params: Any) -> Any:
        """A read that must succeed, as JSON."""
        reply = self.call("GET", path, params=params)
        assert reply.status_code in {200, 206}, reply.text
        return read(reply.text)

    def do(self, path: str, body: Any = None, method: str = "POST", **options: Any) -> Any:
        """A write that must succeed, as JSON."""
        reply = self.call(method, path, body, **options)
        assert reply.status_code in {200, 201}, reply.text
        return read(reply.text)

    def order(self, heading: str = "shop-1-order", **changes: Any) -> int:
        """A new order of two blue cups and freight; returns its number."""
        lines = [{"item_id": "CUP-BLUE", "quantity": 2}, {"item_id": "SHIPPING", "quantity": 1}]
        body = {"customer_id": 20017, "heading": heading, "lines": lines, **changes}
        return int(self.do("/orders", body)["order"]["number"])

    def booked_order(self, heading: str = "shop-1-order", **changes: Any) -> int:
        """The same, booked."""
        number = self.order(heading, **changes)
        self.do(f"/orders/{number}/book", {"mail": {"send": False}})
        return number

    def quantities(self, product: str = "CUP-BLUE") -> tuple[int, int, int]:
        """Stock, in order, available."""
        shown = self.get(f"/products/{requests.utils.quote(product, safe='')}")["product"]
        return tuple(int(shown[name]) for name in ("stock_quantity", "in_order_quantity", "available_quantity"))  # type: ignore[return-value]

    def errors(self, method: str, path: str, body: Any = None) -> dict[str, list[str]]:
        """The errors of a request that must be refused with 422."""
        reply = self.call(method, path, body)
        assert reply.status_code == 422, reply.text
        errors: dict[str, list[str]] = read(reply.text)["errors"]
        return errors

    def post_example(self, path: str, name: str, method: str = "POST") -> requests.Response:
        """Send an example request byte for byte."""
        return self.call(method, path, example_bytes("rackbeat", name))

"""A running e-conomic stand-in with the agreement of the contract's example bodies."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import requests

from standin.clock import Clock
from standin.messages import write_json
from standin.registry import create, default_seed
from standin.server import StandinServer
from tests.contract.example_bodies import example, example_bytes, read

MORNING = datetime(2026, 2, 1, 9, 14, 30, tzinfo=UTC)
ORIGIN = "https://restapi.e-conomic.com"
TOKENS = {"X-AppSecretToken": "economic-test-app", "X-AgreementGrantToken": "economic-test-grant"}


def agreement_seed() -> dict[str, Any]:
    """The Danish agreement with the products, customers and next numbers of the examples."""
    seed = default_seed("economic")
    seed["products"] += [
        {"productNumber": "SKU-1001", "name": "Kaffekop, blå 30 cl", "group": 1, "unit": 1, "costPrice": 90},
        {"productNumber": "SKU-2002", "name": "Tebryg, 100 g", "group": 1, "unit": 1},
        {"productNumber": "FRAGT", "name": "Fragt", "group": 2},
        {"productNumber": "AFRUND", "name": "Øreafrunding", "group": 4},
        {"productNumber": "KUN-DK", "name": "Kun indland", "group": 5},
        {"productNumber": "A.B/1 _x", "name": "Tegn i nummeret", "group": 1},
    ]
    terms = {"currency": "DKK", "customerGroup": 1, "vatZone": 1}
    seed["customers"] += [
        {"customerNumber": 500123, "name": "Mette Prøvesen", "paymentTerms": 11, **terms},
        {"customerNumber": 500200, "name": "Eksempel Grossist ApS", "paymentTerms": 11, **terms},
        {"customerNumber": 500300, "name": "Eksempel Kommune", "paymentTerms": 4, "ean": "5798000999992", **terms},
    ]
    seed["contacts"] = [{"customerContactNumber": 140, "customer": 500300, "name": "Kirsten Rekvirent"}]
    seed["next_numbers"] |= {"draft": 30881, "handle": 10422, "invoice": 40217}
    return seed


class Agreement:
    """The server and short ways to talk to it."""

    def __init__(self, **settings: Any) -> None:
        self.clock = Clock(MORNING)
        self.server = StandinServer(create("economic", "vestbjerg", agreement_seed(), settings, self.clock)).start()
        self.session = requests.Session()
        self.session.headers.update(TOKENS)

    def close(self) -> None:
        """Stop the server."""
        self.session.close()
        self.server.stop()

    def call(self, method: str, path: str, body: Any = None, *, key: str = "", **options: Any) -> requests.Response:
        """One request; ``body`` is sent as JSON, bytes as they are."""
        headers = {"Content-Type": "application/json", **options.pop("headers", {})}
        headers |= {"Idempotency-Key": key} if key else {}
        data = body if isinstance(body, bytes) or body is None else write_json(body).encode()
        options.setdefault("timeout", 5)
        return self.session.request(method, self.server.url + path, data=data, headers=headers, **options)

    def get(self, path: str, **params: Any) -> Any:
        """A read that must succeed, as JSON."""
        reply = self.call("GET", path, params=params)
        assert reply.status_code == 200, reply.text
        return read(reply.text)

    def put_up(self, path: str, body: Any, **options: Any) -> Any:
        """A POST that must succeed, as JSON."""
        reply = self.call("POST", path, body, **options)
        assert reply.status_code in {200, 201}, reply.text
        return read(reply.text)

    def draft(self, reference: str = "SHOP1-10000457", **changes: Any) -> Any:
        """The example draft under another reference, as answered."""
        body = example("economic", "draft-invoice.create.request")
        body |= {"references": {"other": reference}, **changes}
        return self.put_up("/invoices/drafts", body)

    def book(self, draft: int, **members: Any) -> Any:
        """Book a draft, as answered."""
        return self.put_up("/invoices/booked", {"draftInvoice": {"draftInvoiceNumber": draft}, **members})

    def post_example(self, path: str, name: str, **options: Any) -> requests.Response:
        """POST an example request byte for byte."""
        return self.call("POST", path, example_bytes("economic", name), **options)


def line(product: str, price: str, quantity: str = "1", **members: Any) -> dict[str, Any]:
    """A line of a draft."""
    return {
        "product": {"productNumber": product},
        "description": product,
        "quantity": Decimal(quantity),
        "unitNetPrice": Decimal(price),
        **members,
    }


def errors_of(reply: requests.Response) -> Any:
    """The error tree of a refused request."""
    assert reply.status_code == 400, reply.text
    return read(reply.text)["errors"]

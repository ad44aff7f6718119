"""The Rackbeat warehouse over HTTP (contracts/rackbeat.md; sections are named at each method).

No idempotency key and no proven filter exist for orders: what was lost is searched for newest first (design, decision
3). Each row's flags are checked here again, since plain filters may be ignored (section 1.4).
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal, InvalidOperation
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from pakhus.clients.budget import Budget, Unlimited
from pakhus.clients.http import Answer, Call, Limits, Query, Transport, retry_after, to_json
from pakhus.clients.pages import Page, numbered_pages
from pakhus.errors import (
    AccessDeniedError,
    ConfigurationError,
    DataError,
    NotFoundError,
    RateLimitedError,
    RemoteError,
    TransientError,
)
from pakhus.formats.rackbeat import created_at
from pakhus.rules.spelling import compared

SYSTEM = "Rackbeat"
DEFAULT_URL = "https://app.rackbeat.com/api"
PAGE_SIZE = 100
LARGEST_PAGE = 1000  # more has no effect
CALLS_PER_MINUTE = 480
_DEFAULT_RETRY_AFTER_S = 15.0


@dataclass(frozen=True, slots=True)
class RackbeatSettings:
    """What a connection to one Rackbeat account needs. `contact` is an address Rackbeat may write to (section 1.1)."""

    token: str = field(repr=False)
    base_url: str = DEFAULT_URL
    contact: str = ""
    verify: bool | str = True
    limits: Limits = field(default_factory=Limits)


class RackbeatClient:
    """Verbs of the warehouse. Returns the documents as they came, without their wrapper."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    @classmethod
    def from_settings(cls, settings: RackbeatSettings, budget: Budget | None = None) -> RackbeatClient:
        headers = {
            "Content-Type": "application/json",
            "Consumer-Name": "Pakhus",
            "API-Version": "latest",
        }
        if settings.contact:
            headers["Consumer-Contact"] = settings.contact
        authorization = {"Authorization": f"Bearer {settings.token}"}

        def sign(call: Call, url: str) -> Call:
            del url
            return Call(call.method, call.path, call.query, call.body, {**call.headers, **authorization}, call.cost)

        return cls(
            Transport(
                system=SYSTEM,
                base_url=settings.base_url,
                error_table=error_of,
                sign=sign,
                budget=budget or Unlimited(),
                meter=meter,
                headers=headers,
                limits=settings.limits,
                verify=settings.verify,
            )
        )

    def send(self, call: Call) -> Answer:
        """Make a call that a writer planned."""
        return self._transport.send(call)

    def account(self) -> Any:
        """Return who we are (section 2, `/self`); the cheapest proof that the key works."""
        return self._get("/self")

    def get_order(self, number: str) -> Any:
        """Return one order with its custom fields; NotFoundError when there is none."""
        return self._get(f"/orders/{quote(number, safe='')}", (("expand", "field_values"),))["order"]

    def get_shipment(self, shipment_id: int) -> Any:
        """Return one shipment; NotFoundError when there is none (section 8)."""
        return self._get(f"/order-shipments/{shipment_id}")["order_shipment"]

    def shipments_of_order(self, number: str) -> list[Any]:
        """Return all shipments of one order; NotFoundError when there is no such order (section 8)."""
        return list(self._list(f"/orders/{quote(number, safe='')}/shipments", "order_shipments", identity="id"))

    def shipments_newest_first(self) -> Iterator[Sequence[Any]]:
        """Yield all shipments of the account, page by page (section 8).

        The order is asked for but proven nowhere: whoever ends early must look at the ids. No filter is used: a
        shipment is made before it is shipped, and whether the flags are heard is unknown (section 1.4).
        """
        query = (("order_by", "id"), ("order_direction", "DESC"))
        yield from self._pages("/order-shipments", "order_shipments", identity="id", query=query)

    def find_product(self, number: str) -> Any | None:
        """Return a product by its number, or None; never another one, whose url-friendly number this is (1.6)."""
        try:
            row = self._get(f"/products/{quote(number, safe='')}")["product"]
        except NotFoundError:
            return None
        return row if compared(str(row.get("number"))) == compared(number) else None

    def product_numbers(self) -> set[str]:
        """Return the numbers of all products, in as few requests as there may be."""
        query = (("fields", "number"),)
        rows = self._list("/products", "products", identity="number", query=query, limit=LARGEST_PAGE)
        return {str(row["number"]) for row in rows}

    def list_products(self, query: Query = ()) -> Iterator[Any]:
        """Yield all products with their stock totals, or those that the query asks for."""
        yield from self._list("/products", "products", identity="number", query=query, limit=LARGEST_PAGE)

    def find_customer(self, number: int) -> Any | None:
        """Return a customer by its number, or None; one that was deleted may still be shown (section 6)."""
        try:
            row = self._get(f"/customers/{int(number)}")["customer"]
        except NotFoundError:
            return None
        return None if row.get("is_deleted") else row

    def customers_with_email(self, email: str) -> list[Any]:
        """Return the customers whose e-mail is `email`, compared here: `search` is free text (section 6)."""
        wanted = email.strip().lower()
        found = self._list("/customers", "customers", identity="number", query=(("search", email),))
        return [row for row in found if wanted in _emails(row) and not row.get("is_deleted")]

    def orders_with_heading(self, heading: str, *, since: datetime) -> list[Any]:
        """Return all orders created after `since` whose heading is exactly `heading`.

        TransientError when the list could not be read to that point: then nothing is proved.
        """
        return [row for row in self.orders_made_since(since, "number,heading") if row.get("heading") == heading]

    def orders_made_since(self, since: datetime, fields: str) -> Iterator[Any]:
        """Yield the orders created after `since` with these members, newest first, each once.

        Reads until an older order, or the end, has been seen. TransientError when that point could not be reached.
        """
        query = (("order_by", "number"), ("order_direction", "DESC"), ("fields", f"{fields},created_at"))
        seen: set[int] = set()
        lowest: int | None = None
        for row in self._list("/orders", "orders", identity="number", query=query):
            try:
                number, created = int(row["number"]), created_at(row)
            except (KeyError, TypeError, ValueError) as error:
                raise TransientError(f"an order in the list cannot be read: {error}", system=SYSTEM) from error
            if number in seen:  # orders that are placed meanwhile push rows to the next page
                continue
            if lowest is not None and number > lowest:
                raise TransientError("the list of orders is not in order: it proves nothing", system=SYSTEM)
            seen.add(number)
            lowest = number
            if created < since:
                return
            yield row

    def _get(self, path: str, query: Query = ()) -> Any:
        return self._transport.send(Call("GET", path, query)).json()

    def _list(
        self, path: str, key: str, *, identity: str, query: Query = (), limit: int | None = None
    ) -> Iterator[Any]:
        for records in self._pages(path, key, identity=identity, query=query, limit=limit):
            yield from records

    def _pages(
        self, path: str, key: str, *, identity: str, query: Query = (), limit: int | None = None
    ) -> Iterator[Sequence[Any]]:
        """Yield the pages of a list; TransientError when it shrank meanwhile.

        What is deleted pulls rows over to a page that was read already: they would be missed. What is added pushes
        rows to the next page, where they come a second time.
        """
        told: int | None = None

        def fetch(number: int) -> Page:
            nonlocal told
            paging = (("page", str(number)), ("limit", str(limit or PAGE_SIZE)))
            body = self._get(path, (*query, *paging))
            records, pages = body.get(key), body.get("pages")
            if not isinstance(records, list):
                raise TransientError(f"{path}: the answer has no list {key!r}", system=SYSTEM)
            before, told = told, None if body.get("total") is None else int(body["total"])
            if before is not None and (told is None or told < before):
                raise TransientError(
                    f"{path}: the list became shorter while it was read; it proves nothing", system=SYSTEM
                )
            return Page(records, None if pages is None else int(pages))

        return numbered_pages(fetch, identity=lambda row: row.get(identity))


def create_customer(body: Mapping[str, Any]) -> Call:
    """POST /customers (section 6)."""
    return Call("POST", "/customers", body=to_json(body), cost=1)


def create_order(body: Mapping[str, Any]) -> Call:
    """POST /orders (section 7.3). Answers an unbooked order."""
    return Call("POST", "/orders", body=to_json(body))


def book_order(number: str) -> Call:
    """POST /orders/{number}/book: reserves; no mail to the buyer (section 7.2)."""
    return Call("POST", f"/orders/{quote(number, safe='')}/book", body=to_json({"mail": {"send": False}}))


def update_order(number: str, changes: Mapping[str, Any]) -> Call:
    """PUT /orders/{number}: members of the header; the lines have paths of their own (section 7.2)."""
    return Call("PUT", _order_path(number), body=to_json(changes))


def reopen_order(number: str) -> Call:
    """POST /orders/{number}/reopen: back to unbooked, so that its lines can be changed (section 7.1)."""
    return Call("POST", f"{_order_path(number)}/reopen")


def delete_order(number: str) -> Call:
    """DELETE /orders/{number}: only without shipment and invoice (section 7.2)."""
    return Call("DELETE", _order_path(number))


def add_line(number: str, line: Mapping[str, Any]) -> Call:
    """POST /orders/{number}/lines: refused while the order is booked (section 7.2)."""
    return Call("POST", f"{_order_path(number)}/lines", body=to_json(line))


def remove_line(number: str, line_id: int) -> Call:
    """DELETE /orders/{number}/lines/{id}: refused while the order is booked (section 7.2)."""
    return Call("DELETE", f"{_order_path(number)}/lines/{line_id}")


def _order_path(number: str) -> str:
    return f"/orders/{quote(number, safe='')}"


def error_of(answer: Answer) -> RemoteError | None:
    """The error table (section 1.5)."""
    status, call = answer.status, answer.call
    if status < HTTPStatus.MULTIPLE_CHOICES:
        return None
    body = answer.json_or_none()
    text = f"{SYSTEM} {call.method} {call.path}: {_message(body) or status}"
    if status == HTTPStatus.UNAUTHORIZED:
        return AccessDeniedError(f"{text}. Renew the API key in the Airflow connection", status=status)
    if status == HTTPStatus.FORBIDDEN and call.method != "DELETE":
        return AccessDeniedError(f"{text}. Give the API key the scope it lacks", status=status)
    if status == HTTPStatus.NOT_FOUND:
        return NotFoundError(text, status=status)
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        wait = retry_after(answer.headers, default_s=_DEFAULT_RETRY_AFTER_S)
        return RateLimitedError(text, retry_after=wait, status=status)
    if status == HTTPStatus.NOT_IMPLEMENTED:
        return ConfigurationError(text, status=status)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.REQUEST_TIMEOUT:
        return TransientError(text, status=status, excerpt=answer.excerpt(), maybe_done=not call.reads)
    return DataError(text, fields=_fields(body), status=status, excerpt=answer.excerpt())


def meter(headers: Mapping[str, str], budget: Budget) -> None:
    """Correct the budget by `X-RateLimit-Remaining` (section 1.2)."""
    with contextlib.suppress(KeyError, InvalidOperation):
        budget.correct(Decimal(headers["X-RateLimit-Remaining"]))


def _fields(body: object) -> dict[str, str]:
    errors = body.get("errors") if isinstance(body, Mapping) else None
    if not isinstance(errors, Mapping):
        return {}
    return {str(name): "; ".join(map(str, _texts(value))) for name, value in errors.items()}


def _texts(value: object) -> Sequence[object]:
    return value if isinstance(value, list) else [value]


def _message(body: object) -> str:
    fields = _fields(body)
    if fields:
        return "; ".join(f"{name}: {text}" for name, text in fields.items())
    message = body.get("message") if isinstance(body, Mapping) else None
    return str(message or "")


def _emails(customer: Mapping[str, Any]) -> set[str]:
    addresses = [customer.get("contact_email")]
    for place in ("billing_address", "delivery_address"):
        block = customer.get(place)
        addresses.append(block.get("email") if isinstance(block, Mapping) else None)
    return {str(address).strip().lower() for address in addresses if address}

"""The e-conomic accounts over HTTP, host A (contracts/economic.md; sections are named at each method).

`DELETE /invoices/drafts` without a number deletes every draft of the agreement: nothing here can send it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from http import HTTPStatus
from typing import Any

from pakhus.clients.budget import Budget, Unlimited
from pakhus.clients.economic_errors import SYSTEM, error_of
from pakhus.clients.http import Answer, Call, Limits, Query, Transport, to_json
from pakhus.clients.pages import Page, numbered_pages
from pakhus.errors import NotFoundError, TransientError

DEFAULT_URL = "https://restapi.e-conomic.com"
OPENAPI_URL = "https://apis.e-conomic.com"
"""Host B, whose services each have a version of their own (section 2.9): only journals are booked there."""
_OPENAPI_SERVICES = ("/journalsapi/",)
PAGE_SIZE = 1000
# A bucket of 2,000 that refills by 30 a second (section 2.8).
BUCKET_CALLS = 2000
REFILL_PER_S = 30

# Section 2.3: e-conomic's own escape for characters in ids in the path; not URL encoding.
_PATH_ESCAPES = str.maketrans(
    {
        "<": "_0_",
        ">": "_1_",
        "*": "_2_",
        "%": "_3_",
        ":": "_4_",
        "&": "_5_",
        "/": "_6_",
        "\\": "_7_",
        "_": "_8_",
        " ": "_9_",
        "?": "_10_",
        ".": "_11_",
        "#": "_12_",
        "+": "_13_",
    }
)
_FILTER_SPECIALS = "$()*,[]"
# So many make an address of about two thousand characters, which every proxy lets through.
_REFERENCES_PER_FILTER = 20
# Where our key stands: the second where a public buyer's requisition number takes the first (design, decision 3).
_KEY_MEMBERS = (("references", "other"), ("notes", "textLine1"))


@dataclass(frozen=True, slots=True)
class EconomicSettings:
    """What a connection to one e-conomic agreement needs: the app's secret and the agreement's grant (section 2.1)."""

    app_secret_token: str = field(repr=False)
    agreement_grant_token: str = field(repr=False)
    base_url: str = DEFAULT_URL
    openapi_url: str = OPENAPI_URL
    verify: bool | str = True
    limits: Limits = field(default_factory=Limits)


class EconomicClient:
    """Verbs of the accounts. Returns documents as they came, with Decimals for fractions."""

    def __init__(self, transport: Transport, openapi: Transport | None = None) -> None:
        self._transport = transport
        self._openapi = openapi or transport

    @classmethod
    def from_settings(cls, settings: EconomicSettings, budget: Budget | None = None) -> EconomicClient:
        tokens = {
            "X-AppSecretToken": settings.app_secret_token,
            "X-AgreementGrantToken": settings.agreement_grant_token,
        }

        def sign(call: Call, url: str) -> Call:
            del url
            return replace(call, headers={**call.headers, **tokens})

        def transport(base_url: str) -> Transport:
            return Transport(
                system=SYSTEM,
                base_url=base_url,
                error_table=error_of,
                sign=sign,
                budget=budget or Unlimited(),
                meter=meter,
                headers={"Content-Type": "application/json"},
                limits=settings.limits,
                verify=settings.verify,
            )

        return cls(transport(settings.base_url), transport(settings.openapi_url))

    def send(self, call: Call) -> Answer:
        """Make a call that a writer planned, at the host that has its path."""
        is_openapi = call.path.startswith(_OPENAPI_SERVICES)
        return (self._openapi if is_openapi else self._transport).send(call)

    def agreement(self) -> Any:
        """Return `/self`: agreement number, base currency, modules."""
        return self._get("/self")

    def find_product(self, number: str) -> Any | None:
        """Return a product by its number, or None."""
        return self._find(f"/products/{path_id(number)}")

    def sales_accounts(self, product_group: int) -> list[Any]:
        """Return a product group's sales accounts, one row per VAT zone (section 4.2)."""
        return list(self._list(f"/product-groups/{product_group}/sales-accounts", identity="vatZone"))

    def vat_accounts(self) -> list[Any]:
        """Return all VAT codes with their rates."""
        return list(self._list("/vat-accounts", identity="vatCode"))

    def account(self, number: int) -> Any:
        """Return one account of the chart."""
        return self._get(f"/accounts/{number}")

    def periods(self, year: str) -> list[Any]:
        """Return an accounting year's periods."""
        return list(self._list(f"/accounting-years/{path_id(year)}/periods", identity="periodNumber"))

    def accounting_years(self) -> list[Any]:
        """Return the accounting years."""
        return list(self._list("/accounting-years", identity="year"))

    def customers_with_email(self, email: str) -> list[Any]:
        """Return the customers one of whose addresses is `email`; several may stand in the field (section 3.1)."""
        wanted = email.strip().lower()
        query = (("filter", f"email$like:{filter_value(wanted)}"),)
        found = self._list("/customers", identity="customerNumber", query=query)
        return [row for row in found if wanted in str(row.get("email") or "").lower().split()]

    def find_customer(self, number: int) -> Any | None:
        """Return a customer by its number, or None."""
        return self._find(f"/customers/{int(number)}")

    def contacts(self, customer: int) -> list[Any]:
        """Return the contact persons of a customer (section 3.2)."""
        return list(self._list(f"/customers/{int(customer)}/contacts", identity="customerContactNumber"))

    def find_contact(self, customer: int, number: int) -> Any | None:
        """Return a contact of a customer, or None."""
        return self._find(f"/customers/{int(customer)}/contacts/{int(number)}")

    def find_draft(self, number: str) -> Any | None:
        """Return a draft invoice, or None when it is booked, deleted or not visible yet."""
        return self._find(f"/invoices/drafts/{int(number)}")

    def get_booked(self, number: str) -> Any:
        """Return a booked invoice; NotFoundError when there is none."""
        return self._get(f"/invoices/booked/{int(number)}")

    def newest_booked(self, count: int) -> list[Any]:
        """Return the newest booked invoices, at most `count`, without their lines."""
        query = (("sort", "-bookedInvoiceNumber"), ("skippages", "0"), ("pagesize", str(count)))
        rows: list[Any] = self._get("/invoices/booked", query).get("collection") or []
        return rows

    def drafts_with_reference(self, reference: str) -> list[Any]:
        """Return the drafts that carry exactly this key of ours."""
        return self._with_key("/invoices/drafts", "draftInvoiceNumber", reference)

    def booked_with_reference(self, reference: str) -> list[Any]:
        """Return the booked invoices that carry exactly this key of ours."""
        return self._with_key("/invoices/booked", "bookedInvoiceNumber", reference)

    def booked_with_references(self, references: Sequence[str]) -> list[Any]:
        """Return the booked invoices whose key is one of `references`, some dozens per request."""
        return self._with_references("/invoices/booked", "bookedInvoiceNumber", references)

    def drafts_with_references(self, references: Sequence[str]) -> list[Any]:
        """Return the drafts whose key is one of `references`, some dozens per request."""
        return self._with_references("/invoices/drafts", "draftInvoiceNumber", references)

    def _with_references(self, path: str, identity: str, references: Sequence[str]) -> list[Any]:
        found: list[Any] = []
        for start in range(0, len(references), _REFERENCES_PER_FILTER):
            wanted = references[start : start + _REFERENCES_PER_FILTER]
            text = "$or:".join(_carries("$eq:", reference) for reference in wanted)
            found += self._filtered(path, identity, text, set(wanted).__contains__)
        return found

    def booked_on(self, day: date, prefix: str) -> list[Any]:
        """Return the booked invoices dated `day` whose key begins with `prefix`."""
        text = f"date$eq:{day.isoformat()}$and:({_carries('$like:', prefix)})"
        return self._filtered("/invoices/booked", "bookedInvoiceNumber", text, lambda key: key.startswith(prefix))

    def drafts_of(self, prefix: str) -> list[Any]:
        """Return all drafts whose key begins with `prefix`."""
        text = _carries("$like:", prefix)
        return self._filtered("/invoices/drafts", "draftInvoiceNumber", text, lambda key: key.startswith(prefix))

    def rows(self, path: str, identity: str, text: str = "") -> list[Any]:
        """Return a collection whole, filtered by `text` where it is given; `identity` tells its rows apart."""
        query = (("filter", text), ("sort", identity)) if text else ()
        return list(self._list(path, identity=identity, query=query))

    def _with_key(self, path: str, identity: str, key: str) -> list[Any]:
        # The filter is not case-sensitive (section 2.5); our keys differ in more than case, but the comparison is ours.
        return self._filtered(path, identity, _carries("$eq:", key), key.__eq__)

    def _filtered(self, path: str, identity: str, text: str, wanted: Callable[[str], bool]) -> list[Any]:
        found = self._list(path, identity=identity, query=(("filter", text), ("sort", identity)))
        return [row for row in found if any(wanted(key) for key in keys_on(row))]

    def _get(self, path: str, query: Query = ()) -> Any:
        return self._transport.send(Call("GET", path, query)).json()

    def _find(self, path: str) -> Any | None:
        try:
            return self._get(path)
        except NotFoundError:
            return None

    def _list(self, path: str, *, identity: str, query: Query = ()) -> Iterator[Any]:
        def fetch(number: int) -> Page:
            paging = (("skippages", str(number)), ("pagesize", str(PAGE_SIZE)))
            body = self._get(path, (*query, *paging))
            records = body.get("collection")
            if not isinstance(records, list):
                raise TransientError(f"{path}: the answer has no collection", system=SYSTEM)
            results = (body.get("pagination") or {}).get("results")
            return Page(records, None if results is None else -(-int(results) // PAGE_SIZE))

        for records in numbered_pages(fetch, identity=lambda row: str(row.get(identity)), first=0):
            yield from records


def _carries(operator: str, key: str) -> str:
    """A filter for documents with our key in either place."""
    return "$or:".join(f"{member}.{name}{operator}{filter_value(key)}" for member, name in _KEY_MEMBERS)


def keys_on(document: Mapping[str, Any]) -> list[str]:
    """What stands in the two places for a key, ours or another tool's; empty text where nothing does."""
    return [str((document.get(member) or {}).get(name) or "") for member, name in _KEY_MEMBERS]


def create_customer(body: Mapping[str, Any]) -> Call:
    """POST /customers (section 3.1)."""
    return Call("POST", "/customers", body=to_json(body))


def replace_customer(number: int, body: Mapping[str, Any]) -> Call:
    """PUT /customers/{n}: what is not sent is cleared (section 3.1)."""
    return Call("PUT", f"/customers/{int(number)}", body=to_json(body))


def create_contact(customer: int, body: Mapping[str, Any]) -> Call:
    """POST /customers/{n}/contacts (section 3.2)."""
    return Call("POST", f"/customers/{int(customer)}/contacts", body=to_json(body))


def create_draft(body: Mapping[str, Any]) -> Call:
    """POST /invoices/drafts: header and lines in one call (section 6.1)."""
    return Call("POST", "/invoices/drafts", body=to_json(body))


def replace_draft(number: str, body: Mapping[str, Any]) -> Call:
    """PUT /invoices/drafts/{number}: what is not sent is cleared (section 6.2)."""
    return Call("PUT", f"/invoices/drafts/{int(number)}", body=to_json(body))


def delete_draft(number: str) -> Call:
    """DELETE /invoices/drafts/{number}, never without the number (section 6.2)."""
    return Call("DELETE", f"/invoices/drafts/{int(number)}")


def book_draft(number: str, *, send_by: str = "none") -> Call:
    """POST /invoices/booked (section 9.1). `send_by`: none, ean or Email."""
    body: dict[str, Any] = {"draftInvoice": {"draftInvoiceNumber": int(number)}}
    if send_by != "none":
        body["sendBy"] = send_by
    return Call("POST", "/invoices/booked", body=to_json(body))


def path_id(value: str) -> str:
    """Return an id as it stands in a path (section 2.3). Other characters are left to the HTTP library."""
    return value.translate(_PATH_ESCAPES)


def filter_value(value: str) -> str:
    """Return a value as it stands in a filter (section 2.5)."""
    return "".join(f"${character}" if character in _FILTER_SPECIALS else character for character in value)


def meter(headers: Mapping[str, str], budget: Budget) -> None:
    """Charge what the call really cost (section 2.8, `X-CallCost`). One was taken before it.

    `X-RateLimiting` is left alone: whether its first figure is what is used or what is left is not proven.
    """
    with contextlib.suppress(KeyError, ValueError):
        extra = int(headers["X-CallCost"]) - 1
        if extra > 0:
            budget.charge(extra)


def is_replay(answer: Answer) -> bool:
    """Tell whether an answer came from the idempotency cache (section 2.7): the document may be gone since."""
    return answer.headers.get("X-ResultFromCache", "").lower() == "true" and answer.status < HTTPStatus.BAD_REQUEST

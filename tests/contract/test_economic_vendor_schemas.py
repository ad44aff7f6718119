"""Request bodies against e-conomic's own schemas, where those lie beside the project; without them, a skip.

The schemas are the vendor's and are not part of the project. ``assert_valid_request`` is for other tests as well.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft3Validator, ValidationError, validators

from standin.economic import bodies, journal_bodies
from standin.economic.models import Day, Ignored, Kind, Members, Number, Rows, Text, Whole, decimals_of
from tests.contract.example_bodies import example

SCHEMAS = Path(__file__).resolve().parents[3] / "shared" / "contracts" / "economic" / "spec" / "schemas"
WITHOUT = f"e-conomic's schemas are not beside the project ({SCHEMAS.parent.parent.name}/spec/schemas)"


def _max_decimal(_validator: Any, places: int, value: Any, _schema: Any) -> Iterator[ValidationError]:
    """The vendor's own keyword: at most so many decimals."""
    if isinstance(value, Decimal) and decimals_of(value) > places:
        yield ValidationError(f"{value} has more than {places} decimals")


_Validator = validators.extend(Draft3Validator, {"maxDecimal": _max_decimal, "maxDecimals": _max_decimal})


@functools.cache
def vendor_schema(name: str) -> dict[str, Any]:
    """The schema ``<name>.schema.json``; skips the test where the vendor's files are not at hand."""
    if not SCHEMAS.is_dir():
        pytest.skip(WITHOUT)
    schema: dict[str, Any] = json.loads((SCHEMAS / f"{name}.schema.json").read_text(encoding="utf-8"))
    return schema


def assert_valid_request(name_of_schema: str, body: Any) -> None:
    """Fail unless ``body`` fits e-conomic's schema of that name, such as ``invoices.drafts.post``: types, limits,
    decimals, required members, and no member that the schema does not have.

    ``body`` is an object, or JSON as bytes or str. Skips where the vendor's files are not at hand.
    """
    schema = vendor_schema(name_of_schema)
    value = json.loads(body, parse_float=Decimal) if isinstance(body, bytes | str) else body
    problems = [f"{list(error.absolute_path)}: {error.message}" for error in _Validator(schema).iter_errors(value)]
    problems += [f"{path}: not in the schema" for path in unknown_members(schema, value)]
    assert not problems, f"{name_of_schema}: {problems}"


def unknown_members(schema: Mapping[str, Any], value: Any, path: str = "") -> list[str]:
    """The members of ``value`` that the schema does not name."""
    if isinstance(value, list):
        return [found for item in value for found in unknown_members(schema.get("items", {}), item, f"{path}[]")]
    if not isinstance(value, dict):
        return []
    known = schema.get("properties", {})
    found = [f"{path}.{name}" for name in value if name not in known]
    for name in value.keys() & known.keys():
        found += unknown_members(known[name], value[name], f"{path}.{name}")
    return found


REQUESTS = [
    ("customers.post", "customer.b2c.create.request"),
    ("customers.post", "customer.b2b-ean.create.request"),
    ("customers.customerNumber.contacts.post", "customer.contact.create.request"),
    ("products.post", "product.create.request"),
    ("orders.drafts.post", "order.draft.create.request"),
    ("invoices.drafts.post", "draft-invoice.create.request"),
    ("invoices.drafts.post", "draft-invoice.ean.create.request"),
    ("invoices.drafts.post", "credit-note.draft.create.request"),
    ("invoices.drafts.draftInvoiceNumber.lines.post", "draft-invoice.add-rounding-line.request"),
    ("invoices.booked.post", "booked-invoice.book.request"),
    ("journals.journalNumber.vouchers.post", "journal-voucher.payout.request"),
    ("journals.journalNumber.vouchers.post", "journal-voucher.customer-payment.request"),
    ("journals.journalNumber.vouchers.post", "journal-voucher.payout-from-clearing.request"),
    ("journals.journalNumber.vouchers.post", "journal-voucher.payout-acquirer-customer.request"),
]


@pytest.mark.parametrize(("schema", "name"), REQUESTS)
def test_example_request_fits_the_vendors_schema(schema, name):
    assert_valid_request(schema, example("economic", name))


def _changed(name: str, **changes: Any) -> dict[str, Any]:
    return example("economic", name) | changes


@pytest.mark.parametrize(
    "changes",
    [
        {"layout": {"layoutNumber": "19"}},
        {"shopOrder": 1042},
        {"references": {"other": "x" * 251}},
        {"lines": [{"unitNetPrice": Decimal("1.005")}]},
        {"date": None},
    ],
)
def test_refuses_a_request_that_does_not_fit(changes):
    vendor_schema("invoices.drafts.post")
    with pytest.raises(AssertionError):
        assert_valid_request("invoices.drafts.post", _changed("draft-invoice.create.request", **changes))


# --- our own models against the vendor's ------------------------------------------------------------------------------

MODELS = [
    ("customers.post", bodies.CUSTOMER),
    ("customers.customerNo.put", bodies.CUSTOMER_REPLACED),
    ("customers.customerNumber.contacts.post", bodies.CONTACT),
    ("customers.customerNumber.contacts.contactNumber.put", bodies.CONTACT_REPLACED),
    ("products.post", bodies.PRODUCT),
    ("products.productNumber.put", bodies.PRODUCT),
    ("invoices.drafts.post", bodies.DRAFT),
    ("invoices.drafts.draftInvoiceNumber.put", bodies.DRAFT_REPLACED),
    ("invoices.drafts.draftInvoiceNumber.lines.post", bodies.LINES),
    ("invoices.booked.post", bodies.BOOKING),
    ("invoices.booked.bookWithNumber.put", bodies.BOOKING),
    ("journals.journalNumber.vouchers.post", journal_bodies.VOUCHER),
]
# Where the contract's text says more than the schema: the reference must be there, the draft needs its zone.
STRICTER = {
    ("invoices.booked.post", ".draftInvoice", "required"),
    ("invoices.booked.bookWithNumber.put", ".draftInvoice", "required"),
}


def _deviations(schema: Mapping[str, Any], kind: Kind, path: str) -> Iterator[tuple[str, str]]:
    """Pairs of path and limit in which our model is not the vendor's schema."""
    if isinstance(kind, Ignored):
        return
    if bool(schema.get("required")) != kind.required:
        yield path, "required"
    if isinstance(kind, Text) and "pattern" not in schema and schema.get("maxLength") != kind.longest:
        yield path, "maxLength"
    if isinstance(kind, Number) and schema.get("maxDecimal", schema.get("maxDecimals")) != kind.places:
        yield path, "maxDecimal"
    if isinstance(kind, Whole) and schema.get("type") != "integer":
        yield path, "type"
    if isinstance(kind, Day) and schema.get("format") != "full-date":
        yield path, "format"
    if isinstance(kind, Rows):
        yield from _deviations(schema.get("items", {}), kind.row, f"{path}[]")
    if isinstance(kind, Members):
        yield from _member_deviations(schema, kind, path)


def _member_deviations(schema: Mapping[str, Any], kind: Members, path: str) -> Iterator[tuple[str, str]]:
    theirs = schema.get("properties", {})
    for name in theirs.keys() - kind.members.keys() - {"priceGroup"}:
        yield f"{path}.{name}", "we lack it"
    for name in kind.members.keys() & theirs.keys():
        yield from _deviations(theirs[name], kind.members[name], f"{path}.{name}")
    for name in kind.members.keys() - theirs.keys():
        if not isinstance(kind.members[name], Ignored):
            yield f"{path}.{name}", "they lack it"


@pytest.mark.parametrize(("name", "model"), MODELS)
def test_own_model_agrees_with_the_vendors_schema(name, model):
    found = {(name, path, limit) for path, limit in _deviations(vendor_schema(name), model, "")}
    assert found - STRICTER - KNOWN == set()


# Contract 6.1 has these in the PUT although the schema of the PUT hasn't: a document as read must be accepted.
_PUT = "invoices.drafts.draftInvoiceNumber.put"
KNOWN = {
    (_PUT, ".layout", "they lack it"),
    (_PUT, ".recipient.mobilePhone", "they lack it"),
    ("invoices.booked.bookWithNumber.put", ".sendBy", "they lack it"),
}

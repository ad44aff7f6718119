"""The e-conomic stand-in against the contract's example bodies: every endpoint with an example answers as the example.

| endpoint                                         | example answer                           | held against it      |
| ------------------------------------------------ | ---------------------------------------- | -------------------- |
| POST /invoices/drafts                            | draft-invoice.create.response            | every value          |
| POST /invoices/booked                            | booked-invoice.book.response             | every value          |
| POST /invoices/booked, negative lines            | credit-note.booked.response              | every value          |
| DELETE /invoices/drafts/{n}                      | draft-invoice.delete.response            | every value          |
| GET /customers/{n}, POST /customers              | customer.get.response                    | every value          |
| GET /customers?filter=email                      | collection.customers-by-email.response   | members and types    |
| GET /invoices/booked, page 2 of 3                | collection.invoices-booked.page2of3      | members, links       |
| GET /products/{n}, POST /products                | product.get.response                     | every value          |
| GET /product-groups/{n}/sales-accounts           | product-group.sales-accounts.response    | members and types    |
| GET /vat-accounts/{code}                         | vat-account.get.response                 | every value          |
| GET /payment-terms/{n}                           | payment-term.net / .creditcard           | every value          |
| any error                                        | error.401, .404, .400-*                  | members and types    |
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from tests.contract.economic_agreement import ORIGIN, Agreement
from tests.contract.example_bodies import differences, example, read, rehosted


@pytest.fixture
def agreement() -> Iterator[Agreement]:
    running = Agreement()
    yield running
    running.close()


def here(agreement: Agreement, name: str) -> Any:
    """An example answer with its addresses moved to the stand-in."""
    return rehosted(example("economic", name), ORIGIN, agreement.server.url)


def at(agreement: Agreement, *moment: int) -> None:
    agreement.clock.set(datetime(*moment, tzinfo=UTC))  # type: ignore[misc, arg-type]


def test_draft_answers_as_the_example(agreement):
    at(agreement, 2026, 2, 1, 10, 2)
    reply = agreement.post_example("/invoices/drafts", "draft-invoice.create.request")
    expected = here(agreement, "draft-invoice.create.response")
    assert reply.status_code == 201
    assert reply.headers["Location"] == expected["self"]
    assert differences(expected, read(reply.text)) == []
    assert (read(reply.text)["grossAmount"], read(reply.text)["vatAmount"]) == (Decimal("536.95"), Decimal("107.39"))
    assert differences(expected, agreement.get("/invoices/drafts/30881")) == []


@pytest.mark.parametrize(
    "text", ['"netAmount":429.560000', '"vatAmount":107.390000', '"grossAmount":536.95', '"exchangeRate":100.000000']
)
def test_draft_writes_amounts_with_the_recorded_number_of_decimals(agreement, text):
    assert text in agreement.post_example("/invoices/drafts", "draft-invoice.create.request").text


def test_rounding_line_and_booking_answer_as_the_example(agreement):
    agreement.post_example("/invoices/drafts", "draft-invoice.create.request")
    appended = agreement.post_example("/invoices/drafts/30881/lines", "draft-invoice.add-rounding-line.request")
    assert appended.status_code == 201
    assert agreement.get("/invoices/drafts/30881")["grossAmount"] == Decimal("536.96")
    reply = agreement.post_example("/invoices/booked", "booked-invoice.book.request")
    expected = here(agreement, "booked-invoice.book.response")
    # The contract's list of members has a line's deliveryDate, its example has not.
    extra = frozenset({"deliveryDate"})
    assert reply.status_code == 201
    assert differences(expected, read(reply.text), extra=extra) == []
    assert differences(expected, agreement.get("/invoices/booked/40217"), extra=extra) == []


def test_credit_note_answers_as_the_example(agreement):
    at(agreement, 2026, 2, 5, 9, 0)
    agreement.server.standin.state.next_numbers |= {"draft": 30890, "invoice": 40219}
    draft = agreement.post_example("/invoices/drafts", "credit-note.draft.create.request")
    assert read(draft.text)["grossAmount"] == Decimal("-199.00")
    booked = agreement.book(30890)
    # The example leaves the buyer's address out, although its request has it.
    extra = frozenset({"address", "zip", "city", "country"})
    assert differences(here(agreement, "credit-note.booked.response"), booked, extra=extra) == []


def test_ean_invoice_is_accepted_and_booked_with_ean(agreement):
    agreement.server.standin.state.next_numbers |= {"draft": 30884}
    draft = agreement.post_example("/invoices/drafts", "draft-invoice.ean.create.request")
    assert draft.status_code == 201, draft.text
    shown = read(draft.text)
    assert shown["recipient"]["nemHandelType"] == "ean"
    assert shown["references"]["customerContact"]["customerContactNumber"] == 140
    body = rehosted(example("economic", "booked-invoice.book-ean.request"), ORIGIN, agreement.server.url)
    number = agreement.put_up("/invoices/booked", body)["bookedInvoiceNumber"]
    (sending,) = agreement.get(f"/invoices/booked/{number}/sent")["collection"]
    assert (sending["sendBy"], sending["invoice"]["bookedInvoiceNumber"]) == ("ean", number)


def test_deleted_draft_answers_as_the_example(agreement):
    agreement.draft()
    expected = here(agreement, "draft-invoice.delete.response")
    reply = agreement.call("DELETE", "/invoices/drafts/30881")
    assert reply.status_code == 200
    assert differences(expected, read(reply.text)) == []
    assert agreement.call("DELETE", "/invoices/drafts/30881").status_code == 404


def test_customer_answers_as_the_example(agreement):
    del agreement.server.standin.state.customers[500123]
    agreement.server.standin.state.next_numbers["customer"] = 500123
    expected = here(agreement, "customer.get.response")
    reply = agreement.post_example("/customers", "customer.b2c.create.request")
    assert reply.status_code == 201
    assert differences(expected, read(reply.text)) == []
    assert differences(expected, agreement.get("/customers/500123")) == []


def test_customer_found_by_email_answers_as_the_example(agreement):
    del agreement.server.standin.state.customers[500123]
    agreement.post_example("/customers", "customer.b2c.create.request")
    expected = example("economic", "collection.customers-by-email.response")
    seen = agreement.get("/customers", filter="email$eq:mette.provesen@example.test")
    extra = frozenset(
        {
            *("address", "city", "country", "zip", "telephoneAndFaxNumber", "mobilePhone"),
            *("contacts", "templates", "totals", "deliveryLocations", "invoices"),
        }
    )
    assert differences(expected, seen, values=False, extra=extra) == []
    assert seen["pagination"]["results"] == 1
    assert seen["pagination"]["resultsWithoutFilter"] == 5


def test_company_with_ean_and_its_contact_are_accepted(agreement):
    customer = read(agreement.post_example("/customers", "customer.b2b-ean.create.request").text)
    number = customer["customerNumber"]
    assert (customer["ean"], customer["publicEntryNumber"]) == ("5798000999992", "4410-22")
    reply = agreement.post_example(f"/customers/{number}/contacts", "customer.contact.create.request")
    contact = read(reply.text)
    assert reply.status_code == 201
    assert contact["customer"]["customerNumber"] == number
    assert contact["emailNotifications"] == ["invoices"]


def test_product_answers_as_the_example(agreement):
    at(agreement, 2026, 2, 1, 8, 0)
    del agreement.server.standin.state.products["SKU-1001"]
    expected = here(agreement, "product.get.response")
    reply = agreement.post_example("/products", "product.create.request")
    assert reply.status_code == 201
    assert differences(expected, read(reply.text)) == []
    assert differences(expected, agreement.get("/products/SKU-1001")) == []


def test_sales_accounts_answer_as_the_example(agreement):
    expected = example("economic", "product-group.sales-accounts.response")
    seen = agreement.get("/product-groups/1/sales-accounts")
    assert differences(expected, seen, values=False) == []
    domestic = seen["collection"][0]
    assert domestic["salesAccount"]["vatAccount"]["vatCode"] == "U25"
    assert [row["vatZone"]["vatZoneNumber"] for row in seen["collection"]] == [1, 2, 3, 4]


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/vat-accounts/U25", "vat-account.get.response"),
        ("/payment-terms/11", "payment-term.net.get.response"),
        ("/payment-terms/12", "payment-term.creditcard.get.response"),
    ],
)
def test_reference_object_answers_as_the_example(agreement, path, name):
    assert differences(here(agreement, name), agreement.get(path)) == []


def test_second_of_three_pages_answers_as_the_example(agreement):
    for reference in ("SHOP1-10000457", "SHOP1-10000458", "SHOP1-10000459"):
        agreement.book(agreement.draft(reference)["draftInvoiceNumber"])
    expected = here(agreement, "collection.invoices-booked.page2of3.response")
    query = "skippages=1&pagesize=1&filter=date$gte:2026-02-01"
    seen = read(agreement.call("GET", f"/invoices/booked?{query}").text)
    extra = frozenset({"delivery", "notes", "address", "zip", "city", "country"})
    assert differences(expected, seen, values=False, extra=extra) == []
    assert seen["collection"][0]["references"]["other"] == "SHOP1-10000458"
    links = ("firstPage", "previousPage", "nextPage", "lastPage")
    assert {name: seen["pagination"][name] for name in links} == {name: expected["pagination"][name] for name in links}
    assert seen["self"] == expected["self"]


def test_errors_have_the_members_of_the_examples(agreement):
    bare = {"X-AgreementGrantToken": "wrong"}
    missing = agreement.call("GET", "/customers/4711")
    refused = agreement.call("GET", "/self", headers=bare)
    assert (missing.status_code, refused.status_code) == (404, 401)
    assert differences(example("economic", "error.404.response"), read(missing.text), values=False) == []
    assert differences(example("economic", "error.401.response"), read(refused.text), values=False) == []


def _faulty_draft() -> dict[str, Any]:
    body = example("economic", "draft-invoice.create.request")
    body["paymentTerms"] = {"paymentTermsNumber": 4711}
    body["lines"][1]["unitNetPrice"] = Decimal("79.9642")
    return body


def test_validation_error_as_really_returned(agreement):
    expected = example("economic", "error.400-validation.response")
    reply = agreement.call("POST", "/invoices/drafts", _faulty_draft())
    assert reply.status_code == 400
    seen = read(reply.text)
    assert differences(expected, seen, values=False) == []
    assert (seen["errorCode"], seen["errorCount"]) == ("E04300", 2)
    assert seen["errors"]["paymentTerms"]["errors"][0]["errorCode"] == "E07080"
    assert seen["errors"]["lines"][0]["arrayIndex"] == 1
    assert seen["errors"]["lines"][0]["unitNetPrice"]["errors"][0]["errorCode"] == "E04740"
    assert seen["errors"]["lines"][0]["unitNetPrice"]["errors"][0]["inputValue"] == Decimal("79.9642")


def test_validation_error_as_documented(agreement):
    agreement.server.configure({"error_shape": "documented"})
    expected = example("economic", "error.400-validation.documented-shape.response")
    body = example("economic", "draft-invoice.create.request") | {"currency": "ZZZ"}
    body["lines"] = [{"description": "Kop", "product": {}, "unitNetPrice": 1}]
    seen = read(agreement.call("POST", "/invoices/drafts", body).text)
    assert differences(expected, seen, values=False) == []
    assert seen["errors"]["lines"][0]["quantity"]["errors"][0]["errorCode"] == "E04730"
    assert "errorCode" not in seen
    assert "errorCount" not in seen


def test_schema_violation_has_plain_strings(agreement):
    body = example("economic", "draft-invoice.create.request") | {"layout": {"layoutNumber": "19"}}
    reply = agreement.call("POST", "/invoices/drafts", body)
    seen = read(reply.text)
    assert reply.status_code == 400
    assert differences(example("economic", "error.400-schema.response"), seen, values=False) == []
    assert seen["errors"] == ["Invalid type. Expected Integer but got String. Path 'layout.layoutNumber'."]
    assert seen["schemaPath"].endswith("/schema/invoices.drafts.post.schema.json")

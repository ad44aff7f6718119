"""Amounts, drafts, booking and the accountant of the e-conomic stand-in (contract 4.2, 6, 7.1, 9, 10)."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import pytest
import requests

from tests.contract.economic_agreement import Agreement, errors_of, line
from tests.contract.example_bodies import example, read


@pytest.fixture
def agreement() -> Iterator[Agreement]:
    running = Agreement()
    yield running
    running.close()


def amounts(document: dict[str, object]) -> tuple[str, str, str]:
    return tuple(f"{document[name]:.2f}" for name in ("netAmount", "vatAmount", "grossAmount"))  # type: ignore[return-value]


# --- arithmetic ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ([line("SKU-1001", "1.12", "1.23")], ("1.38", "0.35", "1.73")),
        (
            [line("SKU-1001", "153.44", "3", discountPercentage=10), line("SKU-1001", "46")],
            ("460.29", "115.07", "575.36"),
        ),
        ([line("SKU-1001", "9.98")], ("9.98", "2.50", "12.48")),
        ([line("SKU-1001", "-9.98")], ("-9.98", "-2.50", "-12.48")),
        ([line("SKU-1001", "9.98", "-1")], ("-9.98", "-2.50", "-12.48")),
        ([line("SKU-1001", "39.99"), line("fragtum", "49")], ("88.99", "10.00", "98.99")),
        ([line("oss-de-19", "100"), line("SKU-1001", "100")], ("200.00", "44.00", "244.00")),
        ([{"description": "Tekst", "unitNetPrice": 10}, line("SKU-1001", "8")], ("8.00", "2.00", "10.00")),
    ],
)
def test_computes_the_recorded_amounts(agreement, lines, expected):
    assert amounts(agreement.draft(lines=lines)) == expected


THREE_HALVES = [line("SKU-1001", "0.42"), line("SKU-1001", "0.42"), line("SKU-1001", "0.42")]


@pytest.mark.parametrize(("mode", "vat"), [("document", "0.32"), ("line", "0.33")])
def test_rounds_vat_by_document_or_by_line(agreement, mode, vat):
    agreement.server.configure({"rounding": mode})
    draft = agreement.draft(lines=THREE_HALVES)
    assert amounts(draft)[:2] == ("1.26", vat)
    booked = agreement.book(draft["draftInvoiceNumber"])
    assert amounts(booked) == amounts(draft)
    per_line = {"document": Decimal("0.1050"), "line": Decimal("0.1100")}[mode]
    assert [row["vatAmount"] for row in booked["lines"]] == [per_line] * 3


@pytest.mark.parametrize(("zone", "vat"), [(1, "25.00"), (2, "0.00"), (3, "0.00"), (4, "0.00")])
def test_zone_of_the_recipient_decides_the_rate(agreement, zone, vat):
    recipient = {"name": "Kunde", "vatZone": {"vatZoneNumber": zone}}
    assert amounts(agreement.draft(recipient=recipient, lines=[line("SKU-1001", "100")]))[1] == vat


def test_amounts_in_base_currency_use_the_price_of_a_hundred_units(agreement):
    draft = agreement.draft(currency="EUR", exchangeRate=Decimal("746.05"), lines=[line("SKU-1001", "100")])
    assert amounts(draft) == ("100.00", "25.00", "125.00")
    assert draft["grossAmountInBaseCurrency"] == Decimal("932.56")
    omitted = agreement.draft("other", currency="EUR", lines=[line("SKU-1001", "100")])
    assert omitted["exchangeRate"] == Decimal("746.050000")


@pytest.mark.parametrize(
    ("terms", "due"),
    [(11, "2026-02-01"), (1, "2026-02-09"), (3, "2026-03-15"), (2, "2026-02-01"), (12, "2026-02-01")],
)
def test_due_date_follows_the_payment_terms(agreement, terms, due):
    assert agreement.draft(paymentTerms={"paymentTermsNumber": terms})["dueDate"] == due


# --- strict bodies ---------------------------------------------------------------------------------------------------


def refused(agreement: Agreement, **changes: object) -> requests.Response:
    body = example("economic", "draft-invoice.create.request") | changes
    reply = agreement.call("POST", "/invoices/drafts", {name: value for name, value in body.items() if value != "GONE"})
    assert reply.status_code == 400, reply.text
    assert agreement.server.counters()["records"]["drafts"] == 0
    return reply


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"layout": "GONE"}, "Required properties are missing from object: layout"),
        ({"recipient": {"name": "x"}}, "missing from object: vatZone. Path 'recipient'"),
        ({"date": "01-02-2026"}, "Path 'date'"),
        ({"date": "2026-02-30"}, "Path 'date'"),
        ({"dueDate": None}, "Expected String but got Null"),
        ({"notes": {"heading": "x" * 251}}, "maximum length of 250. Path 'notes.heading'"),
        ({"references": {"other": 17}}, "Expected String but got Integer. Path 'references.other'"),
        ({"shopOrder": "1042"}, "Property 'shopOrder' has not been defined"),
        ({"lines": [line("x" * 26, "1")]}, "maximum length of 25. Path 'lines[0].product.productNumber'"),
        ({"lines": [{"lineNumber": 0}]}, "Path 'lines[0].lineNumber'"),
        ({"customer": {"customerNumber": "500123"}}, "Expected Integer but got String"),
        ({"currency": "DKKR"}, "Path 'currency'"),
        ({"recipient": {"name": "x", "vatZone": {"vatZoneNumber": 1}, "ean": "57980009999921"}}, "length of 13"),
    ],
)
def test_refuses_what_breaks_the_schema(agreement, changes, text):
    assert any(text in problem for problem in errors_of(refused(agreement, **changes)))


@pytest.mark.parametrize(
    ("changes", "path", "code"),
    [
        ({"customer": {"customerNumber": 4711}}, ("customer",), "E06000"),
        ({"customer": {}}, ("customer",), "E04500"),
        ({"paymentTerms": {"paymentTermsNumber": 4711}}, ("paymentTerms",), "E07080"),
        (
            {"paymentTerms": {"paymentTermsNumber": 11, "paymentTermsType": "prepaid"}},
            ("paymentTerms", "paymentTermsType"),
            "E07180",
        ),
        ({"currency": "USD"}, ("currency",), "E06000"),
        ({"lines": [line("SKU-1001", "1.005")]}, ("lines", 0, "unitNetPrice"), "E04740"),
        ({"lines": [line("SKU-1001", "1", "0.333")]}, ("lines", 0, "quantity"), "E04740"),
        ({"lines": [line("4711", "1")]}, ("lines", 0, "product"), "E06000"),
        ({"lines": [line("sku-1001", "1")]}, ("lines", 0, "product"), "E06000"),
        ({"lines": [{"description": "x", "quantity": 1}]}, ("lines", 0, "product"), "E04500"),
        ({"lines": [{"description": "x", "product": {"productNumber": "vare"}}]}, ("lines", 0, "quantity"), "E04730"),
        ({"exchangeRate": Decimal("746.0512345")}, ("exchangeRate",), "E04740"),
    ],
)
def test_refuses_values_with_the_code_of_the_contract(agreement, changes, path, code):
    node = errors_of(refused(agreement, **changes))
    for part in path:
        node = next(row for row in node if row["arrayIndex"] == part) if isinstance(part, int) else node[part]
    assert node["errors"][0]["errorCode"] == code


def test_accepts_a_reference_by_self_and_refuses_one_that_disagrees(agreement):
    address = f"{agreement.server.url}/customers/500200"
    assert agreement.draft(customer={"self": address})["customer"]["customerNumber"] == 500200
    body = example("economic", "draft-invoice.create.request")
    body["customer"] = {"customerNumber": 500123, "self": address}
    assert "customer" in errors_of(agreement.call("POST", "/invoices/drafts", body))


def test_two_decimals_may_be_written_with_more_zeros(agreement):
    assert amounts(agreement.draft(lines=[line("SKU-1001", "8.1000")]))[0] == "8.10"


def test_due_date_is_for_its_own_terms_only(agreement):
    assert agreement.draft(paymentTerms={"paymentTermsNumber": 5}, dueDate="2026-03-01")["dueDate"] == "2026-03-01"
    body = example("economic", "draft-invoice.create.request") | {"dueDate": "2026-03-01"}
    assert "dueDate" in errors_of(agreement.call("POST", "/invoices/drafts", body))


def test_unknown_members_can_be_let_through(agreement):
    agreement.server.configure({"unknown_members": "ignored"})
    assert "shopOrder" not in agreement.draft(shopOrder="1042")


# --- changing drafts -------------------------------------------------------------------------------------------------


def test_replacing_clears_what_is_not_sent(agreement):
    number = agreement.draft()["draftInvoiceNumber"]
    body = {"recipient": {"name": "Ny", "vatZone": {"vatZoneNumber": 1}}, "lines": [line("SKU-1001", "8")]}
    reply = agreement.call("PUT", f"/invoices/drafts/{number}", body)
    shown = read(reply.text)
    assert reply.status_code == 200
    assert amounts(shown) == ("8.00", "2.00", "10.00")
    assert not {"notes", "references", "delivery", "layout", "paymentTerms"} & shown.keys()
    refused_booking = agreement.call("POST", "/invoices/booked", {"draftInvoice": {"draftInvoiceNumber": number}})
    assert refused_booking.status_code == 400
    assert "layout" in read(refused_booking.text)["message"]


def test_a_draft_can_be_sent_back_as_it_was_read(agreement):
    shown = agreement.draft()
    reply = agreement.call("PUT", f"/invoices/drafts/{shown['draftInvoiceNumber']}", shown)
    assert reply.status_code == 200, reply.text
    assert read(reply.text) == shown


def test_deleting_without_a_number_wipes_all_and_is_counted(agreement):
    for reference in ("a", "b", "c"):
        agreement.draft(reference)
    filtered = agreement.call("DELETE", "/invoices/drafts?filter=references.other$eq:a")
    assert read(filtered.text)["deletedCount"] == 1
    assert agreement.server.counters()["drafts_wiped"] == 1
    assert read(agreement.call("DELETE", "/invoices/drafts").text)["deletedCount"] == 2
    assert agreement.server.counters()["records"]["drafts"] == 0


def test_people_edit_delete_and_book_drafts(agreement):
    first, second, third = (agreement.draft(name)["draftInvoiceNumber"] for name in ("a", "b", "c"))
    agreement.clock.advance(60)
    agreement.server.act({"action": "edit_draft", "draft": first, "lines": [{"lineNumber": 1, "unitNetPrice": "100"}]})
    edited = agreement.get(f"/invoices/drafts/{first}")
    assert amounts(edited)[0] == "311.16"
    assert edited["lastUpdated"] == "2026-02-01T09:15:30Z"
    agreement.server.act({"action": "delete_draft", "draft": second})
    assert agreement.call("GET", f"/invoices/drafts/{second}").status_code == 404
    url = f"{agreement.server.url}/_standin/act"
    booked = requests.post(url, json={"action": "book_draft", "draft": third}, timeout=5).json()
    assert agreement.get(f"/invoices/booked/{booked['bookedInvoiceNumber']}")["orderNumber"] == third
    assert requests.post(url, json={"action": "delete_draft", "draft": second}, timeout=5).status_code == 404
    assert requests.post(url, json={"action": "dance"}, timeout=5).status_code == 400


# --- booking ---------------------------------------------------------------------------------------------------------


def test_booking_consumes_the_draft_and_names_it(agreement):
    number = agreement.draft()["draftInvoiceNumber"]
    booked = agreement.book(number)
    assert (booked["bookedInvoiceNumber"], booked["orderNumber"]) == (40217, number)
    assert agreement.call("GET", f"/invoices/drafts/{number}").status_code == 404
    again = agreement.call("POST", "/invoices/booked", {"draftInvoice": {"draftInvoiceNumber": number}})
    assert again.status_code == 404
    assert agreement.book(agreement.draft("next")["draftInvoiceNumber"])["bookedInvoiceNumber"] == 40218


def test_booking_under_a_number_of_ones_own(agreement):
    draft = {"draftInvoice": {"draftInvoiceNumber": agreement.draft("a")["draftInvoiceNumber"]}}
    reply = agreement.call("PUT", "/invoices/booked/90001", draft | {"bookWithNumber": 90002})
    assert "bookWithNumber" in errors_of(reply)
    assert agreement.call("PUT", "/invoices/booked/90001", draft).status_code == 201
    second = {"draftInvoice": {"draftInvoiceNumber": agreement.draft("b")["draftInvoiceNumber"]}}
    taken = agreement.call("POST", "/invoices/booked", second | {"bookWithNumber": 90001})
    assert errors_of(taken)["bookWithNumber"]["errors"][0]["errorCode"] == "E06010"


@pytest.mark.parametrize(
    ("terms", "settings", "remainder"),
    [
        (11, {}, "536.95"),
        (2, {}, "0.00"),
        (12, {}, "0.00"),
        (12, {"creditcard_remainder": "gross"}, "536.95"),
        (2, {"paid_in_cash_remainder": "gross"}, "536.95"),
    ],
)
def test_payment_terms_decide_what_stays_open(agreement, terms, settings, remainder):
    agreement.server.configure(settings)
    booked = agreement.book(agreement.draft(paymentTerms={"paymentTermsNumber": terms})["draftInvoiceNumber"])
    assert booked["remainder"] == Decimal(remainder)
    unpaid, paid = (agreement.get(f"/invoices/{kind}")["pagination"]["results"] for kind in ("unpaid", "paid"))
    assert (unpaid, paid) == ((1, 0) if booked["remainder"] else (0, 1))
    assert agreement.get("/customers/500123")["balance"] == Decimal(remainder)


def test_paying_moves_an_invoice_from_unpaid_to_paid(agreement):
    number = agreement.book(agreement.draft()["draftInvoiceNumber"])["bookedInvoiceNumber"]
    agreement.clock.advance(86400 * 2)
    assert agreement.get("/invoices/overdue")["pagination"]["results"] == 1
    agreement.server.act({"action": "pay", "invoice": number, "amount": "500.00"})
    assert agreement.get(f"/invoices/booked/{number}")["remainder"] == Decimal("36.95")
    agreement.server.act({"action": "pay", "invoice": number})
    assert agreement.get("/invoices/paid")["collection"][0]["bookedInvoiceNumber"] == number


def booking_refused(agreement: Agreement, draft: int, **members: object) -> dict[str, object]:
    reply = agreement.call("POST", "/invoices/booked", {"draftInvoice": {"draftInvoiceNumber": draft}, **members})
    assert reply.status_code == 400, reply.text
    assert agreement.get(f"/invoices/drafts/{draft}")["draftInvoiceNumber"] == draft
    return read(reply.text)


@pytest.mark.parametrize("what", ["period", "year"])
def test_refuses_booking_in_a_closed_period(agreement, what):
    number = agreement.draft()["draftInvoiceNumber"]
    agreement.server.configure({"closed_period_code": "PeriodClosed"})
    agreement.server.act({"action": "close", "what": what, "date": "2026-02-01"})
    assert booking_refused(agreement, number)["errorCode"] == "PeriodClosed"
    closed = (
        agreement.get("/accounting-years/2026/periods/2").get("closed"),
        agreement.get("/accounting-years/2026").get("closed"),
    )
    assert closed == ((True, None) if what == "period" else (None, True))
    agreement.server.act({"action": "close", "what": what, "date": "2026-02-01", "closed": False})
    assert agreement.book(number)["orderNumber"] == number


@pytest.mark.parametrize("day", ["2023-06-01", "2031-01-01"])
def test_refuses_booking_in_a_closed_or_missing_year(agreement, day):
    assert day in str(booking_refused(agreement, agreement.draft(date=day)["draftInvoiceNumber"])["message"])


@pytest.mark.parametrize("barred", [{"product": "SKU-1001"}, {"customer": 500123}, {"account": 1010}])
def test_refuses_booking_with_something_barred(agreement, barred):
    number = agreement.draft()["draftInvoiceNumber"]
    agreement.server.act({"action": "bar", **barred})
    assert booking_refused(agreement, number)["errorCode"] == "E99020"
    agreement.server.act({"action": "bar", **barred, "barred": False})
    assert agreement.book(number)["orderNumber"] == number


def test_refuses_booking_without_lines_or_without_an_account_for_the_zone(agreement):
    empty = agreement.draft("a", lines=[])["draftInvoiceNumber"]
    assert "lines" in str(booking_refused(agreement, empty)["message"])
    abroad = {"name": "Kunde", "vatZone": {"vatZoneNumber": 3}}
    draft = agreement.draft("b", recipient=abroad, lines=[line("KUN-DK", "8")])["draftInvoiceNumber"]
    assert booking_refused(agreement, draft)["errorCode"] == "E99030"


def test_refuses_to_send_electronically_without_ean_and_contact(agreement):
    number = agreement.draft()["draftInvoiceNumber"]
    booking_refused(agreement, number, sendBy="EAN")
    assert agreement.book(number, sendBy="none")["orderNumber"] == number


def test_pdf_comes_after_some_reads_and_not_as_application_pdf(agreement):
    path = f"/invoices/booked/{agreement.book(agreement.draft()['draftInvoiceNumber'])['bookedInvoiceNumber']}/pdf"
    replies = [agreement.call("GET", path, headers={"Accept": "*/*"}) for _ in range(3)]
    assert [reply.status_code for reply in replies] == [404, 404, 200]
    assert replies[2].content.startswith(b"%PDF")
    assert agreement.call("GET", path, headers={"Accept": "application/pdf"}).status_code == 406


def test_shared_references_are_reported_as_doubles(agreement):
    first, second = agreement.draft("same"), agreement.draft("same")
    agreement.draft("single")
    booked = agreement.book(first["draftInvoiceNumber"])
    assert agreement.server.counters()["doubles"] == [
        {
            "kind": "invoice",
            "key": "same",
            "drafts": [second["draftInvoiceNumber"]],
            "booked": [booked["bookedInvoiceNumber"]],
        }
    ]


# --- customers and products ------------------------------------------------------------------------------------------


def test_customer_is_replaced_whole_and_deleted_only_without_invoices(agreement):
    body = example("economic", "customer.b2c.create.request")
    number = agreement.put_up("/customers", body)["customerNumber"]
    short = {name: body[name] for name in ("name", "currency", "customerGroup", "paymentTerms", "vatZone")}
    replaced = agreement.call("PUT", f"/customers/{number}", short)
    assert replaced.status_code == 200
    assert "email" not in read(replaced.text)
    agreement.draft(customer={"customerNumber": number})
    assert agreement.call("DELETE", f"/customers/{number}").status_code == 400
    agreement.call("DELETE", "/invoices/drafts/30881")
    assert agreement.call("DELETE", f"/customers/{number}").status_code == 204
    assert agreement.call("DELETE", f"/customers/{number}").status_code == 404


def test_refuses_a_customer_number_or_product_number_that_exists(agreement):
    body = example("economic", "customer.b2c.create.request") | {"customerNumber": 500200}
    assert errors_of(agreement.call("POST", "/customers", body))["customerNumber"]["errors"][0]["errorCode"] == "E06010"
    product = {"productNumber": "SKU-1001", "name": "x", "productGroup": {"productGroupNumber": 1}}
    reply = agreement.call("POST", "/products", product)
    assert errors_of(reply)["productNumber"]["errors"][0]["errorCode"] == "E06010"


def test_contact_lives_with_its_customer(agreement):
    path = "/customers/500300/contacts"
    number = agreement.put_up(path, {"name": "Ny kontakt"})["customerContactNumber"]
    assert agreement.call("GET", f"/customers/500200/contacts/{number}").status_code == 404
    body = {"customerContactNumber": number, "name": "Andet navn"}
    assert read(agreement.call("PUT", f"{path}/{number}", body).text)["name"] == "Andet navn"
    assert agreement.get(path)["pagination"]["results"] == 2
    assert agreement.call("DELETE", f"{path}/{number}").status_code == 204
    assert agreement.get(path, filter="name$like:kirsten")["pagination"]["results"] == 1


def test_strange_product_number_is_found_by_its_own_escape_only(agreement):
    shown = agreement.get("/products/A_11_B_6_1_9__8_x")
    assert shown["productNumber"] == "A.B/1 _x"
    assert shown["self"].endswith("/products/A_11_B_6_1_9__8_x")
    assert agreement.call("GET", "/products/A.B%2F1%20_x").status_code == 404
    drawn = agreement.draft(lines=[line("A.B/1 _x", "8")])
    assert drawn["lines"][0]["product"]["self"] == shown["self"]


def test_product_is_replaced_and_deleted_only_while_unused(agreement):
    body = {
        "productNumber": "NY",
        "name": "Ny",
        "productGroup": {"productGroupNumber": 1},
        "salesPrice": Decimal("10.5"),
    }
    agreement.put_up("/products", body)
    assert agreement.call("PUT", "/products/NY", body | {"productNumber": "ANDEN"}).status_code == 400
    assert agreement.call("PUT", "/products/NY", body | {"name": "Nyere"}).status_code == 200
    agreement.draft(lines=[line("NY", "8")])
    assert agreement.call("DELETE", "/products/NY").status_code == 400
    agreement.call("DELETE", "/invoices/drafts/30881")
    assert agreement.call("DELETE", "/products/NY").status_code == 204

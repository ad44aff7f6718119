"""Booking, and booked invoices (contract 9)."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from standin.economic.amounts import (
    CENT,
    EIGHT_PLACES,
    FOUR_PLACES,
    SIX_PLACES,
    Totals,
    compute,
    in_base,
)
from standin.economic.bodies import BOOKING
from standin.economic.call import Call, answer, created, found, resolve, router
from standin.economic.documents import DOCUMENT_FIELDS, LINE_TEXTS, facts_of, show_parties, show_product_and_unit
from standin.economic.drafts import find_draft
from standin.economic.entries import book_invoice
from standin.economic.errors import ApiError, not_found
from standin.economic.listing import Collection, listing
from standin.economic.state import Record
from standin.messages import Response

_PAID_TYPES = {"paidInCash": "paid_in_cash_remainder", "prepaid": "paid_in_cash_remainder"}
_MOVED_TYPES = {"creditcard": "creditcard_remainder", "factoring": "creditcard_remainder"}
_FILTERABLE = {
    "bookedInvoiceNumber": "number",
    **DOCUMENT_FIELDS,
    "recipient.vatZone.vatZoneNumber": "number",
}
_FILTERABLE_BY_PAYMENT = {name: kind for name, kind in _FILTERABLE.items() if name != "exchangeRate"}
_NOTHING = Decimal("0.00")


# --- booking ---------------------------------------------------------------------------------------------------------


@router.on("POST", "/invoices/booked")
def book(call: Call) -> Response:
    """Book a draft under the next number of the series, or the one that is asked for."""
    return _book_from_body(call, call.body(BOOKING, "invoices.booked.post"))


@router.on("PUT", "/invoices/booked/{number}")
def book_with_number(call: Call) -> Response:
    """Book a draft under the number of the path."""
    body, number = call.body(BOOKING, "invoices.booked.bookWithNumber.put"), call.number()
    if body.get("bookWithNumber", number) != number:
        call.problem(("bookWithNumber",), "E06000", "The number in the body is not that of the path.")
    return _book_from_body(call, {**body, "bookWithNumber": number})


def _book_from_body(call: Call, body: dict[str, Any]) -> Response:
    number = body.get("bookWithNumber")
    if number in call.state.booked:
        call.problem(("bookWithNumber",), "E06010", f"Invoice '{number}' exists already.", number)
    call.refuse_problems()
    draft_number = resolve(call, body, ("draftInvoice",), "draftInvoiceNumber", call.state.drafts)
    if any(problem.code == "E04500" for problem in call.problems):
        call.refuse_problems()
    if draft_number is None:
        raise not_found("The draft was booked or deleted, or never existed.")
    send_by = str(body.get("sendBy", "none")).lower()
    invoice = book_draft(call, draft_number, number, send_by)
    return created(call, show_booked(call, invoice))


def book_draft(call: Call, draft_number: int, number: int | None, send_by: str = "none") -> Record:
    """Turn a draft into a booked invoice. Raises ApiError (400) when it can't be booked."""
    state = call.state
    draft = state.drafts[draft_number]
    _refuse_incomplete(call, draft)
    _refuse_barred(call, draft)
    if not state.open_on(draft["date"]):
        text = f"The date {draft['date']} is in a closed or missing accounting period."
        raise ApiError(400, text, code=call.switches.closed_period_code)
    if send_by == "ean":
        _refuse_unsendable(call, draft)
    totals = compute(state, draft, call.switches.rounding)
    invoice = _invoice(call, draft, totals)
    invoice["bookedInvoiceNumber"] = number or state.next_number("invoice", state.booked)
    del state.drafts[draft_number]
    state.booked[invoice["bookedInvoiceNumber"]] = invoice
    book_invoice(call, invoice, totals, left_open=_left_open(call, draft["paymentTerms"]))
    if send_by != "none":
        _send(call, invoice, send_by)
    return invoice


def _refuse_incomplete(call: Call, draft: Record) -> None:
    state, missing = call.state, [name for name in ("layout", "paymentTerms") if draft.get(name) is None]
    if draft["recipient"].get("vatZone") is None:
        missing.append("recipient.vatZone")
    if not draft["lines"]:
        missing.append("lines")
    if missing:
        raise ApiError(400, f"The draft has no {', '.join(missing)}.", code=call.switches.incomplete_document_code)
    zone = draft["recipient"]["vatZone"]
    for line in draft["lines"]:
        if line.get("product") is not None and state.vat_rate(line["product"], zone) is None:
            text = f"The group of product {line['product']} has no sales account for VAT zone {zone}."
            raise ApiError(400, text, code=call.switches.missing_account_code)


def _refuse_barred(call: Call, draft: Record) -> None:
    state = call.state
    if state.customers[draft["customer"]].get("barred"):
        raise ApiError(400, f"Customer {draft['customer']} is barred.", code=call.switches.barred_code)
    zone = draft["recipient"]["vatZone"]
    for product in [line["product"] for line in draft["lines"] if line.get("product") is not None]:
        if state.products[product].get("barred"):
            raise ApiError(400, f"Product {product} is barred.", code=call.switches.barred_code)
        account = state.product_groups[state.products[product]["group"]]["sales_accounts"][zone]
        if state.accounts[account].get("barred"):
            raise ApiError(400, f"Account {account} is barred.", code=call.switches.barred_code)


def _refuse_unsendable(call: Call, draft: Record) -> None:
    """The conditions of an electronic invoice (contract 3.6)."""
    ean = draft["recipient"].get("ean", "")
    fits = (
        call.state.agreement.get("canSendElectronicInvoice"),
        len(ean) == 13 and ean.isdigit(),
        draft.get("references", {}).get("customerContact") is not None,
        all(draft["recipient"].get(name) for name in ("name", "address", "zip", "city", "country")),
    )
    if not all(fits):
        text = "The invoice can't be sent electronically: EAN, contact person or address is missing."
        raise ApiError(400, text, code=call.switches.incomplete_document_code)


def _invoice(call: Call, draft: Record, totals: Totals) -> Record:
    rate = draft["exchangeRate"]
    gross_in_base = in_base(totals.gross, rate)
    left = _left_open(call, draft["paymentTerms"])
    amounts = {
        "netAmount": totals.net,
        "netAmountInBaseCurrency": in_base(totals.net, rate),
        "grossAmount": totals.gross,
        "grossAmountInBaseCurrency": gross_in_base,
        "vatAmount": totals.vat,
        "roundingAmount": _NOTHING,
        "remainder": totals.gross if left else _NOTHING,
        "remainderInBaseCurrency": gross_in_base if left else _NOTHING,
    }
    lines = [
        {**line, "vatRate": found.rate, "vatAmount": found.vat, "totalNetAmount": found.net}
        for line, found in zip(draft["lines"], totals.lines, strict=True)
    ]
    kept = {name: value for name, value in draft.items() if name not in {"draftInvoiceNumber", "handle", "updated"}}
    return {
        **kept,
        **amounts,
        "lines": lines,
        "orderNumber": draft["draftInvoiceNumber"],
        "created": call.now,
        "reads": 0,
    }


def _left_open(call: Call, terms: int) -> bool:
    """Whether the buyer still owes the invoice after booking."""
    kind = call.state.payment_terms[terms]["paymentTermsType"]
    switch = (_PAID_TYPES | _MOVED_TYPES).get(kind)
    return switch is None or getattr(call.switches, switch) == "gross"


def _send(call: Call, invoice: Record, send_by: str) -> None:
    call.state.sendings.append(
        {
            "id": call.state.next_number("sending"),
            "invoice": invoice["bookedInvoiceNumber"],
            "status": "queued",
            "sendBy": send_by,
            "creationDate": call.now.date().isoformat(),
            "recipient": {name: invoice["recipient"][name] for name in ("name", "ean") if name in invoice["recipient"]},
        }
    )


# --- reading ---------------------------------------------------------------------------------------------------------


def _show_row(call: Call, record: Record, *, whole: bool = False) -> dict[str, Any]:
    number = record["bookedInvoiceNumber"]
    address = f"invoices/booked/{number}"
    amounts = (
        "netAmount",
        "netAmountInBaseCurrency",
        "grossAmount",
        "grossAmountInBaseCurrency",
        "vatAmount",
        "roundingAmount",
        "remainder",
        "remainderInBaseCurrency",
    )
    return {
        "bookedInvoiceNumber": number,
        "orderNumber": record["orderNumber"],
        "date": record["date"],
        "currency": record["currency"],
        "exchangeRate": record["exchangeRate"].quantize(SIX_PLACES),
        **{name: record[name].quantize(CENT) for name in amounts},
        "dueDate": record["dueDate"],
        **show_parties(call, record, whole=whole),
        "pdf": {"download": call.link(f"{address}/pdf")},
        "sent": call.link(f"{address}/sent"),
        "self": call.link(address),
    }


def show_booked(call: Call, record: Record) -> dict[str, Any]:
    """A booked invoice with lines and the VAT of each."""
    return {
        **_show_row(call, record, whole=True),
        "lines": [_show_line(call, record, line) for line in record["lines"]],
    }


def _show_line(call: Call, record: Record, line: Record) -> dict[str, Any]:
    numbers = ("quantity", "unitNetPrice", "discountPercentage", "unitCostPrice")
    shown: dict[str, Any] = {name: line[name] for name in LINE_TEXTS if name in line}
    if day := record.get("delivery", {}).get("deliveryDate"):
        shown["deliveryDate"] = day
    return {
        **shown,
        **{name: line[name].quantize(CENT) for name in numbers},
        "vatRate": line["vatRate"].quantize(EIGHT_PLACES),
        "vatAmount": line["vatAmount"].quantize(FOUR_PLACES),
        "totalNetAmount": line["totalNetAmount"].quantize(CENT),
        **show_product_and_unit(call, line),
    }


def _collect(path: str, filterable: dict[str, str], wanted: Callable[[Call, Record], bool]) -> None:
    collection = Collection(_show_row, filterable, facts=lambda _call, row: facts_of(row), lags=True)

    @router.on("GET", path)
    def read_all(call: Call) -> Response:
        return listing(call, collection, (row for row in call.state.booked.values() if wanted(call, row)))


def _overdue(call: Call, row: Record) -> bool:
    return bool(row["remainder"]) and row["dueDate"] < call.now.date().isoformat()


_collect("/invoices/booked", _FILTERABLE, lambda _call, _row: True)
_collect("/invoices/unpaid", _FILTERABLE_BY_PAYMENT, lambda _call, row: bool(row["remainder"]))
_collect("/invoices/paid", _FILTERABLE_BY_PAYMENT, lambda _call, row: not row["remainder"])
_collect("/invoices/overdue", _FILTERABLE_BY_PAYMENT, _overdue)
_collect(
    "/invoices/not-due", _FILTERABLE_BY_PAYMENT, lambda call, row: bool(row["remainder"]) and not _overdue(call, row)
)
_collect("/customers/{number}/invoices/booked", _FILTERABLE, lambda call, row: bool(row["customer"] == call.number()))


def _find(call: Call) -> Record:
    invoice: Record = found(call.state.booked, call.number())
    return invoice


@router.on("GET", "/invoices/booked/{number}")
def read_booked(call: Call) -> Response:
    """One booked invoice, never late."""
    return answer(200, show_booked(call, _find(call)))


@router.on("GET", "/invoices/booked/{number}/pdf")
def read_pdf(call: Call) -> Response:
    """The PDF; not there for the first reads, and 406 when asked for as application/pdf."""
    invoice = _find(call)
    _refuse_pdf_only(call)
    invoice["reads"] += 1
    if invoice["reads"] <= call.switches.pdf_404_reads:
        raise not_found("The PDF is not ready yet.")
    return _pdf(f"Faktura {invoice['bookedInvoiceNumber']}")


@router.on("GET", "/invoices/drafts/{number}/pdf")
def read_draft_pdf(call: Call) -> Response:
    """The PDF of a draft."""
    _refuse_pdf_only(call)
    return _pdf(f"Kladde {find_draft(call)['draftInvoiceNumber']}")


def _refuse_pdf_only(call: Call) -> None:
    if call.request.headers.get("accept", "*/*").strip().lower() == "application/pdf":
        raise ApiError(406, "Not acceptable.", "Send Accept: */*.")


def _pdf(text: str) -> Response:
    stream = f"BT /F1 24 Tf 72 720 Td ({text}) Tj ET"
    body = f"%PDF-1.4\n1 0 obj<</Length {len(stream)}>>stream\n{stream}\nendstream endobj\ntrailer<<>>\n%%EOF\n"
    return Response(200, body.encode("latin-1"), content_type="application/pdf")


def _show_sending(call: Call, row: Record) -> dict[str, Any]:
    invoice = call.ref("invoices/booked", "bookedInvoiceNumber", row["invoice"])
    return {**row, "invoice": invoice, "self": call.link(f"invoices/sent/{row['id']}")}


@router.on("GET", "/invoices/booked/{number}/sent")
def read_sendings_of_invoice(call: Call) -> Response:
    """How and when the invoice was sent."""
    number = _find(call)["bookedInvoiceNumber"]
    return listing(call, Collection(_show_sending), (row for row in call.state.sendings if row["invoice"] == number))


@router.on("GET", "/invoices/sent")
def read_sendings(call: Call) -> Response:
    """All sendings."""
    return listing(call, Collection(_show_sending), call.state.sendings)

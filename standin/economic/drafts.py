"""Draft invoices: create, read, replace, append lines, delete (contract 6)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from standin.economic.amounts import (
    CENT,
    FOUR_PLACES,
    SIX_PLACES,
    LineAmounts,
    Totals,
    compute,
    in_base,
    rounded,
    share,
)
from standin.economic.bodies import DRAFT, DRAFT_REPLACED, LINES
from standin.economic.call import Call, answer, created, found, router, stamp
from standin.economic.documents import (
    DOCUMENT_FIELDS,
    LINE_TEXTS,
    due_date,
    facts_of,
    read_document,
    read_lines,
    show_parties,
    show_product_and_unit,
)
from standin.economic.filters import parse_filter
from standin.economic.listing import Collection, listing
from standin.economic.state import Record
from standin.messages import Response

_FILTERABLE = {
    "draftInvoiceNumber": "number",
    **DOCUMENT_FIELDS,
    "lastUpdated": "date",
    "soap.currentInvoiceHandle.id": "number",
}


def show_draft(call: Call, record: Record) -> dict[str, Any]:
    """A draft with everything, totals computed as of now."""
    totals = compute(call.state, record, call.switches.rounding)
    lines = [_show_line(call, *pair) for pair in zip(record["lines"], totals.lines, strict=True)]
    return _show(call, record, {"lines": lines}, totals, whole=True)


def _show_row(call: Call, record: Record) -> dict[str, Any]:
    return _show(call, record, {}, compute(call.state, record, call.switches.rounding), whole=False)


def _show(call: Call, record: Record, lines: dict[str, Any], totals: Totals, *, whole: bool) -> dict[str, Any]:
    number = record["draftInvoiceNumber"]
    address = f"invoices/drafts/{number}"
    return {
        "draftInvoiceNumber": number,
        "soap": {"currentInvoiceHandle": {"id": record["handle"]}},
        "templates": {
            "bookingInstructions": call.link(f"{address}/templates/booking-instructions"),
            "self": call.link(f"{address}/templates"),
        },
        "attachment": call.link(f"{address}/attachment"),
        **lines,
        "date": record["date"],
        "currency": record["currency"],
        **_show_amounts(totals, record["exchangeRate"]),
        "dueDate": record["dueDate"],
        **show_parties(call, record, whole=whole),
        "pdf": {"download": call.link(f"{address}/pdf")},
        "lastUpdated": stamp(record["updated"]),
        "self": call.link(address),
    }


def _show_amounts(totals: Totals, rate: Decimal) -> dict[str, Any]:
    """Totals with the numbers of decimals seen in recordings."""
    net = in_base(totals.net, rate)
    margin = net - totals.cost
    return {
        "exchangeRate": rate.quantize(SIX_PLACES),
        "netAmount": totals.net.quantize(SIX_PLACES),
        "netAmountInBaseCurrency": net,
        "grossAmount": totals.gross.quantize(CENT),
        "grossAmountInBaseCurrency": in_base(totals.gross, rate),
        "marginInBaseCurrency": margin.quantize(FOUR_PLACES),
        "marginPercentage": share(margin, net),
        "vatAmount": totals.vat.quantize(SIX_PLACES),
        "roundingAmount": CENT - CENT,
        "costPriceInBaseCurrency": totals.cost.quantize(FOUR_PLACES),
    }


def _show_line(call: Call, line: Record, amounts: LineAmounts) -> dict[str, Any]:
    margin = rounded(amounts.net - amounts.cost)
    shown: dict[str, Any] = {name: line[name] for name in LINE_TEXTS if name in line}
    shown |= show_product_and_unit(call, line)
    numbers = ("quantity", "unitNetPrice", "discountPercentage", "unitCostPrice")
    return shown | {
        **{name: line[name].quantize(CENT) for name in numbers},
        "totalNetAmount": amounts.net,
        "marginInBaseCurrency": margin,
        "marginPercentage": share(margin, amounts.net),
    }


def _facts(_call: Call, record: Record) -> dict[str, Any]:
    handle = {"currentInvoiceHandle": {"id": record["handle"]}}
    return facts_of(record) | {"lastUpdated": stamp(record["updated"]), "soap": handle}


COLLECTION = Collection(
    _show_row,
    _FILTERABLE,
    unsortable=("lastUpdated",),
    create="Create a new draft invoice.",
    facts=_facts,
    lags=True,
)


@router.on("GET", "/invoices/drafts")
def read_drafts(call: Call) -> Response:
    """All drafts, without lines."""
    return listing(call, COLLECTION, call.state.drafts.values())


@router.on("GET", "/customers/{number}/invoices/drafts")
def read_drafts_of_customer(call: Call) -> Response:
    """The drafts of one customer."""
    number = found(call.state.customers, call.number())["customerNumber"]
    return listing(call, COLLECTION, (row for row in call.state.drafts.values() if row["customer"] == number))


def find_draft(call: Call) -> Record:
    """The draft of the path. Raises ApiError (404), also once it was booked."""
    draft: Record = found(call.state.drafts, call.number())
    return draft


@router.on("GET", "/invoices/drafts/{number}")
def read_draft(call: Call) -> Response:
    """One draft, never late."""
    return answer(200, show_draft(call, find_draft(call)))


@router.on("POST", "/invoices/drafts")
def create_draft(call: Call) -> Response:
    """Header and lines in one call."""
    body = call.body(DRAFT, "invoices.drafts.post")
    record = read_document(call, body)
    _check_due_date(call, body, record)
    call.refuse_problems()
    state = call.state
    record |= {"draftInvoiceNumber": state.next_number("draft"), "handle": state.next_number("handle")}
    record |= {"created": call.now, "updated": call.now}
    _complete(call, record, body)
    state.drafts[record["draftInvoiceNumber"]] = record
    return created(call, show_draft(call, record))


def _check_due_date(call: Call, body: dict[str, Any], record: Record) -> None:
    """A due date belongs to terms of type ``dueDate`` and to no others."""
    terms = call.state.payment_terms.get(record.get("paymentTerms", 0))
    if terms and (terms["paymentTermsType"] == "dueDate") != ("dueDate" in body):
        code = call.switches.incomplete_document_code
        call.problem(("dueDate",), code, "Due date and the type of the payment terms do not fit.", body.get("dueDate"))


def _complete(call: Call, record: Record, body: dict[str, Any]) -> None:
    record.setdefault("exchangeRate", call.state.rate_of(record["currency"]))
    terms = call.state.payment_terms.get(record.get("paymentTerms", 0))
    record["dueDate"] = due_date(terms, record["date"], body.get("dueDate")) if terms else record["date"]


@router.on("PUT", "/invoices/drafts/{number}")
def replace_draft(call: Call) -> Response:
    """Replace a draft: what is not sent is cleared, lines too. Date, currency and customer can't be empty and stay."""
    old, body = find_draft(call), call.body(DRAFT_REPLACED, "invoices.drafts.draftInvoiceNumber.put")
    if "customer" not in body:
        body["customer"] = {"customerNumber": old["customer"]}
    record = read_document(call, body)
    call.refuse_problems()
    kept = ("draftInvoiceNumber", "handle", "created", "date", "currency")
    record = {name: old[name] for name in kept} | record | {"updated": call.now}
    record["recipient"].setdefault("name", old["recipient"].get("name", ""))
    _complete(call, record, body)
    call.state.drafts[old["draftInvoiceNumber"]] = record
    return answer(200, show_draft(call, record))


@router.on("POST", "/invoices/drafts/{number}/lines")
def append_lines(call: Call) -> Response:
    """Append lines. What the answer holds was never recorded: it only names the draft, so read that again."""
    draft, body = find_draft(call), call.body(LINES, "invoices.drafts.draftInvoiceNumber.lines.post")
    lines = read_lines(call, body["lines"], taken=len(draft["lines"]))
    call.refuse_problems()
    draft["lines"] = sorted([*draft["lines"], *lines], key=lambda line: int(line["sortKey"]))
    draft["updated"] = call.now
    return answer(call.switches.created_status, {"self": call.link(f"invoices/drafts/{draft['draftInvoiceNumber']}")})


def _deleted(call: Call, drafts: list[Record]) -> Response:
    for draft in drafts:
        del call.state.drafts[draft["draftInvoiceNumber"]]
    items = [call.ref("invoices/drafts", "draftInvoiceNumber", draft["draftInvoiceNumber"]) for draft in drafts]
    noun = "invoice" if len(items) == 1 else "invoices"
    return answer(200, {"message": f"Deleted {noun}.", "deletedCount": len(items), "deletedItems": items})


@router.on("DELETE", "/invoices/drafts/{number}")
def delete_draft(call: Call) -> Response:
    """Delete one draft: 200 with a body."""
    return _deleted(call, [find_draft(call)])


@router.on("DELETE", "/invoices/drafts")
def delete_all_drafts(call: Call) -> Response:
    """The trap: without a number all drafts go, or all that fit the filter. Counted as ``drafts_wiped``."""
    drafts = list(call.state.drafts.values())
    if filter_ := call.request.param("filter"):
        test = parse_filter(filter_, _FILTERABLE)
        drafts = [draft for draft in drafts if test(_facts(call, draft))]
    call.state.drafts_wiped += 1
    return _deleted(call, drafts)


@router.on("GET", "/invoices/drafts/{number}/templates/booking-instructions")
def read_booking_instructions(call: Call) -> Response:
    """The body to send for booking."""
    number = find_draft(call)["draftInvoiceNumber"]
    address = f"invoices/drafts/{number}/templates/booking-instructions"
    draft = call.ref("invoices/drafts", "draftInvoiceNumber", number)
    return answer(200, {"draftInvoice": draft, "self": call.link(address)})

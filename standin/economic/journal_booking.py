"""Booking journals and matching booked entries: host B's part of the API (contract 8.5, 8.6), on the same port.

Its errors have another form; what they share with REST, status and message, is what this stand-in gives.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from standin.economic.amounts import in_base, rounded
from standin.economic.call import Call, answer, found, router
from standin.economic.entries import book_rows, debtor_account, match, settle_invoice
from standin.economic.errors import ApiError
from standin.economic.filters import parse_filter
from standin.economic.journal_bodies import ENTRY_NUMBERS, ENTRY_NUMBERS_IN_OBJECT, MATCH
from standin.economic.listing import LARGEST_PAGE
from standin.economic.state import Record
from standin.messages import Response


@router.on("POST", "/journalsapi/{version}/journals/{number}/book")
def book_whole_journal(call: Call) -> Response:
    """Book every draft entry of a journal."""
    journal = found(call.state.journals, call.number())["journalNumber"]
    rows = [row for row in call.state.journal_entries.values() if row["journal"] == journal]
    return _booked(call, rows)


@router.on("POST", "/journalsapi/{version}/journals/{number}/bookdraftentries")
def book_chosen_entries(call: Call) -> Response:
    """Book chosen draft entries; the form of the body is a switch, since sources contradict each other."""
    journal = found(call.state.journals, call.number())["journalNumber"]
    match call.switches.book_entries_body:
        case "array":
            body: Any = call.body(ENTRY_NUMBERS, "bookdraftentries")
            numbers = list(body)
        case "object":
            numbers = list(call.body(ENTRY_NUMBERS_IN_OBJECT, "bookdraftentries")["entryNumbers"])
        case _:
            raise ApiError(400, "The body is not what this endpoint takes.", code="InvalidInput")
    drafts = call.state.journal_entries
    missing = [number for number in numbers if number not in drafts or drafts[number]["journal"] != journal]
    if missing:
        raise ApiError(409 if numbers else 400, f"Entries {missing} are booked, deleted, or not in this journal.")
    return _booked(call, [drafts[number] for number in numbers])


def _booked(call: Call, rows: list[Record]) -> Response:
    booked = book_entries(call, rows)
    return answer(200, {"numbers": [row["entryNumber"] for row in booked]})


def book_entries(call: Call, rows: list[Record]) -> list[Record]:
    """Move draft entries into the ledger. Raises ApiError (400) for a voucher that does not balance or a closed day."""
    vouchers: dict[tuple[str, int, str], list[Record]] = {}
    for row in rows:
        vouchers.setdefault((row["year"], row["voucher"], row["date"]), []).append(row)
    posted = {key: [part for row in group for part in _parts(call, row)] for key, group in vouchers.items()}
    for (_, voucher, day), parts in posted.items():
        if not call.state.open_on(day):
            raise ApiError(400, f"{day} is in a closed accounting period.", code=call.switches.closed_period_code)
        _refuse_unbalanced(call, voucher, parts)
    booked = [entry for parts in posted.values() for entry in book_rows(call, parts)]
    for row in rows:
        del call.state.journal_entries[row["journalEntryNumber"]]
    for entry in booked:
        if entry["entryType"] == "customerPayment" and entry.get("settles"):
            settle_invoice(call.state, entry, entry["settles"])
    return booked


def _refuse_unbalanced(call: Call, voucher: int, parts: list[Record]) -> None:
    sums: dict[str, Decimal] = {}
    for part in parts:
        key = part["currency"] if call.switches.balance_per == "currency" else ""
        sums[key] = sums.get(key, Decimal(0)) + (part["amount"] if key else part["base"])
    off = {key: total for key, total in sums.items() if total} or sum((part["base"] for part in parts), Decimal(0))
    if off:
        raise ApiError(400, f"Voucher {voucher} does not balance: {off}.", code=call.switches.unbalanced_code)


def _parts(call: Call, row: Record) -> list[Record]:
    """The entries that one draft entry becomes: its own account, VAT lifted out of it, the contra account."""
    amount = row["amount"]
    if row["entryType"] == "customerPayment" and call.switches.customer_payment_sign == "positive":
        amount = -amount
    shared = {name: row[name] for name in ("date", "text", "currency", "voucher")}
    shared |= {"entryType": row["entryType"], "journal": row["journal"]}
    parts: list[Record] = []
    if row.get("customer"):
        account = debtor_account(call.state, row["customer"])
        settles = row.get("customerInvoice")
        parts.append({**shared, "account": account, "amount": amount, "customer": row["customer"], "settles": settles})
    elif row.get("account"):
        parts += _with_vat(call, row, {**shared, "account": row["account"], "amount": amount})
    if row.get("contraAccount"):
        parts.append({**shared, "account": row["contraAccount"], "amount": -amount})
    for part in parts:
        part["base"] = in_base(part["amount"], row["exchangeRate"])
    return parts


def _with_vat(call: Call, row: Record, part: Record) -> list[Record]:
    code = row.get("vatAccount")
    if not code:
        return [part]
    vat_account = call.state.vat_accounts[code]
    rate = vat_account["ratePercentage"]
    vat = rounded(part["amount"] * rate / (100 + rate))
    return [
        {**part, "amount": part["amount"] - vat},
        {**part, "account": vat_account["account"], "amount": vat},
    ]


# --- booked entries --------------------------------------------------------------------------------------------------

_FIELDS = {
    "entryNumber": "number",
    "accountNumber": "number",
    "amount": "number",
    "amountInBaseCurrency": "number",
    "currency": "text",
    "date": "date",
    "customerNumber": "number",
    "customerInvoiceNumber": "number",
    "voucherNumber": "number",
    "remainder": "number",
    "text": "text",
}


def _show(row: Record) -> dict[str, Any]:
    shown = {
        "entryNumber": row["entryNumber"],
        "accountNumber": row["account"],
        "amount": row["amount"],
        "amountInBaseCurrency": row["base"],
        "currency": row["currency"],
        "date": row["date"],
        "voucherNumber": row["voucher"],
        "text": row["text"],
        "remainder": row["remainder"],
    }
    if row.get("customer"):
        shown["customerNumber"] = row["customer"]
    invoice = row.get("invoice") or row.get("settles")
    return shown | ({"customerInvoiceNumber": invoice} if invoice else {})


@router.on("GET", "/bookedentriesapi/{version}/booked-entries")
def read_booked_entries(call: Call) -> Response:
    """Booked entries page by page; no cursor in the answer is the end."""
    after = int(call.request.param("cursor", "0") or 0)
    test = parse_filter(call.request.param("filter") or "entryNumber$gte:0", _FIELDS)
    rows = [row for row in map(_show, call.state.entries.values()) if row["entryNumber"] > after and test(row)]
    page = rows[:LARGEST_PAGE]
    more = {"cursor": str(page[-1]["entryNumber"])} if len(rows) > LARGEST_PAGE else {}
    return answer(200, {**more, "items": page})


@router.on("POST", "/bookedentriesapi/{version}/booked-entries/match")
def match_entries(call: Call) -> Response:
    """Let entries of one customer and currency settle each other; there is no way back."""
    numbers = call.body(MATCH, "booked-entries.match")["entryIds"]
    entries = [found(call.state.entries, number) for number in numbers]
    owners = {(entry.get("customer"), entry["currency"]) for entry in entries}
    signs = {entry["remainder"] > 0 for entry in entries if entry["remainder"]}
    if len(owners) != 1 or None in next(iter(owners)) or signs != {True, False}:
        text = "Entries must be of one customer and currency, at least one positive and one negative."
        raise ApiError(400, text, code="InvalidInput")
    match(call.state, entries)
    return Response(204)

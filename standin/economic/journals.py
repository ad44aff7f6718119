"""Journals and their vouchers: drafts until the journal is booked (contract 8.1, 8.2)."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from standin.economic.amounts import SIX_PLACES, in_base
from standin.economic.bodies import LARGEST_NUMBER
from standin.economic.call import Call, answer, found, resolve, router
from standin.economic.entries import year_of
from standin.economic.errors import ApiError, not_found
from standin.economic.identifiers import escaped
from standin.economic.journal_bodies import ENTRY_TYPES, VOUCHER, VOUCHERS
from standin.economic.listing import Collection, listing
from standin.economic.state import Record
from standin.messages import Response

_POSTABLE = frozenset({"profitAndLoss", "status"})


def show_journal(call: Call, record: Record) -> dict[str, Any]:
    """A journal; the largest number is absent where none is set (contract 12.3)."""
    number = record["journalNumber"]
    address = f"journals/{number}"
    numbers = {"minimumVoucherNumber": record.get("minimumVoucherNumber", 1)}
    if "maximumVoucherNumber" in record:
        numbers["maximumVoucherNumber"] = record["maximumVoucherNumber"]
    settings: dict[str, Any] = {"voucherNumbers": numbers}
    if "entryTypeRestrictedTo" in record:
        settings["entryTypeRestrictedTo"] = record["entryTypeRestrictedTo"]
    return {
        "journalNumber": number,
        "name": record["name"],
        "settings": settings,
        "vouchers": call.link(f"{address}/vouchers"),
        "entries": call.link(f"{address}/entries"),
        "templates": {"self": call.link(f"{address}/templates")},
        "self": call.link(address),
    }


_JOURNALS = Collection(show_journal, {"name": "text", "journalNumber": "number"})


def journal_of(call: Call) -> Record:
    """The journal of the path. Raises ApiError (404)."""
    journal: Record = found(call.state.journals, call.number())
    return journal


@router.on("GET", "/journals")
def read_journals(call: Call) -> Response:
    """All journals."""
    return listing(call, _JOURNALS, call.state.journals.values())


@router.on("GET", "/journals/{number}")
def read_journal(call: Call) -> Response:
    """One journal."""
    return answer(200, show_journal(call, journal_of(call)))


# --- writing ---------------------------------------------------------------------------------------------------------


@router.on("POST", "/journals/{number}/vouchers")
def create_vouchers(call: Call) -> Response:
    """One voucher or an array of them; the answer is always an array."""
    journal = journal_of(call)
    many = call.request.body.lstrip()[:1] == b"["
    body: Any = call.body(VOUCHERS if many else VOUCHER, "journals.journalNumber.vouchers.post")
    read = [_read_voucher(call, journal, voucher) for voucher in (body if many else [body])]
    call.refuse_problems()
    for _, entries in read:
        _refuse_unpostable(call, journal, entries)
    shown = [_keep(call, journal, number, entries) for number, entries in read]
    return answer(call.switches.created_status, shown)


def _read_voucher(call: Call, journal: Record, body: Mapping[str, Any]) -> tuple[int | None, list[Record]]:
    if body.get("journal", {}).get("journalNumber", journal["journalNumber"]) != journal["journalNumber"]:
        call.problem(("journal",), "E06000", "The journal in the body is not that of the path.")
    year = resolve(call, body, ("accountingYear",), "year", call.state.years)
    entries = []
    for member, kind in ENTRY_TYPES.items():
        for index, row in enumerate(body.get("entries", {}).get(member, [])):
            path = ("entries", member, index)
            entries.append({**_read_entry(call, row, path), "entryType": kind, "year": year})
            if year is not None and year_of(call.state, row["date"]) != year:
                call.problem((*path, "date"), call.switches.accounting_year_code, "The date is not in the year.")
    number = body.get("voucherNumber")
    if number is not None and not 1 <= number <= LARGEST_NUMBER:
        call.problem(("voucherNumber",), "E06000", "Voucher number is outside its limits.", number)
    return (int(number) if number is not None else None), entries


def _read_entry(call: Call, row: Mapping[str, Any], path: tuple[str | int, ...]) -> Record:
    state = call.state
    currency = str(row.get("currency", {}).get("code", state.base_currency)).upper()
    if currency not in state.currencies:
        call.problem((*path, "currency"), "E06000", "Unknown currency.", currency)
        currency = state.base_currency
    entry: Record = {name: row[name] for name in ("date", "customerInvoice", "dueDate") if name in row}
    entry |= {
        "text": row.get("text", ""),
        "amount": Decimal(row["amount"]),
        "currency": currency,
        "exchangeRate": Decimal(row.get("exchangeRate", state.rate_of(currency))),
    }
    references: tuple[tuple[str, str, Mapping[Any, Any]], ...] = (
        ("account", "accountNumber", state.accounts),
        ("contraAccount", "accountNumber", state.accounts),
        ("customer", "customerNumber", state.customers),
        ("vatAccount", "vatCode", state.vat_accounts),
        ("contraVatAccount", "vatCode", state.vat_accounts),
    )
    for name, key, records in references:
        if name in row:
            entry[name] = resolve(call, row, (*path, name), key, records)
    return entry


def _refuse_unpostable(call: Call, journal: Record, entries: list[Record]) -> None:
    only = journal.get("entryTypeRestrictedTo")
    for entry in entries:
        kind = entry["entryType"]
        if only and kind != only:
            raise ApiError(400, f"Journal {journal['journalNumber']} takes {only} only.", code="E06000")
        if kind not in {"financeVoucher", "customerPayment"}:
            raise ApiError(501, f"The stand-in has no {kind} yet.")
        if kind == "customerPayment" and "customer" not in entry and "contraAccount" not in entry:
            raise ApiError(400, "A customer payment needs a customer or a contra account.", code="E06000")
        if kind == "financeVoucher" and "account" not in entry and "contraAccount" not in entry:
            raise ApiError(400, "A finance voucher needs an account.", code="E06000")
        for name in ("account", "contraAccount"):
            if name in entry:
                _refuse_account(call, call.state.accounts[entry[name]])
        if call.switches.journal_closed_period == "post" and not call.state.open_on(entry["date"]):
            text = f"The date {entry['date']} is in a closed or missing accounting period."
            raise ApiError(400, text, code=call.switches.closed_period_code)


def _refuse_account(call: Call, account: Record) -> None:
    number = account["accountNumber"]
    if account["accountType"] not in _POSTABLE or account.get("blockDirectEntries"):
        raise ApiError(400, f"Account {number} takes no direct entries.", code=call.switches.barred_code)
    if account.get("barred"):
        raise ApiError(400, f"Account {number} is barred.", code=call.switches.barred_code)


def _keep(call: Call, journal: Record, number: int | None, entries: list[Record]) -> dict[str, Any]:
    voucher = number or _next_voucher(call, journal)
    for entry in entries:
        row = {
            **entry,
            "journal": journal["journalNumber"],
            "voucher": voucher,
            "created": call.now,
            "journalEntryNumber": call.state.next_number("journal_entry", call.state.journal_entries),
        }
        call.state.journal_entries[row["journalEntryNumber"]] = row
    year = entries[0]["year"] if entries else ""
    return _show_voucher(call, journal["journalNumber"], year, voucher)


def _next_voucher(call: Call, journal: Record) -> int:
    series = f"voucher:{journal['journalNumber']}"
    call.state.next_numbers.setdefault(series, int(journal.get("minimumVoucherNumber", 1)))
    number = call.state.next_number(series)
    if number > journal.get("maximumVoucherNumber", LARGEST_NUMBER):
        text = "The next voucher number is above the largest of the journal."
        raise ApiError(400, text, code="JournalEntryVoucherNumberNotWithinBoundaries")
    return number


# --- reading ---------------------------------------------------------------------------------------------------------


def voucher_address(row: Record) -> str:
    """The path of an entry's voucher."""
    return f"journals/{row['journal']}/vouchers/{escaped(str(row['year']))}-{row['voucher']}"


def show_draft_entry(call: Call, row: Record) -> dict[str, Any]:
    """A draft entry, with the members that answers really have (contract 12.3)."""
    shown: dict[str, Any] = {}
    references = (
        ("account", "accounts", "accountNumber"),
        ("contraAccount", "accounts", "accountNumber"),
        ("customer", "customers", "customerNumber"),
        ("vatAccount", "vat-accounts", "vatCode"),
    )
    for name, path, key in references:
        if name in row:
            shown[name] = call.ref(path, key, row[name])
    if "customerInvoice" in row:
        shown["customerInvoice"] = row["customerInvoice"]
    base, address = in_base(row["amount"], row["exchangeRate"]), f"journals/{row['journal']}"
    entry = call.link(f"{address}/entries/{row['journalEntryNumber']}")
    voucher = call.link(voucher_address(row))
    return {
        **shown,
        "journal": call.ref("journals", "journalNumber", row["journal"]),
        "text": row["text"],
        "amount": row["amount"],
        "currency": call.ref("currencies", "code", row["currency"]),
        "date": row["date"],
        "exchangeRate": row["exchangeRate"].quantize(SIX_PLACES),
        "entryType": row["entryType"],
        "voucher": {"voucherNumber": row["voucher"], "attachment": f"{voucher}/attachment", "self": voucher},
        "amountDefaultCurrency": base,
        "remainder": row["amount"],
        "remainderDefaultCurrency": base,
        "journalEntryNumber": row["journalEntryNumber"],
        "metaData": {"delete": {"description": "Deletes this entry.", "href": entry, "httpMethod": "delete"}},
        "self": entry,
    }


def _show_voucher(call: Call, journal: int, year: str, voucher: int) -> dict[str, Any]:
    address = call.link(f"journals/{journal}/vouchers/{escaped(year)}-{voucher}")
    entries: dict[str, list[Any]] = {}
    members = {kind: member for member, kind in ENTRY_TYPES.items()}
    for row in call.state.journal_entries.values():
        if (row["journal"], row["year"], row["voucher"]) == (journal, year, voucher):
            entries.setdefault(members[row["entryType"]], []).append(show_draft_entry(call, row))
    return {
        "accountingYear": call.ref("accounting-years", "year", year),
        "journal": call.ref("journals", "journalNumber", journal),
        "entries": entries,
        "voucherNumber": voucher,
        "attachment": f"{address}/attachment",
        "self": address,
    }


def voucher_of(call: Call) -> tuple[str, int]:
    """Year and number of the voucher of the path. Raises ApiError (404), also while it is not visible yet."""
    year, _, number = call.identifier("voucher").rpartition("-") if "-" in call.keys["voucher"] else ("", "", "")
    for row in call.state.journal_entries.values():
        same = (row["journal"], row["year"], str(row["voucher"])) == (call.number(), year, number)
        if same and (call.now - row["created"]).total_seconds() >= call.switches.lag_s:
            return year, int(number)
    raise not_found("The voucher was booked or deleted, or is not visible yet.")


@router.on("GET", "/journals/{number}/vouchers/{voucher}")
def read_voucher(call: Call) -> Response:
    """One voucher that is not booked yet."""
    journal = journal_of(call)["journalNumber"]
    return answer(200, _show_voucher(call, journal, *voucher_of(call)))


@router.on("GET", "/journals/{number}/vouchers")
def read_vouchers(call: Call) -> Response:
    """The vouchers of a journal that are not booked yet."""
    journal = journal_of(call)["journalNumber"]
    rows = [row for row in call.state.journal_entries.values() if row["journal"] == journal]
    keys = sorted({(row["year"], row["voucher"]) for row in rows})
    found_ = [{"year": year, "voucher": voucher, "created": call.now} for year, voucher in keys]
    show = Collection(lambda call, row: _show_voucher(call, journal, row["year"], row["voucher"]))
    return listing(call, show, found_)


_ENTRIES = Collection(
    show_draft_entry,
    {
        "account.accountNumber": "number",
        "contraAccount.accountNumber": "number",
        "customer.customerNumber": "number",
        "text": "text",
        "amount": "number",
        "amountDefaultCurrency": "number",
        "currency.code": "text",
        "date": "date",
        "entryType": "text",
        "exchangeRate": "number",
        "voucher.voucherNumber": "number",
        "journalEntryNumber": "number",
    },
    lags=True,
)


@router.on("GET", "/journals/{number}/entries")
def read_draft_entries(call: Call) -> Response:
    """The draft entries of a journal."""
    journal = journal_of(call)["journalNumber"]
    return listing(call, _ENTRIES, (row for row in call.state.journal_entries.values() if row["journal"] == journal))


def _entry_of(call: Call) -> Record:
    row: Record = found(call.state.journal_entries, call.number("entry"))
    if row["journal"] != call.number():
        raise not_found()
    return row


@router.on("GET", "/journals/{number}/entries/{entry}")
def read_draft_entry(call: Call) -> Response:
    """One draft entry."""
    return answer(200, show_draft_entry(call, _entry_of(call)))


@router.on("DELETE", "/journals/{number}/entries/{entry}")
def delete_draft_entry(call: Call) -> Response:
    """Take a draft entry out; a voucher as such cannot be deleted."""
    del call.state.journal_entries[_entry_of(call)["journalEntryNumber"]]
    return Response(204)

"""Booked entries, the balances they move, and which of them settle each other (contract 8.3, 8.6).

The ledger's reading: debit is positive. Each booking adds rows that sum to 0.00 in base currency.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from standin.economic.amounts import Totals, in_base, rounded
from standin.economic.call import Call, found, router
from standin.economic.identifiers import escaped
from standin.economic.listing import Collection, listing
from standin.economic.state import Record, State
from standin.messages import Response

NOTHING = Decimal("0.00")


def book_rows(call: Call, rows: Iterable[Record]) -> list[Record]:
    """Add rows {account, amount, base, currency, date, text, entryType, voucher, …} to the ledger as booked entries."""
    booked = []
    for row in rows:
        number = call.state.next_number("entry", call.state.entries)
        entry = {
            "entryNumber": number,
            "remainder": row["amount"] if row.get("customer") else NOTHING,
            "remainder_base": row["base"] if row.get("customer") else NOTHING,
            "created": call.now,
            **row,
        }
        call.state.entries[number] = entry
        call.state.accounts[row["account"]]["balance"] += row["base"]
        booked.append(entry)
    total = sum((row["base"] for row in booked), NOTHING)
    if total:
        raise AssertionError(f"a booking must sum to 0.00, this one to {total}")
    return booked


def book_invoice(call: Call, invoice: Record, totals: Totals, *, left_open: bool) -> None:
    """The entries of a booked invoice: what is owed, sales and VAT. Its voucher number is the invoice's."""
    state, rate = call.state, invoice["exchangeRate"]
    shared = {
        "currency": invoice["currency"],
        "date": invoice["date"],
        "text": f"Faktura {invoice['bookedInvoiceNumber']}",
        "voucher": invoice["bookedInvoiceNumber"],
        "invoice": invoice["bookedInvoiceNumber"],
    }
    sales = [
        {**shared, "account": account, "amount": -amount, "base": -in_base(amount, rate), "entryType": kind}
        for account, amount, kind in _credited(state, invoice, totals)
        if amount
    ]
    owed = {**shared, **_owed_by(call, invoice, left_open=left_open), "amount": totals.gross}
    # What rounding to base currency leaves over goes to the debtor, as in any bookkeeping.
    owed["base"] = -sum((row["base"] for row in sales), NOTHING)
    book_rows(call, [owed, *sales])


def _credited(state: State, invoice: Record, totals: Totals) -> Iterable[tuple[int, Decimal, str]]:
    zone = invoice["recipient"]["vatZone"]
    sold: dict[int, Decimal] = {}
    for line, amounts in zip(invoice["lines"], totals.lines, strict=True):
        if line.get("product") is None:
            continue
        account = state.product_groups[state.products[line["product"]]["group"]]["sales_accounts"][zone]
        sold[account] = sold.get(account, NOTHING) + amounts.net
    yield from ((account, amount, "customerInvoice") for account, amount in sold.items())
    nets: dict[str, Decimal] = {}
    for amounts in totals.lines:
        if amounts.vat_code:
            nets[amounts.vat_code] = nets.get(amounts.vat_code, NOTHING) + amounts.net * amounts.rate / 100
    vat = {code: rounded(amount) for code, amount in nets.items()}
    if vat:
        first = next(iter(vat))
        vat[first] += totals.vat - sum(vat.values(), NOTHING)
    yield from ((state.vat_accounts[code]["account"], amount, "customerInvoice") for code, amount in vat.items())


def _owed_by(call: Call, invoice: Record, *, left_open: bool) -> Record:
    """The buyer, the card company, or the contra account of the payment term."""
    state = call.state
    terms = state.payment_terms[invoice["paymentTerms"]]
    contra = terms.get("contraAccountForRemainderAmount")
    if not left_open and contra is not None:
        return {"account": contra, "entryType": "customerInvoice"}
    company = None if left_open else terms.get("creditCardCompany")
    customer = company or invoice["customer"]
    return {"account": debtor_account(state, customer), "customer": customer, "entryType": "customerInvoice"}


def debtor_account(state: State, customer: int) -> int:
    """The account that a customer's group posts to."""
    account: int = state.customer_groups[state.customers[customer]["customerGroup"]]["account"]
    return account


# --- what settles what -----------------------------------------------------------------------------------------------


def settle_invoice(state: State, payment: Record, number: int) -> None:
    """Match a booked payment with the invoice that it names, as far as both reach."""
    for entry in state.entries.values():
        same = (entry.get("customer"), entry["currency"]) == (payment["customer"], payment["currency"])
        if same and entry["entryType"] == "customerInvoice" and entry.get("invoice") == number:
            match(state, [entry, payment])


def match(state: State, entries: list[Record]) -> None:
    """Let entries of one customer settle each other, and lower what is open on their invoices."""
    for debit in (row for row in entries if row["remainder"] > 0):
        for credit in (row for row in entries if row["remainder"] < 0):
            amount = min(debit["remainder"], -credit["remainder"])
            for row, moved in ((debit, -amount), (credit, amount)):
                _lower(state, row, moved)


def _lower(state: State, entry: Record, moved: Decimal) -> None:
    entry["remainder"] += moved
    entry["remainder_base"] = NOTHING if not entry["remainder"] else entry["remainder_base"] + moved
    invoice = state.booked.get(entry.get("invoice", 0))
    if entry["entryType"] == "customerInvoice" and invoice is not None:
        invoice["remainder"] += moved
        invoice["remainderInBaseCurrency"] = in_base(invoice["remainder"], invoice["exchangeRate"])


# --- reading ---------------------------------------------------------------------------------------------------------

_FILTERABLE = {
    "amount": "number",
    "amountInBaseCurrency": "number",
    "currency": "text",
    "date": "date",
    "dueDate": "date",
    "entryNumber": "number",
    "entryType": "text",
    "text": "text",
    "voucherNumber": "number",
    "customer.customerNumber": "number",
    "remainder": "number",
    "remainderInBaseCurrency": "number",
    "supplierInvoiceNumber": "text",
}


def year_of(state: State, day: str) -> str | None:
    """The accounting year that holds a day."""
    return next((year["year"] for year in state.years.values() if year["fromDate"] <= day <= year["toDate"]), None)


def show_entry(call: Call, row: Record) -> dict[str, Any]:
    """A booked entry as the REST API shows it."""
    year = escaped(str(year_of(call.state, row["date"])))
    shown: dict[str, Any] = {
        "account": call.ref("accounts", "accountNumber", row["account"]),
        "amount": row["amount"],
        "amountInBaseCurrency": row["base"],
        "currency": row["currency"],
        "date": row["date"],
        "entryNumber": row["entryNumber"],
        "text": row["text"],
        "entryType": row["entryType"],
        "voucherNumber": row["voucher"],
    }
    if row.get("customer"):
        shown["customer"] = call.ref("customers", "customerNumber", row["customer"])
        shown |= {"remainder": row["remainder"], "remainderInBaseCurrency": row["remainder_base"]}
    if row.get("invoice"):
        shown["invoiceNumber"] = str(row["invoice"])
    return {**shown, "self": call.link(f"accounting-years/{year}/entries/{row['entryNumber']}")}


_ENTRIES = Collection(show_entry, _FILTERABLE, lags=True)


def _in_year(call: Call) -> Iterable[Record]:
    year: Mapping[str, Any] = found(call.state.years, call.identifier("year"))
    return (row for row in call.state.entries.values() if year["fromDate"] <= row["date"] <= year["toDate"])


@router.on("GET", "/accounting-years/{year}/entries")
def read_entries(call: Call) -> Response:
    """The booked entries of a year."""
    return listing(call, _ENTRIES, _in_year(call))


@router.on("GET", "/accounts/{number}/accounting-years/{year}/entries")
def read_entries_of_account(call: Call) -> Response:
    """The booked entries of one account in a year."""
    account = found(call.state.accounts, call.number())["accountNumber"]
    return listing(call, _ENTRIES, (row for row in _in_year(call) if row["account"] == account))

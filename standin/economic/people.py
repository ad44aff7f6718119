"""What an accountant does in e-conomic's own pages: edit, delete and book drafts, pay, close periods, bar."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from standin.economic.booked import book_draft
from standin.economic.call import Call
from standin.economic.journal_booking import book_entries
from standin.economic.state import Record

Action = Mapping[str, Any]


def _draft(call: Call, action: Action) -> Record:
    number = int(action["draft"])
    if number not in call.state.drafts:
        raise LookupError(f"no draft {number}")
    return call.state.drafts[number]


def _edit_draft(call: Call, action: Action) -> object:
    """Change members (``date``, ``exchangeRate``, ``notes``, ``references``, ``delivery``), lines by their number."""
    draft = _draft(call, action)
    changes = {name: action[name] for name in ("date", "notes", "references", "delivery") if name in action}
    lines = {int(line["lineNumber"]): line for line in action.get("lines", [])}
    known = {line["lineNumber"] for line in draft["lines"]}
    if unknown := set(lines) - known:
        raise LookupError(f"draft {action['draft']} has no lines {sorted(unknown)}")
    for line in draft["lines"]:
        _edit_line(line, lines.get(line["lineNumber"], {}))
    if "exchangeRate" in action:
        changes["exchangeRate"] = Decimal(str(action["exchangeRate"]))
    draft |= {**changes, "updated": call.now}
    return {"draft": draft["draftInvoiceNumber"]}


def _edit_line(line: Record, change: Action) -> None:
    for name in ("quantity", "unitNetPrice", "discountPercentage"):
        if name in change:
            line[name] = Decimal(str(change[name]))
    if "description" in change:
        line["description"] = change["description"]


def _delete_draft(call: Call, action: Action) -> object:
    del call.state.drafts[_draft(call, action)["draftInvoiceNumber"]]
    return {"draft": action["draft"]}


def _book_draft(call: Call, action: Action) -> object:
    number = int(action["number"]) if "number" in action else None
    invoice = book_draft(call, _draft(call, action)["draftInvoiceNumber"], number)
    return {"bookedInvoiceNumber": invoice["bookedInvoiceNumber"]}


def _copy_invoice(call: Call, action: Action) -> object:
    """Copy a booked ``invoice`` into a new draft, with its references."""
    invoice = call.state.booked[int(action["invoice"])]
    left_out = ("bookedInvoiceNumber", "orderNumber", "remainder", "remainderInBaseCurrency")
    number = call.state.next_number("draft")
    kept = {name: value for name, value in invoice.items() if name not in left_out}
    call.state.drafts[number] = {**kept, "draftInvoiceNumber": number, "handle": number, "updated": call.now}
    return {"draft": number}


def _pay(call: Call, action: Action) -> object:
    """Lower what is open on an invoice by ``amount``, or to nothing."""
    invoice = call.state.booked[int(action["invoice"])]
    amount = Decimal(str(action.get("amount", invoice["remainder"])))
    invoice["remainder"] -= amount
    rate = invoice["exchangeRate"] / 100
    invoice["remainderInBaseCurrency"] = (invoice["remainder"] * rate).quantize(Decimal("0.01"))
    return {"remainder": invoice["remainder"]}


def _close(call: Call, action: Action) -> object:
    """Close (or with ``closed: false`` open) the period or year that holds ``date``; ``what`` is period or year."""
    day, closed = str(action["date"]), bool(action.get("closed", True))
    for year in call.state.years.values():
        if not year["fromDate"] <= day <= year["toDate"]:
            continue
        if action.get("what") == "year":
            year["closed"] = closed
            return {"year": year["year"], "closed": closed}
        for period in year["periods"]:
            if period["fromDate"] <= day <= period["toDate"]:
                period["closed"] = closed
                return {"year": year["year"], "period": period["periodNumber"], "closed": closed}
    raise LookupError(f"no accounting year holds {day}")


def _bar(call: Call, action: Action) -> object:
    """Bar a ``product``, ``customer`` or ``account``; lift it with ``barred: false``."""
    state = call.state
    kinds: tuple[tuple[str, Mapping[Any, Record]], ...] = (
        ("product", state.products),
        ("customer", state.customers),
        ("account", state.accounts),
    )
    for kind, records in kinds:
        if kind in action:
            key = action[kind] if kind == "product" else int(action[kind])
            records[key]["barred"] = bool(action.get("barred", True))
            return {kind: key, "barred": records[key]["barred"]}
    raise ValueError("bar needs a product, customer or account")


def _book_journal(call: Call, action: Action) -> object:
    """Book all draft entries of a ``journal``."""
    journal = int(action["journal"])
    rows = [row for row in call.state.journal_entries.values() if row["journal"] == journal]
    return {"entries": [entry["entryNumber"] for entry in book_entries(call, rows)]}


def _move_voucher(call: Call, action: Action) -> object:
    """Move a draft ``voucher`` of a ``journal`` ``to`` another one, under another number where ``number`` says so."""
    journal, voucher = int(action["journal"]), int(action["voucher"])
    rows = [r for r in call.state.journal_entries.values() if (r["journal"], r["voucher"]) == (journal, voucher)]
    if not rows:
        raise LookupError(f"journal {journal} has no voucher {voucher}")
    for row in rows:
        row |= {"journal": int(action["to"]), "voucher": int(action.get("number", voucher))}
    return {"voucher": rows[0]["voucher"]}


def _renew_token(call: Call, action: Action) -> object:
    """The agreement grants another ``token``: the one before is revoked."""
    call.state.grant_token = str(action["token"])
    return {}


ACTIONS: dict[str, Callable[[Call, Action], object]] = {
    "edit_draft": _edit_draft,
    "delete_draft": _delete_draft,
    "book_draft": _book_draft,
    "copy_invoice": _copy_invoice,
    "pay": _pay,
    "close": _close,
    "bar": _bar,
    "book_journal": _book_journal,
    "move_voucher": _move_voucher,
    "renew_token": _renew_token,
}

"""What the audit's proof names: a day's differences, never a document's own state."""

from __future__ import annotations

from pakhus.reasons.kinds import Actor, Reason, Status

PROOF: tuple[Reason, ...] = (
    Reason(
        "order_not_recorded",
        Status.FAILED,
        Actor.US,
        "The shop lists order {number}, the ledger does not have it on that day.",
        "Run the audit of that day again; if it stays, report it with the number.",
    ),
    Reason(
        "order_recorded_differently",
        Status.FAILED,
        Actor.US,
        "The shop says {shop} of order {number}, the ledger {ledger}.",
        "Run the audit of that day again; if it stays, report it with the number.",
    ),
    Reason(
        "order_not_listed",
        Status.FAILED,
        Actor.OPERATOR,
        "The shop has order {number}, but does not list it on that day.",
        "Look for a plugin in the shop that hides orders from lists.",
    ),
    Reason(
        "document_missing",
        Status.FAILED,
        Actor.US,
        "Order {number} is in the ledger without a {kind}.",
        "Run the audit of that day again; if it stays, report it with the number.",
    ),
    Reason(
        "invoice_missing",
        Status.FAILED,
        Actor.MERCHANT,
        "The ledger has invoice {number}, the accounts have none under its key.",
        "Look for invoice {number} in e-conomic; its other reference must be the key.",
    ),
    Reason(
        "invoice_doubled",
        Status.FAILED,
        Actor.MERCHANT,
        "The accounts have {count} booked invoices under one key: {numbers}.",
        "Credit all but the one that the ledger names.",
    ),
    Reason(
        "invoice_unknown",
        Status.FAILED,
        Actor.MERCHANT,
        "The accounts have invoice {number} under our key, the ledger does not know it.",
        "Find out who booked it; credit it, or take our key out of a copy before it is booked.",
    ),
    Reason(
        "invoice_differs",
        Status.FAILED,
        Actor.MERCHANT,
        "Invoice {number}: the ledger has {ledger}, the accounts {accounts}.",
        "Look at the invoice in e-conomic and at what was answered when it was booked.",
    ),
    Reason(
        "invoice_not_as_charged",
        Status.FAILED,
        Actor.US,
        "Invoice {number} is {invoiced}, the customer was charged {charged}.",
        "Report it with the transfer log; credit the invoice if it is wrong.",
    ),
    Reason(
        "draft_beside_invoice",
        Status.FAILED,
        Actor.MERCHANT,
        "The accounts have drafts under one key beside what the ledger knows: {numbers}.",
        "Delete the drafts, else the order is invoiced twice.",
    ),
    Reason(
        "draft_unknown",
        Status.FAILED,
        Actor.MERCHANT,
        "The accounts have draft {number} under our key, the ledger does not know it.",
        "Find out who made it; delete it, or take our key out of it.",
    ),
)

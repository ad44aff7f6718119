"""How an invoice's money stands, and what keeps it from being registered."""

from __future__ import annotations

from pakhus.reasons.kinds import EITHER, NOTHING, Actor, Answer, Reason, Status

PAYMENTS: tuple[Reason, ...] = (
    Reason(
        "paid_by_term",
        Status.DONE,
        Actor.NOBODY,
        "The invoice's payment term moved the amount to the clearing account {account}.",
        NOTHING,
    ),
    Reason(
        "left_open",
        Status.SKIPPED,
        Actor.NOBODY,
        "The invoice stands open until its money is in the bank.",
        NOTHING,
    ),
    Reason(
        "payment_registered",
        Status.DONE,
        Actor.NOBODY,
        "Entered in journal {journal} as voucher {voucher}; the bookkeeper books the journal.",
        NOTHING,
    ),
    Reason(
        "already_paid",
        Status.DONE,
        Actor.NOBODY,
        "Nothing is open on the invoice: somebody has entered its payment.",
        NOTHING,
    ),
    Reason(
        "not_captured",
        Status.WAITING,
        Actor.WAIT,
        "{amount} is authorised, but the shop does not say that it was captured.",
        "Nothing for a week; the shop's gateway captures when the order is completed.",
    ),
    Reason(
        "invoice_payment_open",
        Status.WAITING,
        Actor.WAIT,
        "The payment of the invoice that this credits is not registered yet.",
        NOTHING,
    ),
    Reason(
        "never_captured",
        Status.HELD,
        Actor.MERCHANT,
        "{amount} was not captured {days} days after the invoice: the goods went without their money.",
        "Capture it at the provider, or collect it; an authorisation runs out after some days.",
        EITHER,
    ),
    Reason(
        "authorisation_ended",
        Status.HELD,
        Actor.MERCHANT,
        "The authorisation of {amount} ran out or was given back after the order was invoiced.",
        "Collect the money another way, or credit the invoice.",
        EITHER,
    ),
    Reason(
        "payment_amounts_unknown",
        Status.HELD,
        Actor.MERCHANT,
        "{count} payments of the order do not say how much each covers.",
        "Enter the payments by hand.",
        EITHER,
    ),
    Reason(
        "payment_not_by_term",
        Status.HELD,
        Actor.OPERATOR,
        "{method} is registered by its payment term, which cannot be: {problem}.",
        "Set the method's way to auto, with a journal and open_terms.",
        EITHER,
    ),
    Reason(
        "capture_currency_differs",
        Status.HELD,
        Actor.MERCHANT,
        "{captured} was captured for an invoice of {invoiced}.",
        "Enter the payment by hand at the rate of the settlement.",
        (Answer.IGNORE,),
    ),
    Reason(
        "captured_more",
        Status.HELD,
        Actor.MERCHANT,
        "{captured} was captured, but {left} is left of the invoice.",
        "A surcharge of the provider, a tip or an edited order: enter it by hand, or pay the difference back.",
        EITHER,
    ),
)

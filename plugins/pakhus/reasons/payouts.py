"""Why a payout is where it is."""

from __future__ import annotations

from pakhus.reasons.kinds import NOTHING, Actor, Answer, Reason, Status

PAYOUTS: tuple[Reason, ...] = (
    Reason(
        "settlement_read",
        Status.DONE,
        Actor.NOBODY,
        "Read: {count} settlements, {fresh} of them new.",
        NOTHING,
    ),
    Reason(
        "payout_journaled",
        Status.DONE,
        Actor.NOBODY,
        "{amount} in journal {journal} as voucher {voucher}; the bookkeeper books the journal.",
        NOTHING,
    ),
    Reason(
        "payout_booked",
        Status.DONE,
        Actor.NOBODY,
        "{amount} is booked as voucher {voucher}: every line had its document.",
        NOTHING,
    ),
    Reason(
        "payout_before_start",
        Status.NOT_OURS,
        Actor.NOBODY,
        "Paid out on {date}, before this account's start.",
        NOTHING,
    ),
    Reason(
        "payout_not_yet",
        Status.WAITING,
        Actor.WAIT,
        "Announced for {date}.",
        NOTHING,
    ),
    Reason(
        "settlement_unreadable",
        Status.HELD,
        Actor.OPERATOR,
        "The file {file} cannot be read: {problem}.",
        "Fetch it anew, and see that it is of this account's provider and format.",
    ),
    Reason(
        "settlement_reissued",
        Status.HELD,
        Actor.OPERATOR,
        "The file {file} has settlement {batch} otherwise than it was entered: {problem}.",
        "Ask the provider which is right, and correct the difference in e-conomic by hand; then ignore this file.",
        (Answer.AGAIN, Answer.IGNORE),
    ),
    Reason(
        "settlement_contradicted",
        Status.HELD,
        Actor.OPERATOR,
        "The file {file} has settlement {batch} otherwise than it was imported, and nothing is entered yet: {problem}.",
        "Ask the provider which is right: take this file, or ignore it. The settlement waits for the answer.",
        (Answer.AGAIN, Answer.TAKE, Answer.IGNORE),
    ),
    Reason(
        "payout_contradicted",
        Status.HELD,
        Actor.OPERATOR,
        "The file {file} says otherwise of this settlement than the one that was imported.",
        "Say which of the two is right (`python -m pakhus decide`, or the Payouts page).",
    ),
    Reason(
        "payout_empty",
        Status.DONE,
        Actor.NOBODY,
        "Nothing was paid, held back or charged: there is nothing to enter.",
        NOTHING,
    ),
    Reason(
        "payout_unbalanced",
        Status.HELD,
        Actor.OPERATOR,
        "The settlement does not balance: {problem}.",
        "Fetch the file anew; nothing of it is journaled before it balances to 0.00.",
    ),
    Reason(
        "payout_line_again",
        Status.HELD,
        Actor.OPERATOR,
        "Line {line} ({provider_id}) was settled by {batch} already.",
        "Ask the provider; the same money is not journaled twice.",
    ),
    Reason(
        "payout_unmatched",
        Status.HELD,
        Actor.MERCHANT,
        "{count} of {lines} lines have no sure document: {problem}.",
        "Say what each is (`python -m pakhus decide`, or the Payouts page); they are matched anew by each run.",
    ),
    Reason(
        "payout_currency_unmapped",
        Status.HELD,
        Actor.OPERATOR,
        "The account's settings have no accounts for {currency}.",
        "Add them under accounts.",
    ),
    Reason(
        "payout_customer_currency",
        Status.HELD,
        Actor.MERCHANT,
        "Open invoices in {currency} are paid by this settlement.",
        "Enter it by hand: a voucher of two currencies cannot be made safely.",
    ),
    Reason(
        "payout_rate_unknown",
        Status.HELD,
        Actor.MERCHANT,
        "Nothing says what {currency} of this settlement weighs in the base currency: it pays no document.",
        "Enter it by hand at the bank's rate.",
    ),
    Reason(
        "payout_vat_unmapped",
        Status.HELD,
        Actor.OPERATOR,
        "Fees carry {amount} of VAT, and the account's settings have no place for it.",
        "Set fee_vat or fee_vat_code.",
    ),
)

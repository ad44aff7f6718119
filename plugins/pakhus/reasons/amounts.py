"""What holds an order for its amounts, or an invoice for those of the accounts."""

from __future__ import annotations

from pakhus.reasons.kinds import EDIT_ORDER, EITHER, Actor, Answer, Reason, Status

AMOUNTS: tuple[Reason, ...] = (
    Reason(
        "lines_do_not_sum",
        Status.HELD,
        Actor.MERCHANT,
        "The lines sum to {lines_total}, the customer was charged {total}.",
        "Find the cause (gift card, store credit, changed settings); see the runbook.",
        EITHER,
    ),
    Reason(
        "vat_not_explained",
        Status.HELD,
        Actor.MERCHANT,
        "Line {line} states VAT {stated}, {rate} of its net is {expected}.",
        "Compare the shop's tax table with the VAT zones of the mapping.",
        EITHER,
    ),
    Reason(
        "vat_rate_conflict",
        Status.HELD,
        Actor.MERCHANT,
        "The shop charged {charged} on {line}, the accounts would charge {expected}.",
        "Correct the product's group in e-conomic, or the tax class in the shop.",
        EITHER,
    ),
    Reason(
        "vat_zone_undecided",
        Status.HELD,
        Actor.MERCHANT,
        "No VAT zone is settled for delivery to {country} with VAT {charged}.",
        "Add the country to the mapping, or set up OSS.",
        EITHER,
    ),
    Reason(
        "mixed_rates_on_line",
        Status.HELD,
        Actor.MERCHANT,
        "Line {line} carries more VAT rates than one.",
        "Split the line, or invoice this order by hand.",
        EITHER,
    ),
    Reason(
        "currency_not_mapped",
        Status.HELD,
        Actor.MERCHANT,
        "The currency {currency} is not in the mapping.",
        "Add the currency to the mapping.",
        EITHER,
    ),
    Reason(
        "refunded_before_invoice",
        Status.HELD,
        Actor.MERCHANT,
        "{refunded} was refunded before the order was invoiced.",
        "Invoice what is left by hand; this is treated by a later version.",
        EITHER,
    ),
    Reason(
        "fraction_not_sendable",
        Status.HELD,
        Actor.MERCHANT,
        "The amount {amount} has more decimals than the accounts take.",
        EDIT_ORDER,
        EITHER,
    ),
    Reason(
        "document_differs",
        Status.HELD,
        Actor.MERCHANT,
        "The accounts answered {answered}, we predicted {predicted}.",
        "See the cause named in the transfer log; mend the set-up, then send the order again.",
        (Answer.AGAIN,),
    ),
    Reason(
        "gift_card_not_treated",
        Status.HELD,
        Actor.MERCHANT,
        "Line {line} is a gift card.",
        "Invoice this order by hand; gift cards are treated by a later version.",
        EITHER,
    ),
    Reason(
        "credit_not_treated",
        Status.HELD,
        Actor.MERCHANT,
        "{refunded} was refunded after the order was invoiced.",
        "Make the credit note by hand; this is treated by a later version.",
        (Answer.IGNORE,),
    ),
    Reason(
        "rounding_product_taxed",
        Status.HELD,
        Actor.OPERATOR,
        "The rounding product {number} is in a product group with VAT.",
        "Put it into a product group without VAT, or name another in the mapping.",
        EITHER,
    ),
)

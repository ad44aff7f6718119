"""What holds an order for its VAT: the shop charged otherwise than the table says, or something is not set up."""

from __future__ import annotations

from pakhus.reasons.kinds import EDIT_ORDER, EITHER, Actor, Reason, Status

VAT: tuple[Reason, ...] = (
    Reason(
        "vat_conflict",
        Status.HELD,
        Actor.MERCHANT,
        "The shop charged {charged} VAT for delivery to {country}, where line {line} of the table says {expected}.",
        "See the line in the runbook; correct the shop's tax rates or the mapping, or invoice this order by hand.",
        EITHER,
    ),
    Reason(
        "vat_number_unchecked",
        Status.HELD,
        Actor.MERCHANT,
        "No VAT was charged to a company in {country}, and nobody has said that its VAT number is registered.",
        "Look the number up in VIES; map the shop plugin's result to vat_number_valid, or let check digits do.",
        EITHER,
    ),
    Reason(
        "vat_exempt_buyer",
        Status.HELD,
        Actor.MERCHANT,
        "A plugin of the shop exempts the buyer from VAT, for delivery to {country}.",
        "Invoice this order by hand, or name the VAT zone of such buyers in the mapping (vat.exempt_zone).",
        EITHER,
    ),
    Reason(
        "oss_product_missing",
        Status.HELD,
        Actor.OPERATOR,
        "The mapping has no OSS product for {country} at {rate}.",
        "Create a product in a group whose account has that VAT code, and add it to vat.oss.products.",
        EITHER,
    ),
    Reason(
        "ean_invalid",
        Status.HELD,
        Actor.MERCHANT,
        "The EAN of the order is not 13 digits with a right check digit: its invoice could not be delivered.",
        EDIT_ORDER,
        EITHER,
    ),
)

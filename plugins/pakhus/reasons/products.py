"""What became of a product in the first transfer to the warehouse."""

from __future__ import annotations

from pakhus.reasons.kinds import NOTHING, Actor, Reason, Status

PRODUCTS: tuple[Reason, ...] = (
    Reason("product_made", Status.DONE, Actor.NOBODY, "{number}: made in the warehouse.", NOTHING),
    Reason("initial_stock_set", Status.DONE, Actor.NOBODY, "{number}: {quantity} in stock in the warehouse.", NOTHING),
    Reason(
        "product_there",
        Status.SKIPPED,
        Actor.NOBODY,
        "{number}: the warehouse had it already; nothing of it was changed.",
        NOTHING,
    ),
    Reason(
        "product_sku_wrong",
        Status.HELD,
        Actor.MERCHANT,
        "{sku}: not transferred, {problem}.",
        "Mend the SKU in the shop before the transfer (its preview names it); afterwards make the product in Rackbeat.",
    ),
    Reason(
        "product_price_unknown",
        Status.HELD,
        Actor.OPERATOR,
        "{sku}: not transferred, {problem}.",
        "Add it to rackbeat.new_products in the mapping, then run the transfer again.",
    ),
    Reason(
        "initial_stock_unknown",
        Status.SKIPPED,
        Actor.MERCHANT,
        "{number}: no stock was counted, {problem}.",
        "Count it in Rackbeat, if it is a stocked product.",
    ),
    Reason(
        "initial_stock_there",
        Status.SKIPPED,
        Actor.MERCHANT,
        "{number}: the warehouse has {there} in stock, the shop shows {shop}; left as it is.",
        "Count it; the warehouse's number is the one that will be shown.",
    ),
    Reason(
        "initial_stock_unclear",
        Status.HELD,
        Actor.MERCHANT,
        "{number}: whether adjustment {adjustment} was booked cannot be told: {wanted} were wanted, there are {there}.",
        "Look at the adjustment in Rackbeat, and count the product.",
    ),
    Reason(
        "initial_sync_done",
        Status.SKIPPED,
        Actor.NOBODY,
        "The first transfer of the shop's products was finished at {at}; it runs once.",
        "None. New products are made in Rackbeat by hand, or by its own app.",
    ),
)

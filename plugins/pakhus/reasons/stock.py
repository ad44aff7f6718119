"""Why the stock of a SKU is not shown as the warehouse has it."""

from __future__ import annotations

from pakhus.reasons.kinds import NOTHING, Actor, Reason, Status

STOCK: tuple[Reason, ...] = (
    Reason(
        "available_negative",
        Status.DONE,
        Actor.MERCHANT,
        "{sku}: {available} available in the warehouse; the shop shows 0.",
        "More was sold than there is: buy, count, or tell a buyer.",
    ),
    Reason(
        "stock_differed",
        Status.DONE,
        Actor.MERCHANT,
        "{sku}: the shop showed {shown} where it had confirmed {confirmed}.",
        "None if it was sold just then; else find who changes stock in the shop.",
    ),
    Reason(
        "stock_reading_old",
        Status.WAITING,
        Actor.NOBODY,
        "The newest reading of the warehouse's stock is too old to be pushed.",
        NOTHING,
    ),
    Reason(
        "stock_not_compared",
        Status.WAITING,
        Actor.MERCHANT,
        "The shop's whole catalogue could not be compared: {problem}.",
        "Correct what is named, if it names a product; changed quantities are pushed all the same.",
    ),
    Reason("sku_not_in_shop", Status.SKIPPED, Actor.NOBODY, "{sku}: the shop has no such product.", NOTHING),
    Reason(
        "sku_not_in_warehouse",
        Status.SKIPPED,
        Actor.MERCHANT,
        "{sku}: the warehouse no longer lists it as a stocked product; the shop goes on selling what it shows.",
        "Set the quantity in the shop by hand, or correct the number of the product in Rackbeat.",
    ),
    Reason(
        "stock_not_managed",
        Status.SKIPPED,
        Actor.NOBODY,
        "{sku}: the shop does not manage stock for this product.",
        "None, or switch on stock management for it in the shop.",
    ),
    Reason(
        "stock_at_parent",
        Status.SKIPPED,
        Actor.NOBODY,
        "{sku}: the shop keeps the stock of this variation at its parent.",
        "None, or let the variation manage its own stock in the shop.",
    ),
    Reason(
        "sku_ambiguous",
        Status.HELD,
        Actor.MERCHANT,
        "{sku}: several products of the shop carry it: {ids}.",
        "Leave the SKU on one of them.",
    ),
    Reason(
        "number_ambiguous",
        Status.HELD,
        Actor.MERCHANT,
        "{sku}: several products of the warehouse lead to it: {numbers}.",
        "Give each its own number (letter case and blanks around do not tell them apart), or mend product_numbers.",
    ),
    Reason(
        "available_unreadable",
        Status.HELD,
        Actor.US,
        "{sku}: the warehouse's available quantity could not be understood.",
        "Look at the product in Rackbeat; if it is in order there, report it.",
    ),
    Reason(
        "bundle_component_unknown",
        Status.HELD,
        Actor.MERCHANT,
        "{sku}: the warehouse has no quantity of one of the bundle's components.",
        "Correct the component's number in bundle_stock of the mapping, or the product in Rackbeat.",
    ),
    Reason(
        "location_stock_awaited",
        Status.WAITING,
        Actor.NOBODY,
        "{sku}: the shop's locations were not read yet; some hundred products are read in each run.",
        NOTHING,
    ),
    Reason(
        "shop_not_begun",
        Status.WAITING,
        Actor.NOBODY,
        "The shop begins at {start}: until then its orders are not ours, and it is shown no stock.",
        NOTHING,
    ),
    Reason(
        "sales_not_seen",
        Status.WAITING,
        Actor.NOBODY,
        "The sales of {shop} were not read lately, since the warehouse was: quantities are only lowered until then.",
        NOTHING,
    ),
    Reason(
        "stock_refused",
        Status.HELD,
        Actor.MERCHANT,
        "{sku}: the shop did not take the quantity: {problem}.",
        "Correct the product in the shop; it is tried when its quantity changes, and each night.",
    ),
)

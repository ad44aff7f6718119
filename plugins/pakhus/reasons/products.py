"""What became of a product: in the first transfer to the warehouse, and when it is kept in step."""

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
        "Mend the SKU in the shop. After the first transfer make it in Rackbeat, unless products.master is shop.",
    ),
    Reason(
        "product_price_unknown",
        Status.HELD,
        Actor.OPERATOR,
        "{sku}: not transferred, {problem}.",
        "Add it to new_products in the mapping, of rackbeat and of economic, then run it again.",
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
        "initial_sync_open",
        Status.WAITING,
        Actor.OPERATOR,
        "The first transfer of the shop's products to the warehouse is not finished: no stock is shown yet.",
        "Run the transfer again until it says that it is finished; the shop's numbers are what it counts.",
    ),
    Reason(
        "initial_sync_done",
        Status.SKIPPED,
        Actor.NOBODY,
        "The first transfer of the shop's products was finished at {at}; it runs once.",
        "None. New products are made in Rackbeat by hand, or by `<shop>__products` (products.master: shop).",
    ),
    Reason("product_created", Status.DONE, Actor.NOBODY, "{number}: made in {system}.", NOTHING),
    Reason("product_changed", Status.DONE, Actor.NOBODY, "{number}: {fields} changed in {system}.", NOTHING),
    Reason("product_in_step", Status.DONE, Actor.NOBODY, "{number}: {system} shows what its master says.", NOTHING),
    Reason(
        "product_kept",
        Status.SKIPPED,
        Actor.MERCHANT,
        "{number}: {fields} in {system} is not as its master says, and stays; written: {written}.",
        "None, or make it the same in {system}: from then on it follows its master.",
    ),
    Reason(
        "product_unsold",
        Status.SKIPPED,
        Actor.NOBODY,
        "{number}: its master does not sell it any more; {system} keeps it.",
        NOTHING,
    ),
    Reason(
        "product_not_made",
        Status.SKIPPED,
        Actor.MERCHANT,
        "{number}: {system} does not have it, and products.create_missing is off.",
        "Make it there; from then on it follows its master.",
    ),
    Reason(
        "product_renamed",
        Status.HELD,
        Actor.MERCHANT,
        "{number}: its master called it {before} until now, and {system} still does.",
        "Change the number in {system}, which keeps its stock; or make a new product of the new number there.",
    ),
    Reason(
        "product_removed",
        Status.HELD,
        Actor.MERCHANT,
        "{number}: {system} had it, and has it no more; it is not made again.",
        "Make it there again if that was a mistake; else take it out of sale.",
    ),
    Reason(
        "product_group_unknown",
        Status.HELD,
        Actor.OPERATOR,
        "{sku}: its tax class {tax_class} has no product group in e-conomic.",
        "Add the class to economic.new_products.groups in the mapping.",
    ),
)

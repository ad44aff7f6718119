"""Which states orders may be in: WooCommerce's own, the shop's plugins', and the bin (contract sections 4 and 6)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pakhus.clients.woocommerce_api import WooCommerceApi
from pakhus.clients.woocommerce_errors import NO_ROUTE
from pakhus.errors import ConfigurationError
from pakhus.formats.woocommerce_fields import Fields

CORE_STATES = {
    "pending": "Pending payment",
    "processing": "Processing",
    "on-hold": "On hold",
    "completed": "Completed",
    "cancelled": "Cancelled",
    "refunded": "Refunded",
    "failed": "Failed",
}
BIN = "trash"
_CHECKOUTS = frozenset({"checkout-draft", "auto-draft", "draft"})  # a buyer at the till, not yet an order


def read_states(api: WooCommerceApi) -> Mapping[str, str]:
    """Return the shop's order states, slug -> title; the core ones where an older shop cannot list them."""
    try:
        rows = api.rows("/orders/statuses")
    except ConfigurationError as error:
        if error.code != NO_ROUTE:
            raise
        return CORE_STATES
    states = {fields.text("slug").removeprefix("wc-"): fields.text("name") for fields in map(Fields, rows)}
    states.pop("", None)
    return states


def states_with_orders(states: Mapping[str, str], extra: Sequence[str]) -> tuple[str, ...]:
    """Return the states to read, named one by one: `any` would leave out the bin, and `any,trash` means `any`."""
    named = {*states, *(state.removeprefix("wc-") for state in extra)} - _CHECKOUTS
    return (*sorted(named - {BIN}), BIN)

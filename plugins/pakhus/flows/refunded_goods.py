"""Orders without the goods that were refunded before they went: what the warehouse is to send of them.

Sources: domain guide 3.2, 3.3; woocommerce.md 8; docs/runbooks/orders.md.
"""

from __future__ import annotations

from dataclasses import dataclass

from pakhus.flows.outcomes import StoppedError
from pakhus.flows.refund_reading import RefundReader
from pakhus.model import Order
from pakhus.reasons import Verdict
from pakhus.rules.mappings import BundleMode
from pakhus.rules.refunded_goods import less_refunded


@dataclass(frozen=True, slots=True)
class RefundedGoods:
    """Takes off one shop's orders what their refunds name."""

    reader: RefundReader
    bundles: BundleMode

    def left_now(self, order: Order) -> Order:
        """Return an order, as it was read just now, without what was refunded.

        StoppedError when a refund cannot be read or understood, or when it does not say of which goods.
        """
        left = less_refunded(order, self.reader.of_order(order), self.bundles)
        if isinstance(left, Verdict):
            raise StoppedError(left)
        return left

    def left_then(self, order: Order) -> Order:
        """Return an earlier version without what its refunds named: as it was transferred."""
        left = less_refunded(order, self.reader.once_of(order), self.bundles)
        return order if isinstance(left, Verdict) else left

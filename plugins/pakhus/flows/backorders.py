"""Backorders: the rest of a partly shipped order that people moved to a new order in Rackbeat, found and followed.

Rackbeat then cancels the old order (rackbeat.md 8): to the shop that is no cancelled sale. Found by the new order's
comment or heading, and by its goods. What cannot be told for certain is left to a person (warehouse_order_closed).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from pakhus.clients.rackbeat import RackbeatClient
from pakhus.formats.rackbeat import created_at, is_backorder_of
from pakhus.ledger import documents
from pakhus.ledger.claims import holding
from pakhus.ledger.connection import Ledger
from pakhus.ledger.shipments import Reservation

_MEMBERS = "number,heading,note,lines(id,child_id,quantity)"
# Rackbeat numbers orders in sequence; the times of two of them may differ by a clock that was set.
_MARGIN = timedelta(hours=1)


class BusyReservationError(Exception):
    """A run works on the reservation at this moment: look again later."""


@dataclass(frozen=True, slots=True)
class Backorders:
    """Follows the orders of one agreement to their backorders."""

    warehouse: RackbeatClient
    ledger: Ledger

    def follow(self, ours: Reservation, order: Mapping[str, Any]) -> str | None:
        """Return the number under which the rest of our order goes on, noted as the reservation's; None: unknown.

        BusyReservationError while a run works on the reservation.
        """
        found = backorders_of(self.warehouse, order)
        if found is None or len(found) != 1:
            return None
        number = str(int(found[0]["number"]))
        with self.ledger.begin() as tx:
            document = documents.load(tx, ours.document_id)
        with holding(self.ledger, documents.claim_name(document.key)) as claim:
            if claim is None:
                raise BusyReservationError(document.key)
            with self.ledger.begin() as tx:
                documents.note_remote(tx, document.id, claim, remote_id=number)
        return number


def backorders_of(warehouse: RackbeatClient, order: Mapping[str, Any]) -> list[Mapping[str, Any]] | None:
    """Return the orders that hold the rest of a partly shipped one; None: since when to look is not told."""
    try:
        since = created_at(order) - _MARGIN
    except ValueError:
        return None
    return [row for row in warehouse.orders_made_since(since, _MEMBERS) if is_backorder_of(row, order)]

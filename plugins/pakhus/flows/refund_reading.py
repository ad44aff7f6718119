"""Refunds read whole: each is read once, right before its lines are needed, and kept.

No shop lets a refund be changed, only deleted. What stands in an order of it is its id alone (woocommerce.md 8).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from pakhus.clients.webshop import Seen, Webshop
from pakhus.flows.outcomes import stop
from pakhus.formats.provider_refunds import credit_from, is_providers
from pakhus.ledger import sources
from pakhus.ledger.connection import Ledger, Transaction
from pakhus.ledger.documents import Document
from pakhus.ledger.sources import Showing, Source
from pakhus.model import Credit, Order

REFUND = "refund"
# What was kept of a refund that was seen with its order, before its lines are read.
_NAMED_ONLY = "named_by_order"
# A refund that the order names and the list does not show was deleted between the two readings.
_AGAIN = timedelta(minutes=1)


class OrderRefunds(Protocol):
    """Where the refunds of orders come from."""

    def of_order(self, order: Order) -> tuple[Credit, ...]:
        """Return the refunds that an order names as it was read just now."""

    def once_of(self, order: Order) -> tuple[Credit, ...]:
        """Return the refunds that an earlier version of an order named."""


@dataclass(frozen=True, slots=True)
class ShownRefunds:
    """The refunds as the shop shows them now; nothing is kept."""

    shop: Webshop

    def of_order(self, order: Order) -> tuple[Credit, ...]:
        """Return the refunds of an order. StoppedError when one cannot be understood."""
        found = sorted(self.shop.credits(order.id), key=lambda one: (len(one.id), one.id))
        problem = next((one.problem for one in found if one.credit is None), None)
        if problem is not None:
            raise stop("refund_unreadable", problem=problem)
        return tuple(one.credit for one in found if one.credit is not None)

    once_of = of_order


@dataclass(frozen=True, slots=True)
class RefundReader:
    """Reads the refunds of one shop's orders."""

    shop: Webshop
    ledger: Ledger
    shop_name: str

    def credits(self, wanted: Sequence[Document], order_id: str) -> list[tuple[Credit, int]]:
        """Return the refunds of an order's documents, each with the version of its source.

        One look at the shop when some are not known whole. StoppedError when one cannot be understood, or is not there
        any more.
        """
        stored = self.ledger.persist(lambda tx: [sources.load(tx, source_of(one)) for one in wanted])
        if any(is_named_only(source.body) for source in stored):
            self._read(order_id)
            stored = self.ledger.persist(lambda tx: [sources.load(tx, source_of(one)) for one in wanted])
        return [(self._parsed(source.source_id, source.body), source.version) for source in stored]

    def of_order(self, order: Order) -> tuple[Credit, ...]:
        """Return the refunds that an order names as it was read just now, oldest first.

        One look at the shop when some are not known whole. StoppedError when one cannot be understood, or the shop
        shows it no more.
        """
        stored = self._stored(order)
        if len(stored) < len(order.credit_ids) or any(is_named_only(one.body) for one in stored.values()):
            self._read(order.id)
            stored = self._stored(order)
        for refund_id in order.credit_ids:
            if refund_id not in stored or is_named_only(stored[refund_id].body):
                raise stop("refund_not_shown", due_at=self.ledger.now() + _AGAIN, refund=refund_id)
        return tuple(self._parsed(refund_id, stored[refund_id].body) for refund_id in order.credit_ids)

    def once_of(self, order: Order) -> tuple[Credit, ...]:
        """Return the refunds that an earlier version of an order named, so far as they were ever read.

        Nothing can have been done with those that were not.
        """
        stored = self._stored(order)
        whole = [one for one in map(stored.get, order.credit_ids) if one is not None and not is_named_only(one.body)]
        return tuple(self._parsed(one.source_id, one.body) for one in whole)

    def _stored(self, order: Order) -> dict[str, Source]:
        if not order.credit_ids:
            return {}
        return self.ledger.persist(lambda tx: stored_refunds(tx, self.shop_name, order))

    def _read(self, order_id: str) -> None:
        """Store each refund of the order as the shop shows it now."""
        seen = self.shop.credits(order_id)
        with self.ledger.begin() as tx:
            order_row = sources.find(tx, self.shop_name, "order", order_id)
            for one in sorted(seen, key=lambda refund: refund.id):  # in one order everywhere: the rows are locked
                sources.record(tx, _showing(self.shop_name, one, order_row))

    def _parsed(self, refund_id: str, body: bytes) -> Credit:
        if is_providers(refund_id):
            return credit_from(self.shop_name, refund_id, body)
        if is_named_only(body):
            raise stop("refund_withdrawn")
        seen = self.shop.parse_credit(refund_id, body, self.ledger.now())
        if seen.credit is None:
            raise stop("refund_unreadable", problem=seen.problem)
        return seen.credit


def stored_refunds(tx: Transaction, shop: str, order: Order) -> dict[str, Source]:
    """Return what the ledger has of the refunds that an order names, by their ids."""
    rows = {refund_id: sources.find(tx, shop, REFUND, refund_id) for refund_id in order.credit_ids}
    return {refund_id: sources.load(tx, row) for refund_id, row in rows.items() if row is not None}


def note_named(tx: Transaction, order: Order, order_row: int, refund_id: str, read_at: datetime) -> int:
    """Return the source of a refund, made from what the order says of it when it is not there yet."""
    found = sources.find(tx, order.shop, REFUND, refund_id)
    if found is not None:
        return found
    body = json.dumps({_NAMED_ONLY: order.id, "id": refund_id}, separators=(",", ":")).encode()
    showing = Showing(
        scope=order.shop,
        kind=REFUND,
        source_id=refund_id,
        body=body,
        read_at=read_at,
        parent_id=order_row,
        number=refund_id,
        currency=order.currency,
    )
    return sources.record(tx, showing).id


def source_of(document: Document) -> int:
    """The row of a document's refund."""
    if document.source_id is None:
        raise ValueError(f"{document.key} has no source")
    return document.source_id


def is_named_only(body: bytes) -> bool:
    """Whether a stored refund is only known by its id."""
    return body.startswith(b'{"' + _NAMED_ONLY.encode() + b'"')


def _showing(shop: str, seen: Seen, order_row: int | None) -> Showing:
    """What the ledger keeps of a refund as it was read."""
    credit = seen.credit
    return Showing(
        scope=shop,
        kind=REFUND,
        source_id=seen.id,
        body=seen.body,
        read_at=seen.read_at,
        parent_id=order_row,
        number=seen.id,
        currency=credit.amount.currency if credit else "",
        gross=credit.amount.amount if credit else None,
        vat=credit.vat if credit else None,
        placed_at=credit.created_at if credit else None,
        problem=seen.problem,
    )

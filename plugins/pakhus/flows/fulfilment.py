"""Fulfilment: ledger -> webshop. Tells a shop of what was shipped; the last shipment completes the order.

What was shipped is in the ledger (pakhus.flows.shipments): here only the shop is called. Each shop works its own
documents. Sources: domain guide 3.3; woocommerce.md 9; design, decisions 3, 8 and 12.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pakhus.clients.http import to_json
from pakhus.clients.webshop import Receipt, Webshop
from pakhus.errors import ConfigurationError, NotFoundError, OrderClosedError
from pakhus.flows.judging import INVOICES
from pakhus.flows.observation import GONE, Observer
from pakhus.flows.outcomes import stop
from pakhus.flows.recorded_calls import RecordedCalls
from pakhus.flows.report import RunReport
from pakhus.flows.shipments import FULFILMENT, SHIPPED, kept, understood
from pakhus.flows.work import Chunk, Treated
from pakhus.formats.rackbeat_shipments import (
    Shipment,
    ShipmentFormatError,
    Shipping,
    fulfilment_from_rackbeat,
    last_shipped,
    order_from_facts,
    parcels_of,
    shipment_from_facts,
)
from pakhus.ledger import documents, shipments, sources
from pakhus.ledger.claims import Claim
from pakhus.ledger.connection import Ledger, Transaction
from pakhus.ledger.documents import Document, NewDocument
from pakhus.ledger.shipments import SHIPMENT, WAREHOUSE_ORDER, Looked, Untold
from pakhus.ledger.sources import Source
from pakhus.model import Fulfilment, Lifecycle, Order, PaymentState
from pakhus.reasons import Verdict
from pakhus.rulings import Side
from pakhus.settings import InvoiceWhen, ShopSettings

REMAINDER = "remainder"
STEP = "report_shipment"
_JUDGED_AT_ONCE = 500
_ENDED = (Lifecycle.COMPLETED, Lifecycle.CANCELLED, Lifecycle.DELETED)


@dataclass(frozen=True, slots=True)
class _Told:
    """What the ledger knows when the shop is to be told: the shipment, its order in both systems, all shipments."""

    source: Source
    order: Order
    is_gone: bool  # from the shop
    looked: Looked
    shipments: Sequence[Source]


@dataclass(frozen=True, slots=True)
class Fulfiller:
    """Tells one shop of its shipments; `agreement` is the connection of the warehouse they come from."""

    shop: Webshop
    ledger: Ledger
    settings: ShopSettings
    agreement: str

    def judge(self) -> None:
        """Make documents of what was shipped since, and wake what waited for it. From the ledger alone."""
        with self.ledger.begin() as tx:
            for shipment in self._without_document(tx, SHIPMENT, (SHIPPED,)):
                key = f"{self.settings.shop}-{shipment.order_source_id}-shipment{shipment.source_id}"
                self._ensure(tx, key, SHIPMENT, shipment)
            for order in self._without_document(tx, WAREHOUSE_ORDER, (Shipping.CANCELLED, Shipping.GONE)):
                self._ensure(tx, f"{self.settings.shop}-{order.order_source_id}-remainder", REMAINDER, order)
            self._complete_late(tx)
            waiting = self._waiting_for_goods(tx)
        Observer(self.shop, self.ledger, self.settings).judge_again(waiting)

    def tell(self, document_ids: Sequence[int], *, workers: int = 2) -> RunReport:
        """Tell the shop of these shipments, an order's own in the sequence they went; returns the counts."""
        report = RunReport(FULFILMENT, self.settings.shop)
        for one_per_order in self._rounds(document_ids):
            Chunk(self.ledger, report, workers).work(one_per_order, self._treat)
        return report

    def _without_document(self, tx: Transaction, kind: str, states: Sequence[str]) -> list[Untold]:
        return shipments.without_document(
            tx, self.agreement, self.settings.shop, FULFILMENT, kind, states, limit=_JUDGED_AT_ONCE
        )

    def _ensure(self, tx: Transaction, key: str, kind: str, untold: Untold) -> None:
        new = NewDocument(
            key=key,
            scope=self.settings.shop,
            flow=FULFILMENT,
            kind=kind,
            target=self.settings.connection,
            source_id=untold.row_id,
        )
        documents.ensure(tx, new, Verdict.of("due"), judged_version=untold.version)

    def _complete_late(self, tx: Transaction) -> None:
        """Tell the last shipment again where its order turned out to be complete only after it was told."""
        for order_id in shipments.orders_told_in_part(tx, self.agreement, self.settings.shop, Shipping.FULL):
            last = last_shipped(understood(shipments.of_order(tx, self.agreement, order_id)))
            name = sources.name(tx, order_id)
            found = None if last is None else documents.find(tx, f"{self.settings.shop}-{name}-shipment{last.id}")
            if found is not None:
                documents.give_verdict(tx, found.id, Verdict.of("due"))

    def _waiting_for_goods(self, tx: Transaction) -> list[int]:
        """The orders whose invoice waits for goods that have all gone."""
        if self.settings.invoices.when is InvoiceWhen.STATE:
            return []
        return shipments.orders_waiting(tx, self.agreement, self.settings.shop, INVOICES, "not_shipped", Shipping.FULL)

    def _rounds(self, document_ids: Sequence[int]) -> Iterator[list[int]]:
        """Split documents so that no two of an order are in one round: they would be told side by side."""
        by_order: dict[int | None, list[tuple[int, int]]] = defaultdict(list)
        with self.ledger.begin() as tx:
            for document_id in document_ids:
                row = documents.load(tx, document_id)
                number = int(sources.name(tx, row.source_id)) if row.source_id is not None else 0
                by_order[row.order_id].append((number, document_id))
        queues = [[document_id for _, document_id in sorted(rows)] for rows in by_order.values()]
        for place in range(max(map(len, queues), default=0)):
            yield [queue[place] for queue in queues if place < len(queue)]

    def _treat(self, document: Document, claim: Claim) -> Treated:
        calls = RecordedCalls(self.ledger, claim, document, STEP, self.shop.send)
        calls.wait_for_late_effects()
        told = self._told(document)
        try:
            if document.kind == REMAINDER:
                return Treated(self._remainder(told), told.source.version)
            fulfilment = self._fulfilment(document, told)
        except ShipmentFormatError as error:
            raise stop("shipment_unreadable", problem=error) from None
        receipt = self._report(fulfilment, calls)
        made = self._made(document)
        calls.adopt(",".join(receipt.remote_ids), to_json({"remote_ids": list(receipt.remote_ids)}))
        self._note(document, claim, receipt, told.source.version)
        return Treated(_verdict(fulfilment, receipt, made), told.source.version)

    def _told(self, document: Document) -> _Told:
        """Everything the ledger has, in one transaction. StoppedError when the shop's order cannot be understood."""
        row_id, order_id = document.source_id, document.order_id
        if row_id is None or order_id is None:
            raise ValueError(f"{document.key} has no shipment, or no order")

        def load(tx: Transaction) -> tuple[Source, Source, Looked | None, list[Source]]:
            return (
                sources.load(tx, row_id),
                sources.load(tx, order_id),
                shipments.warehouse_order(tx, self.agreement, order_id),
                shipments.of_order(tx, self.agreement, order_id),
            )

        source, of_shop, looked, all_shipments = self.ledger.persist(load)
        seen = self._last_understood(of_shop, order_id)
        if looked is None:
            raise ValueError(f"{document.key}: nobody has looked at the warehouse's order")
        return _Told(source, seen, of_shop.problem == GONE, looked, all_shipments)

    def _last_understood(self, newest: Source, order_id: int) -> Order:
        """The shop's order for its id and lines; a version that cannot be read, or its absence, changes neither."""
        for version in range(newest.version, 0, -1):
            with self.ledger.begin() as tx:
                source = sources.load(tx, order_id, version)
            order = self.shop.parse(source.source_id, source.body, self.ledger.now()).order_to(Side.WAREHOUSE)
            if order is not None:
                return order
        raise stop("order_unreadable", problem=newest.problem)

    def _fulfilment(self, document: Document, told: _Told) -> Fulfilment:
        shipment = shipment_from_facts(kept(told.source))
        warehouse, tracking = self.settings.mapping.rackbeat, None
        if warehouse is not None:
            tracking = warehouse.tracking
        return fulfilment_from_rackbeat(
            shipment,
            told.order,
            self.settings.mapping.product_numbers,
            key=document.key,
            completes=_completes(shipment, told),
            parcels=parcels_of(order_from_facts(kept(told.looked.source)), tracking),
        )

    def _report(self, fulfilment: Fulfilment, calls: RecordedCalls) -> Receipt:
        notify = self.settings.fulfilment.notify_customer
        try:
            return self.shop.report_fulfilment(fulfilment, calls, notify=notify)
        except OrderClosedError as closed:
            raise stop("shipped_but_closed", state=closed.state) from None
        except NotFoundError:
            raise stop("shipped_but_closed", state="deleted") from None

    def _remainder(self, told: _Told) -> Verdict:
        """What to say of an order that the warehouse closed before all of it was shipped."""
        order = told.order
        if told.is_gone or order.lifecycle in _ENDED or order.payment_state is PaymentState.REFUNDED:
            return Verdict.of("closed_in_shop")
        return Verdict.of("warehouse_order_closed", number=told.looked.source.source_id, state=told.looked.state)

    def _made(self, document: Document) -> bool:
        """Whether a call of ours for this shipment has reached the shop, or may have."""
        return not self.ledger.persist(lambda tx: documents.untouched(tx, document.id))

    def _note(self, document: Document, claim: Claim, receipt: Receipt, version: int) -> None:
        remote_id = receipt.remote_ids[0] if receipt.remote_ids else None
        self.ledger.persist(
            lambda tx: documents.note_remote(tx, document.id, claim, remote_id=remote_id, version=version)
        )


def fulfiller(shop: Webshop, ledger: Ledger, settings: ShopSettings) -> Fulfiller:
    """Put a shop's fulfiller together. ConfigurationError when the shop has no warehouse."""
    if settings.rackbeat_target is None:
        raise ConfigurationError(f"{settings.shop} names no Rackbeat agreement: nothing is shipped for it")
    return Fulfiller(shop, ledger, settings, settings.rackbeat_target)


def _completes(shipment: Shipment, told: _Told) -> bool:
    """Nothing of the order is left, and this is the shipment that went last: the one that completes it."""
    last = last_shipped(understood(told.shipments))
    return told.looked.state == Shipping.FULL and last is not None and last.id == shipment.id


def _verdict(fulfilment: Fulfilment, receipt: Receipt, made: bool) -> Verdict:
    if not fulfilment.completes:
        return Verdict.of("partly_shipped")
    return Verdict.of("transferred" if receipt.changed or made else "closed_in_shop")

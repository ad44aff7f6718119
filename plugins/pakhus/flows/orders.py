"""Orders: ledger -> Rackbeat. Works through the due reservations: customer, order, booking (which reserves).

Sources: domain guide 3.1, 4.2; rackbeat.md 7; design, decision 3.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from pakhus.clients import rackbeat
from pakhus.clients.http import Call
from pakhus.clients.rackbeat import RackbeatClient
from pakhus.clients.webshop import Webshop
from pakhus.errors import ConfigurationError
from pakhus.flows.exactly_once import RACKBEAT, Found, Step, Writer, Written
from pakhus.flows.observation import ORDERS, Observer, state_rules, stored_order
from pakhus.flows.outcomes import stop
from pakhus.flows.report import RunReport
from pakhus.flows.shared_records import SharedRecords
from pakhus.flows.warehouse_customers import WarehouseCustomers
from pakhus.flows.work import Chunk, Treated
from pakhus.formats.rackbeat import OrderDefaults, ReservedLine, order_number, order_to_rackbeat, unit_price
from pakhus.ledger import documents, sources
from pakhus.ledger.attempts import Attempt
from pakhus.ledger.claims import Claim
from pakhus.ledger.connection import Ledger
from pakhus.ledger.documents import Document
from pakhus.model import LineKind, Order
from pakhus.reasons import Status, Verdict
from pakhus.rules.goods import Good, goods_of
from pakhus.rules.mappings import WarehouseMapping
from pakhus.rules.states import changed_reservation, reservation_verdict
from pakhus.settings import ShopSettings

# How far the newest order in Rackbeat may be dated before we sent it: their clock against ours (decision 3).
CLOCK_MARGIN = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Reserver:
    """Brings due reservations into one Rackbeat account."""

    shop: Webshop
    warehouse: RackbeatClient
    ledger: Ledger
    settings: ShopSettings
    mapping: WarehouseMapping
    customers: WarehouseCustomers

    def reserve(self, document_ids: Sequence[int], *, workers: int = 4) -> RunReport:
        """Reserve the orders of these documents; returns the counts."""
        self._look_at_held(document_ids)
        chunk = Chunk(self.ledger, RunReport(ORDERS, self.settings.shop), workers)
        return chunk.work(document_ids, self._treat)

    def _look_at_held(self, document_ids: Sequence[int]) -> None:
        """Read the orders of held documents anew: a SKU given to a product since changes no order by itself."""
        with self.ledger.begin() as tx:
            found = [documents.load(tx, document_id) for document_id in document_ids]
            held = [row.source_id for row in found if row.status is Status.HELD and row.source_id is not None]
            names = [sources.name(tx, source_id) for source_id in held]
        if names:
            Observer(self.shop, self.ledger, self.settings).look_again(names)

    def _treat(self, document: Document, claim: Claim) -> Treated:
        writer = Writer(self.ledger, claim, document, RACKBEAT, self.warehouse.send)
        creating = self._creating(document.key)
        created = writer.known(creating)
        if created is not None:
            self._note_created(document, claim, created)
        order, version = stored_order(self.ledger, self.shop, document, transferred=created is not None)
        writer = replace(writer, version=version)
        if created is None:
            planned = self._plan(document, order)
            if isinstance(planned, Verdict):
                return Treated(planned, version)
            created = writer.make(creating, planned)
            self._note_created(document, claim, created)
        booking = self._booking(created.remote_id)
        booked = writer.known(booking)
        changed = self._change_since(document, created, order, version)
        if changed is not None:
            return Treated(changed, version)
        if booked is None:
            writer.make(booking, rackbeat.book_order(created.remote_id))
        return Treated(Verdict.of("adopted" if created.adopted else "transferred"), version)

    def _plan(self, document: Document, order: Order) -> Call | Verdict:
        verdict = reservation_verdict(order, state_rules(self.settings))
        if verdict.status is not Status.DUE:
            return verdict
        goods = goods_of(order, self.settings.mapping.product_numbers)
        return goods if isinstance(goods, Verdict) else self._create(document, order, goods)

    def _change_since(self, document: Document, created: Written, order: Order, version: int) -> Verdict | None:
        """What the shop changed between the version that was sent and the newest one."""
        if created.version is None or created.version == version:
            return None
        before, _ = stored_order(self.ledger, self.shop, document, created.version)
        return changed_reservation(before, order)

    def _create(self, document: Document, order: Order, goods: Sequence[Good]) -> Call:
        customer = self.customers.number_for(order)
        local_day = order.placed_at.astimezone(ZoneInfo(self.settings.timezone)).date()
        defaults = OrderDefaults(
            customer_number=customer,
            layout=self.mapping.layout,
            payment_terms=self.mapping.payment_terms,
            vat_zone=self.mapping.vat_zone,
            order_date=local_day,
            heading=document.key,
        )
        return rackbeat.create_order(order_to_rackbeat(order, self._lines(order, goods), defaults))

    def _creating(self, heading: str) -> Step:
        return Step("create_order", order_number, lambda attempt: self._search_order(heading, attempt))

    def _booking(self, number: str) -> Step:
        def search(attempt: Attempt) -> Found | None:
            del attempt
            order = self.warehouse.get_order(number)
            return Found(number, {"order": order}) if order.get("is_booked") else None

        return Step("book_order", lambda body: _booked(body, number), search)

    def _lines(self, order: Order, goods: Sequence[Good]) -> list[ReservedLine]:
        lines = [
            ReservedLine(good.number, good.line.name, good.line.quantity, unit_price(good.line.net, good.line.quantity))
            for good in goods
        ]
        if self.mapping.shipping_item is not None:
            freight = [line for line in order.lines if line.kind is LineKind.SHIPPING and line.net]
            lines += [ReservedLine(self.mapping.shipping_item, line.name, line.quantity, line.net) for line in freight]
        return lines

    def _search_order(self, heading: str, attempt: Attempt) -> Found | None:
        if attempt.first_sent_at is None:
            raise ValueError(f"attempt {attempt.id} was never sent")
        hits = self.warehouse.orders_with_heading(heading, since=attempt.first_sent_at - CLOCK_MARGIN)
        if len(hits) > 1:
            numbers = ", ".join(str(hit["number"]) for hit in hits)
            raise stop("duplicate_found", count=len(hits), system="Rackbeat", key=heading, numbers=numbers)
        if not hits:
            return None
        number = str(int(hits[0]["number"]))
        return Found(number, {"order": self.warehouse.get_order(number)})

    def _note_created(self, document: Document, claim: Claim, created: Written) -> None:
        if document.remote_id == created.remote_id:
            return
        self.ledger.persist(
            lambda tx: documents.note_remote(
                tx, document.id, claim, remote_id=created.remote_id, version=created.version
            )
        )


def reserver(shop: Webshop, warehouse: RackbeatClient, ledger: Ledger, settings: ShopSettings) -> Reserver:
    """Put a shop's reserver together. ConfigurationError when the shop has no warehouse."""
    target, mapping = settings.rackbeat_target, settings.mapping.rackbeat
    if target is None or mapping is None:
        raise ConfigurationError(f"{settings.shop} names no Rackbeat agreement: it has no orders to reserve")
    customers = WarehouseCustomers(warehouse, SharedRecords(ledger, target), mapping)
    return Reserver(shop, warehouse, ledger, settings, mapping, customers)


def _booked(body: Any, number: str) -> str:
    """The order's number out of the answer to a booking; KeyError unless the answer says that it is booked."""
    order = body["order"]
    if not order["is_booked"]:
        raise ValueError(f"order {number} is not booked although the booking was accepted")
    return order_number(body)

"""Orders: ledger -> Rackbeat. Works through the due reservations: customer, order, booking (which reserves).

What the shop changes afterwards is brought over by pakhus.flows.warehouse_changes. Sources: domain guide 3.1, 4.2;
rackbeat.md 7; design, decision 3.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

from pakhus.clients import rackbeat
from pakhus.clients.http import Call
from pakhus.clients.rackbeat import RackbeatClient
from pakhus.clients.webshop import Webshop
from pakhus.errors import ConfigurationError, DataError
from pakhus.flows.exactly_once import RACKBEAT, Step, Writer, Written
from pakhus.flows.judging import ORDERS, state_rules
from pakhus.flows.observation import Observer, stored_order
from pakhus.flows.outcomes import StoppedError, stop
from pakhus.flows.refund_reading import RefundReader
from pakhus.flows.refunded_goods import RefundedGoods
from pakhus.flows.report import RunReport
from pakhus.flows.shared_records import SharedRecords
from pakhus.flows.warehouse_changes import WarehouseChanges, goods_rules, note_rules, reserved_line, settle, wanted_of
from pakhus.flows.warehouse_customers import WarehouseCustomers
from pakhus.flows.warehouse_steps import CREATE, DELETE, WarehouseSteps
from pakhus.flows.work import Chunk, Treated
from pakhus.formats.rackbeat import OrderDefaults, ReservedLine, order_to_rackbeat, too_long
from pakhus.ledger import attempts, decisions, documents, sources
from pakhus.ledger.claims import Claim
from pakhus.ledger.connection import Ledger
from pakhus.ledger.documents import Document
from pakhus.model import LineKind, Order, PaymentState
from pakhus.reasons import Status, Verdict
from pakhus.rules.goods import Good, goods_of, wanted_lines
from pakhus.rules.mappings import WarehouseMapping
from pakhus.rules.reservations import is_over, same_goods
from pakhus.rules.states import reservation_verdict
from pakhus.settings import CancelPolicy, EditPolicy, ShopSettings

# Refunds that do not say what is left to be sent.
_SAYS_NOT_WHICH = ("bundle_partly_refunded", "refund_line_unknown")


@dataclass(frozen=True, slots=True)
class Standing:
    """Our order in the warehouse: its number, how it was made, and the shop's version that it shows."""

    number: str
    created: Written
    subject: str
    version: int


@dataclass(frozen=True, slots=True)
class Reserver:
    """Brings due reservations into one Rackbeat account."""

    shop: Webshop
    warehouse: RackbeatClient
    ledger: Ledger
    settings: ShopSettings
    mapping: WarehouseMapping
    customers: WarehouseCustomers
    refunded: RefundedGoods

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
        with self.ledger.begin() as tx:
            made = frozenset(number or "" for _, _, _, number in attempts.done_of(tx, document.id, [CREATE]))
            sent_again = decisions.sent_again(tx, document)
        steps = WarehouseSteps(self.warehouse, document.key, made)
        settle(writer, steps)
        standing = self._standing(document, claim, writer, steps)
        order, version = self._newest(document)
        writer = replace(writer, version=version)
        if standing and sent_again and not (order is None or is_over(order)) and self._is_wiped_out(standing, steps):
            standing = None  # a person saw that, and wants the order reserved anew
        if standing is None:
            return Treated(self._make(document, claim, order, writer, steps), version)
        if order is not None and standing.version == version:
            self._book_first(standing, writer, steps)
            return Treated(Verdict.of("adopted" if standing.created.adopted else "transferred"), version)
        first = standing.created.remote_id
        earlier = first if standing.number != first else ""
        changes = WarehouseChanges(self.warehouse, self.settings, writer, steps, standing.number, sent_again, earlier)
        return Treated(self._change(document, standing, order, changes), version)

    def _is_wiped_out(self, standing: Standing, steps: WarehouseSteps) -> bool:
        """Whether people took our order away from the warehouse before anything of it went."""
        if standing.number != standing.created.remote_id:
            return False
        order = steps.look(standing.number)
        went = order is not None and (order.get("is_partly_shipped") or order.get("is_shipped"))
        return order is None or (bool(order.get("is_cancelled")) and not went)

    def _newest(self, document: Document) -> tuple[Order | None, int]:
        """The shop's order as it is now, and its version; None: the shop has it no more."""
        try:
            return stored_order(self.ledger, self.shop, document)
        except StoppedError as stopped:
            if stopped.verdict.code != "order_gone" or document.source_id is None:
                raise
            row_id = document.source_id
            return None, self.ledger.persist(lambda tx: sources.load(tx, row_id)).version

    def _standing(self, document: Document, claim: Claim, writer: Writer, steps: WarehouseSteps) -> Standing | None:
        """Our order there as the ledger knows it; None: there is none, or we have deleted it."""
        with self.ledger.begin() as tx:
            last = attempts.last_of(tx, document.id, CREATE)
            deleted = {number for _, number, _, _ in attempts.done_of(tx, document.id, [DELETE])}
        created = writer.known(steps.creation(last.subject)) if last is not None else None
        if last is None or created is None or created.remote_id in deleted:
            return None
        # A number that we did not make is that of a backorder, which holds the rest of our order.
        known = document.remote_id
        current = created.remote_id if known is None or known in steps.made else known
        if known != current:
            self._note(document, claim, created)
            return Standing(created.remote_id, created, last.subject, created.version or 0)
        version = document.transferred_version or created.version or 0
        return Standing(current, created, last.subject, version)

    def _make(
        self, document: Document, claim: Claim, order: Order | None, writer: Writer, steps: WarehouseSteps
    ) -> Verdict:
        """Make and book an order of a document that has none."""
        planned = Verdict.of("order_gone") if order is None else self._plan(document, order)
        if isinstance(planned, Verdict):
            return self._still_taken_back(document, planned)
        subject = self._new_subject(document)
        created = self._created(writer, steps.creation(subject), planned, order)
        self._note(document, claim, created)
        standing = Standing(created.remote_id, created, subject, created.version or 0)
        self._book_first(standing, writer, steps)
        return Verdict.of("adopted" if created.adopted else "transferred")

    def _created(self, writer: Writer, step: Step, call: Call, order: Order | None) -> Written:
        try:
            return writer.make(step, call)
        except DataError:
            if order is not None:
                self.customers.look_again(order)  # refused for a customer who was deleted since
            raise

    def _still_taken_back(self, document: Document, verdict: Verdict) -> Verdict:
        """What to say of an order that is not to be reserved: that it was taken back, where we have done that."""
        with self.ledger.begin() as tx:
            deleted = {number for _, number, _, _ in attempts.done_of(tx, document.id, [DELETE])}
        taken_back = verdict.status is Status.SKIPPED and document.remote_id in deleted
        return Verdict.of("reservation_cancelled", number=document.remote_id) if taken_back else verdict

    def _new_subject(self, document: Document) -> str:
        """What tells a restored order's new reservation from the one before: its place, none for the first."""
        with self.ledger.begin() as tx:
            made = len(attempts.done_of(tx, document.id, [CREATE]))
        return str(made + 1) if made else ""

    def _book_first(self, standing: Standing, writer: Writer, steps: WarehouseSteps) -> None:
        if not self.settings.orders.reserve or standing.number != standing.created.remote_id:
            return
        subject = standing.number if standing.subject else ""
        writer.make(steps.booking(standing.number, subject), rackbeat.book_order(standing.number))

    def _change(
        self, document: Document, standing: Standing, order: Order | None, changes: WarehouseChanges
    ) -> Verdict:
        """Bring a change of the shop over to an order that stands in the warehouse."""
        before = self._before(document, standing.version)
        if order is None or is_over(order):
            if before is not None and is_over(before):
                return Verdict.of("transferred")  # a person accepted that the order stands although it is over
            return changes.cancel("gone" if order is None else order.native_state, asked=self._asks(order))
        if before is None:
            raise stop("order_unreadable", problem=f"version {standing.version}")
        edited = not same_goods(before, order)
        try:
            left = self._left(order)
        except StoppedError as stopped:
            if stopped.verdict.code not in _SAYS_NOT_WHICH or not changes.is_sent():
                raise
            self._note_version(document, changes.writer)
            return Verdict.of("transferred")  # the goods went, and come back or not: nothing is to be sent otherwise
        wanted = wanted_of(self.refunded.left_then(before), left, standing.version, self.settings, edited=edited)
        if isinstance(wanted, Verdict):
            return wanted
        verdict = changes.update(wanted, lambda version: self._left_at(document, version))
        if verdict.code == "transferred":
            self._note_version(document, changes.writer)
        return verdict

    def _left(self, order: Order) -> Order:
        """The order without what was refunded. A refund deleted at this moment is no reason to read it, but for us."""
        try:
            return self.refunded.left_now(order)
        except StoppedError as stopped:
            if stopped.verdict.code == "refund_not_shown":
                Observer(self.shop, self.ledger, self.settings).look_again([order.id])
            raise

    def _left_at(self, document: Document, version: int) -> Order:
        return self.refunded.left_then(stored_order(self.ledger, self.shop, document, version)[0])

    def _asks(self, order: Order | None) -> bool:
        """Whether a person decides before the order is taken back. A refund that names all the goods has said it."""
        orders = self.settings.orders
        if order is None or order.payment_state is not PaymentState.REFUNDED:
            return orders.cancel_policy is CancelPolicy.ASK
        if not wanted_lines(self._left(order), goods_rules(self.settings)):
            return orders.edit_policy is not EditPolicy.AUTO
        return orders.refund_policy is CancelPolicy.ASK

    def _before(self, document: Document, version: int) -> Order | None:
        """The order as it was transferred; the last version that can be understood where a person accepted another."""
        for number in range(version, 0, -1):
            try:
                return stored_order(self.ledger, self.shop, document, number)[0]
            except StoppedError:
                continue
        return None

    def _plan(self, document: Document, order: Order) -> Call | Verdict:
        verdict = reservation_verdict(order, state_rules(self.settings))
        if verdict.status is not Status.DUE:
            return verdict
        part = too_long(order)
        if part:
            return Verdict.of("address_too_long", part=part)
        goods = goods_of(self._left(order), self.settings.mapping.product_numbers, goods_rules(self.settings))
        if isinstance(goods, Verdict):
            refunded = goods.code == "nothing_to_reserve" and wanted_lines(order, goods_rules(self.settings))
            return Verdict.of("goods_refunded") if refunded else goods
        return self._create(document, order, goods)

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
            note=note_rules(self.settings),
        )
        return rackbeat.create_order(order_to_rackbeat(order, self._lines(order, goods), defaults))

    def _lines(self, order: Order, goods: Sequence[Good]) -> list[ReservedLine]:
        lines = [reserved_line(good) for good in goods]
        if self.mapping.shipping_item is not None:
            freight = [line for line in order.lines if line.kind is LineKind.SHIPPING and line.net]
            lines += [ReservedLine(self.mapping.shipping_item, line.name, line.quantity, line.net) for line in freight]
        return lines

    def _note(self, document: Document, claim: Claim, created: Written) -> None:
        if document.remote_id == created.remote_id:
            return
        self.ledger.persist(
            lambda tx: documents.note_remote(
                tx, document.id, claim, remote_id=created.remote_id, version=created.version
            )
        )

    def _note_version(self, document: Document, writer: Writer) -> None:
        """Record that Rackbeat shows the newest version, so far as it concerns it."""
        version = writer.version
        self.ledger.persist(lambda tx: documents.note_remote(tx, document.id, writer.claim, version=version))


def reserver(shop: Webshop, warehouse: RackbeatClient, ledger: Ledger, settings: ShopSettings) -> Reserver:
    """Put a shop's reserver together. ConfigurationError when the shop has no warehouse."""
    target, mapping = settings.rackbeat_target, settings.mapping.rackbeat
    if target is None or mapping is None:
        raise ConfigurationError(f"{settings.shop} names no Rackbeat agreement: it has no orders to reserve")
    customers = WarehouseCustomers(warehouse, SharedRecords(ledger, target), mapping)
    refunded = RefundedGoods(RefundReader(shop, ledger, settings.shop), mapping.bundles)
    return Reserver(shop, warehouse, ledger, settings, mapping, customers, refunded)

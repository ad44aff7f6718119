"""A shop in which things happen while it is read: between two requests, and between two pages that are stored."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from sqlalchemy import create_engine, text

from pakhus.clients.webshop import ChangesPage
from pakhus.clients.woocommerce import WooCommerceClient
from pakhus.clients.woocommerce_api import WooCommerceSettings
from pakhus.connections import ConnectionFacts, woocommerce_settings
from pakhus.errors import CursorMovedError, TransientError
from pakhus.flows.observation import Observer
from pakhus.ledger import inbox
from pakhus.ledger.schema import metadata
from standin.messages import Request, Response
from standin.woocommerce.order_state import Order
from standin.woocommerce.shop import Shop
from tests.flows.world import World

PAGE_SIZE = 2
GOODS = ("NH-1018", "NH-1020")
STATES = ("pending", "processing", "on-hold", "completed", "cancelled", "failed")


@dataclass(frozen=True, slots=True)
class Deed:
    """Something that people, buyers or plugins do in the shop; `which` chooses an order, `how` the rest."""

    kind: str
    which: int = 0
    how: int = 0


class KilledError(BaseException):
    """The process is gone: nothing of ours may catch this."""


@dataclass
class BusyShop:
    """A world whose shop is busy. `deeds` wait for the next requests; `silent` orders changed without a new date."""

    world: World
    deeds: list[Deed] = field(default_factory=list)
    hints: list[str] = field(default_factory=list)
    silent: set[str] = field(default_factory=set)

    @property
    def shop(self) -> Shop:
        found: Shop = self.world.shop_server.standin.shop  # type: ignore[attr-defined]
        return found

    def client(self) -> WooCommerceClient:
        """Reads two orders at a time, so that few orders fill many pages."""
        keys = self.world.seeds["woocommerce"]["credentials"]
        facts = ConnectionFacts(
            f"woocommerce__{self.world.settings.shop}",
            host=self.world.shop_server.url,
            login=keys["consumer_key"],
            password=keys["consumer_secret"],
        )
        settings: WooCommerceSettings = woocommerce_settings(facts, self.world.settings)
        return WooCommerceClient.from_settings(replace(settings, limits=self.world.limits, page_size=PAGE_SIZE))

    # --- what happens in the shop ------------------------------------------------------------------------------------

    def do(self, deed: Deed) -> None:
        """Do it; what the shop refuses, or has no order for, is not done."""
        with suppress(ValueError, LookupError):
            number = self._happens(deed)
            if number is not None:
                self.hints.append(str(number))

    def _happens(self, deed: Deed) -> int | None:
        if deed.kind in ("place", "half"):
            return self._place(deed)
        orders = sorted(self.shop.orders)
        if not orders:
            return None
        order = self.shop.orders[orders[deed.which % len(orders)]]
        _DEEDS[deed.kind](self, order, deed.how)
        return order.id

    def _place(self, deed: Deed) -> int:
        method, paid = (("cod", True), ("bacs", True), ("cod", False))[deed.which % 3]
        item = {"sku": GOODS[deed.how % 2], "quantity": 1 + deed.how % 3}
        half = {"half_made": 1 + deed.how % 2} if deed.kind == "half" else {}
        return int(self._act("place_order", items=[item], payment_method=method, paid=paid, **half)["order"])

    def _act(self, name: str, **more: Any) -> Any:
        return self.world.shop_server.standin.act({"action": name, **more})

    def edit(self, order: Order, how: int) -> None:
        quantity = 1 + how % 4
        total = str(80 * quantity)
        more = {"line": order.lines[0].id, "quantity": quantity, "total": total, "subtotal": total}
        self._act("edit_line", order=order.id, **more)

    def touch(self, order: Order, how: int) -> None:
        self._act("edit_order", order=order.id, changes={"customer_note": f"note {how}"})

    def set_state(self, order: Order, how: int) -> None:
        self._act("set_status", order=order.id, status=STATES[how % len(STATES)])

    def refund(self, order: Order, how: int) -> None:
        """An amount alone, or a piece of the first line at its price; never more than is left."""
        line, left = order.lines[0], order.totals.total - self.shop.refunded(order)
        if how % 2 and line.quantity:
            rate, price = next(iter(line.taxes), None), line.total / line.quantity
            tax = sum(line.taxes.values()) / line.quantity
            taxes = [] if rate is None else [{"id": rate, "refund_total": f"{tax:.2f}"}]
            back = {"id": line.id, "quantity": 1, "refund_total": f"{price:.2f}", "refund_tax": taxes}
            if Decimal(f"{price:.2f}") + Decimal(f"{tax:.2f}") <= left:
                self._act("refund", order=order.id, line_items=[back])
        elif left > 12:
            self._act("refund", order=order.id, amount=f"{10 + how % 3}.00")

    def withdraw_refund(self, order: Order, how: int) -> None:
        """The order's date of change stays (contract, section 8)."""
        found = self.shop.refunds_of(order)
        if found:
            self._act("delete_refund", refund=found[how % len(found)].id)
            self.silent.add(str(order.id))

    def write_field(self, order: Order, how: int) -> None:
        """A plugin writes a field of its own, past WooCommerce."""
        order.meta.append(self.shop.new_meta("_plugin", f"{how}"))
        self.silent.add(str(order.id))

    def bin(self, order: Order, how: int) -> None:
        del how
        self._act("bin_order", order=order.id)

    def restore(self, order: Order, how: int) -> None:
        del how
        if order.status == "trash":
            self._act("restore_order", order=order.id)

    def delete(self, order: Order, how: int) -> None:
        del how
        self._act("delete_order", order=order.id)
        self.silent.add(str(order.id))

    # --- time, webhooks, runs ----------------------------------------------------------------------------------------

    def wait(self, seconds: float) -> None:
        """Time passes; whoever was writing an order has long ended."""
        for order in self.shop.orders.values():
            order.half_made_reads = 0
        self.world.forward(seconds=seconds)

    def deliver(self, order: str) -> None:
        with self.world.ledger.begin() as tx:
            inbox.add(tx, self.world.settings.shop, "order", order)

    def observe(
        self, deeds: Sequence[Deed] = (), *, dies_at: int | None = None, other_run_at: int | None = None
    ) -> None:
        """A run's reading, while `deeds` happen one before each request.

        It may die before page `dies_at` is stored, and another run may read to its end before page `other_run_at` is.
        """
        self.deeds[:] = deeds
        client = self.client()
        reader = _Interrupted(client, dies_at=dies_at, at=other_run_at, then=self._other_run)
        with suppress(KilledError, CursorMovedError, TransientError), self._while_read():
            Observer(reader, self.world.ledger, self.world.settings).observe()  # type: ignore[arg-type]
        for deed in self.deeds:
            self.do(deed)
        self.deeds.clear()

    def _other_run(self) -> None:
        with suppress(CursorMovedError, TransientError):
            Observer(self.client(), self.world.ledger, self.world.settings).observe()

    @contextmanager
    def _while_read(self) -> Iterator[None]:
        standin = self.world.shop_server.standin
        handle = standin.handle

        def busy(request: Request) -> Response:
            if request.method == "GET" and self.deeds:
                self.do(self.deeds.pop(0))
            return handle(request)

        standin.handle = busy  # type: ignore[method-assign]
        try:
            yield
        finally:
            standin.handle = handle  # type: ignore[method-assign]


_DEEDS: dict[str, Callable[[BusyShop, Order, int], None]] = {
    "edit": BusyShop.edit,
    "touch": BusyShop.touch,
    "state": BusyShop.set_state,
    "refund": BusyShop.refund,
    "withdraw refund": BusyShop.withdraw_refund,
    "field": BusyShop.write_field,
    "bin": BusyShop.bin,
    "restore": BusyShop.restore,
    "delete": BusyShop.delete,
}
KINDS = ("place", "half", "state", "state", "refund", "refund", *_DEEDS)  # states change most, then money goes back


@dataclass
class _Interrupted:
    """A shop's client whose pages of changes come to a reader that dies, or that another run overtakes."""

    client: WooCommerceClient
    dies_at: int | None
    at: int | None
    then: Callable[[], None]

    def changes(self, cursor: str | None) -> Iterator[ChangesPage]:
        for number, page in enumerate(self.client.changes(cursor)):
            if number == self.at:
                self.then()
            if number == self.dies_at:
                raise KilledError
            yield page

    def __getattr__(self, name: str) -> Any:
        return getattr(self.client, name)


def emptied(world: World, snapshots: Sequence[int]) -> BusyShop:
    """Back to the beginning: no orders anywhere, an empty ledger, the time of now."""
    for server, snapshot in zip(world.servers, snapshots, strict=True):
        server.restore(snapshot)
        server.clear_faults()
        server.reset_counters()
    world.shop_server.clock.run()
    world.time.forward *= 0
    engine = create_engine(world.ledger.url)
    tables = ", ".join(table.name for table in metadata.sorted_tables)
    with engine.begin() as connection:
        connection.execute(text(f"truncate {tables} restart identity cascade"))
    engine.dispose()
    return BusyShop(world)

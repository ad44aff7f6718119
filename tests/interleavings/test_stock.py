"""Shops sell, the warehouse receives, reserves, ships and counts, pushes run at any moment and fail at any request.

No shop is ever given more than was free by the model of docs/runbooks/stock.md (tests/interleavings/stock_model.py).
All converge when quiet. `PAKHUS_INTERLEAVINGS=500` tries so many new examples.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from pakhus.clients.http import Answer, Call
from pakhus.clients.woocommerce import WooCommerceClient
from pakhus.errors import RemoteError
from pakhus.flows import stock_locations, stock_reading
from pakhus.flows.stock import StockPusher
from pakhus.ledger import stock
from standin.server import StandinServer
from tests.flows.two_shops import TwoShops, shown, two_shops
from tests.flows.world import World
from tests.interleavings.busy_shop import KilledError, emptied
from tests.interleavings.stock_model import BUNDLE, OPEN, PARTS, SKUS, TOWN, Readings, free, orders, readings

EXAMPLES = int(os.environ.get("PAKHUS_INTERLEAVINGS", "0"))
SHOPS, PIECES, WHICH = st.integers(0, 1), st.integers(1, 3), st.integers(0, 20)
GOODS = st.sampled_from((*SKUS, BUNDLE))
KINDS = st.sampled_from(["answer_lost", "request_lost", "error_500", "rate_limited_seconds"])
TROUBLE = st.one_of(
    st.none(), st.fixed_dictionaries({"kind": KINDS, "nth": st.integers(1, 5), "times": st.sampled_from([1, 3, None])})
)
KILLED = st.one_of(st.none(), st.tuples(st.integers(1, 2), st.booleans()))
PROFILE = settings(
    max_examples=EXAMPLES or 6,
    stateful_step_count=30 if EXAMPLES else 14,
    derandomize=not EXAMPLES,
    phases=[Phase.reuse, Phase.generate, *([Phase.shrink] if EXAMPLES else [])],
    print_blob=True,
    suppress_health_check=list(HealthCheck),
)


@dataclass
class Killed:
    """A shop whose pusher is killed at the n-th batch, before it leaves or before its answer is known."""

    client: WooCommerceClient
    at: int
    after: bool
    sent: int = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self.client, name)

    def send(self, call: Call) -> Answer:
        self.sent += 1
        if self.sent == self.at and not self.after:
            raise KilledError
        answer = self.client.send(call)
        if self.sent == self.at:
            raise KilledError
        return answer


class Stock(RuleBasedStateMachine):
    """`both` and `snapshots` are set by the test: servers are started once."""

    both: TwoShops
    snapshots: tuple[tuple[int, ...], ...]
    reading: Readings

    def __init__(self) -> None:
        super().__init__()
        for shop, snapshots in zip(self.both.worlds, self.snapshots, strict=True):
            emptied(shop, snapshots)

    @initialize(
        quantities=st.lists(st.integers(0, 9), min_size=len(SKUS), max_size=len(SKUS)),
        in_town=st.booleans(),
        safety=st.integers(0, 2),
    )
    def the_shops_open(self, quantities: list[int], *, in_town: bool, safety: int) -> None:
        for sku, quantity in zip(SKUS, quantities, strict=True):
            self.both.set_stock(sku, str(quantity))
        _set(self.both.nordlys, locations=frozenset({"Butik"} if in_town else ()))
        _set(self.both.fjordliv, safety=safety)
        self.run_stock(None, None, None, None, compare=False)

    @rule(shop=SHOPS, sku=GOODS, pieces=PIECES)
    def somebody_buys(self, shop: int, sku: str, pieces: int) -> None:
        world = self.both.worlds[shop]
        if (shown(world).get(sku) or 0) >= pieces:
            world.act(action="place_order", items=[{"sku": sku, "quantity": pieces}], payment_method="cod")

    @rule(shop=SHOPS, which=WHICH, status=st.sampled_from(["cancelled", "processing", "completed"]))
    def an_order_changes_its_state(self, shop: int, which: int, status: str) -> None:
        world = self.both.worlds[shop]
        rows = orders(world)
        if rows:
            world.act(action="set_status", order=int(rows[which % len(rows)]["id"]), status=status)

    @rule(shop=SHOPS, which=WHICH, pieces=PIECES)
    def an_order_is_edited(self, shop: int, which: int, pieces: int) -> None:
        world = self.both.worlds[shop]
        rows = [order for order in orders(world) if order["status"] in OPEN]
        if rows:
            order = rows[which % len(rows)]
            line = order["line_items"][0]["id"]
            world.act(action="edit_line", order=int(order["id"]), line=line, quantity=pieces)

    @rule(shop=SHOPS, which=WHICH, restock=st.booleans())
    def money_is_given_back(self, shop: int, which: int, *, restock: bool) -> None:
        world = self.both.worlds[shop]
        rows = [order for order in orders(world) if order["status"] == "completed"]
        if rows:
            order = int(rows[which % len(rows)]["id"])
            with suppress(ValueError):  # all of it was given back before
                world.act(action="refund", order=order, restock=restock)

    @rule(sku=st.sampled_from(SKUS), pieces=st.integers(0, 9), location=st.sampled_from([100, TOWN]))
    def the_warehouse_counts_again(self, sku: str, pieces: int, location: int) -> None:
        action = {"action": "set_stock", "item": sku, "quantity": pieces, "location": location}
        self.both.nordlys.warehouse_server.act(action)

    @rule(sku=st.sampled_from(SKUS), pieces=PIECES)
    def goods_are_received(self, sku: str, pieces: int) -> None:
        self.both.nordlys.warehouse_server.act({"action": "receive", "item": sku, "quantity": pieces})

    @rule(shop=SHOPS, trouble=TROUBLE)
    def orders_are_reserved(self, shop: int, trouble: dict[str, Any] | None) -> None:
        self.both.forward(minutes=1)
        world = self.both.worlds[shop]
        world.observe()
        with _trouble(world.warehouse_server, trouble), suppress(RemoteError):
            world.reserve(workers=1)

    @rule(which=WHICH)
    def an_order_is_shipped(self, which: int) -> None:
        rows = self.both.nordlys.warehouse_server.dump()["orders"].values()
        ready = [row for row in rows if row["is_booked"] and not row["is_shipped"] and not row.get("is_cancelled")]
        if ready:
            with suppress(AssertionError, RuntimeError):  # more than there is cannot be sent off
                self.both.nordlys.ship(str(ready[which % len(ready)]["number"]))

    @rule(seconds=st.sampled_from([1, 30, 240, 600]))
    def time_passes(self, seconds: int) -> None:
        self.both.forward(seconds=seconds)

    @rule(reading=TROUBLE, seeing=TROUBLE, pushing=TROUBLE, killed=KILLED, compare=st.booleans())
    def run_stock(
        self,
        reading: dict[str, Any] | None,
        seeing: dict[str, Any] | None,
        pushing: dict[str, Any] | None,
        killed: tuple[int, bool] | None,
        *,
        compare: bool,
    ) -> None:
        """One run of the DAG. A reading that fails leaves the one before; the sales of a shop may stay unseen."""
        self.read(reading)
        for world in self.both.worlds:
            with _trouble(world.shop_server, seeing), suppress(RemoteError):
                self.both.see_one(world)
        for world in self.both.worlds:
            self.push(world, pushing, killed, compare=compare)

    @rule(shop=SHOPS, sku=st.sampled_from(SKUS), pieces=PIECES)
    def goods_come_while_a_sale_is_not_seen(self, shop: int, sku: str, pieces: int) -> None:
        """The blind window at its worst: one shop cannot be read, and there is more to give."""
        self.somebody_buys(shop, sku, pieces)
        self.goods_are_received(sku, pieces)
        self.read(None)
        self.both.see_one(self.both.worlds[1 - shop])
        for world in self.both.worlds:
            self.push(world, None, None, compare=False)

    @rule(shop=SHOPS, part=st.sampled_from(sorted(PARTS)), reserved=st.booleans())
    def a_bundle_is_sold_and_more_of_a_part_comes(self, shop: int, part: str, *, reserved: bool) -> None:
        """Its order names the bundle alone: what it takes from its parts must be known without that."""
        for sku in PARTS:
            self.the_warehouse_counts_again(sku, 8, TOWN)
        self.run_stock(None, None, None, None, compare=False)
        self.somebody_buys(shop, BUNDLE, 1)
        if reserved:
            self.orders_are_reserved(shop, None)
        self.goods_are_received(part, 3)
        self.run_stock(None, None, None, None, compare=False)

    @rule(trouble=TROUBLE)
    def read(self, trouble: dict[str, Any] | None) -> None:
        """A reading alone, as of a run that broke off, or of a task that was cleared."""
        self.both.forward(seconds=1)
        taken = readings(self.both)
        with _trouble(self.both.nordlys.warehouse_server, trouble), suppress(RemoteError):
            self.both.read()
            self.reading = taken

    @rule(items=st.sets(st.sampled_from(SKUS), min_size=1), trouble=TROUBLE)
    def some_is_read(self, items: set[str], trouble: dict[str, Any] | None) -> None:
        """The warehouse hints at these; all is read if that was long ago."""
        self.both.forward(seconds=1)
        self.both.hint(*items)
        taken, before = readings(self.both), self._whole_reading()
        with _trouble(self.both.nordlys.warehouse_server, trouble), suppress(RemoteError):
            self.both.read(hinted=True)
            whole = before != self._whole_reading()
            self.reading = {**self.reading, **{sku: taken[sku] for sku in (SKUS if whole else items)}}

    def _whole_reading(self) -> Any:
        with self.both.nordlys.ledger.begin() as tx:
            return stock.newest_reading(tx, self.both.nordlys.settings.shop)

    @rule(shop=SHOPS, trouble=TROUBLE)
    def push_alone(self, shop: int, trouble: dict[str, Any] | None) -> None:
        """A task that was cleared, or tried again after others have gone on."""
        world = self.both.worlds[shop]
        seen_before = free(self.both, self.reading, world)
        self.push(world, trouble, None, compare=False, most=seen_before, sees=True)

    def push(
        self,
        world: World,
        trouble: dict[str, Any] | None,
        killed: tuple[int, bool] | None,
        *,
        compare: bool,
        most: dict[str, Any] | None = None,
        sees: bool = False,
    ) -> None:
        if sees:  # sales after the last look are not in the guarantee: see the runbook
            self.both.see()
        before, most = shown(world), most or free(self.both, self.reading, world)
        client = Killed(world.shop, *killed) if killed else world.shop
        with _trouble(world.shop_server, trouble), suppress(RemoteError, KilledError):
            StockPusher(client, world.ledger, world.settings, self.both.selling).push(compare=compare)  # type: ignore[arg-type]
        for sku, quantity in shown(world).items():
            if sku in most and quantity > before[sku]:
                assert quantity <= most[sku], f"{world.settings.shop} {sku}: {quantity} of {most[sku]}"

    def teardown(self) -> None:
        for _ in range(3):
            self.both.forward(minutes=6)
            for shop in range(2):
                self.orders_are_reserved(shop, None)
            self.run_stock(None, None, None, None, compare=False)
        for world in self.both.worlds:
            found, most = shown(world), free(self.both, self.reading, world)
            assert {sku: found[sku] for sku in most if sku in found} == {
                sku: int(pieces) for sku, pieces in most.items() if sku in found
            }


@contextmanager
def _trouble(server: StandinServer, trouble: dict[str, Any] | None) -> Iterator[None]:
    """A server that fails from its n-th request on, so many times (None: until the end)."""
    if trouble:
        server.set_faults([{**trouble, "path_regex": "."}])
    try:
        yield
    finally:
        server.clear_faults()


def _set(world: World, **changes: Any) -> None:
    changed = world.settings.stock.model_copy(update=changes)
    mapping = world.settings.mapping.model_copy(update={"bundle_stock": {BUNDLE: PARTS}})
    world.settings = world.settings.model_copy(update={"stock": changed, "mapping": mapping})


@pytest.fixture
def machine(fresh_ledger_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Stock]]:
    """Rows of locations are never taken from an earlier reading: goods may move inside the warehouse all the time."""
    monkeypatch.setattr(stock_locations, "_GOOD_FOR", timedelta(seconds=-1))
    monkeypatch.setattr(stock_reading, "LARGEST_PAGE", 1)  # the list is of many pages: hints are worth following
    with two_shops(fresh_ledger_url) as both:
        both.nordlys.warehouse_server.configure({"rate_limit": 1_000_000})  # the model asks it, too
        state: Any = both.nordlys.warehouse_server.standin.state
        state.locations[TOWN] = {**state.locations[100], "number": TOWN, "name": "Butik", "is_default": False}
        snapshots = tuple(tuple(server.snapshot() for server in shop.servers) for shop in both.worlds)
        yield type("Machine", (Stock,), {"both": both, "snapshots": snapshots})


@pytest.mark.edge(71)
@pytest.mark.edge(73)
@pytest.mark.edge(76)
@pytest.mark.edge(78)
@pytest.mark.timeout(3600)
def test_no_shop_is_given_more_than_was_free_and_all_converge(machine: type[Stock]) -> None:
    run_state_machine_as_test(machine, settings=PROFILE)

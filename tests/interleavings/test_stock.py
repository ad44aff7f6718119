"""Shops sell, the warehouse receives, reserves, ships and counts, pushes run at any moment and fail at any request.

No shop is ever given more than was free by the model of docs/runbooks/stock.md: what the warehouse had available when
its reading began, less what was sold in any shop, as read after that, and not reserved before. All converge when quiet.
`PAKHUS_INTERLEAVINGS=500` tries so many new examples.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from pakhus.errors import RemoteError
from tests.flows.two_shops import TwoShops, push, shown, two_shops
from tests.flows.world import World
from tests.interleavings.busy_shop import emptied

EXAMPLES = int(os.environ.get("PAKHUS_INTERLEAVINGS", "0"))
SKUS = ("NH-1000", "NH-1010", "NH-1018")
OPEN = ("pending", "on-hold", "processing")
SHOPS, PIECES = st.integers(0, 1), st.integers(1, 3)
FAULTS = st.sampled_from([None, "answer_lost", "request_lost", "error_500"])
PROFILE = settings(
    max_examples=EXAMPLES or 8,
    stateful_step_count=30 if EXAMPLES else 14,
    derandomize=not EXAMPLES,
    phases=[Phase.reuse, Phase.generate, *([Phase.shrink] if EXAMPLES else [])],
    deadline=None,
    print_blob=True,
    suppress_health_check=list(HealthCheck),
)


class Stock(RuleBasedStateMachine):
    """`both` and `snapshots` are set by the test: servers are started once."""

    both: TwoShops
    snapshots: tuple[tuple[int, ...], ...]

    def __init__(self) -> None:
        super().__init__()
        for shop, snapshots in zip(self.both.worlds, self.snapshots, strict=True):
            emptied(shop, snapshots)

    @initialize(quantities=st.lists(st.integers(0, 9), min_size=len(SKUS), max_size=len(SKUS)))
    def the_warehouse_is_counted(self, quantities: list[int]) -> None:
        for sku, quantity in zip(SKUS, quantities, strict=True):
            self.both.set_stock(sku, str(quantity))
        self.run_stock(None, sells_between=[], reserves_between=False)

    @rule(shop=SHOPS, sku=st.sampled_from(SKUS), pieces=PIECES)
    def somebody_buys(self, shop: int, sku: str, pieces: int) -> None:
        self._buy(shop, sku, pieces)

    @rule(shop=SHOPS, which=st.integers(0, 20))
    def somebody_cancels(self, shop: int, which: int) -> None:
        world = self.both.worlds[shop]
        orders = [order for order in _orders(world) if order["status"] in OPEN]
        if orders:
            order = orders[which % len(orders)]
            world.act(action="set_status", order=int(order["id"]), status="cancelled")
        self.both.forward(minutes=1)

    @rule(sku=st.sampled_from(SKUS), pieces=st.integers(0, 9))
    def the_warehouse_counts_again(self, sku: str, pieces: int) -> None:
        self.both.set_stock(sku, str(pieces))

    @rule(shop=SHOPS)
    def orders_are_reserved(self, shop: int) -> None:
        self._reserve(self.both.worlds[shop])

    @rule(which=st.integers(0, 20))
    def an_order_is_shipped(self, which: int) -> None:
        rows = self.both.nordlys.warehouse_server.dump()["orders"].values()
        ready = [row for row in rows if row["is_booked"] and not row["is_shipped"] and not row.get("is_cancelled")]
        if ready:
            with suppress(AssertionError, RuntimeError):  # more than there is cannot be sent off
                self.both.nordlys.ship(str(ready[which % len(ready)]["number"]))

    @rule(
        fault=FAULTS,
        sells_between=st.lists(st.tuples(SHOPS, st.sampled_from(SKUS), PIECES), max_size=2),
        reserves_between=st.booleans(),
    )
    def run_stock(
        self, fault: str | None, sells_between: list[tuple[int, str, int]], *, reserves_between: bool
    ) -> None:
        self.both.forward(minutes=4)  # lost answers are late by now
        self.both.read()
        available, reserved = self.both.available(), self._reserved()
        self.both.forward(seconds=10)
        for shop, sku, pieces in sells_between:
            self._buy(shop, sku, pieces)
        if reserves_between:
            self._reserve(self.both.nordlys)
        self.both.see()
        free = {sku: available[sku] - self._sold_beside(sku, reserved) for sku in SKUS}
        for world in self.both.worlds:
            self._push(world, fault, free)

    def _push(self, world: World, fault: str | None, free: dict[str, Decimal]) -> None:
        before = shown(world)
        if fault:
            world.shop_server.set_faults([{"kind": fault, "path_regex": "/products", "nth": 1}])
        with suppress(RemoteError):
            push(world, selling=self.both.selling)
        world.shop_server.clear_faults()
        for sku, quantity in shown(world).items():
            if sku in free and quantity > before[sku]:
                assert quantity <= max(free[sku], Decimal(0)), f"{world.settings.shop} {sku}: {quantity} of {free[sku]}"

    def _buy(self, shop: int, sku: str, pieces: int) -> None:
        world = self.both.worlds[shop]
        if (shown(world).get(sku) or 0) >= pieces:
            world.act(action="place_order", items=[{"sku": sku, "quantity": pieces}], payment_method="cod")

    def _reserve(self, world: World) -> None:
        self.both.forward(minutes=1)
        world.observe()
        world.reserve()

    def _reserved(self) -> set[str]:
        """The keys of the orders that the warehouse has reserved."""
        rows = self.both.nordlys.warehouse_server.dump()["orders"].values()
        return {str(row["heading"]) for row in rows if row["is_booked"]}

    def _sold_beside(self, sku: str, reserved: set[str]) -> Decimal:
        sold = Decimal(0)
        for world in self.both.worlds:
            for order in _orders(world):
                if order["status"] in OPEN and f"{world.settings.shop}-{order['id']}-order" not in reserved:
                    sold += sum(Decimal(line["quantity"]) for line in order["line_items"] if line["sku"] == sku)
        return sold

    def teardown(self) -> None:
        for _ in range(2):
            for world in self.both.worlds:
                self._reserve(world)
            self.run_stock(None, sells_between=[], reserves_between=False)
        available = self.both.available()
        for world in self.both.worlds:
            found = shown(world)
            assert {sku: found[sku] for sku in SKUS if sku in found} == {
                sku: max(int(available[sku]), 0) for sku in SKUS if sku in found
            }


def _orders(world: World) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = world.shop_server.dump()["orders"]
    return rows


@pytest.fixture
def machine(fresh_ledger_url: str) -> Iterator[type[Stock]]:
    with two_shops(fresh_ledger_url) as both:
        snapshots = tuple(tuple(server.snapshot() for server in shop.servers) for shop in both.worlds)
        yield type("Machine", (Stock,), {"both": both, "snapshots": snapshots})


@pytest.mark.edge(71)
@pytest.mark.timeout(3600)
def test_no_shop_is_given_more_than_was_free_and_all_converge(machine: type[Stock]) -> None:
    run_state_machine_as_test(machine, settings=PROFILE)

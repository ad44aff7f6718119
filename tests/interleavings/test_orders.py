"""Orders are created, edited, cancelled, refunded, binned while pages are read, webhooks lost, runs die: none is lost.

After quiet and one audit every order is accounted for exactly once. By default a few examples, the same ones each time;
`PAKHUS_INTERLEAVINGS=500` tries so many new ones (CONTRIBUTING.md).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from pakhus.flows.observation import Observer
from pakhus.flows.proof import Prover
from tests.flows.world import World, world
from tests.interleavings.accounted import complaints
from tests.interleavings.busy_shop import KINDS, BusyShop, Deed, emptied

EXAMPLES = int(os.environ.get("PAKHUS_INTERLEAVINGS", "0"))
DEED = st.builds(Deed, st.sampled_from(KINDS), st.integers(0, 30), st.integers(0, 30))
DEEDS = st.lists(DEED, min_size=2, max_size=8)
PLACED = st.lists(st.builds(Deed, st.just("place"), st.integers(0, 2), st.integers(0, 5)), min_size=4, max_size=9)
PAUSE_S = st.sampled_from([95, 6, 30, 1, 400, 4000])
PROFILE = settings(
    max_examples=EXAMPLES or 14,
    stateful_step_count=40 if EXAMPLES else 20,
    derandomize=not EXAMPLES,
    phases=[Phase.reuse, Phase.generate, *([Phase.shrink] if EXAMPLES else [])],  # shrinking takes minutes
    print_blob=True,
    suppress_health_check=list(HealthCheck),
)


class Interleavings(RuleBasedStateMachine):
    """`world` and `snapshots` are set by the test: servers are started once."""

    world: World
    snapshots: tuple[int, ...]

    def __init__(self) -> None:
        super().__init__()
        self.busy: BusyShop = emptied(self.world, self.snapshots)

    @initialize(deeds=PLACED)
    def some_orders_are_there(self, deeds: list[Deed]) -> None:
        for deed in deeds:
            self.busy.do(deed)

    @rule(deeds=DEEDS)
    def things_happen(self, deeds: list[Deed]) -> None:
        for deed in deeds:
            self.busy.do(deed)

    @rule(
        after_s=PAUSE_S, deeds=DEEDS, dies_at=st.none() | st.integers(0, 3), other_run_at=st.none() | st.integers(0, 3)
    )
    def observe(self, after_s: int, deeds: list[Deed], dies_at: int | None, other_run_at: int | None) -> None:
        self.busy.wait(after_s)
        self.busy.observe(deeds, dies_at=dies_at, other_run_at=other_run_at)

    @rule(order=st.randoms(use_true_random=False), lost=st.integers(0, 3))
    def webhooks_come(self, order: object, lost: int) -> None:
        """Some are lost, the others come out of order, each second one twice."""
        hints, self.busy.hints = self.busy.hints, []
        order.shuffle(hints)  # type: ignore[attr-defined]
        for number, hint in enumerate(hints[lost:]):
            for _ in range(1 + number % 2):
                self.busy.deliver(hint)

    @rule()
    def reserve(self) -> None:
        self.world.reserve()

    @rule()
    def reserve_while_an_answer_is_lost(self) -> None:
        lost = {"kind": "answer_lost", "method": "POST", "path_regex": "/orders", "nth": 1}
        self.world.warehouse_server.set_faults([lost])
        self.world.reserve()
        self.world.warehouse_server.clear_faults()

    @rule()
    def book(self) -> None:
        self.world.book()

    @rule()
    def credit(self) -> None:
        self.world.credit()

    def teardown(self) -> None:
        self._live_runs(2)
        missed = complaints(self.busy, but=self.busy.silent)
        assert not missed, "live reading alone:\n" + "\n".join(missed)
        self._audit()
        self._live_runs(1)
        left = complaints(self.busy)
        assert not left, "after the audit:\n" + "\n".join(left)

    def _live_runs(self, times: int) -> None:
        for _ in range(times):
            self.busy.wait(240)
            self.busy.observe()
            self.world.reserve()
            self.world.book()
            self.world.credit()

    def _audit(self) -> None:
        prover = Prover(Observer(self.busy.client(), self.world.ledger, self.world.settings), self.world.accounts)
        prover.look_at_refunds()
        tonight = self.world.shop_server.clock.now().astimezone(ZoneInfo(self.world.settings.timezone)).date()
        for days in range(1 + self.world.time.forward // timedelta(days=1) + 1):
            prover.prove(tonight - timedelta(days=days))


@pytest.fixture
def machine(fresh_ledger_url: str) -> Iterator[type[Interleavings]]:
    with world(fresh_ledger_url, seed=[("orders", []), ("refunds", []), ("notes", {})]) as running:
        snapshots = tuple(server.snapshot() for server in running.servers)
        yield type("Machine", (Interleavings,), {"world": running, "snapshots": snapshots})


@pytest.mark.timeout(3600)
def test_every_order_is_accounted_for_once_whatever_the_interleaving(machine: type[Interleavings]) -> None:
    run_state_machine_as_test(machine, settings=PROFILE)

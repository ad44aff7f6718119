"""The bounded part of `make faults`: each kind of write and each kind of fault, and that faults are seen.

The exploration itself is tested by breaking the protocol: when outcomes are settled at once instead of late, the same
cases must show doubles. An exploration that could not see them would prove nothing.
"""

from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from itertools import cycle

import pytest

from pakhus.flows import exactly_once
from pakhus.flows.recorded_calls import RecordedCalls
from stack.postgres import Cluster
from tests.faults.explore import WORST, Places, boundaries, cases, explore, telling_cases
from tests.faults.faults import AT_BOUNDARY, WHILE_HELD, Case
from tests.faults.scene import Scene
from tests.faults.stories import every_story
from tests.faults.story import Story

pytestmark = [pytest.mark.faults, pytest.mark.timeout(900)]
WHOLE = "orders to invoices"
STORIES = every_story()
# These have modules of their own beside this one, which meet the worst faults at each of their writes.
APART = ("first transfer", "products", "products from rackbeat", "refunded", "stock")
SHORT = [name for name in STORIES if name != WHOLE and name not in APART]
# After WORST each kind of write meets one of these, beginning with those that leave an outcome unknown.
TURNS = ("kill -9 after", "answer lost", "500 after effect", "second run before", "reset mid-body", "time-out")
OTHERS = [*TURNS, *(fault for fault in (*AT_BOUNDARY, *WHILE_HELD) if fault not in (WORST, *TURNS))]


class Stages:
    """A story's servers, ledger and places, begun when a test asks for it and ended when one asks for another."""

    def __init__(self, postgres: Cluster, template: str) -> None:
        self._postgres, self._template, self._name = postgres, template, ""
        self._running: Iterator[Scene] = iter(())

    def of(self, name: str) -> tuple[Scene, Story, Places]:
        if name != self._name:
            self.end()
            self._name, self._running = name, self._run(STORIES[name])
            self._stage = next(self._running)
            self._places = boundaries(self._stage, STORIES[name].truth)
        return self._stage, STORIES[name], self._places

    def end(self) -> None:
        next(self._running, None)
        self._name = ""

    def _run(self, story: Story) -> Iterator[Scene]:
        name = f"faults_{story.name.replace(' ', '_')}"
        try:
            with story.begin(self._postgres.create_database(name, template=self._template)) as stage:
                yield stage
        finally:
            self._postgres.drop_database(name)  # the story may be asked for again


@pytest.fixture(scope="module")
def stages(postgres: Cluster, ledger_template: str) -> Iterator[Stages]:
    running = Stages(postgres, ledger_template)
    yield running
    running.end()


def met(stages: Stages, name: str, chosen: list[Case]) -> list[str]:
    """What should not be after these cases: kinds of findings."""
    stage, story, _ = stages.of(name)
    return [finding.kind for _, found in explore(stage, chosen, story.truth).failures for finding in found]


def at(stages: Stages, name: str, write: str, *faults: str) -> list[Case]:
    """The faults at the first write of a kind."""
    _, _, places = stages.of(name)
    system, number = next(place for place, kind in places.writes.items() if kind.endswith(write))
    return [Case(system, number, fault) for fault in faults]


TURN = cycle(OTHERS)  # over all stories: the tests of a module run in one process, in their order


@pytest.mark.parametrize("name", SHORT)
def test_nothing_is_lost_or_doubled_whatever_goes_wrong(stages: Stages, name: str) -> None:
    stage, story, places = stages.of(name)
    result = explore(stage, telling_cases(places, TURN), story.truth)
    assert result.failures == []
    assert result.converged == result.cases >= 2


def test_the_whole_of_all_flows_survives_a_death_in_the_middle(stages: Stages) -> None:
    _, _, places = stages.of(WHOLE)
    commits = [case for case in cases(places) if case.place == "commit"]
    assert len(places.writes) >= 15
    assert met(stages, WHOLE, commits[len(commits) // 2 :: len(commits)]) == []


HASTY = exactly_once.Policy(settle_after=timedelta(0))


def test_exploration_sees_the_second_order_when_outcomes_are_settled_too_early(
    stages: Stages, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = at(stages, "reserve", "POST /api/orders", WORST)
    monkeypatch.setattr("pakhus.flows.orders.RACKBEAT", HASTY)
    assert "doubled" in met(stages, "reserve", chosen)


def test_exploration_sees_the_second_order_when_an_unknown_outcome_is_taken_for_a_refusal(
    stages: Stages, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = at(stages, "reserve", "POST /api/orders", "answer lost")
    monkeypatch.setattr("pakhus.flows.exactly_once.status_after", lambda _: "refused")
    assert "doubled" in met(stages, "reserve", chosen)


def test_exploration_sees_the_second_note_when_the_shop_is_read_again_too_early(
    stages: Stages, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = at(stages, "tell", "/notes", WORST)
    monkeypatch.setattr("pakhus.flows.fulfilment.RecordedCalls", partial(RecordedCalls, policy=HASTY))
    assert "doubled" in met(stages, "tell", chosen)


def test_exploration_sees_what_the_ledger_believes_wrongly_when_quantities_are_written_too_early(
    stages: Stages, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = at(stages, "show stock", "/products/batch", WORST)
    monkeypatch.setattr("pakhus.flows.stock.RecordedCalls", partial(RecordedCalls, policy=HASTY))
    assert "untrue" in met(stages, "show stock", chosen)


def test_exploration_sees_the_second_voucher_when_an_unknown_outcome_is_taken_for_a_refusal(
    stages: Stages, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = at(stages, "pay out", "/vouchers", "answer lost")
    monkeypatch.setattr("pakhus.flows.exactly_once.status_after", lambda _: "refused")
    assert "doubled" in met(stages, "pay out", chosen)


def test_exploration_sees_the_second_order_of_a_change_that_is_settled_too_early(
    stages: Stages, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = at(stages, "changes", "POST /api/orders", WORST)
    monkeypatch.setattr("pakhus.flows.orders.RACKBEAT", HASTY)
    assert "doubled" in met(stages, "changes", chosen)

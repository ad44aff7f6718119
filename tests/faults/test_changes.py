"""The bounded part of `make faults` for orders that the shop edits, cancels or restores after the transfer."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from pakhus.flows import exactly_once
from stack.postgres import Cluster
from tests.faults.explore import boundaries, cases, explore
from tests.faults.faults import Case
from tests.faults.scene import Scene
from tests.faults.stories.changes import CHANGED, changed_scene

pytestmark = [pytest.mark.faults, pytest.mark.timeout(900)]
EVERY = 61
# The rackbeat requests of the run that brings the changes over.
ADD_LINE, REMOVE_LINE, DELETE_ORDER, CREATE_ANEW = 6, 8, 15, 16


@pytest.fixture(scope="module")
def stage(postgres: Cluster, ledger_template: str) -> Iterator[Scene]:
    url = postgres.create_database("ledger_changes", template=ledger_template)
    with changed_scene(url) as running:
        yield running


def test_no_change_is_lost_or_doubled_whatever_goes_wrong(stage: Scene) -> None:
    result = explore(stage, list(cases(boundaries(stage, CHANGED)))[::EVERY], CHANGED)
    assert result.failures == []
    assert result.converged == result.cases >= 10


def test_requests_are_the_ones_that_are_meant(stage: Scene) -> None:
    boundaries(stage, CHANGED)
    requests = stage.servers["rackbeat"].get("requests")
    told = [
        f"{requests[number - 1]['method']} {requests[number - 1]['path'].rsplit('/', 1)[1]}"
        for number in (ADD_LINE, CREATE_ANEW)
    ]
    assert told == ["POST lines", "POST orders"]
    assert [requests[number - 1]["method"] for number in (REMOVE_LINE, DELETE_ORDER)] == ["DELETE", "DELETE"]


@pytest.mark.parametrize("number", [ADD_LINE, REMOVE_LINE, DELETE_ORDER, CREATE_ANEW])
@pytest.mark.parametrize("fault", ["answer lost", "late commit", "kill -9 after"])
def test_each_kind_of_change_survives_its_worst_faults(stage: Scene, number: int, fault: str) -> None:
    assert explore(stage, [Case("rackbeat", number, fault)], CHANGED).failures == []


def test_exploration_sees_the_double_when_outcomes_are_settled_too_early(
    stage: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pakhus.flows.orders.RACKBEAT", exactly_once.Policy(settle_after=timedelta(0)))
    result = explore(stage, [Case("rackbeat", CREATE_ANEW, "late commit")], CHANGED)
    assert [finding.kind for _, found in result.failures for finding in found if finding.kind == "doubled"]

"""The bounded part of `make faults` for the first transfer of products and stock to the warehouse."""

from collections.abc import Iterator

import pytest

from pakhus.flows.warehouse_products import WarehouseProducts
from stack.postgres import Cluster
from tests.faults.explore import boundaries, explore
from tests.faults.faults import Case
from tests.faults.scene import Scene
from tests.faults.stories.first_transfer import TRANSFERRED, transferred_scene

pytestmark = [pytest.mark.faults, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def stage(postgres: Cluster, ledger_template: str) -> Iterator[Scene]:
    url = postgres.create_database("ledger_first_transfer", template=ledger_template)
    with transferred_scene(url) as running:
        yield running


@pytest.fixture(scope="module")
def writes(stage: Scene) -> list[int]:
    """The numbers of the warehouse's requests that write, in a run without faults."""
    boundaries(stage, TRANSFERRED)
    requests = stage.servers["rackbeat"].get("requests")
    return [number for number, one in enumerate(requests, 1) if one["method"] == "POST"]


def test_requests_are_the_ones_that_are_meant(stage: Scene, writes: list[int]) -> None:
    requests = stage.servers["rackbeat"].get("requests")
    told = [requests[number - 1]["path"].rsplit("/", 1)[1] for number in writes]
    made = ["products", "inventory-adjustments", "book"]
    assert sorted(told) == sorted([*made, *made, *made[1:]])  # two are made and counted, one is counted


@pytest.mark.parametrize("fault", ["answer lost", "late commit", "500 after effect", "kill -9 after"])
def test_each_write_survives_its_worst_faults(stage: Scene, writes: list[int], fault: str) -> None:
    assert explore(stage, [Case("rackbeat", number, fault) for number in writes[:3]], TRANSFERRED).failures == []


def test_exploration_sees_it_when_a_lost_booking_is_not_settled(
    stage: Scene, writes: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Doubles are hard to make here: a number is refused twice, and only what nobody has counted is counted."""
    monkeypatch.setattr(WarehouseProducts, "_booked", lambda *_: None)
    found = explore(stage, [Case("rackbeat", writes[2], "answer lost")], TRANSFERRED).failures
    assert [finding.text for _, findings in found for finding in findings] == [
        "attempts are still open in the ledger: ['book_adjustment']"
    ]

"""The bounded part of `make faults` for refunds that come before packing, before the draft and before the booking."""

from collections.abc import Iterator, Mapping

import pytest

from stack.postgres import Cluster
from tests.faults.explore import boundaries, explore
from tests.faults.faults import Case
from tests.faults.scene import Scene
from tests.faults.stories.refunded import REFUNDED, refunded_scene

pytestmark = [pytest.mark.faults, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def stage(postgres: Cluster, ledger_template: str) -> Iterator[Scene]:
    url = postgres.create_database("ledger_refunded", template=ledger_template)
    with refunded_scene(url) as running:
        yield running


@pytest.fixture(scope="module")
def places(stage: Scene) -> Mapping[str, Case]:
    """The requests by which a refund changes something, without a fault yet."""
    boundaries(stage, REFUNDED)
    found = {}
    for system, name, method, ending in (
        ("rackbeat", "line removed", "DELETE", "/lines/"),
        ("rackbeat", "order deleted", "DELETE", "/orders/"),
        ("economic", "draft of the rest", "POST", "/invoices/drafts"),
        ("economic", "draft updated", "PUT", "/invoices/drafts/"),
        ("economic", "booked", "POST", "/invoices/booked"),
    ):
        sent = stage.servers[system].get("requests")
        mine = [row for row in sent if row["method"] == method and ending in row["path"]]
        mine = [row for row in mine if name != "order deleted" or "/lines/" not in row["path"]]
        found[name] = Case(system, int(mine[0]["number"]), "")
    return found


@pytest.mark.edge(44)
@pytest.mark.parametrize("name", ["line removed", "order deleted", "draft of the rest", "draft updated", "booked"])
@pytest.mark.parametrize("fault", ["answer lost", "kill -9 after"])
def test_each_write_that_a_refund_makes_survives_its_worst_faults(
    stage: Scene, places: Mapping[str, Case], name: str, fault: str
) -> None:
    case = Case(places[name].place, places[name].number, fault)
    assert explore(stage, [case], REFUNDED).failures == []

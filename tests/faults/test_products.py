"""The bounded part of `make faults` for products that are kept in step."""

from collections.abc import Iterator

import pytest

from pakhus.rules.product_sync import Manners
from stack.postgres import Cluster
from tests.faults.explore import boundaries, explore
from tests.faults.faults import Case
from tests.faults.scene import Scene
from tests.faults.stories import products_from_rackbeat
from tests.faults.stories.products import PRODUCTS_KEPT, products_scene

pytestmark = [pytest.mark.faults, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def stage(postgres: Cluster, ledger_template: str) -> Iterator[Scene]:
    url = postgres.create_database("ledger_products", template=ledger_template)
    with products_scene(url) as running:
        yield running


def writes_of(stage: Scene, system: str) -> dict[str, int]:
    """The number of each write of the run that brings the changes, by method and product."""
    boundaries(stage, PRODUCTS_KEPT)
    requests = stage.servers[system].get("requests")
    found: dict[str, int] = {}
    for number, request in enumerate(requests, 1):
        if request["method"] != "GET":
            found.setdefault(f"{request['method']} {request['path'].rsplit('/', 1)[1]}", number)
    return found


@pytest.mark.parametrize("system", ["rackbeat", "economic"])
@pytest.mark.parametrize("fault", ["answer lost", "late commit", "kill -9 after"])
def test_making_and_changing_survive_their_worst_faults(stage: Scene, system: str, fault: str) -> None:
    writes = writes_of(stage, system)
    assert {"POST products", "PUT NH-1000"} <= set(writes)
    chosen = [Case(system, writes[name], fault) for name in ("POST products", "PUT NH-1000")]
    assert explore(stage, chosen, PRODUCTS_KEPT).failures == []


def test_products_of_the_warehouse_survive_their_worst_faults(postgres: Cluster, ledger_template: str) -> None:
    url, story = postgres.create_database("ledger_masters", template=ledger_template), products_from_rackbeat.STORY
    with story.begin(url) as stage:
        places = boundaries(stage, story.truth)
        writes = {kind: place for place, kind in places.writes.items() if place[0] == "woocommerce"}
        assert {kind.partition(" ")[0] for kind in writes} == {"POST", "PUT"}
        chosen = [Case(*place, fault) for place in writes.values() for fault in ("answer lost", "late commit")]
        assert explore(stage, chosen, story.truth).failures == []


def test_exploration_sees_a_bookkeeper_s_price_overwritten(stage: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    def manners(owned: frozenset[str], **_: object) -> Manners:
        return Manners(owned)  # as if nobody had the last word in the accounts

    monkeypatch.setattr("pakhus.flows.product_rules.Manners", manners)
    with pytest.raises(RuntimeError, match=r"NH-1002 costs 160\.00 in economic, not 95\.00"):
        boundaries(stage, PRODUCTS_KEPT)

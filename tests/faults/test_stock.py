"""The bounded part of `make faults` for stock: locations, a bundle, a sale nobody reserved, a refund put back."""

from collections.abc import Iterator

import pytest

from stack.postgres import Cluster
from tests.faults.explore import boundaries, explore
from tests.faults.faults import Case
from tests.faults.scene import Scene
from tests.faults.stories.stock import STOCK, stock_scene

pytestmark = [pytest.mark.faults, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def stage(postgres: Cluster, ledger_template: str) -> Iterator[Scene]:
    url = postgres.create_database("ledger_stock", template=ledger_template)
    with stock_scene(url) as running:
        yield running


@pytest.fixture(scope="module")
def batch(stage: Scene) -> int:
    """The place of the batch of quantities in a run."""
    writes = boundaries(stage, STOCK).writes
    return next(number for (_, number), kind in writes.items() if kind.endswith("/batch"))


@pytest.mark.edge(71)
@pytest.mark.parametrize("fault", ["answer lost", "late commit", "kill -9 after", "second run before"])
def test_batch_survives_its_worst_faults(stage: Scene, batch: int, fault: str) -> None:
    assert explore(stage, [Case("woocommerce", batch, fault)], STOCK).failures == []


def test_exploration_sees_what_was_sold_and_is_offered_again(stage: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pakhus.flows.unreserved_sales._taken", lambda *_: {})
    with pytest.raises(RuntimeError, match="the shop shows 12 of NH-1000, free are 10"):
        boundaries(stage, STOCK)

"""The recorded shop with its warehouse and accounts, fresh for each test."""

from collections.abc import Collection, Iterator

import pytest

from tests.flows.shipped_orders import only
from tests.flows.world import World, world


@pytest.fixture
def recorded_orders() -> Collection[str] | None:
    """Which orders the recorded shop begins with, None: all. Transferring all of them takes seconds of a core."""
    return None


@pytest.fixture
def nordlys(fresh_ledger_url: str, recorded_orders: Collection[str] | None) -> Iterator[World]:
    with world(fresh_ledger_url, seed=() if recorded_orders is None else only(*recorded_orders)) as running:
        yield running

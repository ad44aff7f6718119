"""The recorded shop with its warehouse and accounts, fresh for each test."""

from collections.abc import Iterator

import pytest

from tests.flows.world import World, world


@pytest.fixture
def nordlys(fresh_ledger_url: str) -> Iterator[World]:
    with world(fresh_ledger_url) as running:
        yield running

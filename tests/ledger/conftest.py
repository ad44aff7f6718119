"""A ledger with a clock that tests move."""

from collections.abc import Iterator

import pytest

from pakhus.ledger.connection import Ledger, RunIdentity
from tests.ledger.clocks import MovableClock


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock()


@pytest.fixture
def ledger(fresh_ledger_url: str, clock: MovableClock) -> Iterator[Ledger]:
    opened = Ledger(fresh_ledger_url, RunIdentity("nordlys__orders", "run_1", "reserve", 0, 1), clock)
    yield opened
    opened.close()

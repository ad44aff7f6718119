"""A shop that begins with few orders, for tests of orders that they place themselves.

Transferring all that the recorded shop has takes seconds of a core for each test that meets them; test_recorded_shop.py
does that for all. Import the fixture into a module to have few orders there.
"""

import pytest

FEW = ("61", "83", "100")


@pytest.fixture
def recorded_orders() -> tuple[str, ...]:
    """Company for the test's own orders: one that is reserved, one that is held, one in another state."""
    return FEW

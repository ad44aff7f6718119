"""Scripted shops that are closed when the test ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from tests.clients.scripted_shop import Script, ScriptedShop, serving
from tests.clients.woocommerce_bench import Bench


@pytest.fixture
def shop_of() -> Iterator[Callable[[Script], ScriptedShop]]:
    """Open a shop that answers by a script."""
    with ExitStack() as stack:
        yield lambda script: stack.enter_context(serving(script))


@pytest.fixture
def bench(shop_of: Callable[[Script], ScriptedShop]) -> Callable[[Script], Bench]:
    """Open a shop with a client of it and a recorder of its writes."""
    return lambda script: Bench(shop_of(script))

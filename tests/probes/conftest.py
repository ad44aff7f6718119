"""The recorded shop with its warehouse and accounts, fresh for each test that asks for it."""

from tests.flows.conftest import nordlys, recorded_orders

__all__ = ["nordlys", "recorded_orders"]

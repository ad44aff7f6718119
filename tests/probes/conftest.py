"""The recorded shop with its warehouse and accounts, fresh for each test that asks for it."""

from tests.flows.conftest import nordlys

__all__ = ["nordlys"]

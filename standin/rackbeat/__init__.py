"""Stand-in of the Rackbeat warehouse, written from its contract. The API's base is ``{server.url}/api``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from standin.clock import Clock
from standin.rackbeat.system import RackbeatStandin
from standin.seeds import load_seed


def create(name: str, seed: Mapping[str, Any], settings: Mapping[str, Any], clock: Clock) -> RackbeatStandin:
    """A Rackbeat account with the data of ``seed`` (``standin/data/rackbeat_dk.json`` shows its form)."""
    return RackbeatStandin(name, seed, settings, clock)


def default_seed() -> dict[str, Any]:
    """A Danish account: goods with stock, services without, one location tree, payment term Webshop net 0."""
    return load_seed("rackbeat_dk")

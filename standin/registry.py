"""Which package stands in for which system. Each has ``create(name, seed, settings, clock) -> Standin`` and
``default_seed() -> dict``."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from types import ModuleType
from typing import Any

from standin.clock import Clock
from standin.system import Standin

SYSTEMS = {
    "economic": "standin.economic",
    "mail": "standin.mail",
    "rackbeat": "standin.rackbeat",
    "stripe": "standin.stripe",
    "woocommerce": "standin.woocommerce",
}


def create(
    system: str,
    name: str,
    seed: Mapping[str, Any],
    settings: Mapping[str, Any] | None = None,
    clock: Clock | None = None,
) -> Standin:
    """A stand-in of ``system``. Raises ValueError for a system that nobody stands in for."""
    standin: Standin = _package(system).create(name, dict(seed), dict(settings or {}), clock or Clock())
    return standin


def default_seed(system: str) -> dict[str, Any]:
    """The data that a stand-in of ``system`` starts with when nothing else is said."""
    seed: dict[str, Any] = _package(system).default_seed()
    return seed


def _package(system: str) -> ModuleType:
    if system not in SYSTEMS:
        raise ValueError(f"no stand-in for {system!r}; known are {', '.join(sorted(SYSTEMS))}")
    return importlib.import_module(SYSTEMS[system])

"""Stand-in of the e-conomic accounts, written from their contract: the REST API up to booked invoices, and journals."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from standin.clock import Clock
from standin.economic.system import EconomicStandin
from standin.seeds import load_seed


def create(name: str, seed: Mapping[str, Any], settings: Mapping[str, Any], clock: Clock) -> EconomicStandin:
    """An agreement with the data of ``seed`` (``standin/data/economic_dk.json`` shows its form)."""
    return EconomicStandin(name, seed, settings, clock)


def default_seed() -> dict[str, Any]:
    """A Danish agreement: VAT zones 1 to 4, U25 and VAT-free groups, payment terms, layouts, years 2024 to 2027."""
    return load_seed("economic_dk")

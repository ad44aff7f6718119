"""Numbers that mappings name, and whether a system has them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from pakhus.probes.findings import Findings
from pakhus.rules.mappings import Mapping
from pakhus.settings import ShopSettings


@dataclass(frozen=True, slots=True)
class Mapped:
    """A number that a mapping names; `key` is where: standard.yaml: economic.layout."""

    key: str
    number: int


@dataclass(frozen=True, slots=True)
class Reference:
    """A list of the system: what its rows are called in texts, and what the system itself is called."""

    what: str
    system: str
    numbers: Collection[int]


def mappings_of(shops: Iterable[ShopSettings]) -> list[tuple[str, Mapping]]:
    """Return the shops' mappings with their names, each once."""
    return sorted({shop.mapping_name: shop.mapping for shop in shops}.items())


def key_in(mapping: str, *path: object) -> str:
    """Return how a key of a mapping is called in texts."""
    return f"{mapping}.yaml: {'.'.join(map(str, path))}"


def check_exists(findings: Findings, reference: Reference, mapped: Sequence[Mapped]) -> None:
    """Note each mapped number that the system does not have."""
    known = ", ".join(map(str, sorted(reference.numbers)[:20])) or "none"
    for each in mapped:
        if each.number not in reference.numbers:
            findings.operator(
                f"{each.key} is {each.number}, but {reference.system} has no such {reference.what} (it has {known})",
                f"Write a number that exists, or create the {reference.what} in {reference.system}.",
            )

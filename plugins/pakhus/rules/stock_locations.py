"""What is free of an item at some of the warehouse's locations; pure (rackbeat.md section 4).

Two things are known of no account: whether the row of a location includes those below it, and whether orders whose
lines name no location lower any row. Each is taken in the way that gives less.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from pakhus.model import ZERO, Available


@dataclass(frozen=True, slots=True)
class Location:
    """A place in the warehouse; `parent` is the number of the one that it is in."""

    number: str
    name: str
    parent: str | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """How much of an item lies at a location, and how much of that is free (None: the warehouse does not say)."""

    stock: Decimal
    available: Decimal | None

    @property
    def free(self) -> Decimal:
        return self.stock if self.available is None else self.available


Places = Mapping[str, Place]
"""By number of the location."""


class UnknownLocationError(ValueError):
    """The settings name a location that the warehouse does not have, or has twice."""


@dataclass(frozen=True, slots=True)
class LocationTree:
    """All locations of an account."""

    parents: Mapping[str, str | None]
    names: Mapping[str, str]

    @classmethod
    def of(cls, locations: Iterable[Location]) -> LocationTree:
        every = list(locations)
        return cls({one.number: one.parent for one in every}, {one.number: one.name for one in every})

    def chosen(self, wanted: Collection[str]) -> frozenset[str]:
        """Return the numbers of the locations so called, without those that lie in another one of them."""
        numbers = {self._number(text) for text in wanted}
        return frozenset(number for number in numbers if not self._above(number) & numbers)

    def free(self, item: Available, places: Places, chosen: Collection[str]) -> Decimal | None:
        """Return what is free of an item at the chosen locations, never more than in all; None when nobody can tell.

        What orders hold back and no row shows may lie here: it is taken off.
        """
        if item.quantity is None or item.stock is None:
            return None
        roots = [number for number, parent in self.parents.items() if parent not in self.parents]
        shown = sum((self._stock(root, places) - self._free(root, places) for root in roots), ZERO)
        nowhere = max(item.stock - item.quantity - shown, ZERO)
        here = sum((self._free(number, places) for number in chosen), ZERO)
        return min(here - nowhere, item.quantity)

    def _number(self, text: str) -> str:
        wanted = text.strip().casefold()
        named = [number for number, name in self.names.items() if name.casefold() == wanted]
        if len(named) > 1:
            raise UnknownLocationError(f"{len(named)} locations are called {text}: write the number of the one meant")
        found = named or ([wanted] if wanted in self.parents else [])
        if not found:
            raise UnknownLocationError(f"there is no location {text}")
        return found[0]

    def _above(self, number: str) -> set[str]:
        found: set[str] = set()
        parent = self.parents.get(number)
        while parent is not None and parent not in found:
            found.add(parent)
            parent = self.parents.get(parent)
        return found

    def _stock(self, number: str, places: Places) -> Decimal:
        below = sum((self._stock(child, places) for child in self._children(number)), ZERO)
        own = places.get(number)
        return below if own is None else max(own.stock, below)

    def _free(self, number: str, places: Places) -> Decimal:
        below = sum((self._free(child, places) for child in self._children(number)), ZERO)
        own = places.get(number)
        return below if own is None else max(own.free, below)

    def _children(self, number: str) -> list[str]:
        return [child for child, parent in self.parents.items() if parent == number]

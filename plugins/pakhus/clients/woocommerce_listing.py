"""Reading a whole list that holds still, and proving that it was read whole (contract section 4).

Sorted by id, rows do not move when they are edited; only a deletion pulls a row to a page already read. So the count
the shop states must be reached, else the list is read again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pakhus.clients.woocommerce_api import ListPage
from pakhus.clients.woocommerce_errors import SYSTEM
from pakhus.errors import ConfigurationError, TransientError

_READINGS = 5


@dataclass(frozen=True, slots=True)
class Place:
    """Where a reading stands: pages read, rows in them, the last row's id, and how many rows the shop counted."""

    pages: int = 0
    rows: int = 0
    last_id: int = 0
    total: int | None = None


START = Place()


def rows_by_id(
    fetch: Callable[[int], ListPage], page_size: int, place: Place = START
) -> Iterator[tuple[ListPage, Place]]:
    """Yield the pages of a list sorted by id, each with the place from which the reading can go on.

    When rows vanished the list is read again from its first page, so rows may come twice. TransientError when it does
    not hold still.
    """
    if place.total is not None and place.rows >= place.total:
        return  # read whole before
    for _ in range(_READINGS):
        while True:
            page = fetch(place.pages + 1)
            if place.total is not None and (page.total or 0) < place.total:
                break  # something was deleted, or we are past the end of what is left
            place = _after(page, place)
            yield page, place
            if not page.has_more(place.pages, page_size):
                if place.total is None or place.rows >= place.total:
                    return
                break
        place = START
    raise TransientError(f"{SYSTEM}: a list does not hold still, or hides rows from this key", system=SYSTEM)


def _after(page: ListPage, place: Place) -> Place:
    ids = [_id(row) for row in page.rows]
    if ids != sorted(set(ids)) or (ids and ids[0] <= place.last_id):
        raise ConfigurationError(
            f"{SYSTEM}: the shop does not sort its list by id; switch off the plugin that changes it", system=SYSTEM
        )
    return Place(place.pages + 1, place.rows + len(ids), ids[-1] if ids else place.last_id, page.total)


def _id(row: Mapping[str, Any]) -> int:
    try:
        return int(row["id"])
    except (KeyError, TypeError, ValueError):
        raise TransientError(f"{SYSTEM}: a row of a list has no id", system=SYSTEM) from None

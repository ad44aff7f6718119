"""Bounded iteration over numbered pages: memory of one page, two independent reasons to stop, no page twice."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from pakhus.errors import TransientError


@dataclass(frozen=True, slots=True)
class Page:
    """One page's records and what the server says of the whole list (None: it does not say)."""

    records: Sequence[Any]
    total_pages: int | None = None


def numbered_pages(
    fetch: Callable[[int], Page], *, identity: Callable[[Any], object], first: int = 1, cap: int = 10_000
) -> Iterator[Sequence[Any]]:
    """Yield pages from number `first` until the server's total is reached or a page is empty.

    A page that repeats the one before is an error (a server that ignores the page number would loop for ever), as is
    reaching `cap`. An empty page before the stated total ends the list: totals move while lists are read.
    """
    previous: list[object] | None = None
    for number in range(first, first + cap):
        page = fetch(number)
        if not page.records:
            return
        identities = [identity(record) for record in page.records]
        if identities == previous:
            raise TransientError(f"page {number} repeats page {number - 1}: the list cannot be read")
        yield page.records
        previous = identities
        if page.total_pages is not None and number - first + 1 >= page.total_pages:
            return
    raise TransientError(f"the list has more than {cap} pages: narrow what is asked for")

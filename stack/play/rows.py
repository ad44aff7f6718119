"""What was expected and what was seen, as a table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """One comparison. `shop` is empty where all systems are meant."""

    shop: str
    what: str
    expected: str
    seen: str

    @property
    def equal(self) -> bool:
        return self.expected == self.seen


def show(rows: Sequence[Row]) -> Iterator[str]:
    """The table's lines."""
    widths = [
        max((len(getattr(row, name)) for row in rows), default=0) for name in ("shop", "what", "expected", "seen")
    ]
    widths = [max(width, least) for width, least in zip(widths, (4, 4, 8, 4), strict=True)]
    yield _line(("shop", "what", "expected", "seen"), widths)
    for row in rows:
        yield _line((row.shop, row.what, row.expected, row.seen), widths) + ("  ok" if row.equal else "  DIFFERS")


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip()

"""Tables of the command line: in columns on the screen, and as CSV."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

from pakhus.commands import Say

Row = Sequence[object]


def say_table(columns: Row, rows: Sequence[Row], say: Say) -> None:
    """Print a table, each column as wide as its widest cell."""
    texts = [[str(cell) for cell in row] for row in (columns, *rows)]
    widths = [max(len(row[place]) for row in texts) for place in range(len(columns))]
    for row in texts:
        say("  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def write_csv(file: Path, columns: Row, rows: Sequence[Row]) -> None:
    """Write a table for a spreadsheet: UTF-8, commas, a decimal point."""
    with file.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(columns)
        writer.writerows(rows)

"""Tables of the command line: in columns on the screen, and as CSV."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from pathlib import Path

from pakhus.commands import Say

Row = Sequence[object]
_FORMULA, _NUMBER = re.compile(r"[=+\-@\t\r]"), re.compile(r"[+-]?[\d.,]+( ?%)?")


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
        writer.writerows([as_text(cell) for cell in row] for row in rows)


def as_text(cell: object) -> object:
    """A cell as a spreadsheet may open it: what a buyer or provider wrote is text, never a formula (=…, @…, +…).

    The apostrophe before it is how spreadsheets are told so. Numbers stay numbers.
    """
    is_formula = isinstance(cell, str) and _FORMULA.match(cell) and not _NUMBER.fullmatch(cell)
    return f"'{cell}" if is_formula else cell

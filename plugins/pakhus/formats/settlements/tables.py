"""Tables of settlements (CSV) as records: every cell stays text, every row must be whole.

pandas would fill a short row with empty cells and, with a surplus column in every row, take the first one for an index:
both turn a broken file into wrong money. So rows are split and counted here; pandas gets whole rows of text, to group
them and to find doubled ones.
"""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pakhus.formats.settlements.records import Record, SettlementFormatError

if TYPE_CHECKING:
    import pandas as pd

_DELIMITERS = (",", ";", "\t", "|")
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_LARGEST_CELL = 1_000_000


@dataclass(frozen=True, slots=True)
class Cells:
    """One row as it stands in the file: its number there (the first is 1) and its cells."""

    number: int
    cells: list[str]


def decoded(reader: str, content: bytes, encoding: str = "") -> str:
    """Return the text of a file: by its mark, else UTF-8, else Windows' western European letters, or as told."""
    marked = next((name for mark, name in _MARKS if content.startswith(mark)), "")
    for name in [encoding] if encoding else [marked] if marked else ["utf-8", "cp1252"]:
        try:
            text = content.decode(name)
        except UnicodeDecodeError:
            continue
        except LookupError:
            raise SettlementFormatError(reader, "", "", f"{name!r} is no encoding", "write one like utf-8") from None
        if "\0" not in text:
            return text
    raise SettlementFormatError(reader, "", "", f"its letters are not in {encoding or marked or 'UTF-8'}")


def cells_of(reader: str, text: str, delimiter: str) -> Iterator[Cells]:
    """Yield the rows that are not blank."""
    csv.field_size_limit(_LARGEST_CELL)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    number = 0
    try:
        for number, cells in enumerate(rows, 1):
            if any(cell.strip() for cell in cells):
                yield Cells(number, cells)
    except csv.Error as error:
        raise SettlementFormatError(reader, f"row {number + 1}", "", f"is not CSV ({error})") from None


def table(
    reader: str, text: str, needed: Sequence[str], *, delimiters: Sequence[str] = _DELIMITERS, first_row: int = 1
) -> list[Record]:
    """Return the rows below a header that has the columns `needed`, in whatever order; the delimiter is found by it.

    SettlementFormatError when no delimiter gives such a header, a column stands twice, or a row is not whole.
    """
    rows: list[Cells] = []
    missing: list[str] = list(needed)
    for delimiter in delimiters:
        found = [row for row in cells_of(reader, text, delimiter) if row.number >= first_row]
        absent = _absent(found, needed)
        if not absent:
            rows = found
            missing = []
            break
        missing = min(missing, absent, key=len)
    if missing or not rows:
        have = f"the header lacks {', '.join(missing)}" if text.strip() else "the file is empty"
        raise SettlementFormatError(reader, f"row {first_row}", "", have, "export it again with all columns")
    return records(reader, rows[0].cells, rows[1:])


def records(reader: str, header: Sequence[str], rows: Iterable[Cells], *, skipped: int = 0) -> list[Record]:
    """Return rows under a header as records; `skipped` cells in front of each row are no columns."""
    names = [name.strip().lstrip("\ufeff") for name in header[skipped:]]
    twice = {name for name in names if name and names.count(name) > 1}
    if twice:
        raise SettlementFormatError(reader, "the header", "", f"{', '.join(sorted(twice))} stands there twice")
    return [Record(reader, f"row {row.number}", row.number, _values(reader, names, row, skipped)) for row in rows]


def frame(found: Sequence[Record]) -> pd.DataFrame:
    """Return records as a table of text, in their order."""
    import pandas as pd

    return pd.DataFrame([record.values for record in found], dtype=str)


def groups(found: Sequence[Record], columns: Sequence[str]) -> list[tuple[tuple[str, ...], list[Record]]]:
    """Return the records that agree in `columns`, together, groups in the order of their first record."""
    if not found:
        return []
    grouped = frame(found).groupby(list(columns), sort=False).indices
    return [
        (tuple(str(part).strip() for part in (key if isinstance(key, tuple) else (key,))), [found[at] for at in places])
        for key, places in grouped.items()
    ]


def refuse_doubled(found: Sequence[Record], columns: Sequence[str]) -> None:
    """Refuse a row that is another one again in `columns`, which identify a row at this provider."""
    if not found:
        return
    doubled = frame(found).duplicated(list(columns), keep="first")
    for record, again in zip(found, doubled, strict=True):
        if again:
            said = ", ".join(f"{column} {record.text(column)}" for column in columns)
            raise record.error("", f"stands there twice ({said})", "ask the provider for the file anew")


def _absent(rows: Sequence[Cells], needed: Sequence[str]) -> list[str]:
    header = {cell.strip().lstrip("\ufeff") for cell in rows[0].cells} if rows else set()
    return [name for name in needed if name not in header]


def _values(reader: str, names: Sequence[str], row: Cells, skipped: int) -> dict[str, str]:
    cells = row.cells[skipped:]
    if len(cells) != len(names):
        raise SettlementFormatError(
            reader,
            f"row {row.number}",
            "",
            f"has {len(cells)} cells under {len(names)} columns; perhaps a decimal comma stands there without quotes",
        )
    return dict(zip(names, cells, strict=True))

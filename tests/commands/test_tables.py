"""Tables for spreadsheets: what strangers wrote is never a formula."""

import csv
from pathlib import Path

import pytest

from pakhus.commands.export import _cell
from pakhus.commands.tables import write_csv


@pytest.mark.parametrize(
    "text", ['=HYPERLINK("http://example.dk";"1042")', "@SUM(A1)", "+cmd|' /C calc'!A0", "-2+3", "\t=1"]
)
def test_text_that_a_spreadsheet_would_calculate_is_marked_as_text(tmp_path: Path, text: str) -> None:
    write_csv(tmp_path / "table.csv", ["reference"], [[text]])
    with (tmp_path / "table.csv").open(encoding="utf-8", newline="") as file:
        assert list(csv.reader(file)) == [["reference"], [f"'{text}"]]
    assert _cell("number", text) == f"'{text}"


@pytest.mark.parametrize("cell", ["-50.00", "+45", "1,45 %", "NH-1018", "", 7, None])
def test_numbers_and_other_texts_stay_as_they_are(tmp_path: Path, cell: object) -> None:
    write_csv(tmp_path / "table.csv", ["amount"], [[cell]])
    with (tmp_path / "table.csv").open(encoding="utf-8", newline="") as file:
        assert list(csv.reader(file))[1] == ["" if cell is None else str(cell)]

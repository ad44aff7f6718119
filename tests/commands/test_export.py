"""The records of a quarter, as a command."""

from datetime import date
from pathlib import Path

import pytest

from pakhus.__main__ import main
from pakhus.commands.export import _quarter


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("2026-1", date(2026, 1, 1), date(2026, 4, 1)),
        ("2026Q3", date(2026, 7, 1), date(2026, 10, 1)),
        ("2026-4", date(2026, 10, 1), date(2027, 1, 1)),
    ],
)
def test_a_quarter_ends_where_the_next_begins(text: str, start: date, end: date) -> None:
    assert _quarter(text) == (start, end)


def test_export_of_a_quarter_without_sales_has_its_header(
    fresh_ledger_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PAKHUS_LEDGER_URL", fresh_ledger_url)
    file = tmp_path / "oss.csv"
    assert main(["export", "oss", "--quarter", "2026-4", "--to", str(file)]) == 0
    assert file.read_text(encoding="utf-8").startswith("country,rate,shop,")
    assert "0 records" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        main(["export", "oss", "--quarter", "2026-5"])

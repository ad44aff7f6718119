"""`imports`: what an import of earlier orders came to, by month and cause."""

import csv
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from pakhus.__main__ import main
from pakhus.ledger import imports
from pakhus.ledger.connection import Ledger
from pakhus.reasons import Verdict
from pakhus.rules.imports import ImportedOrder, outcomes_of, to_json
from stack import ROOT


@pytest.fixture(autouse=True)
def imported(fresh_ledger_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three days in two months: 100.00 a day would be invoiced, one order is held."""
    monkeypatch.setenv("PAKHUS_LEDGER_URL", fresh_ledger_url)
    monkeypatch.setenv("PAKHUS_INCLUDE", str(ROOT / "include"))
    ledger = Ledger(fresh_ledger_url)
    for day in (date(2026, 9, 29), date(2026, 9, 30), date(2026, 10, 1)):
        planned = Verdict.of("dry_run", customer="new", customer_name="one buyer")
        orders = [ImportedOrder(f"{day:%d}1", planned, "DKK", Decimal(100), Decimal(20))]
        if day.month == 10:
            held = Verdict.of("payment_method_unmapped", method="sparxpres")
            orders.append(ImportedOrder("77", held, "DKK", Decimal(50), Decimal(10)))
        with ledger.begin() as tx:
            imports.save_day(tx, "nordlys", day, "dry_run", to_json(outcomes_of(orders)))
    ledger.close()


def test_tells_counts_and_sums_per_month_and_the_causes_with_their_orders(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["imports", "nordlys"]) == 0
    text = capsys.readouterr().out
    lines = [line.split() for line in text.splitlines()]
    assert ["2026-09", "waiting", "dry_run", "2", "200.00", "DKK,", "VAT", "40.00"] in lines
    assert ["2026-10", "waiting", "dry_run", "1", "100.00", "DKK,", "VAT", "20.00"] in lines
    assert "Orders 77" in text
    told = [line.strip() for line in text.splitlines() if "customers:" in line]
    assert told == [
        "2026-09  customers: 1 would be created",
        "2026-10  customers: 1 would be created",
        "all      customers: 1 would be created",
    ]


def test_each_held_order_is_listed_with_its_cause(tmp_path: Path) -> None:
    file = tmp_path / "orders.csv"
    assert main(["imports", "nordlys", "--orders", str(file)]) == 0
    with file.open(encoding="utf-8", newline="") as rows:
        [held] = csv.DictReader(rows)
    assert (held["day"], held["order"], held["reason"], held["who_acts"]) == (
        "2026-10-01",
        "77",
        "payment_method_unmapped",
        "operator",
    )
    assert "sparxpres" in held["cause"]


def test_days_can_be_chosen_and_written_as_a_table(tmp_path: Path) -> None:
    file = tmp_path / "import.csv"
    assert main(["imports", "nordlys", "--from", "2026-10-01", "--csv", str(file)]) == 0
    with file.open(encoding="utf-8", newline="") as rows:
        found = list(csv.DictReader(rows))
    assert [(row["month"], row["reason"], row["gross"]) for row in found] == [
        ("2026-10", "dry_run", "100.00"),
        ("2026-10", "payment_method_unmapped", "50.00"),
    ]


def test_says_what_to_do_when_nothing_was_imported(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["imports", "nordlys", "--mode", "book"]) == 1
    assert "Backfill nordlys__audit" in capsys.readouterr().out

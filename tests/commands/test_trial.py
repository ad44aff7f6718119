"""`trial`: what real orders would post, as the accounts then post it; approved once, and what is new is told."""

import csv
import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from pakhus.__main__ import main
from stack import ROOT
from tests.commands.test_month import month
from tests.flows.test_people_and_races import place, row, ship
from tests.flows.test_proof import starting
from tests.flows.world import World, world
from tests.operators.test_shop_operators import connections_of


@pytest.fixture
def nordlys(fresh_ledger_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """A shop with orders of before its start, in a month of its own."""
    with world(fresh_ledger_url) as running:
        running.settings = starting(running, days=1)
        running.forward(days=40)
        monkeypatch.setenv("PAKHUS_LEDGER_URL", fresh_ledger_url)
        monkeypatch.setenv("PAKHUS_INCLUDE", str(ROOT / "include"))
        yield running


@pytest.fixture
def arguments(nordlys: World, tmp_path: Path) -> list[str]:
    file = tmp_path / "connections.json"
    file.write_text(json.dumps(connections_of(nordlys)))
    return ["trial", "nordlys", f"{month(nordlys):%Y-%m}", "--connections", str(file)]


def test_the_list_is_what_the_accounts_then_post(nordlys: World, arguments: list[str], tmp_path: Path) -> None:
    orders = [place(nordlys) for _ in range(2)]
    for order in orders:
        ship(nordlys, order)
    nordlys.reset_counters()
    table = tmp_path / "trial.csv"
    assert main([*arguments, "--csv", str(table)]) == 1  # nothing is approved yet
    assert nordlys.writes() == 0
    with table.open(encoding="utf-8", newline="") as rows:
        found = list(csv.DictReader(rows))
    nordlys.run()
    booked = [row(nordlys, f"nordlys-{order}-invoice") for order in orders]
    assert all(one.remote_number for one in booked)
    vat = sum(Decimal(one["vat"]) for one in found)
    net = sum(Decimal(one["net"]) for one in found)
    assert vat == sum(one.vat for one in booked)
    assert net + vat == sum(one.gross for one in booked)
    assert {one["account"] for one in found} == {"1010", "1050"}  # goods and freight
    assert {one["approved"] for one in found} == {"new"}


def test_what_was_approved_is_not_asked_about_again(
    nordlys: World, arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    ship(nordlys, place(nordlys))
    assert main([*arguments, "--approve"]) == 0
    capsys.readouterr()
    assert main(arguments) == 0
    assert "not approved" not in capsys.readouterr().out


def test_methods_that_are_not_mapped_and_held_orders_are_named(
    nordlys: World, arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    ship(nordlys, place(nordlys, payment_method="sparxpres"))
    main(arguments)
    text = capsys.readouterr().out
    assert "sparxpres" in text
    assert "NOT MAPPED" in text
    assert "payment_method_unmapped" in text

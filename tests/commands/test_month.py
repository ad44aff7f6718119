"""`month`: the bookkeeper's sheet equals what the systems have."""

import csv
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from pakhus.__main__ import main
from pakhus.commands.month import read_month
from pakhus.rules.month_end import MonthEnd, totals
from stack import ROOT
from tests.flows.test_people_and_races import place, row, ship
from tests.flows.test_proof import starting
from tests.flows.world import World, world


@pytest.fixture
def nordlys(fresh_ledger_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """A shop in the middle of a month with two invoiced orders, one still waiting and one of the month before."""
    with world(fresh_ledger_url) as running:
        running.settings = starting(running, days=1)
        running.forward(days=2)
        monkeypatch.setenv("PAKHUS_LEDGER_URL", fresh_ledger_url)
        monkeypatch.setenv("PAKHUS_INCLUDE", str(ROOT / "include"))
        yield running


def month(world: World) -> datetime:
    return world.ledger.now().astimezone(ZoneInfo("Europe/Copenhagen")).replace(day=1)


def sheet(world: World) -> MonthEnd:
    with world.ledger.begin() as tx:
        return read_month(tx, world.settings, month(world).date())


def test_sums_are_those_of_the_booked_invoices_and_what_is_missing_has_its_reason(nordlys: World) -> None:
    orders = [place(nordlys) for _ in range(3)]
    for order in orders[:2]:
        ship(nordlys, order)
    nordlys.run()
    found = sheet(nordlys)
    assert sum(day.count for day in found.orders) == 3
    invoices = [row(nordlys, f"nordlys-{order}-invoice") for order in orders[:2]]
    [(kind, currency, _, net, vat)] = totals(found.vat)
    assert (kind, currency) == ("invoice", "DKK")
    assert (net + vat, vat) == (sum(one.gross for one in invoices), sum(one.vat for one in invoices))
    assert [(one.code, one.count) for one in found.not_booked] == [("not_shipped", 1)]
    assert found.corrections == ()


def test_another_month_has_nothing_of_it(nordlys: World) -> None:
    ship(nordlys, place(nordlys))
    nordlys.run()
    with nordlys.ledger.begin() as tx:
        before = read_month(tx, nordlys.settings, month(nordlys).date().replace(year=2020))
    assert before == MonthEnd("nordlys", before.month, (), (), (), (), ())


def test_tables_and_picture_are_written(nordlys: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ship(nordlys, place(nordlys))
    nordlys.run()
    picture = tmp_path / "month.png"
    name = f"{month(nordlys):%Y-%m}"
    assert main(["month", "nordlys", name, "--csv", str(tmp_path / "csv"), "--picture", str(picture)]) == 0
    assert picture.read_bytes().startswith(b"\x89PNG")
    with (tmp_path / "csv" / f"nordlys-{name}-posted.csv").open(encoding="utf-8", newline="") as rows:
        [posted] = list(csv.DictReader(rows))
    [(_, _, _, net, _)] = totals(sheet(nordlys).vat)
    assert Decimal(posted["net"]) == net
    assert "posted by vat code\n  kind" in capsys.readouterr().out

"""`prove` and `again`: the audit's proof and sending again, by hand."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from pakhus.__main__ import main
from pakhus.commands import again
from pakhus.ledger.connection import Ledger
from pakhus.rules.field_rules import FieldRule
from stack import ROOT
from tests.failures.people import assert_discreet
from tests.flows.few_orders import FEW
from tests.flows.shipped_orders import only
from tests.flows.test_people_and_races import place, row, ship
from tests.flows.test_proof import starting, state, today
from tests.flows.world import World, world
from tests.operators.test_shop_operators import connections_of


@pytest.fixture
def nordlys(fresh_ledger_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """A shop whose order of the day is invoiced, on a ledger that the environment names."""
    with world(fresh_ledger_url, seed=only(*FEW)) as running:
        running.settings = starting(running, days=1)
        running.forward(days=2)
        monkeypatch.setenv("PAKHUS_LEDGER_URL", fresh_ledger_url)
        monkeypatch.setenv("PAKHUS_INCLUDE", str(ROOT / "include"))
        # The command's own clock would be two days behind this world's.
        monkeypatch.setattr(again, "ledger_here", lambda: Ledger(fresh_ledger_url, clock=running.time))
        yield running


@pytest.fixture
def file(nordlys: World, tmp_path: Path) -> str:
    path = tmp_path / "connections.json"
    path.write_text(json.dumps(connections_of(nordlys)))
    return str(path)


def prove(file: str, world: World) -> int:
    return main(["prove", "--shop", "nordlys", "--day", str(today(world)), "--connections", file])


def test_prove_tells_the_sums_and_ends_well_when_all_agree(
    nordlys: World, file: str, capsys: pytest.CaptureFixture[str]
) -> None:
    order = place(nordlys)
    ship(nordlys, order)
    nordlys.run()
    assert prove(file, nordlys) == 0
    text = capsys.readouterr().out
    assert f"nordlys {today(nordlys)}: 1 orders · 1 booked · proven" in text
    gross = row(nordlys, f"nordlys-{order}-invoice").gross
    for source in ("shop", "ledger", "invoices", "accounts"):
        assert any(line.split()[:2] == [source, "1"] and f"{gross:.2f} DKK" in line for line in text.splitlines())
    assert_discreet(nordlys, text)


def test_prove_names_what_differs_and_ends_with_1(
    nordlys: World, file: str, capsys: pytest.CaptureFixture[str]
) -> None:
    order = place(nordlys)
    ship(nordlys, order)
    nordlys.run()
    state(nordlys).booked.clear()
    assert prove(file, nordlys) == 1
    assert f"nordlys-{order}-invoice: The ledger has invoice" in capsys.readouterr().out


def test_prove_tells_that_orders_were_missed(nordlys: World, file: str, capsys: pytest.CaptureFixture[str]) -> None:
    place(nordlys)
    assert prove(file, nordlys) == 0
    assert "1 of the orders were news to the ledger" in capsys.readouterr().out


def test_prove_names_the_connection_that_is_missing(
    nordlys: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "none.json"
    path.write_text("{}")
    assert prove(str(path), nordlys) == 1
    assert "there is no Airflow connection woocommerce__nordlys" in capsys.readouterr().out


def test_again_makes_due_what_can_be_sent_and_leaves_the_rest(
    nordlys: World, capsys: pytest.CaptureFixture[str]
) -> None:
    order = place(nordlys)
    nordlys.run()
    key = f"nordlys-{order}-order"
    assert row(nordlys, key).reason == "transferred"
    assert main(["again", "nordlys", order]) == 0
    text = capsys.readouterr().out
    assert f"{key}: left as it is. Transferred and confirmed." in text
    assert f"nordlys-{order}-invoice: due at once; it was not_shipped." in text
    assert "The next run of nordlys__invoices takes it" in text
    assert main(["again", "nordlys", order, "--flow", "orders"]) == 1
    assert main(["again", "nordlys", "99999"]) == 1
    assert "has no document for 99999" in capsys.readouterr().out
    assert main(["again", "sydlys", order]) == 1
    nordlys.reset_counters()
    nordlys.run()
    assert (row(nordlys, f"nordlys-{order}-invoice").reason, nordlys.writes()) == ("not_shipped", 0)


def test_again_takes_several_orders_and_tells_what_there_is_not(
    nordlys: World, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = place(nordlys), place(nordlys)
    nordlys.observe()
    assert main(["again", "nordlys", first, second, "99999", "--flow", "orders"]) == 0
    text = capsys.readouterr().out
    assert f"nordlys-{first}-order: due at once" in text
    assert f"nordlys-{second}-order: due at once" in text
    assert "99999: no such order, or nothing of it is for orders" in text


def test_again_takes_all_that_is_held_for_a_reason(nordlys: World, capsys: pytest.CaptureFixture[str]) -> None:
    held, other = place(nordlys, payment_method="quickpay"), place(nordlys)
    ship(nordlys, held)
    nordlys.run()
    key, day = f"nordlys-{held}-invoice", str(today(nordlys))
    asked = ["again", "nordlys", "--reason", "payment_method_unmapped", "--placed-from", day, "--placed-to", day]
    assert main([*asked, "--list"]) == 0
    assert f"{key}: " in capsys.readouterr().out
    assert row(nordlys, key).reason == "payment_method_unmapped"
    assert main(asked) == 0
    assert f"{key}: due at once; it was payment_method_unmapped." in capsys.readouterr().out
    assert row(nordlys, key).reason == "due"
    assert row(nordlys, f"nordlys-{other}-invoice").reason == "not_shipped"
    assert main([*asked[:-2], "--placed-to", "2020-01-01"]) == 1
    assert "Nothing was sent again." in capsys.readouterr().out


def test_again_by_days_or_status_leaves_out_what_a_person_has_decided(
    nordlys: World, capsys: pytest.CaptureFixture[str]
) -> None:
    nordlys.settings = nordlys.settings.model_copy(update={"rules": (FieldRule(id="look", hold="look at it"),)})
    order = place(nordlys)
    nordlys.run()
    key = f"nordlys-{order}-order"
    assert row(nordlys, key).reason == "held_by_rule"
    assert main(["again", "nordlys", "--status", "held"]) == 1
    assert row(nordlys, key).reason == "held_by_rule"
    assert main(["again", "nordlys", "--reason", "held_by_rule"]) == 0
    nordlys.run()
    assert row(nordlys, key).reason == "transferred"


def test_again_wants_names_or_what_they_have_in_common(nordlys: World, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["again", "nordlys"]) == 1
    assert main(["again", "nordlys", "1", "--status", "held"]) == 1
    assert "name orders, or say what they have in common" in capsys.readouterr().out

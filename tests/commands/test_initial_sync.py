"""`initial_sync`: the preview, the transfer, the refusal of a second one, and the list of what was made."""

import csv
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pakhus.__main__ import main
from pakhus.flows.initial_sync import InitialSync
from pakhus.flows.report import RunReport
from pakhus.reasons import Verdict
from stack import ROOT
from tests.flows.test_initial_sync import empty_warehouse, expected, in_stock
from tests.flows.world import World
from tests.operators.test_shop_operators import connections_of

Command = Callable[..., tuple[int, str]]


@pytest.fixture
def nordlys(fresh_ledger_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    with empty_warehouse(fresh_ledger_url) as running:
        monkeypatch.setenv("PAKHUS_LEDGER_URL", fresh_ledger_url)
        monkeypatch.setenv("PAKHUS_INCLUDE", str(ROOT / "include"))
        yield running


@pytest.fixture
def command(nordlys: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Command:
    file = tmp_path / "connections.json"
    file.write_text(json.dumps(connections_of(nordlys)))

    def run(*arguments: str) -> tuple[int, str]:
        code = main(["initial_sync", "--shop", "nordlys", "--connections", str(file), *arguments])
        return code, capsys.readouterr().out

    return run


def rows(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as table:
        return list(csv.DictReader(table))


def test_preview_then_transfer_then_refusal_then_the_list_of_what_was_made(
    nordlys: World, command: Command, tmp_path: Path
) -> None:
    plan, undo = tmp_path / "plan.csv", tmp_path / "made.csv"
    code, text = command("--preview", "--csv", str(plan))
    assert code == 1  # SKUs are wrong
    assert "3 product_sku_wrong" in text
    assert "Nothing was written." in text
    assert nordlys.writes() == 0
    counted = {row["number"]: row["stock"] for row in rows(plan) if row["stock"]}
    code, text = command()
    assert (code, "Finished." in text) == (0, True)
    assert {number: f"{quantity:f}" for number, quantity in in_stock(nordlys).items()} == counted
    code, text = command()
    assert code == 1
    assert "it runs once" in text
    assert command("--undo", str(undo))[0] == 0
    made = rows(undo)
    assert {row["number"] for row in made if row["made"] == "adjustment"} == set(expected(nordlys))
    assert all(row["to_undo_it"] and row["sent_at"] for row in made)


def test_a_transfer_that_left_a_product_to_a_person_is_finished(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether an adjustment was booked nobody can tell any more: a run that is asked for again would be refused."""
    unclear = Verdict.of("initial_stock_unclear", number="NH-1000", adjustment="1", wanted="4", there="5")
    report = RunReport("initial_sync", "nordlys", seen=1)
    report.add(unclear)
    monkeypatch.setattr(InitialSync, "run", lambda *_, **__: report)
    code, text = command()
    assert unclear.text() in text
    assert (code, "Finished." in text) == (0, True)


def test_a_transfer_that_was_not_finished_says_so(nordlys: World, command: Command) -> None:
    nordlys.warehouse_server.set_faults([{"method": "POST", "path_regex": "/book$", "kind": "answer_lost"}])
    code, text = command()
    assert code == 1
    assert "It is not finished" in text
    assert "outcome_unknown" in text or "remote_unavailable" in text

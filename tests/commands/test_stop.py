"""`python -m pakhus stop` and `resume`, and what `check` says of a stop."""

import getpass
from collections.abc import Callable
from pathlib import Path

import pytest

from pakhus.__main__ import main
from pakhus.ledger import stops
from pakhus.ledger.connection import Ledger
from stack import ROOT
from tests.commands.systems import running

Told = Callable[[], str]
WHY = ("--because", "stocktaking")


@pytest.fixture(autouse=True)
def ledger(fresh_ledger_url: str, monkeypatch: pytest.MonkeyPatch) -> Ledger:
    for name in ("AIRFLOW_HOME", "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PAKHUS_INCLUDE", str(ROOT / "include"))
    monkeypatch.setenv("PAKHUS_LEDGER_URL", fresh_ledger_url)
    return Ledger(fresh_ledger_url)


@pytest.fixture
def told(capsys: pytest.CaptureFixture[str]) -> Told:
    return lambda: capsys.readouterr().out


def stopped(ledger: Ledger) -> list[tuple[str, str, str, str]]:
    with ledger.begin() as tx:
        return [(stop.scope, stop.flow, stop.stopped_by, stop.cause) for stop in stops.every(tx)]


def test_stops_a_flow_and_lets_it_go_on(ledger: Ledger, told: Told) -> None:
    assert main(["stop", "nordlys", "orders", *WHY]) == 0
    assert told().startswith(f"nordlys orders: stopped by {getpass.getuser()} since ")
    assert stopped(ledger) == [("nordlys", "orders", getpass.getuser(), "stocktaking")]
    assert main(["resume", "nordlys", "orders"]) == 0
    assert told().startswith("nordlys orders: goes on, it was stopped by ")
    assert stopped(ledger) == []


def test_stops_the_payouts_of_an_account(
    ledger: Ledger, told: Told, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder in ("shops", "mappings"):
        (tmp_path / folder).symlink_to(ROOT / "include" / folder)
    (tmp_path / "accounts").mkdir()
    (tmp_path / "accounts" / "kort.yaml").write_text("version: 1\n")
    monkeypatch.setenv("PAKHUS_INCLUDE", str(tmp_path))
    assert main(["stop", "kort", "payouts", *WHY]) == 0
    assert stopped(ledger) == [("kort", "payouts", getpass.getuser(), "stocktaking")]
    assert main(["resume", "kort", "payouts"]) == 0
    assert stopped(ledger) == []
    told()
    assert main(["stop", "nordlys", "payouts", *WHY]) == 1
    assert "nordlys has no flow payouts; it has: orders" in told()
    assert main(["stop", "kort", "orders", *WHY]) == 1
    assert "kort has no flow orders; it has: payouts" in told()
    assert stopped(ledger) == []


def test_wants_to_know_why(ledger: Ledger, told: Told) -> None:
    assert main(["stop", "nordlys", "orders", "--because", "  "]) == 1
    assert "--because is empty" in told()
    assert stopped(ledger) == []


def test_refuses_a_shop_or_flow_that_there_is_not(ledger: Ledger, told: Told) -> None:
    assert main(["stop", "nordly", "orders", *WHY]) == 1
    assert "there is no shop nordly; there are: fjordliv, nordlys" in told()
    with pytest.raises(SystemExit) as refused:
        main(["stop", "nordlys", "order", *WHY])
    assert refused.value.code == 2
    assert stopped(ledger) == []


def test_a_ledger_that_is_away_or_unknown_is_said_in_one_line(monkeypatch: pytest.MonkeyPatch, told: Told) -> None:
    monkeypatch.setenv("PAKHUS_LEDGER_URL", "postgresql://pakhus:secret@127.0.0.1:1/ledger")
    assert main(["stop", "nordlys", "orders", *WHY]) == 1
    text = told()
    assert "the ledger's database cannot be used (OperationalError): nothing was switched" in text
    assert "secret" not in text
    monkeypatch.delenv("PAKHUS_LEDGER_URL")
    assert main(["stop", "nordlys", "orders", *WHY]) == 1
    assert "nothing says where the ledger is" in told()


def test_check_shows_what_is_stopped(told: Told, tmp_path: Path) -> None:
    main(["stop", "nordlys", "all", *WHY])
    told()
    with running() as systems:
        assert main(["check", "--connections", systems.file(tmp_path)]) == 0
    text = told()
    assert "Stop switch: nordlys all: stopped by " in text
    assert "stocktaking. `python -m pakhus resume` lifts it" in text

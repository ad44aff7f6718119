"""`preview`: what a change of rules or mapping would do to real past orders; it writes nothing and tells no names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text as sql
from sqlalchemy.exc import InternalError

from pakhus.__main__ import main
from pakhus.ledger.connection import read_only
from pakhus.settings import load_shop
from stack import ROOT
from tests.failures.people import assert_discreet
from tests.flows.test_people_and_races import place, row, ship
from tests.flows.test_proof import starting
from tests.flows.world import World, world

INCLUDE = ROOT / "include"
SHOP_FILE = (INCLUDE / "shops/nordlys.yaml").read_text(encoding="utf-8")
MAPPING_FILE = (INCLUDE / "mappings/standard.yaml").read_text(encoding="utf-8")
TABLES = ("sources", "source_versions", "documents", "attempts", "calls", "bodies", "cursors", "inbox", "decisions")


@pytest.fixture
def nordlys(fresh_ledger_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    with world(fresh_ledger_url) as running:
        running.settings = starting(running, days=1)
        running.forward(days=2)
        monkeypatch.setenv("PAKHUS_LEDGER_URL", fresh_ledger_url)
        monkeypatch.setenv("PAKHUS_INCLUDE", str(INCLUDE))
        yield running


def changed_shop(tmp_path: Path, rules: str) -> str:
    path = tmp_path / "candidate.yaml"
    path.write_text(SHOP_FILE + "\nrules:\n" + rules, encoding="utf-8")
    return str(path)


def preview(*arguments: str) -> int:
    return main(["preview", "--shop", "nordlys", "--last", "3", *arguments])


def rows(shop: World) -> dict[str, int]:
    with shop.ledger.begin() as tx:
        return {table: tx.connection.execute(sql(f"select count(*) from {table}")).scalar_one() for table in TABLES}  # noqa: S608


def test_tells_side_by_side_what_a_rule_would_do_and_writes_nothing(
    nordlys: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sent, waiting, other = place(nordlys), place(nordlys), place(nordlys, payment_method="bacs")
    ship(nordlys, sent)
    nordlys.run()
    before = rows(nordlys)
    nordlys.reset_counters()
    rules = """\
  - {id: no_cash, to: [accounts], when: {field: payment_method, equals: cod}, skip: cash is booked by hand}
  - {id: greeting, to: [warehouse], set: note, from: billing.first_name, prefix: "Til "}
  - {id: renamed, when: {field: "line_items[].sku", starts_with: NH-}, set: line.sku, prefix: X}
  - {id: slip, when: {field: billing.contry, equals: DK}, hold: never}
"""
    assert preview("--shop-file", changed_shop(tmp_path, rules)) == 0
    text = capsys.readouterr().out
    assert re.search(rf"{sent} \(20\d\d-\d\d-\d\d, completed\)", text)
    assert re.search(r"accounts   due +→ filtered_by_rule  \(transferred: stays\)", text)
    assert re.search(r"accounts   not_shipped +→ filtered_by_rule\n", text)
    assert "Rule no_cash leaves it out: cash is booked by hand." in text
    assert re.search(r"note +\(nothing\) +→ \(\d+ characters\)", text)
    assert re.search(r"line\.sku \(1\) +NH-1018 +→ XNH-1018", text)
    assert re.search(r"goods +2 × NH-1018 +→ 2 × XNH-1018", text)
    assert "3 orders: 3 would be treated otherwise, 0 alike." in text
    assert "rule no_cash: fits 2" in text
    assert "rule slip: fits 0; none of these orders has billing.contry" in text
    assert re.search(rf"{other} \(", text)
    assert_discreet(nordlys, text)
    assert (rows(nordlys), nordlys.writes()) == (before, 0)
    assert sum(len(server.requests()) for server in nordlys.servers) == 0
    assert row(nordlys, f"nordlys-{waiting}-invoice").reason == "not_shipped"


def test_shows_names_when_asked_to(nordlys: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place(nordlys)
    nordlys.observe()
    rules = "  - {id: greeting, set: note, value: Til dig}\n"
    assert preview("--shop-file", changed_shop(tmp_path, rules), "--personal") == 0
    assert re.search(r"note +\(nothing\) +→ Til dig", capsys.readouterr().out)


def test_tells_what_a_mapping_would_do(nordlys: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    order = place(nordlys, payment_method="bacs")
    ship(nordlys, order)
    nordlys.run()
    path = tmp_path / "anything.yaml"
    path.write_text(
        MAPPING_FILE.replace("bacs: {terms: 11}", "bacs: {terms: 1, layout: 22}")
        + "\nproduct_numbers: {NH-1018: NH-1021}\n",
        encoding="utf-8",
    )
    assert preview("--mapping-file", str(path)) == 0
    text = capsys.readouterr().out
    assert re.search(r"payment terms +11 +→ 1\n", text)
    assert re.search(r"layout +21 +→ 22\n", text)
    assert re.search(r"products +2 × NH-1018.* → 2 × NH-1021", text)
    assert "\n      total" not in text  # what the buyer was charged is the same


def test_tells_an_order_that_a_mapping_would_hold(
    nordlys: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place(nordlys)
    nordlys.observe()
    path = tmp_path / "anything.yaml"
    path.write_text(MAPPING_FILE.replace("    cod: {terms: 11} ", "    # "), encoding="utf-8")
    assert preview("--mapping-file", str(path)) == 0
    text = capsys.readouterr().out
    assert re.search(r"accounts   not_shipped +→ payment_method_unmapped", text)
    assert re.search(r"accounts +payment_method_unmapped +0 → 1", text)


def test_says_that_nothing_would_change(nordlys: World, capsys: pytest.CaptureFixture[str]) -> None:
    place(nordlys)
    nordlys.run()
    assert preview() == 0
    assert "1 orders: 0 would be treated otherwise, 1 alike." in capsys.readouterr().out


def test_tells_what_is_wrong_with_the_changed_file_by_its_own_name(
    nordlys: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = changed_shop(tmp_path, "  - {id: a, set: total, value: 1}\n")
    assert preview("--shop-file", path) == 2
    line = len(SHOP_FILE.splitlines()) + 3
    assert f"{path}:{line}: rules.0.set: total cannot be set" in capsys.readouterr().out


def test_lists_the_fields_that_orders_have_without_what_they_say(
    nordlys: World, capsys: pytest.CaptureFixture[str]
) -> None:
    nordlys.settings = load_shop("nordlys", INCLUDE)
    nordlys.observe()
    assert main(["preview", "--shop", "nordlys", "--fields"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert {"billing.country", "line_items[].sku", "payment_method"} <= set(lines)
    assert any(line.startswith("meta_data[") for line in lines)
    assert not any(" " in line or "@" in line for line in lines)


def test_says_what_to_do_when_there_is_nothing_to_compare(nordlys: World, capsys: pytest.CaptureFixture[str]) -> None:
    assert preview() == 1
    assert "The ledger has no order of this shop yet." in capsys.readouterr().out
    assert preview("--mapping-file", "/nothing.yaml") == 1
    assert "there is no such file" in capsys.readouterr().out
    assert main(["preview", "--shop", "nordlys", "--last", "0"]) == 1


def test_its_session_cannot_write(nordlys: World) -> None:
    with pytest.raises(InternalError, match="read-only"), read_only(nordlys.ledger) as tx:
        tx.connection.execute(sql("delete from documents"))

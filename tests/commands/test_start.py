"""`start`: a shop that nobody has set up, from its connections to invoices that are booked by themselves."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from pakhus.__main__ import main
from pakhus.ledger import runs
from pakhus.ledger.connection import RunIdentity
from pakhus.settings import load_shop
from tests.flows.test_initial_sync import empty_warehouse
from tests.flows.test_people_and_races import place, ship
from tests.flows.world import World
from tests.operators.test_shop_operators import connections_of

SHOP = "skagen"


@dataclass
class Installation:
    """Systems, an empty folder of settings, and a person at the command line."""

    world: World
    include: Path
    connections: dict[str, Any]
    capsys: pytest.CaptureFixture[str]

    def run(self, command: str, *arguments: str) -> tuple[int, str]:
        file = self.include.parent / "connections.json"
        file.write_text(json.dumps(self.connections))
        code = main([command, *arguments, "--connections", str(file)])
        return code, self.capsys.readouterr().out

    def start(self, *arguments: str) -> tuple[int, str]:
        return self.run("start", SHOP, "--orders", "20", *arguments)

    def file(self, kind: str) -> Path:
        return self.include / kind / f"{SHOP}.yaml"

    def change(self, kind: str, before: str, after: str) -> None:
        """Edit a file as a person does."""
        text = self.file(kind).read_text()
        assert before in text
        self.file(kind).write_text(text.replace(before, after))


@pytest.fixture
def there(
    fresh_ledger_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Installation]:
    for name in ("AIRFLOW_HOME", "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"):
        monkeypatch.delenv(name, raising=False)
    include = tmp_path / "include"
    for folder in ("shops", "mappings"):
        (include / folder).mkdir(parents=True)
    monkeypatch.setenv("PAKHUS_LEDGER_URL", fresh_ledger_url)
    with empty_warehouse(fresh_ledger_url) as world:
        monkeypatch.setenv("PAKHUS_INCLUDE", str(include))
        connections = connections_of(world)
        connections[f"woocommerce__{SHOP}"] = connections.pop("woocommerce__nordlys")
        yield Installation(world, include, connections, capsys)


def standing(text: str) -> dict[str, str]:
    return dict(re.findall(r"^\d ([a-z ]+): ([A-Z ]+?)(?: \(|$|;)", text, re.MULTILINE))


def held_by(text: str) -> str:
    """The step that comes next."""
    found = re.search(r"Next comes: (.*)\.", text)
    return found[1] if found else ""


def flows_run(there: Installation, *flows: str) -> None:
    """What the reports of these flows' runs leave in the ledger."""
    for flow in flows:
        ledger = replace(there.world.ledger, run=RunIdentity(f"{SHOP}__{flow}", "manual__1"))
        with ledger.begin() as tx:
            runs.report(tx, SHOP, flow, note="", codes={})
        ledger.close()


def test_from_nothing_to_invoices_that_are_booked(there: Installation) -> None:
    world = there.world
    code, text = there.start()
    assert (code, there.file("shops").exists()) == (1, False)
    assert "? economic.companies.payment_terms" in text
    asked = [one for server in world.servers for one in server.requests()]
    # A key's right to write shows when an empty batch is sent; it writes nothing.
    assert not [one for one in asked if one["method"] != "GET" and not one["path"].endswith("/orders/batch")]
    assert there.start("--write")[0] == 1

    code, text = there.start()
    assert standing(text)["mapped"] == "HOLDS"
    assert there.run("check", "--shop", SHOP)[1].rstrip().endswith("No problem found.")
    assert held_by(text) == "initial sync"
    assert "products that Rackbeat does not have: 38" in text
    assert there.run("initial_sync", "--shop", SHOP)[0] == 0

    code, text = there.start()
    assert held_by(text) == "dry run"
    assert "not approved by the bookkeeper" in text
    for month in re.findall(r"trial skagen (\S+),", text):
        there.run("trial", SHOP, month, "--approve")
    code, text = there.start()
    assert held_by(text) == "draft"
    assert "invoices.mode is dry_run" in text
    assert "skagen__orders has not run yet" in text

    there.change("shops", "mode: dry_run ", "mode: draft\n  auto_after: 2 ")
    flows_run(there, "orders", "fulfilment", "invoices", "audit")
    world.settings = load_shop(SHOP)
    world.forward(minutes=1)
    invoice(world)
    text = there.start()[1]
    assert held_by(text) == "draft"
    assert "1 drafts in a row equalled" in text
    invoice(world)
    text = there.start()[1]
    assert held_by(text) == "auto"

    there.change("shops", "mode: draft", "mode: auto")
    world.settings = load_shop(SHOP)
    invoice(world)
    code, text = there.start()
    assert (code, held_by(text)) == (0, "")
    assert "an invoice is booked" in text
    assert set(standing(text).values()) == {"HOLDS"}


def invoice(world: World) -> None:
    """An order is placed and sent, and all flows run."""
    ship(world, place(world))
    world.run()


def test_a_connection_that_is_missing_or_wrong_comes_first(there: Installation) -> None:
    key = there.connections["rackbeat__main"]
    there.connections["rackbeat__main"] = {**key, "password": "wrong"}
    code, text = there.start("--write")
    assert (code, standing(text)["connected"]) == (1, "MISSING")
    assert "rackbeat__main" in text
    assert not there.file("shops").exists()
    there.connections["rackbeat__main"] = key
    there.start("--write")
    del there.connections["economic__main"]
    code, text = there.start()
    assert held_by(text) == "connected"
    assert "there is no Airflow connection economic__main" in text
    assert standing(text)["mapped"] == "LATER"


def test_several_agreements_are_asked_about(there: Installation) -> None:
    there.connections["economic__other"] = there.connections["economic__main"]
    code, text = there.start("--write")
    assert code == 1
    assert "--economic NAME" in text
    assert there.start("--write", "--economic", "-")[0] == 1
    assert "economic" not in there.file("mappings").read_text()
    assert load_shop(SHOP).economic is None
    assert standing(there.start()[1])["dry run"] == "LATER"


def test_a_needed_question_must_be_answered_and_is_never_guessed(there: Installation) -> None:
    state(there)["layouts"] = {number: {"layoutNumber": number, "name": f"Layout {number}"} for number in (19, 21)}
    code, text = there.start("--write")
    assert code == 1
    assert "--answer economic.layout=19" in text
    assert not there.file("mappings").exists()
    text = there.start("--write", "--answer", "economic.layout=7")[1]
    assert "e-conomic has no layout 7" in text
    assert not there.file("mappings").exists()
    there.start("--write", "--answer", "economic.layout=21")
    assert load_shop(SHOP).mapping.economic.layout == 21  # type: ignore[union-attr]


def test_an_answer_to_nothing_is_refused(there: Installation) -> None:
    code, text = there.start("--write", "--answer", "economic.layuot=21")
    assert code == 1
    assert "did you mean economic.layout?" in text
    assert not there.file("mappings").exists()


def test_a_list_that_cannot_be_read_is_no_empty_list(there: Installation) -> None:
    there.world.accounts_server.set_faults([{"path_regex": "/layouts", "kind": "error_500", "times": 20}])
    code, text = there.start("--write")
    assert code == 1
    assert "not all could be read" in text
    assert not there.file("shops").exists()


def test_a_method_without_terms_is_proposed_as_a_difference_to_a_person_s_file(there: Installation) -> None:
    there.start("--write")
    there.change("mappings", "version: 1\n", "version: 1  # mine\n")
    before = there.file("mappings").read_text()
    there.world.forward(hours=-1)  # the command looks at orders up to the second in which it runs
    there.world.act(action="place_order", items=[{"sku": "NH-1018", "quantity": 1}], payment_method="mobilepay")
    text = there.start()[1]
    assert held_by(text) == "mapped"
    added = "+    mobilepay: {terms: 11, way: journal, clearing_account: 5826, journal: 5}"
    assert added in text
    assert there.file("mappings").read_text() == before
    there.start("--write")
    after = there.file("mappings").read_text()
    assert [line for line in after.splitlines() if "mobilepay" not in line.lower()] == before.splitlines()
    assert "version: 1  # mine" in after
    assert load_shop(SHOP).mapping.economic.payments["mobilepay"].clearing_account == 5826  # type: ignore[union-attr]
    assert held_by(there.start()[1]) == "initial sync"


def test_a_file_that_is_there_is_never_written_anew(there: Installation) -> None:
    there.file("mappings").write_text("version: 1\nrackbeat:\n  customers: {mode: collective, number: 1}\n")
    text = there.start("--write", "--economic", "-")[1]
    assert "collective" in there.file("mappings").read_text()
    assert f"Written: {there.file('shops')}" in text
    assert "mappings" not in text.partition("Written")[2]


def test_where_the_settings_cannot_be_written_another_folder_takes_them(there: Installation, tmp_path: Path) -> None:
    text = there.start("--write", str(tmp_path / "connections.json"))[1]  # a file, not a folder
    assert "Name a folder that can" in text
    there.start("--write", str(tmp_path / "new"))
    assert sorted(file.parent.name for file in (tmp_path / "new").glob(f"*/{SHOP}.yaml")) == ["mappings", "shops"]
    assert not there.file("shops").exists()


def state(there: Installation) -> Any:
    return there.world.accounts_server.standin.state.__dict__  # type: ignore[attr-defined]

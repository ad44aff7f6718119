"""`products`: what keeping a shop's products in step would do, product by product; it writes nothing."""

import csv
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from pakhus.__main__ import main
from pakhus.clients.http import Call, to_json
from tests.flows.product_world import edit, in_economic, in_rackbeat, include_with_products, run_products
from tests.flows.test_products import empty_systems
from tests.flows.world import World
from tests.operators.test_shop_operators import connections_of


@pytest.fixture
def nordlys(fresh_ledger_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    with empty_systems(fresh_ledger_url) as running:
        monkeypatch.setenv("PAKHUS_LEDGER_URL", fresh_ledger_url)
        monkeypatch.setenv("PAKHUS_INCLUDE", str(include_with_products(tmp_path)))
        yield running


def foreseen(nordlys: World, folder: Path) -> tuple[int, dict[tuple[str, str], dict[str, str]]]:
    connections, plan = folder / "connections.json", folder / "plan.csv"
    connections.write_text(json.dumps(connections_of(nordlys)))
    code = main(["products", "--shop", "nordlys", "--connections", str(connections), "--csv", str(plan)])
    with plan.open(encoding="utf-8", newline="") as table:
        return code, {(row["system"], row["number"]): row for row in csv.DictReader(table)}


def test_says_what_a_run_would_do_and_what_stays(
    nordlys: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    body = {"number": "nh-1002", "name": "Skål", "group": 1, "sales_price": 100}
    nordlys.warehouse.send(Call("POST", "/products", body=to_json(body)))
    nordlys.reset_counters()
    code, rows = foreseen(nordlys, tmp_path)
    assert code == 1  # SKUs are wrong
    spelt = rows.pop(("Rackbeat", "NH-1002"))
    assert (spelt["what"], spelt["remark"]) == ("product_sku_wrong", "Rackbeat has it as nh-1002")
    assert "Nothing was written." in capsys.readouterr().out
    assert nordlys.writes() == 0
    assert {row["what"] for row in rows.values()} == {"make"}
    run_products(nordlys)
    assert {number for system, number in rows if system == "Rackbeat"} <= set(in_rackbeat(nordlys))
    in_economic(nordlys)["NH-1000"]["name"] = "Deres kop"
    edit(nordlys, "NH-1000", name="Krus")
    nordlys.reset_counters()
    _, rows = foreseen(nordlys, tmp_path)
    assert rows["Rackbeat", "NH-1000"]["what"] == "change"
    assert (rows["Rackbeat", "NH-1000"]["master"], rows["Rackbeat", "NH-1000"]["there"]) == ("Krus", "Kaffekop")
    assert (rows["e-conomic", "NH-1000"]["what"], rows["e-conomic", "NH-1000"]["remark"]) == ("keep", "stays: name")
    assert rows["Rackbeat", "NH-1001"]["what"] == "in step"
    assert nordlys.writes() == 0


def test_a_shop_without_a_master_has_nothing_to_foresee(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PAKHUS_INCLUDE", raising=False)
    assert main(["products", "--shop", "nordlys"]) != 0

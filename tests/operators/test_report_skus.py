"""The SKU report as a DAG's task: what it pushes, what the ledger keeps, and how a person gets it as a list."""

import csv
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from operators.report_skus_operator import TABLE, ReportSkusOperator
from pakhus.__main__ import main
from pakhus.clients.woocommerce_api import write
from pakhus.flows.report import RunReport
from stack import ROOT
from tests.flows.test_initial_sync import empty_warehouse
from tests.flows.world import World, beside
from tests.operators.run import Task, context
from tests.operators.test_shop_operators import connections_of


@pytest.fixture
def nordlys(fresh_ledger_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    with empty_warehouse(fresh_ledger_url) as running:
        monkeypatch.setenv("PAKHUS_INCLUDE", str(ROOT / "include"))
        monkeypatch.setenv("PAKHUS_LEDGER_URL", fresh_ledger_url)
        for conn_id, fields in connections_of(running).items():
            monkeypatch.setenv(f"AIRFLOW_CONN_{conn_id.upper()}", json.dumps(fields))
        yield running


def run() -> tuple[RunReport, str]:
    task = Task(task_id="report_skus", dag_id="nordlys__skus")
    ReportSkusOperator(task_id="report_skus", shop="nordlys").execute({**context(task), "params": {}})
    return RunReport.from_dict(task.pushed["report_skus", "report"][0]), task.pushed["report_skus", TABLE][0]


def listed(file: Path) -> list[dict[str, str]]:
    assert main(["report", "skus", "--shop", "nordlys", "--csv", str(file)]) == 0
    with file.open(encoding="utf-8", newline="") as table:
        return list(csv.DictReader(table))


def add_product(world: World, **members: Any) -> None:
    world.shop.send(write("POST", "/products", {"status": "publish", "regular_price": "10", **members}))


def test_counts_in_the_note_and_names_in_table_and_csv(nordlys: World, tmp_path: Path) -> None:
    for sku in ("0012", "Doubled A", "doubleda"):
        add_product(nordlys, name=f"Product {sku}", sku=sku)
    nordlys.reset_counters()
    report, table = run()
    assert nordlys.writes() == 0
    assert report.note().startswith("44 products: 2 missing, 1 too_long, 2 doubled, 1 leading_zero, 41 not_in_rackbeat")
    assert not report.red_causes()
    assert "| doubled | Doubled A | Product Doubled A |" in table
    assert re.search(r"\| missing \|  \| Vare uden varenummer \(product \d+\) \|", table)
    rows = listed(tmp_path / "skus.csv")
    assert len(rows) == 47
    assert {row["trouble"] for row in rows} == {"missing", "too_long", "doubled", "leading_zero", "not_in_rackbeat"}


def test_a_shop_without_a_report_is_not_said_to_be_well(nordlys: World, capsys: pytest.CaptureFixture[str]) -> None:
    for shop in ("nordlys", "nordly"):
        assert main(["report", "skus", "--shop", shop]) != 0
        assert f"no SKU report of {shop} is kept; trigger the DAG {shop}__skus" in "".join(capsys.readouterr())
    run()
    assert main(["report", "skus", "--shop", "nordlys"]) == 0
    assert "nordlys: 41 problems, reported 20" in capsys.readouterr().out


def test_a_later_report_replaces_the_one_before(nordlys: World, tmp_path: Path) -> None:
    run()
    before = listed(tmp_path / "before.csv")
    add_product(nordlys, name="One more", sku="ONE-MORE")
    run()
    after = listed(tmp_path / "after.csv")
    assert len(after) == len(before) + 1


def test_other_shops_of_the_agreement_are_compared_and_one_that_is_away_is_left_out(
    nordlys: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    report, _ = run()  # no connection to fjordliv: nordlys is reported all the same
    assert report.note().endswith(" · not compared with fjordliv: see the log of report_skus")
    with beside(nordlys) as fjordliv:
        keys = fjordliv.seeds["woocommerce"]["credentials"]
        fields = {
            "host": fjordliv.shop_server.url,
            "login": keys["consumer_key"],
            "password": keys["consumer_secret"],
        }
        monkeypatch.setenv("AIRFLOW_CONN_WOOCOMMERCE__FJORDLIV", json.dumps(fields))
        add_product(nordlys, name="Lamp", sku="SAME-1")
        add_product(fjordliv, name="Bicycle", sku="same-1")
        report, _ = run()
        assert "other_product_in_other_shop" in report.note()
        assert "not compared" not in report.note()
        found = [row for row in listed(tmp_path / "skus.csv") if row["sku"] == "SAME-1"]
        assert "fjordliv: Bicycle" in {row["detail"] for row in found}

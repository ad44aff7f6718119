"""The operators of `<shop>__products`: from either master to each system, by the connections of Airflow."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from operators.read_products_operator import WHOLE, ReadProductsOperator
from operators.write_products_operator import WriteProductsOperator
from pakhus.flows.report import RunReport
from tests.flows.product_world import edit, in_economic, in_rackbeat, include_with_products
from tests.flows.test_products import empty_systems
from tests.flows.world import World
from tests.operators.run import Task, context
from tests.operators.test_shop_operators import connections_of


@pytest.fixture
def nordlys(fresh_ledger_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    with empty_systems(fresh_ledger_url) as running:
        for conn_id, fields in connections_of(running).items():
            monkeypatch.setenv(f"AIRFLOW_CONN_{conn_id.upper()}", json.dumps(fields))
        yield running


def run(*targets: str, **params: Any) -> tuple[RunReport, list[RunReport]]:
    """The tasks of one run, one after the other."""
    task = Task(task_id="read", dag_id="nordlys__products")
    ReadProductsOperator(task_id="read", shop="nordlys").execute({**context(task), "params": params})
    read = RunReport.from_dict(task.pushed["read", "report"][0])
    written = []
    for target in targets:
        name = f"write_{target.partition('__')[0]}"
        operator = WriteProductsOperator(task_id=name, shop="nordlys", target=target)
        given = operator.execute({**context(Task(task_id=name, dag_id="nordlys__products")), "params": params})
        written.append(RunReport.from_dict(given))
    return read, written


def test_reads_the_shop_and_writes_both_systems(
    nordlys: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PAKHUS_INCLUDE", str(include_with_products(tmp_path)))
    read, written = run("rackbeat__main", "economic__main")
    assert read.seen > 40
    assert all(report.codes["product_created"] > 30 for report in written)
    assert "NH-1000" in in_rackbeat(nordlys)
    assert "NH-1000" in in_economic(nordlys)
    edit(nordlys, "NH-1000", name="Krus")
    read, written = run("rackbeat__main", "economic__main", **{WHOLE: True})
    assert [report.codes["product_changed"] for report in written] == [1, 1]


def test_reads_the_warehouse_and_writes_the_shop(
    nordlys: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PAKHUS_INCLUDE", str(include_with_products(tmp_path, master="rackbeat")))
    nordlys.warehouse_server.act({"action": "add_item", "number": "NY-1", "name": "Ny kop", "sales_price": 80})
    _, (written,) = run("woocommerce__nordlys")
    assert written.codes["product_created"] == 1
    made = nordlys.shop.product("NY-1")
    assert made is not None
    assert (made.name, made.barred) == ("Ny kop", True)

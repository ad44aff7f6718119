"""The operator of the first transfer: a preview unless it is told otherwise, and the run's report."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from operators.sync_catalogue_operator import PREVIEW, STOCK, SyncCatalogueOperator
from pakhus.flows.report import RunReport
from stack import ROOT
from tests.flows.test_initial_sync import adjustments, empty_warehouse, is_complete
from tests.flows.world import World
from tests.operators.run import Task, context
from tests.operators.test_shop_operators import connections_of


@pytest.fixture
def nordlys(fresh_ledger_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    with empty_warehouse(fresh_ledger_url) as running:
        monkeypatch.setenv("PAKHUS_INCLUDE", str(ROOT / "include"))
        for conn_id, fields in connections_of(running).items():
            monkeypatch.setenv(f"AIRFLOW_CONN_{conn_id.upper()}", json.dumps(fields))
        yield running


def run(**params: Any) -> RunReport:
    task = Task(task_id="sync", dag_id="nordlys__initial_sync")
    SyncCatalogueOperator(task_id="sync", shop="nordlys").execute({**context(task), "params": params})
    return RunReport.from_dict(task.pushed["sync", "report"][0])


def test_previews_writes_and_is_refused_a_second_time(nordlys: World) -> None:
    assert run().note().startswith("preview: ")
    assert run(**{PREVIEW: True, STOCK: True}).codes["product_sku_wrong"] == 3
    assert nordlys.writes() == 0
    report = run(**{PREVIEW: False, STOCK: True})
    assert is_complete(nordlys)
    assert "not finished" not in report.note()
    assert dict(run(**{PREVIEW: False}).codes) == {"initial_sync_done": 1}


def test_says_that_it_is_not_finished(nordlys: World) -> None:
    nordlys.warehouse_server.set_faults([{"method": "POST", "path_regex": "/book$", "kind": "answer_lost"}])
    assert "not finished: run it again" in run(**{PREVIEW: False}).note()


def test_products_without_stock(nordlys: World) -> None:
    run(**{PREVIEW: False, STOCK: False})
    assert adjustments(nordlys) == []

"""The DAG of products: there for a shop that names a master, one writing task per system."""

from pathlib import Path

import pytest
from airflow.dag_processing.dagbag import DagBag
from airflow.sdk import DAG

from stack import ROOT
from tests.flows.product_world import include_with_products

pytestmark = pytest.mark.airflow


def dags() -> dict[str, DAG]:
    found = DagBag(dag_folder=ROOT / "dags" / "products.py")
    assert found.import_errors == {}
    return dict(found.dags)


def test_no_shop_without_a_master_has_one() -> None:
    assert dags() == {}


@pytest.mark.parametrize(
    ("master", "source", "written"),
    [
        ("shop", "woocommerce__nordlys", {"write_rackbeat", "write_economic"}),
        ("rackbeat", "rackbeat__main", {"write_woocommerce", "write_economic"}),
    ],
)
def test_a_shop_with_a_master_reads_it_and_writes_to_each_other_system(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, master: str, source: str, written: set[str]
) -> None:
    monkeypatch.setenv("PAKHUS_INCLUDE", str(include_with_products(tmp_path, master=master)))
    dag = dags()["nordlys__products"]
    assert {task for task in dag.task_dict if task.startswith("write_")} == written
    assert dag.get_task("read").pool == source
    assert dag.get_task("report").upstream_task_ids == {"read", *written}
    assert (dag.max_active_runs, dag.catchup) == (1, False)

"""Operators of the stock flow: one reading for all shops of an agreement, one push per shop, and a report of both."""

import json
import shutil
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk import BaseHook, BaseOperator
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from operators.push_stock_operator import COMPARE, PushStockOperator
from operators.read_stock_operator import ReadStockOperator
from operators.report_run_operator import ReportRunOperator
from operators.shop_operator import FAILURE, STOPPED
from pakhus.clients.rackbeat_webhooks import INVENTORY
from pakhus.errors import AccessDeniedError
from pakhus.flows import stock_reading
from pakhus.flows.stock_compare import COMPARE as EVIDENCE
from pakhus.ledger import inbox, stops
from pakhus.ledger.schema import calls, sources
from stack import ROOT
from tests.flows.two_shops import TwoShops, products, shown, two_shops
from tests.operators.run import Task, context

DAG_ID = "main__stock"
PUSHES = {"push_nordlys": "nordlys", "push_fjordliv": "fjordliv"}


@pytest.fixture
def both(fresh_ledger_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[TwoShops]:
    """Two shops on one warehouse, with the Airflow connections that lead to them."""
    with two_shops(fresh_ledger_url) as running:
        for conn_id, fields in connections_of(running).items():
            monkeypatch.setenv(f"AIRFLOW_CONN_{conn_id.upper()}", json.dumps(fields))
        yield running


def connections_of(both: TwoShops) -> dict[str, dict[str, Any]]:
    address, _, database = both.nordlys.ledger.url.partition("://")[2].rpartition("/")
    who, _, where = address.rpartition("@")
    found: dict[str, dict[str, Any]] = {
        "rackbeat__main": {
            "host": f"{both.nordlys.warehouse_server.url}/api",
            "password": both.nordlys.seeds["rackbeat"]["credentials"]["token"],
        },
        "pakhus_ledger": {
            "conn_type": "postgres",
            "host": where.partition(":")[0],
            "port": int(where.partition(":")[2]),
            "login": who.partition(":")[0],
            "password": who.partition(":")[2],
            "schema": database,
        },
    }
    for shop in both.worlds:
        keys = shop.seeds["woocommerce"]["credentials"]
        found[shop.settings.connection] = {
            "host": shop.shop_server.url,
            "login": keys["consumer_key"],
            "password": keys["consumer_secret"],
        }
    return found


def read(
    run: Task, run_type: str = "scheduled", shops: Iterable[str] = PUSHES.values(), selling: Iterable[str] = ()
) -> None:
    run.task_id = "read"
    told = {**context(run), "dag_run": SimpleNamespace(run_type=run_type)}
    operator = ReadStockOperator(task_id="read", target="rackbeat__main", shops=list(shops), selling=list(selling))
    operator.execute(told)


def push(run: Task, task_id: str, *, compare: bool = False, selling: Sequence[str] = ()) -> dict[str, Any]:
    run.task_id = task_id
    told = {**context(run), "params": {COMPARE: compare}}
    operator = PushStockOperator(task_id=task_id, shop=PUSHES[task_id], selling=selling)
    report: dict[str, Any] = operator.execute(told)
    run.xcom_push("return_value", report)
    return report


def report(run: Task, **states: str) -> Any:
    run.task_id = "report"
    run.states = {"read": "success", **dict.fromkeys(PUSHES, "success"), **states}
    operator = ReportRunOperator(task_id="report", flow="stock", scope="main", reading="read", working=[*PUSHES])
    return operator.execute(context(run))


def test_a_run_reads_once_pushes_to_each_shop_and_adds_up(both: TwoShops) -> None:
    both.set_stock("NH-1000", "31")
    run = Task(dag_id=DAG_ID)
    read(run)
    pushed = [push(run, name) for name in PUSHES]
    assert both.requests()[0] == 2  # the account's setting, the products
    assert (shown(both.nordlys)["NH-1000"], shown(both.fjordliv)["NH-1000"]) == (31, 31)
    total = report(run)
    assert total["seen"] == len(both.nordlys.warehouse_server.dump()["products"]) - unstocked(both)
    assert total["codes"]["transferred"] == sum(each["codes"]["transferred"] for each in pushed)
    assert len(json.dumps(total)) < 5_000
    with both.nordlys.ledger.begin() as tx:
        rows = tx.connection.execute(calls.select().where(calls.c.dag_id == DAG_ID)).all()
    assert {row.task_id for row in rows} == set(PUSHES)


def test_a_run_that_a_hint_started_reads_what_is_hinted_at(both: TwoShops, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stock_reading, "LARGEST_PAGE", 1)
    read(Task(dag_id=DAG_ID))
    both.set_stock("NH-1000", "31")
    with both.nordlys.ledger.begin() as tx:
        inbox.add(tx, "rackbeat__main", INVENTORY, "NH-1000")
    for run_type, requests in (("asset_triggered", 1), ("scheduled", 1)):
        both.reset_counters()
        read(Task(dag_id=DAG_ID), run_type)
        assert both.requests()[0] == requests
        paths = [row["path"] for row in both.nordlys.warehouse_server.requests()]
        assert paths[-1].endswith("/NH-1000" if run_type == "asset_triggered" else "/products")


def unstocked(both: TwoShops) -> int:
    state = both.nordlys.warehouse_server.standin.state  # type: ignore[attr-defined]
    return sum(not state.keeps_stock(number) for number in state.products)


def test_a_shop_that_fails_makes_the_run_red_and_holds_no_other_up(
    both: TwoShops, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = {**connections_of(both)["woocommerce__nordlys"], "password": "cs_wrong"}
    monkeypatch.setenv("AIRFLOW_CONN_WOOCOMMERCE__NORDLYS", json.dumps(wrong))
    both.set_stock("NH-1000", "31")
    run = Task(dag_id=DAG_ID)
    read(run)
    with pytest.raises(AccessDeniedError):
        push(run, "push_nordlys")
    push(run, "push_fjordliv")
    assert shown(both.fjordliv)["NH-1000"] == 31
    assert run.pushed["push_nordlys", FAILURE][0]["subject"] == "woocommerce__nordlys"
    with pytest.raises(AirflowFailException, match="Renew the key in the Airflow connection woocommerce__nordlys"):
        report(run, push_nordlys="failed")


def test_while_the_file_of_a_shop_is_broken_the_others_are_only_lowered(
    both: TwoShops, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It goes on selling, and nobody takes its sales off: somebody mistyped a key of its file."""
    both.set_stock("NH-1000", "8")
    both.run()
    sold = both.fjordliv.act(action="place_order", items=[{"sku": "NH-1000", "quantity": 2}], payment_method="cod")
    assert sold["order"]
    include = tmp_path / "include"
    shutil.copytree(ROOT / "include", include)
    (include / "shops" / "fjordliv.yaml").write_text("shop: fjordliv\nrackbeat: main\nmaping: standard\n")
    monkeypatch.setenv("PAKHUS_INCLUDE", str(include))
    both.set_stock("NH-1000", "9")
    both.forward(minutes=1)
    run = Task(dag_id=DAG_ID)
    read(run, shops=("nordlys",), selling=PUSHES.values())
    both.see_one(both.nordlys)
    report = push(run, "push_nordlys", selling=list(PUSHES.values()))
    assert shown(both.nordlys)["NH-1000"] == 8
    assert report["codes"]["sales_not_seen"] == 1


def test_a_shop_whose_stock_is_stopped_is_skipped_alone(both: TwoShops) -> None:
    with both.nordlys.ledger.begin() as tx:
        stops.stop(tx, "nordlys", "stock", stopped_by="anna", cause="stocktaking")
    run = Task(dag_id=DAG_ID)
    read(run)
    with pytest.raises(AirflowSkipException):
        push(run, "push_nordlys")
    push(run, "push_fjordliv")
    assert "stocktaking" in run.pushed["push_nordlys", STOPPED][0]
    assert "stocktaking" in report(run, push_nordlys="skipped")["stopped"]
    assert both.nordlys.shop_server.counters()["writes"] == 0


def test_the_warehouse_that_is_down_fails_the_reading_with_its_connection(both: TwoShops) -> None:
    faults = [{"path_regex": "/products$", "kind": "error_500", "times": None}]
    both.nordlys.warehouse_server.set_faults(faults)
    run = Task(dag_id=DAG_ID)
    with pytest.raises(Exception, match="Server Error"):
        read(run)
    assert run.pushed["read", FAILURE][0]["subject"] == "rackbeat__main"
    with pytest.raises(AirflowFailException, match="rackbeat__main"):
        report(run, read="failed", push_nordlys="upstream_failed", push_fjordliv="upstream_failed")


def test_the_parameter_compares_at_once(both: TwoShops) -> None:
    run = Task(dag_id=DAG_ID)
    read(run)
    push(run, "push_nordlys")
    changed = next(row for row in products(both.nordlys) if row["sku"] == "NH-1010")
    both.nordlys.shop_server.standin.shop.products[changed["id"]].stock = 99  # type: ignore[attr-defined]
    assert "stock_differed" not in push(run, "push_nordlys")["codes"]
    assert push(run, "push_nordlys", compare=True)["codes"]["stock_differed"] == 1
    with both.nordlys.ledger.begin() as tx:
        assert len(tx.connection.execute(sources.select().where(sources.c.kind == EVIDENCE)).all()) == 1


def test_making_the_operators_looks_nothing_up(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object, **kwargs: object) -> None:
        raise AssertionError("an operator is made while DAG files are parsed")

    monkeypatch.setattr(BaseHook, "get_connection", refuse)
    monkeypatch.setenv("PAKHUS_INCLUDE", "/nowhere")
    assert isinstance(ReadStockOperator(task_id="t", target="rackbeat__main", shops=["nordlys"]), BaseOperator)
    assert isinstance(PushStockOperator(task_id="t", shop="nordlys"), BaseOperator)

"""The task behind the stop switch in the user interface."""

import json
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import pytest
from airflow.sdk.exceptions import AirflowFailException

from operators.switch_flow_operator import SwitchFlowOperator
from pakhus.ledger import runs, stops
from pakhus.ledger.connection import Ledger
from tests.operators.run import Task, context


@pytest.fixture
def ledger(fresh_ledger_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ledger]:
    url = urlsplit(fresh_ledger_url)
    facts = {"host": url.hostname, "port": url.port, "login": url.username, "password": url.password}
    fields = {"conn_type": "postgres", "schema": url.path.removeprefix("/"), **facts}
    monkeypatch.setenv("AIRFLOW_CONN_PAKHUS_LEDGER", json.dumps(fields))
    opened = Ledger(fresh_ledger_url)
    yield opened
    opened.close()


def switch(to: str, because: str, flow: str = "orders") -> Any:
    told = context(Task("switch", dag_id="pakhus__stop_switch"))
    params = {"shop": "nordlys", "flow": flow, "switch": to, "because": because}
    run = SimpleNamespace(triggering_user_name="anna")
    return SwitchFlowOperator(task_id="switch").execute({**told, "params": params, "dag_run": run})


def test_notes_who_triggered_the_run_and_why(ledger: Ledger) -> None:
    told = switch("stop", "stocktaking")
    with ledger.begin() as tx:
        stop = stops.find(tx, "nordlys", "orders")
        run = runs.find(tx, "pakhus__stop_switch", "manual__1")
    assert stop is not None
    assert (stop.stopped_by, stop.cause) == ("anna", "stocktaking")
    assert run == runs.Run(told, "")
    resumed = switch("resume", "counted")
    assert resumed.startswith("nordlys orders: goes on, it was stopped by anna")
    assert resumed.endswith("(by anna: counted)")


def test_wants_to_know_why(ledger: Ledger) -> None:
    with pytest.raises(AirflowFailException, match="say why"):
        switch("stop", " ")
    with ledger.begin() as tx:
        assert stops.every(tx) == []


def test_a_flow_that_a_shop_does_not_have_is_refused(ledger: Ledger) -> None:
    with pytest.raises(AirflowFailException, match="nordlys has no flow payouts; it has: orders"):
        switch("stop", "stocktaking", flow="payouts")
    with ledger.begin() as tx:
        assert stops.every(tx) == []

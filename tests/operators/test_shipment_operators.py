"""The operators of fulfilment: one reading for two shops, what they return, and what they never show."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from operators.read_shipments_operator import COMPARE, ReadShipmentsOperator
from operators.tell_shipments_operator import TellShipmentsOperator
from pakhus.errors import ConfigurationError
from tests.failures.people import personal_texts, secrets
from tests.flows.shipped_orders import only, reservations, state_in_shop
from tests.flows.world import World, world
from tests.operators.run import Task, context
from tests.operators.test_shop_operators import connections_of

OURS = "61"


@pytest.fixture
def nordlys(fresh_ledger_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    with world(fresh_ledger_url, seed=only(OURS)) as running:
        for conn_id, fields in connections_of(running).items():
            monkeypatch.setenv(f"AIRFLOW_CONN_{conn_id.upper()}", json.dumps(fields))
        running.observe()
        running.reserve()
        yield running


def run_of(task: Task, began: datetime, **params: Any) -> Any:
    """The context of a task in a run that began then."""
    return {**context(task), "dag_run": SimpleNamespace(start_date=began), "params": params}


def read(began: datetime, **params: Any) -> tuple[Task, list[dict[str, Any]]]:
    task = Task("read", dag_id="nordlys__fulfilment")
    chunks = ReadShipmentsOperator(task_id="read", shop="nordlys").execute(run_of(task, began, **params))
    return task, chunks


def test_shipments_are_read_told_and_counted_without_anything_of_a_person(nordlys: World) -> None:
    nordlys.ship(reservations(nordlys)[OURS])
    reading, chunks = read(nordlys.ledger.now())
    assert [chunk["chunk_label"] for chunk in chunks] == [f"{OURS} (1)"]
    (report,) = reading.pushed["read", "report"]
    assert (report["flow"], report["seen"]) == ("fulfilment", 1)
    telling = Task("tell", map_index=0, dag_id="nordlys__fulfilment")
    context_of_chunk = context(telling)
    told = TellShipmentsOperator(task_id="tell", shop="nordlys", **chunks[0]).execute(context_of_chunk)
    assert context_of_chunk["chunk"] == f"{OURS} (1)"
    assert told["codes"] == {"transferred": 1}
    assert state_in_shop(nordlys, OURS) == "completed"
    text = json.dumps([reading.pushed["read", "report"], chunks, told], ensure_ascii=False)
    assert not [value for value in (*personal_texts(nordlys), *secrets(nordlys)) if value in text]


def test_run_that_began_before_the_last_reading_does_not_read_again_unless_it_is_to_compare(nordlys: World) -> None:
    began = nordlys.ledger.now()
    read(began)
    nordlys.reset_counters()
    read(began)
    assert nordlys.warehouse_server.counters()["requests"] == 0
    read(nordlys.ledger.now() + timedelta(seconds=1))
    assert nordlys.warehouse_server.counters()["requests"] == 1
    read(began, **{COMPARE: True})
    assert nordlys.warehouse_server.counters()["requests"] == 3  # the list, and the one open order


def test_shop_without_a_warehouse_is_told_nothing_and_says_why(nordlys: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from operators import shop_operator

    alone = shop_operator.load_shop("nordlys").model_copy(update={"rackbeat": None})
    monkeypatch.setattr(shop_operator, "load_shop", {"nordlys": alone}.__getitem__)
    for operator in (
        ReadShipmentsOperator(task_id="t", shop="nordlys"),
        TellShipmentsOperator(task_id="t", shop="nordlys", chunk_label="", documents=[]),
    ):
        with pytest.raises(ConfigurationError, match="nordlys names no Rackbeat agreement"):
            operator.execute(run_of(Task("t"), nordlys.ledger.now()))

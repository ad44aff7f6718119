"""Operators of a shop: what they return, whom they blame, when they are tried again. Against the stand-ins."""

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from airflow.sdk import BaseHook, BaseOperator
from airflow.sdk.definitions.retry_policy import RetryAction
from airflow.sdk.exceptions import AirflowSkipException
from sqlalchemy.exc import OperationalError

from hooks.connection_facts import ConnectionMissingError
from operators.book_invoices_operator import BookInvoicesOperator
from operators.failure_texts import failure_text
from operators.list_due_invoices_operator import ListDueInvoicesOperator
from operators.observe_orders_operator import ObserveOrdersOperator
from operators.read_shipments_operator import ReadShipmentsOperator
from operators.register_payments_operator import RegisterPaymentsOperator
from operators.reserve_orders_operator import ReserveOrdersOperator
from operators.shop_operator import FAILURE, STOPPED, TASK_DEFAULTS, ShopOperator, WhoActsRetryPolicy
from operators.tell_shipments_operator import TellShipmentsOperator
from pakhus.errors import (
    AccessDeniedError,
    ConfigurationError,
    DataError,
    PakhusError,
    RateLimitedError,
    TransientError,
)
from pakhus.ledger import documents, stops
from pakhus.ledger.schema import calls
from pakhus.settings import Problem, SettingsError
from tests.failures.people import personal_texts, secrets
from tests.flows.world import World, world
from tests.operators.run import Task, context

Wire = Callable[..., None]
OPERATORS: dict[type[ShopOperator], dict[str, Any]] = {
    ObserveOrdersOperator: {},
    ReserveOrdersOperator: {"chunk_label": "1 (1)", "documents": [1]},
    ListDueInvoicesOperator: {},
    BookInvoicesOperator: {"chunk_label": "1 (1)", "documents": [1]},
    RegisterPaymentsOperator: {},
    ReadShipmentsOperator: {},
    TellShipmentsOperator: {"chunk_label": "1 (1)", "documents": [1]},
}


@pytest.fixture(scope="module")
def nordlys(ledger_url: str) -> Iterator[World]:
    with world(ledger_url) as running:
        yield running


@pytest.fixture
def wire(nordlys: World, monkeypatch: pytest.MonkeyPatch) -> Wire:
    """Set the four connections to the stand-ins, with changes to one of them."""

    def wire(changed: str = "", **changes: Any) -> None:
        for conn_id, fields in connections_of(nordlys).items():
            merged = {**fields, **changes} if conn_id == changed else fields
            monkeypatch.setenv(f"AIRFLOW_CONN_{conn_id.upper()}", json.dumps(merged))

    wire()
    return wire


def connections_of(world: World) -> dict[str, dict[str, Any]]:
    shop, accounts = world.seeds["woocommerce"]["credentials"], world.seeds["economic"]["credentials"]
    ledger, _, database = world.ledger.url.partition("://")[2].rpartition("/")
    who, _, where = ledger.rpartition("@")
    return {
        "woocommerce__nordlys": {
            "host": world.shop_server.url,
            "login": shop["consumer_key"],
            "password": shop["consumer_secret"],
        },
        "rackbeat__main": {
            "host": f"{world.warehouse_server.url}/api",
            "password": world.seeds["rackbeat"]["credentials"]["token"],
        },
        "economic__main": {
            "host": world.accounts_server.url,
            "password": accounts["agreement_grant_token"],
            "extra": {"app_secret_token": accounts["app_secret_token"]},
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


def test_both_flows_return_counts_and_ids_and_nothing_of_a_person(nordlys: World, wire: Wire) -> None:
    pushed: list[Any] = []
    observing = Task("observe")
    chunks = ObserveOrdersOperator(task_id="observe", shop="nordlys").execute(context(observing))
    assert [sorted(chunk) for chunk in chunks] == [["chunk_label", "documents"]]
    assert observing.pushed["observe", "report"][0]["seen"] > 50
    for index, chunk in enumerate(chunks):
        reserving = Task("reserve", map_index=index)
        told = context(reserving)
        reserved = ReserveOrdersOperator(task_id="reserve", shop="nordlys", **chunk).execute(told)
        assert told["chunk"] == chunk["chunk_label"]  # names the mapped task in the grid
        assert reserved["codes"]["transferred"] > 20
        pushed.append(reserved)
    due = ListDueInvoicesOperator(task_id="list_due", shop="nordlys").execute(context(Task("list_due")))
    for chunk in due:
        booked = BookInvoicesOperator(task_id="book", shop="nordlys", **chunk).execute(context(Task("book")))
        assert booked["codes"]["transferred"] > 0
        pushed.append(booked)
    text = json.dumps([observing.pushed["observe", "report"], chunks, due, pushed], ensure_ascii=False)
    assert not [value for value in (*personal_texts(nordlys), *secrets(nordlys)) if value in text]
    assert len(text) < 20_000  # XCom is no place for bodies
    with nordlys.ledger.begin() as tx:
        rows = tx.connection.execute(calls.select().where(calls.c.task_id == "reserve")).all()
    assert {(row.map_index, row.dag_id, row.run_id) for row in rows} == {(0, "nordlys__orders", "manual__1")}


@pytest.mark.parametrize("operator", OPERATORS, ids=lambda operator: operator.__name__)
def test_constructing_an_operator_looks_nothing_up(
    operator: type[ShopOperator], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*args: object, **kwargs: object) -> None:
        raise AssertionError("an operator is made while DAG files are parsed")

    monkeypatch.setattr(BaseHook, "get_connection", refuse)
    monkeypatch.setenv("PAKHUS_INCLUDE", "/nowhere")
    assert isinstance(operator(task_id="t", shop="nordlys", **OPERATORS[operator]), BaseOperator)


def test_a_wrong_shop_key_fails_with_what_to_renew_and_leaves_that_for_the_report(nordlys: World, wire: Wire) -> None:
    wire("woocommerce__nordlys", password="cs_quite_wrong")
    task = Task("observe")
    with pytest.raises(AccessDeniedError):
        ObserveOrdersOperator(task_id="observe", shop="nordlys").execute(context(task))
    (failure,) = task.pushed["observe", FAILURE]
    assert (failure["code"], failure["subject"]) == ("access_denied", "woocommerce__nordlys")
    text = failure["text"]
    assert text.endswith(
        "Renew the key in the Airflow connection woocommerce__nordlys; nothing is lost, the next run goes on."
    )
    assert "cs_quite_wrong" not in text
    assert not [value for value in secrets(nordlys) if value in text]


@pytest.mark.parametrize("operator", [ReserveOrdersOperator, BookInvoicesOperator])
def test_a_missing_connection_is_named_with_how_to_make_it(
    operator: type[ShopOperator], wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    missing = "rackbeat__main" if operator is ReserveOrdersOperator else "economic__main"
    monkeypatch.delenv(f"AIRFLOW_CONN_{missing.upper()}")
    task = Task("t")
    with pytest.raises(ConnectionMissingError):
        operator(task_id="t", shop="nordlys", chunk_label="", documents=[]).execute(context(task))
    assert f"there is no Airflow connection {missing}: create it" in task.pushed["t", FAILURE][0]["text"]


def test_a_dead_ledger_is_told_without_its_password_or_a_statement(wire: Wire) -> None:
    wire("pakhus_ledger", port=1)
    task = Task("list_due")
    with pytest.raises(OperationalError):
        ListDueInvoicesOperator(task_id="list_due", shop="nordlys").execute(context(task))
    (failure,) = task.pushed["list_due", FAILURE]
    assert (failure["code"], failure["subject"]) == ("ledger_unavailable", "pakhus_ledger")
    assert failure["text"] == (
        "The ledger's database cannot be used (OperationalError). Nothing is lost, it is tried again; if it lasts, see "
        "whether the database runs and the Airflow connection pakhus_ledger is right."
    )


def test_a_shop_without_warehouse_reserves_nothing_and_says_why(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    from operators import shop_operator

    alone = shop_operator.load_shop("nordlys").model_copy(update={"rackbeat": None})
    monkeypatch.setattr(shop_operator, "load_shop", {"nordlys": alone}.__getitem__)
    task = Task("reserve")
    with pytest.raises(ConfigurationError, match="nordlys names no Rackbeat agreement"):
        ReserveOrdersOperator(task_id="reserve", shop="nordlys", chunk_label="", documents=[]).execute(context(task))
    chunks = ObserveOrdersOperator(task_id="observe", shop="nordlys").execute(context(Task("observe")))
    assert chunks == []


@pytest.mark.parametrize("operator", OPERATORS, ids=lambda operator: operator.__name__)
def test_a_stopped_flow_skips_its_tasks_and_says_who_stopped_it(
    operator: type[ShopOperator], nordlys: World, wire: Wire
) -> None:
    task = Task("t", dag_id="nordlys__invoices")
    with nordlys.ledger.begin() as tx:
        stop = stops.stop(tx, "nordlys", "invoices", stopped_by="anna", cause="stocktaking")
        before = documents.counts(tx, "nordlys", "invoices")
    nordlys.reset_counters()
    try:
        with pytest.raises(AirflowSkipException, match=r"stopped by anna since .* UTC: stocktaking"):
            operator(task_id="t", shop="nordlys", **OPERATORS[operator]).execute(context(task))
    finally:
        with nordlys.ledger.begin() as tx:
            stops.resume(tx, "nordlys", "invoices")
            after = documents.counts(tx, "nordlys", "invoices")
    assert task.pushed["t", STOPPED] == [stop.text()]
    assert (nordlys.writes(), after) == (0, before)


# --- who acts -----------------------------------------------------------------------------------------------------

WRONG_FILE = SettingsError([Problem("include/shops/x.yaml", 3, "mapping", "is missing")])
ADVICE: list[tuple[PakhusError, str]] = [
    (AccessDeniedError("no", system="Rackbeat"), "Renew the key in the Airflow connection rackbeat__main"),
    (AccessDeniedError("no", system="e-conomic"), "Renew the key in the Airflow connection economic__main"),
    (AccessDeniedError("no", system="WooCommerce"), "Renew the key in the Airflow connection woocommerce__nordlys"),
    (ConfigurationError("moved", system="WooCommerce"), "Mend what is named (Airflow connection woocommerce__nordlys)"),
    (TransientError("no answer", system="Rackbeat"), "the address in the Airflow connection rackbeat__main is right"),
    (RateLimitedError("wait", system="e-conomic"), "Nothing to do: it is tried again later."),
    (WRONG_FILE, "Mend the file; `python -m pakhus check` says whether all is well."),
    (DataError("odd", system="Rackbeat"), "Report it with this task's log"),
]


@pytest.mark.parametrize(("error", "advice"), ADVICE, ids=lambda value: getattr(type(value), "__name__", ""))
def test_each_failure_says_what_to_do(error: PakhusError, advice: str) -> None:
    text = failure_text(error, "nordlys")
    assert text.startswith(str(error))
    assert advice in text
    assert "the connection it uses" not in text


def test_a_failure_is_told_even_where_the_shops_file_is_broken() -> None:
    assert "Renew the key in the Airflow connection it uses" in failure_text(AccessDeniedError("no"), "no_such_shop")


def test_a_failures_text_holds_no_address_of_a_person() -> None:
    text = failure_text(DataError("customer lise@example.dk, +45 87 65 43 21 is refused"), "nordlys")
    assert text.startswith("customer <e-mail>, <phone> is refused.")


@pytest.mark.parametrize(
    ("error", "action", "delay"),
    [
        (AccessDeniedError("no"), RetryAction.FAIL, None),
        (ConfigurationError("no"), RetryAction.FAIL, None),
        (WRONG_FILE, RetryAction.FAIL, None),
        (RateLimitedError("wait", retry_after=timedelta(seconds=77)), RetryAction.RETRY, timedelta(seconds=77)),
        (TransientError("no answer"), RetryAction.DEFAULT, None),
        (ConnectionMissingError("none"), RetryAction.DEFAULT, None),
        (ValueError("ours"), RetryAction.DEFAULT, None),
    ],
    ids=lambda value: getattr(type(value), "__name__", ""),
)
def test_what_a_person_must_mend_fails_at_once_and_a_limit_waits_what_it_is_told(
    error: Exception, action: RetryAction, delay: timedelta | None
) -> None:
    decision = WhoActsRetryPolicy().evaluate(error, 1, 3)
    assert (decision.action, decision.retry_delay) == (action, delay)


def test_the_retry_policy_survives_the_dags_serialisation() -> None:
    policy = TASK_DEFAULTS["retry_policy"]
    assert isinstance(policy, WhoActsRetryPolicy)
    assert isinstance(WhoActsRetryPolicy.deserialize(policy.serialize()), WhoActsRetryPolicy)

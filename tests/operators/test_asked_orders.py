"""A run that was asked for single orders treats these, also when they are held, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from operators.asked_orders import asked_orders, orders_param
from operators.book_invoices_operator import BookInvoicesOperator
from operators.list_due_invoices_operator import ListDueInvoicesOperator
from operators.observe_orders_operator import ObserveOrdersOperator
from operators.reserve_orders_operator import ReserveOrdersOperator
from pakhus.flows.report import RunReport
from pakhus.ledger import cursors
from pakhus.ledger.schema import decisions as decision_rows
from tests.flows.test_people_and_races import place, row, ship
from tests.flows.world import World, world
from tests.operators.run import Task, context
from tests.operators.test_shop_operators import Wire, wire

__all__ = ["wire"]


@pytest.fixture(scope="module")
def nordlys(ledger_url: str) -> Iterator[World]:
    with world(ledger_url) as running:
        yield running


def asked(task: Task, *names: str) -> Any:
    return {**context(task), "params": {"orders": list(names)}}


def run_of_both_flows() -> None:
    """By the operators, whose clock is not the one that tests move."""
    for listing, working, dag in (
        (ObserveOrdersOperator, ReserveOrdersOperator, "nordlys__orders"),
        (ListDueInvoicesOperator, BookInvoicesOperator, "nordlys__invoices"),
    ):
        chunks = listing(task_id="first", shop="nordlys").execute(context(Task("first", dag_id=dag)))
        for chunk in chunks:
            working(task_id="second", shop="nordlys", **chunk).execute(context(Task("second", dag_id=dag)))


def note(task: Task) -> str:
    return RunReport.from_dict(task.pushed[task.task_id, "report"][0]).note()


def invoice_reason(world: World, order: str) -> str:
    return str(row(world, f"nordlys-{order}-invoice").reason)


def test_treats_exactly_the_orders_it_was_asked_for(nordlys: World, wire: Wire) -> None:
    held, waiting = place(nordlys, payment_method="quickpay"), place(nordlys)
    ship(nordlys, held)
    run_of_both_flows()
    other = place(nordlys)
    nordlys.observe()
    with nordlys.ledger.begin() as tx:
        cursor = cursors.read(tx, "nordlys", "orders")
    unseen = place(nordlys)
    assert invoice_reason(nordlys, held) == "payment_method_unmapped"

    task = Task("observe")
    chunks = ObserveOrdersOperator(task_id="observe", shop="nordlys").execute(asked(task, unseen, waiting, "99999999"))
    assert note(task) == (
        "2 seen · asked for 3 orders · 1 taken · 99999999: no such order, or nothing of it is for orders · "
        f"nordlys-{waiting}-order: left as it is. Transferred and confirmed."
    )
    assert [len(chunk["documents"]) for chunk in chunks] == [1]
    ReserveOrdersOperator(task_id="reserve", shop="nordlys", **chunks[0]).execute(context(Task("reserve")))
    assert row(nordlys, f"nordlys-{unseen}-order").reason == "transferred"
    assert row(nordlys, f"nordlys-{other}-order").reason == "due"  # not asked for
    with nordlys.ledger.begin() as tx:
        assert cursors.read(tx, "nordlys", "orders") == cursor

    task = Task("list_due", dag_id="nordlys__invoices")
    chunks = ListDueInvoicesOperator(task_id="list_due", shop="nordlys").execute(asked(task, held))
    assert note(task) == "1 seen · asked for 1 order · 1 taken"
    assert [chunk["documents"] for chunk in chunks] == [(row(nordlys, f"nordlys-{held}-invoice").id,)]
    report = BookInvoicesOperator(task_id="book", shop="nordlys", **chunks[0]).execute(context(Task("book")))
    assert report["codes"] == {"payment_method_unmapped": 1}
    with nordlys.ledger.begin() as tx:
        answered = tx.connection.execute(decision_rows.select()).all()
    assert {one.answered_by for one in answered} == {"nordlys__orders manual__1", "nordlys__invoices manual__1"}


def test_asking_twice_writes_nothing_twice(nordlys: World, wire: Wire) -> None:
    order = place(nordlys)
    for _ in range(2):
        chunks = ObserveOrdersOperator(task_id="observe", shop="nordlys").execute(asked(Task("observe"), order))
        for chunk in chunks:
            ReserveOrdersOperator(task_id="reserve", shop="nordlys", **chunk).execute(context(Task("reserve")))
    headings = [one["heading"] for one in nordlys.warehouse_server.dump()["orders"].values()]
    assert headings.count(f"nordlys-{order}-order") == 1


def test_what_airflow_hands_over_is_names_each_once() -> None:
    told = {"params": {"orders": [" 1042 ", "1042", "", "1043"]}}
    assert asked_orders(told) == ["1042", "1043"]  # type: ignore[arg-type]
    assert asked_orders({"params": {"orders": None}}) == []  # type: ignore[arg-type]
    assert asked_orders({}) == []  # type: ignore[arg-type,typeddict-item]
    assert orders_param()["orders"].value is None

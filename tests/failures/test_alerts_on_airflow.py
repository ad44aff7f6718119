"""Alerts, run notes and the stop switch on a running Airflow: each trouble is one mail, with the link to its run."""

import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from pakhus.ledger.schema import alerts
from stack import ROOT
from stack.airflow import Stack
from stack.rest import AirflowApi
from stack.waiting import wait_until
from standin.clock import Clock
from standin.registry import create, default_seed
from standin.server import StandinServer
from tests.failures.people import assert_discreet
from tests.failures.test_running_airflow import POOLS, connect
from tests.failures.trouble import reserved_headings
from tests.flows.world import World, world

pytestmark = pytest.mark.airflow

ORDERS, ALIVE, SWITCH = "nordlys__orders", "pakhus__alive", "pakhus__stop_switch"
TRIALS = ("nordlys__trial_failing", "nordlys__trial_killed", "nordlys__trial_slow")
RUN_WITHIN_S = 120
MAIL_WITHIN_S = 150
QUIET_S = 8  # longer than a callback takes


@pytest.fixture(scope="module")
def nordlys(airflow_stack: Stack) -> Iterator[World]:
    with world(airflow_stack.ledger_url) as running:
        yield running


@pytest.fixture(scope="module")
def mail() -> Iterator[StandinServer]:
    with StandinServer(create("mail", "mail", default_seed("mail"), {}, Clock())) as server:
        yield server


@pytest.fixture(scope="module")
def api(airflow_stack: Stack, nordlys: World, mail: StandinServer) -> Iterator[AirflowApi]:
    """The running Airflow with our DAGs, the trials, and all connections and pools."""
    for file in (*(ROOT / "dags").glob("*.py"), Path(__file__).parent / "alert_dags.py"):
        shutil.copy(file, airflow_stack.dags)
    api = airflow_stack.api
    for conn_id in POOLS:
        connect(api, nordlys, conn_id)
        api.put_pool(conn_id, 2)
    smtp = mail.dump()["smtp"]
    extra = {"disable_ssl": True, "disable_tls": True}
    api.put_connection("smtp_default", "smtp", host=smtp["host"], port=smtp["port"], extra=extra)
    used = [ORDERS, ALIVE, SWITCH, *TRIALS]
    api.wait_for_dags(used)
    for dag in used:
        api.unpause(dag)
    yield api
    for dag in used:
        api.pause(dag)


def mails(server: StandinServer, flow: str) -> list[dict[str, Any]]:
    """The mails about a flow."""
    return [mail for mail in server.dump()["mails"] if mail["subject"].startswith(f"Pakhus nordlys {flow}:")]


def wait_for_mails(server: StandinServer, **counts: int) -> list[dict[str, Any]]:
    """Wait for so many mails about each flow, see that no more come, and return the last of each."""
    for flow, count in counts.items():
        wait_until(lambda flow=flow, count=count: len(mails(server, flow)) >= count, f"{flow}'s mail", MAIL_WITHIN_S)
    time.sleep(QUIET_S)
    found = {flow: mails(server, flow) for flow in counts}
    assert {flow: len(about) for flow, about in found.items()} == counts
    return [about[-1] for about in found.values()]


def red(api: AirflowApi, dag: str) -> str:
    run_id = api.trigger(dag)
    api.wait_for_run(dag, run_id, RUN_WITHIN_S, "failed")
    return run_id


def note(api: AirflowApi, dag: str, run_id: str) -> str:
    return str(api.run(dag, run_id)["note"] or "")


def link(stack: Stack, dag: str, run_id: str) -> str:
    return f"{stack.url}/dags/{dag}/runs/{run_id.replace(':', '%3A').replace('+', '%2B')}"


def test_a_task_that_fails_is_killed_or_hangs_is_told_once_with_the_link(
    airflow_stack: Stack, api: AirflowApi, nordlys: World, mail: StandinServer
) -> None:
    runs = {dag: api.trigger(dag) for dag in TRIALS}
    for dag, run_id in runs.items():
        api.wait_for_run(dag, run_id, RUN_WITHIN_S, "failed")
    mailed = wait_for_mails(mail, trial_failing=1, trial_killed=1, trial_slow=1)
    for (dag, run_id), told in zip(runs.items(), mailed, strict=True):
        assert link(airflow_stack, dag, run_id) in told["text"]
        assert (told["from"], told["to"]) == ("pakhus@nordlys.example", ["drift@nordlys.example"])
        assert "docs/runbooks/alerts.md" in told["text"]
        assert "lise@example.dk" not in told["text"]
        assert note(api, dag, run_id) in told["text"]
    with nordlys.ledger.begin() as tx:
        unsent = tx.connection.execute(select(alerts.c.flow).where(alerts.c.sent_at.is_(None))).all()
    assert unsent == []  # what was sent is recorded, so that nobody sends it again
    assert "took longer than it may" in note(api, TRIALS[2], runs[TRIALS[2]])


def test_the_same_cause_is_counted_until_a_green_run_and_then_told_anew(
    airflow_stack: Stack, api: AirflowApi, nordlys: World, mail: StandinServer
) -> None:
    dag, flow = TRIALS[0], "trial_failing"
    red(api, dag)
    well = api.trigger(dag, {"well": True})
    api.wait_for_run(dag, well, RUN_WITHIN_S)
    wait_until(lambda: resolved(nordlys, flow) == [(2, True)], "the alert to be resolved", 20)
    assert len(mails(mail, flow)) == 1  # that of the test before
    again = red(api, dag)
    assert link(airflow_stack, dag, again) in wait_for_mails(mail, trial_failing=2)[0]["text"]


def place_order(nordlys: World) -> None:
    """Give the flow something to do, whatever its schedule has done meanwhile."""
    nordlys.act(action="place_order", items=[{"sku": "NH-1000", "quantity": 1}], payment_method="cod")
    nordlys.shop_server.clock.advance(10)  # the shop leaves the youngest orders alone


def resolved(nordlys: World, flow: str) -> list[tuple[int, bool]]:
    """How many runs each alert of a flow counts, and whether it is over."""
    with nordlys.ledger.begin() as tx:
        rows = tx.connection.execute(select(alerts).where(alerts.c.flow == flow).order_by(alerts.c.id)).mappings().all()
    return [(row["count"], row["resolved_at"] is not None) for row in rows]


def test_a_red_report_is_told_with_who_must_act_and_its_note_shows_the_counts(
    airflow_stack: Stack, api: AirflowApi, nordlys: World, mail: StandinServer
) -> None:
    place_order(nordlys)
    connect(api, nordlys, "rackbeat__main", password="mistyped-token")
    api.trigger(ORDERS)  # a scheduled run may come first: whichever it is, it is the one that is told
    (told,) = wait_for_mails(mail, orders=1)
    connect(api, nordlys, "rackbeat__main")
    with nordlys.ledger.begin() as tx:
        run_id = tx.connection.execute(select(alerts.c.run_id).where(alerts.c.flow == "orders")).scalar_one()
    wait_until(lambda: note(api, ORDERS, run_id), "the note", 20)
    assert told["subject"].startswith("Pakhus nordlys orders: Rackbeat refused our key")
    assert "Renew the API key in the Airflow connection" in told["text"]
    assert "Who acts: whoever operates Pakhus" in told["text"]
    assert link(airflow_stack, ORDERS, run_id) in told["text"]
    assert "mistyped-token" not in told["text"]
    assert_discreet(nordlys, told["text"] + told["subject"])
    assert " seen · " in note(api, ORDERS, run_id)
    assert "Rackbeat refused our key" in note(api, ORDERS, run_id)


def test_what_cannot_be_mailed_is_noted_and_sent_later(api: AirflowApi, nordlys: World, mail: StandinServer) -> None:
    dag, flow = TRIALS[1], "trial_killed"
    with nordlys.ledger.begin() as tx:
        tx.connection.execute(alerts.update().where(alerts.c.flow == flow).values(resolved_at=tx.now))
    mail.configure({"answer": "refuse_for_now"})
    red(api, dag)
    wait_until(lambda: problem(nordlys, flow), "the failure of the mail to be noted", MAIL_WITHIN_S)
    assert "SMTPDataError 451" in problem(nordlys, flow)
    silent = api.trigger(ALIVE)
    api.wait_for_run(ALIVE, silent, RUN_WITHIN_S, "failed")  # no ping: the outside check is the alarm now
    mail.configure({"answer": "accept"})
    api.wait_for_run(ALIVE, api.trigger(ALIVE), RUN_WITHIN_S)
    wait_for_mails(mail, trial_killed=2)
    assert problem(nordlys, flow) == ""


def problem(nordlys: World, flow: str) -> str:
    with nordlys.ledger.begin() as tx:
        query = select(alerts.c.problem).where(alerts.c.flow == flow, alerts.c.resolved_at.is_(None))
        return str(tx.connection.execute(query).scalar_one_or_none() or "")


def test_a_stopped_flow_does_nothing_says_so_and_goes_on_when_resumed(
    api: AirflowApi, nordlys: World, mail: StandinServer
) -> None:
    switch(api, "stop", because="stocktaking")
    place_order(nordlys)
    before, told = reserved_headings(nordlys), len(mails(mail, "orders"))
    run_id = api.trigger(ORDERS)
    api.wait_for_run(ORDERS, run_id, RUN_WITHIN_S)
    assert reserved_headings(nordlys) == before
    wait_until(lambda: note(api, ORDERS, run_id), "the note", 20)
    assert note(api, ORDERS, run_id).startswith("0 seen · stopped by ")
    assert note(api, ORDERS, run_id).endswith("UTC: stocktaking")
    switch(api, "resume", because="counted")
    api.wait_for_run(ORDERS, api.trigger(ORDERS), RUN_WITHIN_S)
    assert len(reserved_headings(nordlys)) > len(before)
    assert len(mails(mail, "orders")) == told


def switch(api: AirflowApi, to: str, because: str) -> None:
    conf = {"shop": "nordlys", "flow": "orders", "switch": to, "because": because}
    api.wait_for_run(SWITCH, api.trigger(SWITCH, conf), RUN_WITHIN_S)

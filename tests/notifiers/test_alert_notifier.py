"""The notifier of a failed run and the task that keeps alive, with Airflow's own hooks and real servers behind them."""

import os
import subprocess
import sys
from typing import Any

import pytest
from airflow.sdk import DAG
from airflow.sdk.exceptions import AirflowFailException
from sqlalchemy import select

from notifiers.alert_notifier import AlertNotifier
from operators.keep_alive_operator import KeepAliveOperator
from pakhus.ledger import documents, runs, weeks
from pakhus.ledger.alerts import Cause
from pakhus.ledger.connection import Ledger
from pakhus.ledger.schema import alerts
from pakhus.reasons import Verdict
from stack import ROOT
from standin.server import StandinServer
from tests.notifiers.conftest import AlertsOf
from tests.notifiers.receiver import Received
from tests.operators.run import Task, context

MAIL = "alerts: {mail_to: [a@x.example, b@x.example]}"
ALL = "alerts: {mail_to: [a@x.example], slack_connection: slack_default, webhook_connection: ops_webhook}"
CAUSE = Cause("access_denied", "Rackbeat refused our key: 401. Renew the key.", "rackbeat__main")


def notify(reason: str = "task_failure") -> None:
    told: Any = {"dag": DAG("nordlys__orders", schedule=None), "run_id": "run_1", "reason": reason}
    AlertNotifier(scope="nordlys", flow="orders")(told)


def report(ledger: Ledger) -> None:
    with ledger.begin() as tx:
        runs.report(tx, "nordlys", "orders", note="1 seen", codes={}, cause=CAUSE)


def mails(server: StandinServer) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = server.dump()["mails"]
    return found


def states(ledger: Ledger) -> list[tuple[str, bool, str]]:
    """Each alert: code, whether everybody has it, and why not."""
    with ledger.begin() as tx:
        rows = tx.connection.execute(select(alerts).order_by(alerts.c.id)).mappings().all()
    return [(row["code"], row["sent_at"] is not None, row["problem"]) for row in rows]


def test_a_red_run_is_mailed_once_with_what_its_report_stored(
    ledger: Ledger, mail: StandinServer, alerts_of: AlertsOf
) -> None:
    alerts_of(MAIL)
    report(ledger)
    for _ in range(3):
        notify()
    (told,) = mails(mail)
    assert told["subject"] == "Pakhus nordlys orders: Rackbeat refused our key: 401"
    assert (told["from"], told["to"]) == ("pakhus@vestbjerg.example", ["a@x.example", "b@x.example"])
    assert "/dags/nordlys__orders/runs/run_1" in told["text"]
    assert told["text"].startswith(CAUSE.text)
    assert states(ledger) == [("access_denied", True, "")]


@pytest.mark.parametrize(("reason", "code"), [("task_failure", "run_failed"), ("timed_out", "run_timed_out")])
def test_a_run_that_left_no_report_is_told_all_the_same(
    ledger: Ledger, mail: StandinServer, alerts_of: AlertsOf, reason: str, code: str
) -> None:
    alerts_of(MAIL)
    notify(reason)
    assert len(mails(mail)) == 1
    assert states(ledger) == [(code, True, "")]


def test_every_channel_of_the_settings_is_told(
    ledger: Ledger, mail: StandinServer, web: Received, alerts_of: AlertsOf
) -> None:
    alerts_of(ALL)
    report(ledger)
    notify()
    assert len(mails(mail)) == 1
    by_path = {path: body for _, path, body in web.requests}
    assert by_path.keys() == {"/T0/B0/secret", "/in/secret/"} or by_path.keys() == {"/T0/B0/secret", "/in/secret"}
    slack, posted = web.bodies
    assert slack["text"].startswith("Pakhus nordlys orders: Rackbeat refused our key: 401\n\n")
    assert (posted["code"], posted["about"], posted["run_id"]) == ("access_denied", "rackbeat__main", "run_1")
    assert posted["link"].endswith("/dags/nordlys__orders/runs/run_1")


def test_text_that_looks_like_a_template_or_markup_stays_text(
    ledger: Ledger, mail: StandinServer, web: Received, alerts_of: AlertsOf
) -> None:
    alerts_of(ALL)
    odd = Cause("configuration", "<b>{{ conn.rackbeat__main.password }}</b> <!channel>")
    with ledger.begin() as tx:
        runs.report(tx, "nordlys", "orders", note="", codes={}, cause=odd)
    notify()
    assert odd.text in mails(mail)[0]["text"]
    assert "&lt;!channel&gt;" in web.bodies[0]["text"]


@pytest.mark.parametrize("answer", ["refuse", "refuse_for_now", "lose"])
def test_a_mail_is_tried_once_per_sending_and_the_failure_is_noted_without_an_address(
    ledger: Ledger, mail: StandinServer, alerts_of: AlertsOf, answer: str
) -> None:
    alerts_of(MAIL)
    mail.configure({"answer": answer})
    notify()
    assert len(mails(mail)) == (answer == "lose")  # Airflow's own hook would have sent it six times
    ((_, sent, problem),) = states(ledger)
    assert not sent
    assert problem.startswith("mail smtp_default: SMTP")
    assert "x.example" not in problem


def test_a_channel_that_fails_keeps_no_other_from_being_told_and_is_tried_again_by_keep_alive(
    ledger: Ledger, mail: StandinServer, web: Received, alerts_of: AlertsOf
) -> None:
    alerts_of(ALL)
    mail.configure({"answer": "refuse_for_now"})
    notify()
    assert len(web.bodies) == 2
    with pytest.raises(AirflowFailException, match="mail smtp_default: SMTPDataError 451"):
        keep_alive()
    assert "/ping/secret" not in [path.rstrip("/") for _, path, _ in web.requests]
    mail.configure({"answer": "accept"})
    assert keep_alive() == "2 alerts were unsent · pinged"  # that of the run, and that about the mail server
    assert len(mails(mail)) == 2
    assert all(sent for _, sent, _ in states(ledger))
    assert len([path for _, path, _ in web.requests if path.startswith("/T0")]) == 2
    assert keep_alive() == "no alerts were unsent · pinged"


def test_a_missing_connection_of_a_channel_is_noted(ledger: Ledger, alerts_of: AlertsOf) -> None:
    alerts_of("alerts: {mail_to: [a@x.example], mail_connection: no_such}")
    notify()
    ((_, sent, problem),) = states(ledger)
    assert not sent
    assert problem.startswith("mail no_such: ")


def test_nobody_is_told_where_the_settings_name_nobody(
    ledger: Ledger, mail: StandinServer, alerts_of: AlertsOf
) -> None:
    alerts_of("")
    notify()
    assert mails(mail) == []
    assert states(ledger) == [("run_failed", False, "")]
    assert keep_alive().endswith("no ping: there is no Airflow connection pakhus_alive")


def test_what_can_wait_is_told_when_the_quiet_hours_are_over(
    ledger: Ledger, mail: StandinServer, alerts_of: AlertsOf
) -> None:
    alerts_of("alerts: {mail_to: [a@x.example], quiet_hours: '00:00-23:59'}")
    notify()
    assert (mails(mail), states(ledger)) == ([], [("run_failed", False, "")])
    keep_alive()
    assert mails(mail) == []
    alerts_of(MAIL)
    keep_alive()
    assert len(mails(mail)) == 1
    assert states(ledger) == [("run_failed", True, "")]


def test_a_digest_is_sent_to_those_who_want_one(ledger: Ledger, mail: StandinServer, alerts_of: AlertsOf) -> None:
    with ledger.begin() as tx:
        new = documents.NewDocument("nordlys-7-order", "nordlys", "orders", "reservation", "rackbeat__main")
        documents.ensure(tx, new, Verdict.of("sku_missing", line="7"))
    alerts_of(MAIL)
    keep_alive()
    assert mails(mail) == []
    alerts_of("alerts: {mail_to: [a@x.example], digest_at: '00:00'}")
    for _ in range(2):
        keep_alive()
    (told,) = mails(mail)
    assert told["subject"] == "Pakhus nordlys digest: 1 document waits for people"
    assert "- orders: 1 sku_missing, the oldest since " in told["text"]


def test_a_report_that_cannot_be_written_keeps_no_alert_from_being_sent(
    ledger: Ledger, mail: StandinServer, alerts_of: AlertsOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    alerts_of(MAIL.replace("}", ", weekly_at: 'mon 00:00'}"))
    report(ledger)
    with ledger.begin() as tx:
        note = runs.find(tx, "nordlys__orders", "run_1")
    assert note is not None
    with monkeypatch.context() as broken:
        broken.setattr(weeks, "watched", lambda *_: 1 / 0)
        with pytest.raises(AirflowFailException, match="The weekly report could not be written"):
            keep_alive()
    assert [told["subject"] for told in mails(mail)] == ["Pakhus nordlys orders: Rackbeat refused our key: 401"]
    assert states(ledger)[-1][0] == "task_failed"


def test_a_shop_whose_file_is_wrong_elsewhere_is_told_all_the_same(
    ledger: Ledger, mail: StandinServer, alerts_of: AlertsOf
) -> None:
    alerts_of(f"orders: {{schedule: never}}\n{MAIL}")
    notify()
    assert len(mails(mail)) == 1


def test_an_outside_check_that_cannot_be_reached_makes_the_run_red_without_its_address(
    ledger: Ledger, web: Received, alerts_of: AlertsOf
) -> None:
    alerts_of("")
    web.status = 404
    with pytest.raises(AirflowFailException) as red:
        keep_alive()
    assert "could not be told that Airflow lives" in str(red.value)
    assert "secret" not in str(red.value)
    assert [code for code, _, _ in states(ledger)] == ["ping_failed"]


def keep_alive() -> str:
    task = Task("send_and_ping", dag_id="pakhus__alive")
    return KeepAliveOperator(task_id="send_and_ping").execute(context(task))


def test_a_dag_file_that_names_the_notifier_does_not_load_mail_slack_or_the_ledger() -> None:
    """Each task parses its DAG's file before it does anything: these imports take a second and more."""
    asked = (
        "import sys, airflow.sdk; from airflow.sdk import DAG; before = set(sys.modules);"
        "import notifiers.alert_notifier, operators.keep_alive_operator as _;"
        "heavy = ('slack_sdk', 'airflow.providers.smtp', 'airflow.providers.http', 'notifiers.delivery');"
        "print([name for name in heavy if name in sys.modules and name not in before])"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "plugins")])}
    done = subprocess.run(
        [sys.executable, "-c", asked], env=environment, capture_output=True, text=True, timeout=90, check=True
    )
    assert done.stdout.splitlines()[-1] == "[]"

"""Alerts in the ledger: one open per cause, counted, reminded, resolved, and sent by one process at a time."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from sqlalchemy import select

from pakhus.ledger import alerts, runs
from pakhus.ledger.alerts import Alert, Cause
from pakhus.ledger.connection import Ledger, RunIdentity
from pakhus.ledger.schema import alerts as table
from tests.ledger.clocks import MovableClock

DENIED = Cause("access_denied", "Rackbeat refused our key.", "rackbeat__main")
UNBALANCED = Cause("payout_unbalanced", "The settlement does not balance.")
SILENT = Cause("run_failed", "The run failed and left no report.")


def run(ledger: Ledger, run_id: str) -> Ledger:
    return replace(ledger, run=RunIdentity("nordlys__orders", run_id, "report"), _engines=ledger._engines)


def report(ledger: Ledger, run_id: str, cause: Cause | None = None, *more: Cause) -> None:
    with run(ledger, run_id).begin() as tx:
        runs.report(tx, "nordlys", "orders", note="1 seen", codes={"due": 1}, cause=cause, more=more)


def fail(ledger: Ledger, run_id: str) -> int:
    with run(ledger, run_id).begin() as tx:
        return runs.note_failed(tx, "nordlys", "orders", SILENT)


def resolve(ledger: Ledger) -> None:
    with ledger.begin() as tx:
        alerts.resolve(tx, "nordlys", "orders")


def rows(ledger: Ledger) -> list[tuple[str, str, int, bool]]:
    """Each alert: code, the run it names, the runs it counts, whether it is over."""
    with ledger.begin() as tx:
        found = tx.connection.execute(select(table).order_by(table.c.id)).mappings().all()
    return [(row["code"], row["run_id"], row["count"], row["resolved_at"] is not None) for row in found]


def claimed(ledger: Ledger) -> list[Alert]:
    with ledger.begin() as tx:
        found = [alerts.claim(tx, alert_id) for alert_id in alerts.unsent(tx)]
    return [alert for alert in found if alert is not None]


def send(ledger: Ledger) -> list[Alert]:
    """Tell every unsent alert to the one channel there is."""
    sent = claimed(ledger)
    with ledger.begin() as tx:
        for alert in sent:
            alerts.note_told(tx, alert, "mail smtp_default")
            alerts.end_sending(tx, alert, sent=True)
    return sent


def test_the_same_cause_of_later_runs_is_counted_and_not_sent_again(ledger: Ledger) -> None:
    for number in range(3):
        report(ledger, f"run_{number}", DENIED)
        assert len(send(ledger)) == (number == 0)
    assert rows(ledger) == [("access_denied", "run_0", 3, False)]


def test_what_a_run_meets_besides_a_cause_that_is_told_already_is_told(ledger: Ledger) -> None:
    report(ledger, "run_0", DENIED)
    assert len(send(ledger)) == 1
    report(ledger, "run_1", DENIED, UNBALANCED)
    (told,) = send(ledger)
    assert (told.code, told.text, told.run_id) == ("payout_unbalanced", UNBALANCED.text, "run_1")
    report(ledger, "run_2", DENIED, UNBALANCED)
    assert send(ledger) == []
    assert rows(ledger) == [("access_denied", "run_0", 3, False), ("payout_unbalanced", "run_1", 2, False)]
    resolve(ledger)
    assert [row[3] for row in rows(ledger)] == [True, True]


def test_what_is_new_in_one_run_is_told_in_one_message_and_not_again(ledger: Ledger) -> None:
    for number in range(2):
        report(ledger, f"run_{number}", UNBALANCED, DENIED)
        sent = send(ledger)
        assert [(one.code, one.text) for one in sent] == (
            [("payout_unbalanced", f"{UNBALANCED.text} | {DENIED.text}")] if number == 0 else []
        )
    report(ledger, "run_2", DENIED)
    assert send(ledger) == []  # its people have read of it


def test_what_comes_while_another_alert_is_on_its_way_is_told_by_itself(ledger: Ledger) -> None:
    report(ledger, "run_0", DENIED)
    (on_its_way,) = claimed(ledger)
    report(ledger, "run_1", DENIED, UNBALANCED)
    with ledger.begin() as tx:
        alerts.note_told(tx, on_its_way, "mail smtp_default")
        alerts.end_sending(tx, on_its_way, sent=True)
    (told,) = send(ledger)
    assert (told.code, told.text) == ("payout_unbalanced", UNBALANCED.text)


def test_all_that_a_run_says_of_one_cause_is_told(ledger: Ledger) -> None:
    report(ledger, "run_0", DENIED, replace(DENIED, text="And once more."))
    (told,) = send(ledger)
    assert (told.count, told.text) == (1, f"{DENIED.text} | And once more.")


def test_the_callback_of_a_run_sends_what_is_new_of_it(ledger: Ledger) -> None:
    report(ledger, "run_0", DENIED)
    send(ledger)
    report(ledger, "run_1", DENIED, UNBALANCED)
    with ledger.begin() as tx:
        assert alerts.about(tx, fail(ledger, "run_1")) == ("nordlys", "payout_unbalanced")


def test_a_report_that_is_made_again_counts_no_cause_twice(ledger: Ledger) -> None:
    for _ in range(3):
        report(ledger, "run_0", DENIED, UNBALANCED)
    assert [row[2] for row in rows(ledger)] == [1, 1]


def test_another_system_is_another_cause(ledger: Ledger) -> None:
    report(ledger, "run_0", DENIED)
    report(ledger, "run_1", replace(DENIED, subject="woocommerce__nordlys"))
    assert len(send(ledger)) == 2


def test_a_wrong_settings_file_is_told_once_for_all_flows_of_a_shop(ledger: Ledger) -> None:
    wrong = Cause("settings_wrong", "include/shops/nordlys.yaml:3: mapping: is missing.")
    for flow in ("orders", "invoices", "audit"):
        identity = RunIdentity(f"nordlys__{flow}", "run_0", "settings_are_wrong")
        with replace(ledger, run=identity, _engines=ledger._engines).begin() as tx:
            runs.report(tx, "nordlys", flow, note="", codes={}, cause=wrong, alert_flow=alerts.SETTINGS)
            runs.note_failed(tx, "nordlys", flow, SILENT)
    assert [(alert.flow, alert.count) for alert in send(ledger)] == [("settings", 3)]
    resolve(ledger)  # a green run of orders: the file is right again
    assert [row[3] for row in rows(ledger)] == [True]


def test_a_green_run_ends_it_and_the_next_red_one_is_told_anew(ledger: Ledger) -> None:
    report(ledger, "run_0", DENIED)
    send(ledger)
    resolve(ledger)
    report(ledger, "run_1", DENIED)
    assert [alert.run_id for alert in send(ledger)] == ["run_1"]
    assert rows(ledger) == [("access_denied", "run_0", 1, True), ("access_denied", "run_1", 1, False)]


def test_a_run_that_reported_raises_nothing_more_when_it_is_seen_to_have_failed(ledger: Ledger) -> None:
    report(ledger, "run_0", DENIED)
    assert fail(ledger, "run_0") == fail(ledger, "run_0")
    assert rows(ledger) == [("access_denied", "run_0", 1, False)]


def test_a_run_without_a_report_is_told_once_however_often_it_is_noticed_and_also_after_a_green_one(
    ledger: Ledger,
) -> None:
    fail(ledger, "run_0")
    resolve(ledger)  # the next run was green before the callback came
    fail(ledger, "run_0")
    assert rows(ledger) == [("run_failed", "run_0", 1, True)]
    assert len(send(ledger)) == 1  # over, but nobody knows yet


def test_two_who_notice_the_same_failed_run_at_once_raise_one_alert(ledger: Ledger) -> None:
    together = threading.Barrier(8)

    def notice(number: int) -> int:
        together.wait(10)
        return fail(ledger, f"run_{number // 4}")

    with ThreadPoolExecutor(8) as pool:
        ids = list(pool.map(notice, range(8)))
    assert len(set(ids)) == 1
    assert [row[2] for row in rows(ledger)] == [2]


def test_of_two_who_send_at_once_one_sends(ledger: Ledger) -> None:
    report(ledger, "run_0", DENIED)
    together = threading.Barrier(6)

    def sender(_: int) -> int:
        with ledger.begin() as tx:
            (alert_id,) = alerts.unsent(tx)
            together.wait(10)
            return alerts.claim(tx, alert_id) is not None

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(sender, range(6))) == 1


def test_who_dies_while_sending_is_followed_by_another_when_the_lease_is_over(
    ledger: Ledger, clock: MovableClock
) -> None:
    report(ledger, "run_0", DENIED)
    (dead,) = claimed(ledger)
    assert claimed(ledger) == []
    clock.forward(minutes=6)
    (alert,) = claimed(ledger)
    with ledger.begin() as tx:  # the first was only slow: what it says no longer counts
        alerts.note_told(tx, dead, "mail smtp_default")
        alerts.end_sending(tx, dead, sent=True)
    clock.forward(minutes=6)
    assert [again.told for again in claimed(ledger)] == [()]
    assert alert.id == dead.id


def test_a_channel_that_has_it_is_remembered_while_another_is_tried_again(ledger: Ledger) -> None:
    report(ledger, "run_0", DENIED)
    (alert,) = claimed(ledger)
    with ledger.begin() as tx:
        alerts.note_told(tx, alert, "slack slack_default")
        alerts.note_told(tx, alert, "webhook ops")
        alerts.end_sending(tx, alert, sent=False, problem="mail smtp_default: ConnectionRefusedError")
        assert alerts.problems(tx, "nordlys", "orders") == ["mail smtp_default: ConnectionRefusedError"]
    (again,) = claimed(ledger)
    assert again.told == ("slack slack_default", "webhook ops")


def test_what_lasts_is_told_again_after_a_day_with_the_newest_run(ledger: Ledger, clock: MovableClock) -> None:
    report(ledger, "run_0", DENIED)
    send(ledger)
    clock.forward(hours=22)
    report(ledger, "run_1", replace(DENIED, text="Rackbeat refused it still."))
    assert send(ledger) == []
    clock.forward(hours=2)
    report(ledger, "run_2", replace(DENIED, text="Rackbeat refuses it to this day."))
    (reminder,) = send(ledger)
    assert (reminder.run_id, reminder.count, reminder.told) == ("run_2", 3, ())
    assert reminder.text == "Rackbeat refuses it to this day."
    report(ledger, "run_3", DENIED)
    assert send(ledger) == []


def test_a_channel_that_is_broken_keeps_nobody_from_being_reminded(ledger: Ledger, clock: MovableClock) -> None:
    def tell_slack_alone() -> list[str]:
        sent = claimed(ledger)
        with ledger.begin() as tx:
            for alert in sent:
                if "slack" not in alert.told:
                    alerts.note_told(tx, alert, "slack")
                alerts.end_sending(tx, alert, sent=False, problem="mail: refused")
        return [alert.run_id for alert in sent if "slack" not in alert.told]

    report(ledger, "run_0", DENIED)
    assert tell_slack_alone() == ["run_0"]
    for hour in range(1, 50):
        clock.forward(hours=1)
        report(ledger, f"run_{hour}", DENIED)
        assert tell_slack_alone() == ([f"run_{hour}"] if hour in (23, 46) else [])


def test_a_run_that_is_cleared_and_killed_is_told_although_its_first_failure_is_over(
    ledger: Ledger, clock: MovableClock
) -> None:
    report(ledger, "run_0", DENIED)
    send(ledger)
    resolve(ledger)
    assert fail(ledger, "run_0") == fail(ledger, "run_0")  # noticed late
    assert send(ledger) == []
    clock.forward(hours=1)
    assert fail(ledger, "run_0") == fail(ledger, "run_0")
    (told,) = send(ledger)
    assert (told.code, told.run_id) == ("run_failed", "run_0")


def test_what_was_over_long_ago_is_not_told_any_more(ledger: Ledger, clock: MovableClock) -> None:
    report(ledger, "run_0", DENIED)
    resolve(ledger)
    clock.forward(hours=25)
    assert send(ledger) == []


def test_a_cleared_run_that_fails_again_for_another_cause_is_told(ledger: Ledger) -> None:
    report(ledger, "run_0", DENIED)
    report(ledger, "run_0", SILENT)
    assert [row[0] for row in rows(ledger)] == ["access_denied", "run_failed"]


@pytest.fixture
def ledger(fresh_ledger_url: str, clock: MovableClock) -> Iterator[Ledger]:
    opened = Ledger(fresh_ledger_url, RunIdentity("nordlys__orders", "run_0", "report"), clock)
    yield opened
    opened.close()

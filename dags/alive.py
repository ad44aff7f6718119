"""Alive: sends alerts that are still unsent, then tells an outside check that Airflow lives. One DAG, `pakhus__alive`.

It also writes the digests and weekly reports that are due, and looks for shops that have gone silent.

The check is a service outside this host that raises its own alarm when it has not been asked for a while (healthchecks
and its like). Its address is the Airflow connection `pakhus_alive` (type http); without one nothing is asked.
When a run is red, look at its note: no ping is sent while an alert cannot be sent, so that somebody hears of that, too.
- alert_unsent: mend the channel that is named (docs/runbooks/alerts.md); the alert is tried again by the next run.
- task_failed: a report could not be written; the task's log says why. Alerts are sent all the same.
- ping_failed: the address is wrong or cannot be reached from here.
Clearing, re-running or marking success is safe at any time: an alert that was sent is not sent again.
"""

from datetime import UTC, datetime, timedelta

from airflow.sdk import DAG, CronTriggerTimetable

from notifiers.alert_notifier import AlertNotifier
from operators.keep_alive_operator import FLOW, KeepAliveOperator
from pakhus.settings import INSTALLATION

with DAG(
    f"{INSTALLATION}__{FLOW}",
    doc_md=__doc__,
    schedule=CronTriggerTimetable("*/5 * * * *", timezone="UTC"),
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    dagrun_timeout=timedelta(minutes=15),
    allowed_run_types=["scheduled", "manual"],
    tags=["pakhus", FLOW],
    on_failure_callback=AlertNotifier(scope=INSTALLATION, flow=FLOW),
):
    KeepAliveOperator(task_id="send_and_ping", retries=2, retry_delay=timedelta(seconds=30))

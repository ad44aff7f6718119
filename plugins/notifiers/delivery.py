"""From a failed run, or an alert that is still unsent, to the channels that the settings name now."""

from __future__ import annotations

from airflow.sdk.configuration import conf

from hooks.ledger_hook import LedgerHook
from notifiers.channels import tell
from pakhus.flows.alerts import TIMED_OUT, cause_of_silence, channels_of, send, told_now, wishing_for
from pakhus.ledger import alerts, runs
from pakhus.ledger.connection import Bounds, Ledger, RunIdentity
from pakhus.settings import alerts_settings

# Airflow ends a callback that takes too long ([dag_processor] dag_file_processor_timeout); pakhus__alive goes on then.
_BOUNDS = Bounds(connections=2, connect_s=5, statement_s=10)


def tell_failed_run(scope: str, flow: str, dag_id: str, run_id: str, why: str) -> list[str]:
    """Send the alert of a failed run, opened here if its report did not; returns why some could not be told.

    `why` is Airflow's word for how the run ended.
    """
    ledger = LedgerHook().ledger(RunIdentity(dag_id, run_id), _BOUNDS)
    cause = cause_of_silence(why == TIMED_OUT)
    try:
        alert_id = ledger.persist(lambda tx: runs.note_failed(tx, scope, flow, cause))
        return send_alert(ledger, alert_id)
    finally:
        ledger.close()


def send_alert(ledger: Ledger, alert_id: int) -> list[str]:
    """Send an alert to whoever the settings name now; returns why some could not be told."""
    scope, code = ledger.persist(lambda tx: alerts.about(tx, alert_id))
    people = wishing_for(code, alerts_settings(scope))
    awake = told_now(people, code, ledger.now())
    if people and not awake:
        return []  # pakhus__alive tells them when their quiet hours are over
    base_url = conf.get("api", "base_url", fallback="http://localhost:8080")
    return send(ledger, alert_id, channels_of(awake), tell, base_url, later=len(awake) < len(people))

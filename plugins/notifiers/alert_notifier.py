"""Tells a failed run to those whom the settings name. One line in each DAG: `on_failure_callback=AlertNotifier(…)`.

On the DAG, not on its tasks: a task that was killed calls nothing, and one that is tried again would tell each time.
Airflow runs it in the DAG processor, 1-6 s after the run has failed. What cannot be sent now is sent by pakhus__alive.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from airflow.sdk import BaseNotifier
from airflow.sdk.configuration import conf
from airflow.sdk.definitions.context import Context

from hooks.ledger_hook import LedgerHook
from notifiers.channels import tell
from pakhus.flows.alerts import TIMED_OUT, cause_of_silence, channels_of, send
from pakhus.ledger import alerts, runs
from pakhus.ledger.connection import Bounds, Ledger, RunIdentity
from pakhus.settings import alerts_settings

# Airflow ends a callback after 50 s ([dag_processor] dag_file_processor_timeout).
_BOUNDS = Bounds(connections=2, connect_s=5, statement_s=10)


class AlertNotifier(BaseNotifier):
    """Opens the alert of a failed run, unless its report has, and sends it. `scope`: shop, agreement or `pakhus`."""

    template_fields: Sequence[str] = ()

    def __init__(self, *, scope: str, flow: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.scope = scope
        self.flow = flow

    def notify(self, context: Context) -> None:
        """Tell the run of this context, once however often this is called."""
        dag_id, run_id = context["dag"].dag_id, context["run_id"]
        ledger = LedgerHook().ledger(RunIdentity(dag_id, run_id), _BOUNDS)
        cause = cause_of_silence(context.get("reason") == TIMED_OUT)
        try:
            alert_id = ledger.persist(lambda tx: runs.note_failed(tx, self.scope, self.flow, cause))
            for problem in send_alert(ledger, alert_id):
                self.log.error("an alert could not be sent, pakhus__alive tries again: %s", problem)
        finally:
            ledger.close()


def send_alert(ledger: Ledger, alert_id: int) -> list[str]:
    """Send an alert to whoever the settings name now; returns why some could not be told."""
    scope = ledger.persist(lambda tx: alerts.scope_of(tx, alert_id))
    channels = channels_of(alerts_settings(scope))
    return send(ledger, alert_id, channels, tell, conf.get("api", "base_url", fallback="http://localhost:8080"))

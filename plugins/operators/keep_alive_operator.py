"""Send what is still unsent, and tell an outside check that alerts would come through."""

from __future__ import annotations

from importlib import import_module

from airflow.sdk import BaseOperator
from airflow.sdk.definitions.context import Context
from airflow.sdk.exceptions import AirflowFailException

from hooks.connection_facts import ConnectionMissingError, read_facts
from hooks.ledger_hook import LedgerHook
from operators.failure_texts import TASK_FAILED
from pakhus.ledger import alerts, runs
from pakhus.ledger.alerts import Cause
from pakhus.ledger.connection import Ledger, RunIdentity
from pakhus.settings import INSTALLATION

ALIVE_CONNECTION = "pakhus_alive"
"""Airflow connection of type http: the address that the outside check expects to be asked."""

FLOW = "alive"


class KeepAliveOperator(BaseOperator):
    """No ping while an alert cannot be sent, or the ledger cannot be used: then the outside check is the alarm."""

    template_fields = ()

    def execute(self, context: Context) -> str:
        """Return the run's note."""
        task = context["ti"]
        ledger = LedgerHook().ledger(RunIdentity(task.dag_id, task.run_id, task.task_id, -1, task.try_number))
        send_alert = import_module("notifiers.delivery").send_alert  # seconds of imports, not while the DAG is parsed
        unwritten = import_module("notifiers.reports").write_reports(ledger)
        unsent = ledger.persist(alerts.unsent)
        problems = [problem for alert_id in unsent for problem in send_alert(ledger, alert_id)]
        if problems:
            texts = "; ".join(dict.fromkeys(problems))
            text = f"An alert cannot be sent: {texts}. Mend the channel; it is tried again every five minutes."
            raise self._failed(ledger, Cause("alert_unsent", text))
        if unwritten:
            text = f"{' and '.join(unwritten)} could not be written: see the log of this task. Alerts are sent."
            raise self._failed(ledger, Cause(TASK_FAILED, f"{text[0].upper()}{text[1:]}", "reports"))
        pinged = self._pinged(ledger)
        note = f"{len(unsent) or 'no'} alert{' was' if len(unsent) == 1 else 's were'} unsent · {pinged}"
        self.log.info("%s", note)
        ledger.persist(lambda tx: runs.report(tx, INSTALLATION, FLOW, note=note, codes={}))
        ledger.close()
        return note

    def _pinged(self, ledger: Ledger) -> str:
        try:
            read_facts(ALIVE_CONNECTION)
        except ConnectionMissingError:
            return f"no ping: there is no Airflow connection {ALIVE_CONNECTION}"
        try:
            import_module("notifiers.channels").ping(ALIVE_CONNECTION)
        except Exception as error:  # noqa: BLE001 - whatever the library raises; its text may hold the address, a secret
            text = (
                f"The outside check could not be told that Airflow lives ({type(error).__name__}). See whether the "
                f"address in the Airflow connection {ALIVE_CONNECTION} is right and can be reached from here."
            )
            raise self._failed(ledger, Cause("ping_failed", text)) from None
        return "pinged"

    def _failed(self, ledger: Ledger, cause: Cause) -> AirflowFailException:
        ledger.persist(lambda tx: runs.report(tx, INSTALLATION, FLOW, note="no ping", codes={}, cause=cause))
        ledger.close()
        return AirflowFailException(cause.text)

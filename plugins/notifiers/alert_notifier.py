"""Tells a failed run to those whom the settings name. One line in each DAG: `on_failure_callback=AlertNotifier(…)`.

On the DAG, not on its tasks: a task that was killed calls nothing, and one that is tried again would tell each time.
Airflow runs it in the DAG processor, 1-6 s after the run has failed. What cannot be sent now is sent by pakhus__alive.
Every task parses its DAG's file: what an alert needs, seconds of imports, is imported when there is one.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import Any

from airflow.sdk import BaseNotifier
from airflow.sdk.definitions.context import Context


class AlertNotifier(BaseNotifier):
    """Opens the alert of a failed run, unless its report has, and sends it. `scope`: shop, agreement or `pakhus`."""

    template_fields: Sequence[str] = ()

    def __init__(self, *, scope: str, flow: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.scope = scope
        self.flow = flow

    def notify(self, context: Context) -> None:
        """Tell the run of this context, once however often this is called."""
        why = str(context.get("reason") or "")
        told = import_module("notifiers.delivery").tell_failed_run
        for problem in told(self.scope, self.flow, context["dag"].dag_id, context["run_id"], why):
            self.log.error("an alert could not be sent, pakhus__alive tries again: %s", problem)

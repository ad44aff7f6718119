"""DAGs whose runs end red in each way that there is, alerted as the project's own are. Copied to a running Airflow.

A run with the conf {"well": true} is green.
"""

import os
import signal
import time
from datetime import timedelta
from typing import Any

from airflow.sdk import DAG, task

from notifiers.alert_notifier import AlertNotifier


def trial(flow: str, **more: Any) -> DAG:
    alert = AlertNotifier(scope="nordlys", flow=flow)
    return DAG(f"nordlys__{flow}", schedule=None, tags=["pakhus"], on_failure_callback=alert, **more)


def is_well(dag_run: Any) -> bool:
    return bool((dag_run.conf or {}).get("well"))


with trial("trial_failing"):

    @task(retries=0)
    def fails(dag_run: Any = None) -> None:
        if not is_well(dag_run):
            raise ValueError("lise@example.dk has no order")

    fails()

with trial("trial_killed"):

    @task(retries=0)
    def is_killed() -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    is_killed()

with trial("trial_slow", dagrun_timeout=timedelta(seconds=2)):

    @task(retries=0)
    def sleeps() -> None:
        time.sleep(30)

    sleeps()

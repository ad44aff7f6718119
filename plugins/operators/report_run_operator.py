"""The one leaf task of a run: adds up what its tasks did, and decides whether the run is red (design, decision 9)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from airflow.sdk import BaseOperator
from airflow.sdk.definitions.context import Context
from airflow.sdk.exceptions import AirflowFailException

from operators.shop_operator import FAILURE
from pakhus.flows.report import RunReport


class ReportRunOperator(BaseOperator):
    """Adds up the reports of the tasks `reading` (XCom `report`) and `working` (return values of a mapped task).

    Fails when one of them failed, or when the counts say that somebody must act now; its message is the alert's text.
    """

    template_fields = ()

    def __init__(self, *, flow: str, scope: str, reading: str, working: str, **kwargs: Any) -> None:
        kwargs.setdefault("trigger_rule", "all_done")
        super().__init__(**kwargs)
        self.flow = flow
        self.scope = scope
        self.reading = reading
        self.working = working

    def execute(self, context: Context) -> dict[str, Any]:
        total = RunReport(self.flow, self.scope)
        for report in self._reports(context["ti"]):
            total.merge(RunReport.from_dict(report))
        note = total.note()
        self.log.info("%s %s: %s", self.scope, self.flow, note)
        for outlet in self.outlets:
            context["outlet_events"][outlet].extra = {"note": note, "codes": dict(total.codes)}
        alarms = list(dict.fromkeys([*self._failures(context["ti"]), *total.alarms()]))
        if alarms:
            raise AirflowFailException(f"{self.scope} {self.flow}: {' | '.join(alarms)} ({note})")
        return total.as_dict()

    def _reports(self, task: Any) -> Sequence[dict[str, Any]]:
        return [*_pulled(task, self.reading, "report"), *_pulled(task, self.working, "return_value")]

    def _failures(self, task: Any) -> list[str]:
        """Say why tasks of this run failed, in their own words; one that was killed left none."""
        watched = [self.reading, self.working]
        states = task.get_task_states(dag_id=task.dag_id, task_ids=watched, run_ids=[task.run_id])
        found = {name: state for tasks in states.values() for name, state in tasks.items()}
        failed = sorted(name for name, state in found.items() if state == "failed")
        if not failed:
            return [f"task {name} was not run" for name, state in sorted(found.items()) if state == "upstream_failed"]
        texts = [text for name in watched for text in _pulled(task, name, FAILURE)]
        if len(texts) < len(failed):
            texts.append(f"task {', '.join(failed)} failed: see its log; the next run goes on")
        return texts


def _pulled(task: Any, name: str, key: str) -> list[Any]:
    """Return what a task, mapped or not, pushed under a key; empty when it pushed nothing."""
    # A list of ids gives a list of values; a lone id gives the value itself when the task was mapped once.
    return [value for value in task.xcom_pull(task_ids=[name], key=key) or [] if value]

"""The one leaf task of a run: adds up what its tasks did, and decides whether the run is red (design, decision 9)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from airflow.sdk import BaseOperator
from airflow.sdk.definitions.context import Context
from airflow.sdk.exceptions import AirflowFailException

from pakhus.flows.report import RunReport


class ReportRunOperator(BaseOperator):
    """Reads the reports of `reporting` (XCom `report` of the first, return values of the mapped task).

    Fails when a task failed, or when the counts say that somebody must act now; its message is the alert's text.
    """

    template_fields = ()

    def __init__(self, *, flow: str, scope: str, reading: str | None, working: str, **kwargs: Any) -> None:
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
        alarms = [*self._failed_tasks(context["ti"]), *total.alarms()]
        if alarms:
            raise AirflowFailException(f"{self.scope} {self.flow}: {' | '.join(alarms)} ({note})")
        return total.as_dict()

    def _reports(self, task: Any) -> Sequence[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        if self.reading is not None:
            read = task.xcom_pull(task_ids=self.reading, key="report")
            found += [read] if read else []
        # A list of ids gives a list of values; a lone id gives the value itself when the task was mapped once.
        worked = task.xcom_pull(task_ids=[self.working])
        found += [report for report in worked if report]
        return found

    def _failed_tasks(self, task: Any) -> list[str]:
        """Say which tasks of this run failed; a killed one leaves no report."""
        watched = [name for name in (self.reading, self.working) if name is not None]
        states = task.get_task_states(dag_id=task.dag_id, task_ids=watched, run_ids=[task.run_id])
        failed = [
            name for tasks in states.values() for name, state in tasks.items() if state in ("failed", "upstream_failed")
        ]
        return [f"task {name} failed" for name in sorted(failed)]

"""Look at one step of a shop's first start: the task is green where it holds, skipped where something is missing."""

from __future__ import annotations

from typing import Any

from airflow.sdk.definitions.context import Context
from airflow.sdk.exceptions import AirflowSkipException

from hooks.connection_facts import ConnectionMissingError, read_facts
from operators.shop_operator import ShopOperator
from pakhus.connections import ConnectionFacts
from pakhus.flows.report import RunReport
from pakhus.probes.first_start import FirstStart, Step
from pakhus.probes.installation import needed_connections

FLOW = "start"


class LookAtStepOperator(ShopOperator):
    """Pushes what it found as `report`, for the run's note; what must be done, and by whom, stands in its log, too."""

    def __init__(self, *, step: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.step = step

    def work(self, context: Context) -> None:
        settings, ledger = self.settings(), self.ledger(context)
        connections = _connections(needed_connections([settings]))
        step = FirstStart(settings, connections, ledger).look(self.step)
        for findings in step.found:
            self.log.info("%s: %s", findings.title, "; ".join(findings.facts))
            for finding in findings.found:
                self.log.warning("%s", finding)
        report = RunReport(FLOW, self.shop, headline=_headline(step))
        context["ti"].xcom_push(key="report", value=report.as_dict())
        if not step.passes:
            raise AirflowSkipException(report.headline)


def _headline(step: Step) -> str:
    problems = [finding.problem for findings in step.found for finding in findings.found]
    if step.passes:
        return f"{step.name}: {step.standing.value}"
    more = f" and {len(problems) - 1} more" if len(problems) > 1 else ""
    first = problems[0].splitlines()[0][:200] if problems else ""
    return f"**{step.name}: {step.standing.value}**, {first}{more}. Next: {', '.join(step.commands)}"


def _connections(names: list[str]) -> dict[str, ConnectionFacts]:
    """The connections that there are; the first step says which are missing."""
    found = {}
    for name in names:
        try:
            found[name] = read_facts(name)
        except ConnectionMissingError:
            continue
    return found

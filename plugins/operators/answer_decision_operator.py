"""Let a person's answer take effect in the ledger."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from airflow.sdk import BaseOperator
from airflow.sdk.definitions.context import Context
from airflow.sdk.exceptions import AirflowSkipException

from operators.ask_person_operator import QUESTION, RESPONSE, pulled
from operators.shop_operator import failures_told, ledger_of
from pakhus.flows.decisions import answer
from pakhus.flows.report import RunReport
from pakhus.reasons import Answer


class AnswerDecisionOperator(BaseOperator):
    """Returns the run of the live flow that is to take the document at once, if one is. Pushes a report.

    A stop of the flow does not keep an answer from being noted: it only says what becomes due.
    """

    template_fields = ()

    def __init__(self, *, shop: str, asking: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.shop = shop
        self.asking = asking

    def execute(self, context: Context) -> list[dict[str, str]]:
        task = context["ti"]
        question, response = pulled(task, self.asking, QUESTION), pulled(task, self.asking, RESPONSE)
        if question is None or response is None:  # somebody marked the task that asks as done
            raise AirflowSkipException("nobody has answered: the document stays held")
        given, by = Answer(response["answer"]), response["by"]
        with failures_told(context, self.shop):
            ledger = ledger_of(context)
            since = datetime.fromisoformat(question["since"])
            decided = answer(ledger, self.shop, question["document"], since, given, by)
            ledger.close()
        said = f"{question['document']}: {given.value}" if decided.changed else "moved on before the answer"
        self.log.info("%s; now: %s", said, decided.verdict.text())
        task.xcom_push(key="report", value=RunReport("decisions", self.shop, seen=1, headline=said).as_dict())
        if given not in (Answer.AGAIN, Answer.APPROVE) or not decided.changed:
            return []
        run_id = f"again__{question['document']}__{question['since']}"
        return [{"trigger_dag_id": f"{self.shop}__{decided.flow}", "trigger_run_id": run_id}]

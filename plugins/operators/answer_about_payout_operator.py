"""Let a person's answer about a payout take effect in the ledger."""

from __future__ import annotations

from typing import Any

from airflow.sdk import BaseOperator
from airflow.sdk.definitions.context import Context
from airflow.sdk.exceptions import AirflowSkipException

from operators.ask_person_operator import QUESTION, RESPONSE, pulled
from operators.shop_operator import failures_told, ledger_of
from pakhus.flows.decisions import NotDecidableError
from pakhus.flows.payout_questions import PayoutMatter, answer_about_payout, is_decided, said_by
from pakhus.flows.report import RunReport
from pakhus.ledger.connection import Ledger
from pakhus.reasons import Answer
from pakhus.settings.accounts import load_account


class AnswerAboutPayoutOperator(BaseOperator):
    """Returns the run of `<account>__payouts` that is to enter the payout at once, when nothing of it is asked any
    more. Pushes a report."""

    template_fields = ()

    def __init__(self, *, account: str, asking: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.account = account
        self.asking = asking

    def execute(self, context: Context) -> list[dict[str, str]]:
        task = context["ti"]
        question, response = pulled(task, self.asking, QUESTION), pulled(task, self.asking, RESPONSE)
        if question is None or response is None:  # somebody marked the task that asks as done
            raise AirflowSkipException("nobody has answered: the payout stays held")
        key, line = str(question["document"]), question["line"]
        decided = False
        with failures_told(context, self.account):
            ledger = ledger_of(context)
            try:
                said = self._take_effect(ledger, PayoutMatter(key, line, ""), response)
                with ledger.begin() as tx:
                    decided = is_decided(tx, self.account, key)
            except NotDecidableError as error:
                said = f"moved on before the answer: {error}"
            ledger.close()
        self.log.info("%s: %s", key, said)
        told = f"{key}{'' if line is None else f' line {line}'}: {response['answer']}"
        report = RunReport("payout_decisions", self.account, seen=1, headline=told)
        task.xcom_push(key="report", value=report.as_dict())
        run_id = f"decided__{context['run_id']}"
        return [{"trigger_dag_id": f"{self.account}__payouts", "trigger_run_id": run_id}] if decided else []

    def _take_effect(self, ledger: Ledger, matter: PayoutMatter, response: dict[str, Any]) -> str:
        answer, by = str(response["answer"]), str(response["by"])
        said = (
            Answer(answer)
            if matter.line is None
            else said_by(answer, response.get("account"), response.get("note") or "")
        )
        return answer_about_payout(ledger, load_account(self.account), matter, said, by)

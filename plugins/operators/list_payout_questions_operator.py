"""Hand out what people are to be asked about an account's payouts: from the ledger alone, no request."""

from __future__ import annotations

from typing import Any

from airflow.sdk.definitions.context import Context

from operators.shop_operator import ShopOperator
from pakhus.flows.payout_questions import open_payout_questions
from pakhus.flows.report import RunReport

PAYOUT_DECISIONS = "payout_decisions"


class ListPayoutQuestionsOperator(ShopOperator):
    """Returns one run of `<account>__payout_decisions` per question, named so that none is asked twice.

    To the operators of a shop an account is a scope like a shop's.
    """

    def __init__(self, *, account: str, **kwargs: Any) -> None:
        super().__init__(shop=account, **kwargs)

    def work(self, context: Context) -> list[dict[str, Any]]:
        found = open_payout_questions(self.ledger(context), self.shop)
        report = RunReport(PAYOUT_DECISIONS, self.shop, headline=f"{len(found)} to ask")
        context["ti"].xcom_push(key="report", value=report.as_dict())
        return [{"trigger_run_id": one.name, "conf": {"document": one.key, "line": one.line}} for one in found]

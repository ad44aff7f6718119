"""Hand out the held documents of a shop that a person is to be asked about: from the ledger alone, no request."""

from __future__ import annotations

from datetime import UTC
from typing import Any

from airflow.sdk.definitions.context import Context

from operators.shop_operator import ShopOperator
from pakhus.flows.decisions import open_questions
from pakhus.flows.report import RunReport
from pakhus.ledger import stops

DECISIONS = "decisions"


class ListQuestionsOperator(ShopOperator):
    """Returns one run of `<shop>__decisions` per question: its id names document and hold, so none is asked twice."""

    def work(self, context: Context) -> list[dict[str, Any]]:
        ledger = self.ledger(context)
        with ledger.begin() as tx:
            stop = stops.find(tx, self.shop, DECISIONS)
        found = [] if stop else open_questions(ledger, self.shop)
        report = RunReport(DECISIONS, self.shop, headline=stop.text() if stop else f"{len(found)} to ask")
        context["ti"].xcom_push(key="report", value=report.as_dict())
        runs = []
        for document in found:
            since = document.since.astimezone(UTC).isoformat()
            conf = {"document": document.key, "since": since}
            runs.append({"trigger_run_id": f"{document.key}__{since}", "conf": conf})
        return runs

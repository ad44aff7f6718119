"""Ask a person what is to become of a held document, in Airflow's own way (Browse, Required Actions)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.providers.standard.operators.hitl import HITLOperator
from airflow.sdk.definitions.context import Context
from airflow.sdk.exceptions import AirflowSkipException

from operators.shop_operator import failures_told, ledger_of
from pakhus.errors import ConfigurationError
from pakhus.flows.decisions import MOST_OPEN, ask
from pakhus.reasons import Answer

__all__ = ["MOST_OPEN", "QUESTION", "RESPONSE", "AskPersonOperator"]

QUESTION = "question"
"""The XCom that says which document, held since when, was asked about."""

RESPONSE = "response"
"""The XCom that says what was answered, and by whom."""

# So often it is looked whether the document has moved on by itself: then the question goes, and the run ends.
LOOK_AGAIN = timedelta(hours=1)
_SOMEBODY = "somebody"


class AskPersonOperator(HITLOperator):
    """Waits for the answer without a slot. Params `document` (key) and `since` (of its hold; none: the present one).

    The answers on offer are those that this document allows. A question that became moot is skipped.
    """

    template_fields = ()

    def __init__(self, *, shop: str, **kwargs: Any) -> None:
        every = [answer.value for answer in Answer]
        super().__init__(subject=shop, options=every, response_timeout=LOOK_AGAIN, **kwargs)
        self.shop = shop

    def execute(self, context: Context) -> Any:
        params = context["params"]
        with failures_told(context, self.shop):
            key, since = str(params["document"]).strip(), _moment(params.get("since"))
            ledger = ledger_of(context)
            question = ask(ledger, self.shop, key, since, context["run_id"])
            ledger.close()
        if question is None:
            raise AirflowSkipException(f"{key} is not held, or no longer for that reason: nothing to ask")
        told = {"document": question.key, "since": question.since.astimezone(UTC).isoformat()}
        context["ti"].xcom_push(key=QUESTION, value=told)
        self.subject, self.body = question.subject, question.body
        self.options = [answer.value for answer in question.answers]
        return super().execute(context)

    def execute_complete(self, context: Context, event: dict[str, Any]) -> None:
        """Take the answer, or look again when there was none within the hour."""
        if event.get("error_type") == "timeout":
            self.execute(context)
            return
        response = super().execute_complete(context, event)
        user = response["responded_by_user"] or {}
        by = user.get("name") or user.get("id") or _SOMEBODY
        context["ti"].xcom_push(key=RESPONSE, value={"answer": response["chosen_options"][0], "by": str(by)})


def _moment(text: Any) -> datetime | None:
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise ConfigurationError(f"{text!r} is no time with a zone; leave it out to ask about the present hold")
    return moment

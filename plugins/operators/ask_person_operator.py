"""Ask a person what is to become of a held document, in Airflow's own way (Browse, Required Actions)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol

from airflow.providers.standard.operators.hitl import HITLOperator
from airflow.sdk.definitions.context import Context
from airflow.sdk.exceptions import AirflowSkipException

from operators.shop_operator import failures_told, ledger_of
from pakhus.errors import ConfigurationError
from pakhus.flows.decisions import MOST_OPEN, ask
from pakhus.ledger.connection import Ledger
from pakhus.reasons import Answer

__all__ = ["MOST_OPEN", "QUESTION", "RESPONSE", "AskPersonOperator", "pulled"]

QUESTION = "question"
"""The XCom that says which document, held since when, was asked about."""

RESPONSE = "response"
"""The XCom that says what was answered, and by whom."""

# So often it is looked whether the document has moved on by itself: then the question goes, and the run ends.
LOOK_AGAIN = timedelta(hours=1)
_SOMEBODY = "somebody"


class Asked(Protocol):
    """A question: what it is about (`told` goes to XCom), its texts, and the answers on offer."""

    @property
    def told(self) -> Mapping[str, Any]: ...

    @property
    def subject(self) -> str: ...

    @property
    def body(self) -> str: ...

    @property
    def options(self) -> Sequence[str]: ...


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
        with failures_told(context, self.shop):
            ledger = ledger_of(context)
            question = self.question_of(ledger, context)
            ledger.close()
        if question is None:
            key = str(context["params"]["document"]).strip()
            raise AirflowSkipException(f"{key} is not held, or no longer for that reason: nothing to ask")
        context["ti"].xcom_push(key=QUESTION, value=question.told)
        self.subject, self.body, self.options = question.subject, question.body, list(question.options)
        return super().execute(context)

    def question_of(self, ledger: Ledger, context: Context) -> Asked | None:
        """Return what is to be asked; None: nothing any more. ConfigurationError when the params make no sense."""
        params = context["params"]
        key, since = str(params["document"]).strip(), _moment(params.get("since"))
        return ask(ledger, self.shop, key, since, context["run_id"])

    def answered(self, response: Any) -> dict[str, Any]:
        """What of a response is handed on, besides who gave it."""
        return {"answer": response["chosen_options"][0]}

    def problem_of(self, context: Context, answered: dict[str, Any]) -> str:
        """What is missing in an answer, so that it is asked for again; empty: nothing."""
        del context, answered
        return ""

    def execute_complete(self, context: Context, event: dict[str, Any]) -> None:
        """Take the answer, or look again when there was none within the hour."""
        if event.get("error_type") == "timeout":
            self.execute(context)
            return
        response = super().execute_complete(context, event)
        answered = self.answered(response)
        problem = self.problem_of(context, answered)
        if problem:
            self.log.warning("not taken, and asked again: %s", problem)
            self.execute(context)
            return
        user = response["responded_by_user"] or {}
        by = user.get("name") or user.get("id") or _SOMEBODY
        context["ti"].xcom_push(key=RESPONSE, value={**answered, "by": str(by)})


def pulled(task: Any, asking: str, key: str) -> dict[str, Any] | None:
    """What the task that asks has pushed last; None: nothing, since somebody marked it as done."""
    found = [value for value in task.xcom_pull(task_ids=[asking], key=key) or [] if value]
    return found[0] if found else None


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

"""Ask a person what a line of a payout is, or which of two files counts (Browse, Required Actions)."""

from __future__ import annotations

from typing import Any

from airflow.sdk import Param
from airflow.sdk.definitions.context import Context

from operators.ask_person_operator import AskPersonOperator
from pakhus.flows.decisions import NotDecidableError
from pakhus.flows.payout_questions import PayoutQuestion, ask_about_payout, said_by
from pakhus.ledger.connection import Ledger


def _form() -> dict[str, Param]:
    """What a person fills in beside the answer."""
    return {
        "account": Param(
            None,
            type=["null", "integer"],
            title="Account",
            description="With post; with link: where the rest goes",
            source="task",
        ),
        "note": Param(
            "",
            type="string",
            title="Note",
            description="With ignore: why. It stands in the log; no names",
            source="task",
        ),
    }


class AskAboutPayoutOperator(AskPersonOperator):
    """Params `document` (key of a payout or file) and `line` (none: about the whole). An answer that lacks its account
    or its note is asked for again."""

    def __init__(self, *, account: str, **kwargs: Any) -> None:
        kwargs["params"] = _form()  # in the place of the DAG's own, which Airflow hands to each task
        super().__init__(shop=account, **kwargs)

    def question_of(self, ledger: Ledger, context: Context) -> PayoutQuestion | None:
        params = context["params"]
        line = params.get("line")
        return ask_about_payout(ledger, self.shop, str(params["document"]).strip(), None if line is None else int(line))

    def answered(self, response: Any) -> dict[str, Any]:
        form = response["params_input"] or {}
        return {**super().answered(response), "account": form.get("account"), "note": form.get("note") or ""}

    def problem_of(self, context: Context, answered: dict[str, Any]) -> str:
        if context["params"].get("line") is None:
            return ""
        try:
            said_by(answered["answer"], answered["account"], answered["note"])
        except NotDecidableError as problem:
            return str(problem)
        return ""

    def validate_chosen_options(self, chosen_options: list[str]) -> None:
        """The options are the line's own documents: Airflow has held the answer against them, and the ledger does."""

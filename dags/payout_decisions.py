"""Payout decisions: a person says what a line of a payout is, or whether a file counts. One DAG per account at a
provider, `<account>__payout_decisions`; one run is one question. Started by `<account>__payout_questions`, or by hand.

Answer under Browse, Required Actions: *link* with the document that the line pays, *post* with an account, *ignore*
with a note, *wait*; of a payout or file as a whole what its reason allows. An answer that lacks its account or note is
asked for again. A run waits as long as it takes, without a slot;
when the line is matched by itself, or was answered on the Payouts page, its question goes within an hour. When nothing
of the payout is asked any more, `<account>__payouts` is started. Who answered what stands in the ledger
(`settlement_answers`, `decisions`).
When a run is red, look at its task: a run was working on the payout for minutes, or the ledger could not be used. Clear
the failed task; the answer is not lost.
Clearing, re-running or marking success is safe at any time: an answer may be given again until the payout is entered.
"""

from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator
from airflow.sdk import DAG, Asset, Param

from notifiers.alert_notifier import AlertNotifier
from operators.answer_about_payout_operator import AnswerAboutPayoutOperator
from operators.ask_about_payout_operator import AskAboutPayoutOperator
from operators.ask_person_operator import MOST_OPEN
from operators.flow_accounts import accounts_for
from operators.report_run_operator import ReportRunOperator
from operators.shop_operator import TASK_DEFAULTS

FLOW = "payout_decisions"

for account in accounts_for(FLOW):
    if not account.decisions.enabled:
        continue
    with DAG(
        f"{account.account}__{FLOW}",
        doc_md=__doc__,
        default_args=TASK_DEFAULTS,
        schedule=None,
        start_date=account.first_moment,
        catchup=False,
        max_active_runs=MOST_OPEN,
        allowed_run_types=["operator_triggered", "manual"],
        tags=["pakhus", FLOW, account.account],
        on_failure_callback=AlertNotifier(scope=account.account, flow=FLOW),
        params={
            "document": Param(
                type="string", minLength=1, title="Payout", description="Key of a held payout: card-po_1-payout"
            ),
            "line": Param(None, type=["null", "integer"], title="Line", description="Empty: the payout as a whole"),
        },
    ):
        ask = AskAboutPayoutOperator(task_id="ask", account=account.account, pool=account.economic_target)
        answer = AnswerAboutPayoutOperator(
            task_id="answer", account=account.account, asking="ask", pool=account.economic_target
        )
        run_flow = TriggerDagRunOperator.partial(
            task_id="run_flow", logical_date=None, skip_when_already_exists=True, pool=account.economic_target
        ).expand_kwargs(answer.output)
        report = ReportRunOperator(
            task_id="report",
            flow=FLOW,
            scope=account.account,
            reading="answer",
            working=["ask", "run_flow"],
            outlets=[Asset(f"pakhus_{FLOW}_{account.account}")],
        )
        ask >> answer >> run_flow >> report
        [ask, answer] >> report

"""Payout questions: looks which lines of payouts a person must decide about, and asks. One DAG per account at a
provider, `<account>__payout_questions`.

Each question is a run of `<account>__payout_decisions`, whose id names the payout and its line: the same question is
never asked twice, and a run that is there already is skipped. The Payouts page and `python -m pakhus decide` show the
same; whoever answers first has answered.
When a run is red, look at its task: the ledger could not be used, or `<account>__payout_decisions` is not there.
Clearing, re-running or marking success is safe at any time: nobody is asked twice.
"""

from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator
from airflow.sdk import DAG, Asset, CronTriggerTimetable

from notifiers.alert_notifier import AlertNotifier
from operators.flow_accounts import accounts_for
from operators.list_payout_questions_operator import PAYOUT_DECISIONS, ListPayoutQuestionsOperator
from operators.report_run_operator import ReportRunOperator
from operators.shop_operator import TASK_DEFAULTS

FLOW = "payout_questions"

for account in accounts_for(FLOW):
    if not account.decisions.enabled:
        continue
    with DAG(
        f"{account.account}__{FLOW}",
        doc_md=__doc__,
        default_args=TASK_DEFAULTS,
        schedule=CronTriggerTimetable(account.decisions.schedule, timezone=account.timezone),
        start_date=account.first_moment,
        catchup=False,
        max_active_runs=1,
        allowed_run_types=["scheduled", "manual"],
        tags=["pakhus", FLOW, account.account],
        on_failure_callback=AlertNotifier(scope=account.account, flow=FLOW),
    ):
        questions = ListPayoutQuestionsOperator(
            task_id="list_questions", account=account.account, pool=account.economic_target
        )
        ask = TriggerDagRunOperator.partial(
            task_id="ask",
            trigger_dag_id=f"{account.account}__{PAYOUT_DECISIONS}",
            logical_date=None,
            skip_when_already_exists=True,
            pool=account.economic_target,
            map_index_template="{{ task.trigger_run_id }}",
        ).expand_kwargs(questions.output)
        report = ReportRunOperator(
            task_id="report",
            flow=FLOW,
            scope=account.account,
            reading="list_questions",
            working=["ask"],
            outlets=[Asset(f"pakhus_{FLOW}_{account.account}")],
        )
        questions >> ask >> report
        questions >> report

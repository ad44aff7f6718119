"""Questions: looks which held documents a person must decide about, and asks. One DAG per shop, `<shop>__questions`.

Each question is a run of `<shop>__decisions`, whose id names the document and since when it is held: the same question
is never asked twice, and a run that is there already is skipped. At most fifty are open per shop; the others follow.
When a run is red, look at its task: the ledger could not be used, or `<shop>__decisions` is not there.
Clearing, re-running or marking success is safe at any time: nobody is asked twice.
"""

from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator
from airflow.sdk import DAG, Asset, CronTriggerTimetable

from notifiers.alert_notifier import AlertNotifier
from operators.flow_shops import shops_for
from operators.list_questions_operator import DECISIONS, ListQuestionsOperator
from operators.report_run_operator import ReportRunOperator
from operators.shop_operator import TASK_DEFAULTS

FLOW = "questions"

for shop in shops_for(FLOW):
    if not shop.decisions.enabled:
        continue
    with DAG(
        f"{shop.shop}__{FLOW}",
        doc_md=__doc__,
        default_args=TASK_DEFAULTS,
        schedule=CronTriggerTimetable(shop.decisions.schedule, timezone=shop.timezone),
        start_date=shop.start_from,
        catchup=False,
        max_active_runs=1,
        allowed_run_types=["scheduled", "manual"],
        tags=["pakhus", FLOW, shop.shop],
        on_failure_callback=AlertNotifier(scope=shop.shop, flow=FLOW),
    ):
        questions = ListQuestionsOperator(task_id="list_questions", shop=shop.shop, pool=shop.connection)
        ask = TriggerDagRunOperator.partial(
            task_id="ask",
            trigger_dag_id=f"{shop.shop}__{DECISIONS}",
            logical_date=None,
            skip_when_already_exists=True,
            pool=shop.connection,
            map_index_template="{{ task.conf['document'] }}",
        ).expand_kwargs(questions.output)
        report = ReportRunOperator(
            task_id="report",
            flow=FLOW,
            scope=shop.shop,
            reading="list_questions",
            working=["ask"],
            outlets=[Asset(f"pakhus_{FLOW}_{shop.shop}")],
        )
        questions >> ask >> report
        questions >> report

"""Decisions: a person says what is to become of a held document. One DAG per shop, `<shop>__decisions`; one run is one
question. Started by `<shop>__questions`, or by hand with the key of a held document.

Answer under Browse, Required Actions: *again* judges the document anew and sends it if it is right now, *accept* leaves
what stands in the other system as it is, *ignore* leaves the document out for good. The question says which of these it
allows, and what each does. A run waits as long as it takes, without a slot; when the document moves on by itself, its
question goes within an hour and the run ends. Who answered what stands in the ledger (table `decisions`).
When a run is red, look at its task: a run was working on the document for minutes, or the ledger could not be used.
Clear the failed task; the answer is not lost.
Clearing, re-running or marking success is safe at any time: an answer takes effect once. Marking `ask` as success
without an answer leaves the document held, and nobody is asked again.
"""

from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator
from airflow.sdk import DAG, Asset, Param

from notifiers.alert_notifier import AlertNotifier
from operators.answer_decision_operator import AnswerDecisionOperator
from operators.ask_person_operator import MOST_OPEN, AskPersonOperator
from operators.flow_shops import SINCE, shops_for
from operators.report_run_operator import ReportRunOperator
from operators.shop_operator import TASK_DEFAULTS

FLOW = "decisions"

for shop in shops_for(FLOW):
    if not shop.decisions.enabled:
        continue
    with DAG(
        f"{shop.shop}__{FLOW}",
        doc_md=__doc__,
        default_args=TASK_DEFAULTS,
        schedule=None,
        start_date=SINCE,
        catchup=False,
        max_active_runs=MOST_OPEN,
        allowed_run_types=["operator_triggered", "manual"],
        tags=["pakhus", FLOW, shop.shop],
        on_failure_callback=AlertNotifier(scope=shop.shop, flow=FLOW),
        params={
            "document": Param(
                type="string", minLength=1, title="Document", description="Key of a held document: nordlys-1042-invoice"
            ),
            "since": Param(
                None, type=["null", "string"], title="Held since", description="Empty: whatever it is held for now"
            ),
        },
    ):
        ask = AskPersonOperator(task_id="ask", shop=shop.shop, pool=shop.connection)
        answer = AnswerDecisionOperator(task_id="answer", shop=shop.shop, asking="ask", pool=shop.connection)
        run_flow = TriggerDagRunOperator.partial(
            task_id="run_flow", logical_date=None, skip_when_already_exists=True, pool=shop.connection
        ).expand_kwargs(answer.output)
        report = ReportRunOperator(
            task_id="report",
            flow=FLOW,
            scope=shop.shop,
            reading="answer",
            working=["ask", "run_flow"],
            outlets=[Asset(f"pakhus_{FLOW}_{shop.shop}")],
        )
        ask >> answer >> run_flow >> report
        [ask, answer] >> report

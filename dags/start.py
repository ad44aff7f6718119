"""First start: what is missing before a shop runs by itself, a task per step. One DAG per shop, `<shop>__start`.

Trigger it, mend what the note names, trigger it again. A green step holds, a skipped one misses something (its log says
what, who acts, and the command that comes next), and what follows is skipped with it. It reads only, keeps nothing, and
is the same as `python -m pakhus start <shop>`, which also proposes the settings of a new shop, and sees whether Airflow
has its pools, as no task can: docs/first-start.md.

When a run is red, look at the message of its task `report`: it names the cause and who must act.
- configuration: the Airflow connection `pakhus_ledger`, or the shop's file, is missing or wrong.
- access_denied, remote_unavailable: a system stopped answering in the middle; run it again.
Clearing, re-running or marking success is safe at any time: it writes to no system.
"""

from airflow.sdk import DAG, Asset, chain

from notifiers.alert_notifier import AlertNotifier
from operators.flow_shops import SINCE, shops_for
from operators.look_at_step_operator import LookAtStepOperator
from operators.report_run_operator import ReportRunOperator
from operators.shop_operator import TASK_DEFAULTS
from pakhus.probes.first_start import NAMES

FLOW = "start"

for shop in shops_for(FLOW):
    with DAG(
        f"{shop.shop}__{FLOW}",
        doc_md=__doc__,
        default_args=TASK_DEFAULTS,
        schedule=None,
        start_date=SINCE,
        catchup=False,
        max_active_runs=1,
        allowed_run_types=["manual"],
        tags=["pakhus", FLOW, shop.shop],
        on_failure_callback=AlertNotifier(scope=shop.shop, flow=FLOW),
    ):
        # In Airflow's own pool: this is the DAG that is run before `apply` has made any other.
        steps = [LookAtStepOperator(task_id=name.replace(" ", "_"), step=name, shop=shop.shop) for name in NAMES]
        report = ReportRunOperator(
            task_id="report",
            flow=FLOW,
            scope=shop.shop,
            reading=[step.task_id for step in steps],
            working=[],
            outlets=[Asset(f"pakhus_{FLOW}_{shop.shop}")],
        )
        chain(*steps)
        steps >> report

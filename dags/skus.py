"""Product numbers: a shop's SKUs against Rackbeat, e-conomic and other shops. One DAG per shop, `<shop>__skus`.

Trigger it before the first start, and whenever products were added by the dozen. The note counts what is wrong; the
tab XCom of its task `report_skus` has the products as `table`, and so has its log. `python -m pakhus report skus
--shop <shop>` gives them as a list or, with `--csv`, for a spreadsheet.
What each finding means: docs/runbooks/products.md. It writes to no system, and what it finds leaves the run green.

When a run is red, look at the message of its task `report`: it names the cause and who must act.
- access_denied, configuration: mend the Airflow connection it names, run it again.
- remote_unavailable: the shop, Rackbeat or e-conomic was down; run it again.
Clearing, re-running or marking success is safe at any time: the last report replaces the one before.
"""

from airflow.sdk import DAG, Asset

from notifiers.alert_notifier import AlertNotifier
from operators.flow_shops import SINCE, shops_for
from operators.report_run_operator import ReportRunOperator
from operators.report_skus_operator import ReportSkusOperator
from operators.shop_operator import TASK_DEFAULTS

FLOW = "skus"

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
        report_skus = ReportSkusOperator(task_id="report_skus", shop=shop.shop, pool=shop.connection)
        report = ReportRunOperator(
            task_id="report",
            flow=FLOW,
            scope=shop.shop,
            reading="report_skus",
            working=[],
            outlets=[Asset(f"pakhus_{FLOW}_{shop.shop}")],
        )
        report_skus >> report

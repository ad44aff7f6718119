"""Webhooks: registered in the shop, and repaired when it has switched them off. One DAG per shop, `<shop>__webhooks`.

So is Rackbeat's webhook for changed stock, where the shop is given stock; shops of one agreement share it.

When a run is red, look at the message of its task `report`: it names the cause and who must act.
- "has switched off its webhooks again": the shop does not reach this Airflow; see docs/runbooks/webhooks.md.
- access_denied, configuration: mend the Airflow connection or settings it names.
Nothing is lost meanwhile: orders are read by the schedule of `<shop>__orders`, only later.
Clearing, re-running or marking success is safe at any time: what is registered is not registered twice.
"""

from airflow.sdk import DAG, Asset, CronTriggerTimetable

from notifiers.alert_notifier import AlertNotifier
from operators.ensure_warehouse_hints_operator import EnsureWarehouseHintsOperator
from operators.ensure_webhooks_operator import EnsureWebhooksOperator
from operators.flow_shops import shops_for
from operators.report_run_operator import ReportRunOperator
from operators.shop_operator import TASK_DEFAULTS

FLOW = "webhooks"
HOURLY = "17 * * * *"

for shop in shops_for(FLOW):
    if not shop.webhooks.enabled:
        continue
    with DAG(
        f"{shop.shop}__{FLOW}",
        doc_md=__doc__,
        default_args=TASK_DEFAULTS,
        schedule=CronTriggerTimetable(HOURLY, timezone=shop.timezone),
        start_date=shop.start_from,
        catchup=False,
        max_active_runs=1,
        allowed_run_types=["scheduled", "manual"],
        tags=["pakhus", FLOW, shop.shop],
        on_failure_callback=AlertNotifier(scope=shop.shop, flow=FLOW),
    ):
        ensure = EnsureWebhooksOperator(task_id="ensure", shop=shop.shop, pool=shop.connection)
        looks = [ensure]
        if shop.stock.enabled and shop.rackbeat_target:
            looks.append(
                EnsureWarehouseHintsOperator(task_id="ensure_warehouse", shop=shop.shop, pool=shop.rackbeat_target)
            )
        report = ReportRunOperator(
            task_id="report",
            flow=FLOW,
            scope=shop.shop,
            reading="ensure",
            working=[look.task_id for look in looks],
            outlets=[Asset(f"pakhus_{FLOW}_{shop.shop}")],
        )
        looks >> report

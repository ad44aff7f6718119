"""Orders: webshop -> Rackbeat, reserved. One DAG per shop, `<shop>__orders`.

When a run is red, look at the message of its task `report`: it names the cause and who must act.
- access_denied, configuration: mend the Airflow connection or settings it names; nothing is lost, the next run goes on.
- remote_unavailable: the shop or Rackbeat is down; the orders wait and are tried again by themselves.
- held orders leave the run green: they are listed with their reasons in the ledger (docs/runbooks/orders.md).
To send single orders again, trigger the DAG with their numbers under *Orders* ({"orders": ["1042"]} by API): the run
reads and treats exactly these, also those that are held, and leaves everything else alone.
Clearing, re-running or marking success is safe at any time: what was written is never written twice.
"""

from airflow.sdk import DAG, Asset, CronTriggerTimetable

from notifiers.alert_notifier import AlertNotifier
from operators.asked_orders import orders_param
from operators.flow_shops import shops_for
from operators.observe_orders_operator import ObserveOrdersOperator
from operators.report_run_operator import ReportRunOperator
from operators.reserve_orders_operator import ReserveOrdersOperator
from operators.shop_operator import TASK_DEFAULTS
from triggers.inbox_trigger import live_run_types, live_schedule

FLOW = "orders"

for shop in shops_for(FLOW):
    if not shop.orders.enabled:
        continue
    with DAG(
        f"{shop.shop}__{FLOW}",
        doc_md=__doc__,
        default_args=TASK_DEFAULTS,
        schedule=live_schedule(shop, CronTriggerTimetable(shop.orders.schedule, timezone=shop.timezone)),
        start_date=shop.start_from,
        catchup=False,
        max_active_runs=1,
        allowed_run_types=live_run_types(shop),  # no backfill: it would reserve stock for goods long shipped
        tags=["pakhus", FLOW, shop.shop],
        on_failure_callback=AlertNotifier(scope=shop.shop, flow=FLOW),
        params=orders_param(),
    ):
        observe = ObserveOrdersOperator(task_id="observe", shop=shop.shop, pool=shop.connection)
        reserve = ReserveOrdersOperator.partial(
            task_id="reserve",
            shop=shop.shop,
            pool=shop.rackbeat_target or shop.connection,
            map_index_template="{{ chunk }}",
        ).expand_kwargs(observe.output)
        report = ReportRunOperator(
            task_id="report",
            flow=FLOW,
            scope=shop.shop,
            reading="observe",
            working="reserve",
            outlets=[Asset(f"pakhus_{FLOW}_{shop.shop}")],
        )
        observe >> reserve >> report
        observe >> report

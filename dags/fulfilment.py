"""Fulfilment: Rackbeat -> webshop: what was shipped, and orders completed. One DAG per shop, `<shop>__fulfilment`.

When a run is red, look at the message of its task `report`: it names the cause and who must act.
- access_denied, configuration: mend the Airflow connection or settings it names; nothing is lost, the next run goes on.
- remote_unavailable: the shop or Rackbeat is down; the shipments wait and are told by themselves later.
- shipment_unreadable: Rackbeat shows a shipment in a form nobody has seen; pass the text on.
- held shipments leave the run green: they are listed with their reasons in the ledger (docs/runbooks/fulfilment.md).
An order was shipped, and the shop does not show it? Run it with `compare`: each open order is then asked for its
shipments, as the first run after 3 o'clock does each night.
Clearing, re-running or marking success is safe at any time: what was written is never written twice.
"""

from airflow.sdk import DAG, Asset, CronTriggerTimetable, Param

from notifiers.alert_notifier import AlertNotifier
from operators.flow_shops import shops_for
from operators.read_shipments_operator import COMPARE, ReadShipmentsOperator
from operators.report_run_operator import ReportRunOperator
from operators.shop_operator import TASK_DEFAULTS
from operators.tell_shipments_operator import TellShipmentsOperator

FLOW = "fulfilment"

for shop in shops_for(FLOW):
    if not shop.tells_shipments:
        continue
    with DAG(
        f"{shop.shop}__{FLOW}",
        doc_md=__doc__,
        default_args=TASK_DEFAULTS,
        schedule=CronTriggerTimetable(shop.fulfilment.schedule, timezone=shop.timezone),
        start_date=shop.start_from,
        catchup=False,
        max_active_runs=1,
        allowed_run_types=["scheduled", "manual", "operator_triggered"],  # what was shipped earlier is found by any run
        params={
            COMPARE: Param(
                False,
                type="boolean",
                title="Compare now",
                description="Ask Rackbeat for every open order, not only for what its list shows as new",
            )
        },
        tags=["pakhus", FLOW, shop.shop],
        on_failure_callback=AlertNotifier(scope=shop.shop, flow=FLOW),
    ):
        read = ReadShipmentsOperator(task_id="read", shop=shop.shop, pool=shop.rackbeat_target)
        tell = TellShipmentsOperator.partial(
            task_id="tell", shop=shop.shop, pool=shop.connection, map_index_template="{{ chunk }}"
        ).expand_kwargs(read.output)
        report = ReportRunOperator(
            task_id="report",
            flow=FLOW,
            scope=shop.shop,
            reading="read",
            working="tell",
            outlets=[Asset(f"pakhus_{FLOW}_{shop.shop}")],
        )
        read >> tell >> report
        read >> report

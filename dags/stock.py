"""Stock: Rackbeat's available quantities -> the webshops. One DAG per Rackbeat agreement, `<agreement>__stock`.

`read` reads the warehouse once for all shops; then `see_<shop>` reads what each shop has sold since, and `push_<shop>`
writes only what differs from what the shop last confirmed, less what is sold in any shop and not reserved yet. A shop
that fails or is stopped does not hold the others up; while one's sales or settings cannot be read, quantities are only
lowered.
It runs at its schedule, and as soon as Rackbeat says that stock has changed (which it does not for reserved goods).

When a run is red, look at the message of its task `report`: it names the cause and who must act.
- access_denied, configuration: mend the Airflow connection or settings it names; nothing is lost, the next run goes on.
- "stock … is not pushed": an account setting of Rackbeat makes stock rise when goods are shipped, or nobody has said
  that it does not: docs/runbooks/stock.md.
- remote_unavailable: the shop or Rackbeat is down; the next run writes what is missing.
- held products leave the run green: they are listed with their reasons in the ledger (docs/runbooks/stock.md).
A shop shows a wrong number? Run it with `compare`: the whole catalogue is compared, as in the first run after 3 o'clock
each night; differences are kept as evidence before they are corrected.
Clearing, re-running or marking success is safe at any time: quantities are absolute, and old ones are not pushed.
"""

from airflow.sdk import DAG, Asset, MultipleCronTriggerTimetable, Param

from notifiers.alert_notifier import AlertNotifier
from operators.flow_shops import agreements_for
from operators.push_stock_operator import COMPARE, PushStockOperator
from operators.read_stock_operator import ReadStockOperator
from operators.report_run_operator import ReportRunOperator
from operators.see_sales_operator import SeeSalesOperator
from operators.shop_operator import TASK_DEFAULTS
from triggers.inbox_trigger import hinted_run_types, hinted_schedule

FLOW = "stock"

for agreement in agreements_for(FLOW, wanted=lambda shop: shop.stock.enabled):
    names = [shop.shop for shop in agreement.shops]
    schedules = sorted({shop.stock.schedule for shop in agreement.shops})
    with DAG(
        f"{agreement.name}__{FLOW}",
        doc_md=__doc__,
        default_args=TASK_DEFAULTS,
        schedule=hinted_schedule(
            agreement.target,
            agreement.shops,
            MultipleCronTriggerTimetable(*schedules, timezone=agreement.shops[0].timezone),
        ),
        start_date=min(shop.start_from for shop in agreement.shops),
        catchup=False,
        max_active_runs=1,
        allowed_run_types=hinted_run_types(agreement.shops),  # the past has no stock to show
        params={
            COMPARE: Param(
                False,
                type="boolean",
                title="Compare now",
                description="Compare each shop's whole catalogue with the warehouse, not only what has changed",
            )
        },
        tags=["pakhus", FLOW, agreement.name, *names],
        on_failure_callback=AlertNotifier(scope=agreement.name, flow=FLOW),
    ):
        read = ReadStockOperator(
            task_id="read", target=agreement.target, shops=names, selling=agreement.sellers, pool=agreement.target
        )
        see = [
            SeeSalesOperator(task_id=f"see_{shop.shop}", shop=shop.shop, pool=shop.connection)
            for shop in agreement.selling
        ]
        pushes = [
            PushStockOperator(
                task_id=f"push_{shop.shop}",
                shop=shop.shop,
                selling=agreement.sellers,
                pool=shop.connection,
                trigger_rule="all_done",  # a shop that cannot be read holds no other up: see sales_not_seen
            )
            for shop in agreement.shops
        ]
        report = ReportRunOperator(
            task_id="report",
            flow=FLOW,
            scope=agreement.name,
            reading="read",
            working=[*(task.task_id for task in see), *(push.task_id for push in pushes)],
            outlets=[Asset(f"pakhus_{FLOW}_{agreement.name}")],
        )
        read >> see
        for push in pushes:
            see >> push >> report
        [read, *see] >> report

"""Products: from their master -> Rackbeat, e-conomic or the webshop. One DAG per shop, `<shop>__products`.

`read` asks the master for what has changed since the last run; the first run after 3 o'clock each night reads all of
it, since no list of changes shows what was deleted. Each `write_<system>` then makes what is missing and changes what
the master has changed, one document per product. What a person has set in the other system stays.

When a run is red, look at the message of its task `report`: it names the cause and who must act.
- access_denied, configuration: mend the Airflow connection or mapping it names; nothing is lost, the next run goes on.
- remote_unavailable: a system is down; the next run writes what is missing.
- held products leave the run green: they are listed with their reasons in the ledger (docs/runbooks/products.md).
Something differs and you want to know why? `python -m pakhus products --shop … ` lists every product and what a run
would do; a run with `whole` compares all of them now.
Clearing, re-running or marking success is safe at any time: each product is made once, and only changes are written.
"""

from airflow.sdk import DAG, Asset, CronTriggerTimetable, Param

from notifiers.alert_notifier import AlertNotifier
from operators.flow_shops import SINCE, shops_for
from operators.read_products_operator import WHOLE, ReadProductsOperator
from operators.report_run_operator import ReportRunOperator
from operators.shop_operator import TASK_DEFAULTS
from operators.write_products_operator import WriteProductsOperator

FLOW = "products"

for shop in shops_for(FLOW):
    if not shop.sends_products:
        continue
    with DAG(
        f"{shop.shop}__{FLOW}",
        doc_md=__doc__,
        default_args=TASK_DEFAULTS,
        schedule=CronTriggerTimetable(shop.products.schedule, timezone=shop.timezone),
        start_date=SINCE,
        catchup=False,
        max_active_runs=1,
        allowed_run_types=["scheduled", "manual"],  # the past has no products to show
        params={
            WHOLE: Param(
                False,
                type="boolean",
                title="All products",
                description="Read all products and compare them with what each system has, not only what has changed",
            )
        },
        tags=["pakhus", FLOW, shop.shop],
        on_failure_callback=AlertNotifier(scope=shop.shop, flow=FLOW),
    ):
        read = ReadProductsOperator(task_id="read", shop=shop.shop, pool=shop.products_source)
        writes = [
            WriteProductsOperator(
                task_id=f"write_{target.partition('__')[0]}",
                shop=shop.shop,
                target=target,
                pool=target,
                trigger_rule="all_done",  # what was read before is written, whether the master answers or not
            )
            for target in shop.product_targets
        ]
        report = ReportRunOperator(
            task_id="report",
            flow=FLOW,
            scope=shop.shop,
            reading="read",
            working=[write.task_id for write in writes],
            outlets=[Asset(f"pakhus_{FLOW}_{shop.shop}")],
        )
        for write in writes:
            read >> write >> report
        read >> report

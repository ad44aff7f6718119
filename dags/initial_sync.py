"""Initial sync: a shop's products and stock -> Rackbeat, once. One DAG per shop, `<shop>__initial_sync`, run by hand.

Trigger it with *Preview* first: it writes nothing, the note says what would be made and counted, and the log of its
task `sync` names every product that is left alone and why. Then without. It only adds: what Rackbeat has stays as it
is.

When a run is red, look at the message of its task `report`: it names the cause and who must act.
- access_denied, configuration: mend the Airflow connection or mapping it names (rackbeat.new_products), run it again.
- remote_unavailable: the shop or Rackbeat was down; run it again.
A green run whose note says that it is not finished lost an answer, or left out what the mapping can mend: run it again.
A finished transfer is refused (initial_sync_done). What was made: docs/runbooks/products.md.
Clearing, re-running or marking success is safe at any time: each product is made and counted once.
"""

from airflow.sdk import DAG, Asset, Param

from notifiers.alert_notifier import AlertNotifier
from operators.flow_shops import SINCE, shops_for
from operators.report_run_operator import ReportRunOperator
from operators.shop_operator import TASK_DEFAULTS
from operators.sync_catalogue_operator import PREVIEW, STOCK, SyncCatalogueOperator

FLOW = "initial_sync"

for shop in shops_for(FLOW):
    if shop.rackbeat is None or shop.mapping.rackbeat is None or shop.mapping.rackbeat.new_products is None:
        continue
    with DAG(
        f"{shop.shop}__{FLOW}",
        doc_md=__doc__,
        default_args=TASK_DEFAULTS,
        schedule=None,
        start_date=SINCE,
        catchup=False,
        max_active_runs=1,
        allowed_run_types=["manual"],
        params={
            PREVIEW: Param(
                True, type="boolean", title="Preview", description="Say what would be made and counted; write nothing"
            ),
            STOCK: Param(True, type="boolean", title="Stock, too", description="Count the stock of what is made"),
        },
        tags=["pakhus", FLOW, shop.shop],
        on_failure_callback=AlertNotifier(scope=shop.shop, flow=FLOW),
    ):
        sync = SyncCatalogueOperator(task_id="sync", shop=shop.shop, pool=shop.rackbeat_target)
        report = ReportRunOperator(
            task_id="report",
            flow=FLOW,
            scope=shop.shop,
            reading="sync",
            working=[],
            outlets=[Asset(f"pakhus_{FLOW}_{shop.shop}")],
        )
        sync >> report

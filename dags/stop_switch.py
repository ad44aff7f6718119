"""Stop switch: stops a flow of a shop, or lets it go on, without a deploy. One DAG, `pakhus__stop_switch`.

Trigger it, choose shop (or account, for its payouts), flow and switch, and say why; who you are is noted. It takes
effect within one document: what is not begun stays due, runs of the flow are green and their note says who stopped it,
since when and why.
The flow `all` stops every flow of the shop; letting `all` go on leaves those stopped that were stopped on their own.
`python -m pakhus stop` and `resume` do the same; `python -m pakhus check` shows what is stopped.
When a run is red, look at its task: the ledger could not be used; nothing was switched then.
Clearing, re-running or marking success is safe at any time: a run says again what it said before.
"""

from datetime import UTC, datetime

from airflow.sdk import DAG, Param

from notifiers.alert_notifier import AlertNotifier
from operators.switch_flow_operator import RESUME, STOP, SwitchFlowOperator
from pakhus.settings import ALL_FLOWS, FLOWS, INSTALLATION, shop_names
from pakhus.settings.accounts import account_names
from pakhus.settings.flows import PAYOUTS

FLOW = "stop_switch"

with DAG(
    f"{INSTALLATION}__{FLOW}",
    doc_md=__doc__,
    schedule=None,
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
    allowed_run_types=["manual"],
    tags=["pakhus", FLOW],
    on_failure_callback=AlertNotifier(scope=INSTALLATION, flow=FLOW),
    params={
        "shop": Param(enum=[*shop_names(), *account_names()], type="string", title="Shop, or account at a provider"),
        "flow": Param(
            enum=[*FLOWS, PAYOUTS, ALL_FLOWS],
            type="string",
            title="Flow",
            description="payouts: of an account; all: every flow of the shop",
        ),
        "switch": Param(STOP, enum=[STOP, RESUME], type="string", title="Switch"),
        "because": Param(
            type="string", minLength=1, title="Why", description="For whoever finds the flow stopped; no names"
        ),
    },
):
    SwitchFlowOperator(task_id="switch", retries=2)

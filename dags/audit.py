"""Audit: each day of a shop is read again and proven. One DAG per shop, `<shop>__audit`; one run is one local day.

`sweep` reads all orders placed on the day and stores what the live reading missed. `prove` compares the shop's list,
the ledger and e-conomic in count, gross and VAT, and puts the day into the calendar: proven, open or differs.
`prove_again` does the same for last week and for the days that were not proven yet; not in a backfill, nor for a day
asked for.
`find_leftovers` lists the reservations in Rackbeat that no longer fit the shop's orders, and holds them for a person.
When a run is red, look at the message of its task `report`: it names each document on which they differ, with a reason
(docs/runbooks/reasons.md) and who must act. Open days are green: something still waits or is held.
Backfill it to prove earlier days; days before the shop's start are read and compared, and nothing comes of them unless
*Import* says so: then their orders are invoiced (accounting only: never stock, never mail). Begin with dry_run;
`python -m pakhus imports <shop>` adds the days up by month and cause (docs/runbooks/imports.md).
Clearing, re-running, marking success or backfilling is safe at any time: what was written is never written twice.
"""

from datetime import UTC, datetime

from airflow.sdk import DAG, Asset, CronDataIntervalTimetable, Param

from notifiers.alert_notifier import AlertNotifier
from operators.find_leftovers_operator import FindLeftoversOperator
from operators.flow_shops import shops_for
from operators.import_orders_operator import ImportOrdersOperator
from operators.prove_day_operator import ProveDayOperator, ProveDaysAgainOperator
from operators.report_run_operator import ReportRunOperator
from operators.shop_operator import TASK_DEFAULTS
from operators.sweep_orders_operator import SweepOrdersOperator

FLOW = "audit"
YIELDING = {"priority_weight": 1, "weight_rule": "absolute"}  # an import waits while live tasks want its pool

for shop in shops_for(FLOW):
    if not shop.audit.enabled:
        continue
    with DAG(
        f"{shop.shop}__{FLOW}",
        doc_md=__doc__,
        default_args=TASK_DEFAULTS,
        schedule=CronDataIntervalTimetable("0 0 * * *", timezone=shop.timezone),
        start_date=datetime(2020, 1, 1, tzinfo=UTC),  # the earliest day that can be backfilled
        catchup=False,
        max_active_runs=2,
        allowed_run_types=["scheduled", "manual", "backfill"],
        tags=["pakhus", FLOW, shop.shop],
        on_failure_callback=AlertNotifier(scope=shop.shop, flow=FLOW),
        params={
            "day": Param(
                None,
                type=["null", "string"],
                format="date",
                title="Day",
                description="A day of the shop, like 2026-11-21; empty: the run's own day, by hand yesterday",
            ),
            "import_mode": Param(
                None,
                type=["null", "string"],
                enum=[None, "dry_run", "draft", "book"],
                title="Import",
                description="Invoice the day's orders that were placed before start_from: first dry_run, then draft or "
                "book; empty: import nothing",
            ),
            "order_ids": Param(
                None,
                type=["null", "array"],
                items={"type": "string"},
                title="Orders",
                description="With Import: these orders, by their ids in the shop, and not those of the day",
            ),
        },
    ):
        accounts = shop.economic_target or shop.connection
        sweep = SweepOrdersOperator(task_id="sweep", shop=shop.shop, pool=shop.connection)
        bring_in = ImportOrdersOperator(task_id="import_orders", shop=shop.shop, pool=accounts, **YIELDING)
        prove = ProveDayOperator(task_id="prove", shop=shop.shop, pool=accounts, trigger_rule="none_failed")
        again = ProveDaysAgainOperator(task_id="prove_again", shop=shop.shop, pool=accounts)
        left = None
        if shop.rackbeat_target and shop.orders.enabled:
            left = FindLeftoversOperator(task_id="find_leftovers", shop=shop.shop, pool=shop.rackbeat_target)
        report = ReportRunOperator(
            task_id="report",
            flow=FLOW,
            scope=shop.shop,
            reading="sweep",
            working=["import_orders", "prove", "prove_again", *(["find_leftovers"] if left else [])],
            outlets=[Asset(f"pakhus_{FLOW}_{shop.shop}")],
        )
        sweep >> bring_in >> prove >> again >> report
        [sweep, bring_in, prove] >> report
        if left:
            sweep >> left >> report

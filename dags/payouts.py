"""Payouts: settlements of payment providers -> e-conomic, a balanced voucher each. One DAG per account at a provider.

`settle` asks the provider's API, or takes in the files that are new in the account's folder, holds each settlement
against itself (it must balance to 0.00), matches its lines with the payments on the clearing account, and enters one
voucher per payout.

When a run is red, look at the message of its task `report`: it names the cause and who must act.
- access_denied, configuration: mend the Airflow connection, folder or settings it names; the next run goes on where
  this one was. Files, and payouts that were read before, are entered meanwhile.
- remote_unavailable: the provider did not answer; nothing to do, the next run asks again.
- payout_unbalanced, settlement_reissued, payout_line_again: the provider's numbers contradict each other; nothing of
  that settlement was entered (docs/runbooks/payouts.md).
- held payouts leave the run green: their lines without a sure document are matched anew by each run.
The note ends with what stands on the clearing accounts, and since when.
Clearing, re-running or marking success is safe at any time: what was entered is never entered twice.
"""

from airflow.sdk import DAG, Asset, CronTriggerTimetable

from notifiers.alert_notifier import AlertNotifier
from operators.flow_accounts import accounts_for
from operators.report_run_operator import ReportRunOperator
from operators.settle_payouts_operator import SettlePayoutsOperator
from operators.shop_operator import TASK_DEFAULTS

FLOW = "payouts"

for account in accounts_for(FLOW):
    with DAG(
        f"{account.account}__{FLOW}",
        doc_md=__doc__,
        default_args=TASK_DEFAULTS,
        schedule=CronTriggerTimetable(account.schedule, timezone=account.timezone),
        start_date=account.first_moment,
        catchup=False,
        max_active_runs=1,
        allowed_run_types=["scheduled", "manual", "operator_triggered"],  # a settlement has no data interval
        tags=["pakhus", FLOW, account.account],
        on_failure_callback=AlertNotifier(scope=account.account, flow=FLOW),
    ):
        settle = SettlePayoutsOperator(task_id="settle", account=account.account, pool=account.economic_target)
        report = ReportRunOperator(
            task_id="report",
            flow=FLOW,
            scope=account.account,
            reading="settle",
            working=[],
            outlets=[Asset(f"pakhus_{FLOW}_{account.account}")],
        )
        settle >> report

"""Invoices: orders whose goods went -> e-conomic, drafted, checked and booked; then credit notes of what was refunded.

One DAG per shop, `<shop>__invoices`.

When a run is red, look at the message of its task `report`: it names the cause and who must act.
- access_denied, configuration: mend the Airflow connection or settings it names; nothing is lost, the next run goes on.
- remote_unavailable: the shop or e-conomic is down; the invoices wait and are tried again by themselves.
- "something general is wrong": most orders of a run were held, for instance because a VAT account was changed.
- held orders leave the run green: they are listed with their reasons in the ledger (docs/runbooks/invoices.md,
  docs/runbooks/credit_notes.md).
To send single orders again, trigger the DAG with their numbers under *Orders* ({"orders": ["1042"]} by API): the run
treats the documents of exactly these, also those that are held, and leaves everything else alone.
Clearing, re-running or marking success is safe at any time: what was written is never written twice.
"""

from airflow.sdk import DAG, Asset, CronTriggerTimetable

from notifiers.alert_notifier import AlertNotifier
from operators.asked_orders import orders_param
from operators.book_credit_notes_operator import BookCreditNotesOperator
from operators.book_invoices_operator import BookInvoicesOperator
from operators.flow_shops import shops_for
from operators.list_due_invoices_operator import ListDueInvoicesOperator
from operators.register_payments_operator import RegisterPaymentsOperator
from operators.report_run_operator import ReportRunOperator
from operators.shop_operator import TASK_DEFAULTS
from pakhus.settings import InvoiceMode

FLOW = "invoices"

for shop in shops_for(FLOW):
    if shop.economic_target is None or shop.invoices.mode is InvoiceMode.OFF:
        continue
    with DAG(
        f"{shop.shop}__{FLOW}",
        doc_md=__doc__,
        default_args=TASK_DEFAULTS,
        schedule=CronTriggerTimetable(shop.invoices.schedule, timezone=shop.timezone),
        start_date=shop.start_from,
        catchup=False,
        max_active_runs=1,
        allowed_run_types=["scheduled", "manual", "operator_triggered"],  # no backfill: the audit has days
        tags=["pakhus", FLOW, shop.shop],
        on_failure_callback=AlertNotifier(scope=shop.shop, flow=FLOW),
        params=orders_param(),
    ):
        due = ListDueInvoicesOperator(task_id="list_due", shop=shop.shop, pool=shop.economic_target)
        book = BookInvoicesOperator.partial(
            task_id="book", shop=shop.shop, pool=shop.economic_target, map_index_template="{{ chunk }}"
        ).expand_kwargs(due.output)
        credit = BookCreditNotesOperator(
            task_id="credit", shop=shop.shop, pool=shop.economic_target, trigger_rule="all_done"
        )
        pay = RegisterPaymentsOperator(
            task_id="pay", shop=shop.shop, pool=shop.economic_target, trigger_rule="all_done"
        )
        report = ReportRunOperator(
            task_id="report",
            flow=FLOW,
            scope=shop.shop,
            reading="list_due",
            working=["book", "credit", "pay"],
            outlets=[Asset(f"pakhus_{FLOW}_{shop.shop}")],
        )
        due >> book >> credit >> pay >> report
        [book, credit] >> report
        due >> report

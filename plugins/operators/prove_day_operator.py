"""Prove days of a shop: compare its list, the ledger and the accounts."""

from __future__ import annotations

from typing import Any

from airflow.sdk.definitions.context import Context
from airflow.sdk.exceptions import AirflowSkipException

from hooks.economic_hook import EconomicHook
from operators.shop_operator import ShopOperator
from operators.sweep_orders_operator import day_of_run
from pakhus.flows.observation import Observer
from pakhus.flows.proof import ProvenDay, Prover, again_note, invoices_are_made, report_of
from pakhus.ledger.connection import Ledger
from pakhus.settings import ShopSettings


class ProveDayOperator(ShopOperator):
    """Proves the run's day. Returns a report; each difference is in it as a red reason."""

    def work(self, context: Context) -> dict[str, Any]:
        settings, ledger = self.settings(), self.ledger(context)
        proven = self.prover(settings, ledger).prove(day_of_run(context, ledger, settings))
        self.tell(proven)
        report = report_of(self.shop, [proven])
        report.headline = proven.proof.note()
        return report.as_dict()

    def prover(self, settings: ShopSettings, ledger: Ledger) -> Prover:
        accounts = None
        if settings.economic_target is not None and invoices_are_made(settings):
            accounts = EconomicHook(settings.economic_target).client(ledger)
        return Prover(Observer(self.webshop(settings), ledger, settings), accounts)

    def tell(self, proven: ProvenDay) -> None:
        self.log.info("%s: %s", proven.day, proven.proof.note())
        for difference in proven.proof.differences:
            self.log.error("%s %s: %s", proven.day, difference.key, difference.verdict.message())


class ProveDaysAgainOperator(ProveDayOperator):
    """Proves last week again and the days that were not proven yet; not in a backfill, nor for a day asked for."""

    def work(self, context: Context) -> dict[str, Any]:
        if context["params"].get("day") or context["dag_run"].run_type == "backfill":
            raise AirflowSkipException("only this run's own day")
        settings, ledger = self.settings(), self.ledger(context)
        prover, days = self.prover(settings, ledger), list[ProvenDay]()
        read = prover.look_at_refunds()
        self.log.info("%s orders of which money was given back were read anew", read.seen)
        for day in prover.days_again(day_of_run(context, ledger, settings)):
            days.append(prover.prove(day))
            self.tell(days[-1])
        report = report_of(self.shop, days)
        report.headline = again_note(days)
        return report.as_dict()

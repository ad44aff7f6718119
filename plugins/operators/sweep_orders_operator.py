"""Read all orders of one day of a shop again: finds what the live reading missed."""

from __future__ import annotations

from datetime import date

from airflow.sdk.definitions.context import Context

from operators.shop_operator import ShopOperator
from pakhus.errors import ConfigurationError
from pakhus.flows.observation import Observer
from pakhus.flows.proof import day_window, yesterday
from pakhus.ledger.connection import Ledger
from pakhus.settings import ShopSettings


class SweepOrdersOperator(ShopOperator):
    """Pushes its counts as `report`."""

    def work(self, context: Context) -> None:
        settings, ledger = self.settings(), self.ledger(context)
        day = day_of_run(context, ledger, settings)
        sweep = Observer(self.webshop(settings), ledger, settings).sweep(day_window(day, settings.timezone))
        self.log.info("%s: %s orders, %s of them were news to the ledger", day, len(sweep.orders), len(sweep.missed))
        context["ti"].xcom_push(key="report", value=sweep.report.as_dict())


def day_of_run(context: Context, ledger: Ledger, settings: ShopSettings) -> date:
    """Return the day of the shop that a run is about: the one asked for, else its interval's, else yesterday."""
    asked = context["params"].get("day")
    if asked:
        try:
            return date.fromisoformat(str(asked))
        except ValueError:
            raise ConfigurationError(f"the day {asked!r} is none; write it like 2026-11-21") from None
    begins = context.get("data_interval_start")
    if begins is None:
        return yesterday(ledger, settings)
    day: date = begins.in_timezone(settings.timezone).date()
    return day

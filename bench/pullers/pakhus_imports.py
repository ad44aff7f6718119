"""Pakhus: a span of days imported into the accounts, each order drafted, compared and booked."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from bench.pullers.measuring import run
from pakhus.clients.economic import BUCKET_CALLS, REFILL_PER_S, EconomicClient
from pakhus.clients.woocommerce import WooCommerceClient
from pakhus.connections import ConnectionFacts, economic_settings, woocommerce_settings
from pakhus.flows.imports import ImportMode, importer
from pakhus.ledger.budgets import Bucket, LedgerBudget
from pakhus.ledger.connection import Ledger
from pakhus.settings import load_shop

LEFT_TO_LIVE_FLOWS = Decimal("0.5")  # as the task of the import does


def bring_in(options: argparse.Namespace) -> int:
    """Import each day from the start to the end; returns how many orders stand as transferred."""
    settings = load_shop("nordlys")
    start, end = (
        datetime.fromisoformat(text).replace(tzinfo=UTC).astimezone(ZoneInfo(settings.timezone)).date()
        for text in (options.start, options.end)
    )
    facts = ConnectionFacts("woocommerce__nordlys", host=options.url, login=options.key, password=options.secret)
    keys = json.loads((options.folder / "accounts.json").read_text(encoding="utf-8"))
    accounts = ConnectionFacts(
        "economic__main",
        host=keys["url"],
        password=keys["agreement_grant_token"],
        extra={"app_secret_token": keys["app_secret_token"]},
    )
    ledger = Ledger(options.ledger)
    bucket = Bucket(
        accounts.conn_id,
        keys.get("bucket_size", BUCKET_CALLS),
        Decimal(keys.get("bucket_refill_per_s", REFILL_PER_S)),
    )
    budget = LedgerBudget(ledger, bucket, left_to_others=LEFT_TO_LIVE_FLOWS)
    flow = importer(
        WooCommerceClient.from_settings(woocommerce_settings(facts, settings)),
        EconomicClient.from_settings(economic_settings(accounts), budget),
        ledger,
        settings.model_copy(update={"start_from": datetime(2027, 1, 1, tzinfo=UTC)}),
        ImportMode.BOOK,
    )
    count = 0
    for day in _days(start, end):
        _, outcomes = flow.import_day(day)
        count += outcomes["transferred"].count if "transferred" in outcomes else 0
    return count


def _days(start: date, end: date) -> Iterator[date]:
    while start <= end:
        yield start
        start += timedelta(days=1)


if __name__ == "__main__":
    run(bring_in)

"""Stripe's payouts and their balance transactions, by a restricted key that may read both."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta

from pakhus.clients.budget import Budget
from pakhus.clients.http import Query
from pakhus.clients.settlement_api import (
    Listed,
    PaidApart,
    ProviderApi,
    ProviderSettings,
    Row,
    bearer,
    by,
    envelope,
    only,
)
from pakhus.formats.settlements.stripe import MINOR_UNITS
from pakhus.rules.minor_units import from_minor

DEFAULT_URL = "https://api.stripe.com"
_PAYOUTS, _TRANSACTIONS = "/v1/payouts", "/v1/balance_transactions"
_PAGE = 100
_FINISHED = ("paid", "failed", "canceled")
"""What failed was taken off the balance all the same: a later payout brings it back as a line of its own."""

_PAYOUT = (
    "id",
    "amount",
    "currency",
    "arrival_date",
    "automatic",
    "created",
    "method",
    "reconciliation_status",
    "statement_descriptor",
    "trace_id",
)
_TRANSACTION = (
    "id",
    "amount",
    "available_on",
    "created",
    "currency",
    "description",
    "exchange_rate",
    "fee",
    "fee_details",
    "net",
    "reporting_category",
    "source",
    "type",
)
_SOURCE = ("id", "object", "amount", "amount_captured", "charge", "currency", "metadata", "payment_intent")
_METADATA = ("order_id", "order_number")


class StripeSettlements:
    """Automatic payouts that Stripe has itemised; the others are told by its reports only."""

    def __init__(self, settings: ProviderSettings, budget: Budget | None = None) -> None:
        self._api = ProviderApi("Stripe", settings, bearer(settings.secret), budget)

    def payouts(self, first: date, last: date) -> Listed:
        """Return the payouts that arrive on these days (UTC)."""
        begin = datetime.combine(first, time.min, UTC)
        end = datetime.combine(last, time.min, UTC) + timedelta(days=1)
        days = (("arrival_date[gte]", str(int(begin.timestamp()))), ("arrival_date[lt]", str(int(end.timestamp()))))
        found = by(self._list(_PAYOUTS, days), "arrival_date", "id")
        itemised = [row for row in found if row.get("automatic") is True]
        waiting = [row for row in itemised if not _is_ready(row)]
        return Listed(
            ready=[str(row["id"]) for row in itemised if _is_ready(row)],
            open_since=min(map(_day, waiting), default=None),
            apart=[_apart(row) for row in found if row.get("automatic") is not True and row.get("status") == "paid"],
        )

    def settlement(self, payout_id: str) -> bytes:
        """Return the payout with all its transactions, their sources expanded."""
        payout = self._api.get(f"{_PAYOUTS}/{payout_id}")
        query = (("payout", payout_id), ("expand[]", "data.source"))
        rows = [_transaction(row) for row in self._list(_TRANSACTIONS, query)]
        return envelope(payout=only(payout, _PAYOUT), balance_transactions=by(rows, "id"))

    def probe(self) -> str:
        """Read one payout and one transaction: a restricted key needs a right for each."""
        one = (("limit", "1"),)
        payouts = self._api.rows(self._api.get(_PAYOUTS, one), "data")
        self._api.rows(self._api.get(_TRANSACTIONS, one), "data")
        is_test = bool(payouts) and payouts[0].get("livemode") is False
        return f"Stripe, {'test mode: no money moves there' if is_test else 'payouts and transactions can be read'}"

    def _list(self, path: str, query: Query) -> list[Row]:
        last: list[str] = []

        def fetch(number: int) -> tuple[Sequence[Row], bool]:
            del number
            after = (("starting_after", last[-1]),) if last else ()
            body = self._api.get(path, (*query, ("limit", str(_PAGE)), *after))
            rows = self._api.rows(body, "data")
            last[:] = [str(rows[-1].get("id"))] if rows else []
            return rows, body.get("has_more") is True

        return list(self._api.pages(fetch))


def _is_ready(payout: Row) -> bool:
    return payout.get("reconciliation_status") == "completed" and payout.get("status") in _FINISHED


def _day(payout: Row) -> date:
    return datetime.fromtimestamp(int(payout["arrival_date"]), UTC).date()


def _apart(payout: Row) -> PaidApart:
    currency = str(payout["currency"]).upper()
    return PaidApart(
        str(payout["id"]), _day(payout), from_minor(int(payout["amount"]), currency, MINOR_UNITS), currency
    )


def _transaction(row: Row) -> Row:
    """A transaction as the reader needs it: a charge tells the buyer's name, address and card, too."""
    found, source = dict(only(row, _TRANSACTION)), row.get("source")
    if isinstance(source, dict):
        metadata = source.get("metadata")
        known = only(metadata, _METADATA) if isinstance(metadata, dict) else {}
        found["source"] = {**only(source, _SOURCE), "metadata": known}
    return found

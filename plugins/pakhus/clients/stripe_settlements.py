"""Stripe's payouts and their balance transactions, by a restricted key that may read both."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta

from pakhus.clients.budget import Budget
from pakhus.clients.http import Query
from pakhus.clients.settlement_api import ProviderApi, ProviderSettings, Row, bearer, by, envelope

DEFAULT_URL = "https://api.stripe.com"
_PAGE = 100


class StripeSettlements:
    """Automatic payouts that Stripe has itemised; the others are told by its reports only."""

    def __init__(self, settings: ProviderSettings, budget: Budget | None = None) -> None:
        self._api = ProviderApi("Stripe", settings, bearer(settings.secret), budget)

    def payouts(self, first: date, last: date) -> Sequence[str]:
        """Return the ids of the payouts that arrive on these days (UTC)."""
        begin = datetime.combine(first, time.min, UTC)
        end = datetime.combine(last, time.min, UTC) + timedelta(days=1)
        days = (("arrival_date[gte]", str(int(begin.timestamp()))), ("arrival_date[lt]", str(int(end.timestamp()))))
        found = [row for row in self._list("/v1/payouts", days) if _is_itemised(row)]
        return [str(row["id"]) for row in by(found, "arrival_date", "id")]

    def settlement(self, payout_id: str) -> bytes:
        """Return the payout with all its transactions, their sources expanded."""
        payout = self._api.get(f"/v1/payouts/{payout_id}")
        query = (("payout", payout_id), ("expand[]", "data.source"))
        return envelope(payout=payout, balance_transactions=by(self._list("/v1/balance_transactions", query), "id"))

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


def _is_itemised(payout: Row) -> bool:
    return payout.get("automatic") is True and payout.get("reconciliation_status") == "completed"

"""ePay's settlement transfers and their transactions, whatever the acquirer, by an API key."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from pakhus.clients.budget import Budget
from pakhus.clients.settlement_api import ProviderApi, ProviderSettings, Row, bearer, by, envelope

DEFAULT_URL = "https://payments.epay.eu"
_TRANSFERS = "/public/api/v1/settlements/transfers"
_PAGE = 500


class EpaySettlements:
    """Transfers: what an acquirer pays into the bank."""

    def __init__(self, settings: ProviderSettings, budget: Budget | None = None) -> None:
        self._api = ProviderApi("ePay", settings, bearer(settings.secret), budget)

    def payouts(self, first: date, last: date) -> Sequence[str]:
        """Return the ids of the transfers posted on these days; ePay's list has no filter, so all of it is read."""
        days = first.isoformat(), last.isoformat()
        found = [
            row for row in self._list(_TRANSFERS, "settlementTransfer") if days[0] <= str(row["postingDate"]) <= days[1]
        ]
        return [str(row["id"]) for row in by(found, "postingDate", "id")]

    def settlement(self, payout_id: str) -> bytes:
        """Return the transfer with all its transactions."""
        transfer = _inside(self._api.get(f"{_TRANSFERS}/{payout_id}"), "settlementTransfer")
        rows = self._list(f"{_TRANSFERS}/{payout_id}/transactions", "settlementTransaction")
        return envelope(transfer=transfer, transactions=by(rows, "id"))

    def _list(self, path: str, member: str) -> list[Row]:
        offset: list[str] = []

        def fetch(number: int) -> tuple[Sequence[Row], bool]:
            del number
            after = (("offset", offset[-1]),) if offset else ()
            body = self._api.get(path, (("perPage", str(_PAGE)), *after))
            offset[:] = [str(body.get("nextOffset") or "")]
            return self._api.rows(body, "items"), body.get("hasMore") is True and bool(offset[-1])

        return [_inside(row, member) for row in self._api.pages(fetch)]


def _inside(row: Row, member: str) -> Row:
    """ePay wraps objects in a member of their name."""
    inner: Any = row.get(member)
    return inner if isinstance(inner, dict) else row

"""ePay's settlement transfers and their transactions, whatever the acquirer, by an API key."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from pakhus.clients.budget import Budget
from pakhus.clients.settlement_api import Listed, ProviderApi, ProviderSettings, Row, bearer, by, envelope, only

DEFAULT_URL = "https://payments.epay.eu"
_TRANSFERS = "/public/api/v1/settlements/transfers"
_PAGE = 500
_TRANSFER = (
    "id",
    "acquirer",
    "settlementName",
    "postingDate",
    "netAmount",
    "currency",
    "acquirerReference",
    "adjustments",
)
_TRANSACTION = (
    "id",
    "settlementTransferId",
    "transactionId",
    "merchantReference",
    "acquirerReference",
    "postingDate",
    "settlementNetAmount",
    "settlementCurrency",
    "adjustments",
)


class EpaySettlements:
    """Transfers: what an acquirer pays into the bank."""

    def __init__(self, settings: ProviderSettings, budget: Budget | None = None) -> None:
        self._api = ProviderApi("ePay", settings, bearer(settings.secret), budget)

    def payouts(self, first: date, last: date) -> Listed:
        """Return the ids of the transfers posted on these days; ePay's list has no filter, so all of it is read."""
        days = first.isoformat(), last.isoformat()
        found = [
            row for row in self._list(_TRANSFERS, "settlementTransfer") if days[0] <= str(row["postingDate"]) <= days[1]
        ]
        return Listed([str(row["id"]) for row in by(found, "postingDate", "id")])

    def settlement(self, payout_id: str) -> bytes:
        """Return the transfer with all its transactions."""
        transfer = _inside(self._api.get(f"{_TRANSFERS}/{payout_id}"), "settlementTransfer")
        rows = self._list(f"{_TRANSFERS}/{payout_id}/transactions", "settlementTransaction")
        kept = [only(row, _TRANSACTION) for row in by(rows, "id")]
        return envelope(transfer=only(transfer, _TRANSFER), transactions=kept)

    def probe(self) -> str:
        """Read one transfer."""
        found = self._api.rows(self._api.get(_TRANSFERS, (("perPage", "1"),)), "items")
        return f"ePay, {'transfers can be read' if found else 'no transfer yet'}"

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

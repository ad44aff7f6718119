"""WooPayments' deposits and their transactions, through the shop's own REST API and key."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime

from pakhus.clients.http import Call
from pakhus.clients.settlement_api import Row, by, envelope
from pakhus.clients.woocommerce_api import V3, WooCommerceApi
from pakhus.errors import TransientError

_DEPOSITS, _TRANSACTIONS = "/payments/deposits", "/payments/reports/transactions"
_PAGE = 100
_MOST_PAGES = 1000


class WoopaymentsSettlements:
    """Deposits that are no longer pending."""

    def __init__(self, api: WooCommerceApi) -> None:
        self._api = api

    def payouts(self, first: date, last: date) -> Sequence[str]:
        """Return the ids of the deposits that arrive on these days (UTC)."""
        found = []
        for number in range(1, _MOST_PAGES):
            query = [("sort", "date"), ("direction", "desc"), ("page", str(number)), ("pagesize", str(_PAGE))]
            data = self._api.get(_DEPOSITS, query).get("data")
            if not isinstance(data, list):
                raise TransientError("WooPayments: the answer has no list data", system="WooPayments", maybe_done=False)
            found += [row for row in data if first <= _day(row) <= last and row.get("status") != "pending"]
            if len(data) < _PAGE or _day(data[-1]) < first:
                break
        return [str(row["id"]) for row in by(found, "date", "id")]

    def settlement(self, payout_id: str) -> bytes:
        """Return the deposit with all its transactions."""
        deposit = self._api.get(f"{_DEPOSITS}/{payout_id}")
        rows: list[Row] = []
        for number in range(1, _MOST_PAGES):
            query = [("deposit_id", payout_id), ("page", str(number)), ("per_page", str(_PAGE))]
            page = self._api.send(Call("GET", V3 + _TRANSACTIONS, query)).json()
            if not isinstance(page, list) or (page and page == rows[-len(page) :]):
                raise TransientError(
                    "WooPayments: the transactions cannot be read", system="WooPayments", maybe_done=False
                )
            rows += page
            if len(page) < _PAGE:
                break
        return envelope(deposit=deposit, transactions=by(rows, "transaction_id"))


def _day(deposit: Row) -> date:
    """`date` is in milliseconds, `created` in seconds."""
    return datetime.fromtimestamp(int(deposit["date"]) // 1000, UTC).date()

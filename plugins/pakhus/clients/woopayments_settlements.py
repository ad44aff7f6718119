"""WooPayments' deposits and their transactions, through the shop's own REST API and key."""

from __future__ import annotations

from datetime import UTC, date, datetime

from pakhus.clients.http import Call, Query
from pakhus.clients.settlement_api import Listed, Row, by, envelope, only
from pakhus.clients.woocommerce_api import V3, WooCommerceApi
from pakhus.errors import TransientError

_DEPOSITS, _TRANSACTIONS = "/payments/deposits", "/payments/reports/transactions"
_PAGE = 100
_FINISHED = ("paid", "failed", "canceled")
_DEPOSIT = (
    "id",
    "date",
    "created",
    "type",
    "amount",
    "currency",
    "status",
    "automatic",
    "fee",
    "fee_percentage",
)
_TRANSACTION = (
    "transaction_id",
    "payment_id",
    "type",
    "transaction_currency",
    "amount",
    "exchange_rate",
    "deposit_currency",
    "fees",
    "net_amount",
    "order_id",
    "deposit_id",
    "deposit_status",
    "date",
)
_MOST_PAGES = 1000


class WoopaymentsSettlements:
    """Deposits that have arrived at the bank, or will never."""

    def __init__(self, api: WooCommerceApi) -> None:
        self._api = api

    def payouts(self, first: date, last: date) -> Listed:
        """Return the ids of the deposits that arrive on these days (UTC)."""
        found: list[Row] = []
        for number in range(1, _MOST_PAGES):
            query = [("sort", "date"), ("direction", "desc"), ("page", str(number)), ("pagesize", str(_PAGE))]
            data = self._deposits(query)
            found += [row for row in data if first <= _day(row) <= last]
            if len(data) < _PAGE or _day(data[-1]) < first:
                break
        waiting = [row for row in found if row.get("status") not in _FINISHED]
        ready = [str(row["id"]) for row in by(found, "date", "id") if row.get("status") in _FINISHED]
        return Listed(ready, min(map(_day, waiting), default=None))

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
        kept = [only(row, _TRANSACTION) for row in by(rows, "transaction_id")]
        return envelope(deposit=only(deposit, _DEPOSIT), transactions=kept)

    def probe(self) -> str:
        """Read one deposit: the shop must have WooPayments, and the key's user must manage it."""
        found = self._deposits([("page", "1"), ("pagesize", "1")])
        return f"WooPayments, {'deposits can be read' if found else 'no deposit yet'}"

    def _deposits(self, query: Query) -> list[Row]:
        data = self._api.get(_DEPOSITS, query).get("data")
        if not isinstance(data, list):
            raise TransientError("WooPayments: the answer has no list data", system="WooPayments", maybe_done=False)
        return data


def _day(deposit: Row) -> date:
    """`date` is in milliseconds, `created` in seconds."""
    return datetime.fromtimestamp(int(deposit["date"]) // 1000, UTC).date()

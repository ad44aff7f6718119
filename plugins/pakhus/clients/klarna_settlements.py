"""Klarna's payouts and transactions (Settlements API 1.0.0), by the API credentials of the merchant portal."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from pakhus.clients.budget import Budget
from pakhus.clients.http import Call, Query
from pakhus.clients.settlement_api import Listed, ProviderApi, ProviderSettings, Row, by, envelope, only

DEFAULT_URL = "https://api.klarna.com"
_ROOT = "/settlements/v1"
_PAGE = 500
_PROBED = timedelta(days=7)
_PAYOUT = (
    "payment_reference",
    "payout_date",
    "currency_code",
    "merchant_settlement_type",
    "merchant_id",
    "totals",
)
_TRANSACTION = (
    "amount",
    "capture_id",
    "currency_code",
    "detailed_type",
    "merchant_reference1",
    "merchant_reference2",
    "order_id",
    "payment_reference",
    "refund_id",
    "sale_date",
    "short_order_id",
    "type",
    "vat_amount",
    "vat_rate",
)


class KlarnaSettlements:
    """Payouts by payment reference, which also stands on the bank statement."""

    def __init__(self, settings: ProviderSettings, budget: Budget | None = None) -> None:
        pair = base64.b64encode(f"{settings.name}:{settings.secret}".encode()).decode()

        def sign(call: Call, url: str) -> Call:
            del url
            return replace(call, headers={**call.headers, "Authorization": f"Basic {pair}"})

        self._api = ProviderApi("Klarna", settings, sign, budget)

    def payouts(self, first: date, last: date) -> Listed:
        """Return the references of the payouts of these days (UTC)."""
        found = self._list("/payouts", "payouts", _days(first, last))
        return Listed([str(row["payment_reference"]) for row in by(found, "payout_date", "payment_reference")])

    def settlement(self, payout_id: str) -> bytes:
        """Return the payout with all its transactions."""
        payout = self._api.get(f"{_ROOT}/payouts/{payout_id}")
        found = self._list("/transactions", "transactions", (("payment_reference", payout_id),))
        rows = by(found, "sale_date", "capture_id", "refund_id", "type", "detailed_type", "amount")
        return envelope(payout=only(payout, _PAYOUT), transactions=[only(row, _TRANSACTION) for row in rows])

    def probe(self) -> str:
        """Read the payouts of a week: the account that the credentials are of stands in them."""
        today = datetime.now(UTC).date()
        found = self._list("/payouts", "payouts", _days(today - _PROBED, today))
        merchants = sorted({str(row["merchant_id"]) for row in found if row.get("merchant_id")})
        return f"Klarna, {f'merchant {merchants[0]}' if merchants else 'no payout in a week'}"

    def _list(self, path: str, member: str, query: Query) -> list[Row]:
        def fetch(number: int) -> tuple[Sequence[Row], bool]:
            paging = (("size", str(_PAGE)), ("offset", str(number * _PAGE)))
            rows = self._api.rows(self._api.get(_ROOT + path, (*query, *paging)), member)
            return rows, len(rows) == _PAGE

        return list(self._api.pages(fetch))


def _days(first: date, last: date) -> Query:
    return (("start_date", f"{first}T00:00:00Z"), ("end_date", f"{last}T23:59:59Z"))

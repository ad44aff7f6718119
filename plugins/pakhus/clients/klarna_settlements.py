"""Klarna's payouts and transactions (Settlements API 1.0.0), by the API credentials of the merchant portal."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from pakhus.clients.budget import Budget
from pakhus.clients.http import Call, Query
from pakhus.clients.settlement_api import ProviderApi, ProviderSettings, Row, by, envelope

DEFAULT_URL = "https://api.klarna.com"
_ROOT = "/settlements/v1"
_PAGE = 500


class KlarnaSettlements:
    """Payouts by payment reference, which also stands on the bank statement."""

    def __init__(self, settings: ProviderSettings, budget: Budget | None = None) -> None:
        pair = base64.b64encode(f"{settings.name}:{settings.secret}".encode()).decode()

        def sign(call: Call, url: str) -> Call:
            del url
            return replace(call, headers={**call.headers, "Authorization": f"Basic {pair}"})

        self._api = ProviderApi("Klarna", settings, sign, budget)

    def payouts(self, first: date, last: date) -> Sequence[str]:
        """Return the references of the payouts of these days (UTC)."""
        days = (("start_date", f"{first}T00:00:00Z"), ("end_date", f"{last}T23:59:59Z"))
        found = self._list("/payouts", "payouts", days)
        return [str(row["payment_reference"]) for row in by(found, "payout_date", "payment_reference")]

    def settlement(self, payout_id: str) -> bytes:
        """Return the payout with all its transactions."""
        payout = self._api.get(f"{_ROOT}/payouts/{payout_id}")
        found = self._list("/transactions", "transactions", (("payment_reference", payout_id),))
        rows = by(found, "sale_date", "capture_id", "refund_id", "type", "detailed_type", "amount")
        return envelope(payout=payout, transactions=rows)

    def _list(self, path: str, member: str, query: Query) -> list[Row]:
        def fetch(number: int) -> tuple[Sequence[Row], bool]:
            paging = (("size", str(_PAGE)), ("offset", str(number * _PAGE)))
            rows = self._api.rows(self._api.get(_ROOT + path, (*query, *paging)), member)
            return rows, len(rows) == _PAGE

        return list(self._api.pages(fetch))

"""PayPal's Transaction Search, by a client id and secret whose app may search transactions. A settlement is a day."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

from pakhus.clients.budget import Budget
from pakhus.clients.http import Call
from pakhus.clients.settlement_api import ProviderApi, ProviderSettings, RenewedToken, Row, envelope

DEFAULT_URL = "https://api-m.paypal.com"
_TOKEN, _SEARCH = "/v1/oauth2/token", "/v1/reporting/transactions"
_PAGE = 500


class PaypalSettlements:
    """Days of an account; the token lasts for hours and is asked for anew before it ends."""

    def __init__(self, settings: ProviderSettings, budget: Budget | None = None) -> None:
        self._pair = base64.b64encode(f"{settings.name}:{settings.secret}".encode()).decode()
        self._token = RenewedToken("PayPal")
        self._api = ProviderApi("PayPal", settings, self._sign, budget)

    def payouts(self, first: date, last: date) -> Sequence[str]:
        """Return the days, each a settlement of its own (UTC)."""
        return [(first + timedelta(days=at)).isoformat() for at in range((last - first).days + 1)]

    def settlement(self, payout_id: str) -> bytes:
        """Return what moved the balance on a day, in the order in which PayPal lists it: balances follow it."""
        begin, end = f"{payout_id}T00:00:00Z", f"{payout_id}T23:59:59Z"
        account = ""

        def fetch(number: int) -> tuple[Sequence[Row], bool]:
            nonlocal account
            days = (("start_date", begin), ("end_date", end), ("fields", "transaction_info"))
            body = self._api.get(_SEARCH, (*days, ("page_size", str(_PAGE)), ("page", str(number + 1))))
            account = str(body.get("account_number") or account)
            return self._api.rows(body, "transaction_details"), number + 1 < int(body.get("total_pages") or 1)

        details = list(self._api.pages(fetch))
        return envelope(account_number=account, start_date=begin, end_date=end, transaction_details=details)

    def _sign(self, call: Call, url: str) -> Call:
        del url
        if call.path == _TOKEN:
            return replace(call, headers={**call.headers, "Authorization": f"Basic {self._pair}"})
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        token = self._token.value(lambda: self._api.post(_TOKEN, b"grant_type=client_credentials", form))
        return replace(call, headers={**call.headers, "Authorization": f"Bearer {token}"})

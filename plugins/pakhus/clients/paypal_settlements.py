"""PayPal's Transaction Search, by a client id and secret whose app may search transactions. A settlement is a day."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from pakhus.clients.budget import Budget
from pakhus.clients.http import Call, Query
from pakhus.clients.settlement_api import Listed, ProviderApi, ProviderSettings, RenewedToken, Row, envelope, only

DEFAULT_URL = "https://api-m.paypal.com"
_TOKEN, _SEARCH = "/v1/oauth2/token", "/v1/reporting/transactions"
_PAGE = 500
_TRANSACTION = (
    "custom_field",
    "ending_balance",
    "fee_amount",
    "invoice_id",
    "paypal_reference_id",
    "transaction_amount",
    "transaction_event_code",
    "transaction_id",
    "transaction_initiation_date",
    "transaction_status",
)


class PaypalSettlements:
    """Days of an account; the token lasts for hours and is asked for anew before it ends."""

    def __init__(self, settings: ProviderSettings, budget: Budget | None = None) -> None:
        self._pair = base64.b64encode(f"{settings.name}:{settings.secret}".encode()).decode()
        self._token = RenewedToken("PayPal")
        self._api = ProviderApi("PayPal", settings, self._sign, budget)

    def payouts(self, first: date, last: date) -> Listed:
        """Return the days, each a settlement of its own (UTC)."""
        return Listed([(first + timedelta(days=at)).isoformat() for at in range((last - first).days + 1)])

    def settlement(self, payout_id: str) -> bytes:
        """Return what moved the balance on a day, in the order in which PayPal lists it: balances follow it."""
        account = ""
        days = _day(payout_id)

        def fetch(number: int) -> tuple[Sequence[Row], bool]:
            nonlocal account
            body = self._api.get(_SEARCH, (*days, ("page_size", str(_PAGE)), ("page", str(number + 1))))
            account = str(body.get("account_number") or account)
            return self._api.rows(body, "transaction_details"), number + 1 < int(body.get("total_pages") or 1)

        details = list(self._api.pages(fetch))
        return envelope(account_number=account, **dict(days[:2]), transaction_details=[_moved(row) for row in details])

    def probe(self) -> str:
        """Search yesterday: the app needs the right to search transactions."""
        yesterday = datetime.now(UTC).date() - timedelta(days=1)
        body = self._api.get(_SEARCH, (*_day(yesterday.isoformat()), ("page_size", "1"), ("page", "1")))
        self._api.rows(body, "transaction_details")
        return f"PayPal account {body.get('account_number') or 'without a number'}"

    def _sign(self, call: Call, url: str) -> Call:
        del url
        if call.path == _TOKEN:
            return replace(call, headers={**call.headers, "Authorization": f"Basic {self._pair}"})
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        token = self._token.value(lambda: self._api.post(_TOKEN, b"grant_type=client_credentials", form))
        return replace(call, headers={**call.headers, "Authorization": f"Bearer {token}"})


def _day(day: str) -> Query:
    """The parameters of a day; the first two are kept with what they found."""
    return (("start_date", f"{day}T00:00:00Z"), ("end_date", f"{day}T23:59:59Z"), ("fields", "transaction_info"))


def _moved(detail: Row) -> Row:
    """A transaction as the reader needs it: notes and subjects are the buyer's own words."""
    info = detail.get("transaction_info")
    return {"transaction_info": only(info, _TRANSACTION) if isinstance(info, dict) else {}}

"""Vipps MobilePay's Report API: the funds and fees ledgers day by day, by the keys of a sales unit.

The connection's name is the ledger, its secret `client id:client secret`. A settlement here is a span of days, which
must begin on the day of the last payout that was read: the reader takes the payouts after that one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

from pakhus.clients.budget import Budget
from pakhus.clients.http import Call
from pakhus.clients.settlement_api import Listed, ProviderApi, ProviderSettings, RenewedToken, Row, envelope, only
from pakhus.errors import ConfigurationError, TransientError

DEFAULT_URL = "https://api.vipps.no"
_LEDGERS = "/settlement/v1/ledgers"
_ENTRY = (
    "pspReference",
    "time",
    "ledgerDate",
    "entryType",
    "reference",
    "currency",
    "amount",
    "balanceBefore",
    "balanceAfter",
)
_TOKEN = "/accesstoken/get"  # noqa: S105 - a path


class VippsMobilepaySettlements:
    """One ledger; the token lasts for an hour and is asked for anew before it ends."""

    def __init__(self, settings: ProviderSettings, budget: Budget | None = None) -> None:
        self._ledger = settings.name
        self._keys = settings.secret.partition(":")
        self._subscription = settings.subscription_key
        self._token = RenewedToken("Vipps MobilePay")
        self._api = ProviderApi("Vipps MobilePay", settings, self._sign, budget)

    def payouts(self, first: date, last: date) -> Listed:
        """Return the span; only days that are over, since a ledger date may be open for hours after midnight."""
        return Listed([f"{first}_{last}"])

    def settlement(self, payout_id: str) -> bytes:
        """Return all entries of both ledgers in the span, in their order."""
        first, last = (date.fromisoformat(day) for day in payout_id.split("_"))
        days = [first + timedelta(days=at) for at in range((last - first).days + 1)]
        funds, fees = (
            [only(row, _ENTRY) for day in days for row in self._entries(topic, day)] for topic in ("funds", "fees")
        )
        return envelope(ledgerId=self._ledger, fromStart=False, funds=funds, fees=fees)

    def probe(self) -> str:
        """See that the ledger is one of those that the keys may read."""
        ledgers = [str(row.get("ledgerId")) for row in self._api.rows(self._api.get(_LEDGERS), "items")]
        if self._ledger not in ledgers:
            known = ", ".join(sorted(ledgers)) or "none"
            raise ConfigurationError(
                f"Vipps MobilePay: these keys may not read ledger {self._ledger}, but {known}; put the ledger's id "
                "into the connection, or grant the keys access to it",
                system="Vipps MobilePay",
            )
        return f"Vipps MobilePay ledger {self._ledger}"

    def _entries(self, topic: str, day: date) -> list[Row]:
        path = f"/report/v2/ledgers/{self._ledger}/{topic}/dates/{day}"
        cursor = [""]

        def fetch(number: int) -> tuple[Sequence[Row], bool]:
            del number
            body = self._api.get(path, (("cursor", cursor[-1]),) if cursor[-1] else ())
            if body.get("tryLater"):  # the day's entries are not all there yet
                raise TransientError(
                    f"Vipps MobilePay: {day} is still open", system="Vipps MobilePay", maybe_done=False
                )
            cursor[:] = [str(body.get("cursor") or "")]
            return self._api.rows(body, "items"), bool(cursor[-1])

        return list(self._api.pages(fetch))

    def _sign(self, call: Call, url: str) -> Call:
        del url
        keys = {"Ocp-Apim-Subscription-Key": self._subscription}
        if call.path == _TOKEN:
            own = {"client_id": self._keys[0], "client_secret": self._keys[2]}
            return replace(call, headers={**call.headers, **keys, **own})
        token = self._token.value(lambda: self._api.post(_TOKEN, b"", {}))
        return replace(call, headers={**call.headers, **keys, "Authorization": f"Bearer {token}"})

"""Polling of a provider's API: its finished payouts, read whole, on the same way as files (domain guide 11).

How far it was read stands in the ledger, and moves when all that was listed has been taken in; each run reads the
payouts of some days before that again, so that late ones and late changes are seen. A payout that is not finished holds
the place. Only what a voucher and its matching need is kept of an answer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from pakhus.clients.settlement_api import PaidApart, SettlementClient
from pakhus.errors import ConfigurationError, DataError
from pakhus.flows.settlement_intake import SettlementFile
from pakhus.ledger import cursors
from pakhus.ledger.connection import Ledger
from pakhus.provider_connections import PROVIDERS, Provider
from pakhus.settings.accounts import AccountSettings, ProviderApiSettings

CURSOR = "provider_api"
_DAY = timedelta(days=1)


Found = SettlementFile | PaidApart
"""What polling finds: a settlement's bytes, or a payout that the provider never itemises."""


@dataclass(frozen=True, slots=True)
class Poller:
    """Reads an account's payouts from its provider. `connect` makes the client, when it is needed."""

    ledger: Ledger
    settings: AccountSettings
    connect: Callable[[], SettlementClient]

    def found(self) -> Iterator[Found]:
        """Yield what is to be taken in, the settlements as the bytes that are kept.

        The cursor moves when the last one was asked for: then the others have been taken. RemoteError ends the
        reading; one settlement that is refused ends it after the others.
        """
        provider = PROVIDERS[polled(self.settings).provider]
        before = self.ledger.persist(lambda tx: cursors.read(tx, self.settings.account, CURSOR))
        first, last = window(self.settings, provider, before, self.ledger.now())
        if first > last:
            return
        client = self.connect()
        listed = client.payouts(first, last)
        yield from listed.apart
        refused: DataError | None = None
        for payout_id in listed.ready:
            try:
                content = client.settlement(payout_id)
            except DataError as error:
                refused = error
            else:
                yield SettlementFile(f"{provider.system} {payout_id}", content, provider.reader)
        if refused is not None:
            raise refused
        self._move(before, min(last, listed.open_since or last))

    def _move(self, before: str | None, reached: date) -> None:
        value = max(reached.isoformat(), before or "")
        if value != before:
            self.ledger.persist(lambda tx: cursors.move(tx, self.settings.account, CURSOR, value, expected=before))


def polled(settings: AccountSettings) -> ProviderApiSettings:
    """What the account says of its provider's API; ConfigurationError where it says nothing."""
    if settings.api is None:
        raise ConfigurationError(f"accounts/{settings.account}.yaml names no api to poll")
    return settings.api


def window(settings: AccountSettings, provider: Provider, reached: str | None, now: datetime) -> tuple[date, date]:
    """The first and the last day (UTC) to ask for; the last one is before the first when there is nothing to ask."""
    first = settings.start_from
    if reached is not None:
        first = max(first, date.fromisoformat(reached) - timedelta(days=polled(settings).again_days))
    today = now.astimezone(UTC).date()
    over = today if provider.late is None else (now - provider.late).astimezone(UTC).date() - _DAY
    return first - provider.before, over

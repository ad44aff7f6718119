"""A shop whose payments stand on a clearing account, and the provider that took them, asked over its API."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from pakhus.clients.settlement_api import SettlementClient
from pakhus.flows.payouts import Settler, settler
from pakhus.flows.report import RunReport
from pakhus.flows.settlement_polling import Poller
from pakhus.ledger.connection import Ledger
from pakhus.provider_connections import settlement_client
from pakhus.settings.accounts import AccountSettings, ProviderApiSettings
from standin.registry import create, default_seed
from standin.server import StandinServer
from tests.clients.stripe_account import connection
from tests.flows.shipped_orders import only
from tests.flows.test_payments import CARD, pay, paying
from tests.flows.test_payouts import KORT, PAID
from tests.flows.world import QUICK, World, world

KEY = str(default_seed("stripe")["credentials"]["api_key"])
SETTINGS = KORT.model_copy(
    update={
        "reader": None,
        "folder": None,
        "columns": None,
        "order_prefix": "",
        "api": ProviderApiSettings(provider="stripe"),
    }
)
OWED = Decimal("966.50")


@dataclass(frozen=True, slots=True)
class Polled:
    """The world with a provider."""

    world: World
    stripe: StandinServer
    settings: AccountSettings = SETTINGS

    def act(self, action: str, **members: Any) -> Any:
        return self.stripe.act({"action": action, **members})

    def capture(self, order: str, amount: str) -> Any:
        """The shop's gateway takes the money of an order."""
        minor = int(Decimal(amount) * 100)
        return self.act("charge", amount=minor, order_id=order, description=f"nordlys - Order {order}")

    def capture_all(self) -> None:
        for order, amount in PAID.items():
            self.capture(order, amount)

    def settler(self, ledger: Ledger | None = None) -> Settler:
        return settler(self.world.accounts, ledger or self.world.ledger, self.settings)

    def poller(self, ledger: Ledger | None = None) -> Poller:
        return Poller(ledger or self.world.ledger, self.settings, self.client)

    def client(self) -> SettlementClient:
        return settlement_client("stripe", connection(self.stripe.url, KEY), QUICK)

    def settle(self, ledger: Ledger | None = None) -> RunReport:
        """One run of `kort__payouts`, without Airflow."""
        return self.settler(ledger).run(self.poller(ledger).found())

    def forward(self, **span: float) -> None:
        self.world.forward(**span)


@contextmanager
def polled(ledger_url: str) -> Iterator[Polled]:
    """Three orders, invoiced and paid by card; the provider has not heard of them yet."""
    with world(ledger_url, seed=only(*PAID)) as running:
        at = paying(running, CARD)
        at.observe()
        at.book()
        pay(at)
        clock = at.accounts_server.clock
        stripe = create("stripe", "stripe", default_seed("stripe"), {"arrival_days": 0}, clock)
        with StandinServer(stripe) as server:
            yield Polled(replace(at), server)


def today(at: Polled) -> datetime:
    return at.world.ledger.now().astimezone(UTC)

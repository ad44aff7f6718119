"""Payment providers whose API is polled: what each client needs of an Airflow connection, and what reads its answers.

A new provider: a client (`pakhus.clients.<provider>_settlements`), a line in `PROVIDERS`, its connection's form
(`pakhus.provider_forms`) and hook (`hooks/provider_hook.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

from pakhus.clients import (
    epay_settlements,
    klarna_settlements,
    paypal_settlements,
    stripe_settlements,
    vipps_mobilepay_settlements,
)
from pakhus.clients.epay_settlements import EpaySettlements
from pakhus.clients.http import Limits
from pakhus.clients.klarna_settlements import KlarnaSettlements
from pakhus.clients.paypal_settlements import PaypalSettlements
from pakhus.clients.settlement_api import ProviderSettings, SettlementClient
from pakhus.clients.stripe_settlements import StripeSettlements
from pakhus.clients.vipps_mobilepay_settlements import VippsMobilepaySettlements
from pakhus.clients.woocommerce_api import WooCommerceApi
from pakhus.clients.woopayments_settlements import WoopaymentsSettlements
from pakhus.connections import ConnectionFacts, address_of, verification_of, woocommerce_settings

_NO_LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class Provider:
    """How a provider is reached and read.

    `system` is its name in errors, `reader` what reads its answers. `late` says that its settlements are days or spans
    of days, and how long after midnight (UTC) a day may still grow; None: it lists what is finished. A span begins with
    a payout before the first one that is wanted: it lies within `before`.
    """

    system: str
    reader: str
    client: Callable[[ConnectionFacts, Limits], SettlementClient]
    late: timedelta | None = None
    before: timedelta = timedelta(0)


def settlement_client(provider: str, connection: ConnectionFacts, limits: Limits = _NO_LIMITS) -> SettlementClient:
    """Return the client; ConfigurationError when the connection lacks something. Asks nothing."""
    return PROVIDERS[provider].client(connection, limits)


def _stripe(connection: ConnectionFacts, limits: Limits) -> SettlementClient:
    """Password is a restricted key that may read balance and payouts."""
    return StripeSettlements(_settings(connection, stripe_settlements.DEFAULT_URL, "restricted API key", limits))


def _epay(connection: ConnectionFacts, limits: Limits) -> SettlementClient:
    """Password is an API key."""
    return EpaySettlements(_settings(connection, epay_settlements.DEFAULT_URL, "API key", limits))


def _klarna(connection: ConnectionFacts, limits: Limits) -> SettlementClient:
    """Login and password are the API credentials of the merchant portal."""
    settings = _settings(connection, klarna_settlements.DEFAULT_URL, "API password", limits)
    return KlarnaSettlements(replace(settings, name=connection.secret("login", "API username")))


def _paypal(connection: ConnectionFacts, limits: Limits) -> SettlementClient:
    """Login is the client id of the app, password its secret."""
    settings = _settings(connection, paypal_settlements.DEFAULT_URL, "client secret", limits)
    return PaypalSettlements(replace(settings, name=connection.secret("login", "client id")))


def _vipps_mobilepay(connection: ConnectionFacts, limits: Limits) -> SettlementClient:
    """Login and password are client id and secret of the sales unit; the ledger and the subscription key are extras."""
    settings = _settings(connection, vipps_mobilepay_settlements.DEFAULT_URL, "client secret", limits)
    ledger, subscription = connection.text("ledger_id"), connection.text("subscription_key_secret")
    for name, value in (("ledger_id", ledger), ("subscription_key_secret", subscription)):
        if not value:
            raise connection.problem(f"extra {name}", "is missing; see docs/settings.md for where it stands")
    pair = f"{connection.secret('login', 'client id')}:{settings.secret}"
    return VippsMobilepaySettlements(replace(settings, name=ledger, secret=pair, subscription_key=subscription))


def _woopayments(connection: ConnectionFacts, limits: Limits) -> SettlementClient:
    """The shop's own connection."""
    return WoopaymentsSettlements(WooCommerceApi(replace(woocommerce_settings(connection), limits=limits)))


def _settings(connection: ConnectionFacts, url: str, secret: str, limits: Limits) -> ProviderSettings:
    return ProviderSettings(
        base_url=address_of(connection, url),
        secret=connection.secret("password", secret),
        verify=verification_of(connection),
        limits=limits,
    )


PROVIDERS: Mapping[str, Provider] = {
    "epay": Provider("ePay", "epay", _epay),
    "klarna": Provider("Klarna", "klarna", _klarna),
    "paypal": Provider("PayPal", "paypal_search", _paypal, late=timedelta(hours=4)),
    "stripe": Provider("Stripe", "stripe", _stripe),
    "vipps_mobilepay": Provider(
        "Vipps MobilePay", "vipps_mobilepay", _vipps_mobilepay, late=timedelta(hours=4), before=timedelta(days=31)
    ),
    "woopayments": Provider("WooPayments", "woopayments", _woopayments),
}
"""By the settings' name, which is the type of the connection, too (WooPayments: the shop's)."""

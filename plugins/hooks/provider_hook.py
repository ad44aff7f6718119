"""Payment providers: Connection in, client out. A class per connection type, all alike: Airflow asks a hook by type."""

from __future__ import annotations

from airflow.sdk import BaseHook

from hooks.connection_answer import LIMITS, tested
from hooks.connection_facts import read_facts
from pakhus.clients.http import Limits
from pakhus.clients.settlement_api import SettlementClient
from pakhus.provider_connections import settlement_client


class ProviderHook(BaseHook):
    """Give tasks the client of a provider's API. WooPayments is reached by the shop's own connection."""

    conn_name_attr = "provider_conn_id"
    provider = ""

    def __init__(self, provider_conn_id: str, provider: str = "") -> None:
        super().__init__()
        self.provider_conn_id = provider_conn_id
        self.provider = provider or self.provider

    def client(self, limits: Limits | None = None) -> SettlementClient:
        """Return the client."""
        facts = read_facts(self.provider_conn_id)
        return settlement_client(self.provider, facts, limits) if limits else settlement_client(self.provider, facts)

    def test_connection(self) -> tuple[bool, str]:
        """Read a little of everything that the payouts need; for the Test button."""
        return tested(lambda: self.client(LIMITS).probe())


class StripeHook(ProviderHook):
    """Password is a restricted key that may read balance and payouts."""

    conn_type = "stripe"
    hook_name = "Stripe"
    default_conn_name = "stripe__main"
    provider = conn_type


class KlarnaHook(ProviderHook):
    """Login and password are the API credentials of the merchant portal."""

    conn_type = "klarna"
    hook_name = "Klarna"
    default_conn_name = "klarna__main"
    provider = conn_type


class VippsMobilepayHook(ProviderHook):
    """Login and password are client id and secret of the sales unit."""

    conn_type = "vipps_mobilepay"
    hook_name = "Vipps MobilePay"
    default_conn_name = "vipps_mobilepay__main"
    provider = conn_type


class PaypalHook(ProviderHook):
    """Login and password are client id and secret of the app."""

    conn_type = "paypal"
    hook_name = "PayPal"
    default_conn_name = "paypal__main"
    provider = conn_type


class EpayHook(ProviderHook):
    """Password is an API key."""

    conn_type = "epay"
    hook_name = "ePay"
    default_conn_name = "epay__main"
    provider = conn_type

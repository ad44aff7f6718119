"""WooCommerce: Connection in, client out."""

from __future__ import annotations

from dataclasses import replace

from airflow.sdk import BaseHook

from hooks.connection_answer import LIMITS, tested
from hooks.connection_facts import read_facts
from pakhus.clients.http import Limits
from pakhus.clients.woocommerce import WooCommerceClient
from pakhus.connections import webhook_secrets, woocommerce_settings
from pakhus.errors import ConfigurationError
from pakhus.settings import ShopSettings


class WooCommerceHook(BaseHook):
    """Give tasks a shop's client. Login is the consumer key, password the consumer secret."""

    conn_name_attr = "woocommerce_conn_id"
    default_conn_name = "woocommerce_default"
    conn_type = "woocommerce"
    hook_name = "WooCommerce"

    def __init__(self, woocommerce_conn_id: str = default_conn_name) -> None:
        super().__init__()
        self.woocommerce_conn_id = woocommerce_conn_id

    def client(self, shop: ShopSettings | None = None, limits: Limits | None = None) -> WooCommerceClient:
        """Return the client; without a shop's settings it can only be tested."""
        settings = woocommerce_settings(read_facts(self.woocommerce_conn_id), shop)
        return WooCommerceClient.from_settings(replace(settings, limits=limits) if limits else settings)

    def webhook_secrets(self) -> tuple[str, ...]:
        """Return the secrets that the shop's webhooks may be signed with, that of new ones first."""
        return webhook_secrets(read_facts(self.woocommerce_conn_id))

    def test_connection(self) -> tuple[bool, str]:
        """Read the shop's settings; for the Test button."""
        return tested(self._probe)

    def _probe(self) -> str:
        facts = self.client(limits=LIMITS).probe()
        if facts.problems:
            problems = "; ".join(facts.problems)
            raise ConfigurationError(f"{problems}. See whether address and keys in the connection are right")
        return f"WooCommerce {facts.version} in {facts.currency}"

"""WooCommerce: Connection in, client out."""

from __future__ import annotations

from airflow.sdk import BaseHook
from hooks.connection_facts import facts_of
from pakhus.clients.woocommerce import WooCommerceClient
from pakhus.connections import woocommerce_settings
from pakhus.errors import RemoteError
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

    def client(self, shop: ShopSettings | None = None) -> WooCommerceClient:
        """Return the client; without a shop's settings it can only be tested."""
        facts = facts_of(self.get_connection(self.woocommerce_conn_id))
        return WooCommerceClient.from_settings(woocommerce_settings(facts, shop))

    def test_connection(self) -> tuple[bool, str]:
        """Read the shop's settings; for the Test button."""
        try:
            facts = self.client().probe()
        except RemoteError as error:
            return False, str(error)
        if facts.problems:
            return False, "; ".join(facts.problems)
        return True, f"WooCommerce {facts.version} in {facts.currency}"

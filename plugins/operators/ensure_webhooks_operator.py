"""Register a shop's webhooks, and repair those that the shop has switched off."""

from __future__ import annotations

from typing import Any

from airflow.sdk.definitions.context import Context

from hooks.woocommerce_hook import WooCommerceHook
from operators.shop_operator import ShopOperator
from pakhus.flows.report import RunReport
from pakhus.flows.webhooks import FLOW, described, ensure


class EnsureWebhooksOperator(ShopOperator):
    """Returns the count of webhooks as a run's report; red when the shop switches them off again and again."""

    def work(self, context: Context) -> dict[str, Any]:
        settings = self.settings()
        secret = WooCommerceHook(settings.connection).webhook_secrets()[0]
        states = ensure(self.webshop(settings), self.ledger(context), settings, secret)
        self.log.info("%s", described(states))
        return RunReport(FLOW, self.shop, seen=len(states)).as_dict()

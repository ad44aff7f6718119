"""What the operators of a shop share: its settings, its ledger, and how their errors end a task."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.sdk import BaseOperator, RetryPolicy
from airflow.sdk.definitions.context import Context
from airflow.sdk.definitions.retry_policy import RetryDecision

from hooks.ledger_hook import LedgerHook
from hooks.woocommerce_hook import WooCommerceHook
from pakhus.clients.webshop import Webshop
from pakhus.errors import ConfigurationError, RateLimitedError
from pakhus.ledger.connection import Ledger, RunIdentity
from pakhus.settings import ShopSettings, load_shop


class WhoActsRetryPolicy(RetryPolicy):
    """Retry by the error's class: what a person must mend fails at once, a rate limit waits what it is told."""

    def evaluate(
        self, exception: BaseException, try_number: int, max_tries: int, context: Context | None = None
    ) -> RetryDecision:
        del try_number, max_tries, context
        if isinstance(exception, ConfigurationError):
            return RetryDecision.fail(reason=str(exception))
        if isinstance(exception, RateLimitedError):
            return RetryDecision.retry(delay=exception.retry_after, reason=str(exception))
        return RetryDecision.default()

    def serialize(self) -> dict[str, Any]:
        return {}

    @classmethod
    def deserialize(cls, data: dict[str, Any]) -> WhoActsRetryPolicy:
        del data
        return cls()


# A DAG's default_args: a mapped operator takes these from the DAG, not from its constructor.
TASK_DEFAULTS = {
    "retries": 3,
    "retry_delay": timedelta(seconds=30),
    "retry_policy": WhoActsRetryPolicy(),
}


class ShopOperator(BaseOperator):
    """An operator of one shop. Loads settings and connections when it runs, never when the DAG is parsed."""

    def __init__(self, *, shop: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.shop = shop

    def settings(self) -> ShopSettings:
        return load_shop(self.shop)

    def ledger(self, context: Context) -> Ledger:
        task = context["ti"]
        run = RunIdentity(task.dag_id, task.run_id, task.task_id, task.map_index or -1, task.try_number)
        return LedgerHook().ledger(run)

    def webshop(self, settings: ShopSettings) -> Webshop:
        return WooCommerceHook(settings.connection).client(settings)

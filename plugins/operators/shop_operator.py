"""What the operators of a shop share: its settings, its ledger, and how their errors end a task."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from airflow.sdk import BaseOperator, RetryPolicy
from airflow.sdk.definitions.context import Context
from airflow.sdk.definitions.retry_policy import RetryDecision
from airflow.sdk.exceptions import AirflowSkipException
from sqlalchemy.exc import DBAPIError

from hooks.connection_facts import ConnectionMissingError
from hooks.ledger_hook import LedgerHook
from hooks.woocommerce_hook import WooCommerceHook
from operators.failure_texts import failure_cause
from operators.ledger_memory import LEDGER, ledger_remembered
from pakhus.clients.webshop import Webshop
from pakhus.errors import ConfigurationError, LedgerBehindError, PakhusError, RateLimitedError
from pakhus.flows.recovery import stopped_as_behind
from pakhus.flows.self_stopping import refusal_recorded
from pakhus.ledger import stops
from pakhus.ledger.connection import Ledger, RunIdentity
from pakhus.settings import ShopSettings, load_shop

FAILURE = "failure"
"""The XCom in which a task that fails leaves its cause (a dict of `Cause`) for the run's report."""

STOPPED = "stopped"
"""The XCom in which a task that a stop skipped says so for the run's report."""


class WhoActsRetryPolicy(RetryPolicy):
    """Retry by the error's class: what a person must mend fails at once, a rate limit waits what it is told."""

    def evaluate(
        self, exception: BaseException, try_number: int, max_tries: int, context: Context | None = None
    ) -> RetryDecision:
        del try_number, max_tries, context
        if isinstance(exception, LedgerBehindError):
            return RetryDecision.fail(reason=str(exception))
        if isinstance(exception, ConfigurationError) and not isinstance(exception, ConnectionMissingError):
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
    "inlets": [LEDGER],
    "retry_delay": timedelta(seconds=30),
    "retry_policy": WhoActsRetryPolicy(),
}


@contextmanager
def failures_told(context: Context, shop: str) -> Iterator[None]:
    """Leave the message of an error for the run's report; `shop` is one whose file names the connections."""
    try:
        yield
    except (PakhusError, DBAPIError) as error:
        context["ti"].xcom_push(key=FAILURE, value=asdict(failure_cause(error, shop)))
        raise


def ledger_of(context: Context) -> Ledger:
    """The ledger; rows that it writes carry this task."""
    task = context["ti"]
    map_index = -1 if task.map_index is None else task.map_index
    run = RunIdentity(task.dag_id, task.run_id, task.task_id, map_index, task.try_number)
    return LedgerHook().ledger(run)


def flow_of(context: Context) -> str:
    """The flow of a task: what its DAG is called after."""
    return str(context["ti"].dag_id).rpartition("__")[2]


class ShopOperator(BaseOperator):
    """An operator of one shop. Loads settings and connections when it runs, never when the DAG is parsed."""

    template_fields = ()

    def __init__(self, *, shop: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.shop = shop

    def execute(self, context: Context) -> Any:
        """Do the work, unless a person has stopped the flow: then the task is skipped and everything stays due.

        A flow that has stopped itself is tried, and what refuses the task stops it. A failure's message is left for the
        run's report, which nothing else would tell it.
        """
        with failures_told(context, self.shop):
            self._skip_if_stopped(context)
            ledger, flow = self.ledger(context), flow_of(context)
            with ledger_remembered(context, ledger), refusal_recorded(ledger, self.shop, flow, context["ti"].task_id):
                return self.work(context)

    def _skip_if_stopped(self, context: Context) -> None:
        task = context["ti"]
        ledger = self.ledger(context)
        flow = flow_of(context)
        with ledger.begin() as tx:
            behind = stopped_as_behind(tx)
            stop = stops.find(tx, self.shop, flow)
        ledger.close()
        if behind:
            task.xcom_push(key=STOPPED, value=behind)
            raise AirflowSkipException(behind)
        if stop is not None:
            task.xcom_push(key=STOPPED, value=stop.text())
            raise AirflowSkipException(f"{self.shop} {flow}: {stop.text()}. `python -m pakhus resume` lifts it.")

    def work(self, context: Context) -> Any:
        """What the operator does; returns what goes to XCom: counts and ids, never anything of a person."""
        raise NotImplementedError

    def settings(self) -> ShopSettings:
        return load_shop(self.shop)

    def ledger(self, context: Context) -> Ledger:
        return ledger_of(context)

    def webshop(self, settings: ShopSettings) -> Webshop:
        return WooCommerceHook(settings.connection).client(settings)

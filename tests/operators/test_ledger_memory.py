"""Tasks compare the ledger with what Airflow remembers of it, before anything is done."""

from typing import Any

import pytest
from airflow.sdk.definitions.context import Context
from airflow.sdk.definitions.retry_policy import RetryAction
from airflow.sdk.exceptions import AirflowSkipException

from operators.failure_texts import failure_cause
from operators.ledger_memory import LEDGER
from operators.shop_operator import FAILURE, STOPPED, TASK_DEFAULTS, ShopOperator, WhoActsRetryPolicy
from pakhus.errors import LedgerBehindError
from pakhus.ledger import installation
from pakhus.ledger.connection import Ledger
from tests.operators.run import Task, context


class Work(ShopOperator):
    """Counts how often it worked."""

    worked = 0

    def work(self, context: Context) -> None:
        del context
        Work.worked += 1

    def ledger(self, context: Context) -> Ledger:
        del context
        return Ledger(self.url)


@pytest.fixture
def work(fresh_ledger_url: str) -> Work:
    Work.worked = 0
    operator = Work(task_id="work", shop="nordlys")
    operator.url = fresh_ledger_url
    return operator


def remembering(progress: list[int] | None) -> tuple[Task, Any]:
    task = Task()
    if progress is not None:
        task.memory[LEDGER].set("progress", progress)
    return task, context(task)


def test_the_ledgers_progress_is_remembered_after_the_work(work: Work) -> None:
    task, run = remembering(None)
    work.execute(run)
    assert task.memory[LEDGER].get("progress") == [1, 0]
    work.execute(run)
    assert Work.worked == 2


@pytest.mark.edge(88)
def test_an_older_ledger_fails_one_task_and_skips_all_others_until_recovery(work: Work) -> None:
    task, run = remembering([1, 17])
    with pytest.raises(LedgerBehindError, match="python -m pakhus recover"):
        work.execute(run)
    [cause] = task.pushed["task", FAILURE]
    assert cause["code"] == "ledger_behind"
    other, its_run = remembering([1, 17])
    with pytest.raises(AirflowSkipException):
        work.execute(its_run)
    assert "restored from a backup" in other.pushed["task", STOPPED][0]
    assert (Work.worked, other.memory[LEDGER].get("progress")) == (0, [1, 17])
    with Ledger(work.url).begin() as tx:
        installation.begin_recovery(tx)
    work.execute(its_run)
    assert (Work.worked, other.memory[LEDGER].get("progress")) == (1, [2, 0])


def test_an_older_ledger_is_not_tried_again() -> None:
    decision = WhoActsRetryPolicy().evaluate(LedgerBehindError("old"), 1, 3)
    assert decision.action is RetryAction.FAIL
    assert (
        failure_cause(LedgerBehindError("old"), "nordlys").text
        == "old. Every flow waits for that; nothing was written."
    )


def test_every_task_of_a_shop_can_reach_the_memory() -> None:
    assert TASK_DEFAULTS["inlets"] == [LEDGER]

"""A running Airflow: a line of a payout is asked about, answered with a form over REST, and entered once."""

import json
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from pakhus.ledger.connection import Ledger
from pakhus.ledger.schema import documents, settlement_answers
from stack import ROOT
from stack.airflow import Stack
from stack.rest import AirflowApi
from stack.waiting import wait_until
from standin.clock import Clock
from standin.registry import create, default_seed
from standin.server import StandinServer
from tests.failures.test_audit_and_decisions_on_airflow import NEVER, PARKED_S, RUN_WITHIN_S
from tests.flows.test_payouts import COLUMNS, file, row

pytestmark = pytest.mark.airflow

ACCOUNT = "kortby"
PAYOUTS, QUESTIONS, DECISIONS = (f"{ACCOUNT}__{flow}" for flow in ("payouts", "payout_questions", "payout_decisions"))
KEY = f"{ACCOUNT}-PO-1-DKK-payout"
SETTINGS = f"""\
account: {ACCOUNT}
provider: Kortselskabet
reader: column_mapping
columns: {ACCOUNT}
folder: file://{{folder}}
economic: {ACCOUNT}
journal: 5
start_from: 2026-01-01
schedule: "{NEVER}"
decisions: {{{{schedule: "{NEVER}"}}}}
accounts:
  DKK: {{{{clearing: 5825, bank: 5829, fee: 7220, reserve: 5827, dispute: 5828, difference: 7225, exchange: 7230}}}}
"""


@pytest.fixture(scope="module")
def accounts() -> Iterator[StandinServer]:
    """The accounts that the payouts are entered in."""
    clock = Clock()
    with StandinServer(create("economic", "economic", default_seed("economic"), {}, clock), clock=clock) as server:
        yield server


@pytest.fixture(scope="module")
def api(
    airflow_stack: Stack, accounts: StandinServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[AirflowApi]:
    """The running Airflow with an account whose one settlement holds a payment that nobody knows."""
    include, folder = Path(airflow_stack.environment()["PAKHUS_INCLUDE"]), tmp_path_factory.mktemp("settled")
    settled = file(row("capture", "x1", "100.00", order="9001"), row("payout", "p1", "-100.00"))
    (folder / settled.name).write_bytes(settled.content)
    files = {
        include / "accounts" / f"{ACCOUNT}.yaml": SETTINGS.format(folder=folder),
        include / "settlements" / f"{ACCOUNT}.yaml": json.dumps(
            COLUMNS.model_dump(mode="json", by_alias=True, exclude_none=True)
        ),
    }
    for path, text in files.items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    for name in ("payouts", "payout_questions", "payout_decisions"):
        shutil.copy(ROOT / "dags" / f"{name}.py", airflow_stack.dags)
    api = airflow_stack.api
    keys = default_seed("economic")["credentials"]
    extra = {"app_secret_token": keys["app_secret_token"]}
    api.put_connection(
        f"economic__{ACCOUNT}", "economic", host=accounts.url, password=keys["agreement_grant_token"], extra=extra
    )
    api.put_pool(f"economic__{ACCOUNT}", 2)
    used = [PAYOUTS, QUESTIONS, DECISIONS]
    api.wait_for_dags(used, RUN_WITHIN_S)
    for dag in used:
        api.unpause(dag)
    yield api
    for dag in used:
        api.pause(dag)
    for path in files:
        path.unlink()


def run(api: AirflowApi, dag: str) -> None:
    api.wait_for_run(dag, api.trigger(dag, None), RUN_WITHIN_S)


def standing(ledger: Ledger) -> str:
    with ledger.begin() as tx:
        return str(tx.connection.execute(select(documents.c.reason).where(documents.c.key == KEY)).scalar_one())


def waits(api: AirflowApi, run_id: str) -> bool:
    return any(task["state"] == "awaiting_input" for task in api.task_instances(DECISIONS, run_id))


@pytest.mark.timeout(1200)
def test_a_line_is_asked_about_once_answered_with_its_account_and_entered(
    airflow_stack: Stack, api: AirflowApi, accounts: StandinServer
) -> None:
    ledger = Ledger(airflow_stack.ledger_url)
    run(api, PAYOUTS)
    assert standing(ledger) == "payout_unmatched"
    for _ in range(2):
        run(api, QUESTIONS)
    [asked] = [found["dag_run_id"] for found in api.runs(DECISIONS)]
    assert asked == f"{KEY}__1__0"
    wait_until(lambda: waits(api, asked), "the question to wait for its answer", RUN_WITHIN_S)
    path = f"/dags/{DECISIONS}/dagRuns/{asked}/taskInstances/ask/-1/hitlDetails"
    question: Any = api.request("GET", path)
    assert (question["options"], sorted(question["params"])) == (["post", "ignore", "wait"], ["account", "note"])
    answer = {"chosen_options": ["post"], "params_input": {"account": None, "note": ""}}
    time.sleep(PARKED_S)
    api.request("PATCH", path, answer)  # it lacks its account, and is asked for again
    wait_until(lambda: not api.request("GET", path)["response_received"], "the question again", RUN_WITHIN_S)
    wait_until(lambda: waits(api, asked), "the question to wait for its answer", RUN_WITHIN_S)
    time.sleep(PARKED_S)
    api.request("PATCH", path, {**answer, "params_input": {"account": 5826, "note": "the old shop's"}})
    api.wait_for_run(DECISIONS, asked, RUN_WITHIN_S)
    api.wait_for_run(PAYOUTS, f"decided__{asked}", RUN_WITHIN_S)
    assert standing(ledger) == "payout_journaled"
    with ledger.begin() as tx:
        said = tx.connection.execute(select(settlement_answers.c.action, settlement_answers.c.account)).all()
    assert [tuple(one) for one in said][-1] == ("post", 5826)
    entries = accounts.dump()["journal_entries"].values()
    assert {entry["account"] for entry in entries} >= {5826, 5829}
    ledger.close()

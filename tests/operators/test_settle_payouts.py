"""The operator of payouts: files of a folder in, counts out; what is wrong says who must act."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from operators.settle_payouts_operator import SettlePayoutsOperator
from pakhus.errors import ConfigurationError
from tests.flows.shipped_orders import only
from tests.flows.test_payments import CARD, pay, paying
from tests.flows.test_payouts import COLUMNS, PAID, WHOLE, file
from tests.flows.world import World, world
from tests.operators.run import Task, context
from tests.operators.test_shop_operators import connections_of
from tests.settings.test_accounts import KORT, write


@pytest.fixture
def at(fresh_ledger_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    with world(fresh_ledger_url, seed=only(*PAID)) as running:
        changed = paying(running, CARD)
        changed.observe()
        changed.book()
        pay(changed)
        for conn_id, fields in connections_of(changed).items():
            monkeypatch.setenv(f"AIRFLOW_CONN_{conn_id.upper()}", json.dumps(fields))
        monkeypatch.setenv("PAKHUS_INCLUDE", str(tmp_path))
        yield changed


@pytest.fixture
def folder(at: World, tmp_path: Path) -> Path:
    del at
    (tmp_path / "accounts").mkdir()
    (tmp_path / "settlements").mkdir()
    files = tmp_path / "files"
    files.mkdir()
    text = KORT.replace("stripe_csv", "column_mapping\ncolumns: kort").replace("file:///srv/kort", f"file://{files}")
    write(tmp_path, text)
    columns = COLUMNS.model_dump(mode="json", exclude_none=True, exclude_defaults=True)
    (tmp_path / "settlements" / "kort.yaml").write_text(_yaml({**columns, "version": 1}), encoding="utf-8")
    return files


def _yaml(values: Any) -> str:
    return json.dumps(values)  # which is YAML


def settle() -> tuple[Any, Task]:
    task = Task("settle", dag_id="kort__payouts")
    return SettlePayoutsOperator(task_id="settle", account="kort").execute(context(task)), task


def test_journals_what_lies_in_the_folder_and_tells_the_counts(at, folder):
    (folder / "november.csv").write_bytes(file(*WHOLE).content)
    report, task = settle()
    assert report["codes"] == {"settlement_read": 1, "payout_journaled": 1}
    assert report["headline"].endswith("clearing 5825: 0.00")
    assert task.pushed["settle", "report"] == [report]
    again, _ = settle()
    assert again["codes"] == {}


def test_a_folder_that_is_not_there_is_a_matter_of_settings(folder):
    folder.rmdir()
    with pytest.raises(ConfigurationError, match="cannot be read"):
        settle()

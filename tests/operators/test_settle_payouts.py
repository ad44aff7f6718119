"""The operator of payouts: files of a folder in, counts out; what is wrong says who must act."""

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from operators.settle_payouts_operator import SettlePayoutsOperator, files_of
from operators.shop_operator import FAILURE
from pakhus.errors import AccessDeniedError, ConfigurationError
from pakhus.flows.settlement_intake import SettlementFile, beside
from standin.registry import create, default_seed
from standin.server import StandinServer
from tests.flows.polled import KEY
from tests.flows.shipped_orders import only
from tests.flows.test_payments import CARD, pay, paying
from tests.flows.test_payouts import COLUMNS, PAID, WHOLE, file
from tests.flows.test_payouts import KORT as PLAIN
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


# --- polling ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def polling(folder: Path, tmp_path: Path, at: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[StandinServer]:
    """The account's file asks Stripe, too; Stripe has paid out nothing yet."""
    account = tmp_path / "accounts" / "kort.yaml"
    account.write_text(account.read_text() + "api: {provider: stripe}\n")
    stripe = create("stripe", "stripe", default_seed("stripe"), {"arrival_days": 0}, at.accounts_server.clock)
    with StandinServer(stripe) as server:
        monkeypatch.setenv("AIRFLOW_CONN_STRIPE__KORT", json.dumps({"host": server.url, "password": KEY}))
        yield server


def paid_out(stripe: StandinServer) -> None:
    for order, amount in PAID.items():
        stripe.act({"action": "charge", "amount": int(Decimal(amount) * 100), "order_id": f"N-{order}"})
    stripe.act({"action": "pay_out"})


def test_asks_the_provider_and_looks_into_the_folder(polling, at):
    paid_out(polling)
    report, _ = settle()
    assert report["codes"] == {"settlement_read": 1, "payout_journaled": 1}
    assert report["headline"].endswith("clearing 5825: 0.00")
    again, _ = settle()
    assert again["codes"] == {}


def test_a_refused_key_is_one_alarm_that_names_its_connection_and_files_go_on(polling, folder):
    (folder / "november.csv").write_bytes(file(*WHOLE).content)
    polling.act({"action": "set_rights", "rights": []})
    task = Task("settle", dag_id="kort__payouts")
    with pytest.raises(AccessDeniedError):
        SettlePayoutsOperator(task_id="settle", account="kort").execute(context(task))
    (cause,) = task.pushed["settle", FAILURE]
    assert (cause["code"], cause["subject"]) == ("access_denied", "stripe__kort")
    assert "Renew the key in the Airflow connection stripe__kort" in cause["text"]
    assert KEY not in cause["text"]
    (report,) = task.pushed["settle", "report"]
    assert report["codes"] == {"settlement_read": 1, "payout_journaled": 1}


def test_a_folder_that_is_gone_does_not_keep_the_provider_from_being_asked(polling, folder):
    folder.rmdir()
    paid_out(polling)
    task = Task("settle", dag_id="kort__payouts")
    with pytest.raises(ConfigurationError, match="cannot be read"):
        SettlePayoutsOperator(task_id="settle", account="kort").execute(context(task))
    assert task.pushed["settle", "report"][0]["codes"]["payout_journaled"] == 1


def test_a_missing_connection_names_itself_and_harms_no_file(polling, folder, monkeypatch):
    monkeypatch.delenv("AIRFLOW_CONN_STRIPE__KORT")
    (folder / "november.csv").write_bytes(file(*WHOLE).content)
    task = Task("settle", dag_id="kort__payouts")
    with pytest.raises(ConfigurationError, match="there is no Airflow connection stripe__kort: create it"):
        SettlePayoutsOperator(task_id="settle", account="kort").execute(context(task))
    assert task.pushed["settle", "report"][0]["codes"]["payout_journaled"] == 1


def test_files_that_tell_the_payouts_of_others_are_read_beside_them(tmp_path):
    for name, content in (
        ("activity.csv", b"po_1"),
        ("payouts.csv", b"po_1"),
        ("payouts-2.csv", b"po_2"),
        ("a.txt", b""),
    ):
        (tmp_path / name).write_bytes(content)
    account = PLAIN.model_copy(update={"folder": f"file://{tmp_path}", "files": "*.csv", "reader": "stripe_csv"})
    alone = [found for found in files_of(account) if isinstance(found, SettlementFile)]
    assert [one.name for one in alone] == ["activity.csv", "payouts-2.csv", "payouts.csv"]
    [together] = files_of(account.model_copy(update={"beside": "payouts*"}))
    assert isinstance(together, SettlementFile)
    assert together == beside(SettlementFile("activity.csv", b"po_1"), {"payouts.csv": b"po_1"})

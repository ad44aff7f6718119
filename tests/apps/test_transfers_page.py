"""The Transfers page as a web application: who may read it, what it answers, and what a browser may do with it."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from airflow.api_fastapi.app import init_auth_manager
from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser
from fastapi import HTTPException
from fastapi.testclient import TestClient

from apps.transfers_page import TRANSFERS_VIEWS
from apps.transfers_page.access import require_reader, require_sender
from apps.transfers_page.app import STATIC, transfers_app
from apps.transfers_page.ledger_reader import LedgerReader
from pakhus.errors import ConfigurationError
from pakhus.ledger import documents
from pakhus.ledger.attempts import Reply
from pakhus.ledger.connection import Ledger, RunIdentity
from pakhus.ledger.schema import decisions as decision_rows
from tests.ledger.transferred import PERSONAL, document, order, write

SCRIPT = "<script>alert(1)</script>"
DATA = ("orders", "documents", "counts", "choices", "overview", "payouts", "orders/1", "documents/1")


def client_of(url: str, *, signed_in: bool = True) -> TestClient:
    app = transfers_app(LedgerReader(lambda: url))
    if signed_in:
        app.dependency_overrides[require_reader] = lambda: None
    return TestClient(app)


@pytest.fixture
def ledger(fresh_ledger_url: str) -> Iterator[Ledger]:
    opened = Ledger(fresh_ledger_url, RunIdentity("nordlys__orders", "run_1", "reserve", 0, 1))
    yield opened
    opened.close()


@pytest.fixture
def page(ledger: Ledger) -> TestClient:
    """Two orders: one transferred, one held with a text that a browser would run."""
    with ledger.begin() as tx:
        done = document(tx, order(tx, "1001"), "1001")
        document(tx, order(tx, "1002", number=SCRIPT, minutes=1), "1002", "invoice", "sku_missing", line=SCRIPT)
    answer = Reply(PERSONAL.encode(), 201, "req-1")
    write(ledger, done, "nordlys-1001-invoice", answer, remote_id="30001", number="40001")
    return client_of(ledger.url)


@pytest.mark.parametrize("path", DATA)
def test_data_is_for_those_who_are_signed_in(ledger: Ledger, path: str) -> None:
    assert client_of(ledger.url, signed_in=False).get(f"/data/{path}").status_code == 401


def test_every_data_route_asks_who_is_there(ledger: Ledger) -> None:
    """A route added without a guard fails here: everything but the shells is below /data, which is guarded whole."""
    app = transfers_app(LedgerReader(lambda: ledger.url))
    paths = {str(getattr(route, "path", "")) for route in app.routes}
    open_to_all = {path for path in paths if not path.startswith("/data/")}
    assert open_to_all == {"/", "/list", "/order", "/payouts", "/static"}


@pytest.mark.parametrize(
    ("role", "may"), [("viewer", True), ("user", True), ("op", True), ("admin", True), (None, False)]
)
def test_whoever_may_read_runs_may_read_transfers(role: str | None, may: bool) -> None:
    init_auth_manager()
    user = SimpleAuthManagerUser(username="person", role=role)
    if may:
        require_reader(user)
        return
    with pytest.raises(HTTPException) as refused:
        require_reader(user)
    assert refused.value.status_code == 403


def test_shells_hold_no_data_and_no_script_of_their_own(page: TestClient) -> None:
    for shell in ("/list", "/order", "/payouts"):
        answer = page.get(shell)
        assert answer.status_code == 200
        assert "1001" not in answer.text
        assert "<script>" not in answer.text
        assert " onclick" not in answer.text
        assert " style=" not in answer.text
    assert page.get("/", follow_redirects=False).headers["location"] == "list"


@pytest.mark.parametrize("path", ["/list", "/static/list.js", "/data/orders", "/data/orders/9999", "/nothing"])
def test_a_browser_may_run_only_what_comes_from_here(page: TestClient, path: str) -> None:
    policy = page.get(path).headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    assert "frame-ancestors 'self'" in policy
    assert "unsafe" not in policy


def test_the_pages_files_name_no_other_host_and_make_no_html_from_text() -> None:
    files = [file for file in STATIC.iterdir() if file.is_file()]
    assert {file.suffix for file in files} == {".html", ".css", ".js"}
    for file in files:
        content = file.read_text()
        assert "http://" not in content, file
        assert "https://" not in content, file
        for maker in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("):
            assert maker not in content, file


def test_texts_from_elsewhere_are_sent_as_json_that_no_browser_takes_for_a_page(page: TestClient) -> None:
    answer = page.get("/data/orders", params={"status": "held"})
    [row] = answer.json()["rows"]
    assert row["number"] == SCRIPT
    assert row["documents"][0]["meaning"] == f"Line {SCRIPT} has no SKU."
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"


def test_amounts_are_texts_and_times_have_a_zone(page: TestClient) -> None:
    [row] = page.get("/data/orders", params={"q": "40001"}).json()["rows"]
    assert row["gross"] == "250.000000"
    assert row["placed_at"] == "2026-11-21T12:00:00+00:00"


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"q": "1001"}, ["1001"]),
        ({"status": "done"}, ["1001"]),
        ({"status": "person"}, [SCRIPT]),
        ({"reason": "sku_missing", "kind": "invoice", "shop": "nordlys"}, [SCRIPT]),
        ({"placed_from": "2026-11-21T13:01:00+01:00"}, [SCRIPT]),
        ({"placed_before": "2026-11-21T12:01:00Z"}, ["1001"]),
        ({"dag": "nordlys__orders", "run": "run_1"}, ["1001"]),
        ({"shop": "fjordliv"}, []),
    ],
)
def test_filters_are_those_of_the_address(page: TestClient, query: dict[str, str], expected: list[str]) -> None:
    assert [row["number"] for row in page.get("/data/orders", params=query).json()["rows"]] == expected


@pytest.mark.parametrize(
    "query",
    [{"status": "lost"}, {"placed_from": "2026-11-21T12:00:00"}, {"after": "x"}, {"q": "1" * 201}, {"unknown": "1"}],
)
def test_refuses_what_it_does_not_know(page: TestClient, query: dict[str, str]) -> None:
    assert page.get("/data/orders", params=query).status_code == 422


def test_pages_on_from_where_a_page_ended(ledger: Ledger) -> None:
    with ledger.begin() as tx:
        for number in range(60):
            order(tx, str(number), minutes=number)
    page = client_of(ledger.url)
    first = page.get("/data/orders").json()
    rest = page.get("/data/orders", params={"after": first["after"]}).json()
    assert [len(first["rows"]), len(rest["rows"]), rest["after"]] == [50, 10, None]
    assert [row["number"] for row in (*first["rows"], *rest["rows"])] == [str(number) for number in range(59, -1, -1)]


def test_a_timeline_tells_bodies_by_size_and_hash_alone(page: TestClient) -> None:
    [row] = page.get("/data/orders", params={"q": "1001"}).json()["rows"]
    told = page.get(f"/data/orders/{row['id']}").json()
    [attempt] = told["writes"]
    size = len(PERSONAL.encode())
    assert (attempt["request_size"], attempt["calls"][0]["response_size"]) == (size, size)
    assert len(attempt["request_sha256"]) == 64
    everything = json.dumps(told, ensure_ascii=False)
    assert "Ærø" not in everything
    assert "example.org" not in everything


def test_what_is_not_there_is_said(page: TestClient) -> None:
    for path in ("orders/999999", "documents/999999"):
        answer = page.get(f"/data/{path}")
        assert answer.status_code == 404
        assert "The ledger has no" in answer.json()["detail"]


@pytest.mark.parametrize("path", DATA)
def test_says_what_to_do_when_the_ledger_is_away(path: str) -> None:
    page = client_of("postgresql+psycopg://pakhus:very-secret@127.0.0.1:1/ledger")
    began = time.monotonic()
    answer = page.get(f"/data/{path}")
    assert time.monotonic() - began < 10
    assert answer.status_code == 503
    assert "test the Airflow connection pakhus_ledger" in answer.json()["detail"]
    assert "very-secret" not in answer.text


def test_says_what_to_do_when_the_ledgers_tables_are_older(postgres_url_without_tables: str) -> None:
    answer = client_of(postgres_url_without_tables).get("/data/overview")
    assert answer.status_code == 503
    assert "python -m pakhus apply" in answer.json()["detail"]


@pytest.fixture
def postgres_url_without_tables(postgres: object) -> Iterator[str]:
    yield postgres.create_database("no_tables")  # type: ignore[attr-defined]
    postgres.drop_database("no_tables")  # type: ignore[attr-defined]


def test_says_what_to_do_when_the_connection_is_missing() -> None:
    def missing() -> str:
        raise ConfigurationError("there is no Airflow connection pakhus_ledger")

    app = transfers_app(LedgerReader(missing))
    app.dependency_overrides[require_reader] = lambda: None
    answer = TestClient(app).get("/data/counts")
    assert (answer.status_code, answer.json()["detail"]) == (503, "there is no Airflow connection pakhus_ledger")


def test_airflow_finds_the_page_below_a_path_of_its_own_too() -> None:
    assert {view["destination"] for view in TRANSFERS_VIEWS} == {"nav", "dag_run"}
    for view in TRANSFERS_VIEWS:
        assert view["href"].startswith(
            ("pakhus/transfers/list", "pakhus/transfers/payouts")
        )  # relative to Airflow's own base
    assert (Path(STATIC) / "list.html").exists()


OWN = {"X-Pakhus-Page": "order"}


@pytest.fixture
def sender(page: TestClient, ledger: Ledger) -> TestClient:
    """The page for somebody who may trigger runs."""
    app = transfers_app(LedgerReader(lambda: ledger.url), lambda: Ledger(ledger.url))
    app.dependency_overrides[require_reader] = lambda: None
    app.dependency_overrides[require_sender] = lambda: "anna"
    return TestClient(app)


def held(sender: TestClient) -> int:
    [row] = sender.get("/data/orders", params={"status": "held"}).json()["rows"]
    return int(row["documents"][0]["id"])


def test_a_held_document_is_sent_again_and_who_did_it_is_noted(sender: TestClient, ledger: Ledger) -> None:
    document_id = held(sender)
    answer = sender.post(f"/data/again/{document_id}", headers=OWN)
    assert answer.status_code == 200
    assert answer.json()["dag"] == "nordlys__invoices"
    with ledger.begin() as tx:
        assert documents.load(tx, document_id).verdict.code == "due"
        (decided,) = tx.connection.execute(decision_rows.select()).all()
    assert (decided.answer, decided.answered_by) == ("again", "anna")


def test_what_is_done_is_not_sent_again(sender: TestClient) -> None:
    [row] = sender.get("/data/orders", params={"status": "done"}).json()["rows"]
    answer = sender.post(f"/data/again/{row['documents'][0]['id']}", headers=OWN)
    assert answer.status_code == 409
    assert "is not sent again: Transferred and confirmed." in answer.json()["detail"]
    assert sender.post("/data/again/999999", headers=OWN).status_code == 404


@pytest.mark.parametrize(
    "headers",
    [{}, {**OWN, "Sec-Fetch-Site": "cross-site"}, {**OWN, "Sec-Fetch-Site": "same-site"}],
    ids=["a form of another site", "another site", "a neighbour"],
)
def test_another_site_cannot_have_a_browser_send_again(
    sender: TestClient, ledger: Ledger, headers: dict[str, str]
) -> None:
    document_id = held(sender)
    assert sender.post(f"/data/again/{document_id}", headers=headers).status_code == 403
    with ledger.begin() as tx:
        assert documents.load(tx, document_id).verdict.code == "sku_missing"


@pytest.mark.parametrize(("role", "may"), [("viewer", False), ("user", True), ("op", True), ("admin", True)])
def test_whoever_may_trigger_runs_may_send_again(role: str, may: bool) -> None:
    init_auth_manager()
    user = SimpleAuthManagerUser(username="person", role=role)
    if may:
        assert require_sender(user) == "person"
        return
    with pytest.raises(HTTPException) as refused:
        require_sender(user)
    assert refused.value.status_code == 403


def test_sending_again_asks_who_is_there(ledger: Ledger) -> None:
    assert client_of(ledger.url, signed_in=False).post("/data/again/1", headers=OWN).status_code == 401

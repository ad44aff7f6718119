"""What the runbooks tell people to do, done: each statement runs, and sending again moves what was held."""

import re
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from sqlalchemy import select

from pakhus.flows import decisions
from pakhus.ledger.schema import documents
from pakhus.settings import InvoiceMode
from stack import ROOT
from tests.flows.world import World, world

RUNBOOKS = ROOT / "docs" / "runbooks"
PARAMETERS = {
    "shop": "fjordliv",
    "number": "1001",
    "key": "fjordliv-1-invoice",
    "dag": "fjordliv__invoices",
    "run": "manual",
    "agreement": "economic__main",
}


def statements() -> list[tuple[str, str]]:
    """Each SQL block with its place."""
    found = []
    for file in sorted(RUNBOOKS.glob("*.md")):
        for number, block in enumerate(re.findall(r"```sql\n(.*?)```", file.read_text(encoding="utf-8"), re.DOTALL), 1):
            found.append((f"{file.name} {number}", block))
    return found


def send_again(shop: World, key: str) -> None:
    """What `python -m pakhus again <shop> <key>` does; the command itself goes by the database's own clock."""
    text = (RUNBOOKS / "reasons.md").read_text(encoding="utf-8")
    assert "python -m pakhus again nordlys nordlys-1042-invoice" in text
    assert decisions.send_again(shop.ledger, "fjordliv", key, "somebody").changed


@pytest.fixture
def fjordliv(fresh_ledger_url: str) -> Iterator[World]:
    with world(fresh_ledger_url, shop="fjordliv") as running:
        yield running


def execute(ledger_url: str, statement: str, **parameters: str) -> int:
    with psycopg.connect(ledger_url.replace("+psycopg", "")) as connection:
        return connection.execute(statement, {**PARAMETERS, **parameters}).rowcount


def invoices(shop: World) -> dict[str, tuple[str, str | None]]:
    query = select(documents.c.key, documents.c.reason, documents.c.remote_number)
    with shop.ledger.begin() as tx:
        rows = tx.connection.execute(query.where(documents.c.kind == "invoice"))
        return {row.key: (row.reason, row.remote_number) for row in rows}


def shop_orders(shop: World) -> list[dict[str, Any]]:
    orders: list[dict[str, Any]] = shop.shop_server.dump()["orders"]
    return orders


def complete_all(shop: World) -> None:
    for order in shop_orders(shop):
        if order["status"] == "processing":
            shop.act(action="set_status", order=order["id"], status="completed")
    shop.forward(minutes=2)


def with_payments(shop: World, *, mode: InvoiceMode, forget: bool = False) -> None:
    """Set the shop's mode, and take all payment methods out of its mapping or leave them in."""
    settings = shop.settings
    accounting = settings.mapping.economic
    assert accounting is not None
    payments = {} if forget else accounting.payments
    mapping = settings.mapping.model_copy(update={"economic": accounting.model_copy(update={"payments": payments})})
    invoicing = settings.invoices.model_copy(update={"mode": mode, "auto_after": 0})
    shop.settings = settings.model_copy(update={"mapping": mapping, "invoices": invoicing})


@pytest.mark.parametrize(("place", "statement"), statements(), ids=[place for place, _ in statements()])
def test_statement_of_a_runbook_runs_on_the_ledger(ledger_url: str, place: str, statement: str) -> None:
    del place
    assert execute(ledger_url, statement) >= 0


@pytest.mark.edge(55)
def test_order_whose_cause_was_mended_is_invoiced_when_it_is_sent_again(fjordliv: World) -> None:
    mended = fjordliv.settings
    with_payments(fjordliv, mode=InvoiceMode.AUTO, forget=True)
    fjordliv.observe()
    complete_all(fjordliv)
    fjordliv.observe()
    fjordliv.book()
    by_transfer = {str(order["id"]) for order in shop_orders(fjordliv) if order["payment_method"] == "bacs"}
    held = [key for key, (reason, _) in invoices(fjordliv).items() if reason == "payment_method_unmapped"]
    key = next(key for key in held if key.split("-")[1] in by_transfer)
    fjordliv.settings = mended
    with_payments(fjordliv, mode=InvoiceMode.AUTO)
    fjordliv.book()
    assert invoices(fjordliv)[key] == ("payment_method_unmapped", None)  # nothing moves by itself
    send_again(fjordliv, key)
    fjordliv.book()
    reason, number = invoices(fjordliv)[key]
    assert reason == "transferred"
    assert number is not None


def test_deleted_draft_is_not_made_again_also_when_it_is_sent_again(fjordliv: World) -> None:
    fjordliv.observe()
    complete_all(fjordliv)
    fjordliv.observe()
    fjordliv.book()
    number, draft = next(iter(fjordliv.accounts_server.dump()["drafts"].items()))
    key = draft["references"]["other"]
    fjordliv.accounts_server.act({"action": "delete_draft", "draft": int(number)})
    fjordliv.forward(days=1, minutes=5)
    fjordliv.book()
    assert invoices(fjordliv)[key] == ("draft_gone", None)
    send_again(fjordliv, key)
    fjordliv.reset_counters()
    fjordliv.book()
    assert invoices(fjordliv)[key] == ("draft_gone", None)
    assert fjordliv.writes() == 0

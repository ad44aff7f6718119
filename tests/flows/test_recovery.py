"""A ledger restored from a backup does not know what was written since: noticed, and in recovery nothing is doubled."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, text

from pakhus.errors import LedgerBehindError
from pakhus.flows.recovery import BEHIND, notice_old_ledger, stopped_as_behind, worth_remembering
from pakhus.ledger import installation
from pakhus.ledger.connection import Ledger
from pakhus.ledger.installation import Mode
from pakhus.ledger.schema import documents, stock_levels
from pakhus.settings import InvoiceMode
from stack.postgres import Cluster
from tests.flows.world import World, world


@pytest.fixture
def shop(fresh_ledger_url: str) -> Iterator[World]:
    with world(fresh_ledger_url, shop="fjordliv") as running:
        invoices = running.settings.invoices.model_copy(update={"mode": InvoiceMode.AUTO, "auto_after": 0})
        running.settings = running.settings.model_copy(update={"invoices": invoices})
        yield running


def backed_up(shop: World, postgres: Cluster) -> str:
    """A copy of the ledger as it is now; its URL."""
    name = shop.ledger.url.rsplit("/", 1)[1].split("?")[0]
    shop.ledger.close()
    with shop.ledger.engine.connect() as connection:
        own = connection.execute(text("select current_database()")).scalar_one()
    assert own == name
    shop.ledger.close()
    return postgres.create_database(f"{name}_backup", template=name)


def restored(shop: World, url: str) -> World:
    return replace(shop, ledger=Ledger(url, clock=shop.time))


def invoice_all(shop: World) -> None:
    """Everything is completed and booked."""
    for order in shop.shop_server.dump()["orders"]:
        if order["status"] == "processing":
            shop.act(action="set_status", order=order["id"], status="completed")
    shop.forward(minutes=2)
    shop.observe()
    shop.book()


def there(shop: World) -> tuple[list[str], list[str], int]:
    """What the warehouse and the accounts have: headings, references, drafts."""
    accounts: Any = shop.accounts_server.dump()
    headings = sorted(order["heading"] for order in shop.warehouse_server.dump()["orders"].values())
    return headings, sorted(one["references"]["other"] for one in accounts["booked"].values()), len(accounts["drafts"])


def outcomes(shop: World, kind: str) -> dict[str, tuple[str, str | None, str | None]]:
    query = select(documents).where(documents.c.kind == kind, documents.c.status == "done")
    with shop.ledger.begin() as tx:
        rows = tx.connection.execute(query).all()
    return {row.key: (row.reason, row.remote_id, row.remote_number) for row in rows}


def recover(shop: World, backup_of: datetime | None) -> None:
    with shop.ledger.begin() as tx:
        installation.begin_recovery(tx, backup_of)


@pytest.mark.edge(88)
@pytest.mark.parametrize(("kind", "told"), [("reservation", True), ("reservation", False), ("invoice", True)])
def test_what_was_written_since_the_backup_is_taken_over_and_not_written_again(
    shop: World, postgres: Cluster, kind: str, told: bool
) -> None:
    shop.observe()
    backup, made_at = backed_up(shop, postgres), shop.ledger.now()
    shop.reserve()
    if kind == "invoice":
        invoice_all(shop)
    before, known = there(shop), outcomes(shop, kind)
    assert len(known) > 3
    old = restored(shop, backup)
    old.forward(minutes=10)
    recover(old, made_at if told else None)
    old.forward(minutes=4)
    old.reset_counters()
    old.run()
    old.run()
    assert there(old) == before
    assert old.writes() == 0
    again = outcomes(old, kind)
    assert {key: ids for key, (_, *ids) in again.items()} == {key: ids for key, (_, *ids) in known.items()}
    assert {reason for key, (reason, *_) in again.items()} == {"adopted"}
    old.ledger.close()


@pytest.mark.edge(88)
def test_invoice_that_was_booked_before_its_refund_is_not_taken_for_one_of_the_rest(
    shop: World, postgres: Cluster
) -> None:
    """The shop shows the refund that came after the lost booking; its credit note is there, and taken over, too."""
    shop.observe()
    backup, made_at = backed_up(shop, postgres), shop.ledger.now()
    invoice_all(shop)
    [key, *_] = outcomes(shop, "invoice")
    refund = shop.act(action="refund", order=int(key.split("-")[1]), amount="10.00")["refund"]
    shop.forward(minutes=2)
    shop.observe()
    shop.credit()
    before = there(shop)
    assert key.replace("invoice", f"credit{refund}") in before[1]
    old = restored(shop, backup)
    old.forward(minutes=10)
    recover(old, made_at)
    old.forward(minutes=4)
    old.reset_counters()
    for _ in range(2):
        old.observe()
        old.book()
        old.credit()
    assert (there(old), old.writes()) == (before, 0)
    assert outcomes(old, "invoice")[key][0] == "adopted"
    assert outcomes(old, "credit_note")[key.replace("invoice", f"credit{refund}")][0] == "adopted"
    old.ledger.close()


@pytest.mark.edge(88)
def test_without_recovery_the_same_would_be_written_twice(shop: World, postgres: Cluster) -> None:
    """What the other tests rest on: nothing but the look-up keeps the backup from doubling."""
    shop.observe()
    backup = backed_up(shop, postgres)
    shop.reserve()
    old = restored(shop, backup)
    old.forward(minutes=10)
    old.reserve()
    headings, _, _ = there(old)
    assert len(headings) == 2 * len(set(headings)) > 0
    old.ledger.close()


@pytest.mark.edge(88)
def test_new_orders_go_on_in_recovery_after_the_time_that_a_lost_write_may_take(shop: World) -> None:
    shop.observe()
    recover(shop, None)
    assert set(shop.reserve().codes) == {"outcome_unknown"}
    assert shop.writes() == 0
    shop.forward(minutes=4)
    assert shop.reserve().codes["transferred"] > 3
    with shop.ledger.begin() as tx:
        assert installation.end_recovery(tx)
        assert not installation.end_recovery(tx)
        assert installation.read(tx).mode is Mode.NORMAL


@pytest.mark.edge(88)
def test_ledger_older_than_what_is_remembered_stops_once_with_an_error_and_then_quietly(
    shop: World, postgres: Cluster
) -> None:
    shop.observe()
    backup = backed_up(shop, postgres)
    shop.reserve()
    remembered = worth_remembering(shop.ledger, None)
    assert remembered is not None
    notice_old_ledger(shop.ledger, remembered)
    assert worth_remembering(shop.ledger, remembered) is None
    old = restored(shop, backup)
    with pytest.raises(LedgerBehindError, match="python -m pakhus recover"):
        notice_old_ledger(old.ledger, remembered)
    notice_old_ledger(old.ledger, remembered)
    with old.ledger.begin() as tx:
        assert stopped_as_behind(tx) == BEHIND
    before = shop.warehouse_server.counters()["writes"]
    assert set(old.reserve().codes) <= {"configuration", "not_reached"}
    assert shop.warehouse_server.counters()["writes"] == before
    recover(old, None)
    newer = worth_remembering(old.ledger, remembered)
    assert newer is not None
    assert newer > remembered
    notice_old_ledger(old.ledger, remembered)
    with old.ledger.begin() as tx:
        assert stopped_as_behind(tx) == ""
    old.ledger.close()


def test_new_epoch_and_all_stock_anew(shop: World) -> None:
    with shop.ledger.begin() as tx:
        before = installation.read(tx)
        level = {"scope": "fjordliv", "sku": "NH-1000", "read_at": tx.now, "confirmed": 5, "confirmed_at": tx.now}
        tx.connection.execute(stock_levels.insert().values(**level))
        begun = installation.begin_recovery(tx, tx.now - timedelta(days=1))
        confirmed = tx.connection.execute(select(func.count(stock_levels.c.confirmed))).scalar_one()
    assert begun.epoch != before.epoch
    assert (begun.secret, begun.generation, begun.mode) == (before.secret, before.generation + 1, Mode.RECOVER)
    assert confirmed == 0


def drafting(shop: World, mode: InvoiceMode = InvoiceMode.DRAFT) -> None:
    invoices = shop.settings.invoices.model_copy(update={"mode": mode, "auto_after": 0})
    shop.settings = shop.settings.model_copy(update={"invoices": invoices})


def drafts_of(shop: World, key: str) -> list[Any]:
    rows = shop.accounts_server.dump()["drafts"].values()
    return [row for row in rows if row["references"]["other"] == key]


@pytest.mark.edge(88)
@pytest.mark.parametrize("touched", [False, True])
def test_draft_of_before_a_refund_that_the_backup_does_not_know_follows_it_unless_somebody_touched_it(
    shop: World, postgres: Cluster, touched: bool
) -> None:
    """Draft, then two refunds, all since the backup: in recovery the draft is found, and is over the whole order."""
    drafting(shop)
    shop.observe()
    backup, made_at = backed_up(shop, postgres), shop.ledger.now()
    invoice_all(shop)
    [key, *_] = sorted(row["references"]["other"] for row in shop.accounts_server.dump()["drafts"].values())
    number = drafts_of(shop, key)[0]["draftInvoiceNumber"]
    whole = shop.accounts.find_draft(str(number))
    for amount in ("10.00", "5.00"):
        shop.act(action="refund", order=int(key.split("-")[1]), amount=amount)
    if touched:
        price = str(whole["lines"][0]["unitNetPrice"] - 1)
        line = {"lineNumber": whole["lines"][0]["lineNumber"], "unitNetPrice": price}
        shop.accounts_server.act({"action": "edit_draft", "draft": number, "lines": [line]})
    before = shop.accounts.find_draft(str(number))
    shop.forward(minutes=2)
    old = restored(shop, backup)
    old.forward(minutes=10)
    recover(old, made_at)
    old.forward(minutes=4)
    for _ in range(2):
        old.observe()
        old.book()
        old.forward(days=1, minutes=2)
    [found] = drafts_of(old, key)
    now = old.accounts.find_draft(str(found["draftInvoiceNumber"]))
    with old.ledger.begin() as tx:
        reason = tx.connection.execute(select(documents.c.reason).where(documents.c.key == key)).scalar_one()
    if touched:
        assert (reason, now["grossAmount"]) == ("document_differs", before["grossAmount"])
    else:
        assert (reason, now["grossAmount"]) == ("drafted", whole["grossAmount"] - 15)
        drafting(old, InvoiceMode.AUTO)
        old.observe()
        old.book()
        old.credit()
        booked = [row for row in old.accounts_server.dump()["booked"].values() if row["references"]["other"] == key]
        assert [row["grossAmount"] for row in booked] == [whole["grossAmount"] - 15]
    old.ledger.close()

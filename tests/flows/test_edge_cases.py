"""Edge cases of the domain that only whole flows can show: states, two shops, systems in trouble, a killed task."""

import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from pakhus.errors import TransientError
from pakhus.ledger.connection import Ledger
from pakhus.ledger.schema import documents
from pakhus.settings import InvoiceMode
from standin.clock import Clock
from standin.registry import create
from standin.server import StandinServer
from tests.faults.scene import PATIENT, Server, scene
from tests.faults.truth import findings
from tests.flows.world import World, world

ALWAYS: dict[str, Any] = {"method": "GET", "path_regex": ".*", "nth": 1, "times": None}


@pytest.fixture
def fjordliv(fresh_ledger_url: str) -> Iterator[World]:
    """The second shop, seven orders in processing; its invoices are booked at once."""
    with world(fresh_ledger_url, shop="fjordliv") as running:
        invoices = running.settings.invoices.model_copy(update={"mode": InvoiceMode.AUTO, "auto_after": 0})
        running.settings = running.settings.model_copy(update={"invoices": invoices})
        yield running


def reasons(shop: World, kind: str) -> dict[str, str]:
    """Reason by order id."""
    query = select(documents.c.key, documents.c.reason).where(
        documents.c.kind == kind, documents.c.scope == shop.settings.shop
    )
    with shop.ledger.begin() as tx:
        return {row.key.split("-")[1]: row.reason for row in tx.connection.execute(query)}


def lines_of(order: dict[str, Any]) -> list[dict[str, Any]]:
    lines: list[dict[str, Any]] = order["line_items"]
    return lines


def headings(shop: World) -> list[str]:
    return sorted(order["heading"] for order in shop.warehouse_server.dump()["orders"].values())


def booked(shop: World) -> list[str]:
    return sorted(invoice["references"]["other"] for invoice in shop.accounts_server.dump()["booked"].values())


def payable(shop: World) -> list[str]:
    """Keys of the invoices of all orders whose payment method is mapped."""
    orders = shop.shop_server.dump()["orders"]
    return sorted(f"fjordliv-{order['id']}-invoice" for order in orders if order["payment_method"])


def complete_all(shop: World) -> None:
    for order in shop.shop_server.dump()["orders"]:
        if order["status"] == "processing":
            shop.act(action="set_status", order=order["id"], status="completed")
    shop.forward(minutes=2)


def ready_to_invoice(shop: World) -> None:
    complete_all(shop)
    shop.observe()


def in_accounts(accounts: Server) -> tuple[int, int]:
    """Drafts and booked invoices; the scene's credit notes are left out."""
    state = accounts.get("state")
    drafts, booked = (
        sum(row["references"]["other"].endswith("-invoice") for row in state[table].values())
        for table in ("drafts", "booked")
    )
    return drafts, booked


def no_doubles(shop: World) -> bool:
    return all(not server.counters()["doubles"] for server in shop.servers)


@pytest.mark.edge(9)
def test_order_edited_after_it_was_reserved_is_changed_in_its_reservation_and_nothing_else(fjordliv: World) -> None:
    fjordliv.run()
    before = fjordliv.warehouse_server.dump()["orders"]
    [changed] = [order for order in fjordliv.shop_server.dump()["orders"] if order["id"] == 75]
    fjordliv.act(action="edit_line", order=75, line=lines_of(changed)[0]["id"], quantity=5)
    fjordliv.forward(minutes=2)
    fjordliv.run()
    assert reasons(fjordliv, "reservation")["75"] == "transferred"
    after = fjordliv.warehouse_server.dump()["orders"]
    [edited] = [number for number in after if after[number] != before[number]]
    assert after[edited]["heading"] == "fjordliv-75-order"
    assert 5 in [line["quantity"] for line in after[edited]["lines"]]


@pytest.mark.edge(10)
def test_order_that_jumps_back_from_completed_is_neither_reserved_nor_invoiced_again(fjordliv: World) -> None:
    fjordliv.run()
    ready_to_invoice(fjordliv)
    fjordliv.book()
    fjordliv.reset_counters()
    for status in ("processing", "completed"):
        fjordliv.act(action="set_status", order=75, status=status)
        fjordliv.forward(minutes=2)
        fjordliv.run()
    assert reasons(fjordliv, "invoice")["75"] == "transferred"
    assert reasons(fjordliv, "reservation")["75"] == "transferred"
    assert fjordliv.writes() == 0


@pytest.mark.edge(11)
def test_order_in_the_bin_is_skipped_and_reserved_once_it_is_restored(fjordliv: World) -> None:
    fjordliv.act(action="bin_order", order=75)
    fjordliv.forward(minutes=2)
    fjordliv.run()
    assert reasons(fjordliv, "reservation")["75"] == "state_not_listed"
    assert "fjordliv-75-order" not in headings(fjordliv)
    fjordliv.act(action="restore_order", order=75)
    fjordliv.act(action="set_status", order=75, status="processing")
    fjordliv.forward(minutes=2)
    fjordliv.run()
    assert headings(fjordliv).count("fjordliv-75-order") == 1


@pytest.mark.edge(14)
def test_two_shops_with_the_same_order_numbers_share_a_warehouse(fjordliv: World) -> None:
    credentials = fjordliv.seeds["woocommerce"]["credentials"]
    seed = {"shop": "second", "credentials": credentials}
    clock: Clock = fjordliv.shop_server.clock
    with StandinServer(create("woocommerce", "twin", seed, {}, clock), clock=clock) as server:
        twin = replace(fjordliv, shop_server=server, settings=fjordliv.settings.model_copy(update={"shop": "twin"}))
        fjordliv.run()
        twin.run()
        expected = [f"{name}-{order['id']}-order" for name in ("fjordliv", "twin") for order in server.dump()["orders"]]
    assert headings(fjordliv) == sorted(expected)
    assert no_doubles(fjordliv)


@pytest.mark.edge(15)
def test_order_made_by_hand_without_e_mail_is_held_for_its_buyer_to_be_named(fjordliv: World) -> None:
    fjordliv.act(action="edit_order", order=75, changes={"billing": {"email": ""}})
    fjordliv.forward(minutes=2)
    fjordliv.run()
    assert reasons(fjordliv, "reservation")["75"] == "customer_not_identified"
    assert "fjordliv-75-order" not in headings(fjordliv)
    fjordliv.act(action="edit_order", order=75, changes={"billing": {"email": "birthe@example.dk"}})
    fjordliv.forward(minutes=2)
    fjordliv.run()
    assert reasons(fjordliv, "reservation")["75"] == "transferred"


@pytest.mark.edge(16)
def test_guests_are_customers_by_their_e_mail_each_once(fjordliv: World) -> None:
    orders = fjordliv.shop_server.dump()["orders"]
    assert {order["customer_id"] for order in orders} == {0}
    before = {str(row["contact_email"]).lower() for row in fjordliv.warehouse_server.dump()["customers"].values()}
    fjordliv.run()
    after = [str(row["contact_email"]).lower() for row in fjordliv.warehouse_server.dump()["customers"].values()]
    guests = {order["billing"]["email"].lower() for order in orders}
    assert guests - before
    assert {email: after.count(email) for email in guests} == dict.fromkeys(guests, 1)


@pytest.mark.edge(80)
def test_everything_that_happened_while_a_shop_was_down_for_a_day_is_read(fjordliv: World) -> None:
    fjordliv.run()
    fjordliv.shop_server.faults.set([{"kind": "error_502_html", **ALWAYS}])
    complete_all(fjordliv)
    for _ in range(2):
        with pytest.raises(TransientError):
            fjordliv.observe()
        fjordliv.forward(hours=12)
    fjordliv.shop_server.faults.set([])
    fjordliv.run()
    assert booked(fjordliv) == payable(fjordliv)


@pytest.mark.edge(81)
def test_invoice_of_a_closed_period_is_held_and_nothing_is_written(fjordliv: World) -> None:
    fjordliv.run()
    ready_to_invoice(fjordliv)
    [day] = {order["date_completed"][:10] for order in fjordliv.shop_server.dump()["orders"]}
    fjordliv.accounts_server.act({"action": "close", "date": day})
    fjordliv.reset_counters()
    fjordliv.book()
    assert set(reasons(fjordliv, "invoice").values()) <= {"period_closed", "payment_method_unmapped"}
    assert "period_closed" in reasons(fjordliv, "invoice").values()
    assert fjordliv.writes() == 0


@pytest.mark.edge(82)
def test_throttled_warehouse_gets_each_order_once_after_the_wait(fjordliv: World) -> None:
    fjordliv.observe()
    throttled = {"kind": "rate_limited_seconds", "method": "POST", "path_regex": "/orders$", "nth": 1}
    fjordliv.warehouse_server.faults.set([{**throttled, "times": None, "retry_after_s": 60}])
    fjordliv.reserve()
    assert set(reasons(fjordliv, "reservation").values()) == {"rate_limited"}
    assert headings(fjordliv) == []
    fjordliv.warehouse_server.faults.set([])
    fjordliv.forward(minutes=2)
    fjordliv.reserve()
    assert set(reasons(fjordliv, "reservation").values()) == {"transferred"}
    assert no_doubles(fjordliv)


@pytest.mark.edge(83)
def test_revoked_token_stops_the_chunk_names_the_connection_and_loses_nothing(fjordliv: World) -> None:
    fjordliv.run()
    ready_to_invoice(fjordliv)
    keys = fjordliv.seeds["economic"]["credentials"]
    fjordliv.seeds["economic"] = {
        **fjordliv.seeds["economic"],
        "credentials": {**keys, "agreement_grant_token": "revoked"},
    }
    report = fjordliv.book(workers=1)
    assert report.codes["access_denied"] >= 1
    assert "economic__main" in report.causes["access_denied"] or report.alarms()
    assert booked(fjordliv) == []
    fjordliv.seeds["economic"]["credentials"] = keys
    fjordliv.book()
    assert booked(fjordliv) == payable(fjordliv)


@pytest.mark.edge(86)
def test_task_killed_between_draft_and_booking_leaves_one_booked_invoice(fresh_ledger_url: str) -> None:
    with scene(fresh_ledger_url) as stage:
        stage.reset()
        accounts = stage.servers["economic"]
        booking = {"method": "POST", "path_regex": "/invoices/booked", "nth": 1}
        accounts.post("faults", {"faults": [{"kind": "pause_before", "hold_s": 30, **booking}]})
        task = stage.start_run(PATIENT)
        while not accounts.get("paused"):
            time.sleep(0.05)  # ended by the test's time limit
        os.kill(task, signal.SIGKILL)
        assert stage.wait(task) == -signal.SIGKILL
        for held in accounts.get("paused"):
            accounts.post("resume", {"number": held["number"], "action": "drop"})
        assert in_accounts(accounts) == (1, 0)
        stage.pass_time(minutes=6)  # the dead task's claim runs out
        assert stage.run() == 0
        assert in_accounts(accounts) == (0, 1)
        assert stage.run() == 0  # invoices what the first run has found shipped
        assert findings(stage) == []
        assert in_accounts(accounts) == (0, 2)


@pytest.mark.edge(87)
def test_two_schedulers_that_run_the_same_work_at_once_write_it_once(fjordliv: World) -> None:
    fjordliv.run()
    ready_to_invoice(fjordliv)
    other = replace(fjordliv, ledger=Ledger(fjordliv.ledger.url, clock=fjordliv.time))
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda shop: shop.book(), (fjordliv, other)))
    other.ledger.close()
    fjordliv.forward(minutes=6)
    fjordliv.book()
    assert booked(fjordliv) == payable(fjordliv)
    assert no_doubles(fjordliv)

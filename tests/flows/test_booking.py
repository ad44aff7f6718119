"""Drafts that follow their orders, what opens booking, dates in closed periods, and how invoices reach their buyers."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from pakhus.clients.economic import EconomicClient
from pakhus.clients.http import Answer as HttpAnswer
from pakhus.clients.http import Call
from pakhus.flows import decisions
from pakhus.flows.booking_gate import BookingGate
from pakhus.flows.decisions import NotDecidableError
from pakhus.flows.report import RunReport
from pakhus.ledger import comparisons
from pakhus.ledger.schema import documents
from pakhus.reasons import Answer
from pakhus.rules.mappings import RoundingMode
from pakhus.settings import InvoiceMode
from tests.flows.few_orders import recorded_orders as recorded_orders
from tests.flows.test_people_and_races import first_line, place, row, ship
from tests.flows.world import World

BY = "anna"


@pytest.fixture
def shop(nordlys: World) -> World:
    """A shop whose recorded orders are none of ours: less to do."""
    start = nordlys.shop_server.clock.now() - timedelta(minutes=1)
    nordlys.settings = nordlys.settings.model_copy(update={"start_from": start})
    return nordlys


def invoicing(world: World, **changes: Any) -> None:
    changed = world.settings.invoices.model_copy(update=changes)
    world.settings = world.settings.model_copy(update={"invoices": changed})


def accounting(world: World, **changes: Any) -> None:
    mapping = world.settings.mapping
    assert mapping.economic is not None
    economic = mapping.economic.model_copy(update=changes)
    mapping = mapping.model_copy(update={"economic": economic})
    world.settings = world.settings.model_copy(update={"mapping": mapping})


def due(world: World, **more: Any) -> str:
    """An order whose goods went; the document's key."""
    order = place(world, **more)
    ship(world, order)
    world.observe()
    return f"nordlys-{order}-invoice"


def order_of(key: str) -> int:
    return int(key.split("-")[1])


def drafts(world: World) -> dict[str, Any]:
    found: dict[str, Any] = world.accounts_server.dump()["drafts"]
    return found


def booked(world: World) -> list[Any]:
    return list(world.accounts_server.dump()["booked"].values())


def drafted(world: World) -> str:
    invoicing(world, mode=InvoiceMode.DRAFT)
    key = due(world)
    world.book()
    assert row(world, key).reason == "drafted"
    return key


def edit(world: World, key: str, quantity: int = 5) -> None:
    order = order_of(key)
    world.act(action="edit_line", order=order, line=first_line(world, str(order)), quantity=quantity, total="80.00")
    world.forward(minutes=2)
    world.observe()


def cancel(world: World, key: str) -> None:
    world.act(action="set_status", order=order_of(key), status="cancelled")
    world.forward(minutes=2)
    world.observe()


# --- a draft follows its order ---------------------------------------------------------------------------------------


@pytest.mark.edge(9, 49)
def test_draft_that_nobody_touched_changes_with_its_order(shop: World) -> None:
    key = drafted(shop)
    number, before = row(shop, key).remote_id, row(shop, key).gross
    edit(shop, key)
    shop.book()
    after = row(shop, key)
    assert (after.reason, after.remote_id) == ("drafted", number)
    assert after.gross != before
    assert list(drafts(shop)) == [number]
    invoicing(shop, mode=InvoiceMode.AUTO)
    shop.observe()
    shop.book()
    assert row(shop, key).reason == "transferred"
    charged = {order["id"]: Decimal(order["total"]) for order in shop.shop_server.dump()["orders"]}
    assert booked(shop)[0]["grossAmount"] == charged[order_of(key)]


@pytest.mark.parametrize("touch", [{"notes": {"heading": "Tak"}}, {"lines": [{"lineNumber": 1, "unitNetPrice": 1}]}])
def test_draft_that_a_person_touched_does_not_change_with_its_order(shop: World, touch: dict[str, Any]) -> None:
    key = drafted(shop)
    number = row(shop, key).remote_id
    shop.accounts_server.act({"action": "edit_draft", "draft": int(number), **touch})
    before = drafts(shop)[number]
    edit(shop, key)
    shop.book()
    assert row(shop, key).reason == "order_changed_after_transfer"
    assert drafts(shop)[number] == before


def test_draft_is_left_alone_where_the_shop_wants_it_so(shop: World) -> None:
    key = drafted(shop)
    invoicing(shop, update_draft=False)
    edit(shop, key)
    shop.book()
    assert row(shop, key).reason == "order_changed_after_transfer"


def test_draft_of_a_cancelled_order_is_deleted_and_made_anew_when_the_order_comes_back(shop: World) -> None:
    key = drafted(shop)
    first = row(shop, key).remote_id
    cancel(shop, key)
    shop.book()
    assert (row(shop, key).reason, drafts(shop)) == ("draft_withdrawn", {})
    shop.observe()
    shop.book()
    assert drafts(shop) == {}
    shop.act(action="set_status", order=order_of(key), status="completed")
    shop.forward(minutes=2)
    invoicing(shop, mode=InvoiceMode.AUTO)
    shop.observe()
    shop.book()
    again = row(shop, key)
    assert again.reason == "transferred"
    assert again.remote_id != first
    assert len(booked(shop)) == 1
    assert shop.accounts_server.dump()["drafts_wiped"] == 0


def test_draft_of_a_cancelled_order_that_a_person_touched_stays_and_is_asked_about(shop: World) -> None:
    key = drafted(shop)
    number = row(shop, key).remote_id
    shop.accounts_server.act({"action": "edit_draft", "draft": int(number), "notes": {"heading": "Vent"}})
    cancel(shop, key)
    shop.book()
    assert row(shop, key).reason == "cancelled_after_transfer"
    assert list(drafts(shop)) == [number]


def test_draft_of_an_order_that_the_shop_deleted_for_good_is_withdrawn(shop: World) -> None:
    key = drafted(shop)
    shop.act(action="delete_order", order=order_of(key), force=True)
    shop.forward(days=1, minutes=5)
    shop.book()
    assert (row(shop, key).reason, drafts(shop)) == ("draft_withdrawn", {})


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
@pytest.mark.parametrize("kind", ["answer_lost", "request_lost"])
def test_lost_answer_of_an_update_or_a_withdrawal_is_settled_once(shop: World, method: str, kind: str) -> None:
    key = drafted(shop)
    (edit if method == "PUT" else cancel)(shop, key)
    shop.accounts_server.set_faults([{"method": method, "path_regex": "/invoices/drafts/", "kind": kind}])
    shop.book()
    assert row(shop, key).reason == "remote_unavailable"
    shop.accounts_server.clear_faults()
    shop.forward(minutes=1)
    shop.book()
    assert row(shop, key).reason == "outcome_unknown"
    shop.forward(hours=2)  # too late to repeat under the same key
    shop.book()
    # A deletion whose answer was lost is found by its effect; the order is cancelled, so nothing is made anew.
    assert row(shop, key).reason in ({"drafted"} if method == "PUT" else {"draft_withdrawn", "state_not_listed"})
    assert len(drafts(shop)) == (1 if method == "PUT" else 0)


def test_other_rounding_mode_is_named_and_mended_by_the_setting(shop: World) -> None:
    invoicing(shop, mode=InvoiceMode.AUTO)
    shop.accounts_server.configure({"rounding": "line"})
    goods = [{"sku": "NH-1018", "quantity": 1}] * 3
    order = str(shop.act(action="place_order", payment_method="cod", items=goods)["order"])
    shop.forward(minutes=1)
    orders = {str(one["id"]): one for one in shop.shop_server.dump()["orders"]}
    for line in orders[order]["line_items"]:
        # Three lines of 9.98: VAT of 2.495 each is 7.50 by line and 7.49 by document.
        shop.act(action="edit_line", order=int(order), line=int(line["id"]), quantity=1, total="9.98")
    ship(shop, order)
    shop.observe()
    key = f"nordlys-{order}-invoice"
    shop.book()
    verdict = row(shop, key)
    assert verdict.reason == "document_differs"
    assert "rounding_mode" in verdict.reason_parameters["cause"]
    assert verdict.differed_at is not None
    accounting(shop, rounding_mode=RoundingMode.LINE)
    shop.observe()
    shop.book()
    assert row(shop, key).reason == "transferred"
    assert len(booked(shop)) == 1


# --- what opens booking ----------------------------------------------------------------------------------------------


def test_auto_books_only_after_enough_drafts_in_a_row_were_equal(shop: World) -> None:
    invoicing(shop, mode=InvoiceMode.AUTO, auto_after=3)
    keys = [due(shop), due(shop)]
    report = shop.book(workers=1)
    assert [row(shop, key).reason for key in keys] == ["auto_not_open"] * 2
    assert "auto opens after 3 equal in a row: 2 so far" in report.note()
    assert RunReport.from_dict(report.as_dict()).note() == report.note()
    third = due(shop)
    shop.book(workers=1)
    assert row(shop, third).reason == "transferred"
    shop.forward(days=1, minutes=1)
    assert "opens" not in shop.book().note()
    assert [row(shop, key).reason for key in keys] == ["transferred"] * 2


def test_draft_that_differs_begins_the_count_anew_and_closes_no_open_gate(shop: World) -> None:
    gate = BookingGate(shop.ledger, shop.settings, "economic__main")
    invoicing(shop, mode=InvoiceMode.AUTO, auto_after=9)
    key = due(shop)
    shop.book()
    with shop.ledger.begin() as tx:
        assert comparisons.equal_in_a_row(tx, "nordlys", "economic__main", "invoice") == 1
        tx.connection.execute(documents.update().where(documents.c.key == key).values(differed_at=tx.now))
    with shop.ledger.begin() as tx:
        assert comparisons.equal_in_a_row(tx, "nordlys", "economic__main", "invoice") == 0
        comparisons.open_for_good(tx, "nordlys", "economic__main", 50)
    assert gate.progress() == ""


def test_person_approves_each_invoice_where_the_shop_wants_it(shop: World) -> None:
    invoicing(shop, mode=InvoiceMode.AUTO, auto_after=50, approve=True)
    key = due(shop)
    report = shop.book()
    assert row(shop, key).reason == "approval_wanted"
    assert report.alarms() == []
    question = decisions.ask(shop.ledger, "nordlys", key)
    assert question is not None
    assert question.answers == (Answer.APPROVE,)
    with pytest.raises(NotDecidableError):
        decisions.answer(shop.ledger, "nordlys", key, question.since, Answer.IGNORE, BY)
    assert decisions.answer(shop.ledger, "nordlys", key, question.since, Answer.APPROVE, BY).changed
    shop.book()
    assert row(shop, key).reason == "transferred"
    assert len(booked(shop)) == 1


def test_approval_is_asked_for_again_when_the_order_has_changed_since(shop: World) -> None:
    invoicing(shop, mode=InvoiceMode.AUTO, approve=True)
    key = due(shop)
    shop.book()
    question = decisions.ask(shop.ledger, "nordlys", key)
    assert question is not None
    decisions.answer(shop.ledger, "nordlys", key, question.since, Answer.APPROVE, BY)
    edit(shop, key)
    shop.book()
    assert (row(shop, key).reason, booked(shop)) == ("approval_wanted", [])


def test_orders_that_wait_for_approval_are_no_sign_that_something_is_wrong() -> None:
    report = RunReport("invoices", "nordlys")
    report.codes["approval_wanted"] = 40
    assert report.red_causes() == []


@pytest.mark.edge(40)
def test_corrections_that_add_up_alarm_once_a_month(shop: World) -> None:
    invoicing(shop, mode=InvoiceMode.AUTO, corrections_alarm="0.04")
    key = due(shop)
    assert shop.book().alarms() == []
    with shop.ledger.begin() as tx:
        tx.connection.execute(documents.update().where(documents.c.key == key).values(correction=Decimal("-0.05")))
    due(shop)
    first = shop.book()
    due(shop)
    second = shop.book()
    assert "sum to -0.05" in first.alarms()[0]
    assert RunReport.from_dict(first.as_dict()).alarms() == first.alarms()
    assert second.alarms() == []


# --- dates -----------------------------------------------------------------------------------------------------------


def close(world: World, day: str) -> None:
    world.accounts_server.act({"action": "close", "date": day})


@pytest.mark.edge(81)
def test_invoice_of_a_closed_period_is_dated_on_the_first_open_day_with_the_day_of_delivery(shop: World) -> None:
    key = due(shop)
    shop.forward(days=40)
    close(shop, "2026-11-21")
    sold = shop.shop_server.clock.now() - timedelta(days=40)
    shop.book()
    assert row(shop, key).reason == "transferred"
    invoice = booked(shop)[0]
    assert invoice["date"] == "2026-12-01"
    assert invoice["delivery"]["deliveryDate"] == f"{sold:%Y-%m-%d}"


def test_invoice_of_a_closed_period_is_held_where_the_mapping_says_so_or_no_day_is_open(shop: World) -> None:
    accounting(shop, closed_period="hold")
    key = due(shop)
    close(shop, f"{shop.shop_server.clock.now():%Y-%m-%d}")
    shop.book()
    assert row(shop, key).reason == "period_closed"
    accounting(shop, closed_period="first_open_day")
    shop.observe()
    shop.book()
    assert row(shop, key).reason == "period_closed"  # the next open day is still to come


def test_draft_whose_period_was_closed_before_it_was_booked_moves_to_the_first_open_day(shop: World) -> None:
    key = drafted(shop)
    day = next(iter(drafts(shop).values()))["date"]
    shop.forward(days=40)
    close(shop, day)
    invoicing(shop, mode=InvoiceMode.AUTO)
    shop.observe()
    shop.book()
    assert row(shop, key).reason == "transferred"
    assert booked(shop)[0]["date"] > day
    assert booked(shop)[0]["delivery"]["deliveryDate"] == day


# --- how it reaches the buyer ----------------------------------------------------------------------------------------


@contextmanager
def bookings(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[bytes]]:
    original, bodies = EconomicClient.send, list[bytes]()

    def send(self: EconomicClient, call: Call) -> HttpAnswer:
        if call.path == "/invoices/booked":
            bodies.append(call.body or b"")
        return original(self, call)

    with monkeypatch.context() as patch:
        patch.setattr(EconomicClient, "send", send)
        yield bodies


def test_invoice_is_mailed_only_where_the_shop_wants_it(shop: World, monkeypatch: pytest.MonkeyPatch) -> None:
    with bookings(monkeypatch) as bodies:
        due(shop)
        shop.book()
        invoicing(shop, send_email=True)
        due(shop)
        shop.book()
    assert [b"sendBy" in body for body in bodies] == [False, True]
    assert [one["sendBy"] for one in shop.accounts_server.dump()["sendings"]] == ["email"]


def test_layout_and_employee_follow_the_payment_method(shop: World) -> None:
    mapping = shop.settings.mapping.economic
    assert mapping is not None
    cod = mapping.payments["cod"].model_copy(update={"layout": 19, "employee": 1})
    accounting(shop, payments={**mapping.payments, "cod": cod})
    key = due(shop)
    shop.book()
    assert row(shop, key).reason == "transferred"
    assert booked(shop)[0]["layout"] == 19
    assert booked(shop)[0]["references"]["salesPerson"] == 1


def test_where_the_pdf_is_stands_in_the_ledger(shop: World) -> None:
    key = due(shop)
    shop.book()
    assert row(shop, key).pdf_link.endswith(f"/invoices/booked/{row(shop, key).remote_number}/pdf")


# --- what it costs ---------------------------------------------------------------------------------------------------


def requests_of(world: World) -> tuple[int, int]:
    """Requests that the accounts and the shop have had since the counters were reset."""
    accounts, shop_server = world.accounts_server.counters(), world.shop_server.counters()
    return int(accounts["requests"]), int(shop_server["requests"])


def test_known_customer_and_products_cost_two_requests_an_invoice(shop: World) -> None:
    due(shop)
    shop.book()  # the buyer becomes a customer
    counts = {}
    for orders in (1, 21):
        keys = [due(shop) for _ in range(orders)]
        shop.reset_counters()
        shop.book()
        counts[orders] = requests_of(shop)
        assert {row(shop, key).reason for key in keys} == {"transferred"}
        shop.observe()
    of_twenty = counts[21][0] - counts[1][0]
    # The least that e-conomic can be asked: one draft, one booking. What a run reads once is not the order's.
    assert of_twenty <= 1.1 * 2 * 20
    assert counts[21][1] <= 3  # the shop shows them in pages of ten when it is asked again


def test_draft_is_read_again_before_it_is_booked_only_when_time_has_passed(shop: World) -> None:
    key = drafted(shop)
    number = row(shop, key).remote_id
    invoicing(shop, mode=InvoiceMode.AUTO)
    shop.observe()
    shop.reset_counters()
    shop.book()
    reads = [one["path"] for one in shop.accounts_server.requests() if one["method"] == "GET"]
    assert f"/invoices/drafts/{number}" in reads
    fresh = due(shop)
    shop.reset_counters()
    shop.book()
    reads = [one["path"] for one in shop.accounts_server.requests() if one["method"] == "GET"]
    assert not [path for path in reads if path.startswith("/invoices/drafts")]
    assert row(shop, fresh).reason == "transferred"

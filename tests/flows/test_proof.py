"""One day of a shop compared in three places: what is planted is named, and what is well is proven."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from pakhus.clients.http import Call
from pakhus.flows.observation import Observer
from pakhus.flows.proof import ProvenDay, Prover, day_window, invoices_are_made, report_of
from pakhus.ledger.schema import documents, proven_days
from pakhus.rules.proof import DayStatus
from pakhus.settings import ShopSettings
from tests.flows.few_orders import recorded_orders as recorded_orders
from tests.flows.test_people_and_races import drafted, in_mode, place, row, ship
from tests.flows.world import World


def prover(world: World) -> Prover:
    accounts = world.accounts if invoices_are_made(world.settings) else None
    return Prover(Observer(world.shop, world.ledger, world.settings), accounts)


def today(world: World) -> date:
    return world.shop_server.clock.now().astimezone(ZoneInfo(world.settings.timezone)).date()


def prove(world: World, day: date | None = None) -> ProvenDay:
    return prover(world).prove(day or today(world))


def found(day: ProvenDay) -> set[tuple[str, str]]:
    return {(difference.key, difference.verdict.code) for difference in day.proof.differences}


def starting(world: World, *, days: int) -> ShopSettings:
    """The shop's settings with a start so many days from now."""
    return world.settings.model_copy(update={"start_from": world.ledger.now() + timedelta(days=days)})


@pytest.fixture
def settled(nordlys: World) -> tuple[World, str]:
    """A shop that has transferred everything, and an order of today that is invoiced."""
    nordlys.settings = starting(nordlys, days=1)
    nordlys.forward(days=2)  # the recorded shop's own orders are of today, and none of ours
    order = place(nordlys)
    nordlys.run()
    ship(nordlys, order)
    nordlys.run()
    return nordlys, order


def state(world: World) -> Any:
    """What the accounts have, to be changed as no interface would let anybody."""
    return world.accounts_server.standin.state


def copied(world: World, key: str, **references: str) -> int:
    """Somebody copies our invoice in e-conomic, with its reference; the new draft's number."""
    invoice = next(one for one in state(world).booked.values() if one["references"]["other"] == key)
    number = state(world).next_number("draft")
    left_out = ("bookedInvoiceNumber", "orderNumber", "remainder", "remainderInBaseCurrency")
    draft = {name: value for name, value in invoice.items() if name not in left_out}
    kept = {"draftInvoiceNumber": number, "handle": number, "updated": invoice["created"]}
    state(world).drafts[number] = {**draft, **kept, "references": {**invoice["references"], **references}}
    return int(number)


def test_day_on_which_all_three_agree_and_nothing_is_left_is_proven(settled: tuple[World, str]) -> None:
    world, _ = settled
    day = prove(world)
    assert (day.status, day.proof.note()) == (DayStatus.PROVEN, "1 orders · 1 booked · proven")
    sums = day.proof.sums
    assert sums["shop"] == sums["ledger"] == sums["invoices"] == sums["accounts"]
    assert sums["shop"]["DKK"].count == 1


def test_result_stands_in_the_calendar_and_a_second_proof_replaces_it(settled: tuple[World, str]) -> None:
    world, order = settled
    prove(world)
    prove(world)
    invoice = row(world, f"nordlys-{order}-invoice")
    state(world).booked.pop(int(invoice.remote_number))
    prove(world)
    with world.ledger.begin() as tx:
        [stored] = tx.connection.execute(select(proven_days)).all()
    assert (stored.status, stored.day) == ("differs", today(world))
    assert stored.differences == [
        {"key": invoice.key, "reason": "invoice_missing", "parameters": {"number": invoice.remote_number}}
    ]
    figures = {
        name: stored.figures[name].get("DKK", {"count": 0}) for name in ("shop", "ledger", "invoices", "accounts")
    }
    assert [figures[name]["count"] for name in figures] == [1, 1, 1, 0]
    assert Decimal(figures["shop"]["gross"]) == Decimal(figures["invoices"]["gross"])
    assert stored.figures["documents"]["invoice"] == {"done": 1}


def test_proof_makes_few_requests_and_writes_nowhere(settled: tuple[World, str]) -> None:
    world, _ = settled
    world.reset_counters()
    prove(world)
    answered = [one for one in world.shop_server.requests() if one["status"] == 200]  # the clock was moved: one 401
    assert (world.writes(), len(answered)) == (0, 2)
    assert world.accounts_server.counters()["requests"] == 3
    assert world.warehouse_server.counters()["requests"] == 0


def test_held_and_waiting_orders_leave_a_day_open(settled: tuple[World, str]) -> None:
    world, _ = settled
    place(world)
    held = place(world, payment_method="quickpay")
    world.run()
    ship(world, held)
    world.run()
    day = prove(world)
    assert (day.status, day.proof.note()) == (DayStatus.OPEN, "3 orders · 1 booked · 1 waiting · 1 held · open")


def test_invoice_booked_twice_by_hand_from_a_copy_is_named(settled: tuple[World, str]) -> None:
    world, order = settled
    key = f"nordlys-{order}-invoice"
    draft = copied(world, key)
    assert found(prove(world)) == {(key, "draft_beside_invoice")}
    world.accounts_server.act({"action": "book_draft", "draft": draft})
    assert found(prove(world)) == {(key, "invoice_doubled")}


def test_invoice_whose_amount_is_another_one_in_the_accounts_is_named(settled: tuple[World, str]) -> None:
    world, order = settled
    invoice = row(world, f"nordlys-{order}-invoice")
    state(world).booked[int(invoice.remote_number)]["grossAmount"] += Decimal("0.01")
    assert (invoice.key, "invoice_differs") in found(prove(world))


def test_invoice_under_a_key_that_the_ledger_does_not_know_is_named_on_its_own_day(settled: tuple[World, str]) -> None:
    world, order = settled
    day = today(world)
    draft = copied(world, f"nordlys-{order}-invoice", other="nordlys-99999-invoice")
    assert found(prove(world, day)) == {("nordlys-99999-invoice", "draft_unknown")}
    world.accounts_server.act({"action": "book_draft", "draft": draft})
    assert found(prove(world, day)) == {("nordlys-99999-invoice", "invoice_unknown")}
    assert not found(prove(world, day - timedelta(days=1)))


def test_invoices_of_another_shop_with_a_longer_name_are_none_of_ours(settled: tuple[World, str]) -> None:
    world, order = settled
    draft = copied(world, f"nordlys-{order}-invoice", other="det-nordlys-5-invoice")
    world.accounts_server.act({"action": "book_draft", "draft": draft})
    assert not found(prove(world))


def test_invoice_that_the_list_shows_late_is_not_missing(settled: tuple[World, str]) -> None:
    world, _ = settled
    world.accounts_server.configure({"lag_s": 3600})
    assert prove(world).status is DayStatus.PROVEN


def test_invoice_that_is_not_what_was_charged_is_named_when_no_reason_says_so(settled: tuple[World, str]) -> None:
    world, order = settled
    key = f"nordlys-{order}-invoice"
    with world.ledger.begin() as tx:
        wrong = {"gross": row(world, key).gross + 10}
        tx.connection.execute(documents.update().where(documents.c.key == key).values(**wrong))
    state(world).booked[int(row(world, key).remote_number)]["grossAmount"] += 10
    assert found(prove(world)) == {(key, "invoice_not_as_charged")}


def test_draft_that_a_person_booked_is_open_until_it_is_taken_over(nordlys: World) -> None:
    nordlys.settings = starting(nordlys, days=1)
    nordlys.forward(days=2)
    order, draft = drafted(nordlys)
    day = today(nordlys)
    assert prove(nordlys, day).status is DayStatus.OPEN
    nordlys.accounts_server.act({"action": "book_draft", "draft": draft})
    assert prove(nordlys, day).status is DayStatus.OPEN
    nordlys.forward(hours=25)
    nordlys.run()
    assert prove(nordlys, day).status is DayStatus.PROVEN, row(nordlys, f"nordlys-{order}-invoice").reason


def test_order_that_live_reading_missed_is_found_stored_and_judged(settled: tuple[World, str]) -> None:
    world, _ = settled
    order = place(world)
    world.forward(minutes=5)
    day = prove(world)
    assert day.missed == {order}
    assert row(world, f"nordlys-{order}-order").reason == "due"
    assert world.observe().seen >= 1  # the live reading still comes to it by itself


@pytest.mark.edge(43)
def test_change_that_bears_no_new_date_is_found(settled: tuple[World, str]) -> None:
    """Deleting a refund does not touch the order's date of change (woocommerce.md 5)."""
    world, order = settled
    refund = world.act(action="refund", order=int(order), amount="10.00")["refund"]
    world.forward(minutes=2)
    world.run()
    world.forward(minutes=5)
    place(world)
    world.run()  # the live reading has gone on
    world.shop.send(Call("DELETE", f"/wc/v3/orders/{order}/refunds/{refund}", (("force", "true"),)))
    world.forward(minutes=2)
    world.run()
    assert row(world, f"nordlys-{order}-credit{refund}").reason == "due"
    assert prove(world).missed == {order}
    assert row(world, f"nordlys-{order}-credit{refund}").reason == "refund_withdrawn"


def test_day_of_a_refunded_order_is_proven_with_its_credit_note(settled: tuple[World, str]) -> None:
    world, order = settled
    world.act(action="refund", order=int(order), amount="10.00")
    world.forward(minutes=2)
    world.run()
    assert prove(world).status is DayStatus.OPEN  # the credit note is due
    world.credit()
    day = prove(world)
    assert not day.proof.differences
    assert [one.gross for one in day.proof.sums["accounts_credit_notes"].values()] == [Decimal("-10.00")]
    assert day.proof.sums["credit_notes"] == day.proof.sums["accounts_credit_notes"]
    assert day.proof.sums["invoices"] == day.proof.sums["accounts"]


def test_order_that_vanished_from_the_shop_is_asked_for_and_explained(settled: tuple[World, str]) -> None:
    world, order = settled
    world.act(action="delete_order", order=int(order))
    day = prove(world)
    assert (day.status, found(day)) == (DayStatus.OPEN, set())
    assert row(world, f"nordlys-{order}-invoice").reason == "cancelled_after_transfer"
    assert day.proof.sums["invoices"] == day.proof.sums["accounts"] != {}
    assert prove(world).status is DayStatus.OPEN  # the ledger still knows its day and its invoice


def test_order_edited_after_its_invoice_is_held_and_the_day_open(settled: tuple[World, str]) -> None:
    world, order = settled
    with_line = {str(one["id"]): one for one in world.shop_server.dump()["orders"]}[order]["line_items"][0]["id"]
    world.act(action="edit_line", order=int(order), line=int(with_line), quantity=5, total="80.00")
    world.forward(minutes=2)
    day = prove(world)
    assert (day.status, found(day)) == (DayStatus.OPEN, set())
    assert row(world, f"nordlys-{order}-invoice").reason == "order_changed_after_transfer"


def test_days_before_the_start_are_only_stored(nordlys: World) -> None:
    order = place(nordlys)
    nordlys.settings = starting(nordlys, days=2)
    nordlys.reset_counters()
    day = prove(nordlys)
    assert day.status is DayStatus.PROVEN
    assert nordlys.writes() == 0
    with nordlys.ledger.begin() as tx:
        reasons = set(tx.connection.execute(select(documents.c.reason)).scalars())
    assert (reasons, row(nordlys, f"nordlys-{order}-order").status) == ({"before_start"}, "not_ours")


def test_shop_without_accounts_is_proven_against_the_ledger_alone(nordlys: World) -> None:
    nordlys.settings = starting(nordlys, days=1)
    in_mode(nordlys, "off")
    nordlys.forward(days=2)
    place(nordlys)
    nordlys.observe()
    nordlys.reserve()
    day = prove(nordlys)
    assert (day.status, day.proof.note()) == (DayStatus.PROVEN, "1 orders · proven")
    assert set(day.proof.sums) == {"shop", "ledger"}


def test_last_week_and_what_is_not_proven_is_to_be_proven_again(settled: tuple[World, str]) -> None:
    world, _ = settled
    first = today(world)
    place(world)
    world.run()
    prove(world, first)
    world.forward(days=20)
    tonight = today(world)
    again = prover(world).days_again(tonight)
    assert again == [first, *(tonight - timedelta(days=days) for days in range(7, 0, -1))]


def test_a_red_run_names_each_document_and_its_day(settled: tuple[World, str]) -> None:
    world, order = settled
    key = f"nordlys-{order}-invoice"
    number = row(world, key).remote_number
    state(world).booked.pop(int(number))
    report = report_of("nordlys", [prove(world)])
    [alarm] = report.alarms()
    assert alarm.startswith(f"{today(world)} {key}: The ledger has invoice {number}, the accounts have none")


@pytest.mark.edge(84)
@pytest.mark.parametrize(
    ("day", "hours"), [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25), (date(2026, 11, 21), 24)]
)
def test_day_of_the_shop_has_its_own_length_when_the_clocks_change(day: date, hours: int) -> None:
    window = day_window(day, "Europe/Copenhagen")
    assert window.end - window.start == timedelta(hours=hours)
    assert day_window(day + timedelta(days=1), "Europe/Copenhagen").start == window.end
    assert window.start == datetime.combine(day, datetime.min.time(), UTC) - timedelta(
        hours=2 if hours != 24 and day.month == 10 else 1
    )


@pytest.mark.edge(84)
def test_order_of_the_hour_that_comes_twice_belongs_to_one_day(nordlys: World) -> None:
    nordlys.settings = starting(nordlys, days=1)
    clock = nordlys.shop_server.clock
    target = datetime(2027, 10, 31, 1, 30, tzinfo=UTC)  # 02:30 in Denmark, for the second time
    nordlys.forward(seconds=(target - clock.now().astimezone(UTC)).total_seconds())
    place(nordlys)
    nordlys.observe()
    counts = [prove(nordlys, date(2027, 10, day)).proof.orders for day in (30, 31)]
    counts.append(prove(nordlys, date(2027, 11, 1)).proof.orders)
    assert counts == [0, 1, 0]

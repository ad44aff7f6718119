"""What is refunded before an invoice is booked is not invoiced, and is not credited either."""

from dataclasses import replace
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from pakhus.flows.observation import Observer
from pakhus.flows.proof import Prover
from pakhus.ledger.schema import clearing_items, documents, included_refunds
from pakhus.reasons import Answer, Verdict
from pakhus.rules.payment_methods import PaymentWay
from pakhus.rules.payments import less_taken_off
from tests.flows.few_orders import recorded_orders as recorded_orders
from tests.flows.test_credit_notes import booked, credit, give, in_mode, order_of, place, reason, refund, row
from tests.flows.test_payments import CARD, JOURNAL, pay, paying
from tests.flows.world import World

D = Decimal


def completed(world: World, *lines: dict[str, Any], **more: Any) -> str:
    """Somebody buys, and it is sent; not invoiced yet."""
    order = place(world, *lines, **more)
    world.act(action="set_status", order=int(order), status="completed")
    world.forward(minutes=2)
    return order


def drafted(world: World, *lines: dict[str, Any]) -> str:
    """An order whose invoice is a draft that waits for a person."""
    in_mode(world, "draft")
    order = completed(world, *lines)
    world.run()
    assert reason(world, invoice(order)) == "drafted"
    return order


def invoice(order: str) -> str:
    return f"nordlys-{order}-invoice"


def drafts(world: World, order: str) -> list[Any]:
    rows = world.accounts_server.dump()["drafts"].values()
    return [one for one in rows if one["references"]["other"] == invoice(order)]


def draft(world: World, order: str) -> Any:
    """An order's draft as the accounts answer it."""
    [found] = drafts(world, order)
    return world.accounts.find_draft(str(found["draftInvoiceNumber"]))


def again(world: World, **forward: float) -> None:
    """The flows run again, a day later: waiting documents are looked at."""
    world.forward(**(forward or {"days": 1, "minutes": 2}))
    credit(world)


def piece(world: World, order: str, quantity: int = 1) -> dict[str, Any]:
    """So many pieces of an order's first line, at their price."""
    line = order_of(world, order)["line_items"][0]
    share = D(quantity) / line["quantity"]
    taxes = [
        {"id": tax["id"], "refund_total": str((D(tax["total"]) * share).quantize(D("0.01")))} for tax in line["taxes"]
    ]
    return {
        "id": line["id"],
        "quantity": quantity,
        "refund_total": str((D(line["total"]) * share).quantize(D("0.01"))),
        "refund_tax": taxes,
    }


def total(world: World, order: str) -> Decimal:
    return D(order_of(world, order)["total"])


def net_of(world: World, order: str) -> Decimal:
    """What the accounts have of an order: its invoices less its credit notes."""
    rows = world.accounts_server.dump()["booked"].values()
    return sum((one["grossAmount"] for one in rows if one["references"]["other"].startswith(f"nordlys-{order}-")), D(0))


def left(world: World, order: str) -> Decimal:
    """What the shop has charged less what it has refunded."""
    return total(world, order) + sum((D(one["total"]) for one in order_of(world, order)["refunds"]), D(0))


@pytest.mark.edge(44)
def test_pieces_refunded_before_the_draft_are_not_invoiced(nordlys: World) -> None:
    order = completed(nordlys)
    key = refund(nordlys, order, line_items=[piece(nordlys, order)])
    credit(nordlys)
    [found] = booked(nordlys, invoice(order))
    assert found["grossAmount"] == left(nordlys, order)
    goods = [line for line in found["lines"] if line["product"] == "NH-1018"]
    assert [line["quantity"] for line in goods] == [D(2)]
    assert (reason(nordlys, invoice(order)), reason(nordlys, key)) == ("transferred", "credit_in_invoice")
    assert dict(row(nordlys, key).reason_parameters) == {"number": str(found["bookedInvoiceNumber"])}
    again(nordlys)
    assert booked(nordlys, key) == []


@pytest.mark.edge(44)
def test_amount_refunded_before_the_draft_is_taken_off_the_invoice(nordlys: World) -> None:
    order = completed(nordlys)
    key = refund(nordlys, order, amount="50.00")
    credit(nordlys)
    [found] = booked(nordlys, invoice(order))
    assert found["grossAmount"] == total(nordlys, order) - 50
    assert [line["unitNetPrice"] for line in found["lines"] if line["product"] == "vare"] == [D("-40.00")]
    assert reason(nordlys, key) == "credit_in_invoice"


@pytest.mark.edge(44)
def test_draft_follows_refunds_until_it_is_booked(nordlys: World) -> None:
    order = drafted(nordlys)
    first = refund(nordlys, order, amount="50.00")
    nordlys.run()
    assert draft(nordlys, order)["grossAmount"] == total(nordlys, order) - 50
    second = refund(nordlys, order, line_items=[piece(nordlys, order)])
    nordlys.run()
    assert draft(nordlys, order)["grossAmount"] == left(nordlys, order)
    in_mode(nordlys, "auto")
    again(nordlys)
    assert net_of(nordlys, order) == left(nordlys, order)
    assert {reason(nordlys, key) for key in (first, second)} == {"credit_in_invoice"}


def test_refund_that_is_deleted_before_the_booking_is_invoiced_again(nordlys: World) -> None:
    order = drafted(nordlys)
    key = refund(nordlys, order, amount="50.00")
    nordlys.run()
    nordlys.act(action="delete_refund", refund=int(key.rpartition("credit")[2]))
    again(nordlys)
    assert draft(nordlys, order)["grossAmount"] == total(nordlys, order)
    assert reason(nordlys, key) == "refund_withdrawn"


@pytest.mark.edge(43)
def test_refund_that_is_deleted_after_the_booking_holds_the_invoice_that_was_made_without_it(nordlys: World) -> None:
    order = completed(nordlys)
    key = refund(nordlys, order, amount="50.00")
    credit(nordlys)
    nordlys.act(action="delete_refund", refund=int(key.rpartition("credit")[2]))
    nordlys.forward(minutes=2)
    Prover(Observer(nordlys.shop, nordlys.ledger, nordlys.settings), None).look_at_refunds()
    held = row(nordlys, invoice(order))
    assert (held.status, held.reason) == ("held", "included_refund_deleted")
    assert held.reason_parameters["amount"] == "50.00"
    again(nordlys)
    assert reason(nordlys, invoice(order)) == "included_refund_deleted"
    give(nordlys, invoice(order), Answer.ACCEPT)
    nordlys.act(action="edit_order", order=int(order), changes={"customer_note": "Tak"})
    again(nordlys)
    assert (reason(nordlys, invoice(order)), len(booked(nordlys, key))) == ("accepted_by_person", 0)


def test_refund_after_the_booking_is_credited_beside_those_that_the_invoice_has_taken_off(nordlys: World) -> None:
    order = completed(nordlys)
    refund(nordlys, order, line_items=[piece(nordlys, order)])
    credit(nordlys)
    later = [refund(nordlys, order, amount="20.02"), refund(nordlys, order, line_items=[piece(nordlys, order)])]
    credit(nordlys)
    assert [reason(nordlys, key) for key in later] == ["transferred", "transferred"]
    assert net_of(nordlys, order) == left(nordlys, order)
    refund(nordlys, order, amount=str(left(nordlys, order)))
    credit(nordlys)
    assert (net_of(nordlys, order), left(nordlys, order)) == (0, 0)
    assert reason(nordlys, invoice(order)) == "transferred"


@pytest.mark.edge(44)
def test_draft_of_an_order_of_which_everything_is_refunded_is_withdrawn(nordlys: World) -> None:
    order = drafted(nordlys)
    key = refund(nordlys, order)
    again(nordlys)
    again(nordlys)
    assert drafts(nordlys, order) == []
    assert (reason(nordlys, invoice(order)), reason(nordlys, key)) == ("draft_withdrawn", "credit_not_needed")


def test_nothing_is_drafted_of_an_order_of_which_everything_was_refunded(nordlys: World) -> None:
    order = completed(nordlys)
    refund(nordlys, order, amount=str(total(nordlys, order)))
    nordlys.act(action="set_status", order=int(order), status="completed")  # as with a free line on it
    nordlys.forward(minutes=2)
    credit(nordlys)
    assert reason(nordlys, invoice(order)) == "nothing_left_to_invoice"
    assert net_of(nordlys, order) == 0


@pytest.mark.parametrize("touched", [True, False])
def test_refund_after_a_draft_that_may_not_be_changed_is_credited(nordlys: World, touched: bool) -> None:
    if not touched:
        invoices = nordlys.settings.invoices.model_copy(update={"update_draft": False})
        nordlys.settings = nordlys.settings.model_copy(update={"invoices": invoices})
    order = drafted(nordlys)
    if touched:
        number = draft(nordlys, order)["draftInvoiceNumber"]
        nordlys.accounts_server.act({"action": "edit_draft", "draft": number, "notes": {"heading": "Tak for ordren"}})
    key = refund(nordlys, order, amount="50.00")
    in_mode(nordlys, "auto")
    again(nordlys)
    again(nordlys)
    assert booked(nordlys, invoice(order))[0]["grossAmount"] == total(nordlys, order)
    assert booked(nordlys, key)[0]["grossAmount"] == D("-50.00")
    assert reason(nordlys, invoice(order)) == "transferred"


def test_refund_that_a_person_takes_off_the_draft_and_books_is_not_credited_too(nordlys: World) -> None:
    order = drafted(nordlys, {"sku": "NH-1018", "quantity": 1})
    key = refund(nordlys, order, amount="50.00")
    found = draft(nordlys, order)
    number, first = found["draftInvoiceNumber"], found["lines"][0]
    less = {"lineNumber": first["lineNumber"], "unitNetPrice": str(first["unitNetPrice"] - 40)}
    nordlys.accounts_server.act({"action": "edit_draft", "draft": number, "lines": [less]})
    nordlys.accounts_server.act({"action": "book_draft", "draft": number})
    again(nordlys)
    again(nordlys)
    assert net_of(nordlys, order) == left(nordlys, order)
    assert (reason(nordlys, invoice(order)), reason(nordlys, key)) == ("transferred", "credit_in_invoice")


def test_refund_after_an_invoice_that_a_person_booked_for_less_is_credited_and_not_taken_off_it(nordlys: World) -> None:
    order = drafted(nordlys, {"sku": "NH-1018", "quantity": 1})
    found = draft(nordlys, order)
    number, first = found["draftInvoiceNumber"], found["lines"][0]
    less = {"lineNumber": first["lineNumber"], "unitNetPrice": str(first["unitNetPrice"] - 40)}
    nordlys.accounts_server.act({"action": "edit_draft", "draft": number, "lines": [less]})
    nordlys.accounts_server.act({"action": "book_draft", "draft": number})
    in_mode(nordlys, "auto")
    again(nordlys)
    assert reason(nordlys, invoice(order)) == "booked_differently"
    key = refund(nordlys, order, amount="50.00")
    credit(nordlys)
    assert booked(nordlys, key)[0]["grossAmount"] == D("-50.00")
    again(nordlys)
    with nordlys.ledger.begin() as tx:
        assert tx.connection.execute(select(included_refunds).where(included_refunds.c.amount == 50)).all() == []


def test_proof_compares_the_invoice_with_the_charge_less_what_was_refunded_before_it(nordlys: World) -> None:
    order = completed(nordlys)
    refund(nordlys, order, line_items=[piece(nordlys, order)])
    credit(nordlys)
    assert differences(nordlys, order) == []
    with nordlys.ledger.begin() as tx:
        tx.connection.execute(included_refunds.delete())
    assert differences(nordlys, order) == ["invoice_not_as_charged"]


def differences(world: World, order: str) -> list[str]:
    """What the proof of today says of an order's invoice."""
    today = world.shop_server.clock.now().astimezone(ZoneInfo(world.settings.timezone)).date()
    proof = Prover(Observer(world.shop, world.ledger, world.settings), world.accounts).prove(today).proof
    return [one.verdict.code for one in proof.differences if one.key == invoice(order)]


@pytest.mark.parametrize("way", [PaymentWay.AUTO, PaymentWay.JOURNAL])
def test_provider_settles_what_it_took_and_what_went_back_of_it(nordlys: World, way: PaymentWay) -> None:
    world = paying(nordlys, CARD if way is PaymentWay.AUTO else JOURNAL)
    order = completed(world)
    refund(world, order, amount="50.00")
    credit(world)
    pay(world)
    with world.ledger.begin() as tx:
        query = select(clearing_items.c.kind, clearing_items.c.amount).join(
            documents, documents.c.id == clearing_items.c.invoice_id
        )
        items = tx.connection.execute(query.where(documents.c.key == invoice(order))).all()
    assert sorted(map(tuple, items)) == [("capture", total(world, order)), ("refund", D("-50.00"))]
    [found] = booked(world, invoice(order))
    assert sum(amount for _, amount in items) == found["grossAmount"] == total(world, order) - 50
    world.accounts_server.act({"action": "book_journal", "journal": 5})
    [found] = booked(world, invoice(order))
    assert found["remainder"] == 0
    reset = world.writes()
    pay(world)
    assert world.writes() == reset


def test_order_with_several_payments_of_which_a_part_was_refunded_is_held(nordlys: World) -> None:
    order = completed(nordlys)
    refund(nordlys, order, amount="50.00")
    nordlys.observe()
    [found] = nordlys.shop.orders([order])
    assert found.order is not None
    two = replace(found.order, payments=(*found.order.payments, *found.order.payments))
    assert less_taken_off(two, D("50.00")) == Verdict.of("refunded_payment_unknown", refunded=D("50.00"), count=2)


refund_steps = st.lists(st.sampled_from(["amount", "piece", "freight", "delete", "draft", "book"]), max_size=7)


@settings(max_examples=6, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(refund_steps, st.integers(0, 1))
def test_any_sequence_of_refunds_and_bookings_ends_at_the_charge_less_the_refunds(
    nordlys: World, steps: list[str], parity: int
) -> None:
    """Refunds made and deleted before the draft, after it and after the booking: to the øre, or held with the cause."""
    in_mode(nordlys, "off" if parity else "draft")
    order = completed(nordlys)
    missing = D(0)
    for number, step in enumerate([*steps, "book", "book"]):
        missing += _step(nordlys, order, step, number)
        in_mode(nordlys, "draft")
    in_mode(nordlys, "auto")
    again(nordlys)
    again(nordlys)
    assert net_of(nordlys, order) == left(nordlys, order) - missing
    assert (reason(nordlys, invoice(order)) == "included_refund_deleted") is bool(missing)
    assert nordlys.accounts_server.counters()["doubles"] == []


def _step(world: World, order: str, step: str, number: int) -> Decimal:
    """One thing that happens; returns what the books lack since, for a refund deleted after the invoice without it."""
    if step == "delete":
        return _deleted(world, order)
    if step in ("draft", "book"):
        in_mode(world, "auto" if step == "book" else "draft")
        again(world)
    elif left(world, order) > 60:
        what: dict[str, Any] = {"amount": ("10.02", "33.33", "0.01")[number % 3]}
        if step == "piece" and number < 3:
            what = {"line_items": [piece(world, order)]}
        refund(world, order, **what)
    return D(0)


def _deleted(world: World, order: str) -> Decimal:
    """Staff delete the newest refund, unless its credit note is made already: that is another case."""
    mine = order_of(world, order)["refunds"]
    newest = max((one["id"] for one in mine), default=None)
    key = f"nordlys-{order}-credit{newest}"
    found = row(world, key)
    if newest is None or (found is not None and found.remote_id is not None):
        return D(0)
    gone = next(-D(one["total"]) for one in mine if one["id"] == newest)
    world.act(action="delete_refund", refund=newest)
    again(world)
    return gone if found is not None and found.reason == "credit_in_invoice" else D(0)


def test_refund_that_comes_while_the_answer_to_the_booking_is_lost_is_credited(nordlys: World) -> None:
    nordlys.run()  # the recorded shop's own
    order = completed(nordlys)
    fault = {"kind": "answer_lost", "method": "POST", "path_regex": "/invoices/booked$", "nth": 1, "effect": True}
    nordlys.accounts_server.faults.set([fault])
    nordlys.run()
    assert reason(nordlys, invoice(order)) == "remote_unavailable"
    key = refund(nordlys, order, amount="50.00")
    for _ in range(3):
        nordlys.forward(minutes=5)
        credit(nordlys)
    assert booked(nordlys, invoice(order))[0]["grossAmount"] == total(nordlys, order)
    assert (reason(nordlys, key), net_of(nordlys, order)) == ("transferred", left(nordlys, order))
    assert nordlys.accounts_server.counters()["doubles"] == []

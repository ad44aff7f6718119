"""Money that goes back over real credit notes: by the way that its invoice's payment came, once, and to the øre."""

from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select

from pakhus.ledger.schema import documents
from pakhus.rules.payment_methods import PaymentMethod, PaymentWay
from tests.flows.few_orders import recorded_orders as recorded_orders
from tests.flows.test_credit_notes import booked, credit, in_mode, invoiced, order_of, refund
from tests.flows.test_payments import CARD, JOURNAL, balance, items, pay, paying, waiting
from tests.flows.world import World

D = Decimal
OPEN = PaymentMethod(terms=11, way=PaymentWay.OPEN, clearing_account=5825)


def repayments(world: World) -> dict[str, str]:
    """The reason of each repayment's document by its key."""
    query = select(documents.c.key, documents.c.reason).where(documents.c.kind == "repayment")
    with world.ledger.begin() as tx:
        return {row.key: row.reason for row in tx.connection.execute(query)}


def key_of(credit_key: str) -> str:
    """The key of the repayment of a credit note."""
    return credit_key.replace("-credit", "-repayment")


def stands(world: World, *, of: str) -> list[tuple[str, str, Decimal]]:
    """What of an order stands on the clearing account's list: how, what, how much."""
    found = [item for item in items(world) if item.new.order_number == of]
    return [(item.new.way, item.new.kind, item.new.amount) for item in found]


def paid_and_refunded(world: World, *amounts: str) -> tuple[str, list[str]]:
    """An order whose invoice is booked and paid, and whose refunds are credited."""
    order = invoiced(world)
    pay(world)
    keys = [refund(world, order, amount=amount) for amount in amounts]
    credit(world)
    assert [len(booked(world, key)) for key in keys] == [1] * len(keys)
    return order, keys


def total(world: World, order: str) -> Decimal:
    return D(order_of(world, order)["total"])


def left_open(world: World, order: str) -> list[Any]:
    """The booked documents of an order of which something is not paid."""
    rows = world.accounts_server.dump()["booked"].values()
    mine = [one for one in rows if one["references"]["other"].startswith(f"nordlys-{order}-")]
    return [one["bookedInvoiceNumber"] for one in mine if one["remainder"]]


def test_credit_note_of_an_invoice_paid_by_its_term_is_paid_back_by_its_term(nordlys: World) -> None:
    world = paying(nordlys, CARD)
    order, [key] = paid_and_refunded(world, "50.00")
    world.reset_counters()
    pay(world)
    assert (world.writes(), repayments(world)[key_of(key)]) == (0, "paid_by_term")
    number = order_of(world, order)["number"]
    expected = [("term", "capture", total(world, order)), ("term", "refund", D("-50.00"))]
    assert sorted(stands(world, of=number)) == expected
    assert sum((item.new.amount for item in items(world)), D(0)) == balance(world, 5825)


def test_credit_notes_of_an_invoice_paid_in_the_journal_are_paid_back_in_it_and_close(nordlys: World) -> None:
    world = paying(nordlys, JOURNAL)
    order, keys = paid_and_refunded(world, "50.02", "33.33")
    pay(world)
    assert {repayments(world)[key_of(key)] for key in keys} == {"payment_registered"}
    mine = [entry for entry in waiting(world) if any(key_of(key) in str(entry["text"]) for key in keys)]
    assert sorted(D(str(entry["amount"])) for entry in mine) == [D("33.33"), D("50.02")]
    assert left_open(world, order)
    world.accounts_server.act({"action": "book_journal", "journal": 5})
    assert left_open(world, order) == []
    number = order_of(world, order)["number"]
    assert sum(amount for _, _, amount in stands(world, of=number)) == total(world, order) - D("83.35")
    assert sum((item.new.amount for item in items(world)), D(0)) == balance(world, 5825)
    world.reset_counters()
    pay(world)
    world.forward(hours=25)
    pay(world)
    assert (world.writes(), world.accounts_server.counters()["doubles"]) == (0, [])


def test_credit_note_of_an_invoice_that_stands_open_is_left_open_beside_it(nordlys: World) -> None:
    world = paying(nordlys, OPEN)
    _, [key] = paid_and_refunded(world, "50.00")
    pay(world)
    assert (repayments(world)[key_of(key)], waiting(world)) == ("left_open", [])


def test_repayment_waits_for_the_payment_of_its_invoice(nordlys: World) -> None:
    world = paying(nordlys, JOURNAL)
    order = invoiced(world)
    key = refund(world, order, amount="50.00")
    credit(world)
    world.accounts_server.faults.set([{"kind": "error_500", "method": "POST", "path_regex": "vouchers$", "nth": 1}])
    pay(world)
    assert repayments(world)[key_of(key)] in ("invoice_payment_open", "payment_registered")
    world.forward(minutes=11)
    pay(world)
    world.forward(minutes=11)
    pay(world)
    assert repayments(world)[key_of(key)] == "payment_registered"
    assert world.accounts_server.counters()["doubles"] == []


def test_repayment_of_an_invoice_whose_payment_a_person_entered_is_the_persons_too(nordlys: World) -> None:
    world = paying(nordlys, JOURNAL)
    order = invoiced(world)
    world.accounts_server.act({"action": "pay", "invoice": left_open(world, order)[0]})
    pay(world)
    key = refund(world, order, amount="50.00")
    credit(world)
    pay(world)
    mine = [entry for entry in waiting(world) if f"-{order}-" in str(entry["text"])]
    assert (repayments(world)[key_of(key)], mine) == ("repaid_by_hand", [])
    world.accounts_server.act({"action": "pay", "invoice": left_open(world, order)[0]})
    world.forward(days=1, minutes=2)
    pay(world)
    mine = [entry for entry in waiting(world) if f"-{order}-" in str(entry["text"])]
    assert (repayments(world)[key_of(key)], mine) == ("already_paid", [])


@pytest.mark.parametrize("kind", ["answer_lost", "error_500"])
def test_lost_answer_to_a_repayment_makes_no_second_voucher(nordlys: World, kind: str) -> None:
    world = paying(nordlys, JOURNAL)
    order, [key] = paid_and_refunded(world, "50.00")
    fault = {"kind": kind, "method": "POST", "path_regex": "vouchers$", "nth": 1, "effect": True}
    world.accounts_server.faults.set([fault])
    pay(world)
    world.forward(minutes=5)
    pay(world)
    assert repayments(world)[key_of(key)] == "payment_registered"
    assert len([entry for entry in waiting(world) if key_of(key) in str(entry["text"])]) == 1
    world.accounts_server.act({"action": "book_journal", "journal": 5})
    assert left_open(world, order) == []


def test_money_is_paid_back_only_for_what_the_invoice_had_not_taken_off(nordlys: World) -> None:
    world = paying(nordlys, JOURNAL)
    in_mode(world, "draft")
    order = str(
        world.act(action="place_order", payment_method="cod", items=[{"sku": "NH-1018", "quantity": 3}])["order"]
    )
    world.act(action="set_status", order=int(order), status="completed")
    before = refund(world, order, amount="20.00")
    in_mode(world, "auto")
    credit(world)
    after = refund(world, order, amount="30.00")
    credit(world)
    pay(world)
    world.forward(minutes=11)  # it may have been looked at before its invoice was paid
    pay(world)
    assert set(repayments(world)) == {key_of(after)}
    number = order_of(world, order)["number"]
    amounts = sorted((kind, amount) for _, kind, amount in stands(world, of=number))
    assert amounts == [("capture", total(world, order)), ("refund", D("-30.00")), ("refund", D("-20.00"))]
    world.accounts_server.act({"action": "book_journal", "journal": 5})
    assert (left_open(world, order), booked(world, before)) == ([], [])
    assert sum((item.new.amount for item in items(world)), D(0)) == balance(world, 5825)

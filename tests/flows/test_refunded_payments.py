"""What was paid and refunded whole before an invoice: no document, and 0.00 on clearing when the payouts are in."""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select

from pakhus.flows import payments
from pakhus.flows.payout_matching import Matched, match_settlement
from pakhus.flows.settlement_intake import Intake, numbered
from pakhus.ledger import clearing, month_end, settlements
from pakhus.ledger import documents as ledger_documents
from pakhus.ledger.connection import Transaction
from pakhus.ledger.schema import documents
from pakhus.model import Money, Window
from pakhus.reasons import Answer
from pakhus.rules.payment_methods import PaymentWay
from tests.flows.shipped_orders import only
from tests.flows.test_credit_notes import booked, credit, give, place, reason, refund
from tests.flows.test_payments import CARD, balance, pay, paying, waiting
from tests.flows.test_payouts import COLUMNS, KORT, file, payouts, row, settling, standing
from tests.flows.test_refunds_before_booking import total
from tests.flows.world import World, world

D = Decimal
FIRST, SECOND = "kort-PO-1-DKK-payout", "kort-PO-2-DKK-payout"


@pytest.fixture
def at(fresh_ledger_url: str) -> Iterator[World]:
    """A shop that has sold nothing yet."""
    with world(fresh_ledger_url, seed=only()) as running:
        yield paying(running, CARD)


def bought(at: World, **more: Any) -> str:
    """Somebody pays for an order that is not sent."""
    order = place(at, **more)
    at.forward(minutes=2)
    at.run()
    return order


def refunded(at: World, **what: Any) -> str:
    """An order that is refunded before it was sent: whole unless `what` says less."""
    order = bought(at)
    refund(at, order, **what)
    run(at)
    return order


def run(at: World) -> None:
    credit(at)
    pay(at)


def sale(at: World, order: str, batch: str = "PO-1") -> str:
    return row("capture", f"t{order}", str(total(at, order)), order=order, batch=batch)


def back(at: World, order: str, batch: str = "PO-1", *, amount: str = "") -> str:
    return row("refund", f"r{order}", f"-{amount or total(at, order)}", order=order, batch=batch)


def payment(order: str) -> str:
    return f"nordlys-{order}-payment1"


def invoice(order: str) -> str:
    return f"nordlys-{order}-invoice"


def book_journal(at: World) -> None:
    at.accounts_server.act({"action": "book_journal", "journal": 5})


@pytest.mark.edge(44)
def test_charge_and_refund_in_one_payout_are_entered_and_come_to_nothing_on_clearing(at: World) -> None:
    order = refunded(at)
    assert (reason(at, payment(order)), reason(at, invoice(order))) == ("payment_refunded", "state_not_listed")
    fee = row("fee", "f1", "-5.00")
    settling(at).run([file(sale(at, order), back(at, order), fee, row("payout", "p1", "5.00"))])
    assert payouts(at)[FIRST][0] == "payout_journaled"
    assert standing(at) == []
    book_journal(at)
    assert [balance(at, account) for account in (5825, 7220, 5829)] == [0, 5, -5]
    assert booked(at, invoice(order)) == []


def test_charge_and_refund_in_two_payouts_leave_clearing_empty_after_the_second(at: World) -> None:
    order = refunded(at)
    paid = total(at, order)
    settling(at).run([file(sale(at, order), row("payout", "p1", f"-{paid}"))])
    assert payouts(at)[FIRST][0] == "payout_journaled"
    [owed] = standing(at)
    assert (owed.amount, owed.count) == (-paid, 1)  # we owe it to the buyer until the provider has given it back
    book_journal(at)
    assert balance(at, 5825) == -paid
    later = file(back(at, order, "PO-2"), row("payout", "p2", str(paid), batch="PO-2"), name="later.csv")
    settling(at).run([later])
    assert payouts(at)[SECOND][0] == "payout_journaled"
    book_journal(at)
    assert (balance(at, 5825), balance(at, 5829), standing(at)) == (0, 0, [])


def test_payout_that_came_before_the_refund_is_entered_when_the_shop_shows_it(at: World) -> None:
    order = bought(at)
    paid = total(at, order)
    settling(at).run([file(sale(at, order), row("payout", "p1", f"-{paid}"))])
    assert payouts(at)[FIRST][0] == "payout_unmatched"
    refund(at, order)
    run(at)
    settling(at).run([])
    assert payouts(at)[FIRST][0] == "payout_journaled"


def test_several_refunds_that_make_the_whole_are_each_settled(at: World) -> None:
    order = bought(at)
    refund(at, order, amount="50.00")
    run(at)
    assert items(at, order) == []  # a part may still be invoiced
    refund(at, order, amount=str(total(at, order) - 50))
    run(at)
    rest = str(total(at, order) - 50)
    first, second = row("refund", "r1", "-50.00", order=order), row("refund", "r2", f"-{rest}", order=order)
    settling(at).run([file(sale(at, order), first, second, row("payout", "p1", "0.00"))])
    assert (payouts(at)[FIRST][0], standing(at)) == ("payout_journaled", [])


def items(at: World, order: str) -> list[clearing.Item]:
    with at.ledger.begin() as tx:
        found = tx.connection.execute(select(documents.c.id).where(documents.c.key == invoice(order))).scalar_one()
        return clearing.of_invoice(tx, found)


def test_what_was_never_captured_stands_on_no_list(at: World) -> None:
    order = refunded(at)
    assert len(items(at, order)) == 2
    with at.ledger.begin() as tx:
        month = Window(at.ledger.now().replace(day=1), at.ledger.now())
        assert (clearing.open_items(tx), month_end.clearing(tx, "nordlys", month)) == ([], ())
    assert standing(at) == []


def test_refund_of_another_amount_at_the_provider_is_for_a_person(at: World) -> None:
    order = refunded(at)
    paid = total(at, order)
    rows = [sale(at, order), back(at, order, amount=str(paid - 10)), row("payout", "p1", "-10.00")]
    settling(at).run([file(*rows)])
    code, told = payouts(at)[FIRST]
    assert (code, told["count"]) == ("payout_unmatched", "1")
    assert "matched_amount_differs" in told["problem"]


def test_order_of_which_the_shop_keeps_a_part_without_an_invoice_is_for_a_person(at: World) -> None:
    order = refunded(at, amount="50.00")
    at.act(action="set_status", order=int(order), status="cancelled")
    at.forward(minutes=2)
    run(at)
    assert reason(at, payment(order)) == "refunded_without_invoice"
    refund(at, order, amount=str(total(at, order) - 50))
    at.forward(days=1, minutes=2)
    run(at)
    assert reason(at, payment(order)) == "payment_refunded"


@pytest.mark.parametrize("ignored", [False, True])
def test_order_that_is_invoiced_after_all_has_its_payment(at: World, ignored: bool) -> None:
    order = refunded(at, amount="50.00")
    at.act(action="set_status", order=int(order), status="cancelled")
    at.forward(minutes=2)
    run(at)
    if ignored:
        give(at, payment(order), Answer.IGNORE)
    at.act(action="set_status", order=int(order), status="completed")
    at.forward(minutes=2)
    run(at)
    assert reason(at, payment(order)) == "paid_by_term"
    assert sorted(item.new.amount for item in items(at, order)) == [D("-50.00"), total(at, order)]
    assert balance(at, 5825) == total(at, order) - 50


@pytest.mark.parametrize("paid_out", [False, True])
def test_refund_that_is_deleted_before_the_provider_made_it_leaves_the_charge_to_the_invoice(
    at: World, paid_out: bool
) -> None:
    order = bought(at)
    key = refund(at, order)
    run(at)
    paid = total(at, order)
    rows = file(sale(at, order), row("payout", "p1", f"-{paid}"))
    if paid_out:
        settling(at).run([rows])
    at.act(action="delete_refund", refund=int(key.rpartition("credit")[2]))
    at.act(action="set_status", order=int(order), status="completed")
    at.forward(minutes=2)
    run(at)
    run(at)
    assert booked(at, invoice(order))[0]["grossAmount"] == paid
    settling(at).run([rows])
    assert (payouts(at)[FIRST][0], standing(at)) == ("payout_journaled", [])
    book_journal(at)
    assert balance(at, 5825) == 0
    assert {item.new.way for item in items(at, order)} == {"term"}


def test_order_whose_method_no_provider_settles_is_no_matter_of_clearing(at: World) -> None:
    at = paying(at, CARD.model_copy(update={"way": PaymentWay.OPEN, "clearing_account": None}))
    order = refunded(at)
    assert (reason(at, payment(order)), items(at, order)) == ("refunded_unsettled", [])


def test_running_again_asks_the_shop_for_no_refund_twice(at: World) -> None:
    order = refunded(at)
    at.reset_counters()
    pay(at)
    assert sum(server.counters()["requests"] for server in at.servers) == 0, order


def in_euros(at: World, key: str, made_of_it: dict[str, str]) -> Matched:
    """Match a settlement as if the provider had converted its lines from euros to these amounts in kroner."""
    intake = Intake(at.ledger, KORT, COLUMNS)
    with at.ledger.begin() as tx:
        document = ledger_documents.find(tx, key)
        assert document is not None
        stored = settlements.of_document(tx, document.id)
    assert stored is not None
    batch = numbered(intake.batch(stored))
    converted = [
        replace(one, transaction=Money(one.gross, "EUR"), gross=D(made_of_it[one.kind.value]))
        if one.kind.value in made_of_it
        else one
        for one in batch.lines
    ]
    return match_settlement(at.ledger, at.accounts, KORT, replace(batch, lines=tuple(converted)), stored)


def test_charge_in_another_currency_weighs_what_the_provider_made_of_it_and_its_refund_the_same(at: World) -> None:
    order = bought(at, currency="EUR")
    refund(at, order)
    run(at)
    settling(at).run([file(sale(at, order), back(at, order), row("payout", "p1", "0.00"))])
    assert payouts(at)[FIRST][0] == "payout_unmatched"  # not those amounts in kroner
    matched = in_euros(at, FIRST, {"capture": "2000.00", "refund": "-1990.00"})
    assert matched.unsure == []
    assert [(one.paid.currency, one.base) for [one] in matched.paid.values()] == [("EUR", 2000), ("EUR", -2000)]
    assert {item.new.base_amount for item in items(at, order)} == {D(2000), D(-2000)}


def test_refund_in_another_currency_whose_charge_no_payout_has_settled_is_for_a_person(at: World) -> None:
    order = bought(at, currency="EUR")
    refund(at, order)
    run(at)
    settling(at).run([file(back(at, order), row("payout", "p1", str(total(at, order))))])
    matched = in_euros(at, FIRST, {"refund": "-1990.00"})
    assert (dict(matched.paid), len(matched.unsure)) == ({}, 1)
    assert "nothing says what it weighs in DKK" in matched.unsure[0]


def test_refund_that_the_shop_does_not_show_is_for_a_person_and_tells_the_order(at: World) -> None:
    order = bought(at)
    at.act(action="set_status", order=int(order), status="cancelled")
    at.forward(minutes=2)
    run(at)
    settling(at).run([file(sale(at, order), back(at, order), row("payout", "p1", "0.00"))])
    code, told = payouts(at)[FIRST]
    assert (code, told["count"]) == ("payout_unmatched", "2")
    assert f"(order {order} of nordlys: The order's state cancelled does not start this step)" in told["problem"]
    refund(at, order)  # the merchant notes in the shop what went back
    run(at)
    settling(at).run([])
    assert (payouts(at)[FIRST][0], standing(at)) == ("payout_journaled", [])


def test_refund_that_the_shop_does_not_tell_now_is_asked_for_again_and_nothing_is_half_noted(at: World) -> None:
    order = bought(at)
    refund(at, order)
    at.observe()  # nobody has read the refund itself yet, as in a shop without a warehouse
    at.book()
    fault = {"kind": "error_500", "method": "GET", "path_regex": "refunds$", "nth": 1, "times": 9}
    at.shop_server.faults.set([fault])
    pay(at)
    assert (reason(at, payment(order)), items(at, order)) == ("remote_unavailable", [])
    at.shop_server.faults.set([])
    at.forward(minutes=30)
    pay(at)
    assert (reason(at, payment(order)), len(items(at, order))) == ("payment_refunded", 2)


def test_crash_on_the_way_notes_both_sides_or_neither(at: World, monkeypatch: pytest.MonkeyPatch) -> None:
    order, put = bought(at), clearing.put
    refund(at, order)
    credit(at)

    def killed(tx: Transaction, item: clearing.NewItem) -> None:
        if item.kind == "refund":
            raise RuntimeError("killed")
        put(tx, item)

    with monkeypatch.context() as patched:
        patched.setattr(clearing, "put", killed)
        pay(at)
    assert items(at, order) == []
    with at.ledger.begin() as tx:
        payments = documents.update().where(documents.c.kind == "payment")
        tx.connection.execute(payments.values(status="due", reason="due"))
    pay(at)
    assert sorted(item.new.amount for item in items(at, order)) == [-total(at, order), total(at, order)]


@pytest.mark.parametrize("kind", ["answer_lost", "request_lost"])
def test_lost_answer_of_the_payout_enters_it_once(at: World, kind: str) -> None:
    order = refunded(at)
    at.accounts_server.faults.set([{"kind": kind, "method": "POST", "path_regex": "vouchers$", "nth": 1}])
    settling(at).run([file(sale(at, order), back(at, order), row("payout", "p1", "0.00"))])
    assert payouts(at)[FIRST][0] == "remote_unavailable"
    at.forward(minutes=5)
    settling(at).run([])
    assert (payouts(at)[FIRST][0], standing(at)) == ("payout_journaled", [])
    assert len({entry["voucher"] for entry in waiting(at)}) == 1


def test_many_orders_of_before_are_looked_at_a_few_by_each_run_the_newest_first(
    at: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    orders = [bought(at) for _ in range(3)]
    for order in orders:
        refund(at, order)
    credit(at)
    monkeypatch.setattr(payments, "_JUDGED_AT_ONCE", 2)
    for looked_at in (2, 3):
        pay(at)
        assert [reason(at, payment(order)) for order in reversed(orders[-looked_at:])] == [
            "payment_refunded"
        ] * looked_at
    assert items(at, orders[0])

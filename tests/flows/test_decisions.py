"""What people decide about held documents: what they are asked, what each answer does, and what comes after."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from pakhus.flows import decisions
from pakhus.flows.decisions import BusyError, NotDecidableError, Question
from pakhus.ledger import documents
from pakhus.ledger.claims import holding
from pakhus.ledger.schema import decisions as decision_rows
from pakhus.ledger.schema import inbox
from pakhus.reasons import REASONS, Answer, Status
from pakhus.settings import CancelPolicy, ShopSettings
from tests.failures.people import assert_discreet
from tests.flows.few_orders import recorded_orders as recorded_orders
from tests.flows.test_people_and_races import drafted, first_line, place, row, ship
from tests.flows.world import World

BY = "anna"


def starting_now(world: World) -> ShopSettings:
    """The shop's settings with which the recorded shop's own orders are none of ours: less to do."""
    start = world.shop_server.clock.now() - timedelta(minutes=1)
    return world.settings.model_copy(update={"start_from": start})


@pytest.fixture
def held(nordlys: World) -> tuple[World, str]:
    """An order whose invoice is held since its payment method is not mapped; its key."""
    nordlys.settings = starting_now(nordlys)
    order = place(nordlys, payment_method="quickpay")
    ship(nordlys, order)
    nordlys.run()
    key = f"nordlys-{order}-invoice"
    assert row(nordlys, key).reason == "payment_method_unmapped"
    return nordlys, key


def keys(world: World) -> list[str]:
    return [document.key for document in decisions.open_questions(world.ledger, "nordlys")]


def asked(world: World, key: str) -> Question:
    question = decisions.ask(world.ledger, "nordlys", key, run_id="run-1")
    assert question is not None
    return question


def give(world: World, key: str, given: Answer) -> decisions.Decided:
    question = asked(world, key)
    return decisions.answer(world.ledger, "nordlys", key, question.since, given, BY)


def recorded(world: World) -> list[Any]:
    with world.ledger.begin() as tx:
        return list(tx.connection.execute(select(decision_rows).order_by(decision_rows.c.id)).all())


@contextmanager
def with_method(world: World, method: str) -> Iterator[None]:
    """Somebody adds the payment method to the mapping, without the settings' fingerprint being looked at."""
    before = world.settings
    economic = before.mapping.economic
    assert economic is not None
    payments = {**economic.payments, method: economic.payments["bacs"]}
    mapping = before.mapping.model_copy(update={"economic": economic.model_copy(update={"payments": payments})})
    world.settings = before.model_copy(update={"mapping": mapping})
    yield
    world.settings = before


# --- asking ----------------------------------------------------------------------------------------------------------


def test_held_document_is_asked_about_once_per_hold(held: tuple[World, str]) -> None:
    world, key = held
    assert keys(world) == [key]
    assert keys(world) == [key]  # until its run has begun: a trigger may have failed
    question = asked(world, key)
    assert keys(world) == []
    assert decisions.ask(world.ledger, "nordlys", key, question.since, "run-2") == question
    [decision] = recorded(world)
    assert (decision.reason, decision.run_id, decision.answer) == ("payment_method_unmapped", "run-2", None)


def test_question_tells_order_amount_reason_and_what_each_answer_does(held: tuple[World, str]) -> None:
    world, key = held
    question = asked(world, key)
    number = key.split("-")[1]
    assert question.answers == (Answer.AGAIN, Answer.IGNORE)
    assert question.subject == (
        f"Order {number}, invoice: The payment method quickpay has no payment term in the mapping."
    )
    for part in (f"order **{number}** over ", " DKK is held since", "Add the method", "**again**", "**ignore**", key):
        assert part in question.body
    assert_discreet(world, question.subject, question.body)


def test_what_was_written_cannot_be_left_out(nordlys: World) -> None:
    order, _ = drafted(nordlys)
    key = f"nordlys-{order}-invoice"
    nordlys.accounts_server.act({"action": "bar", "product": "NH-1018"})
    nordlys.forward(hours=25)
    nordlys.book()
    assert row(nordlys, key).reason == "product_barred"
    question = asked(nordlys, key)
    assert question.answers == (Answer.AGAIN,)
    with pytest.raises(NotDecidableError, match="ignore is no answer to that"):
        decisions.answer(nordlys.ledger, "nordlys", key, question.since, Answer.IGNORE, BY)


def test_only_so_many_questions_are_open_at_once(held: tuple[World, str], monkeypatch: pytest.MonkeyPatch) -> None:
    world, key = held
    monkeypatch.setattr(decisions, "MOST_OPEN", 1)
    second = place(world, payment_method="quickpay")
    ship(world, second)
    world.run()
    assert keys(world) == [key]
    asked(world, key)
    assert keys(world) == []
    give(world, key, Answer.IGNORE)
    assert keys(world) == [f"nordlys-{second}-invoice"]


def test_question_that_became_moot_closes_itself_and_its_answer_does_nothing(held: tuple[World, str]) -> None:
    world, key = held
    question = asked(world, key)
    with with_method(world, "quickpay"):
        world.run()
        assert row(world, key).reason == "transferred"
        assert keys(world) == []
        [decision] = recorded(world)
        assert (decision.answer, decision.answered_by) == ("moot", "")
        assert decisions.ask(world.ledger, "nordlys", key, question.since) is None
        done = decisions.answer(world.ledger, "nordlys", key, question.since, Answer.IGNORE, BY)
        assert (done.changed, row(world, key).reason) == (False, "transferred")


def test_only_what_is_held_can_be_decided() -> None:
    decidable = [one for one in REASONS.values() if one.answers]
    assert len(decidable) > 30
    assert {one.status for one in decidable} == {Status.HELD}


# --- answers ---------------------------------------------------------------------------------------------------------


def test_again_makes_it_due_has_its_order_read_anew_and_transfers_it(held: tuple[World, str]) -> None:
    world, key = held
    with with_method(world, "quickpay"):
        decided = give(world, key, Answer.AGAIN)
        assert (decided.flow, decided.changed, row(world, key).status) == ("invoices", True, "due")
        with world.ledger.begin() as tx:
            of_orders = select(inbox.c.source_id, inbox.c.taken_at).where(inbox.c.entity == "order")
            hints = tx.connection.execute(of_orders).all()
        assert hints == [(key.split("-")[1], None)]
        world.book()
        assert row(world, key).reason == "transferred"
    [decision] = recorded(world)
    assert (decision.answer, decision.answered_by) == ("again", BY)


def test_again_when_nothing_was_mended_is_another_hold_and_another_question(held: tuple[World, str]) -> None:
    world, key = held
    give(world, key, Answer.AGAIN)
    world.book()
    assert row(world, key).reason == "payment_method_unmapped"
    assert keys(world) == [key]


def test_an_answer_given_twice_has_its_effect_once(held: tuple[World, str]) -> None:
    world, key = held
    question = asked(world, key)
    results = [
        decisions.answer(world.ledger, "nordlys", key, question.since, Answer.IGNORE, BY).changed for _ in range(2)
    ]
    assert results == [True, False]
    assert row(world, key).reason == "ignored_by_person"
    assert len(recorded(world)) == 1


def test_answer_waits_for_the_run_that_works_on_the_document(
    held: tuple[World, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    world, key = held
    monkeypatch.setattr(decisions, "_CLAIM_WAIT_S", 0.1)
    with holding(world.ledger, documents.claim_name(key)), pytest.raises(BusyError, match="try again in a minute"):
        give(world, key, Answer.AGAIN)
    assert row(world, key).status == "held"


def test_left_out_stays_left_out_when_settings_or_states_change(held: tuple[World, str]) -> None:
    world, key = held
    give(world, key, Answer.IGNORE)
    found = row(world, key)
    assert (found.status, found.reason_parameters["was"]) == ("filtered", "payment_method_unmapped")
    with with_method(world, "quickpay"):
        world.run()
        order = int(key.split("-")[1])
        world.act(action="refund", order=order, amount="1.00")
        world.forward(minutes=2)
        world.run()
        world.act(action="set_status", order=order, status="cancelled")
        world.forward(hours=25)
        world.run()
    assert row(world, key).reason == "ignored_by_person"
    assert not world.accounts_server.dump()["drafts"]


def test_left_out_order_that_changes_in_earnest_is_asked_about_again_and_never_sent_by_itself(
    held: tuple[World, str],
) -> None:
    world, key = held
    give(world, key, Answer.IGNORE)
    order = key.split("-")[1]
    world.act(action="edit_line", order=int(order), line=first_line(world, order), quantity=1, total="80.00")
    world.forward(minutes=2)
    with with_method(world, "quickpay"):
        world.run()
        assert row(world, key).reason == "order_changed_after_ignored"
        assert keys(world) == [key]
        assert asked(world, key).answers == (Answer.AGAIN, Answer.IGNORE)
        give(world, key, Answer.AGAIN)
        world.run()
        assert row(world, key).reason == "transferred"


@pytest.fixture
def changed(nordlys: World) -> tuple[World, str]:
    """A reserved order that was cancelled in the shop, where a person is to be asked; the order's id."""
    settings = starting_now(nordlys)
    orders = settings.orders.model_copy(update={"cancel_policy": CancelPolicy.ASK})
    nordlys.settings = settings.model_copy(update={"orders": orders})
    order = place(nordlys)
    nordlys.run()
    nordlys.act(action="set_status", order=int(order), status="cancelled")
    nordlys.forward(minutes=2)
    nordlys.run()
    assert row(nordlys, f"nordlys-{order}-order").reason == "cancellation_undecided"
    return nordlys, order


def test_what_was_accepted_is_done_and_stays_so_when_nothing_in_earnest_changes(changed: tuple[World, str]) -> None:
    world, order = changed
    key = f"nordlys-{order}-order"
    assert asked(world, key).answers == (Answer.AGAIN, Answer.ACCEPT)
    give(world, key, Answer.ACCEPT)
    assert (row(world, key).status, row(world, key).reason) == ("done", "accepted_by_person")
    world.act(action="edit_order", order=int(order), changes={"customer_note": "Never mind"})
    world.forward(minutes=2)
    world.reset_counters()
    world.run()
    assert (row(world, key).reason, world.writes()) == ("accepted_by_person", 0)


def test_order_whose_cancellation_was_accepted_is_simply_there_when_it_comes_back(changed: tuple[World, str]) -> None:
    world, order = changed
    key = f"nordlys-{order}-order"
    give(world, key, Answer.ACCEPT)
    world.act(action="set_status", order=int(order), status="processing")
    world.forward(minutes=2)
    world.reset_counters()
    world.run()
    assert (row(world, key).reason, keys(world), world.writes()) == ("transferred", [], 0)


def test_deleted_draft_that_was_left_out_is_not_made_again(nordlys: World) -> None:
    order, draft = drafted(nordlys)
    key = f"nordlys-{order}-invoice"
    nordlys.accounts_server.act({"action": "delete_draft", "draft": draft})
    nordlys.forward(hours=25)
    nordlys.run()
    assert row(nordlys, key).reason == "draft_gone"
    give(nordlys, key, Answer.IGNORE)
    nordlys.act(action="edit_order", order=int(order), changes={"customer_note": "Hello"})
    nordlys.forward(hours=25)
    nordlys.run()
    assert row(nordlys, key).reason == "ignored_by_person"


def test_credit_note_that_a_person_left_out_is_not_asked_about_again(nordlys: World) -> None:
    order = place(nordlys)
    ship(nordlys, order)
    nordlys.run()
    refund = nordlys.act(action="refund", order=int(order), amount="10.00")["refund"]
    key = f"nordlys-{order}-credit{refund}"
    nordlys.forward(minutes=2)
    nordlys.run()
    nordlys.accounts_server.act({"action": "close", "what": "year", "date": f"{nordlys.ledger.now():%Y-%m-%d}"})
    nordlys.credit()
    assert row(nordlys, key).reason == "period_closed"
    give(nordlys, key, Answer.IGNORE)
    nordlys.act(action="edit_order", order=int(order), changes={"customer_note": "Hello"})
    nordlys.forward(hours=25)
    nordlys.run()
    nordlys.credit()
    assert row(nordlys, key).reason == "ignored_by_person"


# --- sending again ---------------------------------------------------------------------------------------------------


def test_an_order_is_sent_again_by_the_number_that_people_see(held: tuple[World, str]) -> None:
    world, key = held
    number = key.split("-")[1]
    found = decisions.documents_to_send(world.ledger, "nordlys", number)
    assert [document.key for document in found if decisions.sendable(document)] == [f"nordlys-{number}-order", key]
    assert [one.key for one in decisions.documents_to_send(world.ledger, "nordlys", number, "invoices")] == [key]
    assert [one.key for one in decisions.documents_to_send(world.ledger, "nordlys", key)] == [key]
    assert decisions.documents_to_send(world.ledger, "fjordliv", key) == []
    with with_method(world, "quickpay"):
        assert decisions.send_again(world.ledger, "nordlys", key, BY).changed
        world.book()
    assert row(world, key).reason == "transferred"
    with pytest.raises(NotDecidableError, match="Transferred and confirmed"):
        decisions.send_again(world.ledger, "nordlys", key, BY)


def test_what_was_left_out_is_taken_in_after_all_when_it_is_sent_again(held: tuple[World, str]) -> None:
    world, key = held
    give(world, key, Answer.IGNORE)
    with with_method(world, "quickpay"):
        decisions.send_again(world.ledger, "nordlys", key, BY)
        world.book()
    assert row(world, key).reason == "transferred"
    assert [decision.answer for decision in recorded(world)] == ["ignore", "again"]


def test_what_waits_for_a_lost_answer_is_not_written_twice_when_it_is_sent_again(nordlys: World) -> None:
    nordlys.settings = starting_now(nordlys)
    order = place(nordlys)
    nordlys.observe()
    nordlys.warehouse_server.set_faults([{"method": "POST", "path_regex": "/orders$", "kind": "answer_lost"}])
    nordlys.reserve()
    nordlys.warehouse_server.clear_faults()
    key = f"nordlys-{order}-order"
    assert row(nordlys, key).status == "waiting"
    decisions.send_again(nordlys.ledger, "nordlys", key, BY)
    nordlys.run()
    assert row(nordlys, key).reason == "outcome_unknown"
    nordlys.forward(minutes=5)
    nordlys.run()
    assert row(nordlys, key).reason == "adopted"
    assert not nordlys.warehouse_server.counters()["doubles"]

"""A flow that every document would be refused in stops itself, tries one document per run, and goes on by itself."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime

import pytest
from sqlalchemy import select

from pakhus.errors import DataError
from pakhus.flows.chunks import due_chunks
from pakhus.flows.invoices import biller
from pakhus.flows.judging import IMPORTS, INVOICES, ORDERS
from pakhus.flows.orders import reserver
from pakhus.flows.report import RunReport
from pakhus.flows.self_stopping import IN_A_ROW, end_of_run, next_try
from pakhus.flows.stopping import stopped
from pakhus.flows.work import Chunk, Treated
from pakhus.ledger import documents, stops
from pakhus.ledger.claims import Claim
from pakhus.ledger.connection import RunIdentity
from pakhus.ledger.documents import Document
from pakhus.ledger.schema import attempts, stop_events
from pakhus.ledger.stops import Refusal, Stop
from pakhus.reasons import Status, Verdict
from tests.failures.test_wrong_keys import DUE_RESERVATIONS, INVOICED, RESERVED
from tests.failures.trouble import booked_references, codes, dead, reserved_headings
from tests.flows.world import World

WORKERS = 2


@contextmanager
def run_number(world: World, number: int, flow: str = ORDERS) -> Iterator[None]:
    """Everything inside is one run of Airflow."""
    ledger = world.ledger
    world.ledger = replace(ledger, run=RunIdentity(f"nordlys__{flow}", f"scheduled__{number}", "task", 0, 1))
    try:
        yield
    finally:
        world.ledger = ledger


def standing(world: World, flow: str = ORDERS) -> Stop | None:
    with world.ledger.begin() as tx:
        return stops.recorded(tx, "nordlys", flow)


def told(world: World) -> list[tuple[str, str, int]]:
    """The lines about stops in the transfer log."""
    with world.ledger.begin() as tx:
        rows = tx.connection.execute(select(stop_events).order_by(stop_events.c.id)).all()
    return [(row.flow, row.event, row.tries) for row in rows]


def chunks(world: World, size: int, flow: str = ORDERS) -> Iterator[Sequence[int]]:
    """What is due, as a run hands it out to its mapped tasks."""
    [chunk] = due_chunks(world.ledger, "nordlys", flow)
    for start in range(0, len(chunk.documents), size):
        yield chunk.documents[start : start + size]


def reserve_in_parts(world: World, size: int = 10) -> list[RunReport]:
    flow = reserver(world.shop, world.warehouse, world.ledger, world.settings)
    return [flow.reserve(part, workers=WORKERS) for part in list(chunks(world, size))]


def requests(world: World) -> int:
    found: int = world.warehouse_server.counters()["requests"]
    world.reset_counters()
    return found


@pytest.mark.edge(83)
def test_a_revoked_key_is_one_stop_one_try_per_run_and_heals_by_itself(nordlys: World) -> None:
    nordlys.observe()
    own = nordlys.seeds["rackbeat"]["credentials"]["token"]
    nordlys.warehouse_server.act({"action": "renew_token", "token": "another"})
    nordlys.reset_counters()
    with run_number(nordlys, 1):
        reports = reserve_in_parts(nordlys)
        assert requests(nordlys) <= WORKERS  # two of the first chunk were on their way; no other chunk asked
    assert len({cause for report in reports for cause in report.red_causes()}) == 1
    before = codes(nordlys, ORDERS)
    assert list(before.values()).count("access_denied") <= WORKERS
    for number in range(2, 5):
        with run_number(nordlys, number):
            reports = reserve_in_parts(nordlys)
            assert requests(nordlys) == 1
            assert sum(report.codes["access_denied"] for report in reports) == 1
            with nordlys.ledger.begin() as tx:
                assert end_of_run(tx, "nordlys", ORDERS).standing[0].subject == "rackbeat__main"
    assert codes(nordlys, ORDERS) == before  # nobody else was touched, and nobody counts a write
    with nordlys.ledger.begin() as tx:
        planned = tx.connection.execute(select(attempts)).all()
    assert len(planned) <= WORKERS  # of those that were refused, one each, however often they were tried
    assert {(row.ordinal, row.status) for row in planned} == {(1, "planned")}
    stop = standing(nordlys)
    assert stop is not None
    assert stop.tries == 3
    assert stop.text().startswith("stopped by itself since 20")
    assert "Rackbeat refused our key" in stop.text()
    nordlys.warehouse_server.act({"action": "renew_token", "token": own})
    with run_number(nordlys, 5):
        reports = reserve_in_parts(nordlys)
        with nordlys.ledger.begin() as tx:
            ending = end_of_run(tx, "nordlys", ORDERS)
    assert sum(report.by_status().get(Status.DONE, 0) for report in reports) == RESERVED
    assert ending.standing == ()
    assert ending.notes[0].startswith("goes on: a document went through; it had stopped itself at ")
    assert standing(nordlys) is None
    assert told(nordlys) == [(ORDERS, "stopped", 0), (ORDERS, "lifted", 4)]
    assert len(reserved_headings(nordlys)) == len(set(reserved_headings(nordlys))) == RESERVED


def test_a_key_that_the_accounts_take_back_in_the_middle_stops_the_rest_at_once(nordlys: World) -> None:
    nordlys.observe()
    own = nordlys.seeds["economic"]["credentials"]["agreement_grant_token"]
    nordlys.accounts_server.act({"action": "renew_token", "token": "another"})
    nordlys.reset_counters()
    assert nordlys.book().codes["not_reached"]
    assert nordlys.accounts_server.counters()["requests"] <= WORKERS
    nordlys.reset_counters()
    assert nordlys.book().codes["access_denied"] == 1
    assert nordlys.accounts_server.counters()["requests"] == 1
    assert nordlys.shop_server.counters()["requests"] == 1  # only the order that is tried is read again
    assert nordlys.reserve().alarms() == []  # another flow is not concerned
    nordlys.accounts_server.act({"action": "renew_token", "token": own})
    assert nordlys.book().by_status()[Status.DONE] == INVOICED
    assert len(booked_references(nordlys)) == len(set(booked_references(nordlys))) == INVOICED


def test_a_number_in_the_settings_that_the_accounts_do_not_know_stops_after_a_few_documents(nordlys: World) -> None:
    nordlys.observe()
    right, economic = nordlys.settings, nordlys.settings.mapping.economic
    assert economic is not None
    payments = {name: method.model_copy(update={"layout": None}) for name, method in economic.payments.items()}
    wrong = economic.model_copy(update={"layout": 9999, "payments": payments})
    nordlys.settings = right.model_copy(update={"mapping": right.mapping.model_copy(update={"economic": wrong})})
    report = nordlys.book(workers=1)
    (alarm,) = report.red_causes()
    assert alarm.code == "refused_in_a_row"
    assert f"{IN_A_ROW} documents in a row were refused for the same" in alarm.text
    assert report.codes["refused"] == IN_A_ROW
    for fresh in (1, 0):  # the one that was refused stays held; then one that was not, while there are any
        nordlys.reset_counters()
        assert nordlys.book(workers=1).codes["refused"] == fresh
        assert nordlys.accounts_server.counters()["writes"] == 1 + fresh
    nordlys.settings = right
    assert nordlys.book(workers=1).by_status()[Status.DONE] == 1
    assert standing(nordlys, INVOICES) is None
    nordlys.book(workers=1)  # those that were held for the same are due again
    assert len(booked_references(nordlys)) == len(set(booked_references(nordlys))) == INVOICED


def test_a_system_that_is_away_is_tried_with_a_few_documents_and_then_with_one_less_and_less_often(
    nordlys: World,
) -> None:
    nordlys.observe()
    with dead(nordlys, "rackbeat"):
        report = nordlys.reserve(workers=1)
        assert report.codes["remote_unavailable"] == IN_A_ROW
        assert report.codes["not_reached"] >= RESERVED - IN_A_ROW
        assert len(report.alarms()) == 1
        assert nordlys.reserve(workers=1).codes["remote_unavailable"] == 0  # a moment later nobody asks
        waits = []
        for _ in range(8):
            stop = standing(nordlys)
            assert stop is not None
            assert stop.tried_at is not None
            waits.append((next_try(stop) - stop.tried_at).total_seconds())
            nordlys.forward(seconds=waits[-1] + 1)
            assert nordlys.reserve(workers=1).codes["remote_unavailable"] <= 1
    assert waits[0] < waits[3] < waits[6] <= 15 * 60
    nordlys.forward(minutes=16)
    nordlys.reserve()
    nordlys.reserve()
    assert len(reserved_headings(nordlys)) == len(set(reserved_headings(nordlys))) == RESERVED


def test_a_persons_stop_is_never_lifted_by_itself_and_takes_the_place_of_the_flows_own(nordlys: World) -> None:
    nordlys.observe()
    nordlys.warehouse_server.act({"action": "renew_token", "token": "another"})
    nordlys.reserve()
    with nordlys.ledger.begin() as tx:
        stops.stop(tx, "nordlys", ORDERS, stopped_by="anna", cause="stocktaking")
        assert stops.lift(tx, "nordlys", ORDERS, "it would") is None
        stops.record(tx, "nordlys", ORDERS, Refusal("access_denied", "refused again", "access_denied"))
        assert [line.partition(" since ")[0] for line in stopped(tx)] == ["nordlys orders: stopped by anna"]
        assert end_of_run(tx, "nordlys", ORDERS).standing == ()  # a run of a stopped flow is green
    nordlys.warehouse_server.act({"action": "renew_token", "token": nordlys.seeds["rackbeat"]["credentials"]["token"]})
    nordlys.reset_counters()
    assert nordlys.reserve().codes["stopped_by_person"]
    assert requests(nordlys) == 0
    with nordlys.ledger.begin() as tx:
        stops.resume(tx, "nordlys", ORDERS, who="anna")
    assert nordlys.reserve().by_status()[Status.DONE] == RESERVED
    assert told(nordlys) == [(ORDERS, "stopped", 0), (ORDERS, "stopped", 0), (ORDERS, "lifted", 0)]


def refused(nordlys: World) -> list[int]:
    """A flow that has stopped itself for one of its documents; returns all that are due."""
    nordlys.observe()
    [chunk] = due_chunks(nordlys.ledger, "nordlys", ORDERS)
    refusal = Refusal("configuration", "no such layout", "configuration", "", ORDERS, chunk.documents[3])
    with nordlys.ledger.begin() as tx:
        stops.record(tx, "nordlys", ORDERS, refusal)
    return list(chunk.documents)


def test_the_document_that_was_refused_is_tried_first_and_held_ones_prove_nothing(nordlys: World) -> None:
    due, treated = refused(nordlys), []

    def treat(document: Document, claim: Claim) -> Treated:
        del claim
        treated.append(document.id)
        return Treated(Verdict.of("transferred" if len(treated) > 2 else "claimed_elsewhere"), None)

    Chunk(nordlys.ledger, RunReport(ORDERS, "nordlys"), 1).work(due, treat)
    assert treated[:4] == [due[3], due[0], due[1], due[2]]
    assert len(treated) == len(due) == DUE_RESERVATIONS
    assert standing(nordlys) is None


def test_a_try_tells_what_is_wrong_now_whatever_another_part_of_the_flow_has_met(nordlys: World) -> None:
    nordlys.observe()
    due = [row for chunk in due_chunks(nordlys.ledger, "nordlys", ORDERS) for row in chunk.documents]
    error = DataError("No such layout.", system="e-conomic", status=400)

    def treat(document: Document, claim: Claim) -> Treated:
        raise error

    Chunk(nordlys.ledger, RunReport(ORDERS, "nordlys"), 1).work(due, treat)
    with nordlys.ledger.begin() as tx:
        denied = Refusal("access_denied", "e-conomic refused our key", "access_denied", "economic__main", "others")
        stops.record(tx, "nordlys", ORDERS, denied)
    report = Chunk(nordlys.ledger, RunReport(ORDERS, "nordlys"), 1).work(due, treat)
    (cause,) = [one for one in report.red_causes() if one.code != "refused"]
    assert (cause.code, "No such layout" in cause.text) == ("refused_in_a_row", True)
    stop = standing(nordlys)
    assert stop is not None
    assert (stop.refusal and stop.refusal.code, "No such layout" in stop.cause) == ("refused_in_a_row", True)


def test_a_stop_whose_document_came_to_its_end_by_another_way_is_lifted(nordlys: World) -> None:
    due = refused(nordlys)
    with nordlys.ledger.begin() as tx:
        assert len(end_of_run(tx, "nordlys", ORDERS).standing) == 1
        documents.give_verdict(tx, due[3], Verdict.of("ignored_by_person"))
        assert end_of_run(tx, "nordlys", ORDERS).standing == ()
    assert standing(nordlys) is None


def test_what_refuses_an_import_does_not_stop_the_invoices_of_today(nordlys: World) -> None:
    nordlys.observe()
    flow = replace(biller(nordlys.shop, nordlys.accounts, nordlys.ledger, nordlys.settings), stops=IMPORTS)
    nordlys.accounts_server.act({"action": "renew_token", "token": "another"})
    flow.book(next(chunks(nordlys, 3, INVOICES)))
    assert standing(nordlys, INVOICES) is None
    assert standing(nordlys, IMPORTS) is not None


def test_a_wait_is_the_same_each_time_it_is_worked_out() -> None:
    since = datetime.fromisoformat("2026-11-21T10:00:00+00:00")
    refusal = Refusal("remote_unavailable", "away", "unanswered Rackbeat")
    stop = Stop("nordlys", ORDERS, "", since, "away", refusal, tries=3, tried_at=since)
    assert next_try(stop) == next_try(stop)
    assert next_try(stop) != next_try(replace(stop, tries=4))
    assert 22.5 <= (next_try(stop) - since).total_seconds() <= 30

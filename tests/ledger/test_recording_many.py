"""Many objects recorded and many verdicts given at once: the same as one by one, and safe beside other runs."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from time import sleep

import pytest

from pakhus.ledger import documents, inbox, sources
from pakhus.ledger.connection import Ledger
from pakhus.ledger.documents import Change, Judged, NewDocument
from pakhus.ledger.sources import Recorded, Showing
from pakhus.reasons import Verdict
from tests.ledger.clocks import MovableClock

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def shown(source_id: str, body: str, second: int = 0) -> Showing:
    moment = NOON + timedelta(seconds=second)
    return Showing("nordlys", "order", source_id, body.encode(), moment, number=source_id, modified_at=moment)


def record(ledger: Ledger, showings: list[Showing]) -> list[Recorded]:
    with ledger.begin() as tx:
        return sources.record_all(tx, showings)


def reservation(source_id: int) -> NewDocument:
    return NewDocument(f"nordlys-{source_id}-order", "nordlys", "orders", "reservation", "rackbeat__main", source_id)


def blocked(pool: ThreadPoolExecutor, work: Callable[[], object]) -> Future[object]:
    """Begin something that has to wait for a transaction of the caller."""
    running = pool.submit(work)
    sleep(0.3)
    assert not running.done(), "it did not wait"
    return running


def test_new_same_older_newer_and_gone_are_told_apart_in_one_call(ledger: Ledger) -> None:
    record(ledger, [shown(name, "before", 10) for name in ("same", "older", "newer", "gone")])
    gone = replace(shown("gone", "", 20), modified_at=None, number="", problem="gone")
    told = [
        shown("newer", "after", 20),
        gone,
        shown("same", "before", 20),
        shown("older", "once", 5),
        shown("new", "n"),
    ]
    found = record(ledger, told)
    assert [(one.version, one.changed) for one in found] == [(2, True), (2, True), (1, False), (1, False), (1, True)]
    with ledger.begin() as tx:
        kept = sources.load_all(tx, [(one.id, None) for one in found] + [(found[0].id, 1)])
        assert sources.named(tx, "nordlys", "order", "gone") == ["gone"]
    assert [kept[one.id, None].body for one in found] == [b"after", b"", b"before", b"before", b"n"]
    assert kept[found[0].id, 1].body == b"before"
    assert [kept[one.id, None].problem for one in found] == ["", "gone", "", "", ""]


def test_one_object_shown_twice_in_one_call_is_refused(ledger: Ledger) -> None:
    with pytest.raises(ValueError, match="shown twice"):
        record(ledger, [shown("1", "one"), shown("1", "two", 1)])


def test_what_another_run_stores_at_the_same_moment_is_one_version(ledger: Ledger) -> None:
    with ThreadPoolExecutor(1) as pool:
        with ledger.begin() as tx:
            first = sources.record_all(tx, [shown("1", "one"), shown("2", "one")])
            other = blocked(pool, lambda: record(ledger, [shown("0", "one"), shown("1", "one"), shown("2", "two", 1)]))
        found = other.result(10)
    assert isinstance(found, list)
    assert [(one.version, one.changed) for one in found] == [(1, True), (1, False), (2, True)]
    assert [one.id for one in found[1:]] == [one.id for one in first]


def test_runs_that_record_the_same_orders_never_wait_for_each_other_in_a_ring(ledger: Ledger) -> None:
    names = [str(number) for number in range(40)]

    def run(mine: list[str]) -> int:
        told = [[shown(name, f"{name} {turn}", turn) for name in mine] for turn in range(12)]
        return sum(one.changed for showings in told for one in record(ledger, showings))

    with ThreadPoolExecutor(3) as pool:
        news = sum(pool.map(run, [names, names[::-1], names[10:] + names[:10]]))
    with ledger.begin() as tx:
        found = sources.load_all(tx, [(row_id, None) for row_id in sources.newest(tx, "nordlys", "order", limit=99)])
    assert {one.source_id: one.body for one in found.values()} == {name: f"{name} 11".encode() for name in names}
    assert news == sum(one.version for one in found.values())


def test_verdict_that_waited_for_the_observer_sees_the_version_that_it_stored(ledger: Ledger) -> None:
    [recorded] = record(ledger, [shown("1", "one")])
    with ledger.begin() as tx:
        document = documents.ensure(tx, reservation(recorded.id), Verdict.of("due"), judged_version=1)

    def worker() -> None:
        with ledger.begin() as tx:
            documents.give_verdict(tx, document.id, Verdict.of("transferred"), judged_version=1)

    with ThreadPoolExecutor(1) as pool:
        with ledger.begin() as tx:
            sources.record_all(tx, [shown("1", "two", 1)])
            documents.give_verdicts(tx, [Change(document.id, Verdict.of("due"), 2)])
            waiting = blocked(pool, worker)
        waiting.result(10)
    with ledger.begin() as tx:
        now = documents.load(tx, document.id)
    assert (now.verdict.code, now.judged_version) == ("due", 2)


def test_each_of_many_documents_has_its_own_verdict(ledger: Ledger, clock: MovableClock) -> None:
    found = record(ledger, [shown(name, "one") for name in "abc"])
    with ledger.begin() as tx:
        made = documents.create_all(tx, [Judged(reservation(one.id), Verdict.of("due"), 1) for one in found])
        a, b, c = (made[reservation(one.id).key] for one in found)
        again = documents.create_all(tx, [Judged(reservation(found[0].id), Verdict.of("transferred"), 1)])
        sources.record_all(tx, [shown("b", "two", 1)])
    later = NOON + timedelta(days=1)
    clock.forward(minutes=1)
    with ledger.begin() as tx:
        documents.give_verdicts(
            tx,
            [
                Change(a.id, Verdict.of("sku_missing", line="7"), 1, later),
                Change(b.id, Verdict.of("sku_missing", line="7"), 1, later),
                Change(c.id, Verdict.of("due")),
            ],
        )
        now = documents.lock_named(tx, [a.key, b.key, c.key, "nordlys-0-order"])
    assert again == {}
    assert [(now[one.key].verdict, now[one.key].judged_version, now[one.key].due_at) for one in (a, b, c)] == [
        (Verdict.of("sku_missing", line="7"), 1, later),
        (Verdict.of("due"), 2, None),
        (Verdict.of("due"), 1, None),
    ]
    assert now[a.key].since > a.since
    assert now[c.key].since == c.since


def test_hints_that_came_again_stay_when_many_are_taken_at_once(ledger: Ledger) -> None:
    with ledger.begin() as tx:
        inbox.add_all(tx, "nordlys", "order", ["7", "8", "9", "8"])
        read = inbox.waiting(tx, "nordlys", "order", limit=9)
        inbox.add_all(tx, "nordlys", "order", ["8"])
        inbox.mark_taken(tx, read)
        assert [(one.source_id, one.hints) for one in inbox.waiting(tx, "nordlys", "order", limit=9)] == [("8", 2)]

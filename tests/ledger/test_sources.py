"""Versions of what systems showed us; cursors; hints; bodies."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text, update

from pakhus.errors import CursorMovedError
from pakhus.ledger import bodies, cursors, documents, inbox, installation, sources
from pakhus.ledger.connection import Ledger
from pakhus.ledger.documents import NewDocument
from pakhus.ledger.schema import bodies as bodies_table
from pakhus.ledger.sources import Showing
from pakhus.reasons import Status, Verdict

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def showing(body: bytes, *, read: int = 0, modified: int = 0) -> Showing:
    return Showing(
        "nordlys",
        "order",
        "1042",
        body,
        NOON + timedelta(seconds=read),
        number="1042",
        modified_at=NOON + timedelta(seconds=modified),
    )


def test_same_body_again_is_no_new_version(ledger: Ledger) -> None:
    with ledger.begin() as tx:
        first = sources.record(tx, showing(b"one"))
        again = sources.record(tx, showing(b"one", read=5))
        second = sources.record(tx, showing(b"two", read=6, modified=1))
    assert (first.changed, again.changed, second.changed) == (True, False, True)
    assert (first.id, second.version) == (second.id, 2)


@pytest.mark.parametrize("late", [{"read": -1}, {"read": 5, "modified": -1}, {"read": 299, "modified": -1}])
def test_what_was_read_or_changed_earlier_does_not_replace_the_newest(ledger: Ledger, late: dict[str, int]) -> None:
    with ledger.begin() as tx:
        recorded = sources.record(tx, showing(b"newest"))
        assert not sources.record(tx, showing(b"older", **late)).changed
        assert sources.load(tx, recorded.id).body == b"newest"


@pytest.mark.edge(85)
def test_newer_by_the_shops_own_time_counts_when_the_clock_of_the_host_that_read_it_is_behind(ledger: Ledger) -> None:
    with ledger.begin() as tx:
        recorded = sources.record(tx, showing(b"one"))
        assert sources.record(tx, showing(b"two", read=-120, modified=5)).changed
        assert sources.load(tx, recorded.id).body == b"two"


@pytest.mark.edge(85)
def test_what_a_shop_shows_now_counts_although_its_clock_was_set_back(ledger: Ledger) -> None:
    with ledger.begin() as tx:
        recorded = sources.record(tx, showing(b"stamped by the wrong clock", modified=3600))
        assert sources.record(tx, showing(b"now", read=301, modified=301)).changed
        assert sources.load(tx, recorded.id).body == b"now"


def test_late_reading_does_not_bring_back_what_is_gone(ledger: Ledger) -> None:
    with ledger.begin() as tx:
        recorded = sources.record(tx, showing(b"one"))
        sources.record(tx, replace(showing(b"", read=10), modified_at=None, problem="gone"))
        assert not sources.record(tx, showing(b"two", read=9, modified=8)).changed
        assert sources.load(tx, recorded.id).problem == "gone"
        assert sources.record(tx, showing(b"restored", read=11, modified=8)).changed


def test_every_version_can_be_read_back(ledger: Ledger) -> None:
    with ledger.begin() as tx:
        recorded = sources.record(tx, showing(b"one"))
        sources.record(tx, showing(b"two", read=1, modified=1))
        assert sources.load(tx, recorded.id, 1).body == b"one"
        assert sources.load(tx, recorded.id).version == 2
        with pytest.raises(KeyError):
            sources.load(tx, recorded.id, 3)


def test_erased_body_comes_back_when_it_is_seen_again(ledger: Ledger) -> None:
    with ledger.begin() as tx:
        digest = bodies.store(tx, b"personal")
        tx.connection.execute(update(bodies_table).values(content=None, erased_at=NOON))
        with pytest.raises(KeyError):
            bodies.load(tx, digest)
        bodies.store(tx, b"personal")
        assert bodies.load(tx, digest) == b"personal"


def test_cursor_moves_only_from_where_it_was_read(ledger: Ledger) -> None:
    with ledger.begin() as tx:
        cursors.move(tx, "nordlys", "orders", "a", expected=None)
        cursors.move(tx, "nordlys", "orders", "b", expected="a")
        assert cursors.read(tx, "nordlys", "orders") == "b"
    with ledger.begin() as tx, pytest.raises(CursorMovedError):
        cursors.move(tx, "nordlys", "orders", "c", expected="a")
    with ledger.begin() as tx, pytest.raises(CursorMovedError):
        cursors.move(tx, "nordlys", "orders", "c", expected=None)


def test_hint_that_comes_again_while_it_is_treated_stays(ledger: Ledger) -> None:
    with ledger.begin() as tx:
        inbox.add(tx, "nordlys", "order", "7")
        inbox.add(tx, "nordlys", "order", "7")
        waiting = inbox.waiting(tx, "nordlys", "order", limit=10)
        assert [(hint.source_id, hint.hints) for hint in waiting] == [("7", 2)]
        inbox.add(tx, "nordlys", "order", "7")
        inbox.mark_taken(tx, waiting)
        assert [hint.hints for hint in inbox.waiting(tx, "nordlys", "order", limit=10)] == [3]


def test_newest_waiting_hint_grows_with_each_order_and_is_none_when_all_are_taken(ledger: Ledger) -> None:
    newest = text(inbox.NEWEST_WAITING % "array['order']")
    seen = []
    with ledger.begin() as tx:
        for source_id in ("7", "7", "8"):
            inbox.add(tx, "nordlys", "order", source_id)
            seen.append({row.scope: row.max for row in tx.connection.execute(newest)}["nordlys"])
        assert seen[0] == seen[1] < seen[2]
        inbox.add(tx, "fjordliv", "product", "1")
        inbox.mark_taken(tx, inbox.waiting(tx, "nordlys", "order", limit=10))
        assert tx.connection.execute(newest).all() == []


def test_pseudonym_is_stable_and_tells_nothing(ledger: Ledger) -> None:
    with ledger.begin() as tx:
        name = installation.read(tx).pseudonym("anne@example.dk")
    with ledger.begin() as tx:
        assert installation.read(tx).pseudonym("anne@example.dk") == name
    assert "anne" not in name


def test_verdict_on_an_old_version_leaves_the_document_due(ledger: Ledger) -> None:
    with ledger.begin() as tx:
        recorded = sources.record(tx, showing(b"one"))
        new = NewDocument("nordlys-1042-order", "nordlys", "orders", "reservation", "rackbeat__main", recorded.id)
        document = documents.ensure(tx, new, Verdict.of("due"), judged_version=1)
        sources.record(tx, showing(b"two", read=1, modified=1))
        documents.give_verdict(tx, document.id, Verdict.of("sku_missing", line="1"), judged_version=1)
        assert documents.load(tx, document.id).status is Status.DUE
        documents.give_verdict(tx, document.id, Verdict.of("sku_missing", line="1"), judged_version=2)
        assert documents.load(tx, document.id).status is Status.HELD


def test_waiting_document_is_due_when_its_time_has_come(ledger: Ledger) -> None:
    with ledger.begin() as tx:
        recorded = sources.record(tx, showing(b"one"))
        for number, (code, due_in) in enumerate([("due", None), ("not_shipped", None), ("rate_limited", -1)]):
            new = NewDocument(f"k{number}", "nordlys", "orders", "reservation", "rackbeat__main", recorded.id)
            document = documents.ensure(tx, new, Verdict.of(code))
            due_at = None if due_in is None else tx.now + timedelta(seconds=due_in)
            documents.give_verdict(tx, document.id, Verdict.of(code), due_at=due_at)
        later = documents.ensure(
            tx,
            NewDocument("k9", "nordlys", "orders", "reservation", "rackbeat__main", recorded.id),
            Verdict.of("rate_limited"),
        )
        documents.give_verdict(tx, later.id, Verdict.of("rate_limited"), due_at=tx.now + timedelta(hours=1))
        due = documents.due(tx, "nordlys", "orders", limit=10)
    assert [row.number for row in due] == ["1042", "1042"]
    assert later.id not in {row.id for row in due}

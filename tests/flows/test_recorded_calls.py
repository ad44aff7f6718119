"""Recorded calls with a scripted shop: stored before they leave, settled by what the next reading shows."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from pakhus.clients.http import Answer, Call
from pakhus.errors import ClaimLostError, DataError, RateLimitedError, RemoteError, TransientError
from pakhus.flows.outcomes import StoppedError
from pakhus.flows.recorded_calls import RecordedCalls
from pakhus.ledger import claims, documents
from pakhus.ledger.connection import Ledger, RunIdentity
from pakhus.ledger.documents import NewDocument
from pakhus.ledger.schema import attempts, calls
from pakhus.reasons import Verdict
from tests.ledger.clocks import MovableClock

LOST = TransientError("the answer was lost", maybe_done=True)
NOTE = Call("POST", "/orders/60/notes", body=b'{"note":"Shipped"}')
STATE = Call("PUT", "/orders/60", body=b'{"status":"completed"}')


@dataclass(slots=True)
class Shop:
    """Answers or fails as scripted; remembers what it was sent, and how the ledger stood then."""

    ledger: Ledger
    script: list[RemoteError | bytes]
    sent: list[Call] = field(default_factory=list)
    stood: list[list[str]] = field(default_factory=list)

    def send(self, call: Call) -> Answer:
        self.sent.append(call)
        self.stood.append(statuses(self.ledger))
        step = self.script.pop(0)
        if isinstance(step, RemoteError):
            raise step
        return Answer(200, {}, step, call)


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock()


@pytest.fixture
def ledger(fresh_ledger_url: str, clock: MovableClock) -> Iterator[Ledger]:
    opened = Ledger(fresh_ledger_url, RunIdentity("nordlys__fulfilment", "run_1", "tell", 0, 1), clock)
    yield opened
    opened.close()


Recorded = Callable[[Shop], RecordedCalls]


@pytest.fixture
def recorded(ledger: Ledger) -> Recorded:
    with ledger.begin() as tx:
        new = NewDocument("nordlys-60-shipment1", "nordlys", "fulfilment", "shipment", "woocommerce__nordlys")
        document = documents.ensure(tx, new, Verdict.of("due"))
        claim = claims.take(tx, "test")
    assert claim is not None
    return lambda shop: RecordedCalls(ledger, claim, document, "report_shipment", shop.send)


def statuses(ledger: Ledger) -> list[str]:
    with ledger.begin() as tx:
        return list(tx.connection.execute(select(attempts.c.status).order_by(attempts.c.id)).scalars())


def test_call_is_stored_before_it_leaves_and_its_outcome_after(ledger: Ledger, recorded: Recorded) -> None:
    shop = Shop(ledger, [b'{"id": 7}', b"{}"])
    recording = recorded(shop)
    assert recording.send(NOTE).json() == {"id": 7}
    recording.send(STATE)
    assert shop.stood == [["sent"], ["ok", "sent"]]
    with ledger.begin() as tx:
        rows = tx.connection.execute(select(attempts.c.method, attempts.c.path, attempts.c.status)).all()
        log = tx.connection.execute(select(calls.c.http_status, calls.c.run_id)).all()
    assert [tuple(row) for row in rows] == [("POST", "/orders/60/notes", "ok"), ("PUT", "/orders/60", "ok")]
    assert [tuple(row) for row in log] == [(200, "run_1"), (200, "run_1")]


def test_write_waits_until_a_lost_call_must_have_shown(ledger: Ledger, recorded: Recorded, clock: MovableClock) -> None:
    shop = Shop(ledger, [LOST])
    with pytest.raises(TransientError):
        recorded(shop).send(NOTE)
    clock.forward(minutes=2, seconds=59)
    with pytest.raises(StoppedError) as stopped:
        recorded(shop).wait_for_late_effects()
    assert stopped.value.verdict.code == "outcome_unknown"
    assert stopped.value.due_at == clock.moment + timedelta(seconds=1)
    clock.forward(seconds=1)
    recorded(shop).wait_for_late_effects()


def test_call_that_is_sent_again_had_no_effect_before(ledger: Ledger, recorded: Recorded) -> None:
    shop = Shop(ledger, [LOST, b"{}"])
    with pytest.raises(TransientError):
        recorded(shop).send(NOTE)
    recorded(shop).send(NOTE)
    recorded(shop).adopt("7", b"{}")
    assert statuses(ledger) == ["absent", "ok"]


def test_lost_call_whose_effect_the_shop_shows_is_adopted(ledger: Ledger, recorded: Recorded) -> None:
    shop = Shop(ledger, [LOST])
    with pytest.raises(TransientError):
        recorded(shop).send(NOTE)
    recorded(shop).adopt("7", b'{"id": 7}')
    assert statuses(ledger) == ["adopted"]


def test_lost_call_that_a_later_one_overwrote_is_superseded(ledger: Ledger, recorded: Recorded) -> None:
    shop = Shop(ledger, [LOST, b"{}"])
    with pytest.raises(TransientError):
        recorded(shop).send(NOTE)
    recorded(shop).send(STATE)
    recorded(shop).supersede()
    assert statuses(ledger) == ["superseded", "ok"]


def test_call_that_surely_had_no_effect_waits_for_nothing_and_goes_again_in_its_place(
    ledger: Ledger, recorded: Recorded
) -> None:
    shop = Shop(ledger, [RateLimitedError("slowly"), b"{}"])
    with pytest.raises(RateLimitedError):
        recorded(shop).send(NOTE)
    recorded(shop).wait_for_late_effects()
    recorded(shop).send(NOTE)
    assert statuses(ledger) == ["ok"]


def test_planned_call_that_is_not_needed_any_more_is_superseded(ledger: Ledger, recorded: Recorded) -> None:
    shop = Shop(ledger, [RateLimitedError("slowly")])
    with pytest.raises(RateLimitedError):
        recorded(shop).send(NOTE)
    recorded(shop).adopt("7", b"{}")
    assert statuses(ledger) == ["superseded"]


def test_refused_call_stays_refused(ledger: Ledger, recorded: Recorded) -> None:
    shop = Shop(ledger, [DataError("no such order", status=404)])
    with pytest.raises(DataError):
        recorded(shop).send(NOTE)
    recorded(shop).adopt("7", b"{}")
    assert statuses(ledger) == ["refused"]


def test_page_of_a_proxy_is_no_success(ledger: Ledger, recorded: Recorded) -> None:
    shop = Shop(ledger, [b"<html>"])
    with pytest.raises(TransientError):
        recorded(shop).send(NOTE)
    assert statuses(ledger) == ["unknown"]


def test_same_bytes_may_be_sent_again_much_later(ledger: Ledger, recorded: Recorded) -> None:
    shop = Shop(ledger, [b"{}", b"{}"])
    recorded(shop).send(NOTE)
    recorded(shop).send(NOTE)
    assert statuses(ledger) == ["ok", "ok"]


def test_nothing_leaves_when_the_claim_is_lost(ledger: Ledger, recorded: Recorded) -> None:
    shop = Shop(ledger, [b"{}"])
    mine = recorded(shop)
    stolen = replace(mine, claim=replace(mine.claim, fence=mine.claim.fence + 1))
    with pytest.raises(ClaimLostError):
        stolen.send(NOTE)
    assert shop.sent == []

"""The write protocol with a scripted target: what is concluded from each outcome, and when."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from pakhus.clients.http import Answer, Call, to_json
from pakhus.errors import (
    AccessDeniedError,
    ClaimLostError,
    ConfigurationError,
    DataError,
    RateLimitedError,
    RemoteError,
    TransientError,
)
from pakhus.flows.exactly_once import ECONOMIC, RACKBEAT, Found, Policy, Step, Writer
from pakhus.flows.outcomes import StoppedError
from pakhus.ledger import claims, documents
from pakhus.ledger.attempts import Attempt
from pakhus.ledger.connection import Ledger, RunIdentity
from pakhus.ledger.documents import NewDocument
from pakhus.ledger.schema import attempts, calls
from pakhus.reasons import Verdict
from tests.ledger.clocks import MovableClock

LOST = TransientError("the answer was lost", maybe_done=True)
NOT_CONNECTED = TransientError("no connection", maybe_done=False)


@dataclass(slots=True)
class Target:
    """Answers or fails as scripted; remembers what it was sent."""

    script: list[RemoteError | dict[str, Any]]
    sent: list[Call] = field(default_factory=list)

    def send(self, call: Call) -> Answer:
        self.sent.append(call)
        step = self.script.pop(0)
        if isinstance(step, RemoteError):
            raise step
        return Answer(201, {}, to_json(step), call)


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock()


@pytest.fixture
def ledger(fresh_ledger_url: str, clock: MovableClock) -> Iterator[Ledger]:
    opened = Ledger(fresh_ledger_url, RunIdentity("nordlys__orders", "run_1", "reserve", 0, 1), clock)
    yield opened
    opened.close()


Make = Callable[[Target], Writer]


@pytest.fixture
def writer_of(ledger: Ledger) -> Callable[..., Writer]:
    def make(target: Target, policy: Policy = RACKBEAT, run: str = "run_1") -> Writer:
        opened = replace(ledger, run=replace(ledger.run, run_id=run))
        with opened.begin() as tx:
            new = NewDocument("nordlys-1-order", "nordlys", "orders", "reservation", "rackbeat__main")
            document = documents.ensure(tx, new, Verdict.of("due"))
            claim = claims.take(tx, f"test:{run}")
        assert claim is not None
        return Writer(opened, claim, document, policy, target.send)

    return make


def write(body: bytes = b"{}", search: Callable[[Attempt], Found | None] | None = None) -> tuple[Step, Call]:
    def nothing(attempt: Attempt) -> Found | None:
        raise AssertionError(f"nobody may search for attempt {attempt.id} now")

    step = Step("create_order", lambda value: str(value["id"]), search or nothing)
    return step, Call("POST", "/orders", body=body)


def statuses(ledger: Ledger) -> list[str]:
    with ledger.begin() as tx:
        return list(tx.connection.execute(select(attempts.c.status).order_by(attempts.c.id)).scalars())


def test_effect_is_recorded_and_not_made_again(ledger: Ledger, writer_of: Callable[..., Writer]) -> None:
    target = Target([{"id": 5}])
    made = writer_of(target).make(*write())
    assert (made.remote_id, made.fresh) == ("5", True)
    again = writer_of(target, run="run_2").make(*write())
    assert (again.remote_id, again.fresh) == ("5", False)
    assert len(target.sent) == 1


def test_lost_answer_is_not_looked_up_before_a_late_effect_must_show(
    ledger: Ledger, writer_of: Callable[..., Writer], clock: MovableClock
) -> None:
    target = Target([LOST])
    writer = writer_of(target)
    with pytest.raises(TransientError):
        writer.make(*write())
    clock.forward(minutes=2, seconds=59)
    with pytest.raises(StoppedError) as stopped:
        writer_of(target, run="run_2").make(*write())
    assert stopped.value.verdict.code == "outcome_unknown"
    assert stopped.value.due_at == clock.moment + timedelta(seconds=1)
    assert len(target.sent) == 1


def test_lost_effect_is_adopted_when_the_search_finds_it(
    ledger: Ledger, writer_of: Callable[..., Writer], clock: MovableClock
) -> None:
    target = Target([LOST])
    with pytest.raises(TransientError):
        writer_of(target).make(*write())
    clock.forward(minutes=4)
    made = writer_of(target, run="run_2").make(*write(search=lambda _: Found("77", {"id": 77})))
    assert (made.remote_id, made.adopted) == ("77", True)
    assert statuses(ledger) == ["adopted"]
    assert writer_of(target, run="run_3").make(*write()).remote_id == "77"


def test_proved_absence_leads_to_a_new_attempt(
    ledger: Ledger, writer_of: Callable[..., Writer], clock: MovableClock
) -> None:
    target = Target([LOST, {"id": 6}])
    with pytest.raises(TransientError):
        writer_of(target).make(*write())
    clock.forward(minutes=4)
    assert writer_of(target, run="run_2").make(*write(search=lambda _: None)).remote_id == "6"
    assert statuses(ledger) == ["absent", "ok"]


def test_search_that_could_not_look_to_the_end_proves_nothing(
    ledger: Ledger, writer_of: Callable[..., Writer], clock: MovableClock
) -> None:
    def broken(attempt: Attempt) -> Found | None:
        del attempt
        raise TransientError("page 2 of 3 did not come")

    target = Target([LOST])
    with pytest.raises(TransientError):
        writer_of(target).make(*write())
    clock.forward(minutes=4)
    with pytest.raises(TransientError):
        writer_of(target, run="run_2").make(*write(search=broken))
    assert statuses(ledger) == ["unknown"]
    assert len(target.sent) == 1


def test_same_key_and_bytes_go_again_within_the_idempotency_window(
    ledger: Ledger, writer_of: Callable[..., Writer], clock: MovableClock
) -> None:
    target = Target([LOST, {"id": 9}])
    with pytest.raises(TransientError):
        writer_of(target, ECONOMIC).make(*write(b'{"planned":1}'))
    clock.forward(minutes=49)
    made = writer_of(target, ECONOMIC, "run_2").make(*write(b'{"planned":2}'))
    assert [call.body for call in target.sent] == [b'{"planned":1}', b'{"planned":1}']
    assert target.sent[0].headers["Idempotency-Key"] == target.sent[1].headers["Idempotency-Key"]
    assert not made.fresh


def test_after_the_window_the_target_is_searched_and_a_new_key_is_used(
    ledger: Ledger, writer_of: Callable[..., Writer], clock: MovableClock
) -> None:
    target = Target([LOST, {"id": 9}])
    with pytest.raises(TransientError):
        writer_of(target, ECONOMIC).make(*write())
    clock.forward(minutes=51)
    writer_of(target, ECONOMIC, "run_2").make(*write(search=lambda _: None))
    assert target.sent[0].headers["Idempotency-Key"] != target.sent[1].headers["Idempotency-Key"]


def test_refusal_of_a_repeat_does_not_settle_the_first_call(
    ledger: Ledger, writer_of: Callable[..., Writer], clock: MovableClock
) -> None:
    target = Target([LOST, DataError("no")])
    with pytest.raises(TransientError):
        writer_of(target, ECONOMIC).make(*write())
    clock.forward(minutes=4)
    made = writer_of(target, ECONOMIC, "run_2").make(*write(search=lambda _: Found("4", {"id": 4})))
    assert made.remote_id == "4"


def test_revoked_key_on_a_repeat_leaves_the_outcome_unknown(
    ledger: Ledger, writer_of: Callable[..., Writer], clock: MovableClock
) -> None:
    def denied(attempt: Attempt) -> Found | None:
        del attempt
        raise AccessDeniedError("401")

    target = Target([LOST, AccessDeniedError("401")])
    with pytest.raises(TransientError):
        writer_of(target, ECONOMIC).make(*write())
    clock.forward(minutes=4)
    with pytest.raises(AccessDeniedError):
        writer_of(target, ECONOMIC, "run_2").make(*write(search=denied))
    assert statuses(ledger) == ["unknown"]


@pytest.mark.parametrize("failure", [NOT_CONNECTED, RateLimitedError("slow down", retry_after=timedelta(seconds=9))])
def test_call_without_effect_goes_again_at_once_as_the_same_attempt(
    ledger: Ledger, writer_of: Callable[..., Writer], failure: TransientError
) -> None:
    target = Target([failure, {"id": 3}])
    with pytest.raises(TransientError):
        writer_of(target).make(*write())
    assert statuses(ledger) == ["planned"]
    assert writer_of(target, run="run_2").make(*write()).fresh
    assert statuses(ledger) == ["ok"]


def test_changed_plan_replaces_a_write_that_was_never_sent(ledger: Ledger, writer_of: Callable[..., Writer]) -> None:
    target = Target([NOT_CONNECTED, {"id": 3}])
    with pytest.raises(TransientError):
        writer_of(target).make(*write(b"old"))
    writer_of(target, run="run_2").make(*write(b"new"))
    assert statuses(ledger) == ["superseded", "ok"]
    assert target.sent[-1].body == b"new"


def test_refused_write_may_be_tried_again_when_somebody_mended_its_cause(
    ledger: Ledger, writer_of: Callable[..., Writer]
) -> None:
    target = Target([DataError("lines.0.item_id"), {"id": 3}])
    with pytest.raises(DataError):
        writer_of(target).make(*write())
    assert writer_of(target, run="run_2").make(*write()).remote_id == "3"
    assert statuses(ledger) == ["refused", "ok"]


def test_write_that_tls_broke_off_has_an_unknown_outcome(ledger: Ledger, writer_of: Callable[..., Writer]) -> None:
    target = Target([ConfigurationError("TLS failed, perhaps in the middle of the answer")])
    with pytest.raises(ConfigurationError):
        writer_of(target).make(*write())
    assert statuses(ledger) == ["unknown"]


def test_write_that_was_answered_with_a_refusal_of_the_key_goes_again(
    ledger: Ledger, writer_of: Callable[..., Writer]
) -> None:
    target = Target([AccessDeniedError("401", status=401), {"id": 3}])
    with pytest.raises(AccessDeniedError):
        writer_of(target).make(*write())
    assert statuses(ledger) == ["planned"]
    assert writer_of(target, run="run_2").make(*write()).remote_id == "3"


def test_success_without_an_id_is_an_unknown_outcome(ledger: Ledger, writer_of: Callable[..., Writer]) -> None:
    target = Target([{"unexpected": True}])
    with pytest.raises(TransientError):
        writer_of(target).make(*write())
    assert statuses(ledger) == ["unknown"]


def test_nothing_is_sent_under_a_claim_that_was_lost(
    ledger: Ledger, writer_of: Callable[..., Writer], clock: MovableClock
) -> None:
    target = Target([{"id": 1}])
    writer = writer_of(target)
    clock.forward(minutes=6)
    with pytest.raises(ClaimLostError):
        writer.make(*write())
    assert target.sent == []


def test_each_sending_is_a_row_with_its_airflow_run(
    ledger: Ledger, writer_of: Callable[..., Writer], clock: MovableClock
) -> None:
    target = Target([LOST, {"id": 9}])
    with pytest.raises(TransientError):
        writer_of(target, ECONOMIC).make(*write())
    clock.forward(minutes=4)
    writer_of(target, ECONOMIC, "run_2").make(*write())
    with ledger.begin() as tx:
        rows = tx.connection.execute(select(calls.c.ordinal, calls.c.run_id, calls.c.http_status).order_by(calls.c.id))
        assert [tuple(row) for row in rows] == [(1, "run_1", None), (2, "run_2", 201)]

"""Faults of the stand-in core, at socket level: what the client sees and whether the effect happened."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import pytest
import requests

from standin.server import StandinServer
from tests.contract.notebook import Notebook, notes, post, raw_exchange, wait_for

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


@pytest.fixture
def server() -> Iterator[StandinServer]:
    with StandinServer(Notebook()) as running:
        yield running


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(8) as executor:
        yield executor


def test_lost_request_has_no_effect_and_no_answer(server):
    server.faults.set([{"kind": "request_lost", "number": 1}])
    assert raw_exchange(server) == (b"", "closed")
    assert notes(server) == []
    assert server.counters()["unanswered"] == 1


def test_lost_answer_has_its_effect(server):
    server.faults.set([{"kind": "answer_lost", "number": 1}])
    assert raw_exchange(server) == (b"", "closed")
    assert notes(server) == ["x"]


def test_a_client_library_sees_a_lost_answer_as_a_connection_error(server):
    server.faults.set([{"kind": "answer_lost", "number": 1}])
    with pytest.raises(requests.ConnectionError):
        post(server)
    assert post(server).json()["count"] == 2


def test_reset_in_mid_body_has_its_effect_and_resets_the_connection(server):
    server.faults.set([{"kind": "reset_mid_body", "number": 1}])
    received, ending = raw_exchange(server)
    assert ending == "reset"
    head, _, body = received.partition(b"\r\n\r\n")
    assert b"201" in head
    assert 0 < len(body) < int(head.split(b"Content-Length: ")[1].split(b"\r\n")[0])
    assert notes(server) == ["x"]


def test_cut_json_has_a_correct_length_and_does_not_parse(server):
    server.faults.set([{"kind": "cut_json", "number": 1}])
    reply = post(server)
    assert (reply.status_code, int(reply.headers["Content-Length"])) == (201, len(reply.content))
    with pytest.raises(json.JSONDecodeError):
        json.loads(reply.content)
    assert notes(server) == ["a"]


@pytest.mark.parametrize(("effect", "expected"), [(False, []), (True, ["a"])])
@pytest.mark.parametrize(("kind", "status"), [("error_500", 500), ("error_502_html", 502)])
def test_server_errors_come_before_or_after_the_effect(server, kind, status, effect, expected):
    server.faults.set([{"kind": kind, "number": 1, "effect": effect}])
    reply = post(server)
    assert reply.status_code == status
    assert ("html" in reply.headers["Content-Type"]) == (status == 502)
    assert notes(server) == expected


def test_rate_limit_tells_seconds(server):
    server.faults.set([{"kind": "rate_limited_seconds", "number": 1, "retry_after_s": 7}])
    reply = post(server)
    assert (reply.status_code, reply.headers["Retry-After"]) == (429, "7")
    assert notes(server) == []


def test_rate_limit_tells_a_date_by_the_clock(server):
    server.set_clock(NOON)
    server.faults.set([{"kind": "rate_limited_date", "number": 1, "retry_after_s": 7}])
    reply = post(server)
    assert parsedate_to_datetime(reply.headers["Retry-After"]) == NOON + timedelta(seconds=7)


def test_timeout_holds_the_line_and_has_no_effect(server):
    server.faults.set([{"kind": "timeout", "number": 1, "hold_s": 0.2}])
    started = time.monotonic()
    assert raw_exchange(server) == (b"", "closed")
    assert time.monotonic() - started >= 0.2
    assert notes(server) == []


def test_late_commit_takes_effect_when_the_clock_is_advanced_and_blocks_nobody(server):
    server.set_clock(NOON)
    server.faults.set([{"kind": "late_commit", "number": 1, "delay_s": 120, "hold_s": 30}])
    with pytest.raises(requests.ReadTimeout):
        post(server, "late", timeout=0.1)
    assert post(server, "other").status_code == 201
    server.advance(119)
    assert notes(server) == ["other"]
    server.advance(1)
    assert notes(server) == ["other", "late"]


def test_late_commit_happens_by_itself_in_real_time(server):
    server.faults.set([{"kind": "late_commit", "number": 1, "delay_s": 0.15, "hold_s": 0}])
    assert raw_exchange(server) == (b"", "closed")
    assert notes(server) == []
    wait_for(lambda: notes(server) == ["x"])


def test_late_commit_can_be_released_over_http(server):
    server.faults.set([{"kind": "late_commit", "number": 1, "delay_s": 3600, "hold_s": 0}])
    raw_exchange(server)
    assert requests.post(f"{server.url}/_standin/release", timeout=5).json() == {"released": 1}
    assert notes(server) == ["x"]


def test_restore_forgets_late_commits(server):
    state = server.snapshot()
    server.faults.set([{"kind": "late_commit", "number": 1, "delay_s": 3600, "hold_s": 0}])
    raw_exchange(server)
    server.restore(state)
    assert server.release() == 0
    assert notes(server) == []


@pytest.mark.parametrize(
    ("kind", "action", "while_paused", "afterwards", "answered"),
    [
        ("pause_before", "continue", [], ["p"], True),
        ("pause_before", "drop", [], [], False),
        ("pause_after", "continue", ["p"], ["p"], True),
        ("pause_after", "drop", ["p"], ["p"], False),
    ],
)
def test_paused_request_goes_on_or_is_dropped(server, pool, kind, action, while_paused, afterwards, answered):
    server.faults.set([{"kind": kind, "number": 1}])
    reply: Future[requests.Response] = pool.submit(post, server, "p")
    (paused,) = server.wait_until_paused()
    assert (paused["number"], paused["method"], paused["path"]) == (1, "POST", "/notes")
    assert notes(server) == while_paused
    assert requests.get(f"{server.url}/notes", timeout=5).status_code == 200
    requests.post(f"{server.url}/_standin/resume", json={"number": 1, "action": action}, timeout=5)
    if answered:
        assert reply.result(5).status_code == 201
    else:
        assert isinstance(reply.exception(5), requests.ConnectionError)
    assert notes(server) == afterwards
    assert server.paused() == []


def test_a_forgotten_pause_ends_as_a_drop(server):
    server.faults.set([{"kind": "pause_before", "number": 1, "hold_s": 0.1}])
    assert raw_exchange(server) == (b"", "closed")
    assert notes(server) == []


def test_fault_picks_the_nth_request_of_a_route(server):
    server.faults.set([{"kind": "error_500", "method": "POST", "path_regex": "^/notes$", "nth": 2, "times": 2}])
    requests.get(f"{server.url}/notes", timeout=5)
    assert [post(server).status_code for _ in range(4)] == [201, 500, 500, 201]
    assert server.counters()["faults_struck"] == 2


def test_fault_number_counts_from_the_last_reset_and_skips_control(server):
    post(server)
    server.reset_counters()
    server.faults.set([{"kind": "error_500", "number": 2}])
    requests.get(f"{server.url}/_standin/counters", timeout=5)
    assert [post(server).status_code for _ in range(3)] == [201, 500, 201]


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "explosion", "number": 1},
        {"kind": "timeout"},
        {"kind": "timeout", "number": 1, "nth": 1},
        {"kind": "timeout", "number": 1, "colour": "red"},
    ],
)
def test_refuses_a_malformed_fault(server, fault):
    reply = requests.post(f"{server.url}/_standin/faults", json=[fault], timeout=5)
    assert reply.status_code == 400
    assert post(server).status_code == 201

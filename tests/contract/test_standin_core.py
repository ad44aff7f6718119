"""The core of the stand-ins: answers, counters, clock, snapshots, control over HTTP."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
import requests

from standin.messages import shortest, write_json
from standin.server import Request, Response, StandinServer
from tests.contract.notebook import Notebook, notes, post, wait_for

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


@pytest.fixture
def server() -> Iterator[StandinServer]:
    with StandinServer(Notebook()) as running:
        yield running


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(8) as executor:
        yield executor


# --- answers -------------------------------------------------------------------------------------------------------


def test_writes_decimals_digit_by_digit():
    value = {
        "a": Decimal("12.50"),
        "b": [Decimal("1E+2"), Decimal("-0.00")],
        "c": 'Blå "kop"',
        "d": None,
        "e": [True, {}],
    }
    assert write_json(value) == '{"a":12.50,"b":[100,-0.00],"c":"Blå \\"kop\\"","d":null,"e":[true,{}]}'
    assert write_json(value, shortest, ascii_only=True).startswith('{"a":12.5,"b":[100,0],"c":"Bl\\u00e5')


def test_writes_a_long_decimal_without_a_float_in_between():
    digits = "12345678901234567890.123456789"
    assert write_json([Decimal(digits)]) == f"[{digits}]"


def test_keeps_a_connection_alive_over_many_requests(server):
    with requests.Session() as session:
        for _ in range(5):
            assert session.post(f"{server.url}/notes", data="a", timeout=5).status_code == 201
    counters = server.counters()
    assert (counters["connections"], counters["requests"], counters["max_in_flight"]) == (1, 5, 1)


def test_reads_a_chunked_body(server):
    reply = requests.post(f"{server.url}/notes", data=iter([b"first ", b"second"]), timeout=5)
    assert reply.status_code == 201
    assert notes(server) == ["first second"]


def test_decodes_path_and_query_and_keeps_the_raw_path():
    seen: list[Request] = []

    class Listener(Notebook):
        def handle(self, request: Request) -> Response:
            seen.append(request)
            return Response(204)

    with StandinServer(Listener()) as server:
        reply = requests.get(f"{server.url}/p/a%2Fb?x=1&x=%C3%A5&flag", timeout=5)
    assert (reply.status_code, reply.content) == (204, b"")
    assert (seen[0].path, seen[0].raw_path) == ("/p/a/b", "/p/a%2Fb")
    assert seen[0].query == [("x", "1"), ("x", "å"), ("flag", "")]
    assert seen[0].param("x") == "å"
    assert seen[0].base_url == server.url
    assert "uSeR-aGeNt" in seen[0].headers


def test_an_error_inside_a_stand_in_is_kept_and_answered(server):
    server.standin.breaks = True
    assert post(server).status_code == 500
    assert "a bug in the stand-in" in server.counters()["crashes"][0]


# --- counters, clock, snapshots, control ---------------------------------------------------------------------------


def test_counts_routes_writes_effects_answers_and_doubles(server):
    server.faults.set([{"kind": "error_500", "number": 3}])
    post(server, "same")
    post(server, "same")
    post(server)
    requests.get(f"{server.url}/notes/17", timeout=5)
    counters = requests.get(f"{server.url}/_standin/counters", timeout=5).json()
    assert counters["by_route"] == {"POST /notes": 3, "GET /notes/{n}": 1}
    assert (counters["requests"], counters["writes"], counters["effects"]) == (4, 3, 2)
    assert counters["responses"] == {"201": 2, "500": 1, "200": 1}
    assert counters["doubles"] == ["same"]
    log = requests.get(f"{server.url}/_standin/requests", timeout=5).json()
    assert [(entry["number"], entry["status"], entry["fault"]) for entry in log][2:] == [
        (3, 500, "error_500"),
        (4, 200, None),
    ]


def test_counts_the_requests_in_flight(server, pool):
    server.faults.set([{"kind": "pause_before", "number": 1, "times": 3}])
    replies = [pool.submit(post, server) for _ in range(3)]
    for pause in server.wait_until_paused(3):
        server.resume(pause["number"])
    assert [reply.result(5).status_code for reply in replies] == [201, 201, 201]
    counters = server.counters()
    assert (counters["max_in_flight"], counters["in_flight"], counters["connections"]) == (3, 0, 3)


def test_snapshot_restores_state_and_clock_many_times(server):
    server.set_clock(NOON)
    post(server, "kept")
    state = requests.post(f"{server.url}/_standin/snapshot", timeout=5).json()["id"]
    for _ in range(20):
        post(server, "gone")
        server.advance(60)
        reply = requests.post(f"{server.url}/_standin/restore", json={"id": state}, timeout=5)
        assert reply.json() == {"restored": state}
        assert notes(server) == ["kept"]
        assert server.clock.now() == NOON
    assert requests.post(f"{server.url}/_standin/restore", json={"id": 99}, timeout=5).status_code == 404


def test_clock_stands_advances_and_runs_again(server):
    url = f"{server.url}/_standin/clock"
    assert requests.post(url, json={"now": "2026-03-02T13:00:00+01:00"}, timeout=5).json() == {
        "now": "2026-03-02T12:00:00+00:00",
        "runs": False,
    }
    assert requests.post(url, json={"advance_s": 90}, timeout=5).json()["now"] == "2026-03-02T12:01:30+00:00"
    post(server)
    assert server.standin.notes[0]["at"] == "2026-03-02T12:01:30+00:00"
    assert requests.post(url, json={"now": None}, timeout=5).json()["runs"] is True
    assert abs(server.clock.now() - datetime.now(UTC)) < timedelta(seconds=5)
    assert requests.post(url, json={"now": "2026-03-02T13:00:00"}, timeout=5).status_code == 400


def test_reset_drops_what_waits_and_starts_anew(server, pool):
    server.faults.set([{"kind": "pause_before", "number": 2}])
    post(server)
    waiting = pool.submit(post, server)
    server.wait_until_paused()
    assert requests.post(f"{server.url}/_standin/reset", timeout=5).status_code == 200
    assert isinstance(waiting.exception(5), requests.ConnectionError)
    assert notes(server) == []
    assert server.counters()["requests"] == 0
    assert post(server).status_code == 201


def test_latency_delays_answers_without_holding_others_up(server, pool):
    assert requests.post(f"{server.url}/_standin/settings", json={"latency_ms": 150}, timeout=5).status_code == 200
    started = time.monotonic()
    replies = [pool.submit(post, server) for _ in range(4)]
    assert {reply.result(5).status_code for reply in replies} == {201}
    assert 0.15 <= time.monotonic() - started < 0.55
    assert requests.post(f"{server.url}/_standin/settings", json={"colour": 1}, timeout=5).status_code == 400


def test_unknown_control_names_the_known_ones(server):
    reply = requests.get(f"{server.url}/_standin/nonsense", timeout=5)
    assert reply.status_code == 404
    assert "GET /_standin/counters" in reply.json()["known"]
    assert requests.post(f"{server.url}/_standin/restore", json={}, timeout=5).status_code == 400


def test_stop_closes_port_connections_and_held_requests(pool):
    server = StandinServer(Notebook()).start()
    server.faults.set([{"kind": "timeout", "number": 2}])
    session = requests.Session()
    session.get(f"{server.url}/notes", timeout=5)
    held = pool.submit(post, server)
    wait_for(lambda: server.counters()["requests"] == 2)
    server.stop()
    assert isinstance(held.exception(5), requests.ConnectionError)
    with pytest.raises(requests.ConnectionError):
        session.get(f"{server.url}/notes", timeout=2)
    wait_for(lambda: not [t for t in threading.enumerate() if t.name.startswith("standin")])

"""The core of the stand-ins: faults at socket level, counters, pauses, clock, snapshots, control over HTTP."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from email.utils import parsedate_to_datetime

import pytest
import requests

from standin.messages import shortest, write_json
from standin.server import Clock, Request, Response, Standin, StandinServer
from standin.system import freeze, thaw

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


class Notebook(Standin):
    """Remembers what is posted; small, but a real stand-in with state."""

    name = "notebook"

    def __init__(self) -> None:
        self.clock = Clock()
        self.notes: list[dict[str, object]] = []
        self.breaks = False

    def handle(self, request: Request) -> Response:
        if self.breaks:
            raise RuntimeError("a bug in the stand-in")
        if request.method == "POST":
            self.notes.append({"note": request.body.decode(), "at": self.clock.now().isoformat()})
            return Response(201, {"count": len(self.notes), "price": Decimal("12.50")})
        return Response(200, {"notes": [note["note"] for note in self.notes]})

    def reset(self) -> None:
        self.notes = []

    def snapshot(self) -> object:
        return freeze(self.notes)

    def restore(self, snapshot: bytes) -> None:
        self.notes = thaw(snapshot)

    def doubles(self) -> list[object]:
        texts = [note["note"] for note in self.notes]
        return sorted({text for text in texts if texts.count(text) > 1}, key=str)


@pytest.fixture
def server() -> Iterator[StandinServer]:
    with StandinServer(Notebook()) as running:
        yield running


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(8) as executor:
        yield executor


def post(server: StandinServer, text: str = "a", timeout: float = 5.0) -> requests.Response:
    return requests.post(f"{server.url}/notes", data=text, timeout=timeout)


def notes(server: StandinServer) -> list[object]:
    standin = server.standin
    assert isinstance(standin, Notebook)
    return [note["note"] for note in standin.notes]


def raw_exchange(server: StandinServer, text: bytes = b"x") -> tuple[bytes, str]:
    """Post over a bare socket; returns all bytes received and how the connection ended: closed or reset."""
    host, port = server.url.removeprefix("http://").split(":")
    received = b""
    with socket.create_connection((host, int(port)), timeout=5) as connection:
        head = f"POST /notes HTTP/1.1\r\nHost: {host}\r\nContent-Length: {len(text)}\r\n\r\n"
        connection.sendall(head.encode() + text)
        try:
            while chunk := connection.recv(4096):
                received += chunk
        except ConnectionResetError:
            return received, "reset"
    return received, "closed"


def wait_for(condition, timeout_s: float = 5.0) -> None:
    end = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < end, "the awaited state did not come"
        time.sleep(0.005)


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


# --- faults --------------------------------------------------------------------------------------------------------


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

"""The one way to call remote systems: what is repeated, what is not, and what each failure is called."""

import os
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from threading import Barrier, Thread
from typing import Any

import pytest

from pakhus.clients.budget import Unlimited
from pakhus.clients.http import Answer, Call, Limits, Transport, retry_after, to_json
from pakhus.clients.pages import Page, numbered_pages
from pakhus.clients.rackbeat import error_of
from pakhus.errors import ConfigurationError, RateLimitedError, TransientError
from standin.messages import Request, Response
from standin.server import StandinServer
from standin.system import Standin
from tests.clients.certificates import self_signed

QUICK = Limits(connect_s=1, read_s=0.4, deadline_s=2, tries=3, longest_wait_s=1.5, first_backoff_s=0.02)
WRITE = Call("POST", "/orders", body=b"{}")
READ = Call("GET", "/orders")


class Echo(Standin):
    """Answers each request with its number; keeps what was written."""

    name = "echo"

    def __init__(self) -> None:
        self.written: list[bytes] = []
        self.answer: Callable[[], Response] | None = None

    def handle(self, request: Request) -> Response:
        if request.method == "POST":
            self.written.append(request.body)
        return self.answer() if self.answer else Response(200, {"ok": True})

    def reset(self) -> None:
        self.written.clear()

    def snapshot(self) -> object:
        return list(self.written)

    def restore(self, snapshot: Any) -> None:
        self.written = list(snapshot)


@pytest.fixture
def echo() -> Echo:
    return Echo()


@pytest.fixture
def server(echo: Echo) -> Iterator[StandinServer]:
    with StandinServer(echo) as running:
        yield running


def transport(url: str, **changes: Any) -> Transport:
    settings: dict[str, Any] = {
        "system": "Rackbeat",
        "base_url": url,
        "error_table": error_of,
        "sign": lambda call, _: call,
        "budget": Unlimited(),
        "headers": {},
        "limits": QUICK,
    }
    return Transport(**{**settings, **changes})


@pytest.mark.parametrize(
    "kind", ["request_lost", "answer_lost", "error_500", "error_502_html", "reset_mid_body", "timeout"]
)
def test_read_is_repeated_until_it_succeeds(server: StandinServer, kind: str) -> None:
    server.set_faults([{"number": 1, "kind": kind, "hold_s": 1}])
    assert transport(server.url).send(READ).json() == {"ok": True}


@pytest.mark.parametrize(
    ("kind", "effects"),
    [
        ("request_lost", 0),
        ("answer_lost", 1),
        ("error_500", 0),
        ("error_502_html", 0),
        ("reset_mid_body", 1),
        ("timeout", 0),
    ],
)
def test_write_without_an_answer_is_sent_once_and_said_to_be_unknown(
    server: StandinServer, echo: Echo, kind: str, effects: int
) -> None:
    server.set_faults([{"number": 1, "kind": kind, "hold_s": 1}])
    with pytest.raises(TransientError) as failed:
        transport(server.url).send(WRITE)
    assert failed.value.maybe_done
    assert len(echo.written) == effects
    assert server.counters()["requests"] == 1


def test_cut_json_after_a_write_is_an_unknown_outcome(server: StandinServer, echo: Echo) -> None:
    server.set_faults([{"number": 1, "kind": "cut_json"}])
    with pytest.raises(TransientError) as failed:
        transport(server.url).send(WRITE).json()
    assert failed.value.maybe_done
    assert len(echo.written) == 1


def test_server_that_is_not_there_is_known_not_to_have_been_reached(server: StandinServer) -> None:
    url = server.url
    server.stop()
    with pytest.raises(TransientError) as failed:
        transport(url).send(WRITE)
    assert not failed.value.maybe_done


@pytest.mark.parametrize("kind", ["rate_limited_seconds", "rate_limited_date"])
def test_write_waits_out_a_short_rate_limit(server: StandinServer, echo: Echo, kind: str) -> None:
    server.set_faults([{"number": 1, "kind": kind, "retry_after_s": 1}])
    assert transport(server.url).send(WRITE).status == 200
    assert len(echo.written) == 1


def test_long_rate_limit_is_handed_to_the_caller(server: StandinServer) -> None:
    server.set_faults([{"number": 1, "kind": "rate_limited_seconds", "retry_after_s": 60}])
    with pytest.raises(RateLimitedError) as limited:
        transport(server.url).send(WRITE)
    assert limited.value.retry_after == timedelta(seconds=60)
    assert not limited.value.maybe_done


def test_redirect_is_refused_with_the_address_it_names(server: StandinServer, echo: Echo) -> None:
    echo.answer = lambda: Response(301, b"", headers={"Location": "https://www.shop.example/"})
    with pytest.raises(ConfigurationError, match=r"https://www\.shop\.example/"):
        transport(server.url).send(WRITE)
    assert len(echo.written) == 1


def test_page_of_a_proxy_with_status_200_is_no_answer(server: StandinServer, echo: Echo) -> None:
    echo.answer = lambda: Response(200, b"<html>maintenance</html>", content_type="text/html")
    with pytest.raises(TransientError, match="not JSON"):
        transport(server.url).send(READ).json()


def test_self_signed_certificate_is_a_configuration_error_with_advice(tmp_path: Any) -> None:
    with StandinServer(Echo(), tls=self_signed(tmp_path)) as server:
        with pytest.raises(ConfigurationError, match="CA file"):
            transport(server.url).send(WRITE)
        assert transport(server.url, verify=str(tmp_path / "cert.pem")).send(READ).status == 200
        assert transport(server.url, verify=False).send(READ).status == 200


@contextmanager
def broken_tls(files: tuple[str, str], taken: list[bytes]) -> Iterator[str]:
    """A server that reads a request over TLS, then answers with a record that cannot be deciphered."""
    listener = socket.create_server(("127.0.0.1", 0))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*files)

    def serve() -> None:
        connection, _ = listener.accept()
        with context.wrap_socket(connection, server_side=True) as secured:
            taken.append(secured.recv(65536))
            os.write(secured.fileno(), b"\x17\x03\x03\x00\x20" + b"a record nobody sealed: 32 bytes ")
            secured.recv(1)  # until the client has hung up

    with listener:
        thread = Thread(target=serve, daemon=True)
        thread.start()
        yield f"https://127.0.0.1:{listener.getsockname()[1]}"
        thread.join(5)


def test_write_over_tls_that_breaks_after_it_was_sent_may_be_done(tmp_path: Any) -> None:
    taken: list[bytes] = []
    with broken_tls(self_signed(tmp_path), taken) as url, pytest.raises(TransientError) as caught:
        transport(url, verify=str(tmp_path / "cert.pem")).send(WRITE)
    assert caught.value.maybe_done
    assert len(taken) == 1


def test_server_without_tls_is_a_configuration_error(server: StandinServer) -> None:
    with pytest.raises(ConfigurationError, match="TLS"):
        transport(server.url.replace("http://", "https://")).send(READ)


@dataclass
class Counted:
    """A budget that counts."""

    taken: int = 0
    blocked: list[timedelta] = field(default_factory=list)

    def take(self, cost: int) -> None:
        self.taken += cost

    def charge(self, cost: int) -> None:
        self.taken += cost

    def correct(self, remaining: Decimal) -> None:
        del remaining

    def block(self, retry_after: timedelta) -> None:
        self.blocked.append(retry_after)


def test_each_try_is_taken_from_the_budget_and_429_blocks_it(server: StandinServer) -> None:
    budget = Counted()
    server.set_faults([{"number": 1, "kind": "rate_limited_seconds", "retry_after_s": 1}])
    transport(server.url, budget=budget).send(READ)
    assert budget.taken == 2
    assert budget.blocked == [timedelta(seconds=1)]


def test_threads_have_connections_of_their_own_and_reuse_them(server: StandinServer) -> None:
    shared, barrier = transport(server.url), Barrier(3)

    def reads() -> None:
        barrier.wait()
        for _ in range(4):
            shared.send(READ)

    threads = [Thread(target=reads) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert server.counters()["connections"] == 3


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("7", 7), ("Sat, 21 Nov 2026 12:00:30 GMT", 30), ("Sat, 21 Nov 2026 11:00:00 GMT", 0), ("soon", 15), ("", 15)],
)
def test_retry_after_is_read_in_both_forms_by_the_clock_of_the_server(text: str, seconds: int) -> None:
    headers = {"Retry-After": text, "Date": "Sat, 21 Nov 2026 12:00:00 GMT"}
    assert retry_after(headers, default_s=15) == timedelta(seconds=seconds)


def test_decimals_are_written_digit_by_digit_and_floats_refused() -> None:
    assert to_json({"a": Decimal("12.50"), "b": [Decimal("0.1")], "ø": 1}) == '{"a":12.50,"b":[0.1],"ø":1}'.encode()
    with pytest.raises(TypeError):
        to_json({"a": [0.1]})


def test_fractions_are_read_as_decimals() -> None:
    answer = Answer(200, {}, b'{"netAmount": 0.10}', READ)
    assert answer.json()["netAmount"] == Decimal("0.10")


def test_pages_end_at_the_total_or_an_empty_page() -> None:
    pages = {1: Page([1, 2], 2), 2: Page([3], 2), 3: Page([], 2)}
    assert list(numbered_pages(pages.__getitem__, identity=lambda row: row)) == [[1, 2], [3]]
    endless = {1: Page([1], None), 2: Page([2], None), 3: Page([], None)}
    assert list(numbered_pages(endless.__getitem__, identity=lambda row: row)) == [[1], [2]]


def test_page_that_repeats_is_an_error_and_so_is_a_list_without_end() -> None:
    with pytest.raises(TransientError, match="repeats"):
        list(numbered_pages(lambda _: Page([1, 2]), identity=lambda row: row))
    with pytest.raises(TransientError, match="more than 5 pages"):
        list(numbered_pages(lambda number: Page([number]), identity=lambda row: row, cap=5))

"""The proxy lets the shops' webhooks in and nothing else. Needs nginx; the server behind it is one of a few lines."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from apps.webhook_inbox import MOST_BYTES
from stack.proxy import NoNginxError, Proxy, filled
from stack.runner import Runner

HOOK = "/pakhus/hooks/nordlys"


class Airflow(ThreadingHTTPServer):
    """Answers everything and remembers the request lines, headers and bodies that came."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.came: list[tuple[str, dict[str, str], bytes]] = []


class _Handler(BaseHTTPRequestHandler):
    wbufsize = -1  # one packet for each answer

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        server = self.server
        assert isinstance(server, Airflow)
        server.came.append((f"{self.command} {self.path}", dict(self.headers), body))
        self.send_response(202)
        self.send_header("Content-Length", "4")
        self.end_headers()
        self.wfile.write(b"here")

    do_GET = do_POST = do_PUT = do_DELETE = _answer  # noqa: N815 - the names it has there

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name it has there
        pass


@pytest.fixture(scope="module")
def airflow() -> Iterator[Airflow]:
    server = Airflow()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(scope="module")
def proxy(airflow: Airflow, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    directory = tmp_path_factory.mktemp("proxy")
    directory.chmod(0o755)
    proxy = Proxy(directory / "nginx", f"127.0.0.1:{airflow.server_address[1]}")
    try:
        component = proxy.component()
    except NoNginxError as error:
        pytest.skip(str(error))
    with Runner(directory / "run") as runner:
        runner.start(component)
        yield proxy


def test_passes_a_webhook_on_unchanged(proxy: Proxy, airflow: Airflow) -> None:
    headers = {"X-WC-Webhook-Signature": "c2lnbmF0dXJl", "Content-Type": "application/json"}
    assert proxy.ask("POST", HOOK, b'{"id": 1042}', headers) == (202, b"here")
    line, came, body = airflow.came[-1]
    assert (line, body) == (f"POST {HOOK}", b'{"id": 1042}')
    assert headers.items() <= came.items()


def test_tells_airflow_who_called_and_believes_no_caller_in_that(proxy: Proxy, airflow: Airflow) -> None:
    proxy.ask("POST", HOOK, b"{}", {"X-Forwarded-For": "10.0.0.1", "Forwarded": "for=10.0.0.1"})
    _, came, _ = airflow.came[-1]
    assert came["X-Forwarded-For"] == "127.0.0.1"
    assert came["X-Forwarded-Proto"] == "https"
    assert "Forwarded" not in came


def test_passes_as_much_as_the_app_takes_and_refuses_more(proxy: Proxy, airflow: Airflow) -> None:
    assert proxy.ask("POST", HOOK, b"x" * MOST_BYTES)[0] == 202
    assert len(airflow.came[-1][2]) == MOST_BYTES
    before = len(airflow.came)
    # Refused by what the length says; nginx then closes without reading a body that nobody wants.
    assert proxy.ask("POST", HOOK, b"", {"Content-Length": str(MOST_BYTES + 1)})[0] == 413
    assert len(airflow.came) == before


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "OPTIONS"])
def test_refuses_every_method_but_post(proxy: Proxy, airflow: Airflow, method: str) -> None:
    before = len(airflow.came)
    assert proxy.ask(method, HOOK)[0] == 405
    assert len(airflow.came) == before


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/api/v2/dags",
        "/api/v2/monitor/health",
        "/auth/token",
        "/auth/login",
        "/execution/health",
        "/ui/config",
        "/pluginsv2/x",
        "/static/pin_32.png",
        "/docs",
        "/openapi.json",
        "/pakhus",
        "/pakhus/",
        "/pakhus/transfers",
        "/pakhus/hooks",
        "/pakhus/hooks/",
        "/pakhus/hooks/nordlys/",
        "/pakhus/hooks/nordlys/more",
        "/pakhus/hooks/Nordlys",
        "/pakhus/hooks/../transfers",
        "/pakhus/hooks/%2e%2e/transfers",
        "/pakhus/hooks/nordlys/../../../api/v2/dags",
        "/pakhus/hooks/nordlys%2f..%2f..%2f..%2fapi%2fv2%2fdags",
        "/pakhus/hooks/nordlys%0d%0aX-Injected:%201",
        "//api/v2/dags",
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_refuses_every_other_path(proxy: Proxy, airflow: Airflow, method: str, path: str) -> None:
    before = len(airflow.came)
    assert proxy.ask(method, path)[0] == 404
    assert len(airflow.came) == before


@pytest.mark.parametrize("prefix", ["/execution/..%2f", "/api/v2/..%2F..", "/auth/%2e%2e", "/pakhus/../"])
def test_hands_over_what_a_path_means_not_how_it_is_written(proxy: Proxy, airflow: Airflow, prefix: str) -> None:
    """Airflow reads such a path otherwise than the proxy does, so it must never see it."""
    before = len(airflow.came)
    status, _ = proxy.ask("POST", f"{prefix}{HOOK}?x=1", b"{}")
    assert status in (202, 404)
    assert {line for line, _, _ in airflow.came[before:]} <= {f"POST {HOOK}"}


def test_answers_nobody_who_asks_for_another_name(proxy: Proxy) -> None:
    with pytest.raises(ssl.SSLError):
        proxy.ask("POST", HOOK, b"{}", host="other.example")


def test_takes_no_webhook_without_tls(proxy: Proxy, airflow: Airflow) -> None:
    before = len(airflow.came)
    assert proxy.ask("POST", HOOK, b"{}", tls=False)[0] == 404
    assert len(airflow.came) == before


def test_shows_a_certificate_authority_its_proof_without_tls(proxy: Proxy) -> None:
    proof = proxy.directory / "acme" / ".well-known" / "acme-challenge" / "token"
    proof.parent.mkdir(parents=True)
    proof.write_text("proof")
    assert proxy.ask("GET", "/.well-known/acme-challenge/token", tls=False) == (200, b"proof")


def test_slows_a_flood_down_after_a_burst(proxy: Proxy) -> None:
    connection = proxy.connect()
    statuses = []
    for _ in range(600):
        connection.request("POST", HOOK, b"{}")
        answer = connection.getresponse()
        answer.read()
        statuses.append(answer.status)
    connection.close()
    assert set(statuses) == {202, 429}
    assert statuses.index(429) >= 300  # a shop that changes hundreds of orders at once is heard


def test_refuses_a_template_with_a_value_that_nobody_gives() -> None:
    with pytest.raises(KeyError):
        filled("server ${PAKHUS_UNKNOWN}", {})


def test_puts_nothing_in_for_the_proxys_own_variables() -> None:
    template = "set $airflow ${PAKHUS_API_SERVER}; # $host ${HOME}"
    assert filled(template, {"PAKHUS_API_SERVER": "a:1"}) == "set $airflow a:1; # $host ${HOME}"

"""The stand-ins as a process of their own, over TLS, and their distance from the code under test."""

from __future__ import annotations

import ast
import ipaddress
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from standin.__main__ import start
from standin.clock import Clock
from standin.configuration import Entry, read_configuration
from standin.registry import create, default_seed
from standin.server import StandinServer

ROOT = Path(__file__).resolve().parents[2]
OTHER_CREDENTIALS = {"app_secret_token": "a", "agreement_grant_token": "b"}
CONFIGURATION = """
stand_ins:
  - system: rackbeat
    name: lager
    settings: {rate_limit: 9}
  - system: economic
    name: regnskab
    credentials: {app_secret_token: a, agreement_grant_token: b}
    latency_ms: 1
    shop_products:
      - {sku: SHOP-1, name: Trøje, net_price: "79.96"}
      - {sku: this-number-is-far-too-long-for-it, name: Lang, net_price: "1.00"}
      - {sku: BOG, name: Bog, net_price: "10", vat_percentage: 0}
"""


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """A certificate for 127.0.0.1 that signs itself, and its key."""
    folder, key = tmp_path_factory.mktemp("tls"), ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    plain = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "cert.pem").write_bytes(built.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(key.private_bytes(*plain))
    return str(folder / "cert.pem"), str(folder / "key.pem")


@contextmanager
def process(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    """``python -m standin`` with these arguments, ended by SIGTERM."""
    command = [sys.executable, "-m", "standin", *arguments]
    running = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True)
    try:
        yield running
    finally:
        running.send_signal(signal.SIGTERM)
        try:
            running.wait(10)
        finally:
            running.kill()
            assert running.stderr is not None
            running.stderr.close()


def wait_for_file(path: Path, timeout_s: float = 15.0) -> dict[str, str]:
    end = time.monotonic() + timeout_s
    while not path.exists():
        assert time.monotonic() < end, f"{path.name} did not appear"
        time.sleep(0.02)
    found: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
    return found


def test_process_runs_all_stand_ins_of_a_file_until_it_is_told_to_stop(tmp_path):
    (tmp_path / "stand-ins.yaml").write_text(CONFIGURATION, encoding="utf-8")
    arguments = ("--config", str(tmp_path / "stand-ins.yaml"), "--urls", str(tmp_path / "urls.json"))
    with process(*arguments) as running:
        urls = wait_for_file(tmp_path / "urls.json")
        assert sorted(urls) == ["lager", "regnskab"]
        token = {"Authorization": "Bearer rackbeat-test-token"}
        reply = requests.get(f"{urls['lager']}/api/self", headers=token, timeout=5)
        assert reply.headers["X-RateLimit-Limit"] == "9"
        tokens = {"X-AppSecretToken": "a", "X-AgreementGrantToken": "b"}
        product = requests.get(f"{urls['regnskab']}/products/SHOP-1", headers=tokens, timeout=5).json()
        assert (product["salesPrice"], product["productGroup"]["productGroupNumber"]) == (79.96, 1)
        group = requests.get(f"{urls['regnskab']}/products/BOG", headers=tokens, timeout=5).json()["productGroup"]
        accounts = requests.get(group["salesAccounts"], headers=tokens, timeout=5).json()["collection"]
        assert "vatAccount" not in accounts[0]["salesAccount"]
        requests.post(f"{urls['lager']}/_standin/clock", json={"now": "2026-03-02T12:00:00+00:00"}, timeout=5)
        clock = requests.get(f"{urls['regnskab']}/_standin/clock", timeout=5).json()
        assert clock == {"now": "2026-03-02T12:00:00+00:00", "runs": False}
    assert running.returncode == 0
    with pytest.raises(requests.ConnectionError):
        requests.get(urls["lager"], timeout=2)


def test_process_takes_short_arguments(tmp_path):
    with process("--run", "economic:regnskab", "--urls", str(tmp_path / "urls.json")):
        url = wait_for_file(tmp_path / "urls.json")["regnskab"]
        assert requests.get(f"{url}/self?demo=true", timeout=5).json()["settings"] == {"baseCurrency": "DKK"}


@pytest.mark.parametrize(
    "text",
    ["stand_ins: 7", "stand_ins: [{system: sap, name: x}]", "stand_ins: [{system: economic, name: x, colour: 1}]"],
)
def test_refuses_a_configuration_that_makes_no_sense(tmp_path, text):
    (tmp_path / "stand-ins.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=r"."):
        read_configuration(tmp_path / "stand-ins.yaml")


def test_refuses_two_stand_ins_of_one_name_and_stops_those_already_up():
    entries = [Entry("rackbeat", "a"), Entry("economic", "a")]
    with pytest.raises(ValueError, match="name of its own"):
        start(entries)
    with pytest.raises(ValueError, match="no setting"):
        start([Entry("rackbeat", "a"), Entry("economic", "b", settings={"colour": 1})])


def test_serves_over_tls(certificate):
    standin = create("rackbeat", "lager", default_seed("rackbeat"))
    with StandinServer(standin, tls=certificate) as server, requests.Session() as session:
        assert server.url.startswith("https://127.0.0.1:")
        session.trust_env = False  # a bundle named in the environment would win
        session.verify = certificate[0]
        session.headers["Authorization"] = "Bearer rackbeat-test-token"
        location = session.get(f"{server.url}/api/locations", timeout=5).json()["locations"][0]
        assert location["self"].startswith(server.url)
        server.faults.set([{"kind": "reset_mid_body", "nth": 1, "path_regex": "self"}])
        with pytest.raises(requests.RequestException):
            session.get(f"{server.url}/api/self", timeout=5)
        assert session.get(f"{server.url}/api/self", timeout=5).status_code == 200


def test_each_server_can_have_a_clock_of_its_own_or_share_one():
    shared = Clock(datetime(2026, 1, 1, tzinfo=UTC))
    servers = start([Entry("rackbeat", "a"), Entry("economic", "b", credentials=OTHER_CREDENTIALS)], shared)
    try:
        servers["a"].advance(10)
        assert servers["b"].clock.now() == datetime(2026, 1, 1, 0, 0, 10, tzinfo=UTC)
    finally:
        for server in servers.values():
            server.stop()


def test_stand_ins_import_nothing_of_the_code_under_test():
    imported = set()
    for path in (ROOT / "standin").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                imported |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                imported.add((node.module or "").partition(".")[0])
    assert imported - set(sys.stdlib_module_names) <= {"standin", "yaml", "aiosmtpd"}


def test_no_file_of_the_stand_ins_names_a_path_of_a_machine():
    home = os.path.expanduser("~")  # noqa: PTH111 - the text as it would be written
    for path in (ROOT / "standin").rglob("*.*"):
        if path.suffix in {".py", ".json", ".yaml"}:
            text = path.read_text(encoding="utf-8")
            assert str(ROOT) not in text
            assert home == "/" or f"{home}/" not in text

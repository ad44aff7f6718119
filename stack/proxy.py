"""The reverse proxy of docker-compose.yaml as a local process: nginx with the same configuration, on free ports.

nginx is Debian's (package nginx-light). The certificate is made here, for a name that stands for the host's.
"""

import os
import re
import shutil
import socket
import ssl
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from stack import ROOT
from stack.runner import Component
from stack.waiting import answers, free_port

TEMPLATE = ROOT / "deploy" / "proxy.conf.template"
HOST = "pakhus.example"
TIMEOUT_S = 20


class NoNginxError(Exception):
    """nginx is not installed."""


class Proxy:
    """nginx in one directory, in front of the API server at ``upstream`` (host:port)."""

    def __init__(self, directory: Path, upstream: str) -> None:
        self.directory = directory.resolve()
        self.upstream = upstream
        self._https, self._http, self._health = free_port(), free_port(), free_port()

    def component(self) -> Component:
        """The proxy, ready when its health check answers. Raises NoNginxError where nginx is not installed."""
        program = shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin")
        if program is None:
            raise NoNginxError("nginx is not installed; as root: stack/debian-packages.sh --deployment --install")
        self.directory.mkdir(parents=True, exist_ok=True)
        _write_certificate(self.directory)
        configuration = self.directory / "proxy.conf"
        configuration.write_text(filled(TEMPLATE.read_text(), self._values()))
        # As root nginx would take another account for its work, which may not reach this directory.
        globally = "daemon off;" if os.geteuid() else "daemon off; user root root;"
        argv = [program, "-e", "stderr", "-c", str(configuration), "-g", globally]
        return Component("proxy", argv, ready=answers(f"http://127.0.0.1:{self._health}/"), ready_within_s=20)

    def ask(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        *,
        host: str = HOST,
        tls: bool = True,
    ) -> tuple[int, bytes]:
        """Send a request from outside, the path as it is written here; return status and body of the answer.

        Raises ssl.SSLError where the proxy does not even shake hands.
        """
        connection = self.connect(host, tls=tls)
        try:
            connection.request(method, path, body, dict(headers or {}))
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def connect(self, host: str = HOST, *, tls: bool = True) -> HTTPConnection:
        """Open a connection from outside."""
        raw = socket.create_connection(("127.0.0.1", self._https if tls else self._http), timeout=TIMEOUT_S)
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection = HTTPConnection(host)
        connection.sock = self._trusted(raw, host) if tls else raw
        return connection

    def _trusted(self, raw: socket.socket, host: str) -> ssl.SSLSocket:
        trust = ssl.create_default_context(cafile=str(self.directory / "fullchain.pem"))
        trust.check_hostname = host == HOST
        return trust.wrap_socket(raw, server_hostname=host)

    def _values(self) -> dict[str, str]:
        return {
            "PAKHUS_HOST": HOST,
            "PAKHUS_API_SERVER": self.upstream,
            "PAKHUS_RESOLVER": "127.0.0.1",  # not asked: the upstream is an address here
            "PAKHUS_LISTEN_HTTPS": f"127.0.0.1:{self._https}",
            "PAKHUS_LISTEN_HTTP": f"127.0.0.1:{self._http}",
            "PAKHUS_LISTEN_HEALTH": f"127.0.0.1:{self._health}",
            "PAKHUS_TLS": str(self.directory),
            "PAKHUS_ACME": str(self.directory / "acme"),
            "PAKHUS_PROXY_STATE": str(self.directory),
        }


def filled(template: str, values: Mapping[str, str]) -> str:
    """Put in the values of ${PAKHUS_…}, as the image does at its start; KeyError for one that nobody gives."""
    return re.sub(r"\$\{(PAKHUS_\w+)\}", lambda match: values[match[1]], template)


def _write_certificate(directory: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, HOST)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    file = directory / "privkey.pem"
    file.touch(mode=0o600)
    pem = serialization.PrivateFormat.PKCS8
    file.write_bytes(key.private_bytes(serialization.Encoding.PEM, pem, serialization.NoEncryption()))
    (directory / "fullchain.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))

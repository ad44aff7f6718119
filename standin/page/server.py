"""The page's own HTTP server, on loopback: three files, the state as JSON, and the acts of a person."""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socketserver import TCPServer
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from standin.messages import write_json
from standin.page.people import act
from standin.page.world import System, World

STATIC = Path(__file__).parent / "static"
FILES = {
    "/": ("index.html", "text/html; charset=utf-8"),
    "/page.js": ("page.js", "text/javascript; charset=utf-8"),
    "/page.css": ("page.css", "text/css; charset=utf-8"),
}
LARGEST_BODY = 65536
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


class RefusedError(Exception):
    """The request is answered with this status and message."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class PageServer:
    """Serves one `World`. Use ``start`` and ``stop``, or as a context manager.

    However many tabs ask, the systems are read again only when what was read is older than ``fresh_s``.
    """

    def __init__(self, world: World, host: str = "127.0.0.1", port: int = 0, fresh_s: float = 0.5) -> None:
        self.world = world
        self.fresh_s = fresh_s
        self._listener = _Listener((host, port), _Handler)
        self._listener.page = self
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()
        self._seen: tuple[float, str, bytes] = (0.0, "", b"")

    @property
    def url(self) -> str:
        """The page's address, without a slash at the end."""
        host, port = self._listener.server_address[:2]
        return f"http://{host!s}:{port}"

    def start(self) -> Self:
        """Serve in threads of this process."""
        self._thread = threading.Thread(target=self._listener.serve_forever, args=(0.05,), name="page", daemon=True)
        self._thread.start()
        return self

    def stop(self) -> None:
        """Close the port; running trouble is forgotten."""
        if self._thread is not None:
            self._listener.shutdown()
            self._thread.join()
            self._thread = None
        self._listener.server_close()
        self.world.troubles.stop()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *error: object) -> None:
        self.stop()

    def state(self) -> tuple[str, bytes]:
        """A mark that changes with the state, and the state as JSON."""
        with self._lock:
            made, mark, body = self._seen
            if not body or time.monotonic() - made > self.fresh_s:
                body = write_json(self.world.view()).encode()
                mark = hashlib.blake2b(body, digest_size=12).hexdigest()
                self._seen = (time.monotonic(), mark, body)
            return mark, body

    def act(self, value: Mapping[str, Any]) -> object:
        """What a person did: in a system, or trouble for it. Raises ValueError, LookupError, KeyError."""
        name = str(value["system"])
        system = self._system(name)
        result: object
        if "trouble" in value:
            self._make_trouble(name, system, value["trouble"])
            result = self.world.troubles.listing()
        else:
            result = act(system.kind, system.server, {k: v for k, v in value.items() if k != "system"})
        with self._lock:
            self._seen = (0.0, "", b"")
        return result

    def _system(self, name: str) -> System:
        if name not in self.world.systems:
            raise LookupError(f"there is no system {name!r} here")
        return self.world.systems[name]

    def _make_trouble(self, name: str, system: System, kind: object) -> None:
        if kind is None:
            self.world.troubles.end(name, system.server)
        else:
            self.world.troubles.begin(name, system.server, str(kind))


class _Listener(ThreadingHTTPServer):
    daemon_threads = True
    page: PageServer

    def server_bind(self) -> None:
        """Bind without looking the host's name up, as the base class would."""
        TCPServer.server_bind(self)

    def handle_error(self, _request: Any, _client_address: Any) -> None:
        """A browser that goes away is the normal case."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 60

    def do_GET(self) -> None:
        """The files, and the state."""
        self._answer(self._get)

    def do_POST(self) -> None:
        """The acts."""
        self._answer(self._post)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class calls it so
        """Nobody reads a log of polls."""

    def _answer(self, made: Callable[[], None]) -> None:
        try:
            self._check_host()
            made()
        except RefusedError as refused:
            self._send_json(refused.status, {"message": str(refused)})
        except KeyError as error:
            self._send_json(400, {"message": f"{error} is missing"})
        except LookupError as error:
            self._send_json(404, {"message": str(error)})
        except (ValueError, TypeError, AttributeError) as error:
            self._send_json(400, {"message": str(error)})

    def _check_host(self) -> None:
        """Refuse names that others made to lead here: their pages must not read or work this one."""
        host = urlsplit(f"//{self.headers.get('Host', '')}").hostname
        if host not in {"127.0.0.1", "localhost", "::1"}:
            raise RefusedError(403, "This page answers to 127.0.0.1 and localhost only.")

    def _get(self) -> None:
        parts = urlsplit(self.path)
        if parts.path in FILES:
            name, kind = FILES[parts.path]
            self._send(200, (STATIC / name).read_bytes(), kind)
        elif parts.path == "/frame":
            self._send_json(200, self._page.world.frame())
        elif parts.path == "/state":
            mark, body = self._page.state()
            if parse_qs(parts.query).get("seen") == [mark]:
                self._send(204, b"", mark=mark)
            else:
                self._send(200, body, mark=mark)
        else:
            raise RefusedError(404, "There is no such page.")

    def _post(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        if length > LARGEST_BODY:
            self.close_connection = True
            raise RefusedError(413, "That is too much for one act.")
        body = self.rfile.read(length)
        # A form of another site cannot send JSON without asking first.
        if self.headers.get_content_type() != "application/json":
            raise RefusedError(415, "Send JSON.")
        if self.path != "/act":
            raise RefusedError(404, "There is no such page.")
        value = json.loads(body)
        if not isinstance(value, dict):
            raise RefusedError(400, "An act is an object.")
        self._send_json(200, self._page.act(value))

    @property
    def _page(self) -> PageServer:
        page: PageServer = self.server.page  # type: ignore[attr-defined]
        return page

    def _send_json(self, status: int, value: object) -> None:
        self._send(status, write_json(value).encode())

    def _send(self, status: int, body: bytes, kind: str = "application/json", mark: str = "") -> None:
        self.send_response(status)
        for name, text in _HEADERS.items():
            self.send_header(name, text)
        if mark:
            self.send_header("ETag", f'"{mark}"')
        if status != 204:
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

"""One client connection: reads requests, applies faults, writes answers or breaks off as ordered."""

from __future__ import annotations

import itertools
import socket
import struct
import time
from datetime import timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote

from standin.control import CONTROL_PREFIX, control
from standin.counting import LoggedRequest
from standin.faults import Fault
from standin.messages import Headers, Request, Response

if TYPE_CHECKING:
    from standin.server import StandinServer

_HTML_502 = "<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1><hr>nginx</body></html>\n"
_ids = itertools.count(1)


class Connection(BaseHTTPRequestHandler):
    """Handles one connection with keep-alive."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def setup(self) -> None:
        """Register the connection, so that stopping the server can cut it."""
        self.id = next(_ids)
        self._entry: LoggedRequest | None = None
        self._request: Request
        self.standin_server: StandinServer = self.server.standin_server  # type: ignore[attr-defined]
        super().setup()
        self.standin_server.opened(self)

    def finish(self) -> None:
        """Forget the connection."""
        self.standin_server.closed(self)
        super().finish()

    def handle_one_request(self) -> None:
        """Read one request whole, then answer it."""
        try:
            self.raw_requestline = self.rfile.readline(65537)
            if not self.raw_requestline or not self.parse_request():
                self.close_connection = True
                return
            request = self._read()
        except (OSError, ValueError):
            # The client went away or spoke no HTTP, or stop() closed the socket under this thread.
            self.close_connection = True
            return
        try:
            if request.path.startswith(CONTROL_PREFIX):
                self._send(control(self.standin_server, request))
            else:
                self._serve(request)
        except OSError:
            self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class calls it so
        """The request log is kept in the counters."""

    def cut(self) -> None:
        """End the connection from another thread."""
        try:
            self.connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            return

    # --- reading -------------------------------------------------------------------------------------------------

    def _read(self) -> Request:
        raw_path, _, raw_query = self.path.partition("?")
        headers = Headers(self.headers.items())
        body = self._read_chunks() if "chunked" in headers.get("transfer-encoding", "") else b""
        if length := int(headers.get("content-length") or 0):
            body = self.rfile.read(length)
            if len(body) < length:
                raise ConnectionError("the client closed in the middle of its body")
        host, port = self.connection.getsockname()[:2]
        scheme = "https" if hasattr(self.connection, "getpeercert") else "http"
        return Request(
            method=self.command,
            path=unquote(raw_path),
            query=parse_qsl(raw_query, keep_blank_values=True),
            headers=headers,
            body=body,
            received_at=self.standin_server.clock.now(),
            raw_path=raw_path,
            raw_query=raw_query,
            base_url=f"{scheme}://{headers.get('host', f'{host}:{port}')}",
            arrived=time.monotonic(),
        )

    def _read_chunks(self) -> bytes:
        parts = []
        while size := int(self.rfile.readline(1024).split(b";")[0], 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline(8)
        while self.rfile.readline(1024).strip():
            pass
        return b"".join(parts)

    # --- answering -----------------------------------------------------------------------------------------------

    def _serve(self, request: Request) -> None:
        server = self.standin_server
        names = [name for name, _ in request.query]
        entry = server.counts.arrived(
            self.id, request.received_at, request.method, request.path, names, server.standin.route(request)
        )
        self._entry, self._request = entry, request
        fault = server.faults.pick(entry.number, request.method, request.path)
        try:
            if fault is None:
                self._answer(server.carry_out(request))
            else:
                entry.fault = fault.kind
                _STRIKES[fault.kind](self, request, fault)
        finally:
            self._count(None)
            server.standin.after_reply()

    def _answer(self, response: Response) -> None:
        if self.standin_server.latency_ms:
            time.sleep(self.standin_server.latency_ms / 1000)
        self._count(response.status)
        self._send(response)

    def _count(self, status: int | None) -> None:
        """Complete the log entry. Before the bytes go out: who has an answer finds it counted."""
        if self._entry is not None:
            self.standin_server.counts.answered(self._entry, status)
            if self._entry.fault != "late_commit":
                self.standin_server.standin.ended(self._request)
            self._entry = None

    def _send(self, response: Response, sent_part: float = 1.0) -> None:
        body = response.encoded()
        headers = dict(response.headers)
        if body:
            headers["Content-Type"] = response.content_type
        if response.status not in {204, 304}:
            headers["Content-Length"] = str(len(body))
        if self.close_connection:
            headers["Connection"] = "close"
        reason = self.responses[response.status][0] if response.status in self.responses else ""
        today = format_datetime(self.standin_server.clock.now(), usegmt=True)
        lines = [f"HTTP/1.1 {response.status} {reason}", f"Date: {today}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        head = ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
        sent = b"" if self.command == "HEAD" else body[: int(len(body) * sent_part)]
        # Headers and body in one segment: a client never sees one without the other unless a fault says so.
        self.wfile.write(head + sent)

    # --- faults --------------------------------------------------------------------------------------------------

    def _break_off(self) -> None:
        self.close_connection = True

    def _reset(self) -> None:
        """Close with a TCP reset (RST) instead of an orderly end."""
        self.close_connection = True
        time.sleep(0.01)  # lets the client see the half body before the reset
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        socket.close(self.connection.detach())

    def _request_lost(self, _request: Request, _fault: Fault) -> None:
        self._break_off()

    def _answer_lost(self, request: Request, _fault: Fault) -> None:
        self.standin_server.carry_out(request)
        self._break_off()

    def _late_commit(self, request: Request, fault: Fault) -> None:
        server = self.standin_server

        def effect() -> None:
            server.carry_out(request)
            server.standin.ended(request)
            server.standin.after_reply()

        server.late.add(fault.delay_s, effect)
        server.holds.wait(fault.hold_s)
        self._break_off()

    def _rate_limited(self, request: Request, fault: Fault) -> None:
        response = self.standin_server.standin.refusal(request, 429)
        if fault.kind == "rate_limited_date":
            until = self.standin_server.clock.now() + timedelta(seconds=fault.retry_after_s)
            response.headers["Retry-After"] = format_datetime(until, usegmt=True)
        else:
            response.headers["Retry-After"] = str(fault.retry_after_s)
        self._answer(response)

    def _error(self, request: Request, fault: Fault) -> None:
        if fault.effect:
            self.standin_server.carry_out(request)
        if fault.kind == "error_502_html":
            response = Response(502, _HTML_502, content_type="text/html")
        else:
            response = self.standin_server.standin.refusal(request, 500)
        self._answer(response)

    def _timeout(self, _request: Request, fault: Fault) -> None:
        self.standin_server.holds.wait(fault.hold_s)
        self._break_off()

    def _reset_mid_body(self, request: Request, _fault: Fault) -> None:
        response = self.standin_server.carry_out(request)
        self._count(None)
        self._send(response, sent_part=0.5)
        self._reset()

    def _cut_json(self, request: Request, _fault: Fault) -> None:
        response = self.standin_server.carry_out(request)
        body = response.encoded()
        self._answer(Response(response.status, body[: len(body) * 2 // 3], response.headers, response.content_type))

    def _pause_before(self, request: Request, fault: Fault) -> None:
        if self._may_go_on(request, "before", fault):
            self._answer(self.standin_server.carry_out(request))
        else:
            self._break_off()

    def _pause_after(self, request: Request, fault: Fault) -> None:
        response = self.standin_server.carry_out(request)
        if self._may_go_on(request, "after", fault):
            self._answer(response)
        else:
            self._break_off()

    def _may_go_on(self, request: Request, when: str, fault: Fault) -> bool:
        number = self._entry.number if self._entry else 0
        action = self.standin_server.pauses.wait(number, request.method, request.path, when, fault.hold_s)
        return action == "continue"


_STRIKES: dict[str, Any] = {
    "request_lost": Connection._request_lost,
    "answer_lost": Connection._answer_lost,
    "late_commit": Connection._late_commit,
    "rate_limited_seconds": Connection._rate_limited,
    "rate_limited_date": Connection._rate_limited,
    "error_500": Connection._error,
    "error_502_html": Connection._error,
    "timeout": Connection._timeout,
    "reset_mid_body": Connection._reset_mid_body,
    "cut_json": Connection._cut_json,
    "pause_before": Connection._pause_before,
    "pause_after": Connection._pause_after,
}

"""The core of all stand-ins: an HTTP/1.1 server with faults, counters, pauses, a clock and snapshots.

``StandinServer(standin).start()`` serves one ``Standin`` on loopback. Everything under ``/_standin/`` is control
(see ``standin.control``), never counted and never struck by a fault; each control has a Python method here as well.
"""

from __future__ import annotations

import itertools
import ssl
import sys
import threading
import traceback
from collections.abc import Iterable, Mapping
from datetime import datetime
from http.server import ThreadingHTTPServer
from socketserver import TCPServer
from typing import Any, Self

from standin.clock import Clock
from standin.connection import Connection
from standin.counting import Counters
from standin.faults import Fault, FaultList
from standin.messages import Headers, Request, Response, write_json
from standin.system import Standin
from standin.waiting import Holds, LateEffects, PauseBoard

__all__ = ["Clock", "Fault", "Headers", "Request", "Response", "Standin", "StandinServer", "write_json"]

BACKLOG = 256


class _Listener(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = BACKLOG
    standin_server: StandinServer
    tls: ssl.SSLContext | None = None

    def get_request(self) -> tuple[Any, Any]:
        connection, address = super().get_request()
        if self.tls is not None:
            # The handshake runs in the connection's own thread: a client that never finishes it blocks nobody.
            connection = self.tls.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        return connection, address

    def server_bind(self) -> None:
        """Bind without looking the host's name up, as the base class would."""
        TCPServer.server_bind(self)

    def handle_error(self, _request: Any, _client_address: Any) -> None:
        """Clients that go away are the normal case here; anything else is kept as a crash."""
        if not isinstance(sys.exc_info()[1], OSError):
            self.standin_server.counts.crashed(traceback.format_exc())


class StandinServer:
    """One stand-in on one port. ``clock`` defaults to the stand-in's own, else to real time."""

    def __init__(
        self,
        standin: Standin,
        host: str = "127.0.0.1",
        port: int = 0,
        tls: tuple[str, str] | None = None,
        clock: Clock | None = None,
    ) -> None:
        self.standin = standin
        self.clock = clock or getattr(standin, "clock", None) or Clock()
        self.faults = FaultList()
        self.pauses = PauseBoard(self.clock)
        self.holds = Holds()
        self.late = LateEffects(self.clock)
        self.counts = Counters()
        self.latency_ms = 0.0
        self._lock = threading.RLock()
        self._snapshots: dict[int, tuple[object, Any]] = {}
        self._snapshot_ids = itertools.count(1)
        self._connections: set[Connection] = set()
        self._listener = _Listener((host, port), Connection, bind_and_activate=True)
        self._listener.standin_server = self
        self._scheme = "https" if tls else "http"
        if tls:
            self._listener.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._listener.tls.load_cert_chain(*tls)
        self._thread: threading.Thread | None = None

    # --- running -------------------------------------------------------------------------------------------------

    @property
    def url(self) -> str:
        """The base URL, without a slash at the end."""
        host, port = self._listener.server_address[:2]
        return f"{self._scheme}://{host!s}:{port}"

    def start(self) -> Self:
        """Serve in threads of this process."""
        self._thread = threading.Thread(target=self._listener.serve_forever, args=(0.02,), name="standin", daemon=True)
        self._thread.start()
        return self

    def stop(self) -> None:
        """Close the port and all connections; whatever waits is dropped."""
        if self._thread is not None:
            self._listener.shutdown()
            self._thread.join()
            self._thread = None
        self._listener.server_close()
        self._let_go()
        self.late.stop()
        for connection in list(self._connections):
            connection.cut()
        self.standin.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *error: object) -> None:
        self.stop()

    # --- used by connections -------------------------------------------------------------------------------------

    def opened(self, connection: Connection) -> None:
        """A connection was accepted."""
        self._connections.add(connection)

    def closed(self, connection: Connection) -> None:
        """A connection has ended."""
        self._connections.discard(connection)

    def carry_out(self, request: Request) -> Response:
        """The effect of a request and its answer; an error inside the stand-in is kept and answered with 500."""
        with self._lock:
            try:
                response = self.standin.handle(request)
            except Exception:  # noqa: BLE001 - whatever breaks in a stand-in must fail the test, not hang its client
                self.counts.crashed(f"{request.method} {request.path}\n{traceback.format_exc()}")
                response = Response(500, {"message": "the stand-in itself failed; see counters.crashes"})
        if response.effect:
            self.counts.took_effect(request.method, response.status)
        return response

    # --- control -------------------------------------------------------------------------------------------------

    def set_faults(self, faults: Iterable[Fault | Mapping[str, Any]]) -> None:
        """Replace the ordered faults."""
        self.faults.set(faults)

    def clear_faults(self) -> None:
        """Order no faults any more."""
        self.faults.clear()

    def counters(self) -> dict[str, Any]:
        """All counts of the server and of the stand-in, and the doubled business documents."""
        with self._lock:
            own, doubles = self.standin.counts(), self.standin.doubles()
        waiting = {"late": self.late.pending(), "faults_struck": self.faults.struck()}
        return {**self.counts.report(), **waiting, **own, "doubles": doubles}

    def reset_counters(self) -> None:
        """Count from zero; the next request is number 1."""
        self.counts.reset()

    def requests(self) -> list[dict[str, Any]]:
        """The log of counted requests, oldest first, bounded."""
        return self.counts.log()

    def paused(self) -> list[dict[str, Any]]:
        """The requests that stand still."""
        return self.pauses.listing()

    def wait_until_paused(self, count: int = 1, timeout_s: float = 5.0) -> list[dict[str, Any]]:
        """Wait until ``count`` requests stand still. Raises TimeoutError."""
        return self.pauses.wait_until_paused(count, timeout_s)

    def resume(self, number: int, action: str = "continue") -> None:
        """Let a paused request go on, or drop it."""
        self.pauses.resume(number, action)

    def release(self) -> int:
        """Commit all late effects now; returns how many."""
        return self.late.release()

    def set_clock(self, now: datetime | None) -> None:
        """Stop the clock at ``now``; None lets it run in real time again."""
        if now is None:
            self.clock.run()
        else:
            self.clock.set(now)

    def advance(self, seconds: float) -> None:
        """Move the clock; late effects that come due are done when this returns."""
        self.clock.advance(seconds)

    def configure(self, settings: Mapping[str, Any]) -> None:
        """Change ``latency_ms`` and the stand-in's own switches. Raises ValueError for an unknown one."""
        own = dict(settings)
        latency = float(own.pop("latency_ms", self.latency_ms))
        with self._lock:
            self.standin.configure(own)
        self.latency_ms = latency

    def act(self, action: Mapping[str, Any]) -> object:
        """Do what a person does in the system's own pages."""
        with self._lock:
            result = self.standin.act(action)
        self.standin.after_reply()
        return result

    def dump(self) -> object:
        """The stand-in's state as JSON-able values."""
        with self._lock:
            return self.standin.dump()

    def reset(self) -> None:
        """Seed state, no faults, counts at zero, nothing waiting. The clock and the switches stay."""
        self._let_go()
        self.late.forget()
        with self._lock:
            self.standin.reset()
        self.faults.clear()
        self.counts.reset()

    def snapshot(self) -> int:
        """Keep the state and the clock; returns the id for ``restore``."""
        with self._lock:
            number = next(self._snapshot_ids)
            self._snapshots[number] = (self.standin.snapshot(), self.clock.snapshot())
            return number

    def restore(self, number: int) -> None:
        """Back to a snapshot. Whatever waits is dropped without effect; faults and counts stay. Raises LookupError."""
        if number not in self._snapshots:
            raise LookupError(f"no snapshot {number}")
        state, clock = self._snapshots[number]
        self._let_go()
        self.late.forget()
        with self._lock:
            self.standin.restore(state)
        self.clock.restore(clock)

    def _let_go(self) -> None:
        self.pauses.drop_all()
        self.holds.let_go()

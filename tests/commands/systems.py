"""The stand-ins that the example settings name, and the file of connections that leads to them."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from standin.__main__ import start
from standin.configuration import Entry
from standin.registry import default_seed
from standin.server import StandinServer

Seed = dict[str, Any]
Change = Callable[[Seed], object]
SHOPS = {"nordlys": "recorded", "fjordliv": "second"}


@dataclass
class Systems:
    """Running stand-ins by name (nordlys, fjordliv, rackbeat, economic) and the connections that lead to them."""

    servers: dict[str, StandinServer]
    connections: dict[str, dict[str, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for shop in SHOPS:
            self.connections[f"woocommerce__{shop}"] = {
                "conn_type": "woocommerce",
                "host": self.servers[shop].url,
                "login": "ck_standin",
                "password": "cs_standin",
            }
        self.connections["rackbeat__main"] = {
            "conn_type": "rackbeat",
            "host": self.servers["rackbeat"].url,
            "password": "rackbeat-test-token",
            "extra": {"path": "api"},
        }
        self.connections["economic__main"] = {
            "conn_type": "economic",
            "host": self.servers["economic"].url,
            "password": "economic-test-grant",
            "extra": json.dumps({"app_secret_token": "economic-test-app"}),
        }

        self.connections["smtp_default"] = {
            "conn_type": "smtp",
            "host": "127.0.0.1",
            "port": 25,
        }  # nobody is mailed here

    def file(self, folder: Path) -> str:
        """Write the connections as Airflow exports them; return the file's path."""
        path = folder / "connections.json"
        path.write_text(json.dumps(self.connections))
        return str(path)

    def requests(self) -> list[tuple[str, str]]:
        """Method and path of every request that any of them got."""
        return [(one["method"], one["path"]) for server in self.servers.values() for one in server.requests()]


@contextmanager
def running(changes: dict[str, Change] | None = None) -> Iterator[Systems]:
    """Run the stand-ins; `changes` alter the seeds of those named, before they start."""
    entries = [
        *(Entry.of({"system": "woocommerce", "name": name, "data": {"shop": seed}}) for name, seed in SHOPS.items()),
        *(Entry.of({"system": name, "name": name}) for name in ("rackbeat", "economic")),
    ]
    servers = start([_changed(entry, (changes or {}).get(entry.name)) for entry in entries])
    try:
        yield Systems(servers)
    finally:
        for server in servers.values():
            server.stop()


def _changed(entry: Entry, change: Change | None) -> Entry:
    if change is None:
        return entry
    seed = default_seed(entry.system)
    change(seed)
    return Entry.of({"system": entry.system, "name": entry.name, "data": seed})


@contextmanager
def another_server(body: bytes, content_type: str) -> Iterator[str]:
    """A server that answers every question with 200 and the same body: not the system that was meant."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Keep the tests' output clean."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)

"""A shop whose webhooks are on, the inbox app as a server beside another app, and a proxy that can stall."""

import base64
import hashlib
import hmac
import json
import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI

from pakhus.ledger import inbox
from pakhus.ledger.connection import Ledger
from stack import ROOT
from stack.waiting import wait_until
from tests.flows.world import World

SECRET = "letters0and1digits2of3a4new5secret"
BEFORE = "letters0and1digits2of3the4old5one"
FOREIGN = "https://nordlys.example"


def include_with_webhooks(to: Path, address: str, *, schedule: str = "*/5 * * * *") -> Path:
    """Copy the project's settings, with webhooks switched on for nordlys; returns the folder."""
    shutil.copytree(ROOT / "include", to, dirs_exist_ok=True)
    file = to / "shops" / "nordlys.yaml"
    text = file.read_text(encoding="utf-8").replace('schedule: "*/5 * * * *"', f'schedule: "{schedule}"')
    file.write_text(f"{text}\nwebhooks: {{enabled: true, address: '{address}'}}\n", encoding="utf-8")
    return to


def signed(body: bytes, secret: str, source: str, resource: str = "order") -> dict[str, str]:
    """The headers of a delivery, as the contract has them."""
    return {
        "Content-Type": "application/json",
        "X-WC-Webhook-Source": f"{source}/",
        "X-WC-Webhook-Topic": f"{resource}.updated",
        "X-WC-Webhook-Resource": resource,
        "X-WC-Webhook-Event": "updated",
        "X-WC-Webhook-Signature": base64.b64encode(hmac.digest(secret.encode(), body, hashlib.sha256)).decode(),
    }


def order(number: int, **more: Any) -> bytes:
    return json.dumps({"id": number, **more}).encode()


def waiting(ledger: Ledger) -> dict[str, int]:
    """How often each order was hinted at."""
    with ledger.begin() as tx:
        return {hint.source_id: hint.hints for hint in inbox.waiting(tx, "nordlys", "order", limit=1000)}


@contextmanager
def serving(app: Any, prefix: str = "/pakhus/hooks") -> Iterator[str]:
    """Serve the app as Airflow does: mounted, and beside other routes (here `/other`); yields the address."""
    whole = FastAPI()
    whole.add_api_route("/other", lambda: "well")
    whole.mount(prefix, app)
    config = uvicorn.Config(whole, host="127.0.0.1", port=0, log_level="error", lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        wait_until(lambda: server.started, "the server", 20)
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(10)


class StallingProxy:
    """Passes bytes on to a server, until it is told to hold them back or to hang up."""

    def __init__(self, host: str, port: int) -> None:
        self._to = (host, port)
        self._flowing = threading.Event()
        self._flowing.set()
        self._pairs: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def stall(self) -> None:
        self._flowing.clear()

    def flow(self) -> None:
        self._flowing.set()

    def hang_up(self) -> None:
        """Close everything; nothing listens any more."""
        self._flowing.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for end in self._pairs:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                far = socket.create_connection(self._to)
                self._pairs += [near, far]
                for one, other in ((near, far), (far, near)):
                    threading.Thread(target=self._pass, args=(one, other), daemon=True).start()

    def _pass(self, one: socket.socket, other: socket.socket) -> None:
        with suppress(OSError):
            while data := one.recv(65536):
                self._flowing.wait()
                other.sendall(data)
            other.shutdown(socket.SHUT_WR)


def timed(ask: Callable[[], Any]) -> tuple[Any, float]:
    """The answer, and how many seconds it took."""
    begun = time.monotonic()
    answer = ask()
    return answer, time.monotonic() - begun


def connection_variables(world: World, facts: Mapping[str, Mapping[str, Any]], **extra: str) -> dict[str, str]:
    """The connections as environment variables; `extra` goes to the shop's."""
    shop = f"woocommerce__{world.settings.shop}"
    merged = {**facts, shop: {**facts[shop], "extra": extra}}
    return {f"AIRFLOW_CONN_{conn_id.upper()}": json.dumps(fields) for conn_id, fields in merged.items()}

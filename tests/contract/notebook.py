"""A small stand-in with state, for tests of the core."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import requests

from standin.clock import Clock
from standin.server import Request, Response, Standin, StandinServer
from standin.system import freeze, thaw


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


def post(server: StandinServer, text: str = "a", timeout: float = 5.0) -> requests.Response:
    """Write a note."""
    return requests.post(f"{server.url}/notes", data=text, timeout=timeout)


def notes(server: StandinServer) -> list[object]:
    """The notes that took effect."""
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


def wait_for(condition: Callable[[], Any], timeout_s: float = 5.0) -> None:
    """Wait until the condition holds."""
    end = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < end, "the awaited state did not come"
        time.sleep(0.005)

"""Waiting with a deadline, free ports, and saying what is going on."""

import secrets
import socket
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

import requests

Result = TypeVar("Result")
Say = Callable[[str], None]
PORTS = range(20_000, 32_000)


class TimedOutError(Exception):
    """Something did not come true in time; the message says what was waited for and what was seen last."""


def wait_until(
    found: Callable[[], Result | None],
    what: str,
    within_s: float,
    every_s: float = 0.1,
    check: Callable[[], None] = lambda: None,
) -> Result:
    """Ask again and again until the answer is true and return it; ``check`` may raise to end the waiting early."""
    deadline = time.monotonic() + within_s
    while True:
        check()
        if result := found():
            return result
        if time.monotonic() > deadline:
            raise TimedOutError(f"{what}: not within {within_s:.0f} s")
        time.sleep(every_s)


def free_port() -> int:
    """A port of the loopback interface that nobody used a moment ago.

    From below the range out of which the system gives ports to outgoing connections: servers here bind seconds after
    they were promised a port, and on a busy machine a connection has taken one of those by then.
    """
    while True:
        port = secrets.choice(PORTS)
        with socket.socket() as probe, suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            return port


def answers(url: str) -> Callable[[], bool]:
    """Say whether a server answers below 500 at this loopback URL."""

    def check() -> bool:
        with suppress(requests.RequestException), loopback_session() as session:
            return session.get(url, timeout=2).status_code < 500
        return False

    return check


def loopback_session() -> requests.Session:
    """An HTTP session for this machine: proxies of the environment do not apply to it."""
    session = requests.Session()
    session.trust_env = False
    return session


def quiet(line: str) -> None:
    """Say nothing."""


def narrator() -> Say:
    """Give a function that prints each line at once, behind the seconds since now.

    A terminal that was closed must not stop the cleaning up, so failures to print are ignored.
    """
    began = time.monotonic()

    def say(line: str) -> None:
        with suppress(OSError, ValueError):
            sys.stdout.write(f"{time.monotonic() - began:6.1f} s  {line}\n")
            sys.stdout.flush()

    return say

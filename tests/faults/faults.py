"""The faults: at an HTTP boundary (by the stand-in, or by us while the stand-in holds the request), or at a commit."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import psycopg

from pakhus.ledger.connection import Ledger
from tests.faults.scene import PATIENT, Scene, Server

# name -> fault of the stand-in. Held answers outlast the client's patience; a late effect comes when time passes.
AT_BOUNDARY: dict[str, dict[str, Any]] = {
    "request lost": {"kind": "request_lost"},
    "answer lost": {"kind": "answer_lost"},
    "late commit": {"kind": "late_commit", "hold_s": 0.8, "delay_s": 110},
    "429 seconds": {"kind": "rate_limited_seconds", "retry_after_s": 30},
    "429 date": {"kind": "rate_limited_date", "retry_after_s": 30},
    "500": {"kind": "error_500"},
    "500 after effect": {"kind": "error_500", "effect": True},
    "502 HTML": {"kind": "error_502_html"},
    "502 HTML after effect": {"kind": "error_502_html", "effect": True},
    "time-out": {"kind": "timeout", "hold_s": 0.8},
    "reset mid-body": {"kind": "reset_mid_body"},
    "cut JSON": {"kind": "cut_json"},
}
WHILE_HELD = ("kill -9 before", "kill -9 after", "second run before", "second run after")
AT_COMMIT = ("kill -9 before commit", "kill -9 after commit", "ledger gone before commit", "ledger gone after commit")


@dataclass(frozen=True, slots=True)
class Case:
    """One fault at one place: the `number`-th request of a system, or the `number`-th commit."""

    place: str
    number: int
    fault: str

    def __str__(self) -> str:
        return f"{self.fault} at {self.place} {self.number}"


def strike(scene: Scene, case: Case) -> None:
    """Run the flows once with this fault in the way."""
    if case.fault in AT_COMMIT:
        scene.run(prepare=lambda ledger: break_commit(ledger, case))
        return
    server = scene.servers[case.place]
    if case.fault in WHILE_HELD:
        _while_held(scene, server, case)
        return
    server.post("faults", {"faults": [{"number": case.number, **AT_BOUNDARY[case.fault]}]})
    scene.run()
    if case.fault == "late commit":
        scene.pass_time(seconds=60)
        scene.recount()  # the effect will be of a quantity that is old by then
        scene.run()  # comes before the effect: it must not conclude anything


def _while_held(scene: Scene, server: Server, case: Case) -> None:
    when = "pause_before" if case.fault.endswith("before") else "pause_after"
    server.post("faults", {"faults": [{"number": case.number, "kind": when, "hold_s": 30}]})
    first = scene.start_run(PATIENT)
    held = _held(server, first)
    if case.fault.startswith("kill"):
        os.kill(first, signal.SIGKILL)
    else:
        scene.run()
    for number in held:
        server.post("resume", {"number": number, "action": "drop" if case.fault.startswith("kill") else "continue"})
    scene.wait(first)


def _held(server: Server, child: int) -> list[int]:
    """Wait until the request is held; none when the run ended without coming so far."""
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline:
        paused = server.get("paused")
        if paused:
            return [row["number"] for row in paused]
        if _ended(child):
            return []
        time.sleep(0.01)
    raise TimeoutError("no request was held")


def _ended(child: int) -> bool:
    with open(f"/proc/{child}/stat") as stat:  # noqa: PTH123 - not a file
        return stat.read().rsplit(")", 1)[1].split()[0] == "Z"


def break_commit(ledger: Ledger, case: Case) -> None:
    """Put a fault into the ledger of this process: at its `number`-th commit."""
    count_commits(ledger, lambda number, commit, connection: _commit(number, commit, connection, case))


def count_commits(ledger: Ledger, at: Callable[[int, Callable[[], None], Any], None]) -> None:
    """Call `at(number, commit, connection)` in place of each commit."""
    dialect, lock, seen = ledger.engine.dialect, threading.Lock(), [0]
    original = dialect.do_commit

    def counted(connection: Any) -> None:
        with lock:
            seen[0] += 1
            number = seen[0]
        at(number, lambda: original(connection), connection)

    dialect.do_commit = counted  # type: ignore[method-assign]


def _commit(number: int, commit: Callable[[], None], connection: Any, case: Case) -> None:
    if number != case.number:
        commit()
        return
    if case.fault.endswith("after commit"):
        commit()
    if case.fault.startswith("kill"):
        os.kill(os.getpid(), signal.SIGKILL)
    connection.driver_connection.close()
    raise psycopg.OperationalError("the server closed the connection unexpectedly")

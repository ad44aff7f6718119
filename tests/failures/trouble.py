"""Trouble that a test makes and mends: keys, addresses, pages of proxies; and what people then see of it."""

import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from sqlalchemy import Row, select

from pakhus.flows.report import RunReport
from pakhus.ledger.schema import documents
from pakhus.reasons import Verdict, reason
from standin.clock import Clock
from tests.flows.world import QUICK, World

SERVERS = {"woocommerce": "shop_server", "rackbeat": "warehouse_server", "economic": "accounts_server"}
# The flows' own patience is what is tested. A second try is needed by a shop whose clock a test has moved.
IMPATIENT = replace(QUICK, tries=2, first_backoff_s=0.01)


@dataclass(frozen=True)
class Elsewhere:
    """An address at which the system is not."""

    url: str
    clock: Clock


@contextmanager
def wrong_key(world: World, system: str, **keys: str) -> Iterator[None]:
    """Use other keys than the system knows, as after a typing mistake in the connection."""
    seed = world.seeds[system]
    world.seeds[system] = {**seed, "credentials": {**seed["credentials"], **keys}}
    try:
        yield
    finally:
        world.seeds[system] = seed


@contextmanager
def dead(world: World, system: str) -> Iterator[None]:
    """Nothing listens at the system's address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with _moved(world, system, f"http://127.0.0.1:{port}"):
        yield


@contextmanager
def behind_a_page(world: World, system: str, status: int = 200) -> Iterator[None]:
    """A proxy answers everything with a page for people."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _page_handler(status))
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        with _moved(world, system, f"http://127.0.0.1:{server.server_port}"):
            yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def _moved(world: World, system: str, url: str) -> Iterator[None]:
    real, limits = getattr(world, SERVERS[system]), world.limits
    setattr(world, SERVERS[system], Elsewhere(url, real.clock))
    world.limits = IMPATIENT
    try:
        yield
    finally:
        setattr(world, SERVERS[system], real)
        world.limits = limits


PAGE = b"<!DOCTYPE html><html><head><title>Please log in</title></head><body><h1>Guest network</h1></body></html>"


def _page_handler(status: int) -> type[BaseHTTPRequestHandler]:
    class Page(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            self.send_response(status)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(PAGE)))
            self.end_headers()
            self.wfile.write(PAGE)

        do_GET = do_POST = do_PUT = do_DELETE = _answer  # noqa: N815 - the library's names

        def log_message(self, *arguments: object) -> None:
            """Say nothing."""

    return Page


# --- what people see -------------------------------------------------------------------------------------------------


def rows(world: World, flow: str) -> dict[str, Row[Any]]:
    """The documents of a flow by the shop's order id."""
    with world.ledger.begin() as tx:
        found = tx.connection.execute(select(documents).where(documents.c.flow == flow)).all()
    return {row.key.split("-")[1]: row for row in found}


def codes(world: World, flow: str) -> dict[str, str]:
    """The reason codes of a flow's documents by the shop's order id."""
    return {number: row.reason for number, row in rows(world, flow).items()}


def told(world: World, *reports: RunReport) -> str:
    """All that runs and ledger tell people: notes, alarms, each document's reason and what to do."""
    texts = [text for report in reports for text in (report.note(), *report.alarms(), *report.causes.values())]
    for flow in ("orders", "invoices"):
        for row in rows(world, flow).values():
            verdict = Verdict.of(row.reason, **row.reason_parameters)
            texts += [verdict.text(), action(row.reason, row.reason_parameters)]
    return "\n".join(texts)


def action(code: str, parameters: Mapping[str, str]) -> str:
    """What the registry says is to be done."""
    return reason(code).action.format_map(parameters)


def transfer_everything(world: World) -> None:
    """All is well again: two runs with time between them, for what waits for a time."""
    world.run()
    world.forward(minutes=65)
    world.run()


def booked_references(world: World) -> list[str]:
    return [invoice["references"]["other"] for invoice in world.accounts_server.dump()["booked"].values()]


def reserved_headings(world: World) -> list[str]:
    return [order["heading"] for order in world.warehouse_server.dump()["orders"].values()]

"""``python -m standin --config stand-ins.yaml --urls urls.json``: run stand-ins until SIGTERM or Ctrl-C."""

from __future__ import annotations

import argparse
import json
import signal
import sys
import threading
from collections.abc import Mapping
from pathlib import Path

from standin.clock import Clock
from standin.configuration import Entry, PageEntry, read_configuration, read_page, short_entry
from standin.page.server import PageServer
from standin.page.world import System, World
from standin.server import StandinServer

PAGE = "page"


def main(arguments: list[str] | None = None) -> int:
    """Run until told to stop; exit code 2 for a configuration that makes no sense."""
    parser = argparse.ArgumentParser(prog="python -m standin", description=__doc__)
    parser.add_argument("--config", type=Path, help="YAML file with stand_ins: [{system, name, port, ...}], page")
    parser.add_argument("--run", action="append", default=[], metavar="SYSTEM:NAME[:PORT]", help="one stand-in; repeat")
    parser.add_argument("--urls", type=Path, help="write {name: url} there as JSON once all are up")
    options = parser.parse_args(arguments)
    try:
        entries = read_configuration(options.config) if options.config else []
        entries += [short_entry(text) for text in options.run]
        page_entry = read_page(options.config) if options.config else None
        servers = start(entries)
    except (OSError, ValueError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    page = open_page(page_entry, entries, servers) if page_entry else None
    urls = {name: server.url for name, server in servers.items()} | ({PAGE: page.url} if page else {})
    if options.urls:
        write_whole(options.urls, json.dumps(urls, indent=2) + "\n")
    for name, url in urls.items():
        sys.stderr.write(f"{name}: {url}\n")
    stop.wait()
    if page:
        page.stop()
    for server in servers.values():
        server.stop()
    return 0


def start(entries: list[Entry], clock: Clock | None = None) -> dict[str, StandinServer]:
    """Start all stand-ins on one clock, by name; when one fails, those already up are stopped. Raises ValueError."""
    names = [entry.name for entry in entries]
    if not names or len(set(names)) < len(names) or PAGE in names:
        raise ValueError(f"give at least one stand-in, each with a name of its own and none called {PAGE}")
    clock = clock or Clock()
    servers: dict[str, StandinServer] = {}
    try:
        for entry in entries:
            servers[entry.name] = entry.server(clock).start()
    except BaseException:
        for server in servers.values():
            server.stop()
        raise
    return servers


def open_page(page: PageEntry, entries: list[Entry], servers: Mapping[str, StandinServer]) -> PageServer:
    """Serve the page where a person works these stand-ins."""
    systems = {entry.name: System(entry.system, servers[entry.name]) for entry in entries}
    return PageServer(World(systems, page.links), port=page.port).start()


def write_whole(path: Path, text: str) -> None:
    """Write a file so that readers see it whole or not at all."""
    part = path.with_suffix(path.suffix + ".part")
    part.write_text(text, encoding="utf-8")
    part.replace(path)


if __name__ == "__main__":
    raise SystemExit(main())

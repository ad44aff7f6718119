"""Pulling orders: the import of a closed window and the live delta, against peers, from the same shop.

Each pull is a process of its own, its clock begins after its imports. The shop is a process, too; it answers after
`LATENCY_MS` and counts. Peers have environments of their own in .state/peers, from locks with hashes in bench/peers:
they are no dependencies of the project. What a peer cannot do is said in the table.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import requests

from bench.figures import Figure
from bench.many_orders import BEGINNING, KEYS, SPACING
from pakhus.ledger.migrate import migrate
from stack import ROOT
from stack.postgres import Cluster
from stack.waiting import wait_until

LATENCY_MS = 100
ORDERS, CHANGED = 1000, 100
MEMORY = (5_000, 50_000)
TIMEOUT_S = 1800
HISTORY_TIMEOUT_S = 7200
PEERS = ROOT / ".state" / "peers"
LATE = BEGINNING + timedelta(days=200)


@dataclass(frozen=True)
class Puller:
    """A program that pulls, and the lock of its environment ("" for the project's own)."""

    name: str
    module: str
    lock: str = ""
    stores: bool = False  # in a ledger

    def python(self) -> str:
        """Make the environment if it is not there. RuntimeError when it cannot be had."""
        if not self.lock:
            return sys.executable
        home = PEERS / self.lock
        lock = ROOT / "bench" / "peers" / f"{self.lock}.txt"
        uv = str(ROOT / ".state" / "uv" / "bin" / "uv")
        stamp = home / "lock.txt"
        if not stamp.exists() or stamp.read_bytes() != lock.read_bytes():
            python = home / "bin" / "python"
            for command in (
                ["venv", "--quiet", "--clear", "--python", sys.executable, str(home)],
                ["pip", "sync", "--quiet", "--require-hashes", "--python", str(python), str(lock)],
            ):
                done = subprocess.run([uv, *command], capture_output=True, text=True, check=False)
                if done.returncode:
                    raise RuntimeError(done.stderr.strip().splitlines()[-1] if done.stderr.strip() else "uv failed")
            stamp.write_bytes(lock.read_bytes())
        return str(home / "bin" / "python")


BY_HAND = Puller("requests by hand", "bench.pullers.by_hand")
PULLERS = (
    BY_HAND,
    Puller("Pakhus: its client alone", "bench.pullers.pakhus_reads"),
    Puller("Pakhus: stored and judged", "bench.pullers.pakhus_reads", stores=True),
    Puller("dlt", "bench.pullers.with_dlt", "dlt"),
    Puller("tap-woocommerce", "bench.pullers.with_tap", "tap_woocommerce"),
)


@dataclass(frozen=True)
class Pull:
    """What one pull took."""

    seconds: float
    orders: int
    peak_mb: float
    requests: int
    connections: int


@dataclass
class Scene:
    """A folder, a ledger for each puller's turn, and why peers are missing."""

    folder: Path
    cluster: Cluster
    missing: dict[str, str] = field(default_factory=dict)
    databases: int = 0

    def ledger(self, puller: Puller) -> str:
        """A new ledger, for who stores in one."""
        if not puller.stores:
            return ""
        self.databases += 1
        url = self.cluster.create_database(f"bench_{self.databases}")
        migrate(url)
        return url

    def there(self) -> list[Puller]:
        """The pullers that can be had."""
        found = []
        for puller in PULLERS:
            try:
                puller.python()
            except RuntimeError as error:
                self.missing[puller.name] = str(error)
            else:
                found.append(puller)
        return found

    def pull(
        self, puller: Puller, how: str, url: str, home: Path, ledger: str, end: str, timeout_s: int = TIMEOUT_S
    ) -> Pull:
        """Let it pull; what the shop counted meanwhile belongs to it."""
        home.mkdir(parents=True, exist_ok=True)
        requests.post(f"{url}/_standin/counters/reset", timeout=20).raise_for_status()
        report = home / "report.json"
        command = [puller.python(), "-m", puller.module, how, "--url", url, "--folder", str(home)]
        command += ["--end", end] if end else []
        command += ["--key", KEYS["consumer_key"], "--secret", KEYS["consumer_secret"]]
        command += ["--ledger", ledger, "--report", str(report)]
        environment = {"PATH": os.environ["PATH"], "HOME": str(home), "PYTHONPATH": str(ROOT), "LANG": "C.UTF-8"}
        done = subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=timeout_s, check=False
        )
        if done.returncode:
            raise RuntimeError(f"{puller.name} {how}: {done.stderr.strip()[-800:]}")
        counted = requests.get(f"{url}/_standin/counters", timeout=20).json()
        told = json.loads(report.read_text())
        return Pull(told["seconds"], told["orders"], told["peak_mb"], counted["requests"], counted["connections"])


def measure(tries: int) -> list[Figure]:
    """Pull in turns: the window, what changed, and nothing."""
    with _scene() as scene:
        pullers = scene.there()
        rounds = [_round(scene, pullers, number) for number in range(tries)]
        figures = [figure for how in ("import", "delta", "nothing new") for figure in _figures(how, rounds)]
        return [*figures, *_missing(scene)]


def measure_memory(tries: int) -> list[Figure]:
    """The peak of memory over small and large histories; once is enough, since it does not scatter."""
    del tries
    with _scene() as scene:
        return [*_memory(scene, scene.there()), *_missing(scene)]


def _round(scene: Scene, pullers: list[Puller], number: int) -> dict[tuple[str, str], Pull]:
    end = (BEGINNING + ORDERS * SPACING).strftime("%Y-%m-%dT%H:%M:%S")
    found: dict[tuple[str, str], Pull] = {}
    with many_orders_shop(scene.folder, ORDERS) as before, many_orders_shop(scene.folder, ORDERS, CHANGED) as after:
        for puller in pullers:
            home = scene.folder / f"{puller.name}-{number}"
            found["import", puller.name] = scene.pull(
                puller, "import", before, home / "import", scene.ledger(puller), end
            )
            ledger = scene.ledger(puller)
            scene.pull(puller, "delta", before, home / "delta", ledger, end)  # the first one has everything
            for how in ("delta", "nothing new"):
                found[how, puller.name] = scene.pull(puller, "delta", after, home / "delta", ledger, end)
            shutil.rmtree(home)
    return found


def _figures(how: str, rounds: list[dict[tuple[str, str], Pull]]) -> Iterator[Figure]:
    by_hand: Figure | None = None
    for key in [key for key in rounds[0] if key[0] == how]:
        pulls = [found[key] for found in rounds]
        facts = {"orders": pulls[-1].orders, "requests": pulls[-1].requests, "connections": pulls[-1].connections}
        peer = None if key[1] == BY_HAND.name else by_hand
        figure = Figure(f"{how}: {key[1]}", tuple(pull.seconds for pull in pulls), peer, facts=facts)
        by_hand = by_hand or figure
        yield figure


def _memory(scene: Scene, pullers: list[Puller]) -> Iterator[Figure]:
    """The first reading of a whole history, without latency; the ratio is to the same puller's small one."""
    small: dict[Puller, Figure] = {}
    for count in MEMORY:
        with many_orders_shop(scene.folder, count, latency_ms=0) as url:
            for puller in pullers:
                home = scene.folder / f"{puller.name}-{count}"
                pull = scene.pull(puller, "delta", url, home, scene.ledger(puller), "", HISTORY_TIMEOUT_S)
                facts = {"orders": pull.orders, "requests": pull.requests}
                figure = Figure(f"{count} orders: {puller.name}", (pull.peak_mb,), small.get(puller), "MB", facts)
                small.setdefault(puller, figure)
                yield figure
                shutil.rmtree(home)


def _missing(scene: Scene) -> Iterator[Figure]:
    for name, why in scene.missing.items():
        yield Figure(f"{name} could not be had: {why}", ())


@contextmanager
def _scene() -> Iterator[Scene]:
    with ExitStack() as exits:
        folder = Path(exits.enter_context(tempfile.TemporaryDirectory(prefix="pakhus-bench-")))
        cluster = Cluster(folder / "postgresql", durable=False)
        exits.callback(cluster.remove)
        cluster.start()
        yield Scene(folder, cluster)


@contextmanager
def many_orders_shop(
    folder: Path, orders: int, changed: int = 0, latency_ms: int = LATENCY_MS, status: str = "processing"
) -> Iterator[str]:
    """A shop of so many orders; its address."""
    urls = folder / f"shop-{orders}-{changed}-{latency_ms}.json"
    command = [sys.executable, "-m", "bench.many_orders", "--urls", str(urls), "--orders", str(orders)]
    command += ["--changed", str(changed), "--changed-at", LATE.isoformat(), "--status", status]
    process = subprocess.Popen(command, cwd=ROOT)
    try:
        url = str(wait_until(lambda: urls.exists() and json.loads(urls.read_text() or "{}").get("url"), "a shop", 60))
        settings = {"latency_ms": latency_ms}
        requests.post(f"{url}/_standin/settings", json=settings, timeout=20).raise_for_status()
        yield url
    finally:
        process.terminate()
        process.wait(20)
        urls.unlink(missing_ok=True)

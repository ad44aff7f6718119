"""Stock of 10,000 products: 1 % changed, and nothing, against a plain script that puts one product at a time.

The warehouse and a shop for each of the two are processes of their own, which answer after `LATENCY_MS` and count. The
first runs, which learn what is there, are not measured. At most may be asked: the pages of the warehouse's list, a
batch per hundred changes, and five more.
"""

from __future__ import annotations

import json
import math
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from bench.counted_work import work
from bench.figures import Figure
from bench.many_products import servers, sku
from pakhus.ledger.migrate import migrate
from stack.postgres import Cluster

LATENCY_MS = 100
PRODUCTS, PAGE, BATCH, MORE = 10_000, 1000, 100, 5
CHANGED = PRODUCTS // 100
BY_HAND, PAKHUS = "by hand", "Pakhus"
_MODULES = {BY_HAND: "bench.pullers.stock_by_hand", PAKHUS: "bench.pullers.pakhus_stock"}


@dataclass(frozen=True)
class Scene:
    """The servers, a folder for each of the two, and the ledger."""

    folder: Path
    urls: Mapping[str, str]
    ledger: str

    def count_again(self, quantity: int) -> None:
        """Give a hundredth of the products another quantity in the warehouse."""
        for number in range(0, PRODUCTS, PRODUCTS // CHANGED):
            action = {"action": "set_stock", "item": sku(number), "quantity": quantity}
            requests.post(f"{self.urls['warehouse']}/_standin/act", json=action, timeout=20).raise_for_status()

    def latency(self, milliseconds: int) -> None:
        for url in self.urls.values():
            settings = {"latency_ms": milliseconds}
            requests.post(f"{url}/_standin/settings", json=settings, timeout=20).raise_for_status()

    def push(self, who: str) -> dict[str, Any]:
        """Let one of them push; what the servers counted meanwhile belongs to it."""
        mine = (self.urls["warehouse"], self.urls[who])
        return work(_MODULES[who], "delta", self.urls[who], self.folder / who, self.ledger, mine)


def measure(tries: int) -> list[Figure]:
    """Push in turns: what changed, then nothing. RuntimeError when Pakhus asks more than it may."""
    found: dict[tuple[str, str], list[dict[str, Any]]] = {}
    with _scene() as scene:
        for who in (BY_HAND, PAKHUS):
            scene.push(who)
        scene.latency(LATENCY_MS)
        for number in range(tries):
            scene.count_again(10 + number)
            for how in (f"{CHANGED} of {PRODUCTS} changed", "nothing changed"):
                for who in (BY_HAND, PAKHUS):
                    found.setdefault((how, who), []).append(scene.push(who))
    return list(_figures(found))


def _figures(found: Mapping[tuple[str, str], list[dict[str, Any]]]) -> Iterator[Figure]:
    peers: dict[str, Figure] = {}
    most = math.ceil(PRODUCTS / PAGE) + math.ceil(CHANGED / BATCH) + MORE
    for (how, who), runs in found.items():
        facts = {"products": runs[-1]["orders"], "requests": max(run["requests"] for run in runs)}
        if who == PAKHUS:
            facts["allowed"] = most
            if facts["requests"] > most:
                raise RuntimeError(f"{how}: {facts['requests']} requests, {most} are allowed")
        yield (figure := Figure(f"{how}: {who}", tuple(run["seconds"] for run in runs), peers.get(how), facts=facts))
        peers.setdefault(how, figure)


@contextmanager
def _scene() -> Iterator[Scene]:
    with tempfile.TemporaryDirectory(prefix="pakhus-bench-") as name:
        folder = Path(name)
        cluster = Cluster(folder / "postgresql", durable=False)
        try:
            cluster.start()
            ledger = cluster.create_database("bench")
            migrate(ledger)
            with servers(folder, PRODUCTS, warehouses=["warehouse"], shops=[BY_HAND, PAKHUS]) as (urls, token):
                for who in (BY_HAND, PAKHUS):
                    (folder / who).mkdir()
                    told = json.dumps({"url": urls["warehouse"], "token": token})
                    (folder / who / "warehouse.json").write_text(told, encoding="utf-8")
                yield Scene(folder, urls, ledger)
        finally:
            cluster.remove()

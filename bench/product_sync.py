"""Products of a shop kept in step in the warehouse: 10,000 of them, of which 1 % changed, none, and all compared.

Against a plain script that reads and puts one product at a time. The shop is one for both, each has a warehouse of its
own; all are processes, which answer after `LATENCY_MS` and count. The first runs, which learn what is there, are not
measured. What changed may cost the pages of both lists, a write each, and `MORE`; nothing changed: `MORE`.
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
PRODUCTS, SHOP_PAGE, WAREHOUSE_PAGE, MORE = 10_000, 100, 1000, 5
CHANGED = PRODUCTS // 100
SHOP, BY_HAND, PAKHUS = "shop", "by hand", "Pakhus"
CHANGES, NOTHING, ALL = f"{CHANGED} of {PRODUCTS} changed", "nothing changed", "all compared"
_MODULES = {BY_HAND: "bench.pullers.products_by_hand", PAKHUS: "bench.pullers.pakhus_products"}
_LISTS = math.ceil(PRODUCTS / WAREHOUSE_PAGE)
MOST = {
    CHANGES: math.ceil(CHANGED / SHOP_PAGE) + _LISTS + CHANGED + MORE,
    NOTHING: MORE,
    ALL: math.ceil(PRODUCTS / SHOP_PAGE) + _LISTS + MORE,
}


@dataclass(frozen=True)
class Scene:
    """The servers, a folder for each of the two, and the ledger."""

    folder: Path
    urls: Mapping[str, str]
    ledger: str

    def rename(self, suffix: str) -> None:
        """Give a hundredth of the shop's products another name."""
        for number in range(0, PRODUCTS, PRODUCTS // CHANGED):
            action = {"action": "edit_product", "sku": sku(number), "changes": {"name": f"Lamp {number} {suffix}"}}
            requests.post(f"{self.urls[SHOP]}/_standin/act", json=action, timeout=20).raise_for_status()

    def forward(self, seconds: int) -> None:
        """Let time pass in the shop: readings overlap by minutes, and one an hour later sees nothing of this one's."""
        told = {"advance_s": seconds}
        requests.post(f"{self.urls[SHOP]}/_standin/clock", json=told, timeout=20).raise_for_status()

    def lift_limits(self) -> None:
        """What a second of the warehouse's own limit is worth is not measured here."""
        for who in (BY_HAND, PAKHUS):
            settings = {"rate_limit": 1_000_000}
            requests.post(f"{self.urls[who]}/_standin/settings", json=settings, timeout=20).raise_for_status()

    def configure(self, **settings: int) -> None:
        for url in self.urls.values():
            requests.post(f"{url}/_standin/settings", json=settings, timeout=20).raise_for_status()

    def run(self, who: str, how: str = "delta") -> dict[str, Any]:
        """Let one of them work; what the servers counted meanwhile belongs to it."""
        mine = (self.urls[SHOP], self.urls[who])
        return work(_MODULES[who], how, self.urls[SHOP], self.folder / who, self.ledger, mine)


def measure(tries: int) -> list[Figure]:
    """Work in turns: what changed, nothing, everything. RuntimeError when Pakhus asks more than it may."""
    found: dict[tuple[str, str], list[dict[str, Any]]] = {}
    with _scene() as scene:
        scene.lift_limits()
        for who in (BY_HAND, PAKHUS):
            scene.run(who)
        scene.configure(latency_ms=LATENCY_MS)
        for number in range(tries):
            scene.forward(3600)
            scene.rename(f"of lot {number}")
            scene.forward(3600)
            for how in (CHANGES, NOTHING):
                for who in (BY_HAND, PAKHUS):
                    found.setdefault((how, who), []).append(scene.run(who))
                scene.forward(3600)
        found[ALL, PAKHUS] = [scene.run(PAKHUS, "import")]  # by hand that is a request for each
    return list(_figures(found))


def _figures(found: Mapping[tuple[str, str], list[dict[str, Any]]]) -> Iterator[Figure]:
    peers: dict[str, Figure] = {}
    for (how, who), runs in found.items():
        facts = {"products": runs[-1]["orders"], "requests": max(run["requests"] for run in runs)}
        if who == PAKHUS:
            facts["allowed"] = MOST[how]
            if facts["requests"] > MOST[how]:
                raise RuntimeError(f"{how}: {facts['requests']} requests, {MOST[how]} are allowed")
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
            with servers(folder, PRODUCTS, warehouses=[BY_HAND, PAKHUS], shops=[SHOP]) as (urls, token):
                for who in (BY_HAND, PAKHUS):
                    (folder / who).mkdir()
                    told = json.dumps({"url": urls[who], "token": token})
                    (folder / who / "warehouse.json").write_text(told, encoding="utf-8")
                yield Scene(folder, urls, ledger)
        finally:
            cluster.remove()

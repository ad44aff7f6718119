"""Importing earlier orders: memory of 500 and of 5,000 orders, requests per order, and what a second import does.

Shop, accounts and importer are processes of their own; nothing waits for latency, and the accounts' bucket of calls is
as good as endless: at e-conomic's own, filled by 30 a second, 5,000 orders of about 18 calls take 50 minutes whatever
we do. A small import meets that bucket: none of its calls may be refused. The least that the accounts can be asked is
two requests per order (draft, book).
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests
import simplejson

from bench.figures import Figure
from bench.many_orders import BEGINNING, KEYS, SPACING
from bench.order_pull import TIMEOUT_S, many_orders_shop
from pakhus.ledger.migrate import migrate
from stack import ROOT
from stack.postgres import Cluster
from stack.waiting import wait_until
from standin.registry import default_seed
from standin.seeds import with_shop_products
from standin.woocommerce import products_of_recorded_shop

ORDERS = (500, 5_000)
BUCKET_MET_BY = 200
"""Orders that take more calls than the whole bucket holds."""
ENDLESS = {"bucket_size": 10_000_000, "bucket_refill_per_s": 1_000_000}
TOO_MANY = "429"


def measure(tries: int) -> list[Figure]:
    """Import each history twice; once is enough, since counts and memory are the point and do not scatter."""
    del tries
    figures: list[Figure] = []
    for orders in ORDERS:
        first, again = _imported(orders, ENDLESS)
        peer = figures[0] if figures else None
        figures.append(_memory(f"peak memory, {orders} orders", first, peer))
        figures.append(_memory(f"peak memory, {orders} orders again", again, None))
    met, _ = _imported(BUCKET_MET_BY, {})
    return [*figures, _memory(f"peak memory, {BUCKET_MET_BY} orders with e-conomic's own bucket", met, None)]


def _memory(name: str, found: dict[str, Any], peer: Figure | None) -> Figure:
    counted = ("orders", "shop_requests", "accounts_requests", "accounts_writes", "accounts_refusals")
    return Figure(name, (found["peak_mb"],), peer, "MB", {part: found[part] for part in counted})


def _imported(orders: int, bucket: dict[str, int]) -> tuple[dict[str, Any], dict[str, Any]]:
    with tempfile.TemporaryDirectory(prefix="pakhus-bench-") as name:
        folder = Path(name)
        cluster = Cluster(folder / "postgresql", durable=False)
        try:
            cluster.start()
            ledger = cluster.create_database("bench")
            migrate(ledger)
            with (
                many_orders_shop(folder, orders, latency_ms=0, status="completed") as shop,
                _accounts(folder, bucket) as accounts,
            ):
                return _once(folder, shop, accounts, ledger, orders), _once(folder, shop, accounts, ledger, orders)
        finally:
            cluster.remove()


def _once(folder: Path, shop: str, accounts: str, ledger: str, orders: int) -> dict[str, Any]:
    for url in (shop, accounts):
        requests.post(f"{url}/_standin/counters/reset", timeout=20).raise_for_status()
    report, end = folder / "report.json", BEGINNING + orders * SPACING
    command = [sys.executable, "-m", "bench.pullers.pakhus_imports", "import", "--url", shop, "--folder", str(folder)]
    command += ["--end", end.strftime("%Y-%m-%dT%H:%M:%S"), "--ledger", ledger, "--report", str(report)]
    command += ["--key", KEYS["consumer_key"], "--secret", KEYS["consumer_secret"]]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
    if done.returncode:
        raise RuntimeError(f"the import failed: {done.stderr.strip()[-800:]}")
    counted = {url: requests.get(f"{url}/_standin/counters", timeout=20).json() for url in (shop, accounts)}
    return {
        **json.loads(report.read_text(encoding="utf-8")),
        "shop_requests": counted[shop]["requests"],
        "accounts_requests": counted[accounts]["requests"],
        "accounts_writes": counted[accounts]["effects"],
        "accounts_refusals": counted[accounts]["responses"].get(TOO_MANY, 0),
    }


@contextmanager
def _accounts(folder: Path, bucket: dict[str, int]) -> Iterator[str]:
    """The accounts, with the shop's products; their keys and bucket go where the importer looks for them."""
    seed = with_shop_products(default_seed("economic"), products_of_recorded_shop())
    data, config, urls = (folder / name for name in ("economic.json", "stand-ins.json", "urls.json"))
    data.write_bytes(simplejson.dumps(seed, use_decimal=True).encode())
    config.write_text(json.dumps({"stand_ins": [{"system": "economic", "name": "economic", "data": str(data)}]}))
    process = subprocess.Popen(
        [sys.executable, "-m", "standin", "--config", str(config), "--urls", str(urls)], cwd=ROOT
    )
    try:
        url = str(
            wait_until(lambda: urls.exists() and json.loads(urls.read_text() or "{}").get("economic"), "accounts", 60)
        )
        requests.post(f"{url}/_standin/settings", json=bucket, timeout=20).raise_for_status()
        (folder / "accounts.json").write_text(json.dumps({"url": url, **bucket, **seed["credentials"]}))
        yield url
    finally:
        process.terminate()
        process.wait(20)

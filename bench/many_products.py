"""Warehouses and shops of many products, alike in all of them: each a process of its own, which counts."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import simplejson

from bench.many_orders import KEYS
from stack import ROOT
from stack.waiting import wait_until
from standin.registry import default_seed
from standin.seeds import with_shop_products
from standin.woocommerce import goods_of, recorded_shop


@contextmanager
def servers(
    folder: Path, products: int, *, warehouses: Sequence[str], shops: Sequence[str]
) -> Iterator[tuple[dict[str, str], str]]:
    """So many products in all of them; the addresses by name, and the warehouses' token."""
    pattern = {**recorded_shop()["products"][0], "description": "", "stock_quantity": 5}
    rows = [
        {
            **pattern,
            "id": 100_000 + number,
            "sku": sku(number),
            "slug": f"many-{number}",
            "stock_quantity": 5,
            "description": "",
        }
        for number in range(products)
    ]
    shop = {**recorded_shop(), "products": rows, "orders": [], "refunds": [], "notes": {}}
    goods = [{**row, "stock": 5} for row in goods_of(shop)]
    warehouse = with_shop_products(default_seed("rackbeat"), goods)
    entries: list[dict[str, Any]] = []
    for system, data, switches, names in (
        ("rackbeat", warehouse, {}, warehouses),
        ("woocommerce", {**shop, "credentials": KEYS}, {"behind_tls": True}, shops),
    ):
        path = folder / f"{system}.json"
        path.write_bytes(simplejson.dumps(data, use_decimal=True, ensure_ascii=False).encode())
        entries += [{"system": system, "name": name, "data": str(path), "settings": switches} for name in names]
    processes, urls = [], dict[str, str]()
    try:
        for entry in entries:
            config, told = folder / f"{entry['name']}.yaml", folder / f"{entry['name']}-url.json"
            config.write_text(json.dumps({"stand_ins": [entry]}), encoding="utf-8")
            command = [sys.executable, "-m", "standin", "--config", str(config), "--urls", str(told)]
            processes.append(subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL))
            urls |= wait_until(partial(_addresses, told), entry["name"], 120)
        yield urls, warehouse["credentials"]["token"]
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait(20)


def sku(number: int) -> str:
    """The SKU of the product of this number, from 0."""
    return f"MANY-{number:05d}"


def _addresses(told: Path) -> dict[str, str]:
    found: dict[str, str] = json.loads(told.read_text(encoding="utf-8") or "{}") if told.exists() else {}
    return found

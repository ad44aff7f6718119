"""The peer for stock: a plain script that reads the warehouse's list and puts one changed product at a time.

It remembers what the warehouse said the last time; it looks for each product by its SKU, as it has no ledger.
"""

from __future__ import annotations

import argparse
import json

import requests

from bench.pullers.measuring import run


def push(options: argparse.Namespace) -> int:
    """Write what changed since the last run; returns how many products. The first run only remembers."""
    state = options.folder / "state.json"
    warehouse = json.loads((options.folder / "warehouse.json").read_text(encoding="utf-8"))
    found: dict[str, int] = {}
    with requests.Session() as session:
        session.headers["Authorization"] = f"Bearer {warehouse['token']}"
        page, pages = 1, 1
        while page <= pages:
            query = {"page": str(page), "limit": "1000", "fields": "number,available_quantity"}
            answer = session.get(f"{warehouse['url']}/api/products", params=query, timeout=60)
            answer.raise_for_status()
            body = answer.json()
            found |= {row["number"]: int(row["available_quantity"]) for row in body["products"]}
            page, pages = page + 1, body["pages"]
    before = json.loads(state.read_text(encoding="utf-8")) if state.exists() else found
    changed = [number for number, quantity in found.items() if before.get(number) != quantity]
    with requests.Session() as session:
        session.auth = (options.key, options.secret)
        products = f"{options.url}/wp-json/wc/v3/products"
        for number in changed:
            rows = session.get(products, params={"sku": number}, timeout=60).json()
            for row in rows:
                body = {"stock_quantity": max(found[number], 0)}
                session.put(f"{products}/{row['id']}", json=body, timeout=60).raise_for_status()
    state.write_text(json.dumps(found), encoding="utf-8")
    return len(changed)


if __name__ == "__main__":
    run(push)

"""The peer for products: a plain script that asks the shop for what changed, and reads and puts one product at a time.

It remembers when it asked the last time; a product that already shows the name is left alone.
"""

from __future__ import annotations

import argparse
import json

import requests

from bench.pullers.measuring import run


def put(options: argparse.Namespace) -> int:
    """Put what changed since the last run, or everything (`import`); returns how many. The first run only remembers."""
    state = options.folder / "state.json"
    warehouse = json.loads((options.folder / "warehouse.json").read_text(encoding="utf-8"))
    since = json.loads(state.read_text(encoding="utf-8")) if state.exists() else None
    query = {"per_page": "100", "orderby": "modified", "order": "asc", "dates_are_gmt": "true"}
    query |= {"modified_after": since} if since is not None and options.how == "delta" else {}
    newest, put_there = since or options.start, 0
    with requests.Session() as shop, requests.Session() as there:
        shop.auth = (options.key, options.secret)
        there.headers["Authorization"] = f"Bearer {warehouse['token']}"
        for page in range(1, 100_000):
            path = f"{options.url}/wp-json/wc/v3/products"
            answer = shop.get(path, params={**query, "page": str(page)}, timeout=60)
            answer.raise_for_status()
            for row in answer.json():
                newest = max(newest, row["date_modified_gmt"])
                if since is not None:
                    put_there += _put(there, f"{warehouse['url']}/api/products/{row['sku']}", row["name"])
            if page >= int(answer.headers["X-WP-TotalPages"]):
                break
    state.write_text(json.dumps(newest), encoding="utf-8")
    return put_there


def _put(there: requests.Session, path: str, name: str) -> int:
    answer = there.get(path, timeout=60)
    answer.raise_for_status()
    if answer.json()["product"]["name"] == name:
        return 0
    there.put(path, json={"name": name}, timeout=60).raise_for_status()
    return 1


if __name__ == "__main__":
    run(put)

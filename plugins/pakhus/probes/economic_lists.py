"""Reference lists of the accounts, whole (contracts/economic.md 2.4, 4.3)."""

from __future__ import annotations

from typing import Any

from pakhus.clients.economic import PAGE_SIZE, EconomicClient
from pakhus.clients.http import Call
from pakhus.clients.pages import Page, numbered_pages


def rows_of(client: EconomicClient, path: str, identity: str) -> list[Any]:
    """Return a collection's rows; `identity` is the member that tells them apart."""

    def fetch(number: int) -> Page:
        query = (("skippages", str(number)), ("pagesize", str(PAGE_SIZE)))
        body = client.send(Call("GET", f"/{path}", query)).json()
        results = (body.get("pagination") or {}).get("results")
        return Page(body["collection"], None if results is None else -(-int(results) // PAGE_SIZE))

    return [row for rows in numbered_pages(fetch, identity=lambda row: row[identity], first=0) for row in rows]

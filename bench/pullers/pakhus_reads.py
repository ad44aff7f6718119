"""Pakhus: every order stored as a version and judged for each document it is to become, cursor and rows committed.

Without a ledger its client alone: read and understood, the cursor kept in a file.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from bench.pullers.measuring import run
from pakhus.clients.woocommerce import WooCommerceClient
from pakhus.connections import ConnectionFacts, woocommerce_settings
from pakhus.flows.observation import Observer
from pakhus.ledger.connection import Ledger
from pakhus.model import Window
from pakhus.settings import load_shop


def pull(options: argparse.Namespace) -> int:
    start, end = (datetime.fromisoformat(text).replace(tzinfo=UTC) for text in (options.start, options.end))
    settings = load_shop("nordlys").model_copy(update={"start_from": start})
    facts = ConnectionFacts("woocommerce__nordlys", host=options.url, login=options.key, password=options.secret)
    shop = WooCommerceClient.from_settings(replace(woocommerce_settings(facts, settings), start_from=start))
    window = Window(start, end)
    if not options.ledger:
        return _client_alone(shop, window if options.how == "import" else None, options.folder / "cursor.txt")
    observer = Observer(shop, Ledger(options.ledger), settings)
    report = observer.sweep(window).report if options.how == "import" else observer.observe()
    return report.seen


def _client_alone(shop: WooCommerceClient, window: Window | None, state: Path) -> int:
    cursor = state.read_text() if state.exists() else None
    count = 0
    for page in shop.changes(cursor) if window is None else shop.placed(window):
        count += sum(seen.order is not None for seen in page.orders)
        state.write_text(page.cursor)
    return count


if __name__ == "__main__":
    run(pull)

"""Pakhus: one run of the stock flow, the warehouse read, the shop's sales seen, its stock pushed."""

from __future__ import annotations

import argparse
import json

from bench.pullers.measuring import run
from pakhus.clients.rackbeat import RackbeatClient
from pakhus.clients.woocommerce import WooCommerceClient
from pakhus.connections import ConnectionFacts, rackbeat_settings, woocommerce_settings
from pakhus.flows.observation import Observer
from pakhus.flows.stock import StockPusher
from pakhus.flows.stock_reading import StockReader
from pakhus.flows.unreserved_sales import SalesReader
from pakhus.ledger.connection import Ledger
from pakhus.settings import load_shop


def push(options: argparse.Namespace) -> int:
    """Run once; returns how many products were written."""
    settings = load_shop("nordlys")
    warehouse = json.loads((options.folder / "warehouse.json").read_text(encoding="utf-8"))
    there = ConnectionFacts("rackbeat__main", host=f"{warehouse['url']}/api", password=warehouse["token"])
    here = ConnectionFacts("woocommerce__nordlys", host=options.url, login=options.key, password=options.secret)
    shop = WooCommerceClient.from_settings(woocommerce_settings(here, settings))
    ledger = Ledger(options.ledger)
    StockReader(RackbeatClient.from_settings(rackbeat_settings(there)), ledger, "rackbeat__main").read([settings])
    SalesReader(Observer(shop, ledger, settings)).see()
    report = StockPusher(shop, ledger, settings).push()
    return report.codes["transferred"]


if __name__ == "__main__":
    run(push)

"""`python -m pakhus prove --shop nordlys --day 2026-11-21`: the audit's proof of a day, without a run of Airflow."""

from __future__ import annotations

import argparse
from datetime import date
from pathlib import Path

from pakhus.commands import Exit, Say
from pakhus.commands.live_systems import CONNECTIONS_HELP, accounts_of, opened, webshop_of
from pakhus.flows.observation import Observer
from pakhus.flows.proof import ProvenDay, Prover, invoices_are_made, yesterday
from pakhus.ledger.connection import Ledger
from pakhus.probes.systems import Connections
from pakhus.rules.proof import DayStatus
from pakhus.settings import ShopSettings, load_shop


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--shop", required=True, help="the shop's id")
    parser.add_argument("--day", type=date.fromisoformat, help="a day of the shop, like 2026-11-21; default: yesterday")
    parser.add_argument("--connections", type=Path, metavar="FILE", help=CONNECTIONS_HELP)


def run(options: argparse.Namespace, say: Say) -> int:
    shop = load_shop(options.shop)
    with opened(shop, options.connections) as (connections, ledger):
        proven = _prover(shop, connections, ledger).prove(options.day or yesterday(ledger, shop))
    return _told(shop, proven, say)


def _prover(shop: ShopSettings, connections: Connections, ledger: Ledger) -> Prover:
    webshop, target = webshop_of(shop, connections), shop.economic_target
    accounts = accounts_of(target, connections, ledger) if target is not None and invoices_are_made(shop) else None
    return Prover(Observer(webshop, ledger, shop), accounts)


def _told(shop: ShopSettings, proven: ProvenDay, say: Say) -> int:
    say(f"{shop.shop} {proven.day}: {proven.proof.note()}")
    if proven.missed:
        say(f"  {len(proven.missed)} of the orders were news to the ledger; they are judged now.")
    for source, by_currency in proven.proof.sums.items():
        for currency, one in by_currency.items():
            say(f"  {source:<8} {one.count:>6} {one.gross:>14.2f} {currency}, VAT {one.vat:.2f}")
    for difference in proven.proof.differences:
        say(f"  - {difference.key}: {difference.verdict.message()} ({difference.verdict.code})")
    return Exit.FOUND if proven.status is DayStatus.DIFFERS else Exit.WELL

"""`python -m pakhus prove --shop nordlys --day 2026-11-21`: the audit's proof of a day, without a run of Airflow."""

from __future__ import annotations

import argparse
from datetime import date
from decimal import Decimal
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from pakhus.clients.economic import BUCKET_CALLS, REFILL_PER_S, EconomicClient
from pakhus.clients.woocommerce import WooCommerceClient
from pakhus.commands import Exit, Say
from pakhus.commands.airflow_command import airflow_here
from pakhus.commands.ledger_here import ledger_of
from pakhus.connections import (
    LEDGER_CONNECTION,
    LEDGER_URL_VARIABLE,
    ConnectionFacts,
    connections_from_environment,
    connections_from_file,
    economic_settings,
    woocommerce_settings,
)
from pakhus.errors import ConfigurationError
from pakhus.flows.observation import Observer
from pakhus.flows.proof import ProvenDay, Prover, invoices_are_made, yesterday
from pakhus.ledger.budgets import Bucket, LedgerBudget
from pakhus.ledger.connection import Ledger
from pakhus.probes.systems import Connections
from pakhus.rules.proof import DayStatus
from pakhus.settings import ShopSettings, load_shop


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--shop", required=True, help="the shop's id")
    parser.add_argument("--day", type=date.fromisoformat, help="a day of the shop, like 2026-11-21; default: yesterday")
    parser.add_argument(
        "--connections",
        type=Path,
        metavar="FILE",
        help="JSON as `airflow connections export` writes it; default: AIRFLOW_CONN_* and this installation's Airflow",
    )


def run(options: argparse.Namespace, say: Say) -> int:
    shop = load_shop(options.shop)
    connections = _connections(options.connections, shop)
    ledger = ledger_of(connections)
    if ledger is None:
        raise ConfigurationError(
            f"nothing says where the ledger is. Create the Airflow connection {LEDGER_CONNECTION} (type postgres), or "
            f"set {LEDGER_URL_VARIABLE}."
        )
    try:
        proven = _prover(shop, connections, ledger).prove(options.day or yesterday(ledger, shop))
    except SQLAlchemyError as error:
        raise ConfigurationError(
            f"the ledger's database cannot be used ({type(error).__name__}). See whether it runs; `python -m pakhus "
            "apply` brings its tables up to date."
        ) from None
    finally:
        ledger.close()
    return _told(shop, proven, say)


def _connections(file: Path | None, shop: ShopSettings) -> Connections:
    if file is not None:
        return connections_from_file(file)
    connections, airflow = connections_from_environment(), airflow_here()
    wanted = {shop.connection, shop.economic_target or shop.connection, LEDGER_CONNECTION}
    if wanted <= connections.keys() or airflow is None:
        return connections
    return {**airflow.connections(), **connections}


def _prover(shop: ShopSettings, connections: Connections, ledger: Ledger) -> Prover:
    webshop = WooCommerceClient.from_settings(woocommerce_settings(_connection(connections, shop.connection), shop))
    accounts, target = None, shop.economic_target
    if target is not None and invoices_are_made(shop):
        budget = LedgerBudget(ledger, Bucket(target, BUCKET_CALLS, Decimal(REFILL_PER_S)))
        accounts = EconomicClient.from_settings(economic_settings(_connection(connections, target)), budget)
    return Prover(Observer(webshop, ledger, shop), accounts)


def _connection(connections: Connections, name: str) -> ConnectionFacts:
    try:
        return connections[name]
    except KeyError:
        raise ConfigurationError(
            f"there is no Airflow connection {name}: create it, or set AIRFLOW_CONN_{name.upper()}"
        ) from None


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

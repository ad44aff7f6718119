"""`python -m pakhus products --shop nordlys`: what a run of `<shop>__products` would do; writes nothing."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from pakhus.commands import Exit, Say
from pakhus.commands.live_systems import CONNECTIONS_HELP, accounts_of, opened, warehouse_of, webshop_of
from pakhus.commands.tables import write_csv
from pakhus.errors import ConfigurationError
from pakhus.flows.product_preview import Foreseen, foreseen
from pakhus.flows.product_rules import (
    product_rules,
    target_in_economic,
    target_in_rackbeat,
    target_in_shop,
    warehouse_source,
)
from pakhus.flows.product_targets import ProductTarget
from pakhus.flows.products import ProductReader, ProductSource
from pakhus.ledger.connection import Ledger
from pakhus.probes.systems import Connections
from pakhus.reasons import Verdict
from pakhus.settings import ProductsMaster, ShopSettings, load_shop

_COLUMNS = ("system", "number", "what", "fields", "master", "there", "remark")
_SHOWN = 15


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--shop", required=True, help="the shop's id")
    parser.add_argument("--csv", type=Path, metavar="FILE", help="every product in every system as a table")
    parser.add_argument("--connections", type=Path, metavar="FILE", help=CONNECTIONS_HELP)


def run(options: argparse.Namespace, say: Say) -> int:
    shop = load_shop(options.shop)
    if not shop.sends_products:
        raise ConfigurationError(f"{shop.shop} keeps no products in step: products.master is none")
    with opened(shop, options.connections) as (connections, ledger):
        reader = ProductReader(_source(shop, connections, ledger), ledger, shop, product_rules(shop))
        targets = {name: _target(shop, name, connections, ledger) for name in shop.product_targets}
        rows, troubled = foreseen(reader, ledger, targets)
    if options.csv is not None:
        write_csv(options.csv, _COLUMNS, [_row(one) for one in rows])
    return _tell(rows, troubled, say)


def _source(shop: ShopSettings, connections: Connections, ledger: Ledger) -> ProductSource:
    if shop.products.master is ProductsMaster.RACKBEAT and shop.rackbeat_target is not None:
        return warehouse_source(shop, warehouse_of(shop.rackbeat_target, connections, ledger), ledger)
    return webshop_of(shop, connections)


def _target(shop: ShopSettings, name: str, connections: Connections, ledger: Ledger) -> ProductTarget:
    if name == shop.connection:
        return target_in_shop(shop, webshop_of(shop, connections))
    if name == shop.rackbeat_target:
        return target_in_rackbeat(shop, warehouse_of(name, connections, ledger))
    return target_in_economic(shop, accounts_of(name, connections, ledger))


def _tell(rows: Sequence[Foreseen], troubled: Sequence[Verdict], say: Say) -> int:
    for system in dict.fromkeys(one.system for one in rows):
        here = [one for one in rows if one.system == system]
        say(f"\n{system}: {len(here)} products")
        for what, count in Counter(one.what for one in here).most_common():
            named = [one.number for one in here if one.what == what][:_SHOWN] if what != "in step" else []
            more = f": {', '.join(named)}{' …' if count > len(named) else ''}" if named else ""
            say(f"  {count:>6} {what}{more}")
    for verdict in troubled:
        say(f"\n{verdict.message()}")
    say("\nNothing was written.")
    return Exit.FOUND if troubled else Exit.WELL


def _row(one: Foreseen) -> tuple[object, ...]:
    master, there = (" | ".join(values.values()) for values in (one.master, one.there))
    return one.system, one.number, one.what, " | ".join(one.master), master, there, one.text

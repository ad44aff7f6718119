"""`python -m pakhus initial_sync --shop nordlys --preview`: the first transfer of products and stock to Rackbeat.

Runs once per shop; broken off, it is run again and goes on. `--undo` lists what it has made.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from pakhus.commands import Exit, Say
from pakhus.commands.live_systems import CONNECTIONS_HELP, opened, warehouse_of, webshop_of
from pakhus.commands.tables import write_csv
from pakhus.errors import ConfigurationError
from pakhus.flows.initial_sync import InitialSync, is_settled
from pakhus.flows.report import RunReport
from pakhus.flows.warehouse_products import CREATE
from pakhus.ledger.products import Made
from pakhus.reasons import Status, Verdict, reason
from pakhus.rules.initial_sync import Transfer
from pakhus.settings import load_shop

_PLAN = ("number", "name", "make", "price", "stock", "left_alone")
_UNDO = ("made", "number", "id", "quantity", "sent_at", "to_undo_it")


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--shop", required=True, help="the shop's id")
    parser.add_argument("--preview", action="store_true", help="say what would be made, count nothing, write nothing")
    parser.add_argument("--products-only", action="store_true", help="make products, count no stock")
    parser.add_argument("--csv", type=Path, metavar="FILE", help="with --preview: every product as a table")
    parser.add_argument("--undo", type=Path, metavar="FILE", help="write what was made so far as a table, and end")
    parser.add_argument("--connections", type=Path, metavar="FILE", help=CONNECTIONS_HELP)


def run(options: argparse.Namespace, say: Say) -> int:
    shop = load_shop(options.shop)
    if shop.rackbeat_target is None:
        raise ConfigurationError(f"{shop.shop} names no Rackbeat agreement: there is no warehouse to fill")
    with opened(shop, options.connections) as (connections, ledger):
        warehouse = warehouse_of(shop.rackbeat_target, connections, ledger)
        flow = InitialSync(webshop_of(shop, connections), warehouse, ledger, shop)
        if options.undo is not None:
            made = flow.made()
            write_csv(options.undo, _UNDO, [_undo_row(one) for one in made])
            say(f"{len(made)} writes of the first transfer of {shop.shop} are in {options.undo}.")
            return Exit.WELL
        if options.preview:
            return _preview(flow.preview(stock=not options.products_only), options.csv, say)
        return _tell(flow.run(stock=not options.products_only), say)


def _preview(transfers: Sequence[Transfer], file: Path | None, say: Say) -> int:
    made = sum(1 for one in transfers if one.make is not None)
    counted = [one.on_hand for one in transfers if one.on_hand is not None]
    say(f"{len(transfers)} products: {made} would be made, {len(counted)} counted ({sum(counted):f} pieces).")
    left = Counter(verdict.code for one in transfers for verdict in one.left)
    for code, count in sorted(left.items()):
        say(f"\n  {count:>5} {code}: {reason(code).action}")
        for verdict in [verdict for one in transfers for verdict in one.left if verdict.code == code][:15]:
            say(f"        {verdict.text()}")
    if file is not None:
        write_csv(file, _PLAN, [_plan_row(one) for one in transfers])
    say("\nNothing was written.")
    return Exit.FOUND if any(Verdict(code).status is Status.HELD for code in left) else Exit.WELL


def _tell(report: RunReport, say: Say) -> int:
    say(report.note())
    for code, count in sorted(report.codes.items()):
        say(f"  {count:>5} {code}: {report.causes[code]}")
    again = [code for code in report.codes if not is_settled(Verdict(code))]
    if report.remark or again or "initial_sync_done" in report.codes:
        if report.remark or again:
            say("\nIt is not finished: mend what is named, then run it again; what is done is not done twice.")
        return Exit.FOUND
    say("\nFinished. `--undo FILE` lists what was made.")
    return Exit.WELL


def _plan_row(one: Transfer) -> tuple[object, ...]:
    price = "" if one.make is None else f"{one.make.price:f}"
    stock = "" if one.on_hand is None else f"{one.on_hand:f}"
    left = " ".join(verdict.text() for verdict in one.left)
    return one.number, one.name, "yes" if one.make else "no", price, stock, left


def _undo_row(one: Made) -> tuple[object, ...]:
    if one.step == CREATE:
        action = "Delete the product, after its stock was counted to 0; impossible once it has been used: bar it then"
        return "product", one.number, one.remote_id, "", one.at.isoformat(), action
    action = "Count the product to 0 at the location: an adjustment cannot be taken back"
    return "adjustment", one.number, one.remote_id, one.subject, one.at.isoformat(), action

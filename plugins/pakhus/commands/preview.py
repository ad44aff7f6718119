"""`python -m pakhus preview --shop nordlys --mapping-file new.yaml`: what a change would do to the newest orders.

Reads the ledger in a session that cannot write, asks no other system. What may identify a person is shown by its
length only, unless `--personal` is given.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from pakhus.clients.stored_bodies import bodies_of
from pakhus.commands import Exit, Say
from pakhus.commands.ledger_here import ledger_here, used
from pakhus.errors import ConfigurationError
from pakhus.flows.preview import Change, OrderCompared, Preview, SideCompared, rule_hits
from pakhus.ledger import sources
from pakhus.ledger.connection import Transaction, read_only
from pakhus.reasons import Verdict
from pakhus.rules.field_paths import paths_of
from pakhus.rules.foreseen import is_personal
from pakhus.settings import SettingsError, ShopSettings, include_folder, load_shop, shop_path
from pakhus.settings.documents import read_document

_MOST = 10_000
_WIDTH = 36
_ORDERS_FOR_FIELDS = 20


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--shop", required=True, help="the shop's id")
    parser.add_argument("--shop-file", type=Path, metavar="FILE", help="a changed shop file; may be called anything")
    parser.add_argument(
        "--mapping-file", type=Path, metavar="FILE", help="a changed mapping, in the place of the one the shop names"
    )
    parser.add_argument("--include", type=Path, metavar="FOLDER", help="a whole changed folder of settings")
    parser.add_argument("--last", type=int, default=100, metavar="N", help="how many orders; default 100")
    parser.add_argument("--personal", action="store_true", help="show names, addresses and notes as they are")
    parser.add_argument("--fields", action="store_true", help="list the fields that the newest orders have, and end")


def run(options: argparse.Namespace, say: Say) -> int:
    if not 0 < options.last <= _MOST:
        raise ConfigurationError(f"--last {options.last}: write a number from 1 to {_MOST}")
    before = load_shop(options.shop)
    with _candidate(options) as after, used(ledger_here()) as ledger, read_only(ledger) as tx:
        if options.fields:
            return _tell_fields(tx, before, say)
        return _tell(tx, Preview(before, after), options, say)


@contextmanager
def _candidate(options: argparse.Namespace) -> Iterator[ShopSettings]:
    """The changed settings, put into a copy of the folder so that they are read and checked as the real ones are."""
    shop, root = options.shop, options.include or include_folder()
    for file in (options.shop_file, options.mapping_file):
        if file is not None and not file.is_file():
            raise ConfigurationError(f"{file}: there is no such file")
    with tempfile.TemporaryDirectory(prefix="pakhus-") as folder:
        copy = Path(folder) / "include"
        shutil.copytree(root, copy)
        shown = {}
        if options.shop_file is not None:
            shutil.copyfile(options.shop_file, shop_path(shop, copy))
            shown[f"include/shops/{shop}.yaml"] = str(options.shop_file)
        if options.mapping_file is not None:
            name = _mapping_name(shop, copy)
            shutil.copyfile(options.mapping_file, copy / "mappings" / f"{name}.yaml")
            shown[f"include/mappings/{name}.yaml"] = str(options.mapping_file)
        try:
            yield load_shop(shop, copy)
        except SettingsError as error:
            raise SettingsError([replace(one, file=shown.get(one.file, one.file)) for one in error.problems]) from None


def _mapping_name(shop: str, folder: Path) -> str:
    """The mapping that the shop's file names; the file may be wrong elsewhere, since its mapping is about to change."""
    name = read_document(shop_path(shop, folder), shop).values.get("mapping")
    if not isinstance(name, str) or not (folder / "mappings" / f"{name}.yaml").is_file():
        raise ConfigurationError(f"{shop} names no mapping that there is, in whose place --mapping-file could be put")
    return name


def _tell_fields(tx: Transaction, settings: ShopSettings, say: Say) -> int:
    bodies, found = bodies_of(settings), set[str]()
    for row_id in sources.newest(tx, settings.shop, "order", limit=_ORDERS_FOR_FIELDS):
        try:
            found.update(paths_of(bodies.received(sources.load(tx, row_id).body).body))
        except ValueError:
            continue  # one that cannot be understood
    for path in sorted(found):
        say(path)
    return Exit.WELL if found else Exit.FOUND


def _tell(tx: Transaction, preview: Preview, options: argparse.Namespace, say: Say) -> int:
    counts: Counter[tuple[str, str]] = Counter()
    compared = differing = standing = 0
    say(f"{preview.after.shop}: its newest orders under the settings as they are → as they would be")
    for order in preview.newest(tx, options.last):
        compared += 1
        for side in order.sides:
            counts[f"{side.side} before", _code(side.before)] += 1
            counts[f"{side.side} after", _code(side.after)] += 1
        if order.differs:
            differing += 1
            standing += any(side.stands and side.differs for side in order.sides)
            _tell_order(order, say, personal=options.personal)
    if not compared:
        say("  The ledger has no order of this shop yet.")
        return Exit.FOUND
    say(f"\n{compared} orders: {differing} would be treated otherwise, {compared - differing} alike.")
    if standing:
        say(f"Of these {standing} are transferred already and stay as they are; only new ones like them would differ.")
    _tell_counts(counts, say)
    _tell_rules(tx, preview.after, options.last, say)
    say("The accounts were not asked for their VAT: totals are those of the shop's own rates. Nothing was written.")
    return Exit.WELL


def _tell_order(order: OrderCompared, say: Say, *, personal: bool) -> None:
    placed = f"{order.placed_at:%Y-%m-%d}" if order.placed_at else "no date"
    say(f"\n  {order.number} ({placed}, {order.state})")
    for side in order.sides:
        if not side.differs:
            continue
        say(f"    {side.side.value:<10} {_code(side.before):<{_WIDTH}} → {_code(side.after)}{_stands(side)}")
        if side.after is not None and side.before != side.after:
            say(f"      {side.after.text()}")
        for change in side.changes:
            before, after = (_shown(change, text, personal=personal) for text in (change.before, change.after))
            say(f"      {change.name:<24} {before:<{_WIDTH}} → {after}")


def _tell_counts(counts: Counter[tuple[str, str]], say: Say) -> None:
    for side in ("warehouse", "accounts"):
        codes = sorted({code for (name, code) in counts if name.startswith(side)} - {"–"})
        changed = [code for code in codes if counts[f"{side} before", code] != counts[f"{side} after", code]]
        for code in changed:
            say(f"  {side:<10} {code:<{_WIDTH}} {counts[f'{side} before', code]} → {counts[f'{side} after', code]}")


def _tell_rules(tx: Transaction, settings: ShopSettings, limit: int, say: Say) -> None:
    """How many orders each rule fits; a field that no order has is a slip of the pen more often than not."""
    rules, bodies = settings.field_rules, bodies_of(settings)
    hits: Counter[str] = Counter()
    there: set[str] = set()
    for row_id in sources.newest(tx, settings.shop, "order", limit=limit) if rules else ():
        try:
            received = bodies.received(sources.load(tx, row_id).body)
        except ValueError:
            continue
        hits.update(rule_hits(rules, received))
        there.update(path for rule in rules for path in rule.fields() if received.texts(path))
    for rule in rules:
        missing = [path for path in dict.fromkeys(rule.fields()) if path not in there]
        note = f"; none of these orders has {', '.join(missing)}" if missing else ""
        say(f"  rule {rule.id}: fits {hits[rule.id]}{note}")


def _code(verdict: Verdict | None) -> str:
    return "–" if verdict is None else verdict.code


def _stands(side: SideCompared) -> str:
    return "  (transferred: stays)" if side.stands else ""


def _shown(change: Change, text: str, *, personal: bool) -> str:
    if not text:
        return "(nothing)"
    if personal or not (change.member and is_personal(change.name)):
        return text
    return f"({len(text)} characters)"

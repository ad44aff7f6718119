"""`python -m pakhus imports nordlys`: what an import of earlier orders came to, per month and cause.

Reads what the runs of `<shop>__audit` with *Import* kept in the ledger; asks no system and changes nothing.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path

from pakhus.commands import Exit, Say
from pakhus.commands.ledger_here import ledger_here, used
from pakhus.commands.tables import write_csv
from pakhus.errors import ConfigurationError
from pakhus.ledger import imports
from pakhus.reasons import Status, reason
from pakhus.rules.imports import Outcomes, customers_of, from_json, merged
from pakhus.settings import shop_names

_COLUMNS = ("month", "status", "reason", "orders", "currency", "gross", "vat", "first_numbers")
_ORDER_COLUMNS = ("day", "order", "reason", "cause", "who_acts", "action")
_FIRST_DAY, _LAST_DAY = date(1970, 1, 1), date(9999, 12, 31)


_DONE_FOR = {
    "collective": "collective",
    "found": "in the accounts already",
    "new": "would be created",
}


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("shop", help="the shop's id")
    parser.add_argument("--mode", choices=("dry_run", "draft", "book"), default="dry_run", help="default: dry_run")
    parser.add_argument("--from", dest="first", type=date.fromisoformat, default=_FIRST_DAY, metavar="DAY")
    parser.add_argument("--to", dest="last", type=date.fromisoformat, default=_LAST_DAY, metavar="DAY")
    parser.add_argument("--csv", type=Path, metavar="FILE", help="the same as a table for a spreadsheet")
    parser.add_argument("--orders", type=Path, metavar="FILE", help="each order that is held, with its cause, as CSV")


def run(options: argparse.Namespace, say: Say) -> int:
    if options.shop not in shop_names():
        raise ConfigurationError(f"there is no shop {options.shop}; there are: {', '.join(shop_names()) or 'none'}")
    with used(ledger_here()) as ledger, ledger.begin() as tx:
        days = imports.days(tx, options.shop, options.mode, options.first, options.last)
    if not days:
        say(f"{options.shop}: no day was imported in mode {options.mode}. Backfill {options.shop}__audit with Import.")
        return Exit.FOUND
    found = [(day, from_json(outcomes)) for day, outcomes in days]
    months = _by_month(found)
    rows = list(_rows(months))
    _tell(options.shop, options.mode, len(days), rows, say)
    _tell_customers(months, say)
    if options.csv is not None:
        write_csv(options.csv, _COLUMNS, rows)
    if options.orders is not None:
        write_csv(options.orders, _ORDER_COLUMNS, list(_causes(found)))
    return Exit.WELL


Row = tuple[str, str, str, int, str, str, str, str]


def _by_month(days: Iterable[tuple[date, Outcomes]]) -> dict[str, Outcomes]:
    months: dict[str, list[Outcomes]] = {}
    for day, outcomes in days:
        months.setdefault(f"{day:%Y-%m}", []).append(outcomes)
    return {month: merged(found) for month, found in sorted(months.items())}


def _rows(months: dict[str, Outcomes]) -> Iterator[Row]:
    """A row per month, reason and currency; what would be invoiced first, then what is held."""
    for month, outcomes in months.items():
        for code, one in sorted(outcomes.items(), key=lambda item: (_place(item[0]), item[0])):
            for currency, gross in sorted(one.gross.items()):
                amounts = f"{gross:.2f}", f"{one.vat[currency]:.2f}"
                yield month, reason(code).status.value, code, one.count, currency, *amounts, " ".join(one.numbers)


def _causes(days: Iterable[tuple[date, Outcomes]]) -> Iterator[tuple[str, str, str, str, str, str]]:
    """A row per order that is held, in the order of days: its cause, who must act, and what to do."""
    for day, outcomes in days:
        for code, one in sorted(outcomes.items()):
            for number, cause in one.causes:
                yield f"{day}", number, code, cause, reason(code).actor.value, reason(code).action


def _tell_customers(months: dict[str, Outcomes], say: Say) -> None:
    """Whose the invoices would be, each customer once a month, and once in the whole."""
    counted = [(month, customers_of(outcomes)) for month, outcomes in months.items()]
    for month, counts in [*counted, ("all", customers_of(merged(months.values())))]:
        if counts:
            say(f"  {month:<7}  customers: {', '.join(f'{count} {_DONE_FOR[what]}' for what, count in counts.items())}")


def _place(code: str) -> int:
    order = (Status.DONE, Status.WAITING, Status.DUE, Status.HELD, Status.FAILED)
    status = reason(code).status
    return order.index(status) if status in order else len(order)


def _tell(shop: str, mode: str, days: int, rows: Iterable[Row], say: Say) -> None:
    say(f"{shop}, {mode}: {days} days")
    for month, status, code, count, currency, gross, vat, numbers in rows:
        say(f"  {month}  {status:<8} {code:<28} {count:>6} {gross:>14} {currency}, VAT {vat}")
        if status in ("held", "failed"):
            say(f"           {reason(code).meaning} Orders {numbers}{' …' if count > len(numbers.split()) else ''}")

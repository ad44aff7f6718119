"""`python -m pakhus trial nordlys 2026-10`: the accounts and VAT codes that a month's real orders would hit.

Reads the shop and e-conomic, writes to neither. `--approve` records in the ledger that the list is right; later trials
mark what is new since.
"""

from __future__ import annotations

import argparse
import getpass
from collections.abc import Collection, Sequence
from pathlib import Path

from pakhus.commands import Exit, Say
from pakhus.commands.live_systems import CONNECTIONS_HELP, accounts_of, opened, webshop_of
from pakhus.commands.tables import Row, say_table, write_csv
from pakhus.errors import ConfigurationError
from pakhus.flows.trial_posting import trial
from pakhus.ledger import approved_postings
from pakhus.reasons import Status, reason
from pakhus.rules.imports import Outcomes
from pakhus.rules.money import percent
from pakhus.rules.month_end import month_of, month_window
from pakhus.rules.trial_posting import Posting, TrialPosting, in_order
from pakhus.settings import load_shop

_COLUMNS = (
    "account",
    "vat_code",
    "rate",
    "country",
    "scheme",
    "currency",
    "orders",
    "net",
    "vat",
    "products",
    "approved",
)


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("shop", help="the shop's id")
    parser.add_argument("month", type=month_of, help="whose orders are tried, like 2026-10")
    parser.add_argument("--approve", action="store_true", help="record that the list, as it is printed, is right")
    parser.add_argument("--csv", type=Path, metavar="FILE", help="the list as a table for a spreadsheet")
    parser.add_argument("--connections", type=Path, metavar="FILE", help=CONNECTIONS_HELP)


def run(options: argparse.Namespace, say: Say) -> int:
    shop = load_shop(options.shop)
    if shop.economic_target is None:
        raise ConfigurationError(f"{shop.shop} names no e-conomic agreement: there is nothing to post into")
    with opened(shop, options.connections) as (connections, ledger):
        accounts = accounts_of(shop.economic_target, connections, ledger)
        window = month_window(options.month, shop.timezone)
        posting, outcomes = trial(webshop_of(shop, connections), accounts, ledger, shop).post(window)
        with ledger.begin() as tx:
            known = approved_postings.approved(tx, shop.shop)
        rows = rows_of(posting, known)
        _tell(f"{shop.shop} {options.month:%Y-%m}", rows, posting, outcomes, say)
        if options.csv is not None:
            write_csv(options.csv, _COLUMNS, rows)
        new = [place for place in posting.all_postings() if place not in known]
        if options.approve:
            with ledger.begin() as tx:
                approved_postings.approve(tx, shop.shop, new, getpass.getuser())
            say(f"\nApproved: {len(new)} of these are new.")
            return Exit.WELL
    if new:
        say(f"\n{len(new)} are not approved yet. Show them to the bookkeeper; --approve records that they are right.")
    return Exit.FOUND if new else Exit.WELL


def rows_of(posting: TrialPosting, known: Collection[Posting]) -> list[Row]:
    """The list: where it is posted, what, from how many orders, and whether it is approved."""
    return [
        (
            *(place.account or "?", place.vat_code or "none", percent(place.rate), place.country, place.scheme),
            *(currency, posted.orders, f"{posted.net:.2f}", f"{posted.vat:.2f}", " ".join(posted.products)),
            "yes" if place in known else "new",
        )
        for currency, place, posted in in_order(posting.postings)
    ]


def _tell(title: str, rows: Sequence[Row], posting: TrialPosting, outcomes: Outcomes, say: Say) -> None:
    say(f"{title}: {sum(one.count for one in outcomes.values())} orders\n\nsales accounts and VAT codes")
    say_table(_COLUMNS, rows, say)
    say("\npayments")
    for (currency, method), paid in sorted(posting.payments.items()):
        where = f"{paid.way}, account {paid.account or '-'}" if paid.way else "NOT MAPPED"
        say(f"  {method or '(none)':<24} {paid.orders:>5} orders {paid.gross:>12.2f} {currency}  {where}")
    say("\nnot posted")
    for code, one in sorted(outcomes.items()):
        if code == "dry_run":
            continue
        held = f" Orders {' '.join(one.numbers)}" if reason(code).status is Status.HELD else ""
        say(f"  {one.count:>5} {code}: {reason(code).meaning}{held}")

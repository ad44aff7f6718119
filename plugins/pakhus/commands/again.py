"""`python -m pakhus again nordlys 1042 1043`, or `--reason product_missing`: send orders again.

Always safe: what was written is not written twice.
"""

from __future__ import annotations

import argparse
import getpass
from datetime import date

from pakhus.commands import Exit, Say
from pakhus.commands.ledger_here import ledger_here, used
from pakhus.errors import ConfigurationError
from pakhus.flows.asked_orders import MOST_AT_ONCE, Sent, days, matching, send_matching, send_named, statuses
from pakhus.ledger.connection import Ledger
from pakhus.ledger.wanted_documents import Wanted
from pakhus.reasons import REASONS
from pakhus.settings import load_shop, shop_names
from pakhus.settings.accounts import account_names


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("shop", help="the shop's id, or a provider account's with the key of a payout")
    parser.add_argument(
        "orders", nargs="*", metavar="order", help="an order's number as people see it, its id, or a document's key"
    )
    parser.add_argument("--flow", help="only what this flow works on: orders, invoices, …")
    parser.add_argument("--reason", choices=sorted(REASONS), metavar="CODE", help="all that is there for this reason")
    parser.add_argument("--status", choices=sorted(statuses()), help="all that is held, waiting, failed, …")
    parser.add_argument("--placed-from", type=date.fromisoformat, metavar="DAY", help="placed on this day or later")
    parser.add_argument("--placed-to", type=date.fromisoformat, metavar="DAY", help="placed on this day or earlier")
    parser.add_argument("--list", action="store_true", help="only say what would be sent again")


def run(options: argparse.Namespace, say: Say) -> int:
    common = any((options.reason, options.status, options.placed_from, options.placed_to))
    scopes = shop_names() if common else (*shop_names(), *account_names())
    if options.shop not in scopes:
        raise ConfigurationError(f"there is no shop {options.shop}; there are: {', '.join(scopes) or 'none'}")
    if bool(options.orders) == common:
        raise ConfigurationError(
            "name orders, or say what they have in common (--reason, --status, --placed-from, --placed-to), not both"
        )
    with used(ledger_here(), "nothing was sent again") as ledger:
        return _common(ledger, options, say) if common else _named(ledger, options, say)


def _named(ledger: Ledger, options: argparse.Namespace, say: Say) -> int:
    if options.list:
        raise ConfigurationError("--list goes with --reason, --status, --placed-from and --placed-to")
    sent = send_named(ledger, options.shop, options.orders, getpass.getuser(), options.flow)
    if not sent.due and sent.left.keys() == set(options.orders):
        said = f" of the flow {options.flow}" if options.flow else ""
        names = ", ".join(options.orders)
        reasons = {why for why in sent.left.values() if "no such order" not in why}
        if not reasons:
            raise ConfigurationError(f"{options.shop} has no document{said} for {names}; was the order read yet?")
    return _told(options.shop, sent, say)


def _common(ledger: Ledger, options: argparse.Namespace, say: Say) -> int:
    begin, end = days(options.placed_from, options.placed_to, load_shop(options.shop).timezone)
    wanted = Wanted(options.flow or "", options.reason or "", options.status or "", begin, end)
    if not options.list:
        return _told(options.shop, send_matching(ledger, options.shop, wanted, getpass.getuser()), say)
    found = matching(ledger, options.shop, wanted)
    for document in found:
        say(f"{document.key}: {document.verdict.text()}")
    say(f"{len(found)} would be sent again.{_more(len(found))}")
    return Exit.WELL if found else Exit.FOUND


def _told(shop: str, sent: Sent, say: Say) -> int:
    for name, why in sent.left.items():
        say(f"{name}: {why}")
    for document in sent.due:
        say(f"{document.key}: due at once; it was {document.verdict.code}.")
    if sent.due:
        flows = " and ".join(sorted({f"{shop}__{document.flow}" for document in sent.due}))
        say(f"The next run of {flows} takes it; trigger it to have it at once.")
    else:
        say("Nothing was sent again.")
    if more := _more(len(sent.due)):
        say(more.strip())
    return Exit.WELL if sent.due else Exit.FOUND


def _more(count: int) -> str:
    return f" At most {MOST_AT_ONCE} at a time: say it again for the rest." if count >= MOST_AT_ONCE else ""

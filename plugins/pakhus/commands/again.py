"""`python -m pakhus again nordlys 1042`: send an order again. Always safe: what was written is not written twice."""

from __future__ import annotations

import argparse
import getpass

from sqlalchemy.exc import SQLAlchemyError

from pakhus.commands import Exit, Say
from pakhus.commands.ledger_here import ledger_here
from pakhus.errors import ConfigurationError, PakhusError
from pakhus.flows.decisions import documents_to_send, send_again, sendable
from pakhus.ledger.connection import Ledger
from pakhus.settings import shop_names


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("shop", help="the shop's id")
    parser.add_argument("order", help="the order's number as people see it, or the key of one document")
    parser.add_argument("--flow", help="only what this flow works on: orders, invoices, …")


def run(options: argparse.Namespace, say: Say) -> int:
    if options.shop not in shop_names():
        raise ConfigurationError(f"there is no shop {options.shop}; there are: {', '.join(shop_names()) or 'none'}")
    ledger = ledger_here()
    try:
        return _send(ledger, options, say)
    except SQLAlchemyError as error:
        raise ConfigurationError(
            f"the ledger's database cannot be used ({type(error).__name__}): nothing was sent again. See whether it "
            "runs; `python -m pakhus apply` brings its tables up to date."
        ) from None
    finally:
        ledger.close()


def _send(ledger: Ledger, options: argparse.Namespace, say: Say) -> int:
    found = documents_to_send(ledger, options.shop, options.order, options.flow)
    if not found:
        said = f" of the flow {options.flow}" if options.flow else ""
        raise ConfigurationError(f"{options.shop} has no document{said} for {options.order}; was the order read yet?")
    sent: set[str] = set()
    for document in found:
        if not sendable(document):
            say(f"{document.key}: left as it is. {document.verdict.text()}")
            continue
        try:
            decided = send_again(ledger, options.shop, document.key, getpass.getuser())
        except PakhusError as error:  # the other documents are sent all the same
            say(str(error))
            continue
        sent.add(f"{options.shop}__{decided.flow}")
        say(f"{document.key}: due at once; it was {document.verdict.code}.")
    if sent:
        say(f"The next run of {' and '.join(sorted(sent))} takes it; trigger it to have it at once.")
    return Exit.WELL if sent else Exit.FOUND

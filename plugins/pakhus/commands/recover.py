"""`python -m pakhus recover`: go on with a ledger that was restored from a backup; `--done` ends it."""

from __future__ import annotations

import argparse
from datetime import datetime

from pakhus.commands import Exit, Say
from pakhus.commands.ledger_here import ledger_here, used
from pakhus.ledger import installation
from pakhus.ledger.connection import Transaction


def configure(parser: argparse.ArgumentParser) -> None:
    which = parser.add_mutually_exclusive_group()
    which.add_argument(
        "--backup-of",
        type=_moment,
        metavar="TIME",
        help="when the backup was made, with its offset: 2026-11-28T02:00+01:00; default: the newest write it knows of",
    )
    which.add_argument("--done", action="store_true", help="go back to normal: each first write no longer looks up")


def run(options: argparse.Namespace, say: Say) -> int:
    with used(ledger_here(), "nothing was changed") as ledger, ledger.begin() as tx:
        told = _ended(tx) if options.done else _begun(tx, options.backup_of)
    say(told)
    return Exit.WELL


def _begun(tx: Transaction, backup_of: datetime | None) -> str:
    begun = installation.begin_recovery(tx, backup_of)
    return (
        "Recovery has begun: a new epoch, and each first write looks whether it was made after "
        f"{begun.looks_since:%F %R} UTC. "
        "Flows go on with their next runs. When the days since the backup are proven, end it: "
        "`python -m pakhus recover --done`."
    )


def _ended(tx: Transaction) -> str:
    ended = installation.end_recovery(tx)
    return "Recovery has ended; writes no longer look up." if ended else "There was no recovery to end."


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise argparse.ArgumentTypeError(f"{text} needs an offset, as in 2026-11-28T02:00+01:00")
    return moment

"""`python -m pakhus report clearing`: what providers owe and said, from the ledger; as a table, or CSV for a sheet."""

from __future__ import annotations

import argparse
import csv
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from pakhus.commands import Exit, Say
from pakhus.commands.ledger_here import ledger_here
from pakhus.errors import ConfigurationError
from pakhus.flows.payout_reports import REPORTS, Report


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("report", choices=REPORTS, help="which one")
    parser.add_argument("--account", help="of this provider account only")
    parser.add_argument("--csv", type=Path, metavar="FILE", help="write it there instead of printing it")


def run(options: argparse.Namespace, say: Say) -> int:
    ledger = ledger_here()
    try:
        with ledger.begin() as tx:
            report = REPORTS[options.report](tx, options.account)
    except SQLAlchemyError as error:
        raise ConfigurationError(
            f"the ledger's database cannot be used ({type(error).__name__}). See whether it runs; `python -m pakhus "
            "apply` brings its tables up to date."
        ) from None
    finally:
        ledger.close()
    if options.csv:
        _write(report, options.csv)
        say(f"wrote {len(report.rows)} rows to {options.csv}")
    else:
        for line in _table(report):
            say(line)
    return Exit.WELL


def _write(report: Report, file: Path) -> None:
    with file.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(report.columns)
        writer.writerows(report.rows)


def _table(report: Report) -> list[str]:
    """Columns as wide as what is in them; numbers to the right."""
    if not report.rows:
        return ["nothing"]
    rows = [tuple(report.columns), *(tuple(row) for row in report.rows)]
    widths = [max(len(row[place]) for row in rows) for place in range(len(report.columns))]
    return ["  ".join(_cell(text, width) for text, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def _cell(text: str, width: int) -> str:
    is_number = text.replace(".", "", 1).replace("-", "", 1).isdigit()
    return text.rjust(width) if is_number else text.ljust(width)

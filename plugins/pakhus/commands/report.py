"""`python -m pakhus report clearing`: what providers owe and said, or SKUs, from the ledger; table, CSV, picture."""

from __future__ import annotations

import argparse
from pathlib import Path

from pakhus.commands import Exit, Say
from pakhus.commands.ledger_here import ledger_here, used
from pakhus.commands.tables import write_csv
from pakhus.errors import ConfigurationError
from pakhus.flows.payout_reports import REPORTS, Report
from pakhus.flows.skus import SKUS, last_report, reported

_REPORTS = {**REPORTS, SKUS: last_report}


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("report", choices=_REPORTS, help="which one; skus: what is wrong with the SKUs of shops")
    parser.add_argument("--account", help="of this provider account only")
    parser.add_argument("--shop", help="skus: of this shop only")
    parser.add_argument("--csv", type=Path, metavar="FILE", help="write it there instead of printing it")
    parser.add_argument("--picture", type=Path, metavar="FILE", help="draw it there: .png, .svg, .pdf")


def run(options: argparse.Namespace, say: Say) -> int:
    with used(ledger_here()) as ledger, ledger.begin() as tx:
        report = _REPORTS[options.report](tx, options.shop if options.report == SKUS else options.account)
        told = reported(tx, options.shop) if options.report == SKUS else []
    if options.report == SKUS and not told:
        raise ConfigurationError(
            f"no SKU report of {options.shop or 'any shop'} is kept; trigger the DAG {options.shop or '<shop>'}__skus"
        )
    for line in told:
        say(line)
    if options.picture:
        _draw(options.report, report, options.picture)
        say(f"drew {len(report.rows)} rows into {options.picture}")
    if options.csv:
        write_csv(options.csv, report.columns, report.rows)
        say(f"wrote {len(report.rows)} rows to {options.csv}")
    elif not options.picture:
        for line in _table(report):
            say(line)
    return Exit.WELL


def _draw(name: str, report: Report, file: Path) -> None:
    if name == SKUS:
        raise ConfigurationError("there is no picture of SKUs: leave --picture out")
    from pakhus.commands.report_picture import draw  # loading the library takes a second

    try:
        draw(name, report, file)
    except (ValueError, OSError) as error:
        raise ConfigurationError(f"{file} cannot be drawn: {error}") from None


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

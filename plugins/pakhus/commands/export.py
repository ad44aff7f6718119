"""`python -m pakhus export oss --quarter 2026-4`: the records of sales under OSS, as CSV for return and archive.

Per booked document, country and rate: what a member state may ask for during ten years (domain guide 6.2). Credit notes
of earlier quarters stand with their own date and name the invoice that they correct.
"""

from __future__ import annotations

import argparse
import csv
import io
import re
from collections.abc import Iterable
from dataclasses import asdict, fields
from datetime import date
from decimal import Decimal
from pathlib import Path

from pakhus.commands import Exit, Say
from pakhus.commands.ledger_here import ledger_here, used
from pakhus.commands.tables import as_text
from pakhus.ledger.oss_records import OssRecord, oss_records

_QUARTER = re.compile(r"(\d{4})-?[Qq]?([1-4])")
_PLACES = {"rate": "0.0001", "taxable": "0.01", "vat": "0.01", "paid": "0.01"}


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("what", choices=["oss"], help="oss: sales under the One Stop Shop")
    parser.add_argument("--quarter", type=_quarter, required=True, help="like 2026-4", metavar="QUARTER")
    parser.add_argument("--shop", help="only this shop; default: all")
    parser.add_argument("--to", type=Path, help="file to write to; default: the screen")


def run(options: argparse.Namespace, say: Say) -> int:
    start, end = options.quarter
    with used(ledger_here()) as ledger, ledger.begin() as tx:
        records = oss_records(tx, start, end, options.shop)
    text = as_csv(records)
    if options.to is None:
        say(text.rstrip("\n"))
        return Exit.WELL
    options.to.write_text(text, encoding="utf-8")
    say(f"wrote {len(records)} records to {options.to}")
    return Exit.WELL


def as_csv(records: Iterable[OssRecord]) -> str:
    """Return the records as CSV with a header; amounts with two decimals."""
    out = io.StringIO()
    rows = csv.writer(out, lineterminator="\n")
    rows.writerow([field.name for field in fields(OssRecord)])
    for record in records:
        rows.writerow([_cell(name, value) for name, value in asdict(record).items()])
    return out.getvalue()


def _cell(name: str, value: object) -> object:
    return value.quantize(Decimal(_PLACES[name])) if isinstance(value, Decimal) and name in _PLACES else as_text(value)


def _quarter(text: str) -> tuple[date, date]:
    """The first day of a quarter, and that of the next."""
    found = _QUARTER.fullmatch(text)
    if found is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no quarter; write it like 2026-4")
    year, quarter = int(found[1]), int(found[2])
    start = date(year, 3 * quarter - 2, 1)
    return start, date(year + quarter // 4, 3 * quarter % 12 + 1, 1)

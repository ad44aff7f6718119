"""`python -m pakhus month nordlys 2026-11`: the bookkeeper's sheet of a month, from the ledger alone.

Tables on the screen; `--csv FOLDER` writes one file per table, `--picture FILE.png` orders and invoices per day and VAT
per code.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

from pakhus.commands import Exit, Say
from pakhus.commands.ledger_here import ledger_here, used
from pakhus.commands.tables import say_table, write_csv
from pakhus.ledger import month_end
from pakhus.ledger.connection import Transaction, read_only
from pakhus.reasons import reason
from pakhus.rules.money import percent
from pakhus.rules.month_end import ClearingRow, MonthEnd, VatRow, by_day, month_of, month_window, next_month, totals
from pakhus.settings import ShopSettings, load_shop

Table = tuple[Sequence[str], list[Sequence[object]]]


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("shop", help="the shop's id")
    parser.add_argument("month", type=month_of, help="like 2026-11")
    parser.add_argument("--csv", type=Path, metavar="FOLDER", help="write a file per table there")
    parser.add_argument(
        "--picture", type=Path, metavar="FILE", help="draw orders per day and VAT per code (png, svg, pdf)"
    )


def run(options: argparse.Namespace, say: Say) -> int:
    shop = load_shop(options.shop)
    with used(ledger_here()) as ledger, read_only(ledger) as tx:
        sheet = read_month(tx, shop, options.month)
    tables = tables_of(sheet)
    say(f"{sheet.shop} {sheet.month:%Y-%m}")
    for name, table in tables.items():
        _tell(name, table, say)
    if options.csv is not None:
        _write(options.csv, sheet, tables)
    if options.picture is not None:
        from pakhus.commands.month_picture import draw  # loading the library takes a second

        draw(sheet, options.picture)
    return Exit.WELL


def read_month(tx: Transaction, shop: ShopSettings, month: date) -> MonthEnd:
    """Read a month of a shop: orders by when they were placed, documents by their date."""
    window, last = month_window(month, shop.timezone), next_month(month) - timedelta(days=1)
    return MonthEnd(
        shop=shop.shop,
        month=month,
        orders=by_day(month_end.orders(tx, shop.shop, window), shop.timezone),
        vat=month_end.posted(tx, shop.shop, month, last),
        clearing=month_end.clearing(tx, shop.shop, window),
        not_booked=month_end.not_booked(tx, shop.shop, window),
        corrections=month_end.corrections(tx, shop.shop, month, last),
    )


def tables_of(sheet: MonthEnd) -> dict[str, Table]:
    """The sheet as named tables; amounts at two decimals, as text."""
    kinds = "kind", "vat_code", "rate", "country", "scheme", "currency", "documents"
    money = "net", "vat", "gross"
    return {
        "orders_by_day": (
            ("day", "currency", "orders", "gross", "vat"),
            [(one.day, one.currency, one.count, *_cents(one.gross, one.vat)) for one in sheet.orders],
        ),
        "posted_by_vat_code": ((*kinds, *money), [_posted(row) for row in sheet.vat]),
        "posted": (
            ("kind", "currency", *money),
            [(kind, currency, *_cents(net, vat, net + vat)) for kind, currency, _, net, vat in totals(sheet.vat)],
        ),
        "corrections": (("currency", "sum"), [(currency, *_cents(amount)) for currency, amount in sheet.corrections]),
        "clearing": (
            ("account", "currency", "captured", "refunded", "open_now", "oldest_open"),
            [_cleared(row) for row in sheet.clearing],
        ),
        "not_booked": (
            ("status", "reason", "currency", "orders", "gross"),
            [(row.status, row.code, row.currency, row.count, *_cents(row.gross)) for row in sheet.not_booked],
        ),
    }


def _posted(row: VatRow) -> Sequence[object]:
    where = row.kind, row.vat_code, percent(row.rate), row.country, row.scheme, row.currency, row.documents
    return (*where, *_cents(row.net, row.vat, row.gross))


def _cleared(row: ClearingRow) -> Sequence[object]:
    return (row.account, row.currency, *_cents(row.captured, row.refunded, row.still_open), row.oldest_open or "")


def _cents(*amounts: Decimal) -> tuple[str, ...]:
    return tuple(f"{amount:.2f}" for amount in amounts)


def _tell(name: str, table: Table, say: Say) -> None:
    columns, rows = table
    say(f"\n{name.replace('_', ' ')}" + ("" if rows else ": none"))
    if rows:
        say_table(columns, rows, say)
    if name == "not_booked":
        for code in dict.fromkeys(str(row[1]) for row in rows if row[0] in ("held", "failed")):
            say(f"    {code}: {reason(code).meaning}")


def _write(folder: Path, sheet: MonthEnd, tables: dict[str, Table]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, (columns, rows) in tables.items():
        file = folder / f"{sheet.shop}-{sheet.month:%Y-%m}-{name}.csv"
        write_csv(file, columns, rows)

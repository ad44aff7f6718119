"""The month-end sheet as a picture: orders per day, and what was posted per VAT code."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("agg")  # no screen: files only

from matplotlib import pyplot as plt

from pakhus.rules.money import percent
from pakhus.rules.month_end import MonthEnd, VatRow


def draw(sheet: MonthEnd, file: Path) -> None:
    """Draw the sheet into a file whose ending names its kind: png, svg, pdf."""
    figure, (above, below) = plt.subplots(2, 1, figsize=(10, 8), layout="constrained")
    figure.suptitle(f"{sheet.shop} {sheet.month:%Y-%m}")
    _draw_orders(above, sheet)
    _draw_vat(below, sheet.vat)
    figure.savefig(file)
    plt.close(figure)


def _draw_orders(axes: Any, sheet: MonthEnd) -> None:
    for currency in sorted({one.currency for one in sheet.orders}):
        days = [one for one in sheet.orders if one.currency == currency]
        axes.bar([one.day.day for one in days], [one.gross for one in days], label=f"{currency}", alpha=0.8)
    axes.set(title="Orders by day, VAT included", xlabel="day", xlim=(0, 32))
    if sheet.orders:
        axes.legend()


def _draw_vat(axes: Any, rows: Sequence[VatRow]) -> None:
    labels = [
        f"{row.kind.replace('_', ' ')}\n{row.vat_code or 'no code'} {percent(row.rate)}\n{row.currency}" for row in rows
    ]
    nets: list[Decimal] = [row.net for row in rows]
    axes.bar(range(len(rows)), nets, label="net")
    axes.bar(range(len(rows)), [row.vat for row in rows], bottom=nets, label="VAT")
    axes.set(title="Posted by VAT code")
    axes.set_xticks(range(len(rows)), labels, fontsize="small")
    if rows:
        axes.legend()

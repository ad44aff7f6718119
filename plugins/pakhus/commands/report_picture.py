"""Reports on payouts as pictures: what is open by age, fees by month, lines without a document by what was found."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("agg")  # no screen: files only

from matplotlib import pyplot as plt

from pakhus.flows.payout_reports import Report

_Bars = Mapping[str, Mapping[str, Decimal]]
"""A series -> a place on the axis -> an amount."""


def draw(name: str, report: Report, file: Path) -> None:
    """Draw a report into a file whose ending names its kind: png, svg, pdf."""
    title, bars = _PICTURES[name]
    figure, axes = plt.subplots(figsize=(10, 5), layout="constrained")
    _draw_bars(axes, bars(report), stacked=name == "clearing")
    axes.set(title=title)
    figure.savefig(file)
    plt.close(figure)


def _draw_bars(axes: Any, series: _Bars, *, stacked: bool) -> None:
    places = list(dict.fromkeys(place for amounts in series.values() for place in amounts))
    base = [Decimal(0)] * len(places)
    width = 0.8 if stacked else 0.8 / max(len(series), 1)
    for number, (label, amounts) in enumerate(series.items()):
        heights = [amounts.get(place, Decimal(0)) for place in places]
        shift = 0.0 if stacked else number * width
        at = [place + shift for place in range(len(places))]
        axes.bar(at, heights, width, bottom=base if stacked else None, label=label)
        if stacked:
            base = [low + high for low, high in zip(base, heights, strict=True)]
    axes.set_xticks(range(len(places)), places, fontsize="small")
    if series:
        axes.legend()


def _rows(report: Report) -> list[dict[str, str]]:
    return [dict(zip(report.columns, row, strict=True)) for row in report.rows]


def _ages(report: Report) -> _Bars:
    """What is open per clearing account, by age."""
    ages = [column for column in report.columns if column.endswith("days") and column != "oldest days"]
    return {
        age: {f"{row['agreement']} {row['account']}\n{row['currency']}": Decimal(row[age]) for row in _rows(report)}
        for age in ages
    }


def _fees(report: Report) -> _Bars:
    """Fees per account and currency, by month."""
    found: dict[str, dict[str, Decimal]] = defaultdict(dict)
    for row in sorted(_rows(report), key=lambda row: row["month"]):
        found[f"{row['account']} {row['currency']}"][row["month"]] = Decimal(row["fees"])
    return found


def _outcomes(report: Report) -> _Bars:
    """How much of each outcome, per account and currency."""
    found: dict[str, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for row in _rows(report):
        found[f"{row['account']} {row['currency']}"][row["outcome"].replace("_", " ")] += abs(Decimal(row["amount"]))
    return found


_PICTURES: Mapping[str, tuple[str, Callable[[Report], _Bars]]] = {
    "clearing": ("Captured, not paid out, by age", _ages),
    "fees": ("Fees by month", _fees),
    "unmatched": ("Lines without a sure document", _outcomes),
    "refunds": ("Refunds that only the provider knows", _outcomes),
}

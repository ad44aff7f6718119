"""VAT rates of EU countries by day: the table that Pakhus brings (eu_vat_rates.csv), and what a mapping adds. Pure.

A rate counts from its first day to its last in the local time of its country: that is where it changes at midnight.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from zoneinfo import ZoneInfo

_TABLE = "eu_vat_rates.csv"
_CENTRAL, _EASTERN, _WESTERN = ZoneInfo("Europe/Copenhagen"), ZoneInfo("Europe/Helsinki"), ZoneInfo("Europe/Lisbon")
_ELSEWHERE = {
    **dict.fromkeys(("FI", "EE", "LV", "LT", "GR", "CY", "BG", "RO"), _EASTERN),
    **dict.fromkeys(("IE", "PT", "XI"), _WESTERN),
}


@dataclass(frozen=True, slots=True)
class DatedRate:
    """A rate of a country, as a fraction; `until` is its last day, None where no end is known."""

    country: str
    rate: Decimal
    standard: bool
    since: date
    until: date | None = None

    def holds_on(self, day: date) -> bool:
        return self.since <= day and (self.until is None or day <= self.until)


@cache
def known_rates() -> tuple[DatedRate, ...]:
    """Return the table that Pakhus brings."""
    # Imported here: a DAG file, which reads settings, is not to pay for them.
    import csv
    from importlib import resources

    text = resources.files(__package__).joinpath(_TABLE).read_text(encoding="utf-8")
    rows = csv.DictReader(line for line in text.splitlines() if not line.startswith("#"))
    return tuple(
        DatedRate(
            country=row["country"],
            rate=Decimal(row["percent"]) / 100,
            standard=row["kind"] == "standard",
            since=date.fromisoformat(row["from"]),
            until=date.fromisoformat(row["until"]) if row["until"] else None,
        )
        for row in rows
    )


def rates_on(country: str, day: date, more: Sequence[DatedRate] = ()) -> tuple[DatedRate, ...]:
    """Return a country's rates on a day, standard first. A standard rate in `more` replaces the table's."""
    own = [rate for rate in more if rate.country == country and rate.holds_on(day)]
    replaced = any(rate.standard for rate in own)
    found = [
        rate
        for rate in known_rates()
        if rate.country == country and rate.holds_on(day) and not (replaced and rate.standard)
    ]
    return tuple(sorted({*own, *found}, key=lambda rate: (not rate.standard, -rate.rate)))


def day_in(country: str, moment: datetime) -> date:
    """Return the day that it was in a country."""
    return moment.astimezone(_ELSEWHERE.get(country, _CENTRAL)).date()


def percentages(rates: Iterable[Decimal]) -> str:
    """Return rates for a text: 7 or 19 %."""
    texts = [f"{(rate * 100).normalize():f}" for rate in sorted(set(rates))]
    return f"{' or '.join(texts)} %" if texts else "none"

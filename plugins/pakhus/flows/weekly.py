"""The weekly report: what was ordered, booked and paid out, day by day, and what is left to do (domain guide 17.4).

No alarm and no proof: the proof compares order by order (docs/runbooks/audit.md), this shows whether the sums look like
the shop's. From the ledger alone; sent like an alert, by whoever sends those.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from pakhus.ledger import alerts, month_end, weeks
from pakhus.ledger.alerts import Cause
from pakhus.ledger.connection import Transaction
from pakhus.ledger.weeks import Amount
from pakhus.model import Window
from pakhus.settings.sections import AlertsSettings

WEEKLY_REPORT = "weekly_report"
_FLOW = "week"
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_NOTE = "Orders stand on the day they were placed, invoices on their date, payouts on the day they were paid."


def write_weekly_reports(tx: Transaction, shops: Mapping[str, AlertsSettings]) -> list[str]:
    """Write the report on the last whole week of each shop that wants one and has not had it yet; returns whose."""
    written = []
    for shop, section in shops.items():
        due = last_due(tx.now, section)
        if due is None or alerts.was_announced(tx, shop, WEEKLY_REPORT, since=due):
            continue
        if weeks.watched(tx, shop) is not None:
            alerts.announce(tx, shop, _FLOW, Cause(WEEKLY_REPORT, weekly_text(tx, shop, Week.before(due))))
            written.append(shop)
    return written


def last_due(now: datetime, section: AlertsSettings) -> datetime | None:
    """When a report was due last, in the people's zone; None when none is wanted."""
    if section.weekly_at is None:
        return None
    day, _, hour = section.weekly_at.partition(" ")
    zone = ZoneInfo(section.timezone)
    here = now.astimezone(zone)
    back = timedelta(days=(here.weekday() - _DAYS.index(day)) % len(_DAYS))
    due = datetime.combine(here.date() - back, time.fromisoformat(hour), zone)
    return due if due <= now else datetime.combine(due.date() - timedelta(weeks=1), due.timetz())


@dataclass(frozen=True, slots=True)
class Week:
    """Monday to Sunday in the zone of the people."""

    monday: date
    zone: ZoneInfo

    @classmethod
    def before(cls, moment: datetime) -> Week:
        """The last whole week before a moment, which has its zone."""
        here = moment.date()
        return cls(here - timedelta(days=here.weekday(), weeks=1), ZoneInfo(str(moment.tzinfo)))

    @property
    def days(self) -> list[date]:
        return [self.monday + timedelta(days=number) for number in range(len(_DAYS))]

    @property
    def window(self) -> Window:
        ends = self.monday + timedelta(weeks=1)
        return Window(*(datetime.combine(day, time(0), self.zone) for day in (self.monday, ends)))


def weekly_text(tx: Transaction, shop: str, week: Week) -> str:
    """The report's text: the week's sums, a line for each day, and what is left to do."""
    first, last = week.days[0], week.days[-1]
    orders = [
        Amount(placed.astimezone(week.zone).date(), currency, 1, gross)
        for placed, currency, gross, _ in month_end.orders(tx, shop, week.window)
    ]
    booked, paid = weeks.booked(tx, shop, first, last), weeks.paid_out(tx, shop, first, last)
    proofs = weeks.proofs(tx, shop, first, last)
    head = f"Week {first.isocalendar().week}, {first} to {last}: {_line(orders, booked, paid)}."
    days = [
        f"- {_DAYS[day.weekday()]} {day}: {_line(*(_of(day, rows) for rows in (orders, booked, paid)))}, "
        f"{proofs.get(day, 'not looked at')}"
        for day in week.days
    ]
    return "\n".join([head, *days, *_left(tx, shop, week), _NOTE])


def _left(tx: Transaction, shop: str, week: Week) -> Iterator[str]:
    held = weeks.held(tx, shop)
    if held:
        yield f"- {held} {'document waits' if held == 1 else 'documents wait'} for people now"
    for row in month_end.clearing(tx, shop, week.window):
        if row.still_open:
            still_open = _money(row.still_open, row.currency)
            yield f"- clearing {row.account}: {still_open} not paid out, from {row.oldest_open}"
    for flow, times in weeks.stopped_itself(tx, shop, week.window).items():
        yield f"- {flow} had stopped itself {'once' if times == 1 else f'{times} times'}"


def _line(orders: Iterable[Amount], booked: Iterable[Amount], paid: Iterable[Amount]) -> str:
    return f"{_sums('ordered', orders)}, {_sums('booked', booked)}, {_sums('paid out', paid)}"


def _sums(what: str, rows: Iterable[Amount]) -> str:
    """ "12 ordered (4,203.00 DKK)" """
    count, sums = 0, dict[str, Decimal]()
    for row in rows:
        count += row.count
        sums[row.currency] = sums.get(row.currency, Decimal(0)) + row.gross
    told = f" ({' + '.join(_money(amount, currency) for currency, amount in sorted(sums.items()))})" if sums else ""
    return f"{count} {what}{told}"


def _of(day: date, rows: Iterable[Amount]) -> list[Amount]:
    return [row for row in rows if row.day == day]


def _money(amount: Decimal, currency: str) -> str:
    return f"{amount:,.2f} {currency}"

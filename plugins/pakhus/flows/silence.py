"""A shop that has gone silent: no order for longer than it usually has none (domain guide 17.4).

A checkout that is broken leaves all runs green: nothing comes, so nothing fails. Judged from the ledger, up to the
moment to which the shop's orders were read for certain: while they are not read (a key, a stop, a shop that is down, a
backlog) nobody knows, and something else tells that.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from pakhus.flows.observation import READ_UNTIL
from pakhus.ledger import alerts, cursors, weeks
from pakhus.ledger.alerts import Cause
from pakhus.ledger.connection import Transaction
from pakhus.rules.silence import FEWEST_WEEKS, NO_ORDERS, Silence, silence, weeks_before
from pakhus.settings.sections import AlertsSettings

_FLOW = "silence"
_HOURS_OF_A_DAY = 24


def tell_silence(tx: Transaction, shops: Mapping[str, AlertsSettings]) -> list[str]:
    """Open or count the alert of each shop that is silent, end it where an order came; returns which are silent."""
    silent = []
    for shop, section in shops.items():
        read = cursors.read(tx, shop, READ_UNTIL)
        if read is None:
            continue
        found = _silence(tx, shop, section, datetime.fromisoformat(read))
        if found is None:
            alerts.end(tx, shop, _FLOW)
        else:
            alerts.raise_or_count(tx, shop, _FLOW, Cause(NO_ORDERS, _text(found, ZoneInfo(section.timezone))))
            silent.append(shop)
    return silent


def _silence(tx: Transaction, shop: str, section: AlertsSettings, until: datetime) -> Silence | None:
    known = weeks.watched(tx, shop) if section.silence_after else None
    if known is None:
        return None
    before = weeks_before(known.last, until, known.first, ZoneInfo(section.timezone))
    counts = [weeks.placed_in(tx, shop, window) for window in before]
    found = silence(known.last, until, counts, section.silence_after)
    if found is None or until - weeks.read_since(tx, shop) < timedelta(weeks=FEWEST_WEEKS):
        return None
    return found


def _text(found: Silence, zone: ZoneInfo) -> str:
    since = found.since.astimezone(zone)
    hours = int((found.until - found.since).total_seconds() // 3600)
    span = f"{hours} hours" if hours < 2 * _HOURS_OF_A_DAY else f"{hours // _HOURS_OF_A_DAY} days"
    return (
        f"No order since {since:%Y-%m-%d %H:%M}, for {span}. In the same hours there were at least {found.fewest} in "
        f"each of the last {found.weeks} weeks. Try to buy something: do checkout and payment methods work? Does the "
        "shop's own list show newer orders? If it is closed on purpose, there is nothing to do."
    )

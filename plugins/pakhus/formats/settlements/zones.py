"""Time zones as reports name them: short names of winter and summer time, or the IANA's."""

from __future__ import annotations

from datetime import timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

from pakhus.formats.settlements.records import Record, shown

# A short name says the offset itself, so it is not turned into a place with its own summer time. CET is: Adyen writes
# it in summer, too.
_OFFSETS_H = {
    "UTC": 0,
    "GMT": 0,
    "BST": 1,
    "CEST": 2,
    "EET": 2,
    "EEST": 3,
    "EST": -5,
    "EDT": -4,
    "CST": -6,
    "CDT": -5,
    "MST": -7,
    "MDT": -6,
    "PST": -8,
    "PDT": -7,
}
_PLACES = {"CET": "Europe/Copenhagen"}


def zone_of(record: Record, field: str) -> tzinfo:
    """Return the zone that a row names; a name that is not known is refused."""
    name = record.needed(field)
    if name in _OFFSETS_H:
        return timezone(timedelta(hours=_OFFSETS_H[name]))
    try:
        return ZoneInfo(_PLACES.get(name, name))
    except (KeyError, ValueError, OSError):
        raise record.error(field, f"{shown(name)} is no time zone") from None

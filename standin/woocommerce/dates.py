"""Dates in answers (site time beside GMT, no zone) and date filters with their traps.

Source: contracts/woocommerce.md section 5.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, tzinfo

_DATE_TIME = re.compile(r"(\d{4}-\d{2}-\d{2})[Tt ](\d{2}:\d{2}:\d{2})(?:\.\d+)?([Zz]|[+-]\d{2}(?::\d{2})?)?")


def shown_gmt(moment: datetime | None) -> str | None:
    """GMT without a ``Z``, whole seconds; None stays None."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S") if moment else None


def shown_local(moment: datetime | None, zone: tzinfo) -> str | None:
    """Site time without zone."""
    return moment.astimezone(zone).strftime("%Y-%m-%dT%H:%M:%S") if moment else None


def read_gmt(text: str | None) -> datetime | None:
    """A ``date_*_gmt`` member back as a moment."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC) if text else None


def is_date_time(text: str) -> bool:
    """Whether a filter accepts the text; a date without time it does not."""
    match = _DATE_TIME.fullmatch(text)
    if not match:
        return False
    try:
        datetime.fromisoformat(f"{match[1]}T{match[2]}")
    except ValueError:
        return False
    return True


def filter_bound(text: str, zone: tzinfo) -> datetime:
    """What a filter compares with, without zone: a zone in the text is turned into *site* time, whichever column is
    compared. With ``dates_are_gmt`` that is the trap: the bound is off by the site's offset."""
    match = _DATE_TIME.fullmatch(text)
    if not match:
        raise ValueError(f"{text} is no date-time")
    bound = datetime.fromisoformat(f"{match[1]}T{match[2]}")
    if not match[3]:
        return bound
    offset = "+00:00" if match[3] in "Zz" else match[3]
    return datetime.fromisoformat(f"{bound.isoformat()}{offset}").astimezone(zone).replace(tzinfo=None)


def compared(moment: datetime, zone: tzinfo, *, gmt: bool) -> datetime:
    """The column that a filter looks at: GMT or site time, without zone."""
    return moment.astimezone(UTC if gmt else zone).replace(tzinfo=None)

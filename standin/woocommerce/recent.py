"""A recorded shop as if its orders had come in lately, so that a demo has a week behind it on whatever day it is."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

Json = dict[str, Any]
MOST_DAYS = 31


def in_the_last_days(seed: Mapping[str, Any], days: int, today: date) -> Json:
    """The seed with its orders spread evenly, by id, over the ``days`` before today; the time of day stays.

    All dates of an order, its refunds and its notes move by the same number of days; products move as the oldest order
    does. Raises ValueError for a number of days that makes no sense.
    """
    if not 1 <= days <= MOST_DAYS:
        raise ValueError(f"last_days is between 1 and {MOST_DAYS}, not {days}")
    moved = copy.deepcopy(dict(seed))
    orders = sorted(moved["orders"], key=lambda order: int(order["id"]))
    steps = {
        str(order["id"]): today - timedelta(days=days - index * days // len(orders)) - _day(order)
        for index, order in enumerate(orders)
    }
    moved["orders"] = [_moved(order, steps[str(order["id"])]) for order in orders]
    moved["refunds"] = [_moved(refund, steps[str(refund["order_id"])]) for refund in moved.get("refunds", [])]
    moved["notes"] = {order: _moved(notes, steps[str(order)]) for order, notes in moved.get("notes", {}).items()}
    moved["products"] = _moved(moved["products"], min(steps.values()))
    return moved


def _day(order: Mapping[str, Any]) -> date:
    return datetime.fromisoformat(order["date_created_gmt"]).date()


def _moved(value: Any, step: timedelta) -> Any:
    """The value with every ``date_…`` in it moved."""
    if isinstance(value, list):
        return [_moved(member, step) for member in value]
    if not isinstance(value, dict):
        return value
    return {
        name: _later(member, step) if name.startswith("date_") and isinstance(member, str) else _moved(member, step)
        for name, member in value.items()
    }


def _later(text: str, step: timedelta) -> str:
    return (datetime.fromisoformat(text) + step).isoformat()

"""Stock per shop and SKU: what the warehouse's newest reading wants, and what the shop last confirmed.

A quantity that is about to leave us is unknown until the shop has answered: `confirmed` is null meanwhile, and whoever
comes next writes it again. Quantities are absolute, so that does no harm.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, bindparam, select, update
from sqlalchemy.dialects.postgresql import insert

from pakhus.ledger import cursors
from pakhus.ledger.connection import Transaction
from pakhus.ledger.schema import stock_levels
from pakhus.reasons import Verdict
from pakhus.rules.stock import Level, Wanted, changes, changes_of_some, shown_anew
from pakhus.rules.stock_shown import ShownRules

_READING = "stock_read_at"
_SOME_READ = "stock_some_read_at"
_ROWS_PER_STATEMENT = 1000
_LEVEL = (
    stock_levels.c.sku,
    stock_levels.c.wanted,
    stock_levels.c.confirmed,
    stock_levels.c.available,
    stock_levels.c.reason,
    stock_levels.c.problem,
)


def newest_reading(tx: Transaction, shop: str) -> datetime | None:
    """Return when the reading began that the shop's quantities are from; None before the first."""
    text = cursors.read(tx, shop, _READING)
    return None if text is None else datetime.fromisoformat(text)


def store_reading(
    tx: Transaction, shop: str, read_at: datetime, wanted: Sequence[Wanted], rules: ShownRules
) -> list[Level] | None:
    """Store what a reading that began at `read_at` wants; returns what it changed, None when it is not the newest.

    Items that were read by themselves after it began are newer.

    CursorMovedError when another reading was stored at this very moment.
    """
    before = cursors.read(tx, shop, _READING)
    if before is not None and datetime.fromisoformat(before) >= read_at:
        return None
    changed = changes({level.sku: level for level in levels(tx, shop)}, wanted)
    moved = {number: moment for number, moment in _moved(tx, shop).items() if moment > read_at}
    changed = [level for level in changed if rules.number_of(level.sku) not in moved]
    _write(tx, shop, changed, read_at)
    cursors.move(tx, shop, _READING, read_at.isoformat(), expected=before)
    _note_moved(tx, shop, moved)
    return changed


def store_some(
    tx: Transaction, shop: str, whole: datetime, read_at: datetime, wanted: Sequence[Wanted], rules: ShownRules
) -> list[Level] | None:
    """Store what a reading of some items wants; None when `whole` is not the newest reading of all any more."""
    if newest_reading(tx, shop) != whole or read_at <= whole:
        return None
    changed, numbers = changes_of_some({level.sku: level for level in levels(tx, shop)}, wanted, rules)
    _write(tx, shop, changed, read_at)
    _note_moved(tx, shop, {**_moved(tx, shop), **dict.fromkeys(numbers, read_at)})
    return changed


def read_since(tx: Transaction, shop: str, whole: datetime) -> dict[str, datetime]:
    """Return the items that were read by themselves after the reading of all, by compared number."""
    return {number: moment for number, moment in _moved(tx, shop).items() if moment > whole}


def _moved(tx: Transaction, shop: str) -> dict[str, datetime]:
    text = cursors.read(tx, shop, _SOME_READ)
    return {number: datetime.fromisoformat(moment) for number, moment in json.loads(text).items()} if text else {}


def _note_moved(tx: Transaction, shop: str, moved: Mapping[str, datetime]) -> None:
    before = cursors.read(tx, shop, _SOME_READ)
    text = json.dumps({number: moment.isoformat() for number, moment in moved.items()})
    if text != (before or "{}"):
        cursors.move(tx, shop, _SOME_READ, text, expected=before)


def _write(tx: Transaction, shop: str, changed: Sequence[Level], read_at: datetime) -> None:
    for start in range(0, len(changed), _ROWS_PER_STATEMENT):
        rows = [_row(shop, level, read_at) for level in changed[start : start + _ROWS_PER_STATEMENT]]
        statement = insert(stock_levels).values(rows)
        names = ("wanted", "available", "reason", "problem", "read_at")
        tx.connection.execute(
            statement.on_conflict_do_update(
                index_elements=[stock_levels.c.scope, stock_levels.c.sku],
                set_={name: statement.excluded[name] for name in names},
            )
        )


def show_anew(tx: Transaction, shop: str, rules: ShownRules) -> list[Level]:
    """Make the quantities follow the rules as they are now, though the warehouse was not read again."""
    changed = shown_anew(levels(tx, shop), rules)
    rows = [{"the_sku": level.sku, "quantity": level.wanted} for level in changed]
    quantity = bindparam("quantity", type_=stock_levels.c.wanted.type)
    _update_each(tx, shop, {"wanted": quantity, "reason": "", "problem": ""}, rows)
    return changed


def levels(tx: Transaction, shop: str) -> list[Level]:
    """Return all of a shop's levels, by SKU."""
    rows = tx.connection.execute(select(*_LEVEL).where(stock_levels.c.scope == shop).order_by(stock_levels.c.sku))
    return [_level(row) for row in rows]


def due(tx: Transaction, shop: str, *, after: str, limit: int) -> list[Level]:
    """Return the next levels after the SKU `after` that the shop has not confirmed and nothing hinders."""
    rows = tx.connection.execute(
        select(*_LEVEL)
        .where(
            stock_levels.c.scope == shop,
            stock_levels.c.sku > after,
            stock_levels.c.reason == "",
            stock_levels.c.wanted.is_not(None),
            stock_levels.c.confirmed.is_distinct_from(stock_levels.c.wanted),
        )
        .order_by(stock_levels.c.sku)
        .limit(limit)
    )
    return [_level(row) for row in rows]


def forget_confirmed(tx: Transaction, shop: str, skus: Sequence[str]) -> None:
    """Make the quantities of these SKUs unknown: they are about to leave us, or an answer was lost."""
    statement = update(stock_levels).where(stock_levels.c.scope == shop, stock_levels.c.sku.in_(skus))
    tx.connection.execute(statement.values(confirmed=None))


def restore_confirmed(tx: Transaction, shop: str, before: Iterable[Level]) -> None:
    """Take back that quantities are unknown: none of them has left us."""
    rows = [{"the_sku": level.sku, "shown": level.confirmed} for level in before]
    _update_each(tx, shop, {"confirmed": bindparam("shown", type_=stock_levels.c.confirmed.type)}, rows)


def confirm(tx: Transaction, shop: str, shown: Iterable[tuple[str, str, Decimal | None]]) -> None:
    """Record what the shop says it shows: SKU, product and quantity. What hindered is over."""
    rows = [{"the_sku": sku, "product": product, "shown": quantity} for sku, product, quantity in shown]
    values: dict[str, Any] = {
        "product_id": bindparam("product"),
        "confirmed": bindparam("shown", type_=stock_levels.c.confirmed.type),
        "confirmed_at": tx.now,
        "reason": "",
        "problem": "",
    }
    _update_each(tx, shop, values, rows)


def was_confirmed(tx: Transaction, shop: str) -> bool:
    """Tell whether the shop was ever shown a quantity of the warehouse."""
    query = select(stock_levels.c.sku).where(stock_levels.c.scope == shop, stock_levels.c.confirmed_at.is_not(None))
    return tx.connection.execute(query.limit(1)).one_or_none() is not None


def hinder(tx: Transaction, shop: str, verdicts: Iterable[tuple[Level, Verdict]]) -> None:
    """Record why quantities are not pushed; not tried again until they change, or the next full compare.

    A quantity that has changed since `Level` was read is not hindered: nobody has tried it yet.
    """
    rows = [
        {"the_sku": level.sku, "tried": level.wanted, "code": verdict.code, "words": verdict.text()}
        for level, verdict in verdicts
    ]
    tried = bindparam("tried", type_=stock_levels.c.wanted.type)
    values: dict[str, Any] = {"reason": bindparam("code"), "problem": bindparam("words")}
    _update_each(tx, shop, values, rows, stock_levels.c.wanted.is_not_distinct_from(tried))


def _update_each(
    tx: Transaction,
    shop: str,
    values: dict[str, Any],
    rows: list[dict[str, Any]],
    also: ColumnElement[bool] | None = None,
) -> None:
    ours = (stock_levels.c.scope == shop) & (stock_levels.c.sku == bindparam("the_sku"))
    if rows:
        where = ours if also is None else ours & also
        tx.connection.execute(update(stock_levels).where(where).values(values), rows)


def _row(shop: str, level: Level, read_at: datetime) -> dict[str, Any]:
    return {
        "scope": shop,
        "sku": level.sku,
        "wanted": level.wanted,
        "available": level.available,
        "reason": level.reason,
        "problem": level.problem,
        "read_at": read_at,
    }


def _level(row: Any) -> Level:
    return Level(row.sku, row.wanted, row.confirmed, row.available, row.reason, row.problem)

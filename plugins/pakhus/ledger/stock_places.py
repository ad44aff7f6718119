"""What lay where in a warehouse, as it was last read item by item: the API has no list of it (rackbeat.md 4)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from pakhus.ledger.connection import Transaction
from pakhus.ledger.schema import stock_places
from pakhus.rules.stock_locations import Place


@dataclass(frozen=True, slots=True)
class KnownPlaces:
    """The rows of an item, and its quantities over all locations in the reading that they were read for."""

    stock: Decimal | None
    available: Decimal | None
    places: Mapping[str, Place]
    read_at: datetime


def load(tx: Transaction, target: str) -> dict[str, KnownPlaces]:
    """Return all items of an agreement whose places were read, by number."""
    rows = tx.connection.execute(select(stock_places).where(stock_places.c.target == target))
    return {
        row.number: KnownPlaces(
            row.stock, row.available, {key: _place(one) for key, one in row.places.items()}, row.read_at
        )
        for row in rows
    }


def store(tx: Transaction, target: str, number: str, known: KnownPlaces) -> None:
    """Keep an item's rows, unless newer ones are there."""
    values = {
        "stock": known.stock,
        "available": known.available,
        "places": {key: _written(place) for key, place in known.places.items()},
        "read_at": known.read_at,
    }
    statement = insert(stock_places).values(target=target, number=number, **values)
    tx.connection.execute(
        statement.on_conflict_do_update(
            index_elements=[stock_places.c.target, stock_places.c.number],
            set_=values,
            where=stock_places.c.read_at <= known.read_at,
        )
    )


def _place(one: Mapping[str, str | None]) -> Place:
    available = one["available"]
    return Place(Decimal(one["stock"] or 0), None if available is None else Decimal(available))


def _written(place: Place) -> dict[str, str | None]:
    return {"stock": str(place.stock), "available": None if place.available is None else str(place.available)}

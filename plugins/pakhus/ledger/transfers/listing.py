"""Which orders and documents there are, newest first, by page; and how many stand where.

Orders are paged by the time they were placed and their row's id, so a page costs the same however far down it is.
What cannot be read by the shop's format has no time and comes first: somebody must look at it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, distinct, false, func, or_, select, true, tuple_

from pakhus.ledger.schema import attempts, calls, documents, sources
from pakhus.ledger.transfers.reading import distinct_values
from pakhus.ledger.transfers.standing import PERSON, Standing, standings, stands_at
from pakhus.reasons import Status

PAGE_SIZE = 50
ORDER = "order"


@dataclass(frozen=True, slots=True)
class Filters:
    """What the reader asked for; what is empty does not narrow. Days begin and end where the reader lives."""

    scope: str = ""
    kind: str = ""
    status: str = ""
    reason: str = ""
    search: str = ""
    placed_from: datetime | None = None
    placed_before: datetime | None = None
    dag_id: str = ""
    run_id: str = ""

    @property
    def about_documents(self) -> bool:
        """Whether a document must fit, and not only its order."""
        return any((self.kind, self.status, self.reason, self.run_id))


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page ended: the next one begins after it."""

    id: int
    placed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class OrderRow:
    """An order as the shop last showed it, and its documents. Amounts are the shop's, in `currency`."""

    id: int
    scope: str
    source_id: str
    number: str
    native_state: str
    currency: str
    gross: Decimal | None
    vat: Decimal | None
    placed_at: datetime | None
    first_seen_at: datetime
    problem: str
    documents: tuple[Standing, ...]


@dataclass(frozen=True, slots=True)
class OrderPage:
    """Up to `PAGE_SIZE` orders; `after` is where the next page begins, if there is one."""

    rows: tuple[OrderRow, ...]
    after: Place | None


@dataclass(frozen=True, slots=True)
class DocumentPage:
    """Up to `PAGE_SIZE` documents that belong to no order: customers, stock, products."""

    rows: tuple[Standing, ...]
    after: Place | None


def orders(connection: Connection, filters: Filters, after: Place | None = None) -> OrderPage:
    """Return the page of orders that begins after a place (None: the first), newest placed first."""
    query = (
        select(sources)
        .where(_is_order(connection, filters))
        .order_by(sources.c.placed_at.desc().nulls_first(), sources.c.id.desc())
        .limit(PAGE_SIZE + 1)
    )
    if after is not None:
        query = query.where(_after(after))
    rows = connection.execute(query).all()
    page = rows[:PAGE_SIZE]
    found = _documents_of(connection, [row.id for row in page])
    more = Place(page[-1].id, page[-1].placed_at) if len(rows) > PAGE_SIZE else None
    return OrderPage(tuple(_order(row, found[row.id]) for row in page), more)


def lone_documents(connection: Connection, filters: Filters, after: Place | None = None) -> DocumentPage:
    """Return the page of documents without an order that begins after a place (None: the first), newest first."""
    condition = and_(documents.c.order_id.is_(None), _fits(filters), _lone_match(filters.search))
    if after is not None:
        condition = and_(condition, documents.c.id < after.id)
    ids = connection.execute(
        select(documents.c.id).where(condition).order_by(documents.c.id.desc()).limit(PAGE_SIZE + 1)
    )
    found = ids.scalars().all()
    page = found[:PAGE_SIZE]
    rows = sorted(standings(connection, documents.c.id.in_(page)), key=lambda row: -row.id)
    return DocumentPage(tuple(rows), Place(page[-1]) if len(found) > PAGE_SIZE else None)


def counts(connection: Connection, filters: Filters) -> dict[str, int]:
    """Return how many orders have a document at each status, need a person (`person`), or are there (`all`).

    All other filters hold; an order whose documents stand at different statuses counts at each.
    """
    wide = replace(filters, status="")
    number = func.count(distinct(documents.c.order_id))
    query = select(documents.c.status, number).where(_counted(connection, wide)).group_by(documents.c.status)
    found: dict[str, int] = {row[0]: row[1] for row in connection.execute(query)}
    person = select(number).where(_counted(connection, replace(filters, status=PERSON)))
    everything = select(func.count()).select_from(sources).where(_is_order(connection, wide))
    return {
        **{status.value: found.get(status.value, 0) for status in Status},
        PERSON: connection.execute(person).scalar_one(),
        "all": connection.execute(everything).scalar_one(),
    }


def kinds(connection: Connection) -> list[str]:
    """Return the kinds of documents that the ledger has."""
    return sorted({kind for _, kind in distinct_values(connection, documents, "target", "kind")})


def shops(connection: Connection) -> list[str]:
    """Return the shops whose orders the ledger has."""
    return [scope for scope, kind in distinct_values(connection, sources, "scope", "kind") if kind == ORDER]


def _is_order(connection: Connection, filters: Filters) -> ColumnElement[bool]:
    conditions = [sources.c.kind == ORDER]
    if filters.scope:
        conditions.append(sources.c.scope == filters.scope)
    if filters.placed_from is not None:
        conditions.append(sources.c.placed_at >= filters.placed_from)
    if filters.placed_before is not None:
        conditions.append(sources.c.placed_at < filters.placed_before)
    if filters.search:
        conditions.append(sources.c.id.in_(_found(connection, filters.search)))
    if filters.about_documents:
        fitting = select(documents.c.order_id).where(documents.c.order_id.is_not(None), _fits(filters))
        conditions.append(sources.c.id.in_(fitting))
    return and_(*conditions)


def _fits(filters: Filters) -> ColumnElement[bool]:
    """What the filters say of a document; one document must fit all of it."""
    conditions: list[ColumnElement[bool]] = [true()]
    if filters.status:
        conditions.append(stands_at(filters.status))
    if filters.reason:
        conditions.append(documents.c.reason == filters.reason)
    if filters.kind:
        conditions.append(documents.c.kind == filters.kind)
    if filters.scope:
        conditions.append(documents.c.scope == filters.scope)
    if filters.run_id:
        conditions.append(documents.c.id.in_(_of_run(filters)))
    return and_(*conditions)


def _counted(connection: Connection, filters: Filters) -> ColumnElement[bool]:
    """Documents to be counted; their orders are looked at only when a filter speaks of orders."""
    conditions = [documents.c.order_id.is_not(None), _fits(filters)]
    if filters.search or filters.placed_from is not None or filters.placed_before is not None:
        of_orders = Filters(
            scope=filters.scope,
            search=filters.search,
            placed_from=filters.placed_from,
            placed_before=filters.placed_before,
        )
        conditions.append(documents.c.order_id.in_(select(sources.c.id).where(_is_order(connection, of_orders))))
    return and_(*conditions)


def _of_run(filters: Filters) -> Select[tuple[int]]:
    """The documents that a run of Airflow wrote."""
    query = select(attempts.c.document_id).join(calls, calls.c.attempt_id == attempts.c.id)
    query = query.where(calls.c.run_id == filters.run_id)
    return query.where(calls.c.dag_id == filters.dag_id) if filters.dag_id else query


def _found(connection: Connection, search: str) -> Sequence[int]:
    """The orders that a number or key names: the order's own, or one of its documents' in any system."""
    word = search.strip().removeprefix("#")
    scopes = shops(connection)
    named = or_(sources.c.number == word, sources.c.source_id == word)
    query = select(sources.c.id).where(sources.c.scope.in_(scopes), sources.c.kind == ORDER, named)
    found = connection.execute(query.limit(PAGE_SIZE * 4)).scalars().all()
    by_document = select(documents.c.order_id).where(documents.c.order_id.is_not(None), _document_named(word))
    more = connection.execute(by_document.limit(PAGE_SIZE * 4)).scalars().all()
    return [*found, *(row_id for row_id in more if row_id is not None), *_by_order_key(connection, word)]


def _by_order_key(connection: Connection, word: str) -> Sequence[int]:
    """The order that `{shop}-{order id}` names, with which all its documents' keys begin."""
    scope, _, source_id = word.rpartition("-")
    query = select(sources.c.id)
    query = query.where(sources.c.scope == scope, sources.c.kind == ORDER, sources.c.source_id == source_id)
    return connection.execute(query).scalars().all()


def _document_named(word: str) -> ColumnElement[bool]:
    return or_(documents.c.key == word, documents.c.remote_id == word, documents.c.remote_number == word)


def _lone_match(search: str) -> ColumnElement[bool]:
    return _document_named(search.strip().removeprefix("#")) if search else true()


def _after(place: Place) -> ColumnElement[bool]:
    if place.placed_at is not None:
        return tuple_(sources.c.placed_at, sources.c.id) < tuple_(place.placed_at, place.id)
    untimed = sources.c.placed_at.is_(None)
    return or_(and_(untimed, sources.c.id < place.id), ~untimed)


def _documents_of(connection: Connection, order_ids: Sequence[int]) -> dict[int, tuple[Standing, ...]]:
    found: dict[int, list[Standing]] = defaultdict(list)
    chosen = documents.c.order_id.in_(order_ids) if order_ids else false()
    for standing in standings(connection, chosen):
        if standing.order_id is not None:
            found[standing.order_id].append(standing)
    return defaultdict(tuple, {row_id: tuple(rows) for row_id, rows in found.items()})


def _order(row: Row[Any], found: tuple[Standing, ...]) -> OrderRow:
    return OrderRow(
        id=row.id,
        scope=row.scope,
        source_id=row.source_id,
        number=row.number,
        native_state=row.native_state,
        currency=row.currency,
        gross=row.gross,
        vat=row.vat,
        placed_at=row.placed_at,
        first_seen_at=row.first_seen_at,
        problem=row.problem,
        documents=found,
    )

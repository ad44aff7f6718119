"""What the systems showed us: the newest version of each object and every version before it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import case, select, update
from sqlalchemy.dialects.postgresql import insert

from pakhus.ledger import bodies
from pakhus.ledger.connection import Transaction
from pakhus.ledger.schema import source_versions, sources

# No reading is overtaken by one that began so much later: longer than any call, and than hosts' clocks differ.
_OVERTAKEN = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Showing:
    """One object as a system showed it. `scope`, `kind` and `source_id` name it; the rest may change."""

    scope: str
    kind: str
    source_id: str
    body: bytes
    read_at: datetime
    parent_id: int | None = None
    number: str = ""
    native_state: str = ""
    currency: str = ""
    gross: Decimal | None = None
    vat: Decimal | None = None
    placed_at: datetime | None = None
    modified_at: datetime | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Recorded:
    """Where a showing was stored; `changed` is false when this very version was there already."""

    id: int
    version: int
    changed: bool

    @property
    def is_first(self) -> bool:
        """Whether the source was made just now: nothing else in the ledger can belong to it yet."""
        return self.changed and self.version == 1


def record(tx: Transaction, showing: Showing) -> Recorded:
    """Store what was shown; a version is new when its body differs from the newest one.

    A showing that is older by the source's own time, or of the same time and read before the newest one, changes
    nothing: reads overlap and hints come late. Read five minutes later it counts whatever its time says: the source's
    clock was set back, or the source restored.
    """
    digest = bodies.store(tx, showing.body)
    created = _insert(tx, showing, digest)
    if created is not None:
        return Recorded(created, 1, changed=True)
    row = _lock(tx, showing)
    if row.body_sha256 == digest or _is_older(showing, row):
        return Recorded(row.id, row.version, changed=False)
    version: int = row.version + 1
    tx.connection.execute(
        update(sources)
        .where(sources.c.id == row.id)
        .values(**_newer_facts(showing), body_sha256=digest, version=version, changed_at=tx.now)
    )
    _add_version(tx, row.id, version, showing, digest)
    return Recorded(row.id, version, changed=True)


@dataclass(frozen=True, slots=True)
class Source:
    """A stored object: its row's id, version and body, and what was wrong with the newest version (as stored)."""

    id: int
    source_id: str
    version: int
    body: bytes
    problem: str = ""


def load(tx: Transaction, row_id: int, version: int | None = None) -> Source:
    """Return the newest version of a source, or the one asked for; KeyError when it is not there."""
    query = select(sources.c.source_id, sources.c.version, sources.c.body_sha256, sources.c.problem)
    query = query.where(sources.c.id == row_id)
    if version is not None:
        query = (
            select(
                sources.c.source_id,
                source_versions.c.version,
                source_versions.c.body_sha256,
                case((source_versions.c.version == sources.c.version, sources.c.problem), else_="").label("problem"),
            )
            .join(source_versions, source_versions.c.source_id == sources.c.id)
            .where(sources.c.id == row_id, source_versions.c.version == version)
        )
    row = tx.connection.execute(query).one_or_none()
    if row is None:
        raise KeyError(f"no source {row_id} version {version or 'newest'}")
    return Source(row_id, row.source_id, row.version, bodies.load(tx, row.body_sha256), row.problem)


def after(tx: Transaction, scope: str, kind: str, source_id: str, *, limit: int) -> list[Source]:
    """Return the newest versions of the sources that come after `source_id`, locked.

    In the order of their ids' characters: whoever locks several sources does it in this order.
    """
    in_order = sources.c.source_id.collate("C")
    rows = tx.connection.execute(
        select(sources.c.id)
        .where(sources.c.scope == scope, sources.c.kind == kind, in_order > source_id)
        .order_by(in_order)
        .limit(limit)
        .with_for_update()
    ).scalars()
    return [load(tx, row_id) for row_id in rows.all()]


def newest(tx: Transaction, scope: str, kind: str, *, limit: int) -> list[int]:
    """Return the rows of the sources placed last, the newest first; those without a date come last."""
    rows = select(sources.c.id).where(sources.c.scope == scope, sources.c.kind == kind)
    rows = rows.order_by(sources.c.placed_at.desc().nulls_last(), sources.c.id.desc()).limit(limit)
    return list(tx.connection.execute(rows).scalars())


def find(tx: Transaction, scope: str, kind: str, source_id: str) -> int | None:
    """Return the row of a source, if there is one."""
    named = (sources.c.scope == scope, sources.c.kind == kind, sources.c.source_id == source_id)
    found: int | None = tx.connection.execute(select(sources.c.id).where(*named)).scalar_one_or_none()
    return found


def named(tx: Transaction, scope: str, kind: str, number_or_id: str) -> list[str]:
    """Return the ids of the sources that people call so: by their number, or, when none has it, by their id."""
    mine = select(sources.c.source_id).where(sources.c.scope == scope, sources.c.kind == kind)
    for column in (sources.c.number, sources.c.source_id):
        found = list(tx.connection.execute(mine.where(column == number_or_id)).scalars())
        if found:
            return found
    return []


def name(tx: Transaction, row_id: int) -> str:
    """Return the id that a source has in its own system."""
    found: str = tx.connection.execute(select(sources.c.source_id).where(sources.c.id == row_id)).scalar_one()
    return found


def _insert(tx: Transaction, showing: Showing, digest: str) -> int | None:
    row = {
        "scope": showing.scope,
        "kind": showing.kind,
        "source_id": showing.source_id,
        **_facts(showing),
        "version": 1,
        "body_sha256": digest,
        "first_seen_at": tx.now,
        "changed_at": tx.now,
    }
    statement = insert(sources).values(row).on_conflict_do_nothing().returning(sources.c.id)
    row_id = tx.connection.execute(statement).scalar_one_or_none()
    if row_id is not None:
        _add_version(tx, row_id, 1, showing, digest)
    return row_id


def _lock(tx: Transaction, showing: Showing) -> Any:
    return tx.connection.execute(
        select(
            sources.c.id,
            sources.c.version,
            sources.c.body_sha256,
            sources.c.modified_at,
            sources.c.read_at,
            sources.c.problem,
        )
        .where(
            sources.c.scope == showing.scope,
            sources.c.kind == showing.kind,
            sources.c.source_id == showing.source_id,
        )
        .with_for_update()
    ).one()


def _add_version(tx: Transaction, row_id: int, version: int, showing: Showing, digest: str) -> None:
    tx.connection.execute(
        insert(source_versions).values(
            source_id=row_id,
            version=version,
            body_sha256=digest,
            native_state=showing.native_state,
            gross=showing.gross,
            vat=showing.vat,
            modified_at=showing.modified_at,
            seen_at=tx.now,
        )
    )


def _facts(showing: Showing) -> dict[str, object]:
    return {
        "parent_id": showing.parent_id,
        "read_at": showing.read_at,
        "number": showing.number,
        "native_state": showing.native_state,
        "currency": showing.currency,
        "gross": showing.gross,
        "vat": showing.vat,
        "placed_at": showing.placed_at,
        "modified_at": showing.modified_at,
        "problem": showing.problem,
    }


def _newer_facts(showing: Showing) -> dict[str, object]:
    """What replaces the facts known so far; an object that is gone or cannot be read keeps its number, day and amounts.

    People still look for it by its number, and the proof of its day must still know of it.
    """
    facts = _facts(showing)
    if not showing.parent_id:
        del facts["parent_id"]  # what a thing belongs to does not change
    if showing.problem:
        for name in ("number", "currency", "gross", "vat", "placed_at", "modified_at"):
            if not facts[name]:
                del facts[name]
    return facts


def _is_older(showing: Showing, newest: Any) -> bool:
    """Whether a showing tells of an earlier state than the newest one.

    The source's own time goes first: it is one clock, while readings are timed by the hosts that made them.
    """
    known = not newest.problem and showing.modified_at is not None and newest.modified_at is not None
    if not known or showing.modified_at == newest.modified_at:
        older: bool = showing.read_at < newest.read_at
        return older
    overtaken: bool = showing.modified_at < newest.modified_at and showing.read_at < newest.read_at + _OVERTAKEN
    return overtaken

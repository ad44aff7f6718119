"""What the systems showed us: the newest version of each object and every version before it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Select, case, func, select, update
from sqlalchemy.dialects.postgresql import insert

from pakhus.ledger import bodies
from pakhus.ledger.connection import Transaction
from pakhus.ledger.given import among, given
from pakhus.ledger.schema import bodies as bodies_table
from pakhus.ledger.schema import source_versions, sources

Place = tuple[int, int | None]
"""A row of sources and one of its versions; None: the newest."""

# No reading is overtaken by one that began so much later: longer than any call, and than hosts' clocks differ.
_OVERTAKEN = timedelta(minutes=5)
_FACTS = ("number", "native_state", "currency", "gross", "vat", "placed_at", "modified_at", "read_at", "problem")
_NEWEST = [sources.c[name] for name in ("id", "source_id", "parent_id", "version", "body_sha256", *_FACTS)]
_SHOWN = (
    sources.c.id,
    sources.c.source_id,
    source_versions.c.version,
    source_versions.c.body_sha256,
    bodies_table.c.content,
    case((source_versions.c.version == sources.c.version, sources.c.problem), else_="").label("problem"),
)


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
    return record_all(tx, [showing])[0]


def record_all(tx: Transaction, showings: Sequence[Showing]) -> list[Recorded]:
    """Store what was shown as `record` does, each of another object of one scope and kind; returns them in that order.

    The same few statements however many there are. What the ledger has already is not locked. Rows are made, then
    locked, in the order of their ids' characters: two transactions that do it never wait for each other.
    """
    digests = {showing.source_id: bodies.digest_of(showing.body) for showing in showings}
    if len(digests) < len(showings):
        raise ValueError("one object is shown twice")
    if not showings:
        return []
    known = {row.source_id: row for row in tx.connection.execute(_newest(showings))}
    recorded = {
        name: Recorded(row.id, row.version, changed=False)
        for name, row in known.items()
        if row.body_sha256 == digests[name] and row.is_kept
    }
    rest = sorted((one for one in showings if one.source_id not in recorded), key=lambda one: one.source_id)
    if rest:
        bodies.store_all(tx, {digests[one.source_id]: one.body for one in rest})
        made = _insert(tx, [one for one in rest if one.source_id not in known], digests)
        recorded |= {name: Recorded(row_id, 1, changed=True) for name, row_id in made.items()}
        recorded |= _renew(tx, [one for one in rest if one.source_id not in made], digests)
    return [recorded[showing.source_id] for showing in showings]


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
    found = load_all(tx, [(row_id, version)]).get((row_id, version))
    if found is None:
        raise KeyError(f"no source {row_id} version {version or 'newest'}")
    return found


def load_all(tx: Transaction, wanted: Collection[Place]) -> dict[Place, Source]:
    """Return these versions (None: the newest) as `load` does; those that are not there are left out."""
    if not wanted:
        return {}
    rows = [{"source_id": row_id, "version": version} for row_id, version in wanted]
    asked = given(rows, source_versions.c.source_id, source_versions.c.version)
    query = (
        select(*_SHOWN, asked.c.version.label("asked"))
        .select_from(asked)
        .join(sources, sources.c.id == asked.c.source_id)
        .join(source_versions, _is_version(func.coalesce(asked.c.version, sources.c.version)))
        .outerjoin(bodies_table, bodies_table.c.sha256 == source_versions.c.body_sha256)
    )
    return {(row.id, row.asked): _source(row) for row in tx.connection.execute(query)}


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
        .with_for_update(key_share=True)
    ).scalars()
    locked = rows.all()
    found = load_all(tx, [(row_id, None) for row_id in locked])
    return [found[row_id, None] for row_id in locked]


def belonging(tx: Transaction, scope: str, kind: str, parent_ids: Collection[int]) -> dict[int, list[Source]]:
    """Return the newest versions of what belongs to these sources, by row."""
    query = (
        select(*_SHOWN, sources.c.parent_id)
        .join(source_versions, _is_version(sources.c.version))
        .outerjoin(bodies_table, bodies_table.c.sha256 == source_versions.c.body_sha256)
        .where(among(sources.c.parent_id, parent_ids), sources.c.scope == scope, sources.c.kind == kind)
        .order_by(sources.c.id)
    )
    found: dict[int, list[Source]] = {}
    for row in tx.connection.execute(query):
        found.setdefault(row.parent_id, []).append(_source(row))
    return found


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


def _is_version(number: ColumnElement[int]) -> ColumnElement[bool]:
    return (source_versions.c.source_id == sources.c.id) & (source_versions.c.version == number)


def _source(row: Any) -> Source:
    return Source(row.id, row.source_id, row.version, bodies.whole(row.body_sha256, row.content), row.problem)


def _newest(showings: Sequence[Showing]) -> Select[Any]:
    """What the ledger has of these objects, and whether the body is there."""
    query = select(*_NEWEST, bodies_table.c.content.is_not(None).label("is_kept"))
    query = query.join(bodies_table, bodies_table.c.sha256 == sources.c.body_sha256)
    return query.where(*_named(showings))


def _named(showings: Sequence[Showing]) -> list[ColumnElement[bool]]:
    [(scope, kind)] = {(showing.scope, showing.kind) for showing in showings}
    names = among(sources.c.source_id, [showing.source_id for showing in showings])
    return [sources.c.scope == scope, sources.c.kind == kind, names]


def _insert(tx: Transaction, showings: Sequence[Showing], digests: Mapping[str, str]) -> dict[str, int]:
    """Make rows for what is not there; returns those that were made. Others may have made some just now."""
    if not showings:
        return {}
    rows = [
        {
            "scope": showing.scope,
            "kind": showing.kind,
            "source_id": showing.source_id,
            **_facts(showing),
            "version": 1,
            "body_sha256": digests[showing.source_id],
            "first_seen_at": tx.now,
            "changed_at": tx.now,
        }
        for showing in showings
    ]
    told = given(rows, *(sources.c[name] for name in rows[0]))
    found = select(*told.c).order_by(told.c.source_id.collate("C"))
    statement = insert(sources).from_select(list(rows[0]), found).on_conflict_do_nothing()
    made = tx.connection.execute(statement.returning(sources.c.source_id, sources.c.id))
    ids: dict[str, int] = {row.source_id: row.id for row in made}
    _add_versions(tx, [(ids[one.source_id], 1, one) for one in showings if one.source_id in ids], digests)
    return ids


def _renew(tx: Transaction, showings: Sequence[Showing], digests: Mapping[str, str]) -> dict[str, Recorded]:
    """Lock what is there, and store what is newer."""
    if not showings:
        return {}
    in_order = select(*_NEWEST).where(*_named(showings)).order_by(sources.c.source_id.collate("C"))
    locked = {row.source_id: row for row in tx.connection.execute(in_order.with_for_update(key_share=True))}
    recorded, newer = dict[str, Recorded](), list[tuple[int, int, Showing]]()
    for showing in showings:
        row = locked[showing.source_id]
        changed = row.body_sha256 != digests[showing.source_id] and not _is_older(showing, row)
        recorded[showing.source_id] = Recorded(row.id, row.version + changed, changed=changed)
        if changed:
            newer.append((row.id, row.version + 1, showing))
    if newer:
        rows = [
            {
                "id": row_id,
                **_newer_facts(showing, locked[showing.source_id]),
                "version": version,
                "body_sha256": digests[showing.source_id],
            }
            for row_id, version, showing in newer
        ]
        told = given(rows, *(sources.c[name] for name in rows[0]))
        values = {name: told.c[name] for name in rows[0] if name != "id"}
        tx.connection.execute(update(sources).where(sources.c.id == told.c.id).values(**values, changed_at=tx.now))
        _add_versions(tx, newer, digests)
    return recorded


def _add_versions(tx: Transaction, versions: Sequence[tuple[int, int, Showing]], digests: Mapping[str, str]) -> None:
    """Keep versions of sources by their rows."""
    rows = [
        {
            "source_id": row_id,
            "version": version,
            "body_sha256": digests[showing.source_id],
            "native_state": showing.native_state,
            "gross": showing.gross,
            "vat": showing.vat,
            "modified_at": showing.modified_at,
            "seen_at": tx.now,
        }
        for row_id, version, showing in versions
    ]
    if rows:
        told = given(rows, *(source_versions.c[name] for name in rows[0]))
        tx.connection.execute(insert(source_versions).from_select(list(rows[0]), select(*told.c)))


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


def _newer_facts(showing: Showing, newest: Any) -> dict[str, object]:
    """What replaces the facts known so far; an object that is gone or cannot be read keeps its number, day and amounts.

    People still look for it by its number, and the proof of its day must still know of it.
    """
    facts = _facts(showing)
    if not showing.parent_id:
        facts["parent_id"] = newest.parent_id  # what a thing belongs to does not change
    if showing.problem:
        for name in ("number", "currency", "gross", "vat", "placed_at", "modified_at"):
            facts[name] = facts[name] or getattr(newest, name)
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

"""What is known of each product in each system that it is kept in step in, and which of them are to be looked at."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, and_, case, func, literal, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from pakhus.ledger import documents, installation, missing_products
from pakhus.ledger.claims import Claim, require
from pakhus.ledger.connection import Transaction
from pakhus.ledger.documents import Change, Judged, NewDocument
from pakhus.ledger.given import among, given
from pakhus.ledger.products import PRODUCT
from pakhus.ledger.schema import documents as documents_table
from pakhus.ledger.schema import product_facts
from pakhus.reasons import Status, Verdict
from pakhus.rules.product_sync import Facts, Values

_ROWS_PER_STATEMENT = 500
_BROUGHT = ("applied", "written", "treated")


@dataclass(frozen=True, slots=True)
class Said:
    """What the master says of a product for one target. `name` is its number without letter case and blanks."""

    name: str
    number: str
    source_id: str
    wanted: Values


@dataclass(frozen=True, slots=True)
class Known:
    """A row as it was read. `is_gone`: the master was found to have the product no more; `also` are others that do."""

    target: str
    name: str
    number: str
    master: str
    source_id: str
    facts: Facts
    revision: int
    treated: int
    document_id: int | None
    is_gone: bool
    also: tuple[str, ...]


def known(tx: Transaction, target: str, names: Collection[str] | None = None) -> dict[str, Known]:
    """Return what is known of a target's products by name: of all, or of those that are named."""
    query = select(product_facts).where(product_facts.c.target == target)
    if names is not None:
        query = query.where(among(product_facts.c.name, names))
    return {row.name: _known(row) for row in tx.connection.execute(query)}


def of_sources(tx: Transaction, target: str, master: str, source_ids: Collection[str]) -> list[Known]:
    """Return the rows of a master's products by their ids there; after a rename there are several of one."""
    query = select(product_facts).where(
        product_facts.c.target == target,
        product_facts.c.master == master,
        among(product_facts.c.source_id, source_ids),
    )
    return [_known(row) for row in tx.connection.execute(query)]


def take(tx: Transaction, document_id: int) -> Known:
    """Return the row of a document, noted as taken in hand: what the master changes from now on is news again.

    NoResultFound when there is none.
    """
    mine = product_facts.c.document_id == document_id
    row = _known(tx.connection.execute(select(product_facts).where(mine).with_for_update()).one())
    tx.connection.execute(update(product_facts).where(mine).values(treated=row.revision))
    return row


def reasons(tx: Transaction, target: str) -> dict[int | None, str]:
    """Return by document why each product of a target is where it is."""
    rows = tx.connection.execute(
        select(documents_table.c.id, documents_table.c.reason)
        .join(product_facts, product_facts.c.document_id == documents_table.c.id)
        .where(product_facts.c.target == target)
    )
    return {row.id: row.reason for row in rows}


def say(tx: Transaction, target: str, master: str, said: Sequence[Said], *, whole: bool) -> None:
    """Store what a master says now; the revision of what it says differently grows. The target is not touched.

    A product that another master has is left alone, unless that one has it no more; it is noted who sells it, too. That
    another product of the same master has a number now is believed only when everything was read (`whole`): else the
    first one may have it, too.
    """
    for start in range(0, len(said), _ROWS_PER_STATEMENT):
        rows = [_row(tx, target, master, one) for one in said[start : start + _ROWS_PER_STATEMENT]]
        statement = insert(product_facts).values(rows)
        new = {name: statement.excluded[name] for name in ("master", "source_id", "wanted", "changed_at")}
        # What the target has under another spelling is the same product.
        spelt = case((product_facts.c.written != {}, product_facts.c.number), else_=statement.excluded.number)
        # Empty: the shop has become its master, and has not said yet which product it is there.
        same = or_(literal(whole), product_facts.c.source_id.in_(["", statement.excluded.source_id]))
        ours = or_(and_(product_facts.c.master == master, same), product_facts.c.gone_at.is_not(None))
        news = or_(
            product_facts.c.wanted != statement.excluded.wanted,
            product_facts.c.source_id != statement.excluded.source_id,
            product_facts.c.gone_at.is_not(None),
        )
        tx.connection.execute(
            statement.on_conflict_do_update(
                index_elements=[product_facts.c.target, product_facts.c.name],
                set_={**new, "number": spelt, "gone_at": None, "revision": product_facts.c.revision + 1},
                where=and_(ours, news),
            )
        )
        table = product_facts
        foreign = and_(table.c.target == target, among(table.c.name, [row["name"] for row in rows]))
        foreign = and_(foreign, table.c.master != master, ~table.c.also.contains([master]))
        tx.connection.execute(update(table).where(foreign).values(also=func.array_append(table.c.also, master)))


def lose(tx: Transaction, target: str, master: str, names: Sequence[str], *, bars: Values) -> None:
    """Note that the master has these products no more; another shop that sells one becomes its master.

    `bars` is added to what is wanted of those that nobody sells any more (empty: nothing).
    """
    table = product_facts
    mine = and_(table.c.target == target, among(table.c.name, names))
    without = func.array_remove(table.c.also, master)
    tx.connection.execute(update(table).where(mine, table.c.also.contains([master])).values(also=without))
    for row in known(tx, target, names).values():
        if row.master != master or row.is_gone:
            continue
        if row.also:
            values: dict[str, Any] = {"master": row.also[0], "also": list(row.also[1:]), "source_id": ""}
        else:
            wanted = {**row.facts.wanted, **bars}
            values = {"gone_at": tx.now, "wanted": wanted, "revision": row.revision + 1}
        tx.connection.execute(update(table).where(_is(row)).values(**values, changed_at=tx.now))


def make_due(tx: Transaction, target: str, master: str, names: Collection[str] = ()) -> None:
    """Make the documents due of what the master has changed since it was brought over, and of those that are named.

    A document that waits for a time is left to it.
    """
    wanted = or_(product_facts.c.revision > product_facts.c.treated, among(product_facts.c.name, names))
    query = select(product_facts).where(product_facts.c.target == target, product_facts.c.master == master, wanted)
    rows = [_known(row) for row in tx.connection.execute(query)]
    _name_documents(tx, target, sorted(row.name for row in rows if row.document_id is None))
    waking = (Status.DUE, Status.WAITING)
    asleep = (
        select(documents_table.c.id)
        .join(product_facts, product_facts.c.document_id == documents_table.c.id)
        .where(product_facts.c.target == target, among(product_facts.c.name, [row.name for row in rows]))
        .where(documents_table.c.status.not_in(waking))
    )
    due = [Change(row_id, Verdict.of("due")) for row_id in tx.connection.execute(asleep).scalars()]
    documents.give_verdicts(tx, due)


def _name_documents(tx: Transaction, target: str, names: Sequence[str]) -> None:
    """Give products that have none their documents, those of an earlier transfer where there are some."""
    if not names:
        return
    secret = installation.read(tx)
    new = {name: new_document(target, secret.pseudonym(f"product {name}")) for name in names}
    there = documents.ensure_all(tx, [Judged(one, Verdict.of("due")) for one in new.values()])
    rows = [{"name": name, "document_id": there[one.key].id} for name, one in new.items()]
    told = given(rows, product_facts.c.name, product_facts.c.document_id)
    named = update(product_facts).where(product_facts.c.target == target, product_facts.c.name == told.c.name)
    tx.connection.execute(named.values(document_id=told.c.document_id))


def new(tx: Transaction, target: str, master: str) -> list[Known]:
    """Return a master's products in a target that were never looked at there, by name."""
    mine = (product_facts.c.target == target) & (product_facts.c.master == master)
    query = select(product_facts).where(mine, product_facts.c.document_id.is_(None)).order_by(product_facts.c.name)
    return [_known(row) for row in tx.connection.execute(query)]


@dataclass(frozen=True, slots=True)
class Brought:
    """A product as it was read, what is known of it since, and how it stands."""

    row: Known
    facts: Facts
    verdict: Verdict


def note_new(tx: Transaction, target: str, brought: Sequence[Brought]) -> list[Verdict]:
    """Record, by name, products that were never looked at and need nothing written; returns how they stand.

    Those that have a document by now are left out: somebody may hold its claim. Nobody can hold that of one just made.
    """
    if not brought:
        return []
    secret = installation.read(tx)
    keys = {one.row.name: new_document(target, secret.pseudonym(f"product {one.row.name}")) for one in brought}
    made = documents.create_all(tx, [Judged(keys[one.row.name], one.verdict) for one in brought])
    noted = [one for one in brought if keys[one.row.name].key in made]
    rows = [
        {
            "name": one.row.name,
            "number": one.row.number,
            "document_id": made[keys[one.row.name].key].id,
            "applied": dict(one.facts.applied),
            "written": dict(one.facts.written),
            "treated": one.row.revision,
        }
        for one in noted
    ]
    told = given(rows, *(product_facts.c[name] for name in ("name", "number", "document_id", *_BROUGHT)))
    values = {name: told.c[name] for name in ("document_id", *_BROUGHT)}
    mine = (product_facts.c.target == target) & (product_facts.c.name == told.c.name)
    tx.connection.execute(update(product_facts).where(mine).values(values))
    there = {"remote_id": told.c.number, "remote_number": told.c.number}
    tx.connection.execute(update(documents_table).where(documents_table.c.id == told.c.document_id).values(there))
    missing_products.release(tx, target, [one.row.number for one in noted if one.facts.written])
    return [one.verdict for one in noted]


def new_document(target: str, pseudonym: str) -> NewDocument:
    """The document of a product, which all shops of an agreement share, and the first transfer, too."""
    return NewDocument(f"{target}-{PRODUCT}-{pseudonym}", target, "shared", PRODUCT, target)


def due(tx: Transaction, target: str, master: str, *, limit: int) -> list[int]:
    """Return the documents of a master's products in a target that can be worked on now, oldest first."""
    query = (
        select(documents_table.c.id)
        .join(product_facts, product_facts.c.document_id == documents_table.c.id)
        .where(product_facts.c.target == target, product_facts.c.master == master, documents.is_due(tx))
        .order_by(documents_table.c.id)
        .limit(limit)
    )
    return list(tx.connection.execute(query).scalars())


def note(tx: Transaction, claim: Claim, row: Known, facts: Facts) -> None:
    """Record what was brought over of `row` as it was taken, and what the target shows since. Guarded by the claim."""
    require(tx, claim)
    values = {"applied": dict(facts.applied), "written": dict(facts.written)}
    tx.connection.execute(update(product_facts).where(_is(row)).values(values))


def _is(row: Known) -> Any:
    return (product_facts.c.target == row.target) & (product_facts.c.name == row.name)


def _row(tx: Transaction, target: str, master: str, said: Said) -> dict[str, Any]:
    return {
        "target": target,
        "name": said.name,
        "number": said.number,
        "master": master,
        "source_id": said.source_id,
        "wanted": dict(said.wanted),
        "changed_at": tx.now,
    }


def _known(row: Row[Any]) -> Known:
    return Known(
        target=row.target,
        name=row.name,
        number=row.number,
        master=row.master,
        source_id=row.source_id,
        facts=Facts(row.wanted, row.applied, row.written),
        revision=row.revision,
        treated=row.treated,
        document_id=row.document_id,
        is_gone=row.gone_at is not None,
        also=tuple(row.also),
    )

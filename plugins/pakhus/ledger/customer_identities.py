"""Which customer of the accounts a buyer is, by each way they have been named (pseudonyms only)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from pakhus.ledger import installation
from pakhus.ledger.connection import Transaction
from pakhus.ledger.schema import customer_facts, customer_identities


@dataclass(frozen=True, slots=True)
class Identity:
    """One way to name a buyer: `kind` is email, phone, vat_number, ean, shop_customer or contact."""

    kind: str
    value: str


@dataclass(frozen=True, slots=True)
class Known:
    """What the ledger knows of an identity. `number` is None when its customer was found deleted."""

    number: int | None
    generation: int


def find(tx: Transaction, target: str, identity: Identity) -> Known | None:
    """Return what is known of an identity, if anything."""
    query = select(customer_identities.c.number, customer_identities.c.generation).where(
        customer_identities.c.target == target,
        customer_identities.c.kind == identity.kind,
        customer_identities.c.name == _name(tx, identity),
    )
    row = tx.connection.execute(query).one_or_none()
    return None if row is None else Known(row.number, row.generation)


def note(tx: Transaction, target: str, identities: Sequence[Identity], number: int) -> None:
    """Record that these are the names of one customer or contact."""
    table = customer_identities
    for identity in identities:
        key = {"target": target, "kind": identity.kind, "name": _name(tx, identity)}
        row = {**key, "number": number, "first_seen_at": tx.now, "changed_at": tx.now}
        changed = {"number": number, "changed_at": tx.now}
        tx.connection.execute(
            insert(table)
            .values(row)
            .on_conflict_do_update(
                index_elements=[table.c.target, table.c.kind, table.c.name],
                set_=changed,
                where=table.c.number.is_distinct_from(number),
            )
        )


def forget(tx: Transaction, target: str, number: int, *, contacts: bool = False) -> None:
    """Record that a customer (or a contact) is no longer in the accounts: its names lead nowhere."""
    table = customer_identities
    is_contact = table.c.kind == "contact"
    changed = update(table).where(
        table.c.target == target, table.c.number == number, is_contact if contacts else ~is_contact
    )
    tx.connection.execute(changed.values(number=None, generation=table.c.generation + 1, changed_at=tx.now))


@dataclass(frozen=True, slots=True)
class Facts:
    """The members of a customer that orders may change, as a digest, and the order's time they are from."""

    digest: str
    as_of: datetime


def facts_of(tx: Transaction, target: str, number: int) -> Facts | None:
    """Return what was last compared of a customer."""
    query = select(customer_facts.c.digest, customer_facts.c.as_of).where(
        customer_facts.c.target == target, customer_facts.c.number == number
    )
    row = tx.connection.execute(query).one_or_none()
    return None if row is None else Facts(row.digest, row.as_of)


def note_facts(tx: Transaction, target: str, number: int, facts: Facts) -> None:
    """Record what a customer now is, unless a newer order has been there."""
    row = {"target": target, "number": number, "digest": facts.digest, "as_of": facts.as_of}
    newer = customer_facts.c.as_of <= facts.as_of
    statement = insert(customer_facts).values(row)
    tx.connection.execute(
        statement.on_conflict_do_update(
            index_elements=[customer_facts.c.target, customer_facts.c.number],
            set_={"digest": facts.digest, "as_of": facts.as_of},
            where=newer,
        )
    )


def digest(tx: Transaction, text: str) -> str:
    """Return a digest of members of a customer that tells nobody what they are."""
    return installation.read(tx).pseudonym(text)


def _name(tx: Transaction, identity: Identity) -> str:
    return installation.read(tx).pseudonym(f"{identity.kind}:{identity.value}")

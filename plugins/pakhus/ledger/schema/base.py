"""What all tables of the ledger share: naming of constraints, and the types of times and amounts."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, DateTime, Identity, MetaData, Numeric

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

TIME = DateTime(timezone=True)
MONEY = Numeric(20, 6)


def identity() -> Column[int]:
    """Return a primary key that the database counts."""
    return Column("id", BigInteger, Identity(always=True), primary_key=True)

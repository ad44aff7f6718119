"""Alembic's entry: migrates the ledger at the URL that `pakhus.ledger.migrate` sets."""

from alembic import context
from sqlalchemy import create_engine, text

from pakhus.ledger.schema import metadata

# Any number, the same for all: two hosts that start at once must not migrate at once.
_LOCK = 5_011_977

engine = create_engine(context.config.get_main_option("sqlalchemy.url") or "")
with engine.begin() as connection:
    connection.execute(text("select pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    context.configure(connection=connection, target_metadata=metadata, compare_server_default=True)
    with context.begin_transaction():
        context.run_migrations()
engine.dispose()

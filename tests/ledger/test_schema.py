"""The migrations make exactly the tables that the code describes, with their comments."""

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine

from pakhus.ledger.migrate import migrate
from pakhus.ledger.schema import metadata


def test_migrations_and_tables_agree(fresh_ledger_url: str) -> None:
    migrate(fresh_ledger_url)
    engine = create_engine(fresh_ledger_url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_server_default": True})
        assert compare_metadata(context, metadata) == []
    engine.dispose()

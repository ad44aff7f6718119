"""Empty ledgers for tests, used one after the other: to empty one takes 10 ms of a core, to copy the schema 300."""

from itertools import count

import psycopg
from psycopg import errors, sql
from sqlalchemy import make_url

from stack.postgres import Cluster

# So many deleted rows would slow the next test down until they are swept; such a database is not used again.
TOO_MANY_ROWS = 5_000
ENDINGS = 5
END_CLIENTS = """\
select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = %s and pid <> pg_backend_pid()
"""
TABLES = "select tablename from pg_tables where schemaname = 'public' and tablename <> 'alembic_version'"
SEQUENCES = "select setval(format('%I.%I', schemaname, sequencename), 1, false) from pg_sequences"
NUMBERS = """\
select setval(format('%I.%I', schemaname, sequencename), coalesce(last_value, 1), last_value is not null)
from kept.numbers
"""
# All that a test could change besides rows. A copy has the object ids of its template.
SHAPE = """\
with ours as (select oid from pg_class where relnamespace = 'public'::regnamespace)
select (select array_agg(oid order by oid) from ours),
       (select array_agg((attrelid, attnum, attname, atttypid, attnotnull, atthasdef)::text order by attrelid, attnum)
        from pg_attribute where attrelid in (select oid from ours)),
       (select array_agg(oid order by oid) from pg_constraint where connamespace = 'public'::regnamespace),
       (select count(*) from pg_trigger),
       (select count(*) from pg_proc),
       (select array_agg(version_num) from alembic_version)
"""


class Ledgers:
    """Copies of a database that has the newest schema and no rows.

    Each is called otherwise than all before it: who still writes to the ledger of an earlier test (a thread that was
    left) meets no database, as if that had been dropped, and never the ledger of another test.
    """

    def __init__(self, cluster: Cluster, template: str, name: str = "ledger") -> None:
        self._cluster, self._template, self._name = cluster, template, name
        self._numbers = count(1)
        self._free: list[str] = []
        self._shape = self._shape_of(template)

    def take(self) -> str:
        """Return the name of an empty ledger."""
        if self._free:
            return self._free.pop()
        name = self._new_name()
        self._cluster.create_database(name, template=self._template)
        return name

    def give_back(self, name: str) -> None:
        """Take a ledger back, whoever is connected to it, and empty it for the next one who asks."""
        renamed = self._new_name()
        self._rename(name, renamed)
        if self._shape_of(renamed) == self._shape and empty(self._cluster.url(renamed)) <= TOO_MANY_ROWS:
            self._free.append(renamed)
        else:
            self._cluster.drop_database(renamed)

    def _new_name(self) -> str:
        return f"{self._name}_{next(self._numbers)}"

    def _rename(self, name: str, to: str) -> None:
        statement = sql.SQL("alter database {} rename to {}").format(sql.Identifier(name), sql.Identifier(to))
        with self._connected("postgres") as connection:
            for ending in range(ENDINGS):
                connection.execute(END_CLIENTS, [name])
                try:
                    connection.execute(statement)
                except errors.ObjectInUse:  # somebody came back between the two
                    if ending == ENDINGS - 1:
                        raise
                else:
                    return

    def _shape_of(self, name: str) -> object:
        with self._connected(name) as connection:
            return connection.execute(SHAPE).fetchone()

    def _connected(self, name: str) -> psycopg.Connection:
        return _connected(self._cluster.url(name))


def empty(url: str) -> int:
    """Delete all rows of a ledger and begin all its numbers anew; returns how many rows there were."""
    with _connected(url) as connection:
        rows = _delete_all(connection)
        connection.execute(SEQUENCES)
    return rows


def keep(url: str) -> None:
    """Keep all rows and numbers of a ledger, to be brought back by `restore`."""
    with _connected(url) as connection:
        connection.execute("drop schema if exists kept cascade; create schema kept")
        for table in _tables(connection):
            connection.execute(sql.SQL("create table kept.{0} as table public.{0}").format(sql.Identifier(table)))
        connection.execute("create table kept.numbers as select * from pg_sequences where schemaname = 'public'")


def restore(url: str) -> None:
    """Bring back what was kept, whoever is connected."""
    with _connected(url) as connection:
        connection.execute(END_CLIENTS, [make_url(url).database])
        _delete_all(connection)
        for table in _tables(connection):
            query = sql.SQL("insert into public.{0} overriding system value table kept.{0}")
            connection.execute(query.format(sql.Identifier(table)))
        connection.execute(NUMBERS)


def _tables(connection: psycopg.Connection) -> list[str]:
    return [table for (table,) in connection.execute(TABLES)]


def _delete_all(connection: psycopg.Connection) -> int:
    connection.execute("set session_replication_role = replica")  # in whatever sequence
    deleting = sql.SQL("; ").join(
        sql.SQL("delete from {}").format(sql.Identifier(table)) for table in _tables(connection)
    )
    cursor, rows = connection.execute(deleting), 0
    while True:
        rows += cursor.rowcount
        if not cursor.nextset():
            return rows


def _connected(url: str) -> psycopg.Connection:
    return psycopg.connect(url.replace("+psycopg", ""), autocommit=True)

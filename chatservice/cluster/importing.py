"""Filling an empty cluster with everything from the SQLite file of a single chat."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg

from chatservice.cluster.connection import ClusterConnection, at_start, shown
from chatservice.cluster.faults import clause_for
from chatservice.cluster.schema import opened
from chatservice.protocol.counts import counted
from chatservice.storage.contract import Connection, Row
from chatservice.storage.database import Database, DatabaseError
from chatservice.storage.identities import Identities
from chatservice.storage.journal import SETTLE

TABLES = (
    *("events", "whispers", "topics", "acts", "places", "marks", "refs", "pruned"),
    *("accounts", "spent", "secret"),
)
"""The tables that are copied. The search index is made anew, and no move is under way."""

TELL_EVERY = 100_000
"""Rows after which progress is told."""

_COLUMNS = """
    SELECT attname::text, atttypid::regtype::text FROM pg_attribute
    WHERE attrelid = to_regclass(quote_ident(current_schema()) || '.' || quote_ident(?))
    AND attnum > 0 AND NOT attisdropped ORDER BY attnum"""
_IN_USE = "events, whispers, acts, places, accounts"


def import_file(
    path: str,
    url: str,
    tell: Callable[[str], object],
    begin_above: Callable[[ClusterConnection, int], object] = lambda connection, id: None,
) -> None:
    """Copy a file into an empty cluster: all of it or nothing.

    The file is brought up to date before, as at a start, and is not changed otherwise.

    @param tell: called with lines about the progress.
    @param begin_above: called in the same transaction with the highest id of the file: the cluster
        may give out only greater ones.
    @raise DatabaseError: the file or the cluster cannot be used, or the cluster is not empty.
    """
    with _opened_file(path) as database:
        Identities(database).finish()
        connection = opened(url)
        try:
            with connection.raw.transaction():
                _check_empty(connection, url)
                ceiling = database.at_start(lambda file: _copy_all(file, connection, tell))
                begin_above(connection, ceiling)
        except psycopg.Error as error:
            nothing = "nothing was imported"
            raise DatabaseError.because(error, clause_for(error), nothing) from error
        finally:
            connection.raw.close()
    tell("Everything is imported.")


def check_import(path: str, connection: ClusterConnection, url: str) -> None:
    """Check that a file could be imported at this moment; see L{import_file}.

    @param connection: one to the cluster at C{url}.
    """
    with _opened_file(path), at_start(connection), connection.raw.transaction():
        _check_empty(connection, url)


@contextmanager
def _opened_file(path: str) -> Iterator[Database]:
    if not os.path.exists(path):
        raise DatabaseError(f"No such file: cannot import {path}")
    database = Database(path)
    database.open()
    try:
        yield database
    finally:
        database.close()


def _check_empty(connection: ClusterConnection, url: str) -> None:
    """Keep every node from writing until the transaction ends, and check that none has written.

    @raise DatabaseError: one has.
    """
    connection.execute(f"LOCK TABLE {_IN_USE} IN EXCLUSIVE MODE")
    for table in _IN_USE.split(", "):
        if connection.execute(f"SELECT FROM {table} LIMIT 1").fetchone() is not None:
            raise DatabaseError(f"The cluster is not empty: cannot import into {shown(url)}")


def _copy_all(
    file: Connection, connection: ClusterConnection, tell: Callable[[str], object]
) -> int:
    """Copy all tables; return the highest id that the chat may have given out."""
    ceiling: int = file.execute("SELECT ceiling FROM ids").fetchone()[0]
    connection.execute("DELETE FROM secret")
    for table in TABLES:
        columns = columns_of(table, connection)
        names = ", ".join(name for name, _ in columns)
        rows = file.execute(f"SELECT {names} FROM {table}")
        statement = f"COPY {table} ({names}) FROM STDIN (FORMAT BINARY)"
        with connection.raw.cursor().copy(statement.encode()) as copy:
            copy.set_types([kind for _, kind in columns])
            for row in _told(table, rows, tell):
                copy.write_row(row)
    # Whoever was there when the chat ended saw everything.
    connection.execute(SETTLE, (ceiling, None))
    return ceiling


def columns_of(table: str, connection: ClusterConnection) -> list[tuple[str, str]]:
    """List the columns of a table of the cluster: their names and types."""
    return connection.execute(_COLUMNS, (table,)).fetchall()


def _told(table: str, rows: Any, tell: Callable[[str], object]) -> Iterator[Row]:
    """Go through rows as PostgreSQL takes them, and tell how many there are."""
    count = 0
    for row in rows:
        count += 1
        yield tuple(
            value.replace("\0", "") if isinstance(value, str) else value for value in row
        )
        if count % TELL_EVERY == 0:
            tell(f"{table}: {count} rows so far")
    tell(f"{table}: {counted(count, 'row', 'rows')}")

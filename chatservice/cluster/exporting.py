"""The way back to one machine: all that a cluster keeps, as the SQLite file of a single chat.

    python -m chatservice.cluster.exporting URL FILE
"""

from __future__ import annotations

import os
import sqlite3
import sys
from collections.abc import Callable, Sequence
from functools import partial
from itertools import islice
from tempfile import TemporaryDirectory

import psycopg

from chatservice.cluster.connection import ClusterConnection, shown
from chatservice.cluster.faults import clause_for
from chatservice.cluster.importing import TABLES, columns_of
from chatservice.cluster.schema import opened
from chatservice.protocol.counts import counted
from chatservice.storage.contract import Connection
from chatservice.storage.database import Database, DatabaseError

PIECE = 10_000
"""Rows that are in memory at a time."""

USAGE = "use it like this: python -m chatservice.cluster.exporting URL FILE"


def export_to(url: str, path: str, tell: Callable[[str], object]) -> None:
    """Write a file that C{--database} takes: all of it, as it was at one moment, or nothing.

    Nodes may run meanwhile. The people who are there count as having left.

    @param path: of the file, which must not exist.
    @param tell: called with a line about each table.
    @raise DatabaseError: the cluster cannot be used, or the file cannot be written.
    """
    if os.path.lexists(path):
        raise DatabaseError(f"The file exists already: cannot write {path}")
    connection = opened(url)
    try:
        # Beside the file, which gets its name when it is complete.
        with TemporaryDirectory(dir=os.path.dirname(path) or ".") as folder:
            part = os.path.join(folder, "part")
            _write(part, connection, tell)
            os.rename(part, path)
    except OSError as error:
        raise DatabaseError(f"{error.strerror}: cannot write {path}") from error
    except sqlite3.Error as error:
        clause = Database.clause_for(error)
        raise DatabaseError.because(error, clause, f"cannot write {path}") from error
    except psycopg.Error as error:
        clause = clause_for(error)
        raise DatabaseError.because(error, clause, f"cannot use {shown(url)}") from error
    finally:
        connection.raw.close()


def _write(path: str, cluster: ClusterConnection, tell: Callable[[str], object]) -> None:
    database = Database(path)
    database.open()
    try:
        database.write_at_start(partial(_copy_all, cluster=cluster, tell=tell))
    finally:
        database.close()


def _copy_all(file: Connection, cluster: ClusterConnection, tell: Callable[[str], object]) -> None:
    file.execute("DELETE FROM secret")
    with cluster.at_one_moment():
        for table in (*TABLES, "moving"):
            tell(f"{table}: {counted(_copy(table, file, cluster), 'row', 'rows')}")
        head = cluster.value("SELECT last FROM head")
        file.execute("UPDATE ids SET ceiling = ?", (head,))


def _copy(table: str, file: Connection, cluster: ClusterConnection) -> int:
    """Copy a table; return the number of its rows."""
    columns = columns_of(table, cluster)
    names = ", ".join(name for name, _ in columns)
    statement = f"INSERT INTO {table} ({names}) VALUES ({', '.join('?' * len(columns))})"
    count = 0
    question = f"COPY {table} ({names}) TO STDOUT (FORMAT BINARY)"
    with cluster.raw.cursor().copy(question.encode()) as copy:
        copy.set_types([kind for _, kind in columns])
        rows = copy.rows()
        while piece := list(islice(rows, PIECE)):
            file.executemany(statement, piece)
            count += len(piece)
    return count


def main(arguments: Sequence[str]) -> None:
    """Do what the command line says.

    @raise SystemExit: that is not possible.
    """
    try:
        url, path = arguments
    except ValueError:
        raise SystemExit(USAGE) from None
    try:
        export_to(url, path, print)
    except DatabaseError as error:
        raise SystemExit(str(error)) from None


if __name__ == "__main__":
    main(sys.argv[1:])

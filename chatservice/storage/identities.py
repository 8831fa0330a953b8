"""Moving everything that is stored about somebody from one identity to another.

Registering a nickname gives its owner a new identity, and their earlier lines stay theirs. The
table C{moving} records the moves under way, so that a run that ends meanwhile loses nothing: the
next one finishes them before it reads anything.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Generator
from functools import partial
from typing import Any

from twisted.internet.defer import Deferred, inlineCallbacks

from chatservice.storage.database import Database, explain

STEP = 2000
"""Rows of each kind that one transaction moves."""

ALL = -1
"""Stands for no limit, in place of L{STEP}."""

_BEGIN = "INSERT OR REPLACE INTO moving VALUES (?, ?)"
_END = "DELETE FROM moving WHERE former = ?"

_MOVE = """
    UPDATE {table} SET {column} = (SELECT now FROM moving WHERE former = {column})
    WHERE {column} IN (SELECT former FROM moving)"""
_MOVE_SOME = """
    UPDATE {table} SET {column} = (SELECT now FROM moving WHERE former = {column})
    WHERE id IN (SELECT id FROM {table} WHERE {column} IN (SELECT former FROM moving) LIMIT ?)"""

_FEW = (
    _MOVE.format(table="topics", column="author"),
    _MOVE.format(table="acts", column="author"),
    _MOVE.format(table="acts", column="target_identity"),
    # The places under the new identity are more recent: keep those.
    _MOVE.format(table="OR IGNORE places", column="identity"),
    _MOVE.format(table="OR IGNORE refs", column="identity"),
    _MOVE.format(table="OR IGNORE marks", column="identity"),
    _MOVE.format(table="OR IGNORE marks", column="other"),
)
_LEFT_OVER = (
    "DELETE FROM places WHERE identity IN (SELECT former FROM moving)",
    "DELETE FROM refs WHERE identity IN (SELECT former FROM moving)",
    "DELETE FROM marks WHERE identity IN (SELECT former FROM moving)",
    "DELETE FROM marks WHERE other IN (SELECT former FROM moving)",
)
_MANY = (
    _MOVE_SOME.format(table="events", column="author"),
    _MOVE_SOME.format(table="whispers", column="author_identity"),
    _MOVE_SOME.format(table="whispers", column="recipient_identity"),
)


class Identities:
    """The transfer of stored data between identities."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def finish(self) -> None:
        """Finish the moves of an earlier run; called right after the database was opened."""
        self._database.at_start(_finish)

    @inlineCallbacks
    def move(self, former: bytes, now: bytes, last: bool) -> Generator[Deferred[Any], Any, None]:
        """Move everything from one identity to another, a little at a time.

        @param last: whether nothing more will be stored under the former one.
        """
        write = self._database.write
        yield write(partial(_begin, former=former, now=now)).addErrback(explain)
        more = True
        while more:
            more = yield write(partial(_move_some, most=STEP)).addErrback(explain)
        if last:
            yield write(lambda connection: connection.execute(_END, (former,))).addErrback(explain)


def _begin(connection: sqlite3.Connection, former: bytes, now: bytes) -> None:
    connection.execute(_BEGIN, (former, now))
    _move_few(connection)


def _move_few(connection: sqlite3.Connection) -> None:
    # Repeat this for chains of moves, where the new identity of one is the former one of another.
    while sum(connection.execute(sql).rowcount for sql in _FEW):
        pass
    for sql in _LEFT_OVER:
        connection.execute(sql)


def _move_some(connection: sqlite3.Connection, most: int) -> bool:
    """Move some lines; return whether there were any."""
    return sum(connection.execute(sql, (most,)).rowcount for sql in _MANY) > 0


def _finish(connection: sqlite3.Connection) -> None:
    if connection.execute("SELECT 1 FROM moving").fetchone() is None:
        return
    connection.execute("BEGIN IMMEDIATE")
    _move_few(connection)
    while _move_some(connection, ALL):
        pass
    connection.execute("DELETE FROM moving")
    connection.execute("COMMIT")

"""Moving everything that is stored about somebody from one identity to another.

Who registers a nickname has another identity from then on, and what was said before stays theirs.
The table C{moving} says what is under way, so that a run that ends meanwhile loses nothing: the
next one finishes it before it reads anything.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Generator
from functools import partial
from typing import Any

from twisted.internet.defer import Deferred, inlineCallbacks

from chatservice.database import Database, explain

STEP = 2000
"""Rows of a kind that are moved in one transaction."""

ALL = -1
"""In the place of L{STEP}."""

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
    # Where somebody is under the new identity already is known better.
    _MOVE.format(table="OR IGNORE places", column="identity"),
    _MOVE.format(table="OR IGNORE refs", column="identity"),
)
_LEFT_OVER = (
    "DELETE FROM places WHERE identity IN (SELECT former FROM moving)",
    "DELETE FROM refs WHERE identity IN (SELECT former FROM moving)",
)
_MANY = (
    _MOVE_SOME.format(table="events", column="author"),
    _MOVE_SOME.format(table="whispers", column="author_identity"),
    _MOVE_SOME.format(table="whispers", column="recipient_identity"),
)


class Identities:
    """Moves what is stored about people."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def finish(self) -> None:
        """Do the rest of what an earlier run did not finish; the database was just opened."""
        self._database.at_start(_finish)

    @inlineCallbacks
    def move(self, former: bytes, now: bytes, last: bool) -> Generator[Deferred[Any], Any, None]:
        """Have everything of one identity be another's, some of it at a time.

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
    # Again, for what was moved twice: the former identity of one is that which another has now.
    while sum(connection.execute(sql).rowcount for sql in _FEW):
        pass
    for sql in _LEFT_OVER:
        connection.execute(sql)


def _move_some(connection: sqlite3.Connection, most: int) -> bool:
    """Move some lines; gives whether there were any."""
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

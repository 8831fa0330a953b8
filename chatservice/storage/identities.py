"""Moving everything that is stored about somebody from one identity to another.

Registering a nickname gives its owner a new identity, and their earlier lines stay theirs. The
table C{moving} records the moves under way, so that a run that ends meanwhile loses nothing: the
next one finishes them before it reads anything.
"""

from __future__ import annotations

from collections.abc import Generator
from functools import partial
from typing import Any

from twisted.internet.defer import Deferred, inlineCallbacks

from chatservice.protocol.events import LATEST
from chatservice.storage.contract import Connection, Storage
from chatservice.storage.database import explain

STEP = 2000
"""Rows of each kind that one transaction moves."""

ALL = LATEST
"""Stands for no limit, in place of L{STEP}."""

BEGIN = """
    INSERT INTO moving (former, now) VALUES (?, ?)
    ON CONFLICT (former) DO UPDATE SET now = excluded.now"""
"""Notes that everything of an identity is to be moved to another one."""

# The new identity of one move may be the former one of another.
_SHORTEN = """
    UPDATE moving SET now = (SELECT next.now FROM moving AS next WHERE next.former = moving.now)
    WHERE now IN (SELECT former FROM moving)"""
_END = "DELETE FROM moving WHERE former = ?"

_MOVE = """
    UPDATE {table} SET {column} = (SELECT now FROM moving WHERE former = {column})
    WHERE {column} IN (SELECT former FROM moving)"""
_MOVE_SOME = """
    UPDATE {table} SET {column} = (SELECT now FROM moving WHERE former = {column})
    WHERE id IN (SELECT id FROM {table} WHERE {column} IN (SELECT former FROM moving) LIMIT ?)"""
_COPY = """
    INSERT INTO {table} ({column}, {others})
    SELECT now, {others} FROM moving JOIN {table} ON former = {column} WHERE true
    ON CONFLICT DO NOTHING"""
_DELETE = "DELETE FROM {table} WHERE {column} IN (SELECT former FROM moving)"

_UNIQUE = (
    ("places", "identity", "room, nick, entered, seen, time, read"),
    ("refs", "identity", "id, mark, nick, time"),
    ("marks", "identity", "other, nick, id"),
    ("marks", "other", "identity, nick, id"),
)
"""Tables in which the new identity may have such a row, which is more recent: it is kept."""
_FEW = (
    _MOVE.format(table="topics", column="author"),
    _MOVE.format(table="acts", column="author"),
    _MOVE.format(table="acts", column="target_identity"),
    *(
        sql.format(table=table, column=column, others=others)
        for table, column, others in _UNIQUE
        for sql in (_COPY, _DELETE)
    ),
)
_MANY = (
    _MOVE_SOME.format(table="events", column="author"),
    _MOVE_SOME.format(table="whispers", column="author_identity"),
    _MOVE_SOME.format(table="whispers", column="recipient_identity"),
)


class Identities:
    """The transfer of stored data between identities."""

    def __init__(self, database: Storage) -> None:
        self._database = database

    def finish(self) -> None:
        """Finish the moves of an earlier run; called right after the database was opened."""
        self._database.write_at_start(_finish)

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


def _begin(connection: Connection, former: bytes, now: bytes) -> None:
    connection.execute(BEGIN, (former, now))
    _move_few(connection)


def _move_few(connection: Connection) -> None:
    while connection.execute(_SHORTEN).rowcount:
        pass
    for sql in _FEW:
        connection.execute(sql)


def _move_some(connection: Connection, most: int) -> bool:
    """Move some lines; return whether there were any."""
    return sum(connection.execute(sql, (most,)).rowcount for sql in _MANY) > 0


def _finish(connection: Connection) -> None:
    if connection.execute("SELECT 1 FROM moving").fetchone() is None:
        return
    _move_few(connection)
    while _move_some(connection, ALL):
        pass
    connection.execute("DELETE FROM moving")

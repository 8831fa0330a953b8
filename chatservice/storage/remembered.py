"""The latest requests with a C{ref}, in the database: table C{refs}; see chat/refs.py."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from twisted.internet.defer import Deferred, succeed

from chatservice.chat.refs import Noted
from chatservice.storage.contract import Connection, Storage
from chatservice.storage.database import explain
from chatservice.storage.rows import NOTED, noted_of

STEP = 500
"""Rows that one transaction deletes."""

_FIND = f"SELECT {NOTED} FROM refs WHERE identity = ? ORDER BY id"
_DROP = "DELETE FROM refs WHERE identity = ? AND id = ?"
_DROP_ALL = "DELETE FROM refs WHERE identity = ?"
_COPY = f"""
    INSERT INTO refs (identity, {NOTED}) SELECT ?, {NOTED} FROM refs WHERE identity = ?
    ON CONFLICT (identity, id) DO UPDATE SET mark = excluded.mark, nick = excluded.nick,
        time = excluded.time"""


class Remembered:
    """The stored requests: reading them, and deleting those that are forgotten."""

    def __init__(self, database: Storage) -> None:
        self._database = database
        self._over: list[tuple[bytes, Noted]] = []

    def of(self, identity: bytes) -> Deferred[list[tuple[bytes, Noted]]]:
        """Read the latest requests of somebody, by their marks, oldest first."""
        return self._database.read(partial(_read, identity=identity)).addErrback(explain)

    def drop(self, identity: bytes, noted: Iterable[Noted]) -> None:
        """Forget these requests; L{step} deletes them."""
        self._over.extend((identity, each) for each in noted)

    def step(self) -> Deferred[bool]:
        """Delete some forgotten requests; return whether there are more."""
        over, self._over = self._over[:STEP], self._over[STEP:]
        if not over:
            return succeed(False)
        rows = [(identity, each.id) for identity, each in over]
        done = self._database.write(lambda connection: connection.executemany(_DROP, rows))
        return done.addCallback(lambda _: bool(self._over))


def _read(connection: Connection, identity: bytes) -> list[tuple[bytes, Noted]]:
    return [noted_of(row) for row in connection.execute(_FIND, (identity,))]


def move(connection: Connection, former: bytes, now: bytes) -> None:
    """Move the requests of one identity to another."""
    copy(connection, former, now)
    connection.execute(_DROP_ALL, (former,))


def copy(connection: Connection, former: bytes, now: bytes) -> None:
    """Copy the requests of one identity to another."""
    connection.execute(_COPY, (now, former))

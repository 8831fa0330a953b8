"""The latest requests with a C{ref}, in the database: table C{refs}; see chat/refs.py."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from functools import partial

from twisted.internet.defer import Deferred, succeed

from chatservice.chat.refs import Noted
from chatservice.storage.database import Database, explain
from chatservice.storage.rows import NOTED, noted_of

STEP = 500
"""Rows that one transaction deletes."""

_FIND = f"SELECT {NOTED} FROM refs WHERE identity = ? ORDER BY id"
_DROP = "DELETE FROM refs WHERE identity = ? AND id = ?"
_MOVE = "UPDATE OR REPLACE refs SET identity = ? WHERE identity = ?"
_COPY = f"""
    INSERT OR REPLACE INTO refs (identity, {NOTED})
    SELECT ?, {NOTED} FROM refs WHERE identity = ?"""


class Remembered:
    """The stored requests: reading them, and deleting those that are forgotten."""

    def __init__(self, database: Database) -> None:
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


def _read(connection: sqlite3.Connection, identity: bytes) -> list[tuple[bytes, Noted]]:
    return [noted_of(row) for row in connection.execute(_FIND, (identity,))]


def move(connection: sqlite3.Connection, former: bytes, now: bytes) -> None:
    """Move the requests of one identity to another."""
    connection.execute(_MOVE, (now, former))


def copy(connection: sqlite3.Connection, former: bytes, now: bytes) -> None:
    """Copy the requests of one identity to another."""
    connection.execute(_COPY, (now, former))

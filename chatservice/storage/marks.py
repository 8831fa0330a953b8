"""Marks: up to which id somebody has read the private lines with each person; table C{marks}."""

from __future__ import annotations

import sqlite3

MARKS = 1000
"""The most marks of one person; those with the lowest ids give way."""

_FIND = "SELECT id FROM marks WHERE identity = ? AND other = ?"
_MOVE = """
    INSERT INTO marks (identity, other, nick, id) VALUES (?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET nick = excluded.nick, id = max(id, excluded.id)"""
_BOUND = """
    DELETE FROM marks WHERE identity = ?1 AND other IN (
        SELECT other FROM marks WHERE identity = ?1 ORDER BY id DESC LIMIT -1 OFFSET ?2)"""


def find_mark(connection: sqlite3.Connection, identity: bytes, other: bytes) -> int:
    """Find a mark; 0 if there is none."""
    row = connection.execute(_FIND, (identity, other)).fetchone()
    return row[0] if row is not None else 0


def move_mark(
    connection: sqlite3.Connection, identity: bytes, other: bytes, nick: str, id: int
) -> int:
    """Move a mark on to an id, or leave it further on; return where it is."""
    connection.execute(_MOVE, (identity, other, nick, id))
    connection.execute(_BOUND, (identity, MARKS))
    return max(id, find_mark(connection, identity, other))

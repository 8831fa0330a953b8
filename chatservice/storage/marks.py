"""Marks: up to which id somebody has read the lines with each person, or of a room; table C{marks}.

A room stands in it as C{#name}, and C{#} for all private lines.
"""

from __future__ import annotations

from chatservice.chat.read_markers import MARKS
from chatservice.storage.contract import Connection

_FIND = "SELECT id FROM marks WHERE identity = ? AND other = ?"
_FIND_ROOMS = "SELECT nick, id FROM marks WHERE identity = ? AND substr(nick, 1, 1) = '#'"
_MOVE = """
    INSERT INTO marks (identity, other, nick, id) VALUES (?, ?, ?, ?)
    ON CONFLICT (identity, other) DO UPDATE SET nick = excluded.nick,
        id = CASE WHEN excluded.id > marks.id THEN excluded.id ELSE marks.id END"""
_BOUND = """
    DELETE FROM marks WHERE identity = ?1 AND other IN (
        SELECT other FROM marks WHERE identity = ?1 ORDER BY id DESC LIMIT ?2 OFFSET ?2)"""


def find_mark(connection: Connection, identity: bytes, other: bytes) -> int:
    """Find a mark; 0 if there is none."""
    row = connection.execute(_FIND, (identity, other)).fetchone()
    return row[0] if row is not None else 0


def move_mark(
    connection: Connection, identity: bytes, other: bytes, nick: str, id: int
) -> int:
    """Move a mark on to an id, or leave it further on; return where it is."""
    connection.execute(_MOVE, (identity, other, nick, id))
    connection.execute(_BOUND, (identity, MARKS))
    return max(id, find_mark(connection, identity, other))


def find_room_marks(connection: Connection, identity: bytes) -> dict[str, int]:
    """Find the marks of rooms by name."""
    return {room[1:]: id for room, id in connection.execute(_FIND_ROOMS, (identity,))}


def move_room_mark(connection: Connection, identity: bytes, room: str, id: int) -> None:
    """Move the mark of a room on to an id, or leave it further on."""
    spelled = f"#{room}"
    move_mark(connection, identity, spelled.encode(), spelled, id)

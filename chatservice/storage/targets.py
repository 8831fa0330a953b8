"""Finding with whom, and in which rooms, somebody talked between two moments."""

from __future__ import annotations

from collections.abc import Collection

from chatservice.chat.journal import Target
from chatservice.storage.contract import Connection

_ROOM = """
    SELECT id, time FROM events WHERE room = ? AND id <= ? ORDER BY id DESC LIMIT 1"""

# Each step of the recursions finds the next person by an index, however many lines are in between.
PEOPLE = """
    WITH RECURSIVE
    written (who) AS (
        SELECT (
            SELECT recipient_identity FROM whispers
            WHERE author_identity = ?1 ORDER BY recipient_identity LIMIT 1
        )
        UNION ALL
        SELECT (
            SELECT recipient_identity FROM whispers
            WHERE author_identity = ?1 AND recipient_identity > who
            ORDER BY recipient_identity LIMIT 1
        ) FROM written WHERE who IS NOT NULL
    ),
    heard (who) AS (
        SELECT (
            SELECT author_identity FROM whispers
            WHERE recipient_identity = ?1 ORDER BY author_identity LIMIT 1
        )
        UNION ALL
        SELECT (
            SELECT author_identity FROM whispers
            WHERE recipient_identity = ?1 AND author_identity > who
            ORDER BY author_identity LIMIT 1
        ) FROM heard WHERE who IS NOT NULL
    ),
    said (who, latest) AS (
        SELECT who, (
            SELECT max(id) FROM whispers
            WHERE author_identity = ?1 AND recipient_identity = who AND id <= ?5
        ) FROM written
        UNION ALL
        SELECT who, (
            SELECT max(id) FROM whispers
            WHERE recipient_identity = ?1 AND author_identity = who AND id <= ?5
        ) FROM heard
    ),
    people (latest) AS (
        SELECT max(latest) FROM said WHERE who <> ?4 GROUP BY who
    )
    SELECT id, time, author_identity, nick, recipient_identity, recipient
    FROM people JOIN whispers ON id = latest WHERE latest > ?2 AND latest < ?3"""
_ERASED = b""
"""Stands for somebody who has erased everything."""


def read_targets(
    connection: Connection,
    identity: bytes,
    rooms: Collection[str],
    after: int,
    before: int,
    limit: int,
    latest: bool,
    up_to: int,
) -> list[Target]:
    """Find conversations; see L{chatservice.chat.journal.Archive.targets}.

    @param up_to: nothing with a greater id counts.
    """
    found: list[Target] = []
    for room in rooms:
        for id, time in connection.execute(_ROOM, (room, up_to)):
            if after < id < before:
                found.append(Target(id=id, time=time, room=room))
    for id, time, author, nick, recipient, to in connection.execute(
        PEOPLE, (identity, after, before, _ERASED, up_to)
    ):
        other, name = (recipient, to) if author == identity else (author, nick)
        found.append(Target(id=id, time=time, nick=name, identity=other))
    found.sort(key=lambda target: target.id)
    return found[-limit:] if latest else found[:limit]

"""Finding with whom, and in which rooms, somebody talked between two moments."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection

from chatservice.chat.journal import Target

_ROOM = """
    SELECT id, time FROM events WHERE room = ? ORDER BY id DESC LIMIT 1"""

# Each step of the recursions finds the next person by an index, however many lines are in between.
PEOPLE = """
    WITH RECURSIVE
    written (who) AS (
        SELECT min(recipient_identity) FROM whispers WHERE author_identity = ?1
        UNION ALL
        SELECT (
            SELECT min(recipient_identity) FROM whispers
            WHERE author_identity = ?1 AND recipient_identity > who
        ) FROM written WHERE who IS NOT NULL
    ),
    heard (who) AS (
        SELECT min(author_identity) FROM whispers WHERE recipient_identity = ?1
        UNION ALL
        SELECT (
            SELECT min(author_identity) FROM whispers
            WHERE recipient_identity = ?1 AND author_identity > who
        ) FROM heard WHERE who IS NOT NULL
    ),
    people (who, latest) AS (
        SELECT who, max(
            ifnull((
                SELECT max(id) FROM whispers
                WHERE author_identity = ?1 AND recipient_identity = who
            ), 0),
            ifnull((
                SELECT max(id) FROM whispers
                WHERE recipient_identity = ?1 AND author_identity = who
            ), 0)
        ) FROM (SELECT who FROM written UNION SELECT who FROM heard) WHERE who <> x''
    )
    SELECT id, time, author_identity, nick, recipient_identity, recipient
    FROM people JOIN whispers ON id = latest WHERE latest > ?2 AND latest < ?3"""


def read_targets(
    connection: sqlite3.Connection,
    identity: bytes,
    rooms: Collection[str],
    after: int,
    before: int,
    limit: int,
    latest: bool,
) -> list[Target]:
    """Find conversations; see L{chatservice.chat.journal.Archive.targets}."""
    found: list[Target] = []
    for room in rooms:
        for id, time in connection.execute(_ROOM, (room,)):
            if after < id < before:
                found.append(Target(id=id, time=time, room=room))
    for id, time, author, nick, recipient, to in connection.execute(
        PEOPLE, (identity, after, before)
    ):
        other, name = (recipient, to) if author == identity else (author, nick)
        found.append(Target(id=id, time=time, nick=name, identity=other))
    found.sort(key=lambda target: target.id)
    return found[-limit:] if latest else found[:limit]

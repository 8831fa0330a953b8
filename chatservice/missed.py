"""Counting what somebody has missed: not more of it than can be read in a moment."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass

from chatservice.mentions import mentions

MISSED_MOST = 1000
"""The most lines that are counted."""

MISSED_TEXT = 256 * 1024
"""The most characters of them, and"""

LOOKED_AT = 5 * MISSED_MOST
"""the most lines that are looked at: one's own do not count."""

_ROOM = """
    SELECT CASE WHEN author <> ?4 AND kind IN ('said', 'acted') THEN text END
    FROM events WHERE room = ?1 AND id > ?2 AND id < ?3 ORDER BY id LIMIT ?5"""
_PRIVATE = """
    SELECT CASE WHEN author_identity <> ?4 THEN text END
    FROM whispers WHERE recipient_identity = ?1 AND id > ?2 AND id < ?3 ORDER BY id LIMIT ?5"""


@dataclass(frozen=True, slots=True)
class Missed:
    """The lines that others said meanwhile.

    @ivar count: how many lines, as far as they were counted.
    @ivar mentions: in how many of these the nickname is.
    @ivar more: whether there may be more lines than that.
    """

    count: int
    mentions: int
    more: bool


def missed_of(texts: Iterable[str | None], nick: str) -> Missed:
    """What lines come to.

    @param texts: C{None} for a line that does not count.
    @param nick: whose mentions are counted: as a whole word, in capitals or not.
    """
    count = mentioning = looked_at = size = 0
    for text in texts:
        looked_at += 1
        if looked_at > LOOKED_AT:
            return Missed(count, mentioning, True)
        if text is None:
            continue
        size += len(text)
        if count == MISSED_MOST or (count and size > MISSED_TEXT):
            return Missed(count, mentioning, True)
        count += 1
        mentioning += mentions(nick, text)
    return Missed(count, mentioning, False)


def read_missed(
    connection: sqlite3.Connection,
    of: str | bytes,
    after: int,
    before: int,
    nick: str,
    not_by: bytes,
) -> Missed:
    """Count; see L{chatservice.journal.Journal.missed}."""
    sql = _PRIVATE if isinstance(of, bytes) else _ROOM
    rows = connection.execute(sql, (of, after, before, not_by, LOOKED_AT + 1))
    return missed_of((text for (text,) in rows), nick)

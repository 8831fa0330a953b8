"""Counting the lines that somebody has missed, as far as that can be read in a moment."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from chatservice.chat.journal import LeftOf, Missed
from chatservice.protocol.events import Event, Line, Whispered
from chatservice.protocol.mentions import mentions
from chatservice.storage.contract import Connection
from chatservice.storage.pieces import in_pieces
from chatservice.storage.rows import ID_OF_PRIVATE, ID_OF_TALK, PRIVATE, TALK, private_of, talk_of

MISSED_MOST = 1000
"""The most lines that are counted."""

MISSED_TEXT = 256 * 1024
"""The most characters of these lines."""

LOOKED_AT = 5 * MISSED_MOST
"""The most lines that are examined, including those that do not count."""

_ROOM = f"""
    SELECT {TALK} FROM events WHERE room = ?3 AND id > ?1 AND id < ?4 ORDER BY id LIMIT ?2"""
_PRIVATE = f"""
    SELECT {PRIVATE} FROM whispers
    WHERE recipient_identity = ?3 AND id > ?1 AND id < ?4 ORDER BY id LIMIT ?2"""


@dataclass(frozen=True, slots=True)
class Counted:
    """The rule for which lines count for somebody.

    @ivar nick: the nickname whose mentions are counted: as a whole word, ignoring case.
    @ivar not_by: the identity whose lines do not count: the reader's own.
    @ivar left_of: returns C{None} for lines that do not count either.
    """

    nick: str
    not_by: bytes
    left_of: LeftOf

    def has(self, event: Event) -> bool:
        """Tell whether an event is a line that counts."""
        is_own = event.identity == self.not_by
        is_said = isinstance(event, Line | Whispered)
        return is_said and not is_own and self.left_of(event) is not None


def missed_of(events: Iterable[Event], counted: Counted) -> Missed:
    """Count lines, but stop early if that takes long."""
    count = mentioning = looked_at = size = 0
    for event in events:
        looked_at += 1
        if looked_at > LOOKED_AT:
            return Missed(count, mentioning, True)
        if not counted.has(event):
            continue
        assert isinstance(event, Line | Whispered)
        size += len(event.text)
        if count == MISSED_MOST or (count and size > MISSED_TEXT):
            return Missed(count, mentioning, True)
        count += 1
        mentioning += mentions(counted.nick, event.text)
    return Missed(count, mentioning, False)


def read_missed(
    connection: Connection, of: str | bytes, after: int, before: int, counted: Counted
) -> Missed:
    """Count missed lines; see L{chatservice.chat.journal.Archive.missed}."""
    if isinstance(of, bytes):
        rows = in_pieces(connection, _PRIVATE, after, of, before, id_at=ID_OF_PRIVATE)
        return missed_of(map(private_of, rows), counted)
    rows = in_pieces(connection, _ROOM, after, of, before, id_at=ID_OF_TALK)
    return missed_of(map(talk_of, rows), counted)

"""Where events become durable, and are read back in order.

A journal has two methods. C{append(batch)} gives a Deferred that fires with C{None} when the
batch's stored events will survive a crash, and fails with L{JournalError} when they could not be
stored. C{page(wanted)} gives a Deferred of a L{Page}. C{floor} is the highest id that an earlier
run may have given out, and C{topics} what the rooms' topics were.
"""

from __future__ import annotations

import sqlite3
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from twisted.internet.defer import Deferred, succeed

from chatservice.database import Database
from chatservice.events import Acted, Batch, Event, RoomEvent, Said, TopicChanged, Whispered

CEILING_AHEAD = 10_000_000
"""Microseconds by which the stored ceiling of ids is ahead of the last one."""

PAGE_BYTES = 128 * 1024
"""Text, in characters, after which a page ends even if more events were asked for."""

LATEST = 2**63 - 1


class JournalError(Exception):
    """Why a batch was not stored: a clause for people, such as "the disk is full"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which part of the history is wanted.

    @ivar of: a room's name, or the identity whose private messages are meant.
    @ivar after: only greater ids; if given, the page begins with the first of them.
    @ivar before: only smaller ids.
    @ivar limit: at most so many events.
    """

    of: str | bytes
    after: int | None = None
    before: int = LATEST
    limit: int = 50


@dataclass(frozen=True, slots=True)
class Page:
    """A part of the history.

    @ivar events: in the order of their ids.
    @ivar more: whether there is more in the direction that was asked for.
    @ivar kept_from: if something wanted is no longer kept, the id from which on all is.
    """

    events: list[Event]
    more: bool
    kept_from: int | None = None


def _page(newest_or_oldest_first: Iterable[Event], wanted: Wanted) -> tuple[list[Event], bool]:
    """The events that fit, in the order of their ids, and whether any did not."""
    fitting: list[Event] = []
    room_left = PAGE_BYTES
    more = False
    for event in newest_or_oldest_first:
        room_left -= len(event.text) if isinstance(event, Said | Acted | Whispered) else 0
        if len(fitting) == wanted.limit or (fitting and room_left < 0):
            more = True
            break
        fitting.append(event)
    return (fitting if wanted.after is not None else fitting[::-1]), more


class MemoryJournal:
    """Keeps the last events in memory, for a chat without a database.

    @param limit: how many.
    """

    def __init__(self, limit: int = 10_000) -> None:
        self._events: deque[Event] = deque()
        self._limit = limit
        self._forgotten: dict[str | bytes, int] = {}
        self.floor = 0
        self.topics: dict[str, TopicChanged] = {}

    def append(self, batch: Batch) -> Deferred[None]:
        """See the module."""
        self._events.extend(event for event in batch if event.stored)
        while len(self._events) > self._limit:
            oldest = self._events.popleft()
            for owner in _owners(oldest):
                self._forgotten[owner] = oldest.id
        return succeed(None)

    def page(self, wanted: Wanted) -> Deferred[Page]:
        """See the module."""
        after = wanted.after or 0
        found = [
            event
            for event in self._events
            if after < event.id < wanted.before and wanted.of in _owners(event)
        ]
        if wanted.after is None:
            found.reverse()
        events, more = _page(found, wanted)
        forgotten = self._forgotten.get(wanted.of, 0)
        gap = forgotten + 1 if wanted.after is not None and wanted.after < forgotten else None
        return succeed(Page(events, more, gap))


def _owners(event: Event) -> tuple[str | bytes, ...]:
    if isinstance(event, Whispered):
        return event.identities
    return (event.room,) if isinstance(event, RoomEvent) else ()


_KINDS: dict[str, type[Said | Acted | TopicChanged]] = {
    "said": Said,
    "acted": Acted,
    "topic": TopicChanged,
}
_KIND_OF = {kind: name for name, kind in _KINDS.items()}

_ROOM_PAGE = """
    SELECT kind, id, room, nick, text, ref FROM events
    WHERE room = ? AND id > ? AND id < ? ORDER BY id {order} LIMIT ?"""
_PRIVATE_PAGE = """
    SELECT id, nick, recipient, text, ref FROM whispers
    WHERE author_identity = ?1 AND id > ?2 AND id < ?3
    UNION
    SELECT id, nick, recipient, text, ref FROM whispers
    WHERE recipient_identity = ?1 AND id > ?2 AND id < ?3
    ORDER BY id {order} LIMIT ?4"""


class Journal:
    """Keeps events in the database.

    @param database: need not be open yet.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._ceiling = 0
        self.floor = 0
        self.topics: dict[str, TopicChanged] = {}

    def open(self) -> None:
        """Find out where the last run ended; the database has just been opened."""
        self.floor = self._ceiling = self._database.at_start(_read_ceiling)
        self.topics = self._database.at_start(_read_topics)

    def append(self, batch: Batch) -> Deferred[None]:
        """See the module. No second batch before the first one is done."""
        last = batch[-1].id
        stored = [event for event in batch if event.stored]
        if not stored and last <= self._ceiling:
            return succeed(None)
        ceiling = self._ceiling if last <= self._ceiling else last + CEILING_AHEAD
        done = self._database.write(lambda connection: _store(connection, stored, ceiling))
        return done.addCallbacks(lambda _: self._raise_ceiling(ceiling), _explain)

    def _raise_ceiling(self, ceiling: int) -> None:
        self._ceiling = ceiling

    def page(self, wanted: Wanted) -> Deferred[Page]:
        """See the module."""
        page = self._database.read(lambda connection: _read_page(connection, wanted))
        return page.addErrback(_explain)

    def close(self, last_id: int) -> Deferred[None]:
        """Note that no id above C{last_id} was given out, so that the next run begins there.

        Fails with L{JournalError} if that cannot be stored; the next run begins higher then.
        """
        done = self._database.write(lambda connection: _store(connection, [], last_id))
        return done.addErrback(_explain)


def _explain(failure: Any) -> Any:
    """Make a L{JournalError} of what SQLite says of the disk; a bug stays what it is."""
    clause = Database.clause_for(failure.value)
    if clause is None:
        return failure
    raise JournalError(clause) from failure.value


def _store(connection: sqlite3.Connection, events: list[Event], ceiling: int) -> None:
    said: list[tuple[Any, ...]] = []
    whispered: list[tuple[Any, ...]] = []
    for event in events:
        match event:
            case Said() | Acted() | TopicChanged():
                kind = _KIND_OF[type(event)]
                said.append((event.id, kind, event.room, event.nick, event.text, event.ref))
                if isinstance(event, TopicChanged):
                    _store_topic(connection, event)
            case _:
                assert isinstance(event, Whispered)
                who = (event.nick, event.to, *event.identities)
                whispered.append((event.id, *who, event.text, event.ref))
    connection.executemany("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?)", said)
    connection.executemany("INSERT INTO whispers VALUES (?, ?, ?, ?, ?, ?, ?)", whispered)
    connection.execute("UPDATE ids SET ceiling = ? WHERE ceiling <> ?1", (ceiling,))


def _store_topic(connection: sqlite3.Connection, event: TopicChanged) -> None:
    if event.text:
        connection.execute(
            "INSERT OR REPLACE INTO topics VALUES (?, ?, ?, ?)",
            (event.room, event.id, event.nick, event.text),
        )
    else:
        connection.execute("DELETE FROM topics WHERE room = ?", (event.room,))


def _read_ceiling(connection: sqlite3.Connection) -> int:
    ceiling: int = connection.execute("SELECT ceiling FROM ids").fetchone()[0]
    return ceiling


def _read_topics(connection: sqlite3.Connection) -> dict[str, TopicChanged]:
    return {
        room: TopicChanged(id=id, room=room, nick=nick, text=text)
        for room, id, nick, text in connection.execute("SELECT room, id, nick, text FROM topics")
    }


def _read_page(connection: sqlite3.Connection, wanted: Wanted) -> Page:
    order = "DESC" if wanted.after is None else "ASC"
    limits = (wanted.of, wanted.after or 0, wanted.before, wanted.limit + 1)
    found: Iterable[Event]
    if isinstance(wanted.of, bytes):
        found = (
            Whispered(id=id, nick=nick, to=to, text=text, ref=ref)
            for id, nick, to, text, ref in connection.execute(
                _PRIVATE_PAGE.format(order=order), limits
            )
        )
    else:
        found = (
            _KINDS[kind](id=id, room=room, nick=nick, text=text, ref=ref)
            for kind, id, room, nick, text, ref in connection.execute(
                _ROOM_PAGE.format(order=order), limits
            )
        )
    return Page(*_page(found, wanted))

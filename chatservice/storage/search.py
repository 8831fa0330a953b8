"""Finding lines by their words, with the index that indexing.py maintains."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Generator
from functools import cache, partial
from itertools import islice
from typing import Any

from twisted.internet.defer import Deferred, inlineCallbacks
from twisted.logger import Logger

from chatservice.chat.journal import NOBODY, Asker, Found, LeftOf, all_of
from chatservice.protocol.errors import StorageError
from chatservice.protocol.names import nick_key
from chatservice.protocol.query import Query
from chatservice.storage.contract import Connection, Storage, Words
from chatservice.storage.database import explain
from chatservice.storage.indexing import Index
from chatservice.storage.rows import TALK, talk_of
from chatservice.storage.scanning import Scanning

log = Logger()

INDEX_WITHIN = 0.5
"""The most seconds that a search waits for lines that are not indexed yet."""

TOO_LONG = "that took too long: add a word, or name a room"

_NICK = TALK.split(", ").index("nick")


class Search:
    """A search in the lines of rooms.

    @param index: is brought up to date first, as far as that takes little time.
    @param seconds: a clock that never goes back.
    """

    def __init__(
        self,
        database: Storage,
        scanning: Scanning,
        index: Index,
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._scanning = scanning
        self._index = index
        self._seconds = seconds

    def find(
        self,
        query: Query,
        rooms: Collection[str],
        limit: int,
        left_of: LeftOf = all_of,
        asker: Asker = NOBODY,
    ) -> Deferred[Found]:
        """Find the newest lines in some rooms that match a query.

        @param query: a nickname in it also matches those that look like it.
        @param left_of: returns the visible part of a line, or C{None} to leave the line out; called
            in the thread that reads.
        @raise ChatError: C{busy}. The Deferred fails with one if it takes too long, and with
            L{StorageError}.
        """
        words = self._database.words
        work = partial(_find, words=words, query=query, rooms=rooms, limit=limit, left_of=left_of)
        needs_index = bool(query.terms)
        return self._scanning.in_turn(asker, lambda: self._found(asker, work, needs_index))

    @inlineCallbacks
    def _found(
        self, asker: Asker, work: Callable[[Connection], Found], needs_index: bool
    ) -> Generator[Deferred[Any], Any, Found]:
        """Read, after indexing new lines as far as the time and the disk allow."""
        end = self._seconds() + INDEX_WITHIN
        more = needs_index
        try:
            while more and asker.is_wanted() and self._seconds() <= end:
                more = yield self._index.go_on().addErrback(explain)
        except StorageError as error:
            log.error("Lines cannot be indexed: {why}.", why=error)
        read = self._scanning.at_once(asker, work, TOO_LONG)
        found: Found = yield read.addErrback(explain)
        return found if more else Found(found.events)


def _find(
    connection: Connection,
    words: Words,
    query: Query,
    rooms: Collection[str],
    limit: int,
    left_of: LeftOf,
) -> Found:
    up_to: int = connection.execute("SELECT id FROM indexed").fetchone()[0]
    key_of = cache(nick_key)
    wanted = None if query.nick is None else key_of(query.nick)
    rows = words.find(connection, query.terms, rooms, query.before)
    theirs = (row for row in rows if wanted is None or key_of(row[_NICK]) == wanted)
    left = (left_of(talk_of(row)) for row in theirs)
    events = list(islice((event for event in left if event is not None), limit))[::-1]
    return Found(events, up_to)

"""Finding lines by their words: SQLite's FTS5, indexed lazily.

The index (table C{words}) is filled after the fact, in small steps: when somebody searches, and
when there is nothing else to do. See U{https://www.sqlite.org/fts5.html}.
"""

from __future__ import annotations

import json
import re
import sqlite3
import time
import unicodedata
from collections.abc import Callable, Collection, Generator, Iterable
from dataclasses import dataclass
from functools import cache, partial
from itertools import islice
from typing import Any

from twisted.internet.defer import Deferred, DeferredLock, inlineCallbacks
from twisted.logger import Logger

from chatservice.database import Database, Interrupted, StorageError, explain
from chatservice.events import ChatError, Event
from chatservice.names import nick_key
from chatservice.rows import TALK, talk_of
from chatservice.scanning import DEADLINE, NOBODY, Asker, Scanning

log = Logger()

INDEX_BYTES = 64 * 1024
"""Characters of the lines that are indexed in one transaction, and"""

INDEX_SECONDS = 0.01
"""seconds for which more are added to it: storing it takes as long again."""

INDEX_WITHIN = 0.5
"""Seconds for which a search waits for lines that are not indexed yet."""

QUERY_MOST = 400
"""The most characters that are searched for."""

TERMS_MOST = 16
"""The most words, as the index splits them."""

PREFIX_LEAST = 3
"""Letters before C{*}: finding what begins with fewer takes long."""

TIDY_AFTER = 25
"""The index is tidied up when one in so many of its lines was erased."""

MERGE_AFTER = 4
"""Transactions of indexing after which what they have made is merged: finding stays fast."""

MERGE_PAGES = 32
"""Pages of the index that are written in one transaction of merging."""

MANY_LINES = 25_000_000
"""How many there are taken to be if counting them takes too long."""

TOO_LONG = "that takes too long: add a word, or name a room"

ERASE_STEP = 500
"""Rows that are erased in one transaction at most."""

OVERDUE = 2**40
"""Added to what was erased if it must be tidied up at once."""

_TO_INDEX = "SELECT id, text FROM events WHERE id > ? ORDER BY id"
_UNINDEX = """
    INSERT INTO words (words, rowid, text)
    SELECT 'delete', id, text FROM events WHERE id = ?"""
_FIND = f"""
    WITH found (found_id) AS (SELECT rowid FROM words WHERE words MATCH ? ORDER BY rowid DESC)
    SELECT {TALK} FROM found CROSS JOIN events ON id = found_id
    WHERE room IN (SELECT value FROM json_each(?)) ORDER BY found_id DESC"""

_WORD = re.compile(r"[^\W_]+")
"""Near enough to what FTS5 takes for a word (its section 4.3.1)."""

_NICK = TALK.split(", ").index("nick")


LeftOf = Callable[[Event], Event | None]
"""Gives what somebody is shown of an event; C{None} if nothing is."""


def all_of(event: Event) -> Event:
    """Leave everything."""
    return event


@dataclass(frozen=True, slots=True)
class Found:
    """What a search has found.

    @ivar events: in the order of their ids.
    @ivar up_to_date: whether the newest lines were searched as well.
    """

    events: list[Event]
    up_to_date: bool = True


class Search:
    """Searches the lines of rooms, and keeps the index that it needs.

    @param seconds: a clock that never goes back.
    """

    def __init__(
        self,
        database: Database,
        scanning: Scanning,
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._scanning = scanning
        self._index = partial(_index, seconds=seconds)
        self._seconds = seconds
        self._unmerged = 0
        self._merging = False
        self._tidying = False
        self._tidy_at: int | None = None
        self._wiping = DeferredLock()
        self._wipes_asked = 0
        self._wiped = 0

    def find(
        self,
        words: str,
        rooms: Collection[str],
        nick: str | None,
        limit: int,
        left_of: LeftOf = all_of,
        asker: Asker = NOBODY,
    ) -> Deferred[Found]:
        """The newest lines that have all the words.

        @param words: separated by blanks; with C{*} at its end, one stands for all that begin so.
        @param nick: only lines of whoever bore this nickname, or one that looks like it.
        @param left_of: gives what is shown of a line, and C{None} for what is left out; it is
            called in the thread that reads.
        @raise ChatError: see L{terms}; or C{busy}. The Deferred fails with one if it takes too
            long, and with L{StorageError}.
        """
        given = (_match(terms(words)), json.dumps(list(rooms)))
        work = partial(_find, given=given, nick=nick, limit=limit, left_of=left_of)
        return self._scanning.in_turn(asker, lambda: self._found(asker, work))

    @inlineCallbacks
    def _found(
        self, asker: Asker, work: Callable[[sqlite3.Connection], list[Event]]
    ) -> Generator[Deferred[Any], Any, Found]:
        """Read, once what was said is in the index, or as much as the time and the disk allow."""
        end = self._seconds() + INDEX_WITHIN
        more = True
        try:
            while more and asker.is_wanted() and self._seconds() <= end:
                more = yield self._index_some().addErrback(explain)
        except StorageError as error:
            log.error("Lines cannot be indexed: {why}.", why=error)
        read = self._scanning.at_once(asker, work, TOO_LONG)
        found: list[Event] = yield read.addErrback(explain)
        return Found(found, not more)

    @inlineCallbacks
    def _index_some(self) -> Generator[Deferred[Any], Any, bool]:
        """Index a little, or merge a little of it; gives whether there may be more to index."""
        if self._merging:
            self._merging = yield self._database.write_later(_merge)
            return True
        some, more = yield self._database.write_later(self._index)
        self._unmerged += some
        if self._unmerged >= MERGE_AFTER:
            self._unmerged, self._merging = 0, True
        return bool(more)

    @inlineCallbacks
    def step(self) -> Generator[Deferred[Any], Any, bool]:
        """Index some lines, or tidy up a little; gives whether there is more to do.

        The index marks what was erased, and gives the room back when it is tidied up.
        """
        if (yield self._index_some()) or (yield self._database.write_later(_merge)):
            return True
        if self._tidy_at is None:
            self._tidy_at = (yield self._count()) // TIDY_AFTER + 1
        if not self._tidying and (yield self._database.read(_erased)) < self._tidy_at:
            return False
        more: bool = yield self._database.write_later(partial(_tidy, first=not self._tidying))
        self._tidying = more
        if not more:
            self._tidy_at = None
        return more

    @inlineCallbacks
    def _count(self) -> Generator[Deferred[int], int, int]:
        try:
            return (yield self._database.scan(_count, DEADLINE))
        except Interrupted:
            return MANY_LINES

    @inlineCallbacks
    def wipe(self) -> Generator[Deferred[Any], Any, None]:
        """Have no trace on the disk of what was erased before: not in the index, nor in the log.

        The index has the words until it is merged into one, which takes as long as it is large;
        those who wait for that at the same time wait for it once. If the chat ends before, the
        next run does it. Fails with L{StorageError}.
        """
        self._wipes_asked += 1
        mine = self._wipes_asked
        yield self._wiping.acquire()
        try:
            if self._wiped < mine:
                asked = self._wipes_asked
                yield self._wipe().addErrback(explain)
                self._wiped = asked
        finally:
            self._wiping.release()

    @inlineCallbacks
    def _wipe(self) -> Generator[Deferred[Any], Any, None]:
        first = True
        if (yield self._database.read(_erased)) >= OVERDUE:
            while (yield self._database.write_later(partial(_tidy, first=first))):
                first = False
        if not (yield self._database.empty_log()):
            log.warn("What was erased stays in the write-ahead log for now: it is being read.")


def terms(words: str) -> list[str]:
    """What is searched for, each once.

    @raise ChatError: too much, or too little before C{*}.
    """
    if len(words) > QUERY_MOST:
        raise ChatError("usage", f"search for at most {QUERY_MOST} characters at a time")
    # SQLite takes NUL for the end of a text, and a lone surrogate is no text.
    clean = words.replace("\0", " ").encode("utf-8", "replace").decode()
    found = list(dict.fromkeys(clean.split()))
    if sum(max(1, len(_words(term))) for term in found) > TERMS_MOST:
        raise ChatError("usage", f"search for at most {TERMS_MOST} words at a time")
    if any(map(_begins_too_much, found)):
        raise ChatError("usage", f"a * needs at least {PREFIX_LEAST} letters before it")
    return found


def _words(term: str) -> list[str]:
    """The words that the index makes of a term, such as two of C{well-known}."""
    return _WORD.findall(unicodedata.normalize("NFC", term))


def _begins_too_much(term: str) -> bool:
    """Whether a term stands for all words with a very short beginning: C{b*}, also C{a-b*}."""
    *_, last = _words(term) or [""]
    return term.endswith("*") and 0 < len(last) < PREFIX_LEAST


def _match(wanted: list[str]) -> str:
    """An expression of FTS5 for lines that have all of it.

    Each is a string (section 3.1 of the FTS5 documentation), so that nothing in it is syntax.
    """
    return " ".join(map(_quoted, wanted or [""]))


def _quoted(term: str) -> str:
    doubled = term.replace('"', '""')
    return f'"{doubled}"*' if term.endswith("*") else f'"{doubled}"'


def as_many_as_fit(rows: Iterable[tuple[int, int]]) -> list[int]:
    """The first ids whose lines are erased in one transaction: it is not to take long.

    @param rows: ids, and how long the texts are.
    """
    ids: list[int] = []
    room_left = INDEX_BYTES
    for id, length in islice(rows, ERASE_STEP):
        room_left -= length
        if ids and room_left < 0:
            break
        ids.append(id)
    return ids


def erase(connection: sqlite3.Connection, ids: Iterable[int], overdue: bool = False) -> int:
    """Delete lines from C{events} and from the index; gives how many there were.

    @param overdue: whether their words must not stay in the index until it is tidied up.
    """
    indexed: int = connection.execute("SELECT id FROM indexed").fetchone()[0]
    rows = [(id,) for id in ids]
    in_index = [row for row in rows if row[0] <= indexed]
    connection.executemany(_UNINDEX, in_index)
    erased = connection.executemany("DELETE FROM events WHERE id = ?", rows).rowcount
    noted = erased + (OVERDUE if overdue and in_index else 0)
    connection.execute("UPDATE indexed SET erased = erased + ?", (noted,))
    return erased


def _index(connection: sqlite3.Connection, seconds: Callable[[], float]) -> tuple[bool, bool]:
    """Index the next lines, for a moment; gives whether there were any, and may be more."""
    after = connection.execute("SELECT id FROM indexed").fetchone()[0]
    end = seconds() + INDEX_SECONDS
    room_left = INDEX_BYTES
    up_to = after
    more = False
    for id, text in connection.execute(_TO_INDEX, (after,)):
        if up_to > after and (room_left < len(text) or seconds() > end):
            more = True
            break
        connection.execute("INSERT INTO words (rowid, text) VALUES (?, ?)", (id, text))
        room_left -= len(text)
        up_to = id
    if up_to > after:
        connection.execute("UPDATE indexed SET id = ?", (up_to,))
    return up_to > after, more


def _find(
    connection: sqlite3.Connection,
    given: tuple[str, str],
    nick: str | None,
    limit: int,
    left_of: LeftOf,
) -> list[Event]:
    key_of = cache(nick_key)
    wanted = None if nick is None else key_of(nick)
    rows = connection.execute(_FIND, given)
    theirs = (row for row in rows if wanted is None or key_of(row[_NICK]) == wanted)
    left = (left_of(talk_of(row)) for row in theirs)
    return list(islice((event for event in left if event is not None), limit))[::-1]


def _count(connection: sqlite3.Connection) -> int:
    lines: int = connection.execute("SELECT count(*) FROM events").fetchone()[0]
    return lines


def _erased(connection: sqlite3.Connection) -> int:
    erased: int = connection.execute("SELECT erased FROM indexed").fetchone()[0]
    return erased


def _tidy(connection: sqlite3.Connection, first: bool) -> bool:
    """Merge a little of the index into one (FTS5, section 6.7); gives whether there is more.

    @param first: whether to begin anew, with all that there is.
    """
    if _merge(connection, -MERGE_PAGES if first else MERGE_PAGES):
        return True
    connection.execute("UPDATE indexed SET erased = 0")
    return False


def _merge(connection: sqlite3.Connection, pages: int = MERGE_PAGES) -> bool:
    """Merge a little of the index; gives whether there is more."""
    before = connection.total_changes
    connection.execute("INSERT INTO words (words, rank) VALUES ('merge', ?)", (pages,))
    return connection.total_changes - before >= 2

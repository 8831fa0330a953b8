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
from contextlib import contextmanager
from functools import cache, partial
from itertools import islice
from typing import Any

from twisted.internet.defer import Deferred, DeferredLock, inlineCallbacks
from twisted.logger import Logger

from chatservice.database import Database, StorageError, explain
from chatservice.events import ChatError, Event
from chatservice.names import nick_key
from chatservice.rows import TALK, talk_of

log = Logger()

INDEX_STEP = 2000
"""Lines that are indexed in one transaction."""

DEADLINE = 1.0
"""Seconds that one search may take the reader thread."""

CHECK_EVERY = 1000
"""Instructions of SQLite's virtual machine between two looks at the clock."""

TERMS_MOST = 16

PREFIX_LEAST = 2
"""Letters before C{*}: finding what begins with fewer takes long, and SQLite looks at no clock."""

TIDY_AFTER = 25
"""The index is tidied up when one in so many of its lines was erased."""

TIDY_PAGES = 16
"""Pages of the index that are written in one transaction of tidying up."""

_INDEX = """
    INSERT INTO words (rowid, text)
    SELECT id, text FROM events WHERE id > ?1 AND id <= ?2"""
_INDEX_UP_TO = """
    SELECT max(id), count(*) FROM (SELECT id FROM events WHERE id > ? ORDER BY id LIMIT ?)"""
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


class Search:
    """Searches the lines of rooms, and keeps the index that it needs.

    @param seconds: a clock that never goes back.
    """

    def __init__(self, database: Database, seconds: Callable[[], float] = time.monotonic) -> None:
        self._database = database
        self._seconds = seconds
        # One at a time, or what others read would wait for all of them.
        self._turn = DeferredLock()
        self._tidying = False
        self._tidy_at: int | None = None

    def find(
        self,
        words: str,
        rooms: Collection[str],
        nick: str | None,
        limit: int,
        hides: Callable[[Event], bool] = lambda event: False,
    ) -> Deferred[list[Event]]:
        """The newest lines that have all the words, in the order of their ids.

        @param words: separated by blanks; with C{*} at its end, one stands for all that begin so.
        @param nick: only lines of whoever bore this nickname, or one that looks like it.
        @param hides: tells which lines are left out; it is called in the thread that reads.
        @raise ChatError: see L{terms}. The Deferred fails with one if it takes too long, and with
            L{StorageError}.
        """
        given = (_match(terms(words)), json.dumps(list(rooms)))
        work = partial(self._find, given=given, nick=nick, limit=limit, hides=hides)
        return self._turn.run(self._indexed, work)

    @inlineCallbacks
    def _indexed(
        self, work: Callable[[sqlite3.Connection], list[Event]]
    ) -> Generator[Deferred[Any], Any, list[Event]]:
        """Read, once everything that was said is in the index, or as much as the disk takes."""
        try:
            while (yield self._database.write(_index).addErrback(explain)):
                pass
        except StorageError as error:
            log.error("Lines cannot be indexed: {why}.", why=error)
        found: list[Event] = yield self._database.read(work).addErrback(explain)
        return found

    def _find(
        self,
        connection: sqlite3.Connection,
        given: tuple[str, str],
        nick: str | None,
        limit: int,
        hides: Callable[[Event], bool],
    ) -> list[Event]:
        key_of = cache(nick_key)
        wanted = None if nick is None else key_of(nick)
        with self._in_time(connection):
            rows = connection.execute(_FIND, given)
            theirs = (row for row in rows if wanted is None or key_of(row[_NICK]) == wanted)
            found: list[Event] = []
            found += islice((event for event in map(talk_of, theirs) if not hides(event)), limit)
        return found[::-1]

    @contextmanager
    def _in_time(self, connection: sqlite3.Connection) -> Generator[None, None, None]:
        end = self._seconds() + DEADLINE
        connection.set_progress_handler(lambda: self._seconds() > end, CHECK_EVERY)
        try:
            yield
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_INTERRUPT:
                raise
            raise ChatError("usage", "that takes too long: add a word, or name a room") from error
        finally:
            connection.set_progress_handler(None, 0)

    @inlineCallbacks
    def step(self) -> Generator[Deferred[Any], Any, bool]:
        """Index some lines, or tidy up a little; gives whether there is more to do.

        The index marks what was erased, and gives the room back when it is tidied up.
        """
        if (yield self._database.write(_index)):
            return True
        if self._tidy_at is None:
            lines: int = yield self._database.read(_count)
            self._tidy_at = lines // TIDY_AFTER + 1
        if not self._tidying and (yield self._database.read(_erased)) < self._tidy_at:
            return False
        more: bool = yield self._database.write(partial(_tidy, first=not self._tidying))
        self._tidying = more
        if not more:
            self._tidy_at = None
        return more


def terms(words: str) -> list[str]:
    """What is searched for, each once.

    @raise ChatError: too many, or one too short before C{*}.
    """
    # SQLite takes NUL for the end of a text, and a lone surrogate is no text.
    clean = words.replace("\0", " ").encode("utf-8", "replace").decode()
    found = list(dict.fromkeys(clean.split()))
    if len(found) > TERMS_MOST:
        raise ChatError("usage", f"search for at most {TERMS_MOST} words at a time")
    if any(map(_begins_too_much, found)):
        raise ChatError("usage", f"a * needs at least {PREFIX_LEAST} letters before it")
    return found


def _begins_too_much(term: str) -> bool:
    """Whether a term stands for all words with a very short beginning: C{b*}, also C{a-b*}."""
    *_, last = _WORD.findall(unicodedata.normalize("NFC", term)) or [""]
    return term.endswith("*") and 0 < len(last) < PREFIX_LEAST


def _match(wanted: list[str]) -> str:
    """An expression of FTS5 for lines that have all of it.

    Each is a string (section 3.1 of the FTS5 documentation), so that nothing in it is syntax.
    """
    return " ".join(map(_quoted, wanted or [""]))


def _quoted(term: str) -> str:
    doubled = term.replace('"', '""')
    return f'"{doubled}"*' if term.endswith("*") else f'"{doubled}"'


def erase(connection: sqlite3.Connection, ids: Iterable[int]) -> int:
    """Delete lines from C{events} and from the index; gives how many there were."""
    indexed: int = connection.execute("SELECT id FROM indexed").fetchone()[0]
    rows = [(id,) for id in ids]
    connection.executemany(_UNINDEX, [row for row in rows if row[0] <= indexed])
    erased = connection.executemany("DELETE FROM events WHERE id = ?", rows).rowcount
    connection.execute("UPDATE indexed SET erased = erased + ?", (erased,))
    return erased


def _index(connection: sqlite3.Connection) -> bool:
    """Index the next lines; gives whether there may be more."""
    after = connection.execute("SELECT id FROM indexed").fetchone()[0]
    up_to, count = connection.execute(_INDEX_UP_TO, (after, INDEX_STEP)).fetchone()
    if count:
        connection.execute(_INDEX, (after, up_to))
        connection.execute("UPDATE indexed SET id = ?", (up_to,))
    return bool(count == INDEX_STEP)


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
    before = connection.total_changes
    pages = -TIDY_PAGES if first else TIDY_PAGES
    connection.execute("INSERT INTO words (words, rank) VALUES ('merge', ?)", (pages,))
    if connection.total_changes - before >= 2:
        return True
    connection.execute("UPDATE indexed SET erased = 0")
    return False

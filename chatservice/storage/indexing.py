"""Keeping the search index up to date: it is filled after the lines are stored.

That goes in small steps: when somebody searches, and when the chat is idle. What the index is made
of depends on the database; see L{Words <chatservice.storage.contract.Words>}.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterable, Iterator
from functools import partial
from itertools import islice
from typing import Any

from twisted.internet.defer import Deferred, DeferredLock, inlineCallbacks
from twisted.logger import Logger

from chatservice.protocol.counts import counted
from chatservice.protocol.tokenizer import RULES
from chatservice.storage.contract import Connection, Merging, Storage, Words
from chatservice.storage.database import Interrupted, explain
from chatservice.storage.pieces import in_pieces

log = Logger()

INDEX_BYTES = 64 * 1024
"""The most characters of lines that are indexed in one transaction."""

INDEX_SECONDS = 0.01
"""Seconds of adding lines in one transaction: storing it takes as long again."""

COUNT_SECONDS = 1.0
"""The time limit for counting the lines."""

TELL_EVERY = 10.0
"""Seconds of indexing after which the log reports the progress, if there is more to do."""

TIDY_AFTER = 25
"""The index is tidied when one in this many of its lines was erased."""

MERGE_AFTER = 4
"""Transactions of indexing after which their results are merged, so that searching stays fast."""

MANY_LINES = 25_000_000
"""The assumed number of lines if counting them takes too long."""

ERASE_STEP = 500
"""The most rows that one transaction erases."""

OVERDUE = 2**40
"""Added to the number of erased lines if the index must be tidied at once."""

_TO_INDEX = "SELECT id, text FROM events WHERE id > ?1 ORDER BY id LIMIT ?2"
_LINES = "SELECT count(*) FROM events"
_LEFT = "SELECT count(*) FROM events WHERE id > (SELECT id FROM indexed)"
_BEGIN_ANEW = "UPDATE indexed SET id = 0, rules = ?"


class Index:
    """A full-text index that is kept up to date and free of erased lines.

    @param seconds: a clock that never goes back.
    """

    def __init__(self, database: Storage, seconds: Callable[[], float] = time.monotonic) -> None:
        self._database = database
        self._words = database.words
        self._seconds = seconds
        self._unmerged = 0
        self._is_merging = False
        self._tidying = False
        self._tidy_at: int | None = None
        self._wiping = DeferredLock()
        self._wipes_asked = 0
        self._wiped = 0
        self._tell_at: float | None = None
        self._told = False

    def open(self) -> None:
        """Start over if other rules made the index; called right after the database was opened."""
        self._database.write_at_start(partial(_begin_anew_if_old, words=self._words))

    @inlineCallbacks
    def go_on(self) -> Generator[Deferred[Any], Any, bool]:
        """Index or merge a little; return whether there may be more to index."""
        merging = self._words.merging
        if merging is not None and self._is_merging:
            self._is_merging = yield self._database.write_later(merging.merge)
            return True
        work = partial(_index, words=self._words, seconds=self._seconds)
        some, more = yield self._database.write_later(work)
        self._unmerged += some
        if self._unmerged >= MERGE_AFTER:
            self._unmerged, self._is_merging = 0, True
        yield self._tell(more)
        return bool(more)

    @inlineCallbacks
    def _tell(self, more: bool) -> Generator[Deferred[int], int, None]:
        """Report progress in the log from time to time if indexing takes long."""
        now = self._seconds()
        if not more:
            if self._told:
                log.info("All lines are indexed for /search.")
            self._tell_at, self._told = None, False
        elif self._tell_at is None:
            self._tell_at = now + TELL_EVERY
        elif now >= self._tell_at:
            self._tell_at, self._told = now + TELL_EVERY, True
            left = yield self._count(_LEFT)
            lines = counted(left, "line is", "lines are")
            log.info("Preparing /search: {lines} not indexed yet.", lines=lines)

    @inlineCallbacks
    def step(self) -> Generator[Deferred[Any], Any, bool]:
        """Index some lines, or tidy a little; return whether there is more to do."""
        if (yield self.go_on()):
            return True
        merging = self._words.merging
        if merging is None:
            return False
        if (yield self._database.write_later(merging.merge)):
            return True
        if self._tidy_at is None:
            self._tidy_at = (yield self._count(_LINES)) // TIDY_AFTER + 1
        if not self._tidying and (yield self._database.read(_erased)) < self._tidy_at:
            return False
        more: bool = yield self._tidy(merging, not self._tidying)
        self._tidying = more
        if not more:
            self._tidy_at = None
        return more

    def _tidy(self, merging: Merging, first: bool) -> Deferred[bool]:
        return self._database.write_later(partial(_tidy, merging=merging, first=first))

    @inlineCallbacks
    def _count(self, sql: str) -> Generator[Deferred[int], int, int]:
        try:
            return (yield self._database.scan(partial(_value, sql=sql), COUNT_SECONDS))
        except Interrupted:
            return MANY_LINES

    @inlineCallbacks
    def wipe(self) -> Generator[Deferred[Any], Any, None]:
        """Remove all traces of earlier erased lines from the disk: from the index and from the log.

        The words stay in the index until it is merged into one, which takes long for a large index;
        concurrent callers share one merge. If the chat ends first, the next run does it. Fails with
        L{StorageError}.
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
        first, merging = True, self._words.merging
        if merging is not None and (yield self._database.read(_erased)) >= OVERDUE:
            while (yield self._tidy(merging, first)):
                first = False
        if not (yield self._database.empty_log()):
            log.warn("Erased text stays in the write-ahead log while somebody reads that.")


def as_many_as_fit(rows: Iterable[tuple[int, int]]) -> list[int]:
    """List the first ids whose lines one transaction can erase without taking long.

    @param rows: ids, and the lengths of their texts.
    """
    ids: list[int] = []
    room_left = INDEX_BYTES
    for id, length in islice(rows, ERASE_STEP):
        room_left -= length
        if ids and room_left < 0:
            break
        ids.append(id)
    return ids


def erase(
    connection: Connection, words: Words, ids: Iterable[int], overdue: bool = False
) -> int:
    """Delete lines from C{events} and from the index; return how many there were.

    @param overdue: whether to remove their words soon, not only when the index is next tidied.
    """
    ids = list(ids)
    indexed = words.begin(connection)
    in_index = [id for id in ids if id <= indexed]
    words.remove(connection, in_index)
    rows = [(id,) for id in ids]
    erased = connection.executemany("DELETE FROM events WHERE id = ?", rows).rowcount
    noted = erased + (OVERDUE if overdue and in_index else 0)
    connection.execute("UPDATE indexed SET erased = erased + ?", (noted,))
    return erased


class _Step:
    """The lines that are indexed in one transaction: as many as it has time for.

    @ivar up_to: the id of the last one.
    @ivar more: whether there may be more to index.
    """

    def __init__(self, connection: Connection, after: int, seconds: Callable[[], float]) -> None:
        self.up_to = after
        self.more = False
        self._rows = in_pieces(connection, _TO_INDEX, after)
        self._seconds = seconds
        self._end = seconds() + INDEX_SECONDS
        self._room_left = INDEX_BYTES

    def lines(self) -> Iterator[tuple[int, str]]:
        """Go through them; adding them to the index may take time, too."""
        is_first = True
        for id, text in self._rows:
            if not is_first and (self._room_left < len(text) or self._seconds() > self._end):
                self.more = True
                return
            is_first = False
            yield id, text
            self._room_left -= len(text)
            self.up_to = id


def _index(
    connection: Connection, words: Words, seconds: Callable[[], float]
) -> tuple[bool, bool]:
    """Index the next lines, for a moment; return whether there were any, and may be more."""
    after = words.begin(connection)
    step = _Step(connection, after, seconds)
    words.add(connection, step.lines())
    if step.up_to > after:
        connection.execute("UPDATE indexed SET id = ?", (step.up_to,))
    return step.up_to > after, step.more


def _value(connection: Connection, sql: str) -> int:
    value: int = connection.execute(sql).fetchone()[0]
    return value


def _erased(connection: Connection) -> int:
    return _value(connection, "SELECT erased FROM indexed")


def _begin_anew_if_old(connection: Connection, words: Words) -> None:
    if connection.execute("SELECT rules FROM indexed").fetchone()[0] != RULES:
        words.clear(connection)
        connection.execute(_BEGIN_ANEW, (RULES,))


def _tidy(connection: Connection, merging: Merging, first: bool) -> bool:
    """Tidy the index a little; return whether there is more to do."""
    if merging.tidy(connection, first):
        return True
    connection.execute("UPDATE indexed SET erased = 0")
    return False

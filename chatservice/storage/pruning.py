"""Deleting expired lines: those older than a room's history is kept, or beyond the number kept.

Most rooms are within their bounds most of the time, so the cost of a step depends on what was said
since the previous one, and on what has expired: only rooms that have grown are examined, and those
with bounds of their own. All rooms are counted only at the start, if all have a bound.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Collection, Generator
from functools import partial
from math import inf
from typing import Any, NamedTuple

from twisted.internet.defer import Deferred, inlineCallbacks

from chatservice.storage.contract import Connection, Storage, Words, Work
from chatservice.storage.indexing import ERASE_STEP, as_many_as_fit, erase

ROOMS_A_STEP = 50
"""Rooms that one read examines."""

NAMES_A_STEP = 500
"""Names of rooms that one read finds."""

EVERY = 60_000_000
"""Microseconds between two rounds, which check for age."""

SURPLUS_ROUNDS = 16
"""The most batches that one transaction deletes from a database in memory."""

GROWN_MOST = 10_000
"""The most rooms whose growth since their last check is remembered."""

GUESTS_KEPT = 24 * 3600 * 1_000_000
"""Microseconds for which the read markers of people without an account are kept."""

SLACK = 100
"""A room is examined when it has grown by one in this many of the lines that are kept."""

PRIVATE = ""
"""Stands for private lines among the names of rooms."""

# Finds each room with one look into the index (a "loose index scan").
_NAMES = """
    WITH RECURSIVE rooms (name) AS (
        SELECT min(room) FROM events WHERE room > ?
        UNION ALL
        SELECT (SELECT min(room) FROM events WHERE room > name) FROM rooms WHERE name IS NOT NULL
    )
    SELECT name FROM rooms WHERE name IS NOT NULL LIMIT ?"""
# The index of rooms does not have this expression, so the new lines are read by their ids.
_GROWN = "SELECT room || '', count(*), max(id) FROM events WHERE id > ? GROUP BY room || ''"
_OLDER = "SELECT max(id) FROM events WHERE room = ? AND id < ?"
# A row's time counts only if its id is still in the future. Otherwise, after the clock was behind
# for a while, everything said in that while, and before it, would be deleted.
_AHEAD = """
    SELECT max(id) FROM (
        SELECT id, time FROM events INDEXED BY events_timed
        WHERE room = ? AND id > ? AND time IS NOT NULL ORDER BY id LIMIT ?) AS ahead
    WHERE time < ?"""
_AHEAD_OF_ALL = """
    SELECT max(id) FROM {table} INDEXED BY {table}_by_time
    WHERE time IS NOT NULL AND time < ? AND id > ?"""
# And use it only if no line with a smaller id, so said earlier, is younger.
_IS_YOUNGER = """
    SELECT EXISTS (SELECT 1 FROM events WHERE id BETWEEN ?1 AND ?2)
    OR EXISTS (SELECT 1 FROM whispers WHERE id BETWEEN ?1 AND ?2)"""
_SURPLUS = "SELECT id FROM events WHERE room = ? ORDER BY id DESC LIMIT 1 OFFSET ?"
_FIRST = """
    SELECT id, length(text), room FROM events WHERE room = ? AND id <= ? ORDER BY id LIMIT ?"""
_OLDEST = "SELECT id, length(text), room FROM events WHERE id < ? ORDER BY id LIMIT ?"
_OLDEST_OF_ALL = """
    SELECT id, length, room FROM (
        SELECT * FROM (
            SELECT id, length(text) AS length, room FROM events ORDER BY id LIMIT ?1)
        UNION ALL
        SELECT * FROM (
            SELECT id, length(text), NULL FROM whispers ORDER BY id LIMIT ?1))
    ORDER BY id"""
_DELETED = """
    INSERT INTO pruned (room, id) VALUES (?, ?) ON CONFLICT (room) DO UPDATE SET id = excluded.id"""
_DELETE_PRIVATE = """
    DELETE FROM whispers
    WHERE id IN (SELECT id FROM whispers WHERE id < ? ORDER BY id LIMIT ?)"""
_OLD_GUESTS = """
    SELECT identity, room FROM places
    WHERE (seen < ?1 OR (seen > ?3 AND time < ?1))
    AND identity NOT IN (SELECT identity FROM accounts) LIMIT ?2"""


class Look(NamedTuple):
    """A question about a room.

    @ivar before: whether anything has a smaller id than this; 0 for no bound.
    @ivar lines: whether there are more lines than this; 0 for no bound.
    @ivar now: the time now; the age of anything with a greater id is told by its time.
    """

    room: str
    before: int
    lines: int
    now: int = 0


class Over(NamedTuple):
    """The expired lines of a room: the id of the last one, and whether age is the reason."""

    room: str
    last: int
    aged: bool


class Task(NamedTuple):
    """Work that is done a little at a time.

    @ivar step: does a little, and returns whether there is more of the same.
    @ivar aged: whether it deletes something for its age.
    """

    step: Callable[[], Deferred[bool]]
    aged: bool = False


class Pruning:
    """The deletion of expired lines, a few rows at a time.

    @param bounds: for a room, how many seconds its lines are kept and how many of them; 0 for no
        bound. For C{""}, the bounds of rooms without their own, and of private lines, for which
        only the age matters.
    @param now: the time, in microseconds since the epoch.
    @param own: the rooms that have bounds of their own.
    @param most_bytes: the size limit of the whole database; 0 for none.
    @param is_settled: tells whether the clock is reliable; if not, nothing is deleted for its age.
    """

    def __init__(
        self,
        database: Storage,
        bounds: Callable[[str], tuple[int, int]],
        now: Callable[[], int],
        own: Callable[[], Collection[str]],
        most_bytes: int = 0,
        is_settled: Callable[[], bool] = lambda: True,
    ) -> None:
        self._database = database
        self._words = database.words
        self._bounds = bounds
        self._now = now
        self._own = own
        self._most_bytes = most_bytes
        self._is_settled = is_settled
        self._next_round = 0
        self._last_seen: int | None = None
        self._grown: Counter[str] = Counter()
        self._held_to: dict[str, int] = {}
        self._tasks: deque[Task] = deque()

    @inlineCallbacks
    def step(self) -> Generator[Deferred[Any], Any, bool]:
        """Find expired lines, or delete a few; return whether to continue.

        Never run two at once. The next step retries what failed.
        """
        if not self._is_settled():
            # The clock that it was judged by has been set since.
            self._tasks = deque(task for task in self._tasks if not task.aged)
        if self._tasks:
            if not (yield self._tasks[0].step()):
                self._tasks.popleft()
        elif not self._next_round - EVERY <= self._now() < self._next_round:
            self._begin_round()
        else:
            if self._last_seen is not None:
                grown = yield self._scan(partial(_read_grown, after=self._last_seen))
                self._look_at_grown(grown)
            if self._most_bytes:
                hold = partial(_delete_surplus, words=self._words, most=self._most_bytes)
                # Not after other writes, or a database in memory would keep growing.
                self._tasks.append(Task(lambda: self._database.write(hold)))
        return bool(self._tasks)

    def _scan(self, work: Work[Any]) -> Deferred[Any]:
        return self._database.scan(work, inf)

    def _write(self, work: Work[bool], aged: bool = False) -> Task:
        return Task(lambda: self._database.write_later(work), aged)

    def _begin_round(self) -> None:
        now = self._now()
        self._next_round = now + EVERY
        keep, lines = self._bounds(PRIVATE)
        if self._is_settled():
            deletions = [partial(_delete_guests, before=now - GUESTS_KEPT)]
            if keep:
                for delete in (partial(_delete_older, words=self._words), _delete_private):
                    deletions.append(partial(delete, before=now - keep * 1_000_000, now=now))
            self._tasks += [self._write(deletion, aged=True) for deletion in deletions]
        if not lines and not self._own():
            self._last_seen = None
        elif self._last_seen is None:
            self._tasks.append(Task(self._watch))
            if lines:
                self._tasks.append(Task(partial(self._look_at_all, "")))
        held_to = self._held_to
        self._held_to = {room: self._bounds(room)[1] for room in self._own()}
        # Rooms that no longer have bounds of their own get the common ones.
        self._look_at(
            [self._look(room, held_to.get(room, lines)) for room in self._held_to | held_to]
        )

    def _look(self, room: str, held_to: int) -> Look:
        seconds, lines = self._bounds(room)
        now = self._now()
        before = now - seconds * 1_000_000 if seconds else 0
        is_held = held_to == lines and self._last_seen is not None
        return Look(room, before, 0 if is_held else lines, now)

    @inlineCallbacks
    def _watch(self) -> Generator[Deferred[Any], Any, bool]:
        self._last_seen = yield self._scan(_read_last)
        return False

    @inlineCallbacks
    def _look_at_all(self, after: str) -> Generator[Deferred[Any], Any, bool]:
        rooms: list[str] = yield self._scan(partial(_read_names, after=after))
        self._look_at([Look(room, 0, self._bounds(room)[1]) for room in rooms])
        if rooms:
            self._tasks.append(Task(partial(self._look_at_all, rooms[-1])))
        return False

    def _look_at_grown(self, grown: list[tuple[str, int, int]]) -> None:
        looks = []
        for room, count, last in grown:
            self._last_seen = max(self._last_seen or 0, last)
            self._grown[room] += count
            _, lines = self._bounds(room)
            if self._grown[room] >= max(1, lines // SLACK):
                del self._grown[room]
                looks.append(Look(room, 0, lines))
        if len(self._grown) > GROWN_MOST:
            looks += [Look(room, 0, self._bounds(room)[1]) for room in self._grown]
            self._grown.clear()
        self._look_at(looks)

    def _look_at(self, looks: Collection[Look]) -> None:
        bounded = [look for look in looks if look.lines or look.before]
        for start in range(0, len(bounded), ROOMS_A_STEP):
            self._tasks.append(Task(partial(self._find, bounded[start : start + ROOMS_A_STEP])))

    @inlineCallbacks
    def _find(self, looks: Collection[Look]) -> Generator[Deferred[Any], Any, bool]:
        if not self._is_settled():
            looks = [look._replace(before=0) for look in looks]
        for over in (yield self._scan(partial(_find, looks=looks))):
            delete = partial(_delete, words=self._words, over=over)
            self._tasks.append(self._write(delete, over.aged))
        return False


def _read_last(connection: Connection) -> int:
    last: int = connection.execute("SELECT coalesce(max(id), 0) FROM events").fetchone()[0]
    return last


def _read_names(connection: Connection, after: str) -> list[str]:
    """Find the names of the next rooms that have lines."""
    return [room for (room,) in connection.execute(_NAMES, (after, NAMES_A_STEP))]


def _read_grown(connection: Connection, after: int) -> list[tuple[str, int, int]]:
    """Find the rooms with lines above an id: how many, and the id of the last one."""
    return connection.execute(_GROWN, (after,)).fetchall()


def _find(connection: Connection, looks: Collection[Look]) -> list[Over]:
    found = []
    for look in looks:
        surplus, older = _last_surplus(connection, look), _last_older(connection, look)
        if surplus:
            found.append(Over(look.room, surplus, aged=False))
        if older > surplus:
            found.append(Over(look.room, older, aged=True))
    return found


def _last_older(connection: Connection, look: Look) -> int:
    if not look.before:
        return 0
    older = connection.execute(_OLDER, (look.room, look.before)).fetchone()[0]
    if _is_younger(connection, look.before, look.now):
        return older or 0
    ahead = (look.room, look.now, ERASE_STEP, look.before)
    return max(older or 0, connection.execute(_AHEAD, ahead).fetchone()[0] or 0)


def _last_surplus(connection: Connection, look: Look) -> int:
    if not look.lines:
        return 0
    row = connection.execute(_SURPLUS, (look.room, look.lines)).fetchone()
    return row[0] if row is not None else 0


def _delete(connection: Connection, words: Words, over: Over) -> bool:
    """Delete the first expired lines of a room; return whether there are more."""
    given = (over.room, over.last, ERASE_STEP + 1)
    return _delete_lines(connection, words, connection.execute(_FIRST, given).fetchall())


def _delete_older(connection: Connection, words: Words, before: int, now: int) -> bool:
    """Delete some lines from before a time, in any room; return whether there are more."""
    given = (_first_kept(connection, "events", before, now), ERASE_STEP + 1)
    return _delete_lines(connection, words, connection.execute(_OLDEST, given).fetchall())


def _first_kept(connection: Connection, table: str, before: int, now: int) -> int:
    """Find the id below which everything is older than a time: smaller ids were said earlier."""
    if _is_younger(connection, before, now):
        return before
    sql = _AHEAD_OF_ALL.format(table=table)
    ahead: int | None = connection.execute(sql, (before, now)).fetchone()[0]
    return before if ahead is None else ahead + 1


def _is_younger(connection: Connection, before: int, now: int) -> bool:
    """Tell whether anything was said between two times, judged by its id."""
    return bool(connection.execute(_IS_YOUNGER, (before, now)).fetchone()[0])


def _delete_lines(
    connection: Connection, words: Words, rows: list[tuple[int, int, str]]
) -> bool:
    """Delete the first lines, as many as fit; return whether there are more of them."""
    ids = as_many_as_fit((id, length) for id, length, _ in rows)
    last = {room: id for id, _, room in rows[: len(ids)]}
    if ids:
        erase(connection, words, ids)
        connection.executemany(_DELETED, last.items())
    return len(ids) < len(rows)


def _delete_private(connection: Connection, before: int, now: int) -> bool:
    """Delete some private lines from before a time; return whether there may be more."""
    given = (_first_kept(connection, "whispers", before, now), ERASE_STEP)
    return connection.execute(_DELETE_PRIVATE, given).rowcount == ERASE_STEP


def _delete_surplus(connection: Connection, words: Words, most: int) -> bool:
    """Delete the oldest lines if the database is too large; return whether it still may be."""
    size = connection.execute("PRAGMA page_size").fetchone()[0]
    pages = connection.execute("PRAGMA page_count").fetchone()[0]
    free = connection.execute("PRAGMA freelist_count").fetchone()[0]
    if (pages - free) * size <= most:
        return False
    for _ in range(SURPLUS_ROUNDS):
        rows = connection.execute(_OLDEST_OF_ALL, (ERASE_STEP,)).fetchall()
        ids = as_many_as_fit((id, length) for id, length, _ in rows)
        rows = rows[: len(ids)]
        _delete_lines(connection, words, [row for row in rows if row[2] is not None])
        private = [(id,) for id, _, room in rows if room is None]
        connection.executemany("DELETE FROM whispers WHERE id = ?", private)
    return bool(rows)


def _delete_guests(connection: Connection, before: int) -> bool:
    """Delete some read markers of people without an account; return whether there may be more."""
    given = (before, ERASE_STEP, before + GUESTS_KEPT)
    old = connection.execute(_OLD_GUESTS, given).fetchall()
    connection.executemany("DELETE FROM places WHERE identity = ? AND room = ?", old)
    gone = [(identity,) for identity, room in old if not room]
    connection.executemany("DELETE FROM refs WHERE identity = ?", gone)
    connection.executemany("DELETE FROM marks WHERE identity = ?", gone)
    return len(old) == ERASE_STEP

"""Deleting what is over: older than a room's history is kept, or more lines than are kept.

Most rooms are within their bounds most of the time, so what a step costs goes by what was said
since the one before: only rooms that have grown are looked at. All are, once a minute, for age.
"""

from __future__ import annotations

import sqlite3
from collections import Counter, deque
from collections.abc import Callable, Generator
from functools import partial
from itertools import islice
from typing import Any, NamedTuple

from twisted.internet.defer import Deferred, inlineCallbacks

from chatservice.database import Database
from chatservice.search import erase

STEP = 500
"""Rows that are deleted in one transaction."""

ROOMS_A_STEP = 50
"""Rooms that are looked at in one read."""

EVERY = 60_000_000
"""Microseconds between two looks at all rooms."""

GUESTS_KEPT = 24 * 3600 * 1_000_000
"""Microseconds for which it is kept where somebody without an account was."""

SLACK = 100
"""A room is looked at when it has grown by one in so many of the lines that are kept."""

PRIVATE = ""
"""Stands for private lines among the names of rooms."""

# All rooms, each found with one look into the index (a "loose index scan").
_ROOMS = """
    WITH RECURSIVE rooms (name) AS (
        SELECT min(room) FROM events
        UNION ALL
        SELECT (SELECT min(room) FROM events WHERE room > name) FROM rooms WHERE name IS NOT NULL
    )
    SELECT name FROM rooms WHERE name IS NOT NULL"""
_GROWN = "SELECT room, count(*), max(id) FROM events WHERE id > ? GROUP BY +room"
_OLDER = "SELECT max(id) FROM events WHERE room = ? AND id < ?"
# Only what has an id that is still to come by the clock is told by its time: by any other, a clock
# that was behind for a while would have had what was said meanwhile, and all before it, deleted.
_AHEAD = """
    SELECT max(id) FROM (
        SELECT id, time FROM events INDEXED BY events_timed
        WHERE room = ? AND id > ? AND time IS NOT NULL ORDER BY id LIMIT ?)
    WHERE time < ?"""
_OLDER_PRIVATE = "SELECT max(id) FROM whispers WHERE id < ?"
_AHEAD_PRIVATE = """
    SELECT max(id) FROM (
        SELECT id, time FROM whispers INDEXED BY whispers_timed
        WHERE id > ? AND time IS NOT NULL ORDER BY id LIMIT ?)
    WHERE time < ?"""
_SURPLUS = "SELECT id FROM events WHERE room = ? ORDER BY id DESC LIMIT 1 OFFSET ?"
_FIRST = "SELECT id FROM events WHERE room = ? AND id <= ? ORDER BY id LIMIT ?"
_DELETE_PRIVATE = """
    DELETE FROM whispers
    WHERE id IN (SELECT id FROM whispers WHERE id <= ? ORDER BY id LIMIT ?)"""
_OLD_GUESTS = """
    SELECT identity, room FROM places
    WHERE (seen < ?1 OR (seen > ?3 AND time < ?1))
    AND identity NOT IN (SELECT identity FROM accounts) LIMIT ?2"""


class Look(NamedTuple):
    """What is to be found out about a room.

    @ivar before: whether anything is older than this time; 0 for no bound.
    @ivar lines: whether there are more than so many; 0 for no bound.
    @ivar now: the time.
    """

    room: str
    before: int
    lines: int
    now: int


class Over(NamedTuple):
    """Up to which id a room's lines are over.

    @ivar aged: whether that is because of their age.
    """

    room: str
    last: int
    aged: bool


class Pruning:
    """Deletes what is over, a few rows at a time.

    @param bounds: for a room, for how many seconds its lines are kept and how many of them; 0 for
        no such bound. For C{""}, the same of private lines, of which the age alone matters.
    @param now: the time, in microseconds since the epoch.
    @param is_settled: whether that may be relied on; nothing is deleted for its age otherwise.
    """

    def __init__(
        self,
        database: Database,
        bounds: Callable[[str], tuple[int, int]],
        now: Callable[[], int],
        is_settled: Callable[[], bool] = lambda: True,
    ) -> None:
        self._database = database
        self._bounds = bounds
        self._now = now
        self._is_settled = is_settled
        self._next_round = 0
        self._last_seen = 0
        self._grown: Counter[str] = Counter()
        self._held_to: dict[str, int] = {}
        self._looks: deque[Look] = deque()
        self._over: deque[Over] = deque()
        self._old_guests = False

    @inlineCallbacks
    def step(self) -> Generator[Deferred[Any], Any, bool]:
        """Find out what is over, or delete at most 500 rows of it; gives whether to go on.

        Never two at once. What fails is tried again by the next one.
        """
        if not self._is_settled():
            self._keep_what_is_old()
        if self._over:
            if (yield self._database.write(partial(_delete, over=self._over[0]))):
                self._over.popleft()
        elif self._old_guests:
            before = self._now() - GUESTS_KEPT
            self._old_guests = yield self._database.write(partial(_delete_guests, before=before))
        elif self._looks:
            looks = list(islice(self._looks, ROOMS_A_STEP))
            self._over.extend((yield self._database.read(partial(_find, looks=looks))))
            for _ in looks:
                self._looks.popleft()
        elif not self._next_round - EVERY <= self._now() < self._next_round:
            self._look_at_all(*(yield self._database.read(_read_rooms)))
        else:
            grown = yield self._database.read(partial(_read_grown, after=self._last_seen))
            self._look_at_grown(grown)
        return bool(self._over or self._old_guests or self._looks)

    def _keep_what_is_old(self) -> None:
        """Delete nothing more for its age, by a clock that was set since that was found out."""
        self._over = deque(over for over in self._over if not over.aged)
        self._looks = deque(look._replace(before=0) for look in self._looks)
        self._old_guests = False

    def _look_at_all(self, last: int, rooms: list[str]) -> None:
        now = self._now()
        self._next_round = now + EVERY
        self._last_seen = self._last_seen or last
        is_settled = self._is_settled()
        self._old_guests = is_settled
        held_to, self._held_to = self._held_to, {}
        for room in (PRIVATE, *rooms):
            seconds, lines = self._bounds(room)
            before = now - seconds * 1_000_000 if seconds and is_settled else 0
            self._held_to[room] = lines
            self._look_at(Look(room, before, 0 if held_to.get(room) == lines else lines, now))

    def _look_at_grown(self, grown: list[tuple[str, int, int]]) -> None:
        for room, count, last in grown:
            self._last_seen = max(self._last_seen, last)
            self._grown[room] += count
            _, lines = self._bounds(room)
            if self._grown[room] >= max(1, lines // SLACK):
                del self._grown[room]
                self._look_at(Look(room, 0, lines, 0))

    def _look_at(self, look: Look) -> None:
        if look.lines or look.before:
            self._looks.append(look)


def _read_rooms(connection: sqlite3.Connection) -> tuple[int, list[str]]:
    """The last id, and the names of all rooms that have lines."""
    last = connection.execute("SELECT coalesce(max(id), 0) FROM events").fetchone()[0]
    return last, [room for (room,) in connection.execute(_ROOMS)]


def _read_grown(connection: sqlite3.Connection, after: int) -> list[tuple[str, int, int]]:
    """The rooms with lines above an id: how many, and the last one's id."""
    return connection.execute(_GROWN, (after,)).fetchall()


def _find(connection: sqlite3.Connection, looks: list[Look]) -> list[Over]:
    found = []
    for look in looks:
        surplus, older = _last_surplus(connection, look), _last_older(connection, look)
        if surplus:
            found.append(Over(look.room, surplus, aged=False))
        if older > surplus:
            found.append(Over(look.room, older, aged=True))
    return found


def _last_older(connection: sqlite3.Connection, look: Look) -> int:
    if not look.before:
        return 0
    asked: list[tuple[str, tuple[str | int, ...]]]
    ahead = (look.now, STEP, look.before)
    if look.room == PRIVATE:
        asked = [(_OLDER_PRIVATE, (look.before,)), (_AHEAD_PRIVATE, ahead)]
    else:
        asked = [(_OLDER, (look.room, look.before)), (_AHEAD, (look.room, *ahead))]
    return max(connection.execute(*each).fetchone()[0] or 0 for each in asked)


def _last_surplus(connection: sqlite3.Connection, look: Look) -> int:
    if not look.lines:
        return 0
    row = connection.execute(_SURPLUS, (look.room, look.lines)).fetchone()
    return row[0] if row is not None else 0


def _delete(connection: sqlite3.Connection, over: Over) -> bool:
    """Delete the first rows of what is over; gives whether that was all."""
    if over.room == PRIVATE:
        return connection.execute(_DELETE_PRIVATE, (over.last, STEP)).rowcount < STEP
    ids = [id for (id,) in connection.execute(_FIRST, (over.room, over.last, STEP))]
    if ids:
        erase(connection, ids)
        connection.execute("INSERT OR REPLACE INTO pruned VALUES (?, ?)", (over.room, ids[-1]))
    return len(ids) < STEP


def _delete_guests(connection: sqlite3.Connection, before: int) -> bool:
    """Delete some places of people without an account; gives whether there are more."""
    old = connection.execute(_OLD_GUESTS, (before, STEP, before + GUESTS_KEPT)).fetchall()
    connection.executemany("DELETE FROM places WHERE identity = ? AND room = ?", old)
    gone = [(identity,) for identity, room in old if not room]
    connection.executemany("DELETE FROM refs WHERE identity = ?", gone)
    return len(old) == STEP

"""The log of what operators did: read at start, and what is old and holds no more is deleted.

An act that holds no more was ended by a later one, or by the time. So the oldest are deleted
first, and whenever it is interrupted, what is left holds the same.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Generator, Iterator
from functools import partial
from typing import Any

from twisted.internet.defer import Deferred, inlineCallbacks

from chatservice.acts import Extended, OperatorAct
from chatservice.database import Database
from chatservice.rows import ACT, act_of

KEPT = 10_000
"""The last acts, which are kept whether they hold or not."""

KEPT_FOR = 400 * 24 * 3600 * 1_000_000
"""Microseconds: the longest that one is kept which does not hold."""

STEP = 500
"""Rows that are looked at, and maybe deleted, at once."""

EVERY = 600 * 1_000_000
"""Microseconds between two looks at the whole log."""

# Of what is said again and again the last word alone: that leaves out what floods a log. An act
# that holds against another identity as well stays, though there was a later word on it.
_MATTERING = f"""
    SELECT max(id) AS id FROM acts
    WHERE kind IN
        ('kicked', 'banned', 'unbanned', 'muted', 'unmuted', 'room_set', 'locked_down')
    GROUP BY kind, room, target, target_identity, network
    UNION SELECT id FROM acts
    WHERE kind IN
        ('founded', 'opped', 'deopped', 'voiced', 'devoiced', 'invited', '{Extended.kind}')
    UNION SELECT CAST(text AS INTEGER) FROM acts WHERE kind = '{Extended.kind}'"""
_READ = f"SELECT {ACT} FROM acts JOIN ({_MATTERING}) USING (id) ORDER BY id"
_SURPLUS = f"""
    SELECT id FROM acts WHERE kind <> '{Extended.kind}' ORDER BY id DESC LIMIT 1 OFFSET {KEPT}"""
_OLD = f"""
    SELECT id FROM acts
    WHERE id > ? AND id <= ? AND (id <= ? OR kind = '{Extended.kind}') ORDER BY id LIMIT {STEP}"""
_DELETE = "DELETE FROM acts WHERE id = ?"


def acts(connection: sqlite3.Connection) -> Iterator[OperatorAct]:
    """The acts of operators by ascending id, without those that no longer have an effect."""
    return (act_of(row) for row in connection.execute(_READ))


class ActLog:
    """Keeps the log short: the last L{KEPT} acts, for L{KEPT_FOR}, and besides what holds.

    @param holding: gives the id of the last act that counts, and the ids of those that hold; see
        L{chatservice.authority.Authority.holding}.
    @param now: the time in microseconds since the epoch.
    @param is_settled: whether the time may be relied on; nothing is deleted otherwise.
    """

    def __init__(
        self,
        database: Database,
        holding: Callable[[], tuple[int, Collection[int]]],
        now: Callable[[], int],
        is_settled: Callable[[], bool] = lambda: True,
    ) -> None:
        self._database = database
        self._holding = holding
        self._now = now
        self._is_settled = is_settled
        self._next_round = 0
        self._after: int | None = None
        self._held: Collection[int] = ()

    @inlineCallbacks
    def step(self) -> Generator[Deferred[Any], Any, bool]:
        """Delete at most 500 rows; gives whether to go on. Never two at once."""
        if not self._is_settled():
            # What was found to be old so far was so by a clock that was set since.
            self._after, self._held = None, ()
            return False
        if self._after is None:
            # Also if the clock was set back since the last one.
            if self._next_round - EVERY <= self._now() < self._next_round:
                return False
            self._after = 0
            self._last, self._held = self._holding()
            surplus = yield self._database.read(_read_surplus)
            self._bound = max(surplus, self._now() - KEPT_FOR)
        work = partial(_read_old, after=self._after, last=self._last, bound=self._bound)
        looked_at: list[int] = yield self._database.read(work)
        over = [id for id in looked_at if id not in self._held]
        if over:
            yield self._database.write(partial(_delete, ids=over))
        if len(looked_at) == STEP:
            self._after = looked_at[-1]
        else:
            self._after, self._held = None, ()
            self._next_round = self._now() + EVERY
        return self._after is not None


def _read_surplus(connection: sqlite3.Connection) -> int:
    row = connection.execute(_SURPLUS).fetchone()
    return row[0] if row is not None else 0


def _read_old(connection: sqlite3.Connection, after: int, last: int, bound: int) -> list[int]:
    return [id for (id,) in connection.execute(_OLD, (after, last, bound))]


def _delete(connection: sqlite3.Connection, ids: list[int]) -> None:
    connection.executemany(_DELETE, [(id,) for id in ids])

"""The moderation log: read at the start, and trimmed of old acts that are no longer in force.

An act that is no longer in force was ended by a later one, or by time. So the oldest are deleted
first, and if that is interrupted, the remaining log has the same effect.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Generator, Iterator
from functools import partial
from typing import Any

from twisted.internet.defer import Deferred, inlineCallbacks

from chatservice.protocol.actions import Extended, OperatorAct
from chatservice.storage.contract import Connection, Storage
from chatservice.storage.rows import ACT, acts_of

KEPT = 10_000
"""The number of latest acts that are kept whether they are in force or not."""

KEPT_FOR = 400 * 24 * 3600 * 1_000_000
"""Microseconds for which an act that is not in force is kept at most."""

STEP = 500
"""Rows that are examined, and perhaps deleted, at once."""

EVERY = 600 * 1_000_000
"""Microseconds between two checks of the whole log."""

# The number at the beginning.
_EXTENDED_ID = "CAST(substr(text, 1, length(text) - length(ltrim(text, '0123456789'))) AS BIGINT)"

# Of repeated acts read only the last one: that skips what floods a log. An act that is also in
# force against another identity stays, even if there is a later one like it.
_MATTERING = f"""
    SELECT max(id) AS id FROM acts
    WHERE kind IN
        ('kicked', 'banned', 'unbanned', 'muted', 'unmuted', 'room_set', 'locked_down')
    GROUP BY kind, room, target, target_identity, network
    UNION SELECT id FROM acts
    WHERE kind IN
        ('founded', 'opped', 'deopped', 'voiced', 'devoiced', 'invited', 'uninvited',
            '{Extended.kind}')
    UNION SELECT {_EXTENDED_ID} FROM acts WHERE kind = '{Extended.kind}'"""
_READ = f"SELECT {ACT} FROM acts JOIN ({_MATTERING}) AS mattering USING (id) ORDER BY id"
_SURPLUS = f"""
    SELECT id FROM acts WHERE kind <> '{Extended.kind}' ORDER BY id DESC LIMIT 1 OFFSET {KEPT}"""
_OLD = f"""
    SELECT id FROM acts
    WHERE id > ? AND id <= ? AND (id <= ? OR kind = '{Extended.kind}') ORDER BY id LIMIT {STEP}"""
_DELETE = "DELETE FROM acts WHERE id = ?"


def acts(connection: Connection) -> Iterator[OperatorAct]:
    """Read the acts of operators by ascending id, without those that no longer have an effect."""
    return acts_of(connection.execute(_READ))


class ActLog:
    """A log that is kept short: the last L{KEPT} acts, for L{KEPT_FOR}, and all that are in force.

    @param holding: returns the id of the last act that counts, and the ids of those in force; see
        L{chatservice.chat.authority.Authority.holding}.
    @param now: the time in microseconds since the epoch.
    @param is_settled: tells whether the clock is reliable; nothing is deleted if it is not.
    """

    def __init__(
        self,
        database: Storage,
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
        """Delete at most 500 rows; return whether to continue. Never run two at once."""
        if not self._is_settled():
            # The clock by which acts were judged old has been set since.
            self._after, self._held = None, ()
            return False
        if self._after is None:
            # Check at once if the clock was set back since the last check.
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


def _read_surplus(connection: Connection) -> int:
    row = connection.execute(_SURPLUS).fetchone()
    return row[0] if row is not None else 0


def _read_old(connection: Connection, after: int, last: int, bound: int) -> list[int]:
    return [id for (id,) in connection.execute(_OLD, (after, last, bound))]


def _delete(connection: Connection, ids: list[int]) -> None:
    connection.executemany(_DELETE, [(id,) for id in ids])

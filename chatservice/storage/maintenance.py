"""Background work: keeping the database within its bounds, and its index up to date."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from functools import partial
from typing import Any

from twisted.internet.defer import Deferred, inlineCallbacks, succeed
from twisted.internet.task import LoopingCall
from twisted.logger import Logger

from chatservice.chat.permissions import Permissions
from chatservice.protocol.events import Batch
from chatservice.protocol.ids import EventIds
from chatservice.storage.accounts import StoredAccounts
from chatservice.storage.actlog import ActLog
from chatservice.storage.archive import DatabaseArchive
from chatservice.storage.contract import Connection, Storage
from chatservice.storage.database import Database
from chatservice.storage.indexing import ERASE_STEP
from chatservice.storage.journal import DatabaseJournal
from chatservice.storage.pruning import Pruning

log = Logger()

INTERVAL = 1.0
"""Seconds between two checks for work."""

ROUND = 100
"""The events between two such checks in a chat without threads."""

Step = Callable[[], Deferred[bool]]


class Rounds:
    """A cycle of steps; each is repeated until it has no more work.

    @param steps: each does a little of its work, and returns whether it has more.
    """

    def __init__(self, steps: Sequence[Step]) -> None:
        self._steps = steps
        self._next = 0
        self._failing = False

    @inlineCallbacks
    def step(self) -> Generator[Deferred[bool], bool, bool]:
        """Take the next step; return whether the round continues. Never run two at once.

        A failure is logged, and ends the round.
        """
        if self._next == len(self._steps):
            self._next = 0
            self._failing = False
            return False
        try:
            if not (yield self._steps[self._next]()):
                self._next += 1
        except Exception as error:
            if not self._failing:
                self._tell(error)
            self._failing = True
            self._next = 0
            return False
        return True

    @staticmethod
    def _tell(error: Exception) -> None:
        """Log a failure; further ones are not logged until a round succeeds."""
        clause = Database.clause_for(error)
        if clause is None:
            log.failure("Maintenance failed.")
        else:
            log.error("Maintenance failed: {why}.", why=clause)


class Upkeep:
    """Rounds of steps, one every second.

    @param reactor: C{IReactorTime}.
    @param steps: see L{Rounds}.
    """

    def __init__(self, reactor: Any, steps: Sequence[Step]) -> None:
        self._rounds = Rounds(steps)
        self._loop = LoopingCall(self._look_after)
        self._loop.clock = reactor
        self._done: Deferred[Any] = succeed(None)

    def start(self) -> None:
        """Start; the first round is in a second."""
        self._done = self._loop.start(INTERVAL, now=False)

    def stop(self) -> Deferred[Any]:
        """Take no more steps, and wait until the present one is done."""
        if self._loop.running:
            self._loop.stop()
        return self._done

    @inlineCallbacks
    def _look_after(self) -> Generator[Deferred[bool], bool, None]:
        while self._loop.running and (yield self._rounds.step()):
            pass


class UpkeepByEvents:
    """Rounds of steps without a timer: a round starts every L{ROUND} events, a step at each event.

    @param steps: see L{Rounds}; they answer at once.
    """

    def __init__(self, steps: Sequence[Step]) -> None:
        self._rounds = Rounds(steps)
        self._events = 0
        self._goes_on = False

    def note_event(self) -> None:
        """Note that an event has been processed, and take a step if it is time for one."""
        self._events += 1
        if self._goes_on or self._events % ROUND == 0:
            self._rounds.step().addCallback(self._note)

    def _note(self, goes_on: bool) -> None:
        self._goes_on = goes_on


LINES = 10_000
"""The most lines of a room that are kept in memory."""

ALL_BYTES = 64 * 1024 * 1024
"""The most memory that everything together takes."""

PEOPLE = 10_000
"""The most absent people whose read markers are kept in memory."""

REFS = 10_000
"""The most requests whose repetition is recognized in memory."""

_ABSENT = "FROM places WHERE room = '' AND seen IS NOT NULL"
_LONGEST_ABSENT = f"SELECT identity {_ABSENT} ORDER BY seen DESC LIMIT {ERASE_STEP} OFFSET ?"
_OLDEST_REFS = f"SELECT identity, id FROM refs ORDER BY id DESC LIMIT {ERASE_STEP} OFFSET ?"


class MemoryJournal(DatabaseJournal):
    """A journal in memory that answers at once, and whose upkeep is driven by its own events.

    @param seconds: a clock that never goes back.
    @param ids: the source of the ids.
    @ivar accounts: the accounts in the same database.
    """

    def __init__(self, seconds: Callable[[], float], ids: EventIds) -> None:
        database = Database(seconds=seconds)
        database.open()
        super().__init__(database, ids)
        self.accounts = StoredAccounts(database)
        self._upkeep = UpkeepByEvents(())
        self.open()

    def keep_tidy(self, permissions: Permissions, is_settled: Callable[[], bool]) -> None:
        """Start the upkeep; see L{steps_of}."""
        given = (self, permissions, self.ids.now, is_settled)
        self._upkeep = UpkeepByEvents(steps_of(self._database, *given, in_memory=True))

    def append(self, batch: Batch) -> Deferred[None]:
        """See L{Log.append <chatservice.chat.journal.Log.append>}."""
        return super().append(batch).addCallback(lambda _: self._look_after(len(batch)))

    def _look_after(self, events: int) -> None:
        for _ in range(events):
            self._upkeep.note_event()


def steps_of(
    database: Storage,
    journal: DatabaseArchive,
    permissions: Permissions,
    now: Callable[[], int],
    is_settled: Callable[[], bool],
    in_memory: bool,
) -> list[Step]:
    """List all upkeep steps of a database.

    @param now: the time, in microseconds since the epoch.
    @param is_settled: tells whether the clock is reliable.
    @param in_memory: whether the limits for databases in memory apply.
    """
    most_bytes, bounds = 0, permissions.bounds
    if in_memory:
        most_bytes, bounds = ALL_BYTES, partial(_bounds_in_memory, permissions)
    pruning = Pruning(database, bounds, now, permissions.bounded, most_bytes, is_settled)
    actlog = ActLog(database, permissions.holding, now, is_settled)
    steps = [pruning.step, actlog.step, journal.tidy_refs, journal.index]
    if in_memory:
        for delete in (_delete_people, _delete_refs):
            steps.append(partial(database.write_later, delete))
    return steps


def _bounds_in_memory(permissions: Permissions, room: str) -> tuple[int, int]:
    """Limit L{Permissions.bounds}: in memory no room has more than L{LINES}."""
    keep, lines = permissions.bounds(room)
    return keep, min(lines or LINES, LINES)


def _delete_people(connection: Connection) -> bool:
    """Delete read markers of some people; return whether there may still be too many."""
    if connection.execute(f"SELECT count(*) {_ABSENT}").fetchone()[0] <= PEOPLE:
        return False
    gone = connection.execute(_LONGEST_ABSENT, (PEOPLE,)).fetchall()
    connection.executemany("DELETE FROM places WHERE identity = ?", gone)
    connection.executemany("DELETE FROM refs WHERE identity = ?", gone)
    connection.executemany("DELETE FROM marks WHERE identity = ?", gone)
    return len(gone) == ERASE_STEP


def _delete_refs(connection: Connection) -> bool:
    """Delete some requests; return whether there may still be too many."""
    if connection.execute("SELECT count(*) FROM refs").fetchone()[0] <= REFS:
        return False
    gone = connection.execute(_OLDEST_REFS, (REFS,)).fetchall()
    connection.executemany("DELETE FROM refs WHERE identity = ? AND id = ?", gone)
    return len(gone) == ERASE_STEP

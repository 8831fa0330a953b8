"""Background work that keeps the database within its bounds, and its index up to date."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from functools import partial

from twisted.internet.defer import Deferred

from chatservice.accountrows import StoredAccounts
from chatservice.actlog import ActLog
from chatservice.database import Database
from chatservice.events import Batch, EventIds
from chatservice.indexing import ERASE_STEP
from chatservice.moderation import Moderation
from chatservice.pruning import Pruning
from chatservice.storedjournal import DatabaseJournal
from chatservice.upkeep import Step, UpkeepByEvents

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

    def keep_tidy(self, moderation: Moderation, is_settled: Callable[[], bool]) -> None:
        """Start the upkeep; see L{steps_of}."""
        given = (self, moderation, self.ids.now, is_settled)
        self._upkeep = UpkeepByEvents(steps_of(self._database, *given, in_memory=True))

    def append(self, batch: Batch) -> Deferred[None]:
        """See L{Log.append <chatservice.journal.Log.append>}."""
        return super().append(batch).addCallback(lambda _: self._look_after(len(batch)))

    def _look_after(self, events: int) -> None:
        for _ in range(events):
            self._upkeep.note_event()


def steps_of(
    database: Database,
    journal: DatabaseJournal,
    moderation: Moderation,
    now: Callable[[], int],
    is_settled: Callable[[], bool],
    in_memory: bool,
) -> list[Step]:
    """List all upkeep steps of a database.

    @param now: the time, in microseconds since the epoch.
    @param is_settled: tells whether the clock is reliable.
    @param in_memory: whether the limits for databases in memory apply.
    """
    most_bytes, bounds = 0, moderation.bounds
    if in_memory:
        most_bytes, bounds = ALL_BYTES, partial(_bounds_in_memory, moderation)
    pruning = Pruning(database, bounds, now, moderation.bounded, most_bytes, is_settled)
    actlog = ActLog(database, moderation.holding, now, is_settled)
    steps = [pruning.step, actlog.step, journal.tidy_refs, journal.index]
    if in_memory:
        for delete in (_delete_people, _delete_refs):
            steps.append(partial(database.write_later, delete))
    return steps


def _bounds_in_memory(moderation: Moderation, room: str) -> tuple[int, int]:
    """Limit L{Moderation.bounds}: in memory no room has more than L{LINES}."""
    keep, lines = moderation.bounds(room)
    return keep, min(lines or LINES, LINES)


def _delete_people(connection: sqlite3.Connection) -> bool:
    """Delete read markers of some people; return whether there may still be too many."""
    if connection.execute(f"SELECT count(*) {_ABSENT}").fetchone()[0] <= PEOPLE:
        return False
    gone = connection.execute(_LONGEST_ABSENT, (PEOPLE,)).fetchall()
    connection.executemany("DELETE FROM places WHERE identity = ?", gone)
    connection.executemany("DELETE FROM refs WHERE identity = ?", gone)
    return len(gone) == ERASE_STEP


def _delete_refs(connection: sqlite3.Connection) -> bool:
    """Delete some requests; return whether there may still be too many."""
    if connection.execute("SELECT count(*) FROM refs").fetchone()[0] <= REFS:
        return False
    gone = connection.execute(_OLDEST_REFS, (REFS,)).fetchall()
    connection.executemany("DELETE FROM refs WHERE identity = ? AND id = ?", gone)
    return len(gone) == ERASE_STEP

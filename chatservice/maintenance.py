"""Keeping the database within its bounds, and its index up to date."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from functools import partial

from chatservice.actlog import ActLog
from chatservice.database import Database
from chatservice.indexing import ERASE_STEP
from chatservice.journal import Journal
from chatservice.moderation import Moderation
from chatservice.pruning import Pruning
from chatservice.upkeep import Step

LINES = 10_000
"""The most lines of a room that are kept in memory."""

ALL_BYTES = 64 * 1024 * 1024
"""The memory that everything together takes at most."""

PEOPLE = 10_000
"""The most people who are not here of whom it is kept in memory where they were."""

REFS = 10_000
"""The most requests that are known again in memory."""

_ABSENT = "FROM places WHERE room = '' AND seen IS NOT NULL"
_LONGEST_ABSENT = f"SELECT identity {_ABSENT} ORDER BY seen DESC LIMIT {ERASE_STEP} OFFSET ?"
_OLDEST_REFS = f"SELECT identity, id FROM refs ORDER BY id DESC LIMIT {ERASE_STEP} OFFSET ?"


def in_memory(seconds: Callable[[], float]) -> tuple[Database, Journal]:
    """A new database in memory that answers at once, and a journal in it, both open.

    @param seconds: a clock that never goes back.
    """
    database = Database(seconds=seconds)
    database.open()
    journal = Journal(database)
    journal.open()
    return database, journal


def lines_in_memory(wanted: int) -> int:
    """How many lines of a room are kept in memory.

    @param wanted: how many are asked for; 0 for as many as possible.
    """
    return min(wanted or LINES, LINES)


def steps_of(
    database: Database,
    journal: Journal,
    moderation: Moderation,
    now: Callable[[], int],
    is_settled: Callable[[], bool],
    in_memory: bool,
) -> list[Step]:
    """All steps of the upkeep of a database.

    @param now: the time, in microseconds since the epoch.
    @param is_settled: whether the time may be relied on.
    @param in_memory: whether the bounds of memory hold.
    """
    most_bytes = ALL_BYTES if in_memory else 0
    pruning = Pruning(
        database, moderation.bounds, now, moderation.bounded, most_bytes, is_settled
    )
    actlog = ActLog(database, moderation.holding, now, is_settled)
    steps = [pruning.step, actlog.step, journal.tidy_refs, journal.index]
    if in_memory:
        for delete in (_delete_people, _delete_refs):
            steps.append(partial(database.write_later, delete))
    return steps


def _delete_people(connection: sqlite3.Connection) -> bool:
    """Delete where some people were; gives whether there are more than are kept."""
    if connection.execute(f"SELECT count(*) {_ABSENT}").fetchone()[0] <= PEOPLE:
        return False
    gone = connection.execute(_LONGEST_ABSENT, (PEOPLE,)).fetchall()
    connection.executemany("DELETE FROM places WHERE identity = ?", gone)
    connection.executemany("DELETE FROM refs WHERE identity = ?", gone)
    return len(gone) == ERASE_STEP


def _delete_refs(connection: sqlite3.Connection) -> bool:
    """Delete some requests; gives whether there are more than are kept."""
    if connection.execute("SELECT count(*) FROM refs").fetchone()[0] <= REFS:
        return False
    gone = connection.execute(_OLDEST_REFS, (REFS,)).fetchall()
    connection.executemany("DELETE FROM refs WHERE identity = ? AND id = ?", gone)
    return len(gone) == ERASE_STEP

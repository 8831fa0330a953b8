"""What the journal in a database adds: what is left of a run, the ceiling of ids, bad disks."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

from twisted.internet.defer import fail

from chatservice.chat.journal import Wanted
from chatservice.protocol.errors import StorageError
from chatservice.protocol.events import Event, Joined, Renamed, TopicChanged
from chatservice.protocol.ids import EventIds
from chatservice.storage.database import Database
from chatservice.storage.journal import CEILING_AHEAD, DatabaseJournal
from chatservice.storage.threads import ThreadedDatabase
from tests.databases import DatabaseJournalTestCase, DatabaseTestCase
from tests.recording import line

NOW = 1_763_712_000


class RestartTests(DatabaseTestCase):
    """What one run leaves for the next."""

    def run_(self, ids: EventIds | None = None) -> tuple[Database, DatabaseJournal]:
        """A run of the chat that has opened its journal."""
        database = self.database()
        database.open()
        journal = DatabaseJournal(database, ids)
        journal.open()
        return database, journal

    def crash(self, database: Database) -> None:
        """The run ends without a chance to write anything."""
        database.close()

    def test_first_run(self) -> None:
        """Nothing comes before the first run."""
        database, journal = self.run_()
        self.assertEqual((journal.floor, journal.topics), (0, {}))
        database.close()

    def test_history(self) -> None:
        """What was said in one run is read in the next."""
        database, journal = self.run_()
        self.successResultOf(journal.store([line(1)]))
        self.crash(database)
        database, journal = self.run_()
        page = self.successResultOf(journal.page(Wanted(of="lobby")))
        self.assertEqual(page.events, [line(1)])
        database.close()

    def test_topics(self) -> None:
        """The last topic of each room is known in the next run; one that was cleared is not."""
        kept = TopicChanged(id=2, nick="bob", room="lobby", text="bees")
        database, journal = self.run_()
        self.successResultOf(
            journal.store(
                [
                    TopicChanged(id=1, nick="ada", room="lobby", text="ants"),
                    kept,
                    TopicChanged(id=3, nick="ada", room="python", text="snakes"),
                    TopicChanged(id=4, nick="ada", room="python", text=""),
                ]
            )
        )
        self.crash(database)
        database, journal = self.run_()
        self.assertEqual(journal.topics, {"lobby": kept})
        database.close()

    def ids_of_a_run(self, time: float, count: int, end: str) -> list[int]:
        """The ids that a run gives out at one time, each committed alone."""
        database, journal = self.run_(EventIds(lambda: time))
        events = [Joined(nick="ada", room="lobby") for _ in range(count)]
        for event in events:
            self.successResultOf(journal.append([event]))
        given_out = [event.id for event in events]
        if end == "clean":
            self.successResultOf(journal.close())
        self.crash(database)
        return given_out

    def test_clock_set_back_over_a_crash(self) -> None:
        """After a crash, ids go on above all that were given out, though the clock went back."""
        before = self.ids_of_a_run(NOW, 3, "crash")
        after = self.ids_of_a_run(NOW - 3600, 3, "crash")
        again = self.ids_of_a_run(NOW - 7200, 3, "crash")
        self.assertEqual([*before, *after, *again], sorted({*before, *after, *again}))

    def test_clean_close(self) -> None:
        """After a clean end, ids go on where they ended, and not at the ceiling."""
        before = self.ids_of_a_run(NOW, 2, "clean")
        self.assertEqual(self.ids_of_a_run(NOW, 1, "clean"), [before[-1] + 1])

    def test_closed_without_an_event(self) -> None:
        """A run in which nothing happened does not lower what the next begins above."""
        before = self.ids_of_a_run(NOW, 1, "clean")
        self.ids_of_a_run(NOW - 3600, 0, "clean")
        self.assertEqual(self.ids_of_a_run(NOW - 3600, 1, "clean"), [before[-1] + 1])

    def test_crash_before_the_commit(self) -> None:
        """An id below the ceiling is covered by it though its batch was never committed."""
        database, journal = self.run_()
        self.successResultOf(journal.store([line(NOW * 1_000_000)]))
        self.crash(database)
        _, journal = self.run_()
        self.assertEqual(journal.floor, NOW * 1_000_000 + CEILING_AHEAD)


class CeilingTests(DatabaseJournalTestCase):
    """When the ceiling of ids is written."""

    def ceiling(self) -> int:
        done = self.database_.read(
            lambda connection: connection.execute("SELECT ceiling FROM ids").fetchone()[0]
        )
        ceiling: int = self.successResultOf(done)
        return ceiling

    def writes(self) -> int:
        """How many rows were written to the database so far."""
        return self.database_.at_start(lambda connection: connection.total_changes)

    def append(self, *events: Event) -> None:
        self.successResultOf(self.journal.store(events))

    def test_raised_for_presence(self) -> None:
        """Presence raises the ceiling as well, for it is seen."""
        self.append(Joined(id=NOW, nick="ada", room="lobby"))
        self.assertEqual(self.ceiling(), NOW + CEILING_AHEAD)

    def test_not_written_below(self) -> None:
        """Below the ceiling, a new name writes nothing, and a line nothing but itself."""
        self.append(line(NOW))
        before = self.writes()
        self.append(Renamed(id=NOW + CEILING_AHEAD, nick="ada", now="eve"))
        self.assertEqual(self.writes() - before, 0)
        self.append(line(NOW + 1))
        self.assertEqual(self.writes() - before, 1)
        self.assertEqual(self.ceiling(), NOW + CEILING_AHEAD)

    def test_raised_above(self) -> None:
        """An id above the ceiling raises it, in the same transaction."""
        self.append(line(NOW))
        self.append(Joined(id=NOW + CEILING_AHEAD + 1, nick="ada", room="lobby"))
        self.assertEqual(self.ceiling(), NOW + 2 * CEILING_AHEAD + 1)

    def test_not_raised_by_a_failure(self) -> None:
        """After a commit that failed, the next one raises the ceiling instead."""
        self.database_.at_start(lambda connection: connection.execute("PRAGMA query_only = ON"))
        self.failureResultOf(self.journal.store([line(NOW)]), StorageError)
        self.database_.at_start(lambda connection: connection.execute("PRAGMA query_only = OFF"))
        self.append(Joined(id=NOW + 1, nick="ada", room="lobby"))
        self.assertEqual(self.ceiling(), NOW + 1 + CEILING_AHEAD)

    def test_raised_by_a_trial(self) -> None:
        """An empty batch writes the ceiling, for it must show whether anything can be written."""
        self.append()
        self.assertEqual(self.ceiling(), CEILING_AHEAD)
        self.journal.ids.start_above(NOW)
        self.append()
        self.assertEqual(self.ceiling(), NOW + CEILING_AHEAD)
        self.append(Joined(id=NOW + 1, nick="ada", room="lobby"))
        self.assertEqual(self.ceiling(), NOW + CEILING_AHEAD)


class TroubleTests(DatabaseJournalTestCase):
    """A disk that fails, and a bug."""

    def pragma(self, text: str) -> int:
        found: int = self.database_.at_start(
            lambda connection: (connection.execute(f"PRAGMA {text}").fetchone() or (0,))[0]
        )
        return found

    def why(self, *events: Event) -> str:
        failure = self.failureResultOf(self.journal.store(events), StorageError)
        return str(failure.value)

    def ids(self) -> list[int]:
        page = self.successResultOf(self.journal.page(Wanted(of="lobby")))
        return [event.id for event in page.events]

    def test_full_disk(self) -> None:
        """A full disk refuses the batch whole, reading goes on, and writing when there is room."""
        self.successResultOf(self.journal.store([line(1)]))
        self.pragma(f"max_page_count = {self.pragma('page_count')}")
        self.assertEqual(self.why(line(2), line(3, "x" * 100_000)), "the disk is full")
        self.assertEqual(self.ids(), [1])
        self.pragma("max_page_count = 1000000")
        self.successResultOf(self.journal.store([line(4, "x" * 100_000)]))
        self.assertEqual(self.ids(), [1, 4])

    def test_read_only(self) -> None:
        """A database that cannot be written refuses the batch, and writing resumes when it can."""
        self.pragma("query_only = ON")
        self.assertEqual(self.why(line(1)), "the database is read-only")
        self.assertEqual(self.why(), "the database is read-only")
        self.pragma("query_only = OFF")
        self.successResultOf(self.journal.store([line(2)]))
        self.assertEqual(self.ids(), [2])

    def test_reading(self) -> None:
        """What is wrong with the disk is told of reading too."""
        error = sqlite3.OperationalError("disk I/O error")
        error.sqlite_errorcode = sqlite3.SQLITE_IOERR_READ
        self.patch(self.database_, "read", lambda work: fail(error))
        failure = self.failureResultOf(self.journal.page(Wanted(of="lobby")), StorageError)
        self.assertEqual(str(failure.value), "the disk failed")

    def test_close(self) -> None:
        """A database that cannot be written when the chat ends says why."""
        self.pragma("query_only = ON")
        failure = self.failureResultOf(self.journal.close(), StorageError)
        self.assertEqual(str(failure.value), "the database is read-only")

    def test_bug(self) -> None:
        """What is not the disk's fault stays the exception that it is; nothing of it is stored."""
        self.successResultOf(self.journal.store([line(1)]))
        done: Any = self.journal.store([line(2), line(1)])
        self.failureResultOf(done, sqlite3.IntegrityError)
        self.assertEqual(self.ids(), [1])


async def test_threads(tmp_path: Path) -> None:
    """With real threads, many batches at once are stored in order, and can be read when told so."""
    from twisted.internet import reactor
    from twisted.internet.defer import gatherResults

    database = ThreadedDatabase(reactor, str(tmp_path / "chat.sqlite3"))
    database.open()
    try:
        journal = DatabaseJournal(database)
        journal.open()
        appended = [journal.store([line(id), line(id + 1)]) for id in range(1, 100, 2)]
        await gatherResults(appended).addTimeout(30, reactor)
        page = await journal.page(Wanted(of="lobby", limit=100)).addTimeout(30, reactor)
        assert [event.id for event in page.events] == list(range(1, 101))
    finally:
        database.close()

"""What every journal promises, and what the one in a database adds."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING, Any

from twisted.trial.unittest import SynchronousTestCase

from chatservice.database import Database
from chatservice.events import (
    Acted,
    Event,
    EventIds,
    Joined,
    Left,
    Parted,
    Renamed,
    Resumed,
    Said,
    TopicChanged,
    Whispered,
)
from chatservice.journal import CEILING_AHEAD, Journal, JournalError, MemoryJournal, Page, Wanted
from chatservice.rooms import NOWHERE, Member
from tests.recording import DatabaseTestCase

NOW = 1_763_712_000

if TYPE_CHECKING:
    Base = SynchronousTestCase
else:
    Base = object


def said(id: int, text: str = "hi", room: str = "lobby") -> Said:
    return Said(id=id, nick="ada", room=room, text=text)


class JournalContract(Base):
    """What any journal does with what it is given; C{self.journal} is one, open and empty."""

    journal: Journal | MemoryJournal

    def append(self, *events: Event) -> None:
        self.assertIsNone(self.successResultOf(self.journal.append(events)))

    def page(self, of: str | bytes = "lobby", **wanted: int) -> Page:
        return self.successResultOf(self.journal.page(Wanted(of=of, **wanted)))

    def ids(self, of: str | bytes = "lobby", **wanted: int) -> list[int]:
        return [event.id for event in self.page(of, **wanted).events]

    def test_empty(self) -> None:
        """A room that nothing was said in has an empty page, and no more."""
        for wanted in ({}, {"after": 0}, {"before": 9}):
            self.assertEqual(self.page(**wanted), Page([], False, None))

    def test_everything_about_an_event(self) -> None:
        """Talk and topics come back equal to what was appended, in any script."""
        stored: list[Event] = [
            Said(id=1, nick="ada", room="lobby", text="Grüße \U0001f40d 'quoted'; --", ref="r1"),
            Acted(id=2, nick="Наташа", room="lobby", text="waves"),
            TopicChanged(id=3, nick="ada", room="lobby", text="snakes", ref="r3"),
            TopicChanged(id=4, nick="ada", room="lobby", text=""),
        ]
        self.append(*stored)
        self.assertEqual(self.page().events, stored)

    def test_presence_is_not_stored(self) -> None:
        """Who came, went, was renamed or resumed is not in the history."""
        self.append(
            Joined(id=1, nick="ada", room="lobby", arrived=True),
            said(2),
            Renamed(id=3, nick="ada", now="eve", rooms=("lobby",)),
            Resumed(id=4, nick="eve", door=NOWHERE),
            Parted(id=5, nick="eve", room="lobby"),
            Left(id=6, nick="eve", goodbye=True, why="", rooms=("lobby",)),
        )
        self.append(Joined(id=7, nick="bob", room="lobby"))
        self.assertEqual(self.ids(after=0), [2])

    def test_rooms_are_apart(self) -> None:
        """A room's page has that room's events alone, though others lie between them."""
        self.append(said(1), said(2, room="python"), said(3), said(4, room="Lobby"))
        self.assertEqual(self.ids(), [1, 3])
        self.assertEqual(self.ids("python"), [2])

    def test_order_over_batches(self) -> None:
        """Events come in the order of their ids, whatever batch each was in."""
        self.append(said(1), said(2))
        self.append(said(3))
        self.assertEqual(self.ids(), [1, 2, 3])
        self.assertEqual(self.ids(after=0), [1, 2, 3])

    def test_newest(self) -> None:
        """Without C{after}, a page ends with the newest, and tells of more before it."""
        self.append(*map(said, range(1, 6)))
        self.assertEqual(self.page(limit=2), Page([said(4), said(5)], True))

    def test_before(self) -> None:
        """A page ends just before C{before}."""
        self.append(*map(said, range(1, 6)))
        self.assertEqual(self.page(before=4, limit=2), Page([said(2), said(3)], True))

    def test_after(self) -> None:
        """A page begins just after C{after}, and tells of more behind it."""
        self.append(*map(said, range(1, 6)))
        self.assertEqual(self.page(after=2, limit=2), Page([said(3), said(4)], True))

    def test_between(self) -> None:
        """With both, only what lies between counts, for C{more} as well."""
        self.append(*map(said, range(1, 6)))
        self.assertEqual(self.page(after=1, before=4, limit=2), Page([said(2), said(3)], False))
        self.assertEqual(self.page(after=1, before=4, limit=1), Page([said(2)], True))
        self.assertEqual(self.page(after=4, before=4), Page([], False))

    def test_exactly_the_limit(self) -> None:
        """A page that takes in all there is tells of no more."""
        self.append(said(1), said(2))
        self.assertFalse(self.page(limit=2).more)
        self.assertFalse(self.page(after=0, limit=2).more)

    def test_to_the_end(self) -> None:
        """Page by page, in either direction, everything is seen once."""
        self.append(*map(said, range(1, 8)))
        onward, backward = [0], [8]
        while self.page(after=onward[-1], limit=3).more:
            onward += self.ids(after=onward[-1], limit=3)
        onward += self.ids(after=onward[-1], limit=3)
        while self.page(before=backward[0], limit=3).more:
            backward = self.ids(before=backward[0], limit=3) + backward
        backward = self.ids(before=backward[0], limit=3) + backward
        self.assertEqual(onward, list(range(8)))
        self.assertEqual(backward, list(range(1, 9)))

    def test_page_of_128_kib(self) -> None:
        """A page ends when it has 128 KiB of text, and not one character before."""
        self.append(*(said(id, "x" * 4096) for id in range(1, 34)))
        self.assertEqual(self.ids(after=0, limit=100), list(range(1, 33)))
        self.assertTrue(self.page(after=0, limit=100).more)
        self.assertEqual(self.ids(limit=100), list(range(2, 34)))
        self.assertTrue(self.page(limit=100).more)
        self.assertFalse(self.page(after=1, limit=100).more)

    def test_page_of_actions(self) -> None:
        """What people do and whisper counts as text, too."""
        long = "x" * 100_000
        self.append(
            Acted(id=1, nick="ada", room="lobby", text=long),
            Acted(id=2, nick="ada", room="lobby", text=long),
            self.whisper(3, text=long),
            self.whisper(4, text=long),
        )
        self.assertEqual(self.ids(), [2])
        self.assertEqual(self.ids(ADA.identity), [4])

    def test_page_is_never_empty_for_its_size(self) -> None:
        """One event that is larger than a page is a page."""
        self.append(said(1, "x" * 200_000), said(2, "x" * 200_000))
        self.assertEqual((self.ids(after=0), self.page(after=0).more), ([1], True))
        self.assertEqual((self.ids(after=1), self.page(after=1).more), ([2], False))

    def whisper(self, id: int, text: str = "psst", to: Member | None = None) -> Whispered:
        to = to or BOB
        return Whispered(
            id=id,
            nick="ada",
            to=to.nick,
            text=text,
            ref="r",
            author=ADA,
            recipient=to,
            identities=(ADA.identity, to.identity),
        )

    def test_private(self) -> None:
        """A private line is on the pages of the two people, and on nobody else's."""
        self.append(self.whisper(1), self.whisper(2, to=EVE), said(3))
        self.assertEqual(self.page(ADA.identity).events, [self.whisper(1), self.whisper(2, to=EVE)])
        self.assertEqual(self.ids(BOB.identity), [1])
        self.assertEqual(self.ids(EVE.identity), [2])
        self.assertEqual(self.ids(), [3])

    def test_private_to_a_person(self) -> None:
        """Who bears the nickname later does not see what was whispered to it before."""
        self.append(self.whisper(1))
        another_bob = Member("bob", "bob", NOWHERE, "another token")
        self.assertEqual(self.ids(another_bob.identity), [])

    def test_private_to_oneself(self) -> None:
        """A line to oneself is seen once."""
        self.append(self.whisper(1, to=ADA), self.whisper(2, to=ADA))
        self.assertEqual(self.ids(ADA.identity, after=0), [1, 2])
        self.assertEqual(self.page(ADA.identity, limit=1).more, True)

    def test_private_pages(self) -> None:
        """Private lines are paged as those of a room, those sent with those received."""
        back = Whispered(
            id=2, nick="bob", to="ada", text="yes?", identities=(BOB.identity, ADA.identity)
        )
        self.append(self.whisper(1), back, self.whisper(3), self.whisper(4))
        for identity in (ADA.identity, BOB.identity):
            self.assertEqual(self.ids(identity, after=1, limit=2), [2, 3])
            self.assertEqual(self.ids(identity, before=4, limit=2), [2, 3])
            self.assertTrue(self.page(identity, before=4, limit=2).more)
            self.assertFalse(self.page(identity, after=1, before=4).more)


ADA, BOB, EVE = (Member(nick, nick, NOWHERE, f"{nick}'s token") for nick in ("ada", "bob", "eve"))


class MemoryJournalTests(JournalContract, SynchronousTestCase):
    """The journal of a chat without a database."""

    def setUp(self) -> None:
        self.journal = MemoryJournal()

    def test_begins_with_nothing(self) -> None:
        """There was no run before, so there is no floor and there are no topics."""
        self.assertEqual((self.journal.floor, self.journal.topics), (0, {}))

    def test_forgets_the_oldest(self) -> None:
        """Only the last events are kept, and a page says from where on."""
        self.journal = MemoryJournal(limit=2)
        self.append(said(1), said(2), said(3))
        self.append(said(5), Joined(id=6, nick="ada", room="lobby"))
        self.assertEqual(self.page(after=0), Page([said(3), said(5)], False, 3))
        self.assertEqual(self.page(after=1).kept_from, 3)

    def test_no_gap(self) -> None:
        """What was not asked for is not missed."""
        self.journal = MemoryJournal(limit=1)
        self.append(said(1), said(2))
        self.assertIsNone(self.page(after=1).kept_from)
        self.assertIsNone(self.page().kept_from)
        self.assertIsNone(self.page("python", after=0).kept_from)

    def test_forgets_private_lines(self) -> None:
        """Private lines that are forgotten are missed by the two people."""
        self.journal = MemoryJournal(limit=1)
        self.append(self.whisper(1), said(2))
        for identity, kept_from in [(ADA.identity, 2), (BOB.identity, 2), (EVE.identity, None)]:
            self.assertEqual(self.page(identity, after=0), Page([], False, kept_from))


class DatabaseJournalTestCase(DatabaseTestCase):
    """Tests with a journal in an open database."""

    path = "chat.sqlite3"

    def setUp(self) -> None:
        super().setUp()
        self.database_ = self.opened(self.path)
        self.journal = Journal(self.database_)
        self.journal.open()


class FileJournalTests(JournalContract, DatabaseJournalTestCase):
    """The journal in a file."""


class InMemoryDatabaseJournalTests(JournalContract, DatabaseJournalTestCase):
    """The journal in a database that is not kept."""

    path = ":memory:"


class RestartTests(DatabaseTestCase):
    """What one run leaves for the next."""

    def run_(self) -> tuple[Database, Journal]:
        """A run of the chat that has opened its journal."""
        database = self.database()
        database.open()
        journal = Journal(database)
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
        self.successResultOf(journal.append([said(1)]))
        self.crash(database)
        database, journal = self.run_()
        page = self.successResultOf(journal.page(Wanted(of="lobby")))
        self.assertEqual(page.events, [said(1)])
        database.close()

    def test_topics(self) -> None:
        """The last topic of each room is known in the next run; one that was cleared is not."""
        kept = TopicChanged(id=2, nick="bob", room="lobby", text="bees")
        database, journal = self.run_()
        self.successResultOf(
            journal.append(
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
        database, journal = self.run_()
        ids = EventIds(lambda: time)
        ids.start_above(journal.floor)
        given_out = [ids.next() for _ in range(count)]
        for id in given_out:
            self.successResultOf(journal.append([Joined(id=id, nick="ada", room="lobby")]))
        if end == "clean":
            self.successResultOf(journal.close(ids.last))
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
        self.successResultOf(journal.append([said(NOW * 1_000_000)]))
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
        self.successResultOf(self.journal.append(events))

    def test_raised_for_presence(self) -> None:
        """Presence raises the ceiling as well, for it is seen."""
        self.append(Joined(id=NOW, nick="ada", room="lobby"))
        self.assertEqual(self.ceiling(), NOW + CEILING_AHEAD)

    def test_not_written_below(self) -> None:
        """Below the ceiling, presence writes nothing, and a line nothing but itself."""
        self.append(said(NOW))
        before = self.writes()
        self.append(Joined(id=NOW + CEILING_AHEAD, nick="ada", room="lobby"))
        self.assertEqual(self.writes() - before, 0)
        self.append(said(NOW + 1))
        self.assertEqual(self.writes() - before, 1)
        self.assertEqual(self.ceiling(), NOW + CEILING_AHEAD)

    def test_raised_above(self) -> None:
        """An id above the ceiling raises it, in the same transaction."""
        self.append(said(NOW))
        self.append(Joined(id=NOW + CEILING_AHEAD + 1, nick="ada", room="lobby"))
        self.assertEqual(self.ceiling(), NOW + 2 * CEILING_AHEAD + 1)

    def test_not_raised_by_a_failure(self) -> None:
        """After a commit that failed, the next one raises the ceiling instead."""
        self.database_.at_start(lambda connection: connection.execute("PRAGMA query_only = ON"))
        self.failureResultOf(self.journal.append([said(NOW)]), JournalError)
        self.database_.at_start(lambda connection: connection.execute("PRAGMA query_only = OFF"))
        self.append(Joined(id=NOW + 1, nick="ada", room="lobby"))
        self.assertEqual(self.ceiling(), NOW + 1 + CEILING_AHEAD)


class TroubleTests(DatabaseJournalTestCase):
    """A disk that fails, and a bug."""

    def pragma(self, text: str) -> int:
        found: int = self.database_.at_start(
            lambda connection: (connection.execute(f"PRAGMA {text}").fetchone() or (0,))[0]
        )
        return found

    def why(self, *events: Event) -> str:
        failure = self.failureResultOf(self.journal.append(events), JournalError)
        return str(failure.value)

    def ids(self) -> list[int]:
        page = self.successResultOf(self.journal.page(Wanted(of="lobby")))
        return [event.id for event in page.events]

    def test_full_disk(self) -> None:
        """A full disk refuses the batch whole, reading goes on, and writing when there is room."""
        self.successResultOf(self.journal.append([said(1)]))
        self.pragma(f"max_page_count = {self.pragma('page_count')}")
        self.assertEqual(self.why(said(2), said(3, "x" * 100_000)), "the disk is full")
        self.assertEqual(self.ids(), [1])
        self.pragma("max_page_count = 1000000")
        self.successResultOf(self.journal.append([said(4, "x" * 100_000)]))
        self.assertEqual(self.ids(), [1, 4])

    def test_read_only(self) -> None:
        """A database that cannot be written refuses the batch, and writing resumes when it can."""
        self.pragma("query_only = ON")
        self.assertEqual(self.why(said(1)), "the database is read-only")
        self.pragma("query_only = OFF")
        self.successResultOf(self.journal.append([said(2)]))
        self.assertEqual(self.ids(), [2])

    def test_close(self) -> None:
        """A database that cannot be written when the chat ends says why."""
        self.pragma("query_only = ON")
        failure = self.failureResultOf(self.journal.close(NOW), JournalError)
        self.assertEqual(str(failure.value), "the database is read-only")

    def test_bug(self) -> None:
        """What is not the disk's fault stays the exception that it is; nothing of it is stored."""
        self.successResultOf(self.journal.append([said(1)]))
        done: Any = self.journal.append([said(2), said(1)])
        self.failureResultOf(done, sqlite3.IntegrityError)
        self.assertEqual(self.ids(), [1])


async def test_threads(tmp_path: Path) -> None:
    """With real threads, many batches at once are stored in order, and can be read when told so."""
    from twisted.internet import reactor
    from twisted.internet.defer import gatherResults

    database = Database(reactor, str(tmp_path / "chat.sqlite3"))
    database.open()
    try:
        journal = Journal(database)
        journal.open()
        appended = [journal.append([said(id), said(id + 1)]) for id in range(1, 100, 2)]
        await gatherResults(appended).addTimeout(30, reactor)
        page = await journal.page(Wanted(of="lobby", limit=100)).addTimeout(30, reactor)
        assert [event.id for event in page.events] == list(range(1, 101))
    finally:
        database.close()

"""What takes long to read: in a thread of its own, in turn, interrupted; and writing in order."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred, succeed
from twisted.internet.task import Clock, deferLater

from chatservice.chat.journal import NOBODY, Asker
from chatservice.protocol.events import ChatError
from chatservice.storage.database import Database, Interrupted, Scan
from chatservice.storage.scanning import DEADLINE, WAITING, Scanning
from chatservice.storage.threads import CHECKPOINTS, LOOK_AFTER, ThreadedDatabase, Watch
from tests.databases import DatabaseTestCase, HeldPool, InlinePool, InlineReactor

ONE = """
-- version 1
CREATE TABLE lines (text TEXT NOT NULL);
"""
ENDLESS = """
    WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers)
    SELECT count(*) FROM numbers"""


def endless(connection: sqlite3.Connection) -> None:
    """Read for ever."""
    connection.execute(ENDLESS).fetchone()


def long(connection: sqlite3.Connection) -> None:
    """Read for a while."""
    connection.execute(ENDLESS.replace("FROM numbers)", "FROM numbers LIMIT 1000)")).fetchone()


def answer(connection: sqlite3.Connection) -> int:
    found: int = connection.execute("SELECT 42").fetchone()[0]
    return found


def note(text: str) -> Any:
    """Work that stores a line."""
    return lambda connection: connection.execute("INSERT INTO lines VALUES (?)", (text,))


def noted(connection: sqlite3.Connection) -> list[str]:
    return [text for (text,) in connection.execute("SELECT text FROM lines ORDER BY rowid")]


class WritingTests(DatabaseTestCase):
    """Who waits for the writer."""

    def test_urgent_first(self) -> None:
        """What people wait for goes before all that was to be written later, in its order."""
        pool = HeldPool()
        pools = iter([pool, InlinePool(), InlinePool()])
        database = ThreadedDatabase(InlineReactor(), str(self.folder / "held"), lambda: next(pools))
        database.open(ONE)
        self.addCleanup(database.close)
        done: list[str] = []
        for text in ("later 1", "later 2"):
            database.write_later(note(text)).addCallback(lambda _, text=text: done.append(text))
        for text in ("first", "second"):
            database.write(note(text)).addCallback(lambda _, text=text: done.append(text))
        while pool.waiting:
            pool.waiting.pop(0)()
        self.assertEqual(done, ["first", "second", "later 1", "later 2"])
        self.assertEqual(self.successResultOf(database.read(noted)), done)

    def test_failure(self) -> None:
        """What fails later leaves nothing behind, and hinders nothing."""
        database = self.opened(schema=ONE)

        def fails(connection: sqlite3.Connection) -> None:
            note("half")(connection)
            note(None)(connection)

        self.failureResultOf(database.write_later(fails), sqlite3.IntegrityError)
        self.successResultOf(database.write_later(note("whole")))
        self.assertEqual(self.successResultOf(database.read(noted)), ["whole"])


class InterruptedTests(DatabaseTestCase):
    """Work that takes too long."""

    def setUp(self) -> None:
        super().setUp()
        for name in ("file", "memory"):
            path = "chat.sqlite3" if name == "file" else ":memory:"
            setattr(self, name, self.opened(path, ONE))

    def databases(self) -> list[Database]:
        return [self.file, self.memory]

    def test_deadline(self) -> None:
        """It is interrupted when its time is over, and the next one has all its time."""
        for database in self.databases():
            self.failureResultOf(database.scan(endless, -1.0), Interrupted)
            self.assertEqual(self.successResultOf(database.scan(answer, 1.0)), 42)

    def test_share(self) -> None:
        """Where everybody waits for it, it has a tenth of the time."""
        interrupted = []
        for database in self.databases():
            for seconds in (0.09, 0.11, 0.99, 1.01):
                moments = iter([0.0])
                clock = self.patch(
                    database, "_seconds", lambda at=seconds, moments=moments: next(moments, at)
                )
                outcome = database.scan(long, 1.0).addErrback(lambda failure: failure.type)
                interrupted.append(self.successResultOf(outcome) is Interrupted)
                clock.restore()
        in_threads, at_once = interrupted[:4], interrupted[4:]
        self.assertEqual(in_threads, [False, False, False, True])
        self.assertEqual(at_once, [False, True, True, True])

    def test_errors(self) -> None:
        """What else is wrong stays what it is."""
        for database in self.databases():
            broken = database.scan(lambda connection: connection.execute("SELECT x"), 1.0)
            self.failureResultOf(broken, sqlite3.OperationalError)
            bug = database.scan(lambda connection: 1 / 0, 1.0)
            self.failureResultOf(bug, ZeroDivisionError)

    def test_nothing_is_left(self) -> None:
        """Nobody looks after what is over."""
        self.successResultOf(self.file.scan(answer, 1.0))
        self.assertEqual(self.file._reactor.getDelayedCalls(), [])

    def test_looked_after(self) -> None:
        """Within an instruction, it is interrupted by a look at the clock from outside."""
        for wanted, advance, expected in ((True, 2.0, 1), (True, 0.5, 0), (False, 0.0, 1)):
            clock, interrupts = Clock(), []

            class Connection:
                def set_progress_handler(self, *given: object) -> None:
                    pass

                def interrupt(self, interrupts: list[int] = interrupts) -> None:
                    interrupts.append(1)

            connection: Any = Connection()
            scan = Scan(connection, clock.seconds, 1.0)
            clock.advance(5.0)
            Watch(clock, scan, lambda wanted=wanted: wanted).look()
            self.assertEqual(interrupts, [])

            def work(_: Any, clock: Clock = clock, advance: float = advance) -> None:
                clock.advance(advance)
                clock.advance(LOOK_AFTER)

            scan.run(work)
            self.assertEqual(len(interrupts[:1]), expected)
            before = len(interrupts)
            clock.advance(5.0)
            self.assertEqual(len(interrupts), before)


class LogTests(DatabaseTestCase):
    """Emptying the write-ahead log."""

    def log_size(self) -> int:
        return (self.folder / "chat.sqlite3-wal").stat().st_size

    def test_emptied(self) -> None:
        """Nothing is left in it, also when there was nothing, or no file at all."""
        database = self.opened(schema=ONE)
        self.successResultOf(database.write(note("secret")))
        self.assertGreater(self.log_size(), 0)
        for _ in range(2):
            self.assertTrue(self.successResultOf(database.empty_log()))
            self.assertEqual(self.log_size(), 0)
        self.assertTrue(self.successResultOf(self.opened(":memory:", ONE).empty_log()))

    def test_reader_in_the_way(self) -> None:
        """While somebody else reads it is tried so often, and nobody waits for the reader."""
        database = self.opened(schema=ONE)
        self.successResultOf(database.write(note("one")))
        raw = sqlite3.connect(self.folder / "chat.sqlite3", isolation_level=None)
        self.addCleanup(raw.close)
        raw.execute("BEGIN")
        raw.execute("SELECT * FROM lines").fetchall()
        self.successResultOf(database.write(note("two")))
        tries: list[object] = []
        scan = database.scan
        self.patch(database, "scan", lambda *given: tries.append(given) or scan(*given))
        self.assertFalse(self.successResultOf(database.empty_log()))
        self.assertEqual(len(tries), CHECKPOINTS)
        raw.execute("COMMIT")
        self.assertTrue(self.successResultOf(database.empty_log()))

    def test_left_by_a_crash(self) -> None:
        """What a run that was killed has left in it is taken in at the next start."""
        raw = sqlite3.connect(self.folder / "chat.sqlite3")
        database = self.database()
        database.open(ONE)
        self.successResultOf(database.write(note("one")))
        # With a connection of somebody else's open, closing does not empty it.
        raw.execute("SELECT * FROM lines").fetchall()
        database.close()
        self.assertGreater(self.log_size(), 0)
        self.opened(schema=ONE)
        raw.close()
        self.assertEqual(self.log_size(), 0)


class SlowDatabase:
    """Reads when the test says so."""

    def __init__(self) -> None:
        self.scans: list[tuple[Deferred[Any], float, Any]] = []

    def scan(self, work: Any, seconds: float, is_wanted: Any) -> Deferred[Any]:
        self.scans.append((Deferred(), seconds, is_wanted))
        return self.scans[-1][0]


class TurnTests(DatabaseTestCase):
    """Whose turn it is."""

    def setUp(self) -> None:
        super().setUp()
        self.slow: Any = SlowDatabase()
        self.scanning = Scanning(self.slow)

    def test_in_turn(self) -> None:
        """One is read at a time, and addresses take turns however much each has asked for."""
        done: list[str] = []
        for origin in "aaab":
            read = self.scanning.read(Asker(origin), answer)
            read.addCallback(lambda _, origin=origin: done.append(origin))
        for number in range(4):
            self.assertEqual(len(self.slow.scans), number + 1)
            self.slow.scans[-1][0].callback(None)
        self.assertEqual(done, ["a", "a", "b", "a"])
        self.assertEqual({seconds for _, seconds, _ in self.slow.scans}, {DEADLINE})

    def test_too_much_waits(self) -> None:
        """One address has so much wait; counts are small, and may be very many."""
        for _ in range(WAITING + 1):
            self.scanning.read(Asker("a"), answer)
        error = self.assertRaises(ChatError, self.scanning.read, Asker("a"), answer)
        self.assertEqual(error.code, "busy")
        for _ in range(50):
            self.scanning.count(Asker("a"), answer)

    def test_nobody_waits(self) -> None:
        """What nobody waits for any more is not read, and is interrupted when under way."""
        here = True
        asker = Asker("a", lambda: here)
        first, second = (self.scanning.read(asker, answer) for _ in range(2))
        ((under_way, _, is_wanted),) = self.slow.scans
        self.assertTrue(is_wanted())
        here = False
        self.assertFalse(is_wanted())
        under_way.errback(Interrupted())
        for read in (first, second):
            self.assertEqual(self.failureResultOf(read, ChatError).value.code, "closing")
        self.assertEqual(len(self.slow.scans), 1)

    def test_too_long(self) -> None:
        """What took too long is told in a sentence."""
        read = self.scanning.read(NOBODY, answer)
        self.slow.scans[0][0].errback(Interrupted())
        error = self.failureResultOf(read, ChatError).value
        self.assertEqual(error.sentence, "that took too long: not done")
        count = self.scanning.count(NOBODY, answer)
        self.slow.scans[1][0].errback(ZeroDivisionError())
        self.failureResultOf(count, ZeroDivisionError)


async def test_beside_the_others(tmp_path: Path) -> None:
    """While something is read for ever, others read and write; it ends when nobody wants it."""
    from twisted.internet import reactor

    database = ThreadedDatabase(reactor, str(tmp_path / "chat.sqlite3"))
    database.open(ONE)
    try:
        wanted = True
        scan = database.scan(endless, 60.0, lambda: wanted)
        late = database.scan(endless, 0.01)
        for text in ("one", "two"):
            await database.write(note(text)).addTimeout(30, reactor)
        assert await database.read(noted).addTimeout(30, reactor) == ["one", "two"]
        assert not scan.called
        wanted = False
        for interrupted in (scan, late):
            try:
                await interrupted.addTimeout(30, reactor)
            except Interrupted:
                pass
            else:
                raise AssertionError("it went on to an end")
        assert await database.scan(answer, 30.0).addTimeout(30, reactor) == 42
    finally:
        database.close()
        await deferLater(reactor, 0, lambda: succeed(None))

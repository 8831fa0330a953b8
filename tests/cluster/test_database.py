"""The database of a cluster: what a piece of work keeps, and what becomes of it in bad times."""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from typing import Any

import psycopg
from psycopg import errors
from twisted.internet.defer import Deferred

from chatservice.cluster import database as cluster_database
from chatservice.cluster.connection import ClusterConnection, connect
from chatservice.cluster.database import ClusterDatabase
from chatservice.cluster.lanes import TRIES
from chatservice.protocol.errors import StorageError
from chatservice.storage.database import DatabaseError, Interrupted
from tests.clustered import ClusterCase, end, session_of
from tests.databases import HeldPool, InlinePool
from tests.engine import Engine

SCHEMA = """
-- version 1
CREATE TABLE chatservice (version integer NOT NULL);
INSERT INTO chatservice VALUES (0);
CREATE TABLE lines (text text PRIMARY KEY);
"""
AWAY = "the database does not answer"
NOTE = "INSERT INTO lines VALUES (?) ON CONFLICT DO NOTHING"
LINES = "SELECT coalesce(array_agg(text ORDER BY text), '{}') FROM lines"
SLEEP = "SELECT pg_sleep(600)"

Work = Callable[[ClusterConnection], Any]


def note(text: str) -> Work:
    """Work that stores a line."""
    return lambda connection: connection.execute(NOTE, (text,))


def noted(connection: ClusterConnection) -> list[str]:
    """Work that reads the lines."""
    row = connection.execute(LINES).fetchone()
    assert row is not None
    lines: list[str] = row[0]
    return lines


class DatabaseCase(ClusterCase):
    """Tests with an open database.

    @ivar pools: the pools of threads: for reads, and for writes.
    """

    def setUp(self) -> None:
        super().setUp()
        self.database_ = self.with_pools(InlinePool(), InlinePool())

    def with_pools(self, *pools: Any, url: str = "") -> ClusterDatabase:
        """Open a database with these pools."""
        remaining = list(pools)
        database = ClusterDatabase(self.reactor, url or self.url, lambda: remaining.pop(0))
        database.open(SCHEMA)
        self.addCleanup(database.close)
        return database

    def lines(self) -> list[str]:
        """The lines that are stored."""
        return self.successResultOf(self.database_.read(noted))

    def fails(self, done: Deferred[Any], why: str = AWAY) -> None:
        """It fails, for this reason."""
        self.assertEqual(str(self.failureResultOf(done, StorageError).value), why)


class TransactionTests(DatabaseCase):
    """Pieces of work."""

    def test_written(self) -> None:
        """What was written can be read, and everything gives its result."""
        for number, write in enumerate((self.database_.write, self.database_.write_later)):
            done = write(lambda connection, text=str(number): (note(text)(connection), 7)[1])
            self.assertEqual(self.successResultOf(done), 7)
        self.database_.write_at_start(note("2"))
        for done in (self.database_.read(noted), self.database_.scan(noted, 1.0)):
            self.assertEqual(self.successResultOf(done), ["0", "1", "2"])
        self.assertEqual(self.database_.at_start(noted), ["0", "1", "2"])
        self.assertTrue(self.successResultOf(self.database_.empty_log()))

    def test_rolled_back(self) -> None:
        """Work that raises leaves nothing behind, and the next is not hindered."""

        def fails(connection: ClusterConnection) -> None:
            note("first half")(connection)
            raise ZeroDivisionError

        self.failureResultOf(self.database_.write(fails), ZeroDivisionError)
        self.assertRaises(ZeroDivisionError, self.database_.write_at_start, fails)
        self.assertEqual(self.lines(), [])
        self.successResultOf(self.database_.write(note("next")))
        self.assertEqual(self.lines(), ["next"])

    def test_single_statement(self) -> None:
        """A single statement is a transaction, and gives its row."""
        done = self.database_.change("INSERT INTO lines VALUES (?) RETURNING text", "hi")
        self.assertEqual(self.successResultOf(done), ("hi",))
        self.assertEqual(self.lines(), ["hi"])

    def test_urgent_first(self) -> None:
        """Small steps of long work let everything else go first."""
        held = HeldPool()
        database = self.with_pools(InlinePool(), held)
        order: list[str] = []
        for name, write in (("later", database.write_later), ("now", database.write)):
            write(lambda connection, name=name: order.append(name))
        for work in held.waiting:
            work()
        self.assertEqual(order, ["now", "later"])

    def test_lock(self) -> None:
        """One of several nodes has a lock, for as long as its connection lasts."""
        nodes = [self.database_, self.with_pools(*(InlinePool() for _ in range(2)))]

        def held() -> list[bool]:
            return [self.successResultOf(node.hold(9)) for node in nodes]

        for _ in range(2):
            self.assertEqual(held(), [True, False])
        end(self.successResultOf(nodes[0].write(session_of)))
        nodes.reverse()
        self.assertEqual(held(), [True, False])


class ScanTests(DatabaseCase):
    """Long reads."""

    def interrupted(self, work: Work, seconds: float = 1.0, **wanted: Any) -> None:
        self.failureResultOf(self.database_.scan(work, seconds, **wanted), Interrupted)
        self.assertEqual(self.successResultOf(self.database_.scan(noted, 1.0)), [])

    def test_long_statement(self) -> None:
        """A statement that takes too long is interrupted, and the next read is not hindered."""
        self.interrupted(lambda connection: connection.execute(SLEEP), 0.01)

    def test_many_statements(self) -> None:
        """So is work of many statements."""

        def slow(connection: ClusterConnection) -> None:
            noted(connection)
            self.reactor.advance(1.1)
            noted(connection)

        self.interrupted(slow)

    def test_not_wanted(self) -> None:
        """Work that nobody waits for any more makes no further statement."""
        wanted = [True]

        def left(connection: ClusterConnection) -> None:
            wanted.clear()
            self.reactor.advance(0.1)
            noted(connection)

        self.interrupted(left, is_wanted=lambda: bool(wanted))

    def test_short_meanwhile(self) -> None:
        """A short read goes between two statements of it, on whose time it does not count."""
        held = HeldPool()
        database = self.with_pools(held, InlinePool())
        limits: list[str] = []

        def limit(connection: ClusterConnection) -> None:
            limits.append(connection.execute("SHOW statement_timeout").fetchall()[0][0])

        def short(connection: ClusterConnection) -> None:
            limit(connection)
            self.reactor.advance(2.0)

        def long(connection: ClusterConnection) -> None:
            limit(connection)
            database.read(short)
            limit(connection)
            limit(connection)

        done = database.scan(long, 1.0)
        for work in held.waiting:
            work()
        self.successResultOf(done)
        self.assertEqual(limits, ["1s", "0", "1s", "1s"])

    def test_lost_meanwhile(self) -> None:
        """If a short read finds the connection lost, both are done on another one."""
        held = HeldPool()
        database = self.with_pools(held, InlinePool())
        shorts: list[Deferred[int]] = []

        def long(connection: ClusterConnection) -> int:
            if not shorts:
                shorts.append(database.read(session_of))
                end(connection.raw.info.backend_pid)
            return session_of(connection)

        done = database.scan(long, 1.0)
        for work in held.waiting:
            work()
        self.successResultOf(shorts[0])
        self.successResultOf(done)

    def setting(self, name: str, seconds: float) -> str:
        """The value of a setting in a read."""

        def read(connection: ClusterConnection) -> Any:
            return connection.execute(f"SHOW {name}").fetchone()

        (value,) = self.successResultOf(self.database_.scan(read, seconds))
        return value

    def test_limit(self) -> None:
        """Without a limit a read may take a minute."""
        for seconds, wanted in ((inf, "1min"), (2.0, "2s"), (2.0, "2s")):
            self.assertEqual(self.setting("statement_timeout", seconds), wanted)

    def test_planned_anew(self) -> None:
        """A search is planned for the words in it, however often there was one."""
        self.assertEqual(self.setting("plan_cache_mode", 1.0), "force_custom_plan")


class TroubleTests(DatabaseCase):
    """What goes wrong."""

    def raising(self, error: psycopg.Error, times: int) -> tuple[Work, list[int]]:
        """Make work that fails so often before it stores a line; gives its sessions as well."""
        sessions: list[int] = []

        def work(connection: ClusterConnection) -> None:
            sessions.append(session_of(connection))
            if len(sessions) <= times:
                raise error
            note("done")(connection)

        return work, sessions

    def test_connection_ended(self) -> None:
        """After its connection has ended, work goes on with another, and nobody notices."""
        for do in (self.database_.read, self.database_.write):
            before = self.successResultOf(do(session_of))
            end(before)
            self.assertNotEqual(self.successResultOf(do(session_of)), before)
        end(self.successResultOf(self.database_.scan(session_of, 1.0)))
        self.successResultOf(self.database_.scan(session_of, 1.0))

    def test_ended_meanwhile(self) -> None:
        """Work whose connection ends before the commit is done again."""
        tries: list[int] = []

        def work(connection: ClusterConnection) -> None:
            note("done")(connection)
            tries.append(session_of(connection))
            if len(tries) == 1:
                end(tries[0])

        self.successResultOf(self.database_.write(work))
        self.assertEqual((len(tries), self.lines()), (2, ["done"]))

    def test_replaced(self) -> None:
        """A server that is read-only now was replaced by another: work looks for that one."""
        work, sessions = self.raising(errors.ReadOnlySqlTransaction(), 1)
        self.successResultOf(self.database_.write(work))
        self.assertEqual(len(set(sessions)), 2)

    def test_conflict(self) -> None:
        """What was in conflict with others is done again, on the same connection."""
        for error in (errors.DeadlockDetected(), errors.UniqueViolation()):
            work, sessions = self.raising(error, TRIES - 1)
            self.successResultOf(self.database_.write(work))
            self.assertEqual((len(sessions), len(set(sessions))), (TRIES, 1))

    def test_conflict_that_lasts(self) -> None:
        """If others do not let go of a row, that is told."""
        self.patch(cluster_database, "_LIMIT_LOCKS", "SET lock_timeout = '1ms'")
        self.successResultOf(self.database_.write(note("hi")))
        change = "UPDATE lines SET text = 'ho'"
        node = self.with_pools(*(InlinePool() for _ in range(2)))

        def meanwhile(connection: ClusterConnection) -> None:
            connection.execute(change)
            done = node.write(lambda other: other.execute(change))
            self.fails(done, "the database has too much to do")

        self.successResultOf(self.database_.write(meanwhile))

    def test_disk(self) -> None:
        """A full disk is told, and not tried again."""
        work, sessions = self.raising(errors.DiskFull(), 1)
        self.fails(self.database_.write(work), "the disk is full")
        self.assertEqual(len(sessions), 1)

    def test_bug(self) -> None:
        """A bug stays what it is."""
        for do in (self.database_.read, self.database_.write):
            done = do(lambda connection: connection.execute("SELEKT"))
            self.failureResultOf(done, errors.SyntaxError)
        with self.assertRaises(errors.SyntaxError):
            self.database_.at_start(lambda connection: connection.execute("SELEKT"))

    def test_at_start(self) -> None:
        """A server that goes away at the start is told as at any start."""
        end(self.database_.at_start(session_of))
        with self.assertRaises(DatabaseError) as caught:
            self.database_.at_start(noted)
        self.assertEqual(str(caught.exception), "The database does not answer")

    def test_server_down(self) -> None:
        """While the server is down everything fails; when it is back, everything goes on."""
        self.patch(cluster_database, "connect", connect)
        with Engine.start() as own:
            pools = [InlinePool() for _ in range(2)]
            self.database_ = self.with_pools(*pools, url=own.url)
            self.successResultOf(self.database_.write(note("before")))
            own.kill()
            for done in (
                self.database_.read(noted),
                self.database_.scan(noted, 1.0),
                self.database_.write(note("meanwhile")),
            ):
                self.fails(done)
            own.restart()
            self.successResultOf(self.database_.write(note("after")))
            self.assertEqual(self.lines(), ["after", "before"])

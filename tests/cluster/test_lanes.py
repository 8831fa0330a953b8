"""Work that gets no answer, and what becomes of its connection."""

from __future__ import annotations

import time
from threading import Thread
from typing import Any

import psycopg
from twisted.python.threadpool import ThreadPool

from chatservice.cluster import database as cluster_database
from chatservice.cluster import lanes
from chatservice.cluster.connection import ClusterConnection, connect
from chatservice.cluster.database import ClusterDatabase
from chatservice.cluster.lanes import ANSWER_WITHIN
from tests.cluster.test_database import SCHEMA, DatabaseCase, note, noted
from tests.clustered import connect_fast, end, engine, session_of
from tests.databases import HeldPool, InlinePool
from tests.engine import Engine
from tests.running import PATIENCE

SLEEP = "SELECT pg_sleep(600)"


class PatienceTests(DatabaseCase):
    """Work that gets no answer."""

    def setUp(self) -> None:
        super().setUp()
        self.held = HeldPool()
        self.threads: list[Thread] = []

    def waiting(self, url: str = "") -> ClusterDatabase:
        """Open a database whose writes wait for the test."""
        return self.with_pools(InlinePool(), self.held, url=url)

    def begin(self) -> None:
        """Let the next write begin, in a thread."""
        self.threads.append(Thread(target=self.held.waiting.pop(0), daemon=True))
        self.threads[-1].start()

    def until(self, condition: str, on: Engine | None = None) -> None:
        """Wait until a condition holds on the server."""
        at_latest = time.monotonic() + PATIENCE
        while (on or engine()).execute(f"SELECT {condition}") != [(True,)]:
            self.assertLess(time.monotonic(), at_latest, condition)

    def test_not_begun(self) -> None:
        """Work that could not begin in time is told as failed, and never done."""
        database = self.waiting()
        done = database.write(note("late"))
        self.assertNoResult(done)
        self.reactor.advance(ANSWER_WITHIN)
        self.fails(done)
        self.held.waiting.pop()()
        self.assertEqual(self.lines(), [])

    def test_slow_read(self) -> None:
        """A read that gets no answer is given up, with its connection; the next one has another."""
        sessions = []

        def silent(connection: ClusterConnection) -> None:
            sessions.append(session_of(connection))
            self.reactor.advance(ANSWER_WITHIN)
            noted(connection)

        self.fails(self.database_.read(silent))
        self.assertNotIn(self.successResultOf(self.database_.read(session_of)), sessions)
        self.assertEqual(len(sessions), 1)

    def test_slow_connection(self) -> None:
        """So is one that waits for a connection, and is never done; the next one makes it."""
        end(self.successResultOf(self.database_.read(session_of)))

        def connect_late(*given: Any) -> ClusterConnection:
            self.reactor.advance(ANSWER_WITHIN)
            return connect_fast(*given)

        self.patch(cluster_database, "connect", connect_late)
        done: list[object] = []
        self.fails(self.database_.read(lambda connection: done.append(noted(connection))))
        self.assertEqual(done, [])
        self.patch(cluster_database, "connect", connect_fast)
        self.assertEqual(self.successResultOf(self.database_.read(noted)), [])

    def test_write_without_answer(self) -> None:
        """A write that gets no answer is given up, with its connection."""
        database = self.waiting()
        sleep = f"{SLEEP} AS unanswered"
        done = database.write(lambda connection: connection.execute(sleep))
        self.begin()
        self.until(f"EXISTS (SELECT FROM pg_stat_activity WHERE query = '{sleep}')")
        self.reactor.advance(ANSWER_WITHIN)
        self.fails(done)
        self.threads[0].join()
        done = database.write(note("next"))
        self.held.waiting.pop()()
        self.successResultOf(done)
        self.assertEqual(self.lines(), ["next"])

    def test_server_away(self) -> None:
        """So is one whose server answers no read either."""
        database = self.waiting()

        def away(*given: Any) -> Any:
            raise psycopg.OperationalError("gone")

        def silent(connection: ClusterConnection) -> None:
            end(self.successResultOf(database.read(session_of)))
            self.patch(cluster_database, "connect", away)
            self.reactor.advance(ANSWER_WITHIN)
            noted(connection)

        done = database.write(silent)
        self.held.waiting.pop()()
        self.fails(done)

    def test_waits_for_standby(self) -> None:
        """A write that waits for a standby is told as failed, but its connection waits on."""
        self.patch(cluster_database, "connect", connect)
        with Engine.start() as own:
            database = self.waiting(own.url)
            before = database.write(session_of)
            self.held.waiting.pop(0)()
            own.execute("ALTER SYSTEM SET synchronous_standby_names = 'nobody'")
            own.execute("SELECT pg_reload_conf()")
            self.until("current_setting('synchronous_standby_names') = 'nobody'", own)
            own.execute("CHECKPOINT")  # The checkpointer makes commits wait.
            done = database.write(note("kept"))
            later = database.write(note("later"))
            self.begin()
            waits = "EXISTS (SELECT FROM pg_stat_activity WHERE wait_event = 'SyncRep')"
            self.until(waits, own)
            self.reactor.advance(ANSWER_WITHIN)
            self.fails(done)
            self.fails(later)
            self.assertEqual(own.execute(f"SELECT {waits}"), [(True,)])
            own.execute("ALTER SYSTEM RESET synchronous_standby_names")
            own.execute("SELECT pg_reload_conf()")
            self.threads[0].join()
            self.assertEqual(self.successResultOf(database.read(noted)), ["kept"])
            after = database.write(session_of)
            for work in self.held.waiting:
                work()
            self.assertEqual(*map(self.successResultOf, (before, after)))

    def test_close(self) -> None:
        """Closing does not wait for ever."""
        self.patch(lanes, "CLOSE_WITHIN", 0.0)
        pools = [ThreadPool(1, 1) for _ in range(2)]
        database = ClusterDatabase(self.reactor, self.url, lambda: pools.pop(0))
        database.open(SCHEMA)
        done = database.write(lambda connection: connection.execute(f"{SLEEP} AS closing"))
        waiting = database.write(note("late"))
        self.until(f"EXISTS (SELECT FROM pg_stat_activity WHERE query = '{SLEEP} AS closing')")
        database.close()
        self.fails(done)
        self.fails(waiting)

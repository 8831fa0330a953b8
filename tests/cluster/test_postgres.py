"""A node's link to PostgreSQL: what is new wakes it, and whatever breaks is told apart."""

from __future__ import annotations

import json
import select
from collections.abc import Callable
from typing import Any

import psycopg
from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from chatservice.cluster import connection as cluster_connection
from chatservice.cluster import postgres
from chatservice.cluster.connection import connect
from chatservice.cluster.entering import enter
from chatservice.cluster.link import LinkLost, Row, Seat
from chatservice.cluster.log import ClusterLog
from chatservice.cluster.postgres import PostgresLink, make_ready
from chatservice.cluster.schema import opened
from chatservice.cluster.spelling import spell
from chatservice.protocol.errors import StorageError
from chatservice.protocol.events import Batch, Event, Said
from chatservice.protocol.ids import EventIds
from chatservice.protocol.stamping import signed
from chatservice.protocol.whereabouts import Housed
from tests.clustered import ClusterCase, connect_fast, engine
from tests.databases import InlinePool, InlineReactor
from tests.running import PATIENCE

ZOE = b"z" * 16


class WatchingReactor(InlineReactor):
    """A reactor whose clock stands still, and which reads and writes while it waits."""

    def __init__(self) -> None:
        super().__init__()
        self._readers: set[Any] = set()
        self._writers: set[Any] = set()

    def addReader(self, reader: Any) -> None:
        self._readers.add(reader)

    def removeReader(self, reader: Any) -> None:
        self._readers.discard(reader)

    def addWriter(self, writer: Any) -> None:
        self._writers.add(writer)

    def removeWriter(self, writer: Any) -> None:
        self._writers.discard(writer)

    def wait_until(self, condition: Callable[[], object]) -> None:
        """Read and write until something is true."""
        while not condition():
            ready = select.select(self._readers, self._writers, (), PATIENCE)
            assert any(ready), "nothing comes"
            for reader in ready[0]:
                assert reader.logPrefix()
                reader.doRead()
            for writer in ready[1]:
                writer.doWrite()


class PostgresCase(ClusterCase):
    """Two nodes, of which the one has a link, and zoe is at the other one.

    @ivar woken: how often the link has told of something new.
    """

    def setUp(self) -> None:
        super().setUp()
        opened(self.url).raw.close()
        self.patch(postgres, "connect", connect_fast)
        self.watching = WatchingReactor()
        connection = connect_fast(self.url, make_ready)
        self.entered = enter(connection, "one", "{}")
        self.seat = self.entered.seat
        pool: Any = InlinePool
        self.link = PostgresLink(self.watching, self.url, connection, pool)
        self.addCleanup(self.link.close)
        self.woken = 0
        self.link.woken = self.wake
        self.other = connect_fast(self.url)
        self.addCleanup(self.other.raw.close)
        self.there = enter(self.other, "two", "{}").seat
        self.number = 0
        self.appended(Housed(arrives=True, key="zoe"))
        # What is told of during a read counts as read only after the next one.
        self.cursor = max(self.all_read() for _ in range(2))
        self.woken = 0

    def wake(self) -> None:
        self.woken += 1

    def appended(self, event: Event) -> None:
        """Have the other node append an event of zoe's."""
        self.number += 1
        batch = spell([signed(event, "zoe", ZOE, "", "~zoe@there")])
        given = (self.there.node, self.there.link, self.number, 0, batch)
        self.other.execute("SELECT * FROM chat_append(?, ?, ?, ?, ?)", given)

    def says(self, text: str = "hi") -> None:
        """Have zoe say something at the other node."""
        self.appended(Said(room="lobby", text=text))

    def got(self, call: Deferred[Any]) -> Any:
        """Wait for the answer of a call; gives what it fails with, if it does."""
        answers: list[Any] = []
        call.addBoth(answers.append)
        self.watching.wait_until(lambda: answers)
        (answer,) = answers
        return answer.value if isinstance(answer, Failure) else answer

    def all_read(self) -> int:
        """Read everything; gives the last id."""
        rows = self.got(self.link.read(self.seat, 0))
        last: int = rows[-1].last
        return last

    def session(self) -> int:
        """The number of the server's process that the link is connected to."""
        assert self.link._wire is not None
        number: int = self.link._wire._connection.info.backend_pid
        return number


class WakingTests(PostgresCase):
    """What is new is told."""

    def test_idle(self) -> None:
        """A batch of another node wakes the link that waits."""
        self.says()
        self.watching.wait_until(lambda: self.woken)

    def test_meanwhile(self) -> None:
        """One that was committed while a statement was under way does so too."""
        self.says()
        self.assertEqual(self.got(self.link.renew(self.seat, 0, 0, False)), [])
        self.watching.wait_until(lambda: self.woken)

    def test_read_already(self) -> None:
        """What was read since wakes nobody."""
        self.says()
        self.watching.wait_until(lambda: self.woken)
        for _ in range(2):
            self.all_read()
        self.woken = 0
        self.got(self.link.renew(self.seat, 0, 0, False))
        self.assertEqual(self.woken, 0)

    def test_log(self) -> None:
        """The log reads at once what was committed during a statement of its own."""
        log = ClusterLog(self.watching, EventIds(lambda: 0.0), lambda: 0, self.fail)
        passed: list[str] = []

        def take(batch: Batch, node: int = 0) -> None:
            passed.extend(event.text for event in batch if isinstance(event, Said))

        log.follow(take, self.fail)
        log.begin(self.link, self.seat, self.cursor)
        self.says("first")
        log._renew_soon()
        self.watching.wait_until(lambda: passed == ["first"])
        self.says("second")
        self.watching.wait_until(lambda: passed == ["first", "second"])
        self.successResultOf(log.append(()))


class StatementTests(PostgresCase):
    """The calls, and how they fail."""

    def test_append(self) -> None:
        """A batch comes back after what others have committed, without its events."""
        self.says()
        batch = spell([signed(Housed(arrives=True, key="ada"), "ada", b"a" * 16, "", "~ada@here")])
        foreign, own = self.got(self.link.append(self.seat, 1, self.cursor, batch))
        self.assertEqual((foreign.node, own.node, own.number), (self.there.node, self.seat.node, 1))
        self.assertIn('"hi"', foreign.data)
        self.assertEqual(own, Row(own.last, own.last, self.seat.node, 1, [], None, None))

    def test_append_refused(self) -> None:
        """Nothing goes through a link that counts no more, nor twice."""
        stale = Seat(self.seat.node, self.seat.link - 1)
        for seat, number in ((stale, 1), (self.seat, 2), (self.seat, 0)):
            self.assertEqual(self.got(self.link.append(seat, number, 0, "[]")), [])

    def test_large(self) -> None:
        """A batch may be larger than what a socket takes at a time."""
        text = "x" * 20_000_000
        batch = spell([signed(Said(room="lobby", text=text), "ada", b"a" * 16, "", "~ada@here")])
        (row,) = self.got(self.link.append(self.seat, 1, self.cursor, batch))
        self.assertEqual(row.refused, [0])

    def test_settle(self) -> None:
        """Settling tells what is committed, and whether that is all that was read."""
        self.got(self.link.append(self.seat, 1, self.cursor, "[]"))
        settled = self.got(self.link.settle(self.seat, self.cursor))
        self.assertEqual(settled, (2, 1, True, (True, False)))
        self.assertEqual(self.got(self.link.append(self.seat, 2, 0, "[]")), [])
        settled = self.got(self.link.settle(self.seat, self.cursor - 1))
        self.assertEqual(settled[:3], (3, 1, False))
        (head,) = self.other.execute("SELECT last FROM head").fetchone()
        self.assertEqual(head, self.cursor)

    def test_settle_lost(self) -> None:
        """Ids begin above everything that was ever read, although the engine has lost it."""
        ahead = self.cursor + 3600 * 1_000_000
        self.assertEqual(self.got(self.link.settle(self.seat, ahead))[:3], (2, 0, False))
        self.says()
        (row,) = self.got(self.link.read(self.seat, ahead))
        self.assertGreater(row.first, ahead)

    def test_handed_over(self) -> None:
        """After leaving, the people are at another node, and the place is lost."""
        self.got(self.link.leave(self.seat, self.cursor))
        (row,) = self.got(self.link.read(self.seat, self.cursor))
        self.assertEqual(row.node, self.there.node)
        (adopted,) = json.loads(row.data)
        self.assertEqual(adopted["upto"], self.cursor)
        self.assertIsNone(self.got(self.link.settle(self.seat, self.cursor)))
        self.assertIsNone(self.got(self.link.renew(self.seat, self.cursor, 0, False)))

    def test_entered(self) -> None:
        """What a node knows when it enters ends with a row of the log, for settling."""
        third = connect_fast(self.url)
        self.addCleanup(third.raw.close)
        entered = enter(third, "three", "{}")
        given = (entered.seat.node, entered.snapshot.cursor)
        row = third.execute("SELECT v_is_whole FROM chat_settle(?, ?)", given).fetchone()
        self.assertEqual(row, (True,))

    def test_dropped(self) -> None:
        """A connection that is given up fails the call under way, and another one takes over."""
        with self.other.raw.transaction():
            self.other.execute("SELECT chat_lock()")
            waiting = self.link.append(self.seat, 1, 0, "[]")
            self.link.drop()
            self.assertIsInstance(self.got(waiting), LinkLost)
        self.assertIsInstance(self.got(self.link.read(self.seat, 0)), LinkLost)
        self.link.drop()
        self.successResultOf(self.link.connect())
        self.assertEqual(self.got(self.link.settle(self.seat, 0)).link, 2)

    def test_ended(self) -> None:
        """A connection that the server ends while nothing is under way wakes the link."""
        engine().execute("SELECT pg_terminate_backend(%s, 10000)", self.session())
        self.woken = 0
        self.watching.wait_until(lambda: self.woken)
        self.assertIsInstance(self.got(self.link.read(self.seat, 0)), LinkLost)

    def test_ended_meanwhile(self) -> None:
        """One that it ends during a call fails that."""
        session = self.session()
        waiting = self.link.renew(self.seat, 0, 0, False)
        engine().execute("SELECT pg_terminate_backend(%s, 10000)", session)
        answer = self.got(waiting)
        self.assertTrue(answer == [] or isinstance(answer, LinkLost), answer)

    def test_broken(self) -> None:
        """What the reactor finds out first is the same."""
        waiting = self.link.read(self.seat, 0)
        (wire,) = self.watching._readers
        wire.connectionLost(Failure(ZeroDivisionError()))
        self.failureResultOf(waiting, LinkLost)
        self.assertEqual((self.woken, self.watching._readers), (1, set()))

    def test_replaced(self) -> None:
        """A new connection may be opened although nothing is wrong with the one before."""
        before = self.session()
        self.successResultOf(self.link.connect())
        self.assertNotEqual(self.session(), before)

    def test_errors(self) -> None:
        """A reason of the engine's is told apart from a bug, and the link goes on after both."""
        for state, kind in (("53100", StorageError), ("22012", psycopg.errors.DivisionByZero)):
            self.other.raw.execute(
                "CREATE OR REPLACE FUNCTION chat_read(p_node bigint, p_cursor bigint)"
                " RETURNS SETOF log LANGUAGE plpgsql AS"
                f" $$ BEGIN RAISE SQLSTATE '{state}'; END $$".encode()
            )
            self.assertIsInstance(self.got(self.link.read(self.seat, 0)), kind)
        self.assertEqual(self.got(self.link.renew(self.seat, 0, 0, False)), [])

    def test_no_server(self) -> None:
        """If no connection can be opened, that is told."""
        self.patch(self.link, "_url", "postgresql://chat@127.0.0.1:1/chat")
        self.failureResultOf(self.link.connect(), LinkLost)


class PreparingTests(ClusterCase):
    """New connections."""

    def test_silent(self) -> None:
        """One whose server falls silent before it is ready is given up."""
        self.patch(cluster_connection, "PREPARE_SECONDS", 0.1)
        slow = "SELECT pg_sleep(600)"
        with self.assertRaises(psycopg.OperationalError):
            connect(self.url, lambda connection: connection.raw.execute(slow))

    def test_no_schema(self) -> None:
        """One to a database that is not a cluster's cannot be made ready."""
        with self.assertRaises(psycopg.errors.UndefinedFunction):
            connect(self.url, make_ready)

    def test_failing(self) -> None:
        """One that cannot be made ready is closed."""
        made = []

        def fail(connection: Any) -> None:
            made.append(connection.raw)
            raise ZeroDivisionError

        with self.assertRaises(ZeroDivisionError):
            connect(self.url, fail)
        self.assertTrue(made[0].closed)

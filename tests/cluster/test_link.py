"""A node's link to PostgreSQL, whose socket a test watches in place of the reactor."""

from __future__ import annotations

import os
import select
import time
from collections.abc import Callable
from socket import MSG_PEEK, SO_SNDBUF, SOL_SOCKET, socket
from typing import Any

import psycopg
from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from chatservice.cluster.connection import ClusterConnection, connect
from chatservice.cluster.entering import enter
from chatservice.cluster.link import ROWS, LinkLost, Row, Seat, Settled
from chatservice.cluster.postgres import PostgresLink, make_ready
from chatservice.cluster.schema import opened
from chatservice.cluster.spelling import spell
from chatservice.cluster.wire import Wire, prepare
from chatservice.protocol.errors import StorageError
from chatservice.protocol.events import Said
from chatservice.protocol.stamping import signed
from chatservice.protocol.whereabouts import Housed
from tests.clustered import ClusterCase, end, session_of
from tests.databases import InlinePool, InlineReactor
from tests.engine import skip_without_postgresql
from tests.running import PATIENCE

LARGE = 16_000_000
"""The characters of a line that no socket takes at once."""

LATER = str(2**62)
"""An id after all others."""

NOWHERE = "postgresql://127.0.0.1:9/chat"


class SocketReactor(InlineReactor):
    """A reactor that looks at sockets when a test says so."""

    def __init__(self) -> None:
        super().__init__()
        self.readers: list[Any] = []
        self.writers: list[Any] = []

    def addReader(self, reader: Any) -> None:
        self.readers = [*self.readers, reader]

    def removeReader(self, reader: Any) -> None:
        self.readers = [each for each in self.readers if each is not reader]

    def addWriter(self, writer: Any) -> None:
        if writer not in self.writers:
            self.writers = [*self.writers, writer]

    def removeWriter(self, writer: Any) -> None:
        self.writers = [each for each in self.writers if each is not writer]

    def turn(self, is_done: Callable[[], bool]) -> None:
        """Read and write until that is so."""
        end = time.monotonic() + PATIENCE
        while not is_done():
            assert time.monotonic() < end
            readable, writable, _ = select.select(self.readers, self.writers, [], PATIENCE)
            for each in readable:
                if each in self.readers:
                    each.doRead()
            for each in writable:
                if each in self.writers:
                    each.doWrite()


class LinkedNode:
    """A node with a link, and nothing else.

    @ivar woken: how often it was woken.
    """

    def __init__(self, reactor: SocketReactor, url: str, name: str, pool: Any = InlinePool) -> None:
        self.connection: ClusterConnection = connect(url)
        make_ready(self.connection)
        self.session = session_of(self.connection)
        self.seat = enter(self.connection, name, "{}").seat
        self.link = PostgresLink(reactor, url, self.connection, pool)
        self.link.woken = self._wake
        self.woken = self.number = 0

    def _wake(self) -> None:
        self.woken += 1

    def append(self, *texts: str, cursor: int = 0) -> Deferred[Any]:
        """Append lines of somebody who comes with the first of them."""
        events: list[Any] = [Said(room="tea", text=text) for text in texts]
        if not self.number:
            events.insert(0, Housed(arrives=True, key="ada"))
        self.number += 1
        batch = spell([signed(event, "ada", b"a" * 16, "") for event in events])
        return self.link.append(self.seat, self.number, cursor, batch)


@skip_without_postgresql
class LinkTests(ClusterCase):
    """Two nodes that are linked to one database."""

    def setUp(self) -> None:
        super().setUp()
        opened(self.url).raw.close()
        self.sockets = SocketReactor()
        self.here, self.there = (
            LinkedNode(self.sockets, self.url, name) for name in ("here", "there")
        )
        for node in (self.here, self.there):
            self.addCleanup(node.link.close)
        # Whoever enters is heard of.
        self.answer(self.here.link.read(self.here.seat, 0))
        self.answer(self.there.link.read(self.there.seat, 0))
        self.here.woken = self.there.woken = 0

    def answer(self, call: Deferred[Any]) -> Any:
        """What a call returns."""
        answers: list[Any] = []
        call.addBoth(answers.append)
        self.sockets.turn(lambda: bool(answers))
        return answers[0]

    def failure(self, call: Deferred[Any], kind: type[Exception]) -> None:
        """See a call fail."""
        answer = self.answer(call)
        self.assertIsInstance(answer, Failure)
        self.assertIsInstance(answer.value, kind)

    def is_woken(self) -> bool:
        """Whether the other node was woken."""
        return self.there.woken > 0

    def test_appending(self) -> None:
        """Who appends gets its own batch back without its data, and is not woken by it."""
        *_, row = self.answer(self.here.append("hello"))
        self.assertEqual((row.node, row.number, row.refused, row.data), (1, 1, [], None))
        self.sockets.turn(self.is_woken)
        self.answer(self.here.link.read(self.here.seat, row.last))
        self.assertEqual(self.here.woken, 0)

    def test_reading(self) -> None:
        """Others are woken once, and read it with its data; then they are not woken any more."""
        *_, own = self.answer(self.here.append("hello"))
        self.sockets.turn(self.is_woken)
        *_, row = self.answer(self.there.link.read(self.there.seat, own.first - 1))
        self.assertIsInstance(row, Row)
        self.assertEqual(row._replace(data=None), own)
        self.assertIn('"text":"hello"', row.data)
        self.assertEqual(self.there.woken, 1)

    def test_told_after_an_answer(self) -> None:
        """What is told right after an answer, and comes along with it, wakes a node at once."""
        call = self.here.append("hello")
        select.select([self.wire], [], [], PATIENCE)
        self.there.connection.raw.pgconn.nonblocking = 0
        self.there.connection.execute("SELECT pg_notify('chat', ?)", (LATER,))
        self.wait_until_it_came(LATER)
        self.wire.doRead()
        self.assertNotEqual(self.successResultOf(call), [])
        self.assertEqual(self.here.woken, 1)

    def wait_until_it_came(self, payload: str) -> None:
        """Wait until a notification is there for the first node to read."""
        end = time.monotonic() + PATIENCE
        with socket(fileno=os.dup(self.wire.fileno())) as unread:
            while payload.encode() not in unread.recv(LARGE, MSG_PEEK):
                assert time.monotonic() < end

    def test_more_than_one_call_reads(self) -> None:
        """One call returns no more than so many rows."""
        for number in range(ROWS + 1):
            self.assertEqual(self.answer(self.here.append(str(number), cursor=2**62)), [])
        seat = self.there.seat
        rows = self.answer(self.there.link.read(seat, 0))
        self.assertEqual(len(rows), ROWS)
        *_, last = self.answer(self.there.link.read(seat, rows[-1].last))
        self.assertIn(f'"text":"{ROWS}"', last.data)

    def test_another_chat(self) -> None:
        """What another chat in the same database tells of wakes a node once, if at all."""
        self.here.connection.raw.pgconn.nonblocking = 0
        for payload in ("9000000000000000000", "nonsense"):
            self.here.connection.execute("SELECT pg_notify('chat', ?)", (payload,))
        self.sockets.turn(self.is_woken)
        for _ in range(3):
            self.assertEqual(self.answer(self.there.link.read(self.there.seat, 2**62)), [])
        self.assertEqual(self.there.woken, 1)

    def test_large(self) -> None:
        """A batch that the socket does not take at once is sent piece by piece."""
        with socket(fileno=os.dup(self.here.connection.raw.fileno())) as narrow:
            narrow.setsockopt(SOL_SOCKET, SO_SNDBUF, 4096)
        call = self.here.append("x" * LARGE)
        self.assertTrue(self.sockets.writers)
        *_, own = self.answer(call)
        self.assertFalse(self.sockets.writers)
        *_, row = self.answer(self.there.link.read(self.there.seat, own.first - 1))
        self.assertGreater(len(row.data), LARGE)

    def test_lease(self) -> None:
        """A lease is renewed until the node has left."""
        node = self.here
        self.assertEqual(self.answer(node.link.renew(node.seat, 0, 1, False)), [])
        self.assertIsNone(self.answer(node.link.leave(node.seat, 0)))
        self.assertIsNone(self.answer(node.link.renew(node.seat, 0, 1, True)))
        self.assertIsNone(self.answer(node.link.settle(node.seat, 0)))

    def test_lost(self) -> None:
        """A link that has ended is noticed at once; a new one fences what came through it."""
        node = self.here
        end(node.session)
        self.sockets.turn(lambda: node.woken > 0)
        self.failure(node.append("hello"), LinkLost)
        self.assertIsNone(self.answer(node.link.connect()))
        settled = self.answer(node.link.settle(node.seat, 0))
        self.assertEqual(settled[:2], (2, 0))
        self.assertIsInstance(settled, Settled)
        node.number = 0
        self.assertEqual(self.answer(node.append("hello")), [])
        node.seat, node.number = Seat(1, 2), 0
        self.assertNotEqual(self.answer(node.append("hello")), [])

    def held(self) -> Deferred[Any]:
        """Append while another session holds the log's lock."""
        holder = connect(self.url)
        self.addCleanup(holder.raw.close)
        holder.raw.execute("BEGIN; SELECT chat_lock()")
        return self.here.append("hello")

    def test_lost_under_way(self) -> None:
        """If a link ends, what is under way fails."""
        call = self.held()
        end(self.here.session)
        self.failure(call, LinkLost)
        self.failure(self.here.append("hello"), LinkLost)

    def test_dropped(self) -> None:
        """A link that is given up fails at once, whatever it waits for."""
        call = self.held()
        self.here.link.drop()
        self.failure(call, LinkLost)
        self.here.link.drop()

    def test_dropped_before(self) -> None:
        """So does one that is given up before it is used."""
        self.here.link.drop()
        self.failure(self.here.append("x" * LARGE), LinkLost)

    def test_disconnected(self) -> None:
        """The reactor may be the first to notice."""
        call = self.held()
        (wire,) = (each for each in self.sockets.readers if each.fileno() == self.wire.fileno())
        wire.connectionLost(Failure(ConnectionError()))
        self.failure(call, LinkLost)

    @property
    def wire(self) -> Wire:
        """The wire of the first node."""
        (wire, _) = self.sockets.readers
        self.assertIsInstance(wire, Wire)
        self.assertEqual(wire.logPrefix(), "the link to the database")
        found: Wire = wire
        return found

    def test_unreachable(self) -> None:
        """A server that cannot be reached is no different."""
        link = PostgresLink(self.sockets, NOWHERE, self.there.connection, InlinePool)
        self.failure(link.connect(), LinkLost)

    def test_refused(self) -> None:
        """What the engine cannot do is told as it is; the link goes on."""
        self.here.connection.raw.pgconn.nonblocking = 0
        self.here.connection.raw.execute("SET lock_timeout = '1ms'")
        self.failure(self.held(), StorageError)
        self.assertEqual(self.answer(self.here.link.read(self.here.seat, 2**62)), [])

    def test_mistake(self) -> None:
        """So is a mistake of ours."""
        self.failure(self.here.link.append(self.here.seat, 1, 0, "no JSON"), psycopg.Error)

    def test_preparing(self) -> None:
        """A statement that cannot be prepared is refused when the link is made."""
        connection = connect(self.url)
        self.addCleanup(connection.raw.close)
        self.assertRaises(psycopg.Error, prepare, connection, {"wrong": "SELECT wrong"})

    def test_closed(self) -> None:
        """A link that was closed is not watched, and does nothing any more."""
        for node in (self.here, self.there):
            node.link.close()
            self.failureResultOf(node.append("hello"), LinkLost)
        self.assertEqual((self.sockets.readers, self.sockets.writers), ([], []))

"""A node that has lost its place: it sends its people away, and begins anew by itself."""

from __future__ import annotations

import signal
from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred, succeed
from twisted.internet.endpoints import TCP4ServerEndpoint
from twisted.internet.testing import MemoryReactorClock
from twisted.logger import capturedLogs, formatEvent
from twisted.trial.unittest import SynchronousTestCase

from chatservice.chat.clock import WallClock
from chatservice.cluster import keeping as cluster_keeping
from chatservice.doors import limits
from chatservice.options import Options
from chatservice.protocol.errors import CannotStart
from chatservice.storage import keeping
from chatservice.storage.keeping import FileKeeping
from chatservice.storage.threads import ThreadedDatabase
from chatservice.tap import ANEW_EVERY, ChatService
from tests.databases import HeldPool, InlinePool
from tests.doubles import Wire

CUT_OFF = "this server was cut off from the others"


class Reactor(MemoryReactorClock):
    """A reactor without a network, threads or a clock of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.pool: Any = InlinePool()

    def callFromThread(self, function: Any, *args: Any, **kwargs: Any) -> None:
        function(*args, **kwargs)

    def getThreadPool(self) -> Any:
        return self.pool


class BeginningAnewTests(SynchronousTestCase):
    """Ada is at a node, which keeps its chat in memory here instead of in a cluster.

    @ivar kept: what kept the chat, from the first to the present one, and C{closed} those of them
        that were closed.
    @ivar errors: what the next attempts to open one fail with.
    """

    def setUp(self) -> None:
        pool: Any = InlinePool
        self.patch(keeping, "ThreadedDatabase", lambda *given: ThreadedDatabase(*given, pool))
        self.patch(limits.resource, "setrlimit", lambda which, limits: None)
        self.addCleanup(signal.signal, signal.SIGHUP, signal.getsignal(signal.SIGHUP))
        self.kept: list[FileKeeping] = []
        self.closed: list[FileKeeping] = []
        self.errors: list[Exception] = []
        self.lose_place: Callable[[str], object]
        self.patch(cluster_keeping, "ClusterKeeping", self.keep)
        self.reactor = Reactor()
        options = Options()
        options.parseOptions(["--cluster", "postgresql://chat@db.example/chat", "--node", "one"])
        options["endpoints"] = [("59000", TCP4ServerEndpoint(self.reactor, 59000))]
        self.service = ChatService(self.reactor, options)
        self.service.privilegedStartService()
        self.service.startService()
        self.ada = self.connect()
        self.ada.sends(b"ada\n")
        self.assertIn("you joined lobby", self.ada.sees())

    def keep(
        self, reactor: Any, url: str, name: str, options: str, clock: WallClock,
        lose_place: Callable[[str], object], source: str | None = None,
    ) -> FileKeeping:
        """Make what keeps the chat."""
        kept = FileKeeping(reactor, ":memory:", clock)
        self.kept.append(kept)
        self.lose_place = lose_place
        opens, closes, opened = kept.open, kept.close, list[FileKeeping]()

        def open() -> None:
            opens()
            opened.append(kept)
            if self.errors:
                raise self.errors.pop(0)

        def close() -> Deferred[None]:
            self.closed.append(kept)
            return closes() if opened else succeed(None)

        self.patch(kept, "open", open)
        self.patch(kept, "close", close)
        return kept

    def connect(self) -> Wire:
        """A new connection to the port."""
        factory = self.reactor.tcpServers[0][1]
        wire = Wire(self.reactor)
        wire.protocol = factory.buildProtocol(wire.getPeer())
        wire.protocol.makeConnection(wire)
        return wire

    def lost(self) -> list[str]:
        """Let the node lose its place; gives what it logs."""
        with capturedLogs() as events:
            self.lose_place(CUT_OFF)
        return [str(formatEvent(event)) for event in events]

    def stop(self) -> Deferred[None]:
        done = self.service.stopService()
        self.reactor.pump([0] * 8)
        return done

    def test_anew(self) -> None:
        """People are told and sent away, and find another chat at the same port."""
        former = self.service.chat
        logged = self.lost()
        self.assertEqual(self.ada.sees(), f"-- {CUT_OFF}\r\n")
        self.assertTrue(self.ada.disconnecting)
        self.assertIsNot(self.service.chat, former)
        self.assertEqual(self.closed, self.kept[:1])
        bob = self.connect()
        bob.sends(b"bob\n")
        self.assertIn("you joined lobby", bob.sees())
        self.assertEqual(list(self.service.chat.roster), ["bob"])
        self.assertEqual(logged[0], "This node has lost its place in the cluster: it begins anew.")
        self.assertEqual(logged[-1], "This node has begun anew.")
        done = self.stop()
        self.assertEqual(bob.sees(), "-- the chat is shutting down\r\n")
        self.successResultOf(done)
        self.assertEqual(self.closed, self.kept)

    def test_again(self) -> None:
        """Until the cluster takes it, it tries again; nothing of an attempt is left behind."""
        self.errors = [CannotStart("no"), CannotStart("no"), CannotStart("never")]
        logged = self.lost()
        failed = "Beginning anew failed, and is tried again: no."
        self.assertEqual(logged[-1], failed)
        with capturedLogs() as events:
            self.reactor.pump([ANEW_EVERY] * 3)
        told = [formatEvent(event) for event in events]
        self.assertEqual(
            told, [failed.replace("no.", "never."), "This node has begun anew."]
        )
        self.assertEqual(self.closed, self.kept[:4])
        self.successResultOf(self.stop())

    def test_bug(self) -> None:
        """An error in an attempt is told, and another one is made."""
        self.errors = [ZeroDivisionError()]
        self.lost()
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)
        self.reactor.advance(ANEW_EVERY)
        self.assertEqual(len(self.kept), 3)
        self.successResultOf(self.stop())

    def test_closing_fails(self) -> None:
        """If what kept the former chat cannot be closed, that is told, and the node goes on."""
        self.patch(self.kept[0], "rest", lambda: 1 // 0)
        logged = self.lost()
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)
        self.assertEqual(logged[-1], "This node has begun anew.")
        self.successResultOf(self.stop())

    def test_stopped(self) -> None:
        """A node that is stopped meanwhile ends as soon as the attempt under way does."""
        self.errors = [CannotStart("no")]
        self.reactor.pool = HeldPool()
        self.lost()
        done = self.stop()
        self.assertNoResult(done)
        self.reactor.pool.waiting.pop()()
        self.reactor.pump([0, ANEW_EVERY, 0, 0])
        self.successResultOf(done)
        self.assertEqual(self.closed, self.kept)

    def test_stopped_when_open(self) -> None:
        """If the attempt succeeds, what it opened is closed."""
        self.reactor.pool = HeldPool()
        self.lost()
        done = self.stop()
        self.reactor.pool.waiting.pop()()
        self.reactor.pump([0] * 8)
        self.successResultOf(done)
        self.assertEqual(self.closed, self.kept)

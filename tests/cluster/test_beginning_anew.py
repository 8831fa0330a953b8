"""A node that has lost its place: it sends its people away, and begins anew by itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred, succeed
from twisted.internet.endpoints import TCP4ServerEndpoint
from twisted.logger import capturedLogs, formatEvent

from chatservice.chat.clock import WallClock
from chatservice.cluster import keeping as cluster_keeping
from chatservice.options import Options
from chatservice.protocol.errors import CannotStart
from chatservice.storage.keeping import FileKeeping
from chatservice.tap import ANEW_EVERY, ChatService
from tests.databases import HeldPool
from tests.services import ServiceCase

CUT_OFF = "this server was cut off from the others"


class BeginningAnewTests(ServiceCase):
    """Ada is at a node, which keeps its chat in memory here instead of in a cluster.

    @ivar kept: what kept the chat, from the first to the present one, and C{closed} those of them
        that were closed.
    @ivar errors: what the next attempts to open one fail with.
    """

    def setUp(self) -> None:
        super().setUp()
        self.kept: list[FileKeeping] = []
        self.closed: list[FileKeeping] = []
        self.errors: list[Exception] = []
        self.lose_place: Callable[[str], object]
        self.patch(cluster_keeping, "ClusterKeeping", self.keep)
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

    def lost(self) -> list[str]:
        """Let the node lose its place; gives what it logs."""
        with capturedLogs() as events:
            self.lose_place(CUT_OFF)
        return [str(formatEvent(event)) for event in events]

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
        done = self.stopping(self.service)
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
        self.stop(self.service)

    def test_bug(self) -> None:
        """An error in an attempt is told, and another one is made."""
        self.errors = [ZeroDivisionError()]
        self.lost()
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)
        self.reactor.advance(ANEW_EVERY)
        self.assertEqual(len(self.kept), 3)
        self.stop(self.service)

    def test_closing_fails(self) -> None:
        """If what kept the former chat cannot be closed, that is told, and the node goes on."""
        self.patch(self.kept[0], "rest", lambda: 1 // 0)
        logged = self.lost()
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)
        self.assertEqual(logged[-1], "This node has begun anew.")
        self.stop(self.service)

    def test_stopped(self) -> None:
        """A node that is stopped meanwhile ends as soon as the attempt under way does."""
        self.errors = [CannotStart("no")]
        self.reactor.pool = HeldPool()
        self.lost()
        done = self.stopping(self.service)
        self.assertNoResult(done)
        self.reactor.pool.waiting.pop()()
        self.reactor.pump([0, ANEW_EVERY, 0, 0])
        self.successResultOf(done)
        self.assertEqual(self.closed, self.kept)

    def test_stopped_when_open(self) -> None:
        """If the attempt succeeds, what it opened is closed."""
        self.reactor.pool = HeldPool()
        self.lost()
        done = self.stopping(self.service)
        self.reactor.pool.waiting.pop()()
        self.reactor.pump([0] * 8)
        self.successResultOf(done)
        self.assertEqual(self.closed, self.kept)

"""Chats that are kept in one database by two nodes, in one process and without threads."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from chatservice.chat.clock import WallClock
from chatservice.cluster import keeping, log
from chatservice.cluster.database import ClusterDatabase
from chatservice.cluster.keeping import ClusterKeeping, try_out
from chatservice.cluster.log import AWAY, PATIENCE, RENEW_EVERY
from chatservice.cluster.nodes import LOOK_EVERY
from chatservice.cluster.postgres import PostgresLink
from chatservice.config.settings import Settings
from chatservice.people.accounts import Accounts
from chatservice.server import ChatFactory
from tests.cluster.test_link import SocketReactor
from tests.clustered import ClusterCase
from tests.databases import InlinePool
from tests.doubles import PlainPasswords, Wire
from tests.persons import TextPerson


class ChatNode:
    """A node that keeps a chat, and the people who are connected to it."""

    def __init__(self, reactor: SocketReactor, url: str, name: str, lost: Any) -> None:
        self.reactor = reactor
        clock = WallClock()
        self.keeping = ClusterKeeping(reactor, url, name, "{}", clock, lost)
        self.keeping.open()
        journal = self.keeping.journal
        accounts = Accounts(
            PlainPasswords(), reactor.seconds, journal.ids.now, self.keeping.accounts
        )
        settings = Settings(rate_limit=0, operators=frozenset({"ada"}))
        self.chat = ChatFactory(reactor, journal, settings, accounts, clock)
        accounts.load()
        self.chat.restore()
        self.keeping.begin(self.chat, accounts)

    def comes(self) -> TextPerson:
        """Connect somebody."""
        # From this machine: nobody else may register the name of an operator.
        wire = Wire(self.reactor, host="127.0.0.1")
        wire.protocol = self.chat.buildProtocol(wire.getPeer())
        wire.protocol.makeConnection(wire)
        return TextPerson(wire)


class ChatNodesTests(ClusterCase):
    """Nodes that keep a chat."""

    def setUp(self) -> None:
        super().setUp()
        self.sockets = SocketReactor()
        for kind in (ClusterDatabase, PostgresLink):
            self.patch(keeping, kind.__name__, partial(kind, pool=InlinePool))
        try_out(self.url, "one", None)
        self.one = self.started("one")

    def started(self, name: str) -> ChatNode:
        """Start a node, which has stopped when the test ends."""
        node = ChatNode(self.sockets, self.url, name, self.fail)
        self.addCleanup(self.stop, node)
        return node

    def stop(self, node: ChatNode) -> None:
        """Stop a node, if it has not stopped."""
        if node.keeping.journal._is_over:
            return
        self.successResultOf(node.keeping.rest())
        closed: list[None] = []
        node.keeping.close().addCallback(closed.append)
        self.until(lambda: bool(closed))

    def until(self, is_done: Callable[[], bool]) -> None:
        """Let everything pass until something is so."""

        def is_done_now() -> bool:
            while any(call.getTime() <= self.sockets.seconds() for call in self.sockets.calls):
                self.sockets.advance(0)
            return is_done()

        self.sockets.turn(is_done_now)

    def sees(self, person: TextPerson, part: str) -> list[str]:
        """What somebody sees, up to a line with something in it."""
        seen: list[str] = []

        def has_seen() -> bool:
            seen.extend(person.sees())
            return any(part in line for line in seen)

        self.until(has_seen)
        return seen

    def types(self, person: TextPerson, *pairs: tuple[str, str]) -> None:
        """Let somebody type lines; each is followed by what shows that it is done."""
        for line, part in pairs:
            person.types(line)
            self.sees(person, part)

    def ada_runs_it(self) -> TextPerson:
        """Let ada come to the first node, whose operator she is."""
        ada = self.one.comes()
        self.types(ada, ("ada", "you joined lobby"), ("/register a-secret", "is yours"))
        return ada

    def test_known_at_a_start(self) -> None:
        """A node that starts knows what operators did, in the order in which they did it."""
        tim, ada = self.one.comes(), self.ada_runs_it()
        self.types(tim, ("tim", "you joined lobby"), ("/join attic", "you joined #attic"))
        self.types(tim, ("/room limit 7", "limit"), ("/room moderated on", "moderated"))
        self.types(ada, ("/join attic", "you joined #attic"), ("/room moderated off", "moderated"))
        eve = self.started("two").comes()
        self.types(eve, ("eve", "you joined lobby"), ("/join attic", "tim (3 here)"))
        eve.types("/room")
        seen = self.sees(eve, "limit")
        self.assertIn("-- limit 7", seen)
        self.assertIn("-- moderated off", seen)

    def test_nodes(self) -> None:
        """A node tells the others how many people are connected to it."""
        ada, zoe = self.ada_runs_it(), self.started("two").comes()
        self.types(zoe, ("zoe", "you joined lobby"))
        self.sees(ada, "zoe joined")
        self.sockets.advance(RENEW_EVERY)

        def is_told() -> bool:
            ada.types("/nodes")
            told = [line.partition(",")[0] for line in ada.sees()]
            return told == ["-- one (this one): 1 person", "-- two: 1 person"]

        self.until(is_told)

    def test_forgetting(self) -> None:
        """When somebody's lines are erased, no node has any of them in memory."""
        # The clock goes on with every answer that comes, from whichever node.
        for name in ("PATIENCE", "NO_ANSWER"):
            self.patch(log, name, 1000.0)
        tim, two = self.one.comes(), self.started("two")
        eve = two.comes()
        self.types(eve, ("eve", "you joined lobby"))
        self.types(tim, ("tim", "you joined lobby"))
        tim.types("hush")
        self.sees(eve, "tim: hush")
        tim.types("/forget everything")
        self.until(lambda: not len(two.chat.rooms["lobby"].recent))
        self.assertEqual(tim.sees(), [])
        self.sockets.advance(RENEW_EVERY)

        def is_told() -> bool:
            self.sockets.advance(LOOK_EVERY)
            return "-- everything is erased; 1 line was yours" in tim.sees()

        self.until(is_told)

    def test_trouble(self) -> None:
        """The chat is not well while the database does not answer."""
        self.assertEqual(self.one.chat.trouble(), "")
        self.sockets.advance(RENEW_EVERY)
        self.sockets.advance(PATIENCE)
        self.assertEqual(self.one.chat.trouble(), AWAY)
        self.until(lambda: not self.one.chat.trouble())

    def test_stopping(self) -> None:
        """The people of a node that stops are handed over at once."""
        zoe, two = self.one.comes(), self.started("two")
        self.types(zoe, ("zoe", "you joined lobby"))
        token = self.one.chat.roster["zoe"].token
        self.until(lambda: "zoe" in two.chat.roster)
        self.stop(self.one)
        self.until(lambda: two.chat.roster["zoe"].lingers)
        self.types(two.comes(), (f"/resume {token}", "you are back as zoe"))

"""Chats that are one over an engine in memory, and the people who are connected to them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Generator
from typing import Any

from twisted.internet.defer import Deferred, TimeoutError, fail, inlineCallbacks, succeed
from twisted.internet.task import Clock
from twisted.python.failure import Failure

from chatservice.chat.access import Person
from chatservice.cluster.claims import taken
from chatservice.cluster.link import LinkLost
from chatservice.cluster.log import ClusterLog
from chatservice.config.settings import Settings
from chatservice.doors.detect import FrontFactory
from chatservice.doors.limits import Admission
from chatservice.doors.visit import PortKind
from chatservice.people.account import Account, account_of, facts_of
from chatservice.people.accounts import Accounts
from chatservice.protocol.actions import OperatorAct
from chatservice.protocol.errors import StorageError
from chatservice.protocol.ids import EventIds
from chatservice.server import ChatFactory
from chatservice.storage.actlog import acts
from chatservice.storage.archive import DatabaseArchive
from tests.conversation import ConversationCase, JsonPerson, TextPerson, tokens
from tests.doubles import PlainPasswords, Wire
from tests.memory_engine import MemoryEngine
from tests.memory_link import MemoryLink

ANSWER_WITHIN = 5.0
"""Seconds after which whoever asks is told that the database does not answer."""

SECRET = "a-secret-of-hers"


class NodeJournal(ClusterLog, DatabaseArchive):
    """The journal of one node: its part in the log, and the archive that all nodes share."""

    def __init__(self, node: Node) -> None:
        engine = node.engine
        DatabaseArchive.__init__(self, engine.database)
        self.make_ready()
        ClusterLog.__init__(
            self,
            engine.clock,
            EventIds(engine.clock.seconds),
            lambda: 0,
            node.lose_place,
        )
        self.begin(node.link, node.seat, engine.head)
        self.topics = engine.topics()
        self.residents = engine.people.residents()
        self.moves = list(engine.moves.items())
        self._engine = engine
        self.host_key = b"a key of tests"

    def become(self, former: bytes, now: bytes, last: bool) -> Deferred[None]:
        """See L{Archive.become <chatservice.chat.journal.Archive.become>}; the engine ends it."""
        return super().become(former, now, False)

    def recall(self, take: Callable[[OperatorAct], object]) -> None:
        """See L{chatservice.chat.journal.Log.recall}."""
        for act in acts(self._engine.database._writer):
            take(act)

    def recall_passing(self, take: Callable[[OperatorAct], object]) -> None:
        """See L{chatservice.chat.journal.Log.recall_passing}."""
        for act in self._engine.people.passing:
            take(act)


class NodeNames:
    """The claims of one node; see L{chatservice.chat.names.Names}."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._claimed: set[str] = set()

    @inlineCallbacks
    def claim(self, *keys: str) -> Generator[Deferred[Any], Any, None]:
        """Claim names, and wait until their last holders' ends have passed here."""
        node = self._node
        if not self._claimed.isdisjoint(keys):
            raise taken()
        self._claimed.update(keys)
        try:
            head = yield node.asks(node.engine.claim, keys)
            if head is None:
                raise taken()
            yield node.journal.caught_up(head)
        except BaseException:
            self._release(keys)
            raise

    def release(self, *keys: str) -> None:
        """Give up claims that came to nothing."""
        self._node.chat.passed().addCallback(lambda _: self._release(keys))

    def given_up(self) -> Deferred[None]:
        """Wait until nicknames may be claimed that somebody here has given up."""
        return self._node.chat.passed()

    def _release(self, keys: tuple[str, ...]) -> None:
        node = self._node
        self._claimed.difference_update(keys)
        node.asks(node.engine.release, keys).addErrback(lambda failure: failure.trap(StorageError))

    @inlineCallbacks
    def catch_up(self) -> Generator[Deferred[Any], Any, None]:
        """Wait until everything has passed that is committed by now."""
        node = self._node
        head = yield node.asks(lambda seat: node.engine.head)
        yield node.journal.caught_up(head)


class NodeAccounts:
    """The store of accounts that all nodes share; see L{AccountStore}."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._engine = node.engine

    def load(self) -> list[Account]:
        return [account_of(facts) for facts in self._engine.accounts.values()]

    def is_spent(self, digest: str) -> Deferred[bool]:
        return succeed(digest in self._engine.spent)

    def add(self, account: Account, former: bytes | None) -> Deferred[None]:
        return self._node.asks(self._engine.add_account, facts_of(account), former)

    def update(self, account: Account, spent: Collection[str]) -> Deferred[None]:
        save, known_hash = self._engine.save_account, account.stored_hash
        return self._node.asks(save, facts_of(account), list(spent), known_hash)

    def remove(
        self, account: Account, spent: Collection[str], now: bytes | None
    ) -> Deferred[None]:
        remove = self._engine.remove_account
        return self._node.asks(remove, facts_of(account), list(spent), now)


class Node:
    """A chat that shares its log, and the people who are connected to it.

    @ivar why_over: the sentence with which it lost its place, if it did.
    @ivar wires: all connections to it.
    """

    def __init__(self, engine: MemoryEngine, name: str, linger: int = 0) -> None:
        self.engine = engine
        self.why_over = ""
        self.wires: list[Wire] = []
        self.seat = engine.enter(name)
        self.link = MemoryLink(engine)
        prefix = f"{name}{self.seat.node}"
        own = (f"{prefix}{token[len(prefix) :]}" for token in tokens())
        settings = Settings(rate_limit=0, linger=linger, operators=frozenset({"ada"}))
        clock = engine.clock
        self.journal = NodeJournal(self)
        accounts = Accounts(
            PlainPasswords(), clock.seconds, engine.ids.now, NodeAccounts(self)
        )
        self.chat = ChatFactory(
            clock, self.journal, settings, accounts, new_token=lambda: next(own)
        )
        self.journal.is_heard = self.chat.rooms.is_heard
        self.chat.names = NodeNames(self)
        accounts.load()
        self.journal.floor = 0
        self.chat.restore()
        self.chat.housing.begin(self.seat.node)
        self.front = FrontFactory(self.chat, Admission(), PortKind(direct=True))

    def asks(self, work: Callable[..., Any], *given: Any) -> Deferred[Any]:
        """Have the engine do something for this node besides the log."""

        def explain(failure: Failure) -> Failure:
            if failure.check(LinkLost, TimeoutError):
                raise StorageError("the database does not answer")
            return failure

        if self.journal.trouble:
            return fail(StorageError(self.journal.trouble))
        answer = self.link.call(lambda: work(self.seat, *given))
        return answer.addTimeout(ANSWER_WITHIN, self.engine.clock).addErrback(explain)

    def lose_place(self, sentence: str) -> None:
        """Note that others have taken over everybody here."""
        self.why_over = sentence
        for session in list(self.chat.sessions):
            session.close(sentence)

    def die(self) -> None:
        """Fall silent for ever, without a word to anybody."""
        self.link.is_cut = True
        self.journal._end()
        self.chat.lingering.stop_all()

    def connect(self, host: str = "127.0.0.1") -> Wire:
        # From this machine: nobody else may register the name of an operator.
        wire = Wire(self.engine.clock, host=host)
        wire.protocol = self.front.buildProtocol(wire.getPeer())
        wire.protocol.makeConnection(wire)
        self.wires.append(wire)
        return wire


class NodesCase(ConversationCase):
    """Ada, who runs the chat, is at one node; bob and eve are at the other one, in #python."""

    LINGER = 0

    def setUp(self) -> None:
        self.clock = Clock()
        self.engine = MemoryEngine(self.clock)
        self.here, self.there = (
            Node(self.engine, name, self.LINGER) for name in ("here", "there")
        )
        self.ada = TextPerson(self.here.connect())
        self.bob = TextPerson(self.there.connect())
        self.eve = JsonPerson(self.there.connect())
        self.types(self.ada, "ada", f"/register {SECRET}", "/join python")
        self.types(self.bob, "bob", "/join python")
        self.eve.asks("hello", nick="eve", rooms={"python": 0, "lobby": 0})
        self.passes()
        self.all_see()

    def types(self, person: TextPerson, *lines: str) -> None:
        """Let somebody type lines, each after the one before has passed everywhere."""
        for line in lines:
            person.types(line)
            self.passes()

    def passes(self) -> None:
        """Let everything pass that was published."""
        self.clock.pump([0.01] * 20)

    def all_see(self) -> tuple[list[str], list[str], list[str]]:
        """What all have seen since the last time; of eve's objects their texts."""
        seen = self.ada.sees(), self.bob.sees(), self.eve.sees_all()
        return (*seen[:2], [facts["text"] for facts in seen[2] if "text" in facts])

    def elsewhere(self, nick: str) -> Person:
        """Somebody at the other node, as whoever knows the identity knows them."""
        member = self.there.chat.roster[nick]
        return Person(member.nick, member.identity)

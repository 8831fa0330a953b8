"""Chats that are one over a shared log, and the people who are connected to them."""

from __future__ import annotations

from twisted.internet.defer import Deferred, fail
from twisted.internet.task import Clock

from chatservice.chat.access import Person
from chatservice.config.settings import Settings
from chatservice.doors.detect import FrontFactory
from chatservice.doors.limits import Admission
from chatservice.doors.visit import PortKind
from chatservice.people.accounts import Accounts
from chatservice.protocol.events import ChatError, Event, Left, Renamed
from chatservice.protocol.names import nick_key
from chatservice.server import ChatFactory
from tests.conversation import ConversationCase, JsonPerson, TextPerson, tokens
from tests.doubles import PlainPasswords, Wire
from tests.journals import SharedJournal, SharedLog

SECRET = "a-secret-of-hers"


class SharedNames:
    """The holders of nicknames at all nodes, each until its leaving or renaming is committed."""

    def __init__(self, log: SharedLog) -> None:
        self.log = log
        self.held: set[str] = set()
        log.committed.append(self._take)

    def _take(self, event: Event) -> None:
        key = nick_key(event.nick)
        is_freed = nick_key(event.now) != key if isinstance(event, Renamed) else False
        if is_freed or isinstance(event, Left):
            self.held.discard(key)


class NodeNames:
    """The claims of one node; see L{chatservice.chat.names.Names}."""

    def __init__(self, shared: SharedNames, chat: ChatFactory) -> None:
        self._shared = shared
        self._chat = chat

    def claim(self, key: str) -> Deferred[None]:
        """Claim a nickname, and wait until its last holder's end has passed here."""
        if key in self._shared.held:
            return fail(ChatError("nick-taken", f"{key} is taken: choose another nickname"))
        self._shared.held.add(key)
        return self._shared.log.caught_up(self._chat.journal)

    def release(self, key: str) -> None:
        """Give up a claim that came to nothing."""
        holder = self._chat.roster.get(key)
        if holder is None or holder.is_elsewhere:
            self._shared.held.discard(key)


class Node:
    """A chat that shares its log, and the people who are connected to it."""

    def __init__(
        self,
        clock: Clock,
        log: SharedLog,
        name: str,
        names: SharedNames,
        accounts: Accounts,
    ) -> None:
        self.clock = clock
        own = (f"{name}{token[len(name) :]}" for token in tokens())
        settings = Settings(rate_limit=0, linger=0, operators=frozenset({"ada"}))
        self.chat = ChatFactory(
            clock, SharedJournal(log), settings, accounts, new_token=lambda: next(own)
        )
        self.chat.names = NodeNames(names, self.chat)
        self.front = FrontFactory(self.chat, Admission(), PortKind(direct=True))

    def connect(self) -> Wire:
        # From this machine: nobody else may register the name of an operator.
        wire = Wire(self.clock, host="127.0.0.1")
        wire.protocol = self.front.buildProtocol(wire.getPeer())
        wire.protocol.makeConnection(wire)
        return wire


class NodesCase(ConversationCase):
    """Ada, who runs the chat, is at one node; bob and eve are at the other one, in #python."""

    def setUp(self) -> None:
        self.clock = Clock()
        log = SharedLog(self.clock)
        names = SharedNames(log)
        accounts = Accounts(PlainPasswords(), self.clock.seconds, log.ids.now)
        self.here, self.there = (
            Node(self.clock, log, name, names, accounts) for name in ("here", "there")
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
        self.clock.pump([0, 0.01, 0, 0, 0.01, 0, 0, 0.01, 0])

    def all_see(self) -> tuple[list[str], list[str], list[str]]:
        """What all have seen since the last time; of eve's objects their texts."""
        seen = self.ada.sees(), self.bob.sees(), self.eve.sees_all()
        return (*seen[:2], [facts["text"] for facts in seen[2] if "text" in facts])

    def elsewhere(self, nick: str) -> Person:
        """Somebody at the other node, as whoever knows the identity knows them."""
        member = self.there.chat.roster[nick]
        return Person(member.nick, member.identity)

"""A random walk over three nodes, each of which hears of the others in its own time."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from chatservice.people.accounts import Accounts
from chatservice.protocol.events import Batch
from chatservice.protocol.names import nick_key
from tests.conversation import TableCase, each_row
from tests.doubles import PlainPasswords, Wire
from tests.journals import SharedJournal, SharedLog
from tests.nodes import Node, SharedNames

NODES = ("here", "there", "yonder")
NICKS = ("ada", "Ada", "аdа", "bob", "grace", "eve", "zoe")
ROOMS = ("lobby", "python", "tea")
SECRET = "correct-horse"
WALKERS = 8
STEPS = 400
SEEDS = 25


class LaggingLog(SharedLog):
    """A log from which nodes read when the test lets them, each in the one order."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self._unread: dict[SharedJournal, deque[Callable[[], object]]] = {}

    def hand_out(self, node: SharedJournal, batch: Batch, told: Callable[[], object]) -> None:
        """See L{SharedLog.hand_out}."""
        waiting = self._unread.setdefault(node, deque())
        waiting.append(lambda: (node.deliver(batch), told()))

    def caught_up(self, node: SharedJournal) -> Deferred[None]:
        """See L{SharedLog.caught_up}."""
        done: Deferred[None] = Deferred()
        self._unread.setdefault(node, deque()).append(lambda: done.callback(None))
        return done

    def read(self, node: SharedJournal, most: int) -> None:
        """Let a node read some batches."""
        waiting = self._unread.get(node, deque())
        for _ in range(min(most, len(waiting))):
            waiting.popleft()()

    @property
    def is_read(self) -> bool:
        """Whether every node has read everything."""
        return not any(self._unread.values())


class Walk:
    """Three nodes, and people who come to any of them and do what they happen to do."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.clock = Clock()
        self.log = LaggingLog(self.clock)
        self.nodes: list[Node] = []
        names = SharedNames(self.log)
        accounts = Accounts(PlainPasswords(), self.clock.seconds, self.log.ids.now)
        for name in NODES:
            self.nodes.append(Node(self.clock, self.log, name, names, accounts))
        self.wires: list[Wire | None] = [None] * WALKERS
        self.done: list[str] = []

    def step(self) -> None:
        """Let somebody do something, a node read on, or time pass."""
        chance = self.random.random()
        if chance < 0.3:
            node = self.random.choice(self.nodes)
            self.log.read(node.chat.journal, self.random.randrange(1, 4))
        elif chance < 0.5:
            self.clock.advance(self.random.choice((0, 0, 0.01, 1)))
        else:
            self._act(self.random.randrange(WALKERS))

    def _act(self, who: int) -> None:
        wire = self.wires[who]
        if wire is None or not wire.connected or wire.disconnecting:
            at = self.random.randrange(len(self.nodes))
            wire = self.wires[who] = self.nodes[at].connect()
            self._types(who, wire, self.random.choice(NICKS), at)
            if self.random.random() < 0.3:
                self._types(who, wire, SECRET, at)
        elif self.random.random() < 0.1:
            self.done.append(f"{who} goes")
            getattr(wire, self.random.choice(("hangs_up", "vanishes")))()
        else:
            self._types(who, wire, self._line())

    def _types(self, who: int, wire: Wire, line: str, at: int | None = None) -> None:
        self.done.append(f"{who}{'' if at is None else f' at {at}'}: {line}")
        wire.sends(f"{line}\n".encode())

    def _line(self) -> str:
        room, nick = self.random.choice(ROOMS), self.random.choice(NICKS)
        return self.random.choice(
            (
                f"/join {room}",
                f"/join {room}",
                f"/part {room}",
                f"/nick {nick}",
                f"/kick {nick}",
                f"/kick * {nick}",
                f"/op {nick}",
                f"/msg {nick} psst",
                f"/topic {self.random.randrange(9)}",
                "/away tea",
                "/back",
                f"/realname {self.random.randrange(9)}",
                f"/register {SECRET}",
                f"/login {SECRET}",
                "/logout",
                "/quit",
                "hello",
                "hello again",
            )
        )

    def settle(self) -> None:
        """Let everything that is on its way come to its end."""
        for _ in range(100):
            self.clock.advance(0.01)
            for node in self.nodes:
                self.log.read(node.chat.journal, 100)
            if self.log.is_read and not any(map(_is_busy, self.nodes)):
                return
        raise AssertionError("it does not come to rest")

    def check(self) -> None:
        """Check that all nodes know the same, and that each nickname has one holder."""
        for node in self.nodes[1:]:
            assert _people(self.nodes[0]) == _people(node)
            assert _rooms(self.nodes[0]) == _rooms(node)
        for key, member in self.nodes[0].chat.roster.items():
            assert key == nick_key(member.nick)
            held = [node.chat.roster[key] for node in self.nodes]
            assert sum(not each.is_elsewhere for each in held) == 1, member.nick


def _is_busy(node: Node) -> bool:
    return not node.chat._publisher.all_settled().called


def _people(node: Node) -> dict[str, object]:
    return {
        member.nick: (
            member.identity,
            sorted(member.rooms),
            member.away,
            member.real_name,
            member.userhost,
            None if member.account is None else member.account.nick,
        )
        for member in node.chat.roster.values()
    }


def _rooms(node: Node) -> dict[str, object]:
    chat = node.chat
    return {
        name: (
            sorted(member.nick for member in room.members),
            sorted(member.nick for member in room.present),
            sorted(person.identity for person in chat.permissions.operators(name)),
            chat.topics[name].text if name in chat.topics else "",
        )
        for name, room in chat.rooms.items()
    }


class NodesWalkTests(TableCase):
    """What people do at three nodes, whatever the order in which these hear of it."""

    @each_row({f"seed {seed}": seed for seed in range(SEEDS)})
    def test_walk(self, seed: int) -> None:
        """At rest, all nodes know the same people in the same rooms, with the same rights."""
        walk = Walk(seed)
        try:
            for number in range(1, STEPS + 1):
                walk.step()
                if number % 50 == 0:
                    walk.settle()
                    walk.check()
        except AssertionError as error:
            done = "\n".join(walk.done[-30:])
            raise AssertionError(f"{error}\nafter\n{done}") from error
        self.assertEqual(self.flushLoggedErrors(), [])

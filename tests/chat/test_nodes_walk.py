"""A random walk over three nodes, each of which hears of the others in its own time."""

from __future__ import annotations

import random

from twisted.internet.task import Clock

from chatservice.chat.permissions import Permissions
from chatservice.chat.places import NO_ACCESS
from chatservice.people.account import facts_of
from chatservice.protocol.errors import StorageError
from chatservice.protocol.names import nick_key
from tests.conversation import TableCase, each_row
from tests.memory_engine import MemoryEngine
from tests.node_walkers import ROOMS, Listener, Program, Typist, committed_lines
from tests.nodes import Node

NODES = ("here", "there", "yonder")
TYPISTS = 8
PROGRAMS = 2
STEPS = 300
MANY_STEPS = 10_000
SEEDS = 12


class Walk:
    """Three nodes, and people who come to any of them and do what they happen to do.

    Connections to the engine are slow, break, lose answers, or fall silent; nodes die, and others
    come in their place.
    """

    def __init__(self, seed: int) -> None:
        self.random = choose = random.Random(seed)
        self.clock = Clock()
        self.engine = MemoryEngine(self.clock)
        self.nodes = [self._node(name) for name in NODES]
        self.done: list[str] = []
        self.typists = [Typist(f"typist{each}", choose, self.done) for each in range(TYPISTS)]
        self.programs = [Program(f"program{each}", choose, self.done) for each in range(PROGRAMS)]
        self.listeners = [Listener(f"listener-{name}-") for name in NODES]

    def _node(self, name: str) -> Node:
        return Node(self.engine, name, linger=20)

    def step(self) -> None:
        """Let somebody do something, something break or heal, or time pass."""
        chance = self.random.random()
        if chance < 0.25:
            self.clock.advance(self.random.choice((0, 0, 0.01, 0.01, 0.1, 1)))
        elif chance < 0.3:
            self._disturb(self.random.randrange(len(self.nodes)))
        elif chance < 0.4:
            self.random.choice(self.programs).acts(self.nodes)
        else:
            self.random.choice(self.typists).acts(self.nodes)

    def _disturb(self, at: int) -> None:
        link = self.nodes[at].link
        match self.random.randrange(8):
            case 0:
                link.is_cut = not link.is_cut
            case 1:
                link.loses_answers = not link.loses_answers
            case 2:
                link.drop()
            case 3 | 4:
                link.delay = self.random.choice((0.001, 0.01, 0.1, 1.0))
            case 5:
                full = self.engine.error is None
                self.engine.error = StorageError("the disk is full") if full else None
            case 6 if self.random.random() < 0.3:
                if self.random.random() < 0.3:
                    self._stop(at)
                self._replace(at, "dies")
            case 7 if self.random.random() < 0.3:
                self.clock.pump([1] * 20)
        self.done.append(f"at {at}: {link.delay} {link.is_cut} {link.loses_answers}")

    def _stop(self, at: int) -> None:
        """Stop a node in order, as far as its link allows."""
        node = self.nodes[at]
        self.done.append(f"{node.seat.node} stops")
        node.chat.shut_down(3.0).addCallback(lambda _: node.journal.stop())
        for _ in range(self.random.choice((1, 10, 50))):
            self.clock.advance(0.1)
            for wire in node.wires:
                wire.turn()

    def _replace(self, at: int, why: str) -> None:
        self.done.append(f"{self.nodes[at].seat.node} {why}")
        dead = self.nodes[at]
        dead.die()
        self.listeners[at].check(list(committed_lines(self.engine)), is_at_rest=False)
        self.nodes[at] = self._node(NODES[at])
        for each in (*self.typists, *self.programs, *self.listeners):
            if each.wire in dead.wires:
                each.wire = None

    def settle(self) -> None:
        """Heal everything, and let everything that is on its way come to its end."""
        self.engine.error = None
        for node in self.nodes:
            node.link.is_cut = node.link.loses_answers = False
            node.link.delay = 0.01
        for _ in range(40):
            self.clock.pump([0.01] * 10 + [1])
            for at, node in enumerate(self.nodes):
                if node.why_over:
                    self._replace(at, "begins anew")
        for listener, node in zip(self.listeners, self.nodes, strict=True):
            listener.listens(node)
        for program in self.programs:
            program.reads()
        for _ in range(100):
            self.clock.pump([0.01] * 10)
            is_read = all(node.journal.cursor == self.engine.head for node in self.nodes)
            if is_read and not any(map(_is_busy, self.nodes)):
                return
        raise AssertionError("it does not come to rest")

    def check(self) -> None:
        """Check that all nodes know the same, and that everybody has heard what was said."""
        first, *others = (_known(node) for node in self.nodes)
        for node, other in zip(self.nodes[1:], others, strict=True):
            for what, known in first.items():
                assert known == other[what], (node.seat, what, known, other[what])
        assert first["accounts"] == self.engine.accounts
        held = {person.key: set(person.homes) for person in self.engine.people.by_identity.values()}
        for node in self.nodes:
            assert held == {key: set(each.homes) for key, each in node.chat.roster.items()}
            _check_own(node)
        said = list(committed_lines(self.engine))
        texts = [line.text for line in said]
        for program in self.programs:
            program.check(texts)
        for listener in self.listeners:
            listener.check(said)


def _is_busy(node: Node) -> bool:
    return not node.chat._publisher.all_settled().called


def _check_own(node: Node) -> None:
    """Check that a node speaks for those people who are connected to it, and for no others."""
    for key, member in node.chat.roster.items():
        assert key == nick_key(member.nick)
        assert (member.changes, member.doubts) == (0, frozenset()), member.nick
        is_home = node.seat.node in member.homes
        assert is_home is not member.is_elsewhere, (member.nick, node.seat, member.homes)
        assert bool(member.devices) is (is_home and not member.lingers), (member.nick, node.seat)
    assert not node.chat.roster.leaving
    for room in node.chat.rooms.values():
        assert room.members == room.present, (node.seat, room.name)
        assert not room.departing, (node.seat, room.name)


def _known(node: Node) -> dict[str, object]:
    """Everything that a node knows of the people, the rooms and the accounts."""
    chat = node.chat
    named = chat.accounts.named
    keys = sorted(node.engine.accounts)
    known: dict[str, object] = {
        "people": sorted(
            (
                member.nick,
                member.identity,
                sorted(member.rooms),
                member.away,
                member.real_name,
                member.userhost,
                "" if member.account is None else member.account.nick,
                sorted(member.homes),
                member.lingers,
            )
            for member in chat.roster.values()
        ),
        "rooms": {
            name: sorted(member.nick for member in room.members)
            for name, room in chat.rooms.items()
        },
        "topics": {name: (topic.id, topic.text) for name, topic in chat.topics.items()},
        "accounts": {key: facts_of(account) for key in keys if (account := named(key))},
    }
    return known | {room or "the chat": _rights(chat.permissions, room) for room in ("", *ROOMS)}


def _rights(permissions: Permissions, room: str) -> list[object]:
    owner = permissions.owner(room)
    return [
        None if owner is None else owner.identity,
        [person.identity for person in permissions.operators(room)],
        [person.identity for person in permissions.voiced(room)],
        sorted(person.identity for person in permissions.invited(room)),
        permissions.rules(room),
        [act.id for act in permissions.sanctions(room)],
        _covered(permissions, room),
    ]


def _covered(permissions: Permissions, room: str) -> list[object]:
    """What is in force against whom: in which order somebody's identities came is no matter."""
    place = permissions._places.get(room, NO_ACCESS)
    kept = [*place.bans._held.items(), *place.mutes._held.items()]
    return sorted((held.act.id, covered) for covered, held in kept)


class NodesWalkTests(TableCase):
    """What people do at three nodes, whatever the order in which these hear of it."""

    @each_row({
        **{f"seed {seed}": (seed, STEPS) for seed in range(SEEDS)},
        "for long": (SEEDS, MANY_STEPS),
    })
    def test_walk(self, row: tuple[int, int]) -> None:
        """At rest, all nodes know the same people in the same rooms, with the same rights."""
        seed, steps = row
        walk = Walk(seed)
        try:
            for number in range(1, steps + 1):
                walk.step()
                if number % 50 == 0:
                    walk.settle()
                    walk.check()
        except AssertionError as error:
            done = "\n".join(walk.done[-30:])
            raise AssertionError(f"{error}\nafter\n{done}") from error
        self.assertEqual(self.flushLoggedErrors(), [])

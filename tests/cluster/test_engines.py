"""The engine in memory and PostgreSQL's: the same calls have the same effects."""

from __future__ import annotations

import random
from collections.abc import Iterator

from twisted.internet.task import Clock

from chatservice.chat.residents import Resident
from chatservice.cluster.connection import ClusterConnection
from chatservice.cluster.entering import snapshot
from chatservice.cluster.link import Seat
from chatservice.cluster.schema import opened
from chatservice.cluster.spelling import spell
from chatservice.protocol import actions, events
from chatservice.protocol.events import Event
from chatservice.protocol.stamping import signed
from chatservice.protocol.whereabouts import Housed, Lost
from tests.clustered import new_url
from tests.conversation import TableCase, each_row
from tests.engine import skip_without_postgresql
from tests.memory_engine import MemoryEngine

NODES = 3
PEOPLE = [bytes([number]) * 16 for number in range(1, 7)]
NICKS = ("ada", "bob", "eve", "zoe", "grace", "alan", "edith")
ROOMS = ("lobby", "tea", "python")
STEPS = 300
SEEDS = 4


class Both:
    """Two engines that are asked the same."""

    def __init__(self, seed: int, connection: ClusterConnection) -> None:
        self.random = random.Random(seed)
        self.memory = MemoryEngine(Clock())
        self.connection = connection
        self.numbers = [0] * (NODES + 1)
        self.seats = [Seat(0, 0)]
        for name in ("here", "there", "yonder"):
            self.seats.append(self.memory.enter(name))
            given = self._row("SELECT * FROM chat_enter(?, '1', '', true)", name)
            assert given == (self.seats[-1].node, self.seats[-1].link)

    def _row(self, sql: str, *given: object) -> tuple[object, ...] | None:
        row: tuple[object, ...] | None = self.connection.execute(sql, given).fetchone()
        return row

    def events(self) -> Iterator[Event]:
        """What somebody may do, or may no longer do."""
        choose = self.random.choice
        who, nick, room = choose(PEOPLE), choose(NICKS), choose(ROOMS)
        whom = {"target": choose(NICKS), "target_identity": choose(PEOPLE)}
        acts = (actions.Kicked, actions.Banned, actions.Opped, actions.Deopped, actions.Founded)
        person = self.memory.people.by_identity.get(who)
        renamed, everywhere = self.random.random() < 0.5, self.random.random() < 0.3
        passing = person is not None and room in person.rooms and self.random.random() < 0.5
        mark = bytes([self.random.randrange(20)]) * 16 if self.random.random() < 0.3 else b""
        event: Event = choose(
            (
                Housed(arrives=True, key=nick),
                Housed(arrives=True, key=nick),
                Housed(address=choose(("192.0.2.1", "2001:db8::1"))),
                Lost(seen=(("", 5), (room, 7))),
                events.Left(goodbye=True, why="", rooms=(room,), everywhere=everywhere),
                events.Joined(room=room, real_name="R"),
                events.Joined(room=room),
                events.Parted(room=room),
                events.Renamed(now=nick, key=nick),
                events.Introduced(account_name=nick, real_name="S", renamed=renamed),
                events.WentAway(why="tea"),
                events.CameBack(),
                events.Said(room=room, text="hello", ref="r" if mark else "", mark=mark),
                events.Acted(room=room, text="waves"),
                events.Whispered(to="bob", text="psst", to_identity=choose(PEOPLE)),
                events.TopicChanged(room=room, text=choose(("", "spiders"))),
                choose(acts)(room=room, passing=passing, **whom),
                events.Identified(former=choose(PEOPLE), with_lines=self.random.random() < 0.3),
            )
        )
        account = nick if isinstance(event, events.Introduced) else ""
        yield signed(event, nick, who, account, "~a@b")

    def step(self) -> None:
        """Do something at a node."""
        node = self.random.randrange(1, NODES + 1)
        if self.random.random() < 0.03:
            self._hand_over(node)
        elif self.random.random() < 0.1:
            self._claim(node)
        else:
            self._append(node)

    def _append(self, node: int) -> None:
        chosen = [each for _ in range(self.random.randrange(1, 5)) for each in self.events()]
        if len(chosen) > 1:
            # Nobody says anything before coming, or under an identity before having it.
            begun = Housed | events.Identified
            chosen = [each for each in chosen if not isinstance(each, begun)]
        if not chosen:
            return
        self.numbers[node] += 1
        seat, batch, number = self.seats[node], spell(chosen), self.numbers[node]
        ours = self.memory.append(seat, number, self.memory.head - 1, batch)
        self.memory.clock.advance(0.001)
        given = (seat.node, seat.link, number, 0, batch)
        self.connection.execute("SELECT count(*) FROM chat_append(?, ?, ?, ?, ?)", given)
        theirs = self._row("SELECT refused FROM log ORDER BY last DESC LIMIT 1")
        assert theirs is not None
        assert sorted(theirs[0]) == sorted(ours[-1].refused), (chosen, theirs, ours[-1].refused)

    def _claim(self, node: int) -> None:
        seat, key = self.seats[node], self.random.choice(NICKS)
        claim = "SELECT v_taken FROM chat_claim(?, ?, ?, ?)"
        if self.random.random() < 0.5:
            self.memory.release(seat, [key])
            assert self._row(claim, seat.node, [], [], [key]) == ([],)
        elif self.memory.claim(seat, [key]) is not None:
            assert self._row(claim, seat.node, [key], [0], []) == ([],)

    def _hand_over(self, node: int) -> None:
        other = node % NODES + 1
        self.memory.hand_over(node, other)
        self.connection.execute("SELECT chat_hand_over(?, ?)", (node, other))
        # Another of that number comes in its place.
        self.memory.nodes[node].is_over = False
        self.memory.nodes[node].link = self.seats[node].link
        self.connection.execute(
            "UPDATE nodes SET is_over = false, link = ? WHERE id = ?",
            (self.seats[node].link, node),
        )

    def check(self) -> None:
        """Check that both know the same."""
        theirs = snapshot(self.connection)
        assert sorted(map(_facts, theirs.residents)) == sorted(
            map(_facts, self.memory.people.residents())
        )
        ours = sorted((act.kind, act.room) for act in self.memory.people.passing)
        assert sorted((act.kind, act.room) for act in theirs.passing) == ours
        names = self.connection.execute("SELECT key, node FROM names ORDER BY key").fetchall()
        assert names == sorted(self.memory.people.names.items())
        texts = {room: topic.text for room, topic in theirs.topics.items()}
        assert texts == {room: topic.text for room, topic in self.memory.topics().items()}
        for table in ("events", "whispers", "acts", "places", "refs"):
            sql = f"SELECT count(*) FROM {table}"
            (count,) = self.memory.database._writer.execute(sql).fetchone()
            assert self._row(sql) == (count,), table


def _facts(resident: Resident) -> tuple[object, ...]:
    stays = [(stay.room, stay.runs) for stay in resident.stays]
    return (
        *resident[:6],
        resident.away or "",
        sorted(resident.homes),
        resident.lingers,
        bool(resident.seen),
        sorted(stays),
    )


@skip_without_postgresql
class EnginesTests(TableCase):
    """What nodes ask of an engine, in memory and in PostgreSQL."""

    @each_row({f"seed {seed}": seed for seed in range(SEEDS)})
    def test_same(self, seed: int) -> None:
        """Whatever is done, in whatever order, both refuse the same, and know the same then."""
        connection = opened(new_url())
        self.addCleanup(connection.raw.close)
        connection.raw.execute("SET synchronous_commit = off")
        both = Both(seed, connection)
        for number in range(STEPS):
            both.step()
            if number % 20 == 0:
                both.check()
        both.check()

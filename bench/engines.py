"""PostgreSQL for a cluster that is measured, and a node of it that does nothing but append."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from secrets import token_bytes
from typing import Self

import processes

from chatservice.cluster import locks
from chatservice.cluster.connection import connect
from chatservice.cluster.entering import enter
from chatservice.cluster.link import Row
from chatservice.cluster.schema import opened
from chatservice.cluster.spelling import spell
from chatservice.protocol.events import Event, Joined, Said
from chatservice.protocol.stamping import signed
from chatservice.protocol.whereabouts import Housed
from tests import engine_processes
from tests.engine import Engine

SETTINGS = {"shared_buffers": "128MB"}
"""Settings that differ from those of the tests; this is PostgreSQL's default."""

HOST = "~chat@hidden.chat"
TEXT = "|12 1234567890123456 " + "x" * 40
"""A line as long as those of a crowd (doors.py)."""


@contextmanager
def engine(core: int | None) -> Iterator[Engine]:
    """Run a server for a cluster, pinned to a core."""
    with Engine.start() as started:
        for name, value in SETTINGS.items():
            started.execute(f"ALTER SYSTEM SET {name} = '{value}'")
        started.restart()
        pin(started, core)
        yield started


def pin(server: Engine, core: int | None) -> None:
    """Keep all processes of a server on a core, with those that it starts from now on."""
    for pid in engine_processes.within(server.data):
        with suppress(ProcessLookupError):
            processes.pin(pid, core)


def cpu_seconds(server: Engine) -> float:
    """Measure the CPU time of all processes of a server that are running now."""
    return sum(processes.cpu_seconds(pid) for pid in engine_processes.within(server.data))


class Appender:
    """A node without a chat, whose people come, enter rooms and talk as fast as one wishes.

    The upkeep is up to this node, which leaves it alone: what other nodes do is not mixed with it.

    @param rooms: how many rooms there are; person C{i} is in room C{i % rooms}.
    @ivar people: their nicknames and identities.
    """

    def __init__(self, url: str, rooms: int) -> None:
        opened(url).raw.close()
        self._connection = connect(url)
        entered = enter(self._connection, "appender", "{}")
        self._connection.execute(locks.TRY, (locks.UPKEEP,))
        self._seat, self._cursor = entered.seat, entered.snapshot.cursor
        self._number = 0
        self._rooms = rooms
        self.people: list[tuple[str, bytes]] = []

    def bring(self, count: int, at_once: int = 128) -> None:
        """Let so many more people come, each into one room."""
        first = len(self.people)
        for begun in range(first, first + count, at_once):
            numbers = range(begun, min(begun + at_once, first + count))
            self.people += [(f"person{number}", token_bytes(16)) for number in numbers]
            self.append([event for number in numbers for event in self._coming(number)])

    def _coming(self, number: int) -> Sequence[Event]:
        nick, _ = self.people[number]
        return (
            self._by(number, Housed(arrives=True, key=nick)),
            self._by(number, Joined(room=self._room(number), arrived=True)),
        )

    def lines(self, first: int, count: int) -> str:
        """Spell a batch of lines, one of each person in turn, from the first one on."""
        numbers = [number % len(self.people) for number in range(first, first + count)]
        return spell([
            self._by(number, Said(room=self._room(number), text=TEXT)) for number in numbers
        ])

    def _room(self, number: int) -> str:
        return f"room{number % self._rooms}" if self._rooms > 1 else "lobby"

    def _by(self, number: int, event: Event) -> Event:
        return signed(event, *self.people[number], "", HOST)

    def append(self, batch: Sequence[Event]) -> None:
        """Append events, and see that the engine takes all of them."""
        self.append_spelled(spell(batch))

    def append_spelled(self, batch: str) -> None:
        """Append a batch that is spelled already.

        @raise RuntimeError: the engine does not take all of it.
        """
        self._number += 1
        given = (self._seat.node, self._seat.link, self._number, self._cursor, batch)
        found = self._connection.execute("SELECT * FROM chat_append(?, ?, ?, ?, ?)", given)
        rows = [Row(*row) for row in found]
        if not rows or rows[-1].refused:
            raise RuntimeError("the engine has refused events")
        self._cursor = rows[-1].last

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.raw.close()

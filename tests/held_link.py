"""A node's part in the log, with an engine that answers when the test says so."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.logger import LogEvent, formatEvent, globalLogPublisher
from twisted.trial.unittest import SynchronousTestCase

from chatservice.cluster.link import LinkLost, Row, Seat
from chatservice.cluster.log import LOOK_EVERY, ClusterLog
from chatservice.protocol.errors import StorageError
from chatservice.protocol.events import Batch, Event, Left, Said
from chatservice.protocol.ids import EventIds

FULL = StorageError("the disk is full")


class HeldLink:
    """A link whose calls are answered by the test.

    @ivar asked: the calls that are not answered yet, each with what was given.
    """

    def __init__(self) -> None:
        self.asked: list[tuple[str, tuple[Any, ...], Deferred[Any]]] = []
        self.woken: Any = None

    def _ask(self, name: str, *given: Any) -> Deferred[Any]:
        self.asked.append((name, given, Deferred()))
        return self.asked[-1][2]

    def connect(self) -> Deferred[None]:
        return self._ask("connect")

    def drop(self) -> None:
        asked, self.asked = self.asked, []
        for _, _, done in asked:
            done.errback(LinkLost())

    def append(self, seat: Seat, number: int, cursor: int, batch: str) -> Deferred[Any]:
        return self._ask("append", seat.link, number, [each["nick"] for each in json.loads(batch)])

    def read(self, seat: Seat, cursor: int) -> Deferred[Any]:
        return self._ask("read", cursor)

    def settle(self, seat: Seat, cursor: int) -> Deferred[Any]:
        return self._ask("settle", cursor)

    def renew(self, seat: Seat, cursor: int, members: int, adopts: bool) -> Deferred[Any]:
        return self._ask("renew", seat.link, cursor, members, adopts)

    def leave(self, seat: Seat, cursor: int) -> Deferred[None]:
        return self._ask("leave", cursor)


def said(nick: str) -> Said:
    """A line of somebody."""
    return Said(nick=nick, room="lobby", text="hi")


def left(nick: str) -> Left:
    """Somebody's leaving, which needs no storing."""
    return Left(nick=nick, goodbye=True, why="")


def own(last: int, number: int, events: int = 1, refused: Sequence[int] = ()) -> Row:
    """A row of this node's."""
    return Row(last, last - events + 1, 1, number, refused, None, None)


def foreign(last: int, nick: str = "zoe") -> Row:
    """A row with a line of somebody at another node."""
    data = json.dumps([{"kind": "said", "nick": nick, "room": "lobby", "text": "hi"}])
    return Row(last, last, 2, 1, (), None, data)


class LogTestCase(SynchronousTestCase):
    """A node that has taken part for a moment.

    @ivar passed: the ids and nicknames of what has passed; C{taken_back} the nicknames of what was
        left out.
    """

    def setUp(self) -> None:
        self.clock = Clock()
        self.link = HeldLink()
        self.lost: list[str] = []
        self.passed: list[tuple[int, str]] = []
        self.taken_back: list[str] = []
        self.logged: list[str] = []
        globalLogPublisher.addObserver(self.note)
        self.addCleanup(globalLogPublisher.removeObserver, self.note)
        ids = EventIds(lambda: 0.0)
        self.log = ClusterLog(self.clock, ids, lambda: 7, self.lost.append)
        self.log.follow(self.take, self.take_back)
        self.log.begin(self.link, Seat(1, 1), 100)
        self.clock.advance(LOOK_EVERY)
        self.answers("renew", [])
        self.answers("read", [])

    def note(self, event: LogEvent) -> None:
        """Remember what is logged."""
        self.logged.append(str(formatEvent(event)))

    def take(self, batch: Batch, node: int = 0) -> None:
        self.passed += [(event.id, event.nick) for event in batch]

    def take_back(self, batch: Batch) -> None:
        self.taken_back += [event.nick for event in batch]

    def answers(self, name: str, answer: Any = None) -> tuple[Any, ...]:
        """Answer a call that is under way; gives what was given to it.

        What the log asks from time to time is answered before.
        """
        self.nothing_new(name)
        ((asked, given, done),) = self.link.asked
        self.assertEqual(asked, name)
        self.link.asked = []
        if isinstance(answer, Exception):
            done.errback(answer)
        else:
            done.callback(answer)
        return given

    def nothing_new(self, until: str = "") -> None:
        """Answer what the log asks from time to time, up to a call with a name."""
        while self.link.asked and self.link.asked[0][0] in {"read", "renew"} - {until}:
            (_, _, done), self.link.asked = self.link.asked[0], []
            done.callback([])

    def rests(self) -> None:
        """Check that nothing else is under way."""
        self.nothing_new()
        self.assertEqual(self.link.asked, [])

    def appends(self, *events: Event) -> Deferred[None]:
        """Append a batch."""
        return self.log.append(events)

    def why_refused(self, done: Deferred[None]) -> str:
        """The reason for which a batch was refused."""
        return str(self.failureResultOf(done, StorageError).value)

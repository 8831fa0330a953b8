"""A person who comes back with /resume TOKEN, again and again, and has a slow journal."""

from __future__ import annotations

import random
import re

from twisted.internet.task import Clock

from chatservice.config.settings import Settings
from chatservice.doors.detect import FrontFactory
from chatservice.doors.limits import Admission
from chatservice.doors.visit import PortKind
from chatservice.people.accounts import Accounts
from chatservice.protocol.ids import EventIds
from chatservice.server import ChatFactory
from tests.conversation import NOON, JsonPerson, TableCase, Wire, each_row
from tests.doubles import PlainPasswords
from tests.journals import SlowJournal, Waiting

SECRET = "correct-horse"
LINES = 300
SHOWN = re.compile(r"\bline (\d+)$")


class Flapping:
    """Ada at the text door, on a link that flaps, and bob, who talks.

    @ivar shown: what ada was shown, over all her connections.
    """

    def __init__(self, seed: int, gap: tuple[int, int]) -> None:
        self.random = random.Random(seed)
        self._gap = gap
        self.clock = Clock()
        self.waiting = Waiting()
        self.waiting.is_slow = False
        ids = EventIds(lambda: NOON.timestamp() + self.clock.seconds())
        journal = SlowJournal(self.waiting)
        journal.ids = ids
        self.chat = ChatFactory(
            self.clock,
            journal,
            Settings(rate_limit=0),
            Accounts(PlainPasswords(), self.clock.seconds, ids.now),
        )
        self._front = FrontFactory(self.chat, Admission(), PortKind(direct=True))
        self.shown: list[str] = []
        self.said = 0
        self.ada = self._connect()
        self.ada.sends(f"ada\n/register {SECRET}\n/join python\n".encode())
        self.ada.gets()
        self._token = self.chat.roster["ada"].token
        self.bob = JsonPerson(self._connect())
        self.bob.asks("hello", nick="bob", rooms={"lobby": 0, "python": 0})
        self.bob.sees()
        self.ada.gets()
        self.waiting.is_slow = True

    def _connect(self) -> Wire:
        wire = Wire(self.clock)
        wire.protocol = self._front.buildProtocol(wire.getPeer())
        wire.protocol.makeConnection(wire)
        return wire

    def step(self) -> None:
        """Bob says something, the journal answers something, or the link breaks or is back."""
        chance = self.random.random()
        if chance < 0.4:
            self._line()
        elif chance < 0.85:
            self._answer()
        elif self.ada.connected:
            self._see()
            self.ada.vanishes()
            self.clock.advance(self.random.randint(*self._gap))
        else:
            self.resume()

    def _line(self) -> None:
        line = self.random.choice(("say lobby", "say lobby", "say python", "msg"))
        text = f"line {self.said}"
        self.said += 1
        if line == "msg":
            self.bob.types(f"/msg ada {text}")
        else:
            self.bob.asks("say", room=line.removeprefix("say "), text=text)

    def _answer(self) -> None:
        if len(self.waiting):
            self.waiting.answer(self.random.randrange(len(self.waiting)))
        self.clock.advance(0)

    def resume(self) -> None:
        self.ada = self._connect()
        self.ada.sends(f"/resume {self._token}\n".encode())

    def _see(self) -> None:
        self.shown += self.ada.sees().split("\r\n")

    def settle(self) -> None:
        """Let everything come through."""
        while len(self.waiting) or not self.chat._publisher.all_settled().called:
            self._answer()
        self._see()


class TextFlappingTests(TableCase):
    """/resume TOKEN."""

    @each_row(
        {
            f"{name}_{seed}": (seed, gap)
            for name, gap in (("soon", (0, 29)), ("late", (31, 90)), ("either", (0, 60)))
            for seed in range(4)
        }
    )
    def test_flapping(self, row: tuple[int, tuple[int, int]]) -> None:
        """Every line said meanwhile is shown once, in order, before what is said later."""
        flapping = Flapping(*row)
        while flapping.said < LINES:
            flapping.step()
        if not flapping.ada.connected:
            flapping.resume()
        flapping.settle()
        shown = [int(match[1]) for line in flapping.shown if (match := SHOWN.search(line))]
        self.assertEqual(shown, list(range(LINES)))
        self.assertEqual(flapping.chat.roster["ada"].seen_last(), ())

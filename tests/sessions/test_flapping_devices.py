"""Three connections of one person on links that break, and a server that is killed."""

from __future__ import annotations

import random
import re
from typing import Any

from tests.conversation import Facts, JsonPerson, each_row
from tests.sessions.test_flapping import (
    LATE,
    ROOMS,
    SECRET,
    SOON,
    Client,
    World,
    WorldCase,
    said_in,
)

LINES = 400
TEXT_LINE = re.compile(r"\b((?:line|one|two|text) \d+)$")
RUNS = {
    f"{name}_{seed}": (seed, gap)
    for name, gap in (("soon", SOON), ("late", LATE))
    for seed in range(2)
}


class Program(Client):
    """One of several programs of ada's, each with its own name.

    @ivar acknowledged: the refs of its own lines that came back, in that order.
    """

    def __init__(self, name: str, *rest: Any) -> None:
        super().__init__(*rest)
        self.name = name
        self.acknowledged: list[str] = []

    def _asks(self, kind: str, **members: Any) -> None:
        if kind == "hello":
            members["client"] = self.name
        super()._asks(kind, **members)

    def show_token(self, token: str) -> None:
        """Be one of the person whose token this is."""
        self._token = token

    def says(self, text: str) -> None:
        self._count += 1
        self._unsaid[f"{self.name}{self._count}"] = text
        self._send_unsaid()

    def _show_all(self, events: list[Facts]) -> None:
        for event in events:
            room = event.get("room", "")
            assert event["id"] > self._last[room], "shown twice, or too late"
            self._last[room] = event["id"]
            self.shown[room].append(event["text"])
            ref = event.get("ref", "")
            if event.get("own") and self._unsaid.get(ref) == event["text"]:
                del self._unsaid[ref]
                self.acknowledged.append(ref)


class Terminal:
    """Ada at the text door, who comes back with her token.

    @ivar shown: what she was shown of others, and of herself from elsewhere, over all connections.
    """

    def __init__(self, world: World, token: str) -> None:
        self._world = world
        self._token = token
        self.shown: list[str] = []
        self.wire: Any = None

    def comes(self, *lines: str) -> None:
        """Come back with the token, or type something else to come."""
        self.wire = self._world.connect()
        for line in lines or (f"/resume {self._token}",):
            self.wire.sends(f"{line}\n".encode())
        self.reads()

    def reads(self) -> None:
        """Take what has come."""
        if self.wire is not None:
            found = map(TEXT_LINE.search, self.wire.sees().split("\r\n"))
            self.shown += [match[1] for match in found if match]

    def loses_the_link(self) -> None:
        """The link is reset, and the chat finds out."""
        self.reads()
        self.wire.vanishes()
        self.wire = None


class ThreeCase(WorldCase):
    """Ada with two programs and a terminal; bob talks in two rooms, and to ada alone."""

    def arrange(self, seed: int) -> None:
        self.world_ = self.world("database")
        self.programs = [
            Program(name, self.world_.connect, random.Random(seed + place))
            for place, name in enumerate(("one", "two"))
        ]
        self.random = self.programs[0]._choose
        first, second = self.programs
        first.comes()
        first.reads()
        first.commands(f"/register {SECRET}")
        first.reads()
        self.bob_comes()
        second.show_token(self.world_.chat.roster["ada"].token)
        second.comes()
        second.reads()
        self.terminal = Terminal(self.world_, self.world_.chat.roster["ada"].token)
        self.terminal.comes("ada", SECRET)
        self.count = 0

    def bob_comes(self) -> None:
        self.bob = JsonPerson(self.world_.connect())
        self.bob.asks("hello", nick="bob", rooms=dict.fromkeys(ROOMS, 0))
        self.bob.sees()

    def line(self) -> None:
        """Bob or one of the programs says something."""
        text = f"line {self.count}"
        self.count += 1
        if self.random.random() < 0.1:
            self.bob.types(f"/msg ada {text}")
        else:
            self.bob.asks("say", room=self.random.choice(ROOMS), text=text)
        self.bob.sees()
        for program in self.programs:
            if self.random.random() < 0.1:
                program.says(f"{program.name} {self.count}")
            if self.random.random() < 0.4:
                program.reads()

    def flap(self, program: Program) -> None:
        """The link of a program breaks, or is there again."""
        if program.wire is None:
            program.comes()
        else:
            program.loses_the_link(noticed=self.random.random() < 0.7)

    def end(self) -> None:
        """Let everything come through."""
        for program in self.programs:
            while not (program.is_live and program.is_done):
                if program.wire is None:
                    program.comes()
                program.reads()
        for program in self.programs:
            program.reads()

    def check_programs(self) -> None:
        """Check that each showed everything once and in order, and had its lines back once."""
        account = self.world_.chat.accounts.named("ada")
        for program in self.programs:
            for room, of in (*zip(ROOMS, ROOMS, strict=True), ("", account.identity)):
                self.assertEqual(program.shown[room], said_in(self.world_.journal, of))
            said = [text for texts in program.shown.values() for text in texts]
            self.assertEqual(len(said), len(set(said)))
            acknowledged = program.acknowledged
            self.assertEqual(len(acknowledged), program._count)
            self.assertEqual(len(set(acknowledged)), program._count)


class ThreeConnectionsTests(ThreeCase):
    """Links that break, each by itself."""

    @each_row(RUNS)
    def test_cut(self, row: tuple[int, tuple[int, int]]) -> None:
        """Each connection shows every line once and in order."""
        seed, gap = row
        self.arrange(seed)
        for _ in range(LINES):
            self.line()
            chance = self.random.random()
            if chance < 0.2:
                self.flap(self.random.choice(self.programs))
                self.world_.clock.advance(self.random.randint(*gap) / 10)
            elif chance < 0.3 and self.terminal.wire is None:
                self.terminal.comes()
            elif chance < 0.3:
                self.terminal.loses_the_link()
        if self.terminal.wire is None:
            self.terminal.comes()
        self.end()
        self.terminal.reads()
        self.check_programs()
        everything = [text for texts in self.programs[0].shown.values() for text in texts]
        self.assertEqual(sorted(self.terminal.shown), sorted(everything))
        for room in ("lobby", ""):
            own = self.programs[0].shown[room]
            self.assertEqual([text for text in self.terminal.shown if text in set(own)], own)

    @each_row(RUNS)
    def test_killed(self, row: tuple[int, tuple[int, int]]) -> None:
        """With C{kill -9} of the server between, programs still do; terminals show nothing twice.

        A terminal is not shown again what came between the loss of its link and the kill.
        """
        seed, gap = row
        self.arrange(seed)
        for number in range(LINES):
            self.line()
            if self.random.random() < 0.2:
                self.flap(self.random.choice(self.programs))
                self.world_.clock.advance(self.random.randint(*gap) / 10)
            if number % 80 == 79:
                self.kill()
        self.end()
        self.terminal.reads()
        self.check_programs()
        self.assertEqual(len(self.terminal.shown), len(set(self.terminal.shown)))

    def kill(self) -> None:
        """End the server as kill -9 does; everybody comes again."""
        self.terminal.reads()
        self.world_.crash()
        for program in self.programs:
            if program.wire is not None:
                program.loses_the_link(noticed=False)
        self.bob_comes()
        self.terminal.comes("ada", SECRET)
        for program in self.programs:
            program.comes()


class SameRefTests(ThreeCase):
    """Two programs that resend the same request."""

    def test_one_line(self) -> None:
        """After a kill both send it again, with the same ref: it is one line, answered to each."""
        self.arrange(0)
        texts = {"room": "lobby", "text": "once", "ref": "same"}
        programs = [JsonPerson(self.world_.connect()) for _ in range(2)]
        token = self.world_.chat.roster["ada"].token

        def come() -> None:
            for number, program in enumerate(programs):
                program.wire = self.world_.connect()
                program.asks("hello", token=token, nick="ada", client=f"same-{number}")
                program.sees()

        come()
        for program in programs:
            program.asks("say", **texts)
        self.world_.crash()
        come()
        self.bob_comes()
        for program in programs:
            program.asks("say", **texts)
        for program in programs:
            answers = program.wire.gets().count(b'"text":"once","ref":"same","own":true')
            self.assertEqual(answers, 1)
        self.assertEqual(said_in(self.world_.journal, "lobby").count("once"), 1)

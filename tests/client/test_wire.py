"""Messages on the wire, and the lines they become."""

import time
from dataclasses import replace
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from chatservice.client.requests import Command, Hello, encode
from chatservice.client.show import Transcript
from chatservice.client.view import Place
from chatservice.client.wire import HABIT, Error, Ok, Ping, RoomState, Welcome, decode
from chatservice.protocol.actions import Banned, Kicked
from chatservice.protocol.events import (
    Acted,
    CameAndWent,
    Event,
    Joined,
    Left,
    Noticed,
    Parted,
    Renamed,
    Said,
    TopicChanged,
    Whispered,
)
from chatservice.protocol.json import ONESELF
from chatservice.protocol.preferences import Preferences
from chatservice.protocol.wording import in_colour
from tests.scripted import line

BOB: Any = {"room": "lobby", "nick": "bob"}
HI = BOB | {"text": "hi"}


class WireTests(SynchronousTestCase):
    """JSON becomes objects, and objects JSON."""

    def test_event(self) -> None:
        """Members are taken over, those not known are ignored, and text is cleaned."""
        data = line("said", id=5, **BOB, text="\x1b[2Jhi", new=1)
        self.assertEqual(decode(data), Said(id=5, **HI))

    def test_wrong_kinds(self) -> None:
        """A member of the wrong kind counts as empty."""
        data = line("said", id="5", room=7, nick=None, text=["hi"])
        self.assertEqual(decode(data), Said(room="", text=""))
        data = line("welcome", id=True, rooms=[1], motd="x")
        self.assertEqual(decode(data), Welcome())
        data = line("ok", lines=["a", 1], events=[1, {"type": "ok"}], rooms={"a": 1})
        self.assertEqual(decode(data), Ok(lines=("a",)))
        for rooms in (["lobby"], "lobby", [{"name": "lobby"}], 7):
            self.assertEqual(decode(line("welcome", rooms=rooms)), Welcome())

    def test_nested(self) -> None:
        """Rooms and events inside a message are objects too."""
        room = {"topic": "tea", "members": ["ada"], "missed": True, "name": "other"}
        event = {"type": "left", "id": 3, "nick": "bob", "goodbye": True, "why": ""}
        found = decode(line("ok", ref="1", rooms={"py": room}, events=[event]))
        state = RoomState("py", "tea", ("ada",), True)
        left = Left(id=3, nick="bob", goodbye=True, why="")
        self.assertEqual(found, Ok(ref="1", rooms=(state,), events=(left,)))

    def test_nonsense(self) -> None:
        """What is no message of a kind that is known is None."""
        deep = b"[" * 100_000
        for data in (
            b"",
            b"{",
            b"[1]",
            b"3",
            b"{}",
            b'{"type":[]}',
            b'{"type":"x"}',
            b"\xff",
            deep,
        ):
            self.assertIsNone(decode(data))

    def test_settings(self) -> None:
        """Settings that the chat does not have are as this client always did things."""
        for kind, expected in (("welcome", Welcome), ("ok", Ok)):
            found = decode(line(kind, settings={"time": False, "bell": "no"}))
            self.assertEqual(found, expected(settings=replace(HABIT, time=False)))
        self.assertEqual(Welcome().settings, Preferences(True, True, True, False))

    def test_password(self) -> None:
        """A password goes on the wire, and into nothing that is written down."""
        hello = Hello(nick="ada", password="xyzzy")
        self.assertIn(b'"password":"xyzzy"', encode(hello))
        self.assertNotIn("xyzzy", repr(hello))

    def test_encode(self) -> None:
        """A request is a line; what it does not have is left out."""
        self.assertEqual(
            encode(Hello(nick="é", rooms={"lobby": 0})),
            '{"type":"hello","nick":"é","rooms":{"lobby":0}}\n'.encode(),
        )
        self.assertEqual(
            encode(Command(line="/x", ref="1")), b'{"type":"command","line":"/x","ref":"1"}\n'
        )
        self.assertEqual(encode(Ping(ref="2")), b'{"type":"ping","ref":"2"}\n')


NOON = 1_763_712_000.0
"""Some moment, in seconds since the epoch."""


class ShowTests(SynchronousTestCase):
    """Events as ada sees them in the lobby."""

    def setUp(self) -> None:
        self.now = NOON
        self.log = Transcript(lambda: self.now)

    def check(self, event: Event, expected: str) -> None:
        """The event's line, after the time."""
        (shown,) = self.log.event(event, "ada", "lobby")
        clock = time.strftime("%H:%M ", time.localtime(NOON))
        self.assertEqual(shown, clock + expected)

    def test_time(self) -> None:
        """The time is that of the event, or else what its id says."""
        at = int(NOON * 1e6)
        for id in (at, at + 86_400_000_000, at + 40 * 86_400_000_000):
            self.check(Said(id=id, **HI, time=at), "bob: hi")
            self.check(Acted(id=id, **BOB, text="waves", time=at), "* bob waves")

    def test_talk(self) -> None:
        """What is said, with its room where that is another one."""
        at = int(NOON * 1e6)
        self.check(Said(id=at, **HI), "bob: hi")
        self.check(Said(id=at, room="python", nick="bob", text="hi"), "#python bob: hi")
        self.check(Acted(id=at, **BOB, text="waves"), "* bob waves")
        self.check(Acted(id=at, room="python", nick="bob", text="waves"), "#python * bob waves")
        self.check(Noticed(id=at, **BOB, text="tea"), "-bob- tea")
        self.check(Noticed(id=at, room="python", nick="bob", text="tea"), "#python -bob- tea")

    def test_lobby_from_elsewhere(self) -> None:
        """From another room the lobby is named as people write it."""
        (shown,) = self.log.event(Said(id=int(NOON * 1000000.0), **HI), "ada", "python")
        self.assertTrue(shown.endswith(" #lobby bob: hi"), shown)

    def test_whispers(self) -> None:
        """Private messages name both ends."""
        at = int(NOON * 1e6)
        self.check(Whispered(id=at, nick="bob", to="ada", text="psst"), "(bob to you) psst")
        own = Whispered(id=at, nick="ada", to="bob", text="psst", identity=ONESELF)
        self.check(own, "(you to bob) psst")
        facts = {"id": at, "nick": "bob", "to": "ada", "text": "waves"}
        told = {"acted": "(bob to you) * waves", "noticed": "-bob to you- waves"}
        for manner, shown in told.items():
            self.check(Whispered(**facts, manner=manner), shown)
        self.check(Whispered(**facts, manner="sung"), "(bob to you) waves")

    def test_presence(self) -> None:
        """Who comes and goes."""
        at = int(NOON * 1e6)
        self.check(Joined(id=at, **BOB, arrived=True), "-- bob joined the chat")
        self.check(Joined(id=at, **BOB), "-- bob joined lobby")
        self.check(Parted(id=at, room="python", nick="bob"), "-- bob left #python")
        self.check(Parted(id=at, room="python", nick="ada"), "-- you left #python")
        self.check(Left(id=at, nick="bob", goodbye=True, why="tea"), "-- bob left the chat: tea")
        self.check(Left(id=at, nick="bob", goodbye=True, why=""), "-- bob left the chat")
        self.check(
            Left(id=at, nick="bob", goodbye=False, why="timed out"),
            "-- bob left the chat (timed out)",
        )
        self.check(Renamed(id=at, nick="bob", now="robert"), "-- bob is now robert")
        self.check(Renamed(id=at, nick="eve", now="ada"), "-- you are now ada")

    def test_ban_and_kick(self) -> None:
        """Of a ban and the kick that follows from it the ban alone is shown."""
        ban = Banned(id=1, room="lobby", nick="eve", target="bob", time=int(NOON * 1000000.0))
        self.check(ban, "-- eve banned bob from lobby until an operator ends it")
        kick = Kicked(**BOB | {"nick": "eve"}, id=1, target="bob", time=int(NOON * 1e6))
        self.check(kick, "-- eve kicked bob from lobby")
        self.assertEqual(self.log.event(replace(kick, folded=True), "ada", "lobby"), [])

    def test_topics(self) -> None:
        """What a room is about."""
        at = int(NOON * 1e6)
        changed = TopicChanged(id=at, **BOB, text="tea")
        self.check(changed, "-- bob changed the topic of lobby: tea")
        self.check(TopicChanged(id=at, **BOB, text=""), "-- bob cleared the topic of lobby")
        ignored = TopicChanged(id=at, **BOB, hidden=True, text="")
        self.check(ignored, "-- bob changed the topic of lobby")

    def test_room(self) -> None:
        """A room entered: who is there, and what it is about."""
        lines = self.log.room(Place("python", topic="tea", members={"ada", "Bob", "eve"}), "ada")
        self.assertEqual(
            [each.split(" ", 1)[1] for each in lines],
            ["-- you joined #python: Bob, eve (3 here)", "-- the topic of #python is: tea"],
        )
        (alone,) = self.log.room(Place("lobby", members={"ada"}), "ada")
        self.assertIn("you joined lobby: nobody else is here", alone)
        (crowd,) = self.log.room(Place("lobby", members={f"n{n:02}" for n in range(20)}), "ada")
        self.assertIn("n11 and 8 more (21 here)", crowd)

    def test_date(self) -> None:
        """A line tells where the date changes."""
        yesterday = NOON - 86_400
        event = Said(id=int(yesterday * 1000000.0), **HI)
        day = time.strftime("-- %Y-%m-%d (%Z)", time.localtime(yesterday))
        self.assertEqual(self.log.event(event, "ada", "lobby")[0], day)
        self.assertEqual(len(self.log.event(event, "ada", "lobby")), 1)
        self.assertEqual(len(self.log.notice("x")), 2)

    def shown(self, event: Event, replayed: bool = False) -> list[str]:
        return self.log.event(event, "ada", "lobby", replayed)

    def test_without_time(self) -> None:
        """Who wants no times sees those of history alone."""
        self.log.preferences = replace(HABIT, time=False)
        said = Said(id=int(NOON * 1000000.0), **HI)
        self.assertEqual(self.shown(said), ["bob: hi"])
        self.assertEqual(self.log.notice("x"), ["-- x"])
        self.assertRegex(self.shown(said, replayed=True)[0], r"^\d\d:\d\d bob: hi$")

    def test_without_colour(self) -> None:
        """Who wants no colours gets none."""
        self.log = Transcript(lambda: NOON, colours=True)
        self.log.preferences = replace(HABIT, colour=False)
        said = Said(id=int(NOON * 1000000.0), **HI)
        self.assertTrue(self.shown(said)[0].endswith(" bob: hi"))
        (room,) = self.log.room(Place("lobby", members={"ada", "bob"}), "ada")
        self.assertTrue(room.endswith("-- you joined lobby: bob (2 here)"))

    def test_quiet(self) -> None:
        """Who wants it quiet sees nobody else come or go."""
        at = int(NOON * 1e6)
        comings = [
            Joined(id=at, **BOB),
            Parted(id=at, **BOB),
            Left(id=at, nick="bob", goodbye=False, why=""),
            CameAndWent(id=at, room="lobby", came=20, went=2),
        ]
        self.assertEqual([len(self.shown(event)) for event in comings], [1, 1, 1, 1])
        self.log.preferences = replace(HABIT, quiet=True)
        self.assertEqual([self.shown(event) for event in comings], [[], [], [], []])
        for event in (
            Parted(id=at, room="lobby", nick="ada"),
            Renamed(id=at, nick="bob", now="rob"),
        ):
            self.assertEqual(len(self.shown(event)), 1)

    def test_folded(self) -> None:
        """Of comings and goings that are folded only one's own are shown."""
        at = int(NOON * 1e6)
        for nick, count in (("bob", 0), ("ada", 1)):
            for event in (
                Joined(id=at, room="lobby", nick=nick, folded=True),
                Parted(id=at, room="lobby", nick=nick, folded=True),
                Left(id=at, nick=nick, folded=True, goodbye=False, why=""),
            ):
                self.assertEqual(len(self.shown(event)), count)

    def test_colour(self) -> None:
        """A nickname has one colour of its own, and the line ends in the usual one."""
        log = Transcript(lambda: NOON, colours=True)
        (shown,) = log.event(Said(id=int(NOON * 1000000.0), **HI), "ada", "lobby")
        self.assertRegex(shown, r"\x1b\[[39]\dmbob\x1b\[39m: hi$")
        self.assertEqual(in_colour("BOB").lower(), in_colour("bob"))
        self.assertGreater(len({in_colour(f"n{n}").split("n")[0] for n in range(50)}), 5)


    def test_private_in_colour(self) -> None:
        """Of a private line both names are in colour, but not "you"."""
        log = Transcript(lambda: NOON, colours=True)
        facts: Any = {"id": int(NOON * 1e6), "nick": "ada", "to": "bob", "text": "psst"}
        for event, (author, recipient) in (
            (Whispered(**facts, identity=ONESELF), ("you", in_colour("bob"))),
            (Whispered(**facts), (in_colour("ada"), "you")),
        ):
            (shown,) = log.event(event, "bob", "lobby")
            self.assertTrue(shown.endswith(f"({author} to {recipient}) psst"), shown)


class ErrorTests(SynchronousTestCase):
    """A refusal."""

    def test_decoded(self) -> None:
        """Its sentence, its code and its ref."""
        data = line("error", code="usage", text="no", ref="1")
        self.assertEqual(decode(data), Error("usage", "no", "1"))

"""Messages on the wire, the lines they become, and the command line."""

import os
import socket
import time
from contextlib import redirect_stderr
from dataclasses import replace
from io import StringIO
from pathlib import Path
from tempfile import mkstemp
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from chatservice.client.options import Settings, read_command_line
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

class CommandLineTests(SynchronousTestCase):
    """The words after the program's name."""

    def check(self, words: str, host: str, port: int) -> None:
        found = read_command_line(words.split(), {"USER": "ada"})
        self.assertEqual((found.host, found.port), (host, port))

    def fails(self, *words: str) -> str:
        """The sentence with which the words are refused."""
        errors = StringIO()
        with redirect_stderr(errors):
            refusal = self.assertRaises(SystemExit, read_command_line, words, {})
        self.assertEqual(refusal.code, 2)
        return errors.getvalue().split("\n")[-2]

    def file(self, text: str) -> str:
        """The path of a file with this text."""
        handle, path = mkstemp()
        self.addCleanup(os.remove, path)
        with open(handle, "w") as file:
            file.write(text)
        return path

    def test_addresses(self) -> None:
        """The chat is named by host, host and port, or an IPv6 address."""
        self.check("", "localhost", 59000)
        self.check("example.org", "example.org", 59000)
        self.check("example.org:7", "example.org", 7)
        self.check("::1", "::1", 59000)
        self.check("[::1]", "::1", 59000)
        self.check("[::1]:7", "::1", 7)
        self.patch(socket, "if_nameindex", lambda: [(1, "lo"), (2, "eth0")])
        self.check("fe80::1%eth0", "fe80::1%eth0", 59000)
        self.check("[fe80::1%eth0]:7", "fe80::1%eth0", 7)
        self.check("[fe80::1%7]:7", "fe80::1%7", 7)

    def test_bad_addresses(self) -> None:
        """An address that is none is refused with a sentence."""
        for word in (
            *(":7", "", "[]:7", "[::1]x", "[::1]:7:8", "[example.org]", "[a:b:c]:7"),
            *("a:b:c", "http://localhost:59510", "::1::2", "1:2:3:4:5:6:7:8:9"),
        ):
            self.assertIn("is not HOST, HOST:PORT or [ADDRESS]:PORT", self.fails(word))
        for word in ("h:0", "h:65536", "h:x", "h:٣", "h:-1"):
            self.assertIn("a number from 1 to 65535", self.fails(word))

    def test_bad_zones(self) -> None:
        """An address that is in each network has to name one that there is."""
        self.patch(socket, "if_nameindex", lambda: [(1, "lo"), (2, "eth0")])
        for word in ("fe80::1%wlan0", "[fe80::1%wlan0]:7"):
            self.assertIn("no network 'wlan0' here, only lo, eth0", self.fails(word))
        for word in ("fe80::1", "[fe80::1]:7"):
            sentence = "fe80::1 may be on any network: name one, such as fe80::1%eth0"
            self.assertIn(sentence, self.fails(word))

    def test_defaults(self) -> None:
        """Without options: the user's name, and whatever rooms the chat has for it."""
        self.assertEqual(
            read_command_line([], {"USER": "ada"}), Settings("localhost", 59000, "ada", ())
        )

    def test_options(self) -> None:
        """A nickname, and rooms as people write them."""
        found = read_command_line(["--nick", "Bob", "--room", "#Python", "--room", "2"], {})
        self.assertEqual((found.nick, found.rooms), ("Bob", ("python", "2")))

    def test_bad_names(self) -> None:
        """Names that cannot be are refused with the reason."""
        self.assertIn("must not contain a space", self.fails("--room", "a b"))
        self.assertIn("reserved", self.fails("--nick", "admin"))

    def test_password(self) -> None:
        """A password comes from the first line of a file, or from the environment; never a word."""
        path = self.file("of a file \r\nmore")
        environment = {"CHATSERVICE_PASSWORD": "of the environment"}
        words = ["--password-file", path]
        self.assertEqual(read_command_line(words, environment).password, "of a file ")
        self.assertEqual(read_command_line([], environment).password, "of the environment")
        self.assertIsNone(read_command_line([], {"CHATSERVICE_PASSWORD": ""}).password)
        self.assertNotIn("of a file", repr(read_command_line(words, {})))

    def test_marked_password_file(self) -> None:
        """A file may begin with a byte order mark, and must be in UTF-8."""
        words = ["--password-file", self.file("\ufeffof a file\r\n")]
        self.assertEqual(read_command_line(words, {}).password, "of a file")
        Path(words[1]).write_text("of a file\n", "utf-16")
        self.assertIn("is in UTF-16: save it as UTF-8", self.fails(*words))

    def test_bad_password_files(self) -> None:
        """A file that has no password is refused with the reason."""
        path = self.file("")
        self.assertIn("no such file", self.fails("--password-file", f"{path}.none"))
        self.assertIn(f"the first line of {path} is empty", self.fails("--password-file", path))

    def test_default_nickname(self) -> None:
        """The user's name is cleaned; where nothing usable is left one is a guest."""
        for user, nick in (("ada lovelace", "adalovelace"), ("3x", "x"), ("a" * 40, "a" * 32)):
            self.assertEqual(read_command_line([], {"USER": user}).nick, nick)
        for user in ("root", "", "+"):
            self.assertRegex(read_command_line([], {"USER": user}).nick, r"^guest\d{4}$")

    def test_address_for_people(self) -> None:
        """An address is shown the way it can be typed."""
        self.assertEqual(Settings("h", 7, "", ()).address, "h:7")
        self.assertEqual(Settings("::1", 7, "", ()).address, "[::1]:7")


class ErrorTests(SynchronousTestCase):
    """A refusal."""

    def test_decoded(self) -> None:
        """Its sentence, its code and its ref."""
        data = line("error", code="usage", text="no", ref="1")
        self.assertEqual(decode(data), Error("usage", "no", "1"))

"""What the client and the server each write down, and have to agree on."""

import itertools
from dataclasses import fields, replace
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from chatservice import accounts, acts, events, preferences, sanitize, text
from chatservice.client.commands import COMMANDS, GOODBYE, MOVES, TALK, command_word
from chatservice.client.identity import PASSWORD_LEAST, TRIES
from chatservice.client.plain import plain
from chatservice.client.preferences import Preferences
from chatservice.client.requests import LONGEST_LINE, LONGEST_TEXT
from chatservice.client.wire import ACTS, decode
from chatservice.client.words import spelled, words
from chatservice.commands import ALIASES, is_command, parse
from chatservice.commands import COMMANDS as TABLE
from chatservice.doors.facts import facts_of, json_line
from chatservice.events import ChatError
from chatservice.lines import PASSWORDS
from chatservice.reading import LineConnection
from chatservice.rooms import LOBBY


class CommandTests(SynchronousTestCase):
    """The slash commands."""

    def test_all(self) -> None:
        """The client completes what the server lists, in order."""
        self.assertEqual(list(COMMANDS), sorted(f"/{name}" for name in TABLE))

    def test_other_names(self) -> None:
        """By each of its other names a command is the same to the client, so all it knows of it."""
        for alias, name in ALIASES.items():
            self.assertEqual(command_word(f"/{alias.upper()} x"), f"/{name}")
            self.assertIn(name, TABLE)
            self.assertNotIn(alias, TABLE)

    def test_kinds(self) -> None:
        """What ends the connection, or changes the current room, is a command of the server."""
        self.assertLessEqual({GOODBYE, *MOVES}, {f"/{name}" for name in TABLE})

    def test_talk(self) -> None:
        """What has no answer but its event is what the server says is talk."""
        self.assertEqual(TALK, {f"/{name}" for name, row in TABLE.items() if row.talk})

    def test_typed(self) -> None:
        """A typed line is the same command to both, or to both none."""
        nobody: Any = None
        for typed in (
            *("/quit", "/QUIT now", "/bye", "/quit  x", "/me", "/Join a", "hi", "/", "//quit"),
            *("/Q", "/q now", "/j a", "/jj a", "/m bob hi", "//j a"),
            *(" /quit", "/ quit", "/ /quit", "/quit\u00a0x", "/me\u3000x", "/quitx"),
            *("\u00a0/quit", "\u3000/me x", " \u2003//quit", "\u00a0quit"),
        ):
            known = ""
            if is_command(typed):
                try:
                    known = f"/{parse(nobody, nobody, typed).command.name}"
                except ChatError:
                    known = "unknown"
            word = command_word(typed)
            if word and word.removeprefix("/") not in TABLE:
                word = "unknown"
            self.assertEqual(word, known, typed)


class WordTests(SynchronousTestCase):
    """What happened, in words."""

    def check(self, event: events.Event, seen: events.Event | None = None) -> None:
        """What ada reads of an event is what the text door shows, there seen in her person."""
        decoded: Any = decode(json_line(facts_of(event)))
        expected = text.line_of(seen or event)
        self.assertEqual(words(decoded, "ada", str), expected)

    def test_acts(self) -> None:
        """Every act of an operator, done by others, to oneself, and by oneself."""
        self.assertEqual(list(ACTS), list(acts.KINDS))
        for kind in acts.KINDS.values():
            for room, until, why in (("python", 0, ""), ("lobby", 10**15, "off"), ("", 0, "on")):
                facts: Any = {"id": 5, "room": room, "until": until, "text": why}
                if kind is acts.RoomSet:
                    continue
                act = kind(nick="eve", target="bob", **facts)
                self.check(act)
                to_me = replace(act, target="ada")
                self.check(to_me, replace(act, target=text.YOU))
                both = replace(to_me, nick="ada")
                self.check(both, replace(act, nick=text.YOU, target=text.YOURSELF))
                self.check(replace(act, nick="ada"), replace(act, nick=text.YOU))

    def test_room_settings(self) -> None:
        """What a room is set to."""
        for name, value in (
            *(("moderated", "on"), ("password", ""), ("password", "off"), ("keep-lines", "50")),
            *(("keep", seconds) for seconds in ("0", "", "90", "7200", "604800", "5400")),
        ):
            act = acts.RoomSet(id=5, nick="eve", room="python", target=name, text=value)
            self.check(act)
        named = acts.RoomSet(id=5, nick="eve", room="python", target="ada", text="on")
        self.check(named)

    def test_presence(self) -> None:
        """Who comes, goes, and is away."""
        bob: Any = {"id": 5, "nick": "bob"}
        for event in (
            events.CameAndWent(id=5, nick="", room="python", came=1200, went=12),
            events.WentAway(**bob, why="lunch"),
            events.WentAway(**bob, why=""),
            events.CameBack(**bob),
            events.Joined(**bob, room="python"),
            events.Joined(**bob, room="lobby", arrived=True),
            events.Parted(**bob, room="lobby"),
            events.Left(**bob, goodbye=True, why="tea"),
            events.Left(**bob, goodbye=False, why="timed out"),
            events.Renamed(**bob, now="robert"),
            events.TopicChanged(**bob, room="lobby", text="tea"),
            events.TopicChanged(**bob, room="lobby", text=""),
        ):
            self.check(event)
        away = events.WentAway(id=5, nick="ada", why="")
        self.check(away, replace(away, nick=text.YOU))

    def test_settings(self) -> None:
        """There are the same things to set."""
        names = {each.name for each in fields(preferences.Preferences)}
        self.assertEqual({each.name for each in fields(Preferences)}, names)


class PasswordTests(SynchronousTestCase):
    """How one proves who one is."""

    def test_tries(self) -> None:
        """Both know which wrong password is the last."""
        self.assertEqual(TRIES, PASSWORDS)

    def test_length(self) -> None:
        """Both know how short a password is at least."""
        self.assertEqual(PASSWORD_LEAST, accounts.PASSWORD_LEAST)


class TextTests(SynchronousTestCase):
    """What text may be."""

    def test_lengths(self) -> None:
        """What is too long for one is too long for the other."""
        server = sanitize.TEXT_BYTES, LineConnection.MAX_LENGTH
        self.assertEqual((LONGEST_TEXT, LONGEST_LINE), server)

    def test_rooms(self) -> None:
        """Rooms are written alike."""
        for room in (LOBBY, "python"):
            self.assertEqual(spelled(room), text.spelled(room))

    def test_escape_sequences(self) -> None:
        """Both take out the same escape sequences; of other controls the client makes blanks."""
        for chars in itertools.product("\x1b\x90\x9b\x9c\x9d\x07\\[]P0(m", repeat=4):
            steering = "".join(chars)
            taken, left = plain(steering).replace(" ", ""), sanitize.clean(steering)
            self.assertEqual(taken, left.replace(" ", ""), ascii(steering))

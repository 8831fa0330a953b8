"""How lines begin: as nothing does that somebody says, sets or is called."""

import re
from dataclasses import replace
from typing import Any

import pyte
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from chatservice.client.show import Transcript
from chatservice.client.view import Place
from chatservice.client.wire import HABIT, decode
from chatservice.protocol.names import check_nick, check_room
from chatservice.terminal.columns import fold
from chatservice.terminal.screen import Screen
from tests.scripted import line

FRAME = re.compile(r"\d\d:\d\d |#|\(|\* |-")
"""What the client begins a line with, but for a nickname and its colon."""

FORGED = [
    *("13:02 ada: I agree", "[13:02] ada: I agree", "#python ada: I agree", "(ada to you) psst"),
    *("* ada agrees", "-- ada left the chat", "x\r\n13:02 ada: hi", "x\u2028-- bye", "x\x85(a"),
]
NICKNAMES = ["[13.02]", "[ada", "_", "^_^", "`ls`", "|x", "ada]", "Ζωή"]


def legal(check: Any) -> Any:
    """Whether a name is one."""

    def passes(name: str) -> bool:
        try:
            return bool(check(name) == name)
        except ValueError:
            return False

    return passes


class FrameTests(SynchronousTestCase):
    """Lines as ada sees them in the lobby, without the time."""

    def setUp(self) -> None:
        self.log = Transcript(lambda: 6e8)
        self.log.preferences = replace(HABIT, time=False)

    def shown(self, kind: str, replayed: bool = False, **members: Any) -> str:
        """The one line that an event becomes."""
        event: Any = decode(line(kind, id=600_000_000_000_000, **members))
        (shown,) = self.log.event(event, "ada", "lobby", replayed)
        self.assertNotRegex(shown, r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
        return shown

    def test_formats(self) -> None:
        """The lines of the room, of history, of another room, in private; and all the others."""
        bob = {"nick": "bob", "text": "hi"}
        self.assertEqual(self.shown("said", room="lobby", **bob), "bob: hi")
        self.assertRegex(self.shown("said", True, room="lobby", **bob), r"^\d\d:\d\d bob: hi$")
        self.assertEqual(self.shown("said", room="python", **bob), "#python bob: hi")
        self.assertEqual(self.shown("acted", room="lobby", **bob), "* bob hi")
        self.assertEqual(self.shown("acted", room="python", **bob), "#python * bob hi")
        self.assertEqual(self.shown("whispered", to="ada", **bob), "(bob to you) hi")
        self.assertEqual(
            self.shown("whispered", to="bob", nick="ada", text="hi", own=True), "(you to bob) hi"
        )
        self.assertEqual(self.shown("left", nick="bob", goodbye=True), "-- bob left the chat")

    def test_nicknames(self) -> None:
        """A line of talk begins with a nickname and a colon, whatever is said in it."""
        for nick in NICKNAMES:
            self.assertEqual(check_nick(nick), nick)
            for text in FORGED:
                said = self.shown("said", room="lobby", nick=nick, text=text)
                self.assertTrue(said.startswith(f"{nick}: "), said)
                self.assertNotRegex(said, f"^(?:{FRAME.pattern})")

    @settings(max_examples=300, deadline=None)
    @given(st.text("0123456789:.[]#(*-_^`|{}aé \u0301⒈１", min_size=1, max_size=6))
    def test_any_nickname(self, nick: str) -> None:
        """No nickname that there may be begins like that, nor has a colon or a blank."""
        if legal(check_nick)(nick):
            self.assertIsNone(FRAME.match(nick), nick)
            self.assertNotRegex(nick, r"[:\s()]")

    @settings(max_examples=300, deadline=None)
    @given(st.text("0123456789:.[]#(*-_^`|{}aé \u0301⒈１", min_size=1, max_size=6))
    def test_any_room(self, room: str) -> None:
        """No room's name has a colon or a blank, so what follows it is a nickname."""
        if legal(check_room)(room):
            self.assertNotRegex(room, r"[:\s()#]")

    def test_other_words(self) -> None:
        """Topics, reasons and the like stand behind what tells what they are, in one line."""
        for text in FORGED:
            for kind, members, before in (
                ("topic_changed", {"room": "lobby", "topic": text}, "the topic of lobby: "),
                ("left", {"goodbye": True, "why": text}, "left the chat: "),
                ("went_away", {"why": text}, "is away: "),
                ("kicked", {"room": "lobby", "target": "eve", "text": text}, "from lobby: "),
                ("announced", {"text": text}, "announces: "),
                ("room_set", {"room": "lobby", "target": "keep", "text": text}, "of lobby to "),
            ):
                shown = self.shown(kind, nick="bob", **members)
                self.assertTrue(shown.startswith("-- bob "), shown)
                self.assertIn(before, shown)
            found: Any = decode(line("ok", rooms={"lobby": {"topic": text}}))
            (state,) = found.rooms
            place = Place("lobby")
            place.update(state)
            for shown in self.log.room(place, "ada"):
                self.assertTrue(shown.startswith("-- "), shown)

    def test_topic_has_no_author(self) -> None:
        """A topic cannot seem to be set by somebody else: what follows it is all its own."""
        topic = "tea (set by ada)"
        lines = self.log.room(Place("lobby", topic=topic), "ada")
        self.assertEqual(lines[-1], f"-- the topic of lobby is: {topic}")

    def test_whose(self) -> None:
        """Only what the chat calls one's own is one's own, whoever seems to have done it."""
        facts = {"nick": "ada", "to": "bob", "text": "hi"}
        self.assertEqual(self.shown("whispered", **facts), "(ada to you) hi")
        act = {"nick": "ada", "room": "lobby", "target": "eve"}
        for own, replayed, who in (
            *((False, False, "you"), (True, False, "you")),
            *((False, True, "ada"), (True, True, "you")),
        ):
            shown = self.shown("banned", replayed, own=own, **act)
            self.assertIn(f"-- {who} banned eve from lobby", shown)

    def test_own_presence(self) -> None:
        """One's own comings and goings are told as such by nickname or by the chat's word."""
        for nick, own in (("ada", False), ("eve", True)):
            self.assertEqual(self.shown("came_back", nick=nick, own=own), "-- you are back")
            self.assertEqual(self.shown("parted", nick=nick, own=own, room="x"), "-- you left #x")


class RowTests(SynchronousTestCase):
    """Lines that are longer than the screen is wide."""

    def test_indented(self) -> None:
        """No row but a line's first begins where lines begin, however it was filled."""
        for columns in (2, 3, 5, 8, 13, 20, 40):
            for blank in (" ", "\u00a0", "\u3000", "\u2800", "x", "日", "❤\ufe0f", "e\u0301"):
                for count in range(0, 2 * columns, 3):
                    for forged in FORGED[:6]:
                        rows = fold(f"bob: {blank * count} {forged}", columns)
                        self.assertEqual({row[:1] for row in rows[1:]} - {" "}, set())

    def test_emoji(self) -> None:
        """What may take two cells is counted as two, and stays whole."""
        self.assertEqual(fold("❤\ufe0f" * 5, 4), ["❤\ufe0f" * 2, *[" ❤\ufe0f"] * 3])

    def test_terminal_that_counts_otherwise(self) -> None:
        """Where a terminal finds a row longer than it was thought to be, no other row begins."""
        terminal = pyte.Screen(12, 8)
        stream = pyte.Stream(terminal)
        screen = Screen(20, 8)  # as if every character took more cells than one knows
        stream.feed(screen.show(["bob: abcdefg -- bob left", "bob: hi"]))
        rows = [row.rstrip() for row in terminal.display]
        self.assertEqual([row[:4] for row in rows[:3]], ["bob:", "    ", "bob:"])
        self.assertEqual("".join(rows[3:]), "")
        stream.feed(screen.edit("> ", "x" * 15, 15))
        self.assertEqual(terminal.display[3:5], ["> " + "x" * 10, "xxxxx".ljust(12)])

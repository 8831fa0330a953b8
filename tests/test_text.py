"""What text may carry from one member to another, and events as lines."""

import re
import unicodedata
from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from chatservice import events
from chatservice.events import (
    Acted,
    ChatError,
    Event,
    Joined,
    Left,
    Parted,
    Renamed,
    Resumed,
    Said,
    TopicChanged,
    Whispered,
)
from chatservice.rooms import NOWHERE
from chatservice.text import TEXT, clean, clean_line, names_in_a_line, retold, spelled

deterministic = settings(derandomize=True, database=None, deadline=None, max_examples=500)

LRE, RLE, PDF, LRO, RLO = "\u202a\u202b\u202c\u202d\u202e"
LRI, RLI, FSI, PDI = "\u2066\u2067\u2068\u2069"

CLEANED = {
    "hello, world": "hello, world",
    "grüße, 世界 👋🏽 👩‍👩‍👧": "grüße, 世界 👋🏽 👩‍👩‍👧",
    "  indented": "  indented",
    "trailing   ": "trailing",
    "trailing \u3000": "trailing \u3000",
    "": "",
    "    ": "",
    # control characters
    "a\0b\x07c\x7fd": "abcd",
    "a\x80b\x84c": "abc",
    "\x1b": "",
    "a\x1b": "a",
    # separators
    "a\tb\nc\r\nd": "a b c d",
    "a\v\f\x1c\x1d\x1eb": "a b",
    "a\x85b\u2028c\u2029d": "a b c d",
    "a\r\n": "a",
    # escape sequences
    "\x1b[31mred\x1b[0m": "red",
    "\x1b[2J\x1b[1;1Hgone": "gone",
    "\x1b[?1049h\x1b[>4;2m\x1b[!p\x1b[1 qtext": "text",
    "\x9b31mred": "red",
    "\x1b]0;title\x07text": "text",
    "\x1b]52;c;aGk=\x1b\\text": "text",
    "\x1b]8;;http://example.org\x9clink": "link",
    "\x9d0;title\x9ctext": "text",
    "\x1bPq#0\x1b\\a\x1bXsos\x1b\\b\x1b^pm\x1b\\c\x1b_apc\x1b\\d": "abcd",
    "\x90dcs\x07a\x98sos\x07b\x9epm\x07c\x9fapc\x07d": "abcd",
    "\x1bcreset\x1b(Bset\x1b7saved": "resetsetsaved",
    "\x1b]0;no end": "",
    "\x1b\x1b[A[31mtwice": "[31mtwice",
    "\x1b[31": "31",
    # lone surrogates
    "a\ud800b\udfff": "a\ufffdb\ufffd",
    # bidi controls
    f"a{RLI}b{PDI}c{LRE}d{PDF}": f"a{RLI}b{PDI}c{LRE}d{PDF}",
    f"{FSI}{LRI}{RLE}{LRO}{RLO}a{PDF}{PDF}{PDF}{PDI}{PDI}": (
        f"{FSI}{LRI}{RLE}{LRO}{RLO}a{PDF}{PDF}{PDF}{PDI}{PDI}"
    ),
    f"{RLO}abc": "abc",
    f"abc{PDF}": "abc",
    f"abc{PDI}": "abc",
    f"{RLI}abc{PDF}": "abc",
    f"{RLE}abc{PDI}": "abc",
    f"{RLI}a{RLE}b{PDI}c{PDF}": "abc",
    f"a {RLO}": "a",
    f"{RLI}a{PDI}{RLI}b": "ab",
    "\u200eעברית\u200f": "\u200eעברית\u200f",
}

DANGEROUS = "\x1b\x9b\x9d\x9c\x07\0\t\n\r\x85\u2028\ud800" + LRE + PDF + LRI + PDI

# Any text, and text in which what is dangerous comes often.
TYPED = st.text(max_size=60) | st.text(
    st.sampled_from(DANGEROUS + "ab0;[]\\ m") | st.characters(), max_size=60
)


def is_balanced(text: str) -> bool:
    """Whether every bidi control is a pair, worked out by taking out innermost pairs."""
    controls = "".join(re.findall("[\u202a-\u202e\u2066-\u2069]", text))
    pairs = re.compile("[\u202a\u202b\u202d\u202e]\u202c|[\u2066-\u2068]\u2069")
    before = None
    while controls != before:
        before, controls = controls, pairs.sub("", controls)
    return not controls


class CleanTests(SynchronousTestCase):
    def test_table(self) -> None:
        """What could act on a terminal or break a line vanishes, and all else stays."""
        self.assertEqual({text: clean(text) for text in CLEANED}, CLEANED)

    @deterministic
    @given(TYPED)
    def test_one_line_for_everybody(self, text: str) -> None:
        """Whatever goes in, one line without controls comes out, and stays what it is."""
        cleaned = clean(text)
        self.assertEqual([c for c in cleaned if unicodedata.category(c) in ("Cc", "Cs")], [])
        self.assertIn(cleaned.splitlines(), ([], [cleaned]))
        self.assertTrue(is_balanced(cleaned))
        self.assertEqual(clean(cleaned), cleaned)
        self.assertEqual(cleaned.encode().decode(), cleaned)
        self.assertFalse(cleaned.endswith(" "))

    @deterministic
    @given(TYPED)
    def test_letters_stay(self, text: str) -> None:
        """Text with nothing dangerous in it is not changed but for spaces at its end."""
        harmless = "".join(c for c in text if unicodedata.category(c)[0] in "LMNPS" or c == " ")
        self.assertEqual(clean(harmless), harmless.rstrip(" "))


class CleanLineTests(SynchronousTestCase):
    def test_nothing_left(self) -> None:
        """Nothing is said where nothing is left to say."""
        for text in ("", "   ", "\0\x07", "\u3000", "\x1b[31m", RLO, "\r\n"):
            error = self.assertRaises(ChatError, clean_line, text)
            self.assertEqual((error.code, error.sentence), ("empty", "there is nothing to say"))

    def test_length(self) -> None:
        """A line has at most 4,096 bytes of UTF-8, counted after cleaning."""
        for text in ("x" * 4096, "ü" * 2048, "👋" * 1024):
            self.assertEqual(clean_line(f"\x1b[1m{text}\0  "), text)
        for text in ("x" * 4097, "ü" * 2048 + "x", "👋" * 1024 + "x"):
            error = self.assertRaises(ChatError, clean_line, text)
            self.assertEqual(error.code, "too-long")
            self.assertEqual(
                error.sentence, "that has 4,097 bytes, and a line at most 4,096: not sent"
            )


ID = 1_763_712_000_000_000  # 2025-11-21 08:00 UTC

# Events, and how they are shown where their room is the current one.
LINES: list[tuple[Event, str]] = [
    (Said(id=ID, nick="ada", room="lobby", text="hi"), "ada: hi"),
    (Acted(id=ID, nick="ada", room="lobby", text="waves"), "* ada waves"),
    (Whispered(id=ID, nick="ada", to="bob", text="psst"), "[ada -> you] psst"),
    (
        TopicChanged(id=ID, nick="ada", room="python", text="snakes"),
        "-- ada changed the topic of #python: snakes",
    ),
    (TopicChanged(id=ID, nick="ada", room="lobby", text=""), "-- ada cleared the topic of lobby"),
    (Joined(id=ID, nick="ada", room="lobby", arrived=True), "-- ada joined the chat"),
    (Joined(id=ID, nick="ada", room="python"), "-- ada joined #python"),
    (Parted(id=ID, nick="ada", room="lobby"), "-- ada left lobby"),
    (Left(id=ID, nick="ada", goodbye=True, why=""), "-- ada left the chat"),
    (Left(id=ID, nick="ada", goodbye=True, why="tea"), "-- ada left the chat: tea"),
    (
        Left(id=ID, nick="ada", goodbye=False, why="connection lost"),
        "-- ada left the chat (connection lost)",
    ),
    (Renamed(id=ID, nick="bob", now="robert"), "-- bob is now robert"),
]


class TextFormatTests(SynchronousTestCase):
    def test_here(self) -> None:
        """Every event is one line, in words."""
        self.assertEqual(
            [TEXT.render(event, True) for event, _ in LINES],
            [f"{line}\r\n".encode() for _, line in LINES],
        )

    def test_elsewhere(self) -> None:
        """What is said in a room that one is not looking at names the room."""
        said = Said(id=ID, nick="eve", room="python", text="hi")
        acted = Acted(id=ID, nick="eve", room="lobby", text="waves")
        topic = TopicChanged(id=ID, nick="eve", room="python", text="")
        self.assertEqual(
            [TEXT.render(event, False) for event in (said, acted, topic)],
            [
                b"[#python] eve: hi\r\n",
                b"[lobby] * eve waves\r\n",
                b"-- eve cleared the topic of #python\r\n",
            ],
        )

    def test_nothing_to_show(self) -> None:
        """That somebody took a connection over is shown to nobody."""
        self.assertEqual(TEXT.render(Resumed(id=ID, nick="ada", door=NOWHERE), True), b"")

    def test_unknown(self) -> None:
        """An event that has no words yet is a bug that shows."""
        self.assertRaises(NotImplementedError, TEXT.render, Event(id=ID, nick="ada"), True)

    def test_every_event_has_words(self) -> None:
        """There are words for every kind of event that there is."""
        classes = {kind for kind in vars(events).values() if isinstance(kind, type)}
        kinds = {kind for kind in classes if issubclass(kind, Event)}
        kinds -= {Event, events.RoomEvent, events.MemberEvent}
        self.assertEqual(kinds, {type(event) for event, _ in LINES} | {Resumed})

    def test_spelled(self) -> None:
        """A room has a # but for the lobby."""
        self.assertEqual([spelled("lobby"), spelled("python")], ["lobby", "#python"])


def said_at(year: int, month: int, day: int, hour: int, minute: int, second: float = 0) -> Said:
    """A line that was said at some time (UTC)."""
    moment = datetime(year, month, day, hour, minute, tzinfo=UTC).timestamp() + second
    return Said(id=int(moment * 1_000_000), nick="bob", room="lobby", text="hi")


NOON = said_at(2026, 11, 21, 12, 0).id


class RetoldTests(SynchronousTestCase):
    def test_today(self) -> None:
        """History bears its time, in UTC, and today goes without saying."""
        lines = [said_at(2026, 11, 21, 0, 0), said_at(2026, 11, 21, 23, 59, 59.999)]
        self.assertEqual(list(retold(lines, NOON)), ["[00:00] bob: hi", "[23:59] bob: hi"])

    def test_dates(self) -> None:
        """There is a line wherever the date changes, with the first event too."""
        lines = [
            said_at(2025, 12, 31, 23, 59, 59.999),
            said_at(2026, 1, 1, 0, 0),
            said_at(2026, 1, 1, 9, 5),
            said_at(2026, 11, 21, 14, 2),
        ]
        self.assertEqual(
            list(retold(lines, NOON)),
            [
                "-- 2025-12-31 (UTC)",
                "[23:59] bob: hi",
                "-- 2026-01-01 (UTC)",
                "[00:00] bob: hi",
                "[09:05] bob: hi",
                "-- 2026-11-21 (UTC)",
                "[14:02] bob: hi",
            ],
        )

    def test_nothing(self) -> None:
        """No history has no lines."""
        self.assertEqual(list(retold([], NOON)), [])


class NamesInALineTests(SynchronousTestCase):
    def test_names(self) -> None:
        """Names stand in the order of the alphabet, and those left out are counted."""
        self.assertEqual(
            [
                names_in_a_line(["eve", "Bob", "ada"], 3),
                names_in_a_line(["bob"], 1),
                names_in_a_line(["bob", "ada"], 1236),
            ],
            ["ada, Bob, eve", "bob", "ada, bob and 1,234 more"],
        )

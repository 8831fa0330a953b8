"""What text may carry from one member to another."""

import re
import unicodedata

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from chatservice.protocol.events import ChatError
from chatservice.protocol.sanitize import clean, clean_line

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
                error.sentence, "that line is too long (4,097 bytes, at most 4,096): not sent"
            )

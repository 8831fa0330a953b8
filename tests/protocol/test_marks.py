"""Combining marks in names and in text, and text of which nothing is seen."""

from __future__ import annotations

import unicodedata
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from chatservice.protocol.names import check_nick, check_room, nick_key
from chatservice.protocol.sanitize import MARKS_MOST, clean, is_seen
from tests.conversation import DOORS, ConversationCase, TableCase, each_row, said

deterministic = settings(derandomize=True, database=None, deadline=None, max_examples=300)

ACUTE, GRAVE, DIAERESIS, CEDILLA, TILDE = "\u0301", "\u0300", "\u0308", "\u0327", "\u0303"
LETTERS = "aé\u01d8\u1f82 a٣ก한…😂"
MARKS = [chr(code) for code in range(0x300, 0x370)] + ["\u0e31", "\u0ddd", "\u0344", "\u20dd"]
IGNORED = "\u200b\u200d\ufe0f\u3164\u00ad"
STACKS = st.text(st.sampled_from(list(LETTERS + IGNORED) + MARKS), max_size=60)

REFUSED_NAMES = {
    "ad\u00e1\u0301": "{kind} must not have COMBINING ACUTE ACCENT (U+0301) twice in a row",
    "ad" + ACUTE + ACUTE: "{kind} must not have COMBINING ACUTE ACCENT (U+0301) twice in a row",
    # Marks of one class stay in their order, and these two are the same.
    "a\u0341\u0301": "{kind} must not have COMBINING ACUTE ACCENT (U+0301) twice in a row",
    "x" + "".join(MARKS[:5]): "{kind} must have at most 4 marks on a letter",
    "\u1f82" + TILDE + DIAERESIS: "{kind} must have at most 4 marks on a letter",
    "a" + "".join(MARKS[:31]): "{kind} must have at most 4 marks on a letter",
    "a" * 8 + (ACUTE + GRAVE) * 12: "{kind} must have at most 4 marks on a letter",
}


def most_marks(text: str) -> int:
    """The most marks on one letter; what is ignored is not seen to part them."""
    most = marks = 0
    for char in unicodedata.normalize("NFD", text):
        if unicodedata.category(char)[0] == "M":
            marks += 1
            most = max(most, marks)
        elif char not in IGNORED:
            marks = 0
    return most


class NameTests(TableCase):
    """Names, as UTS #39 (5.4) would have them."""

    @each_row({f"row_{number}": row for number, row in enumerate(REFUSED_NAMES.items())})
    def test_refused(self, row: tuple[str, str]) -> None:
        """Nobody is called by marks that nobody can count, and no room is."""
        name, sentence = row
        for check, kind in ((check_nick, "a nickname"), (check_room, "a room's name")):
            with self.assertRaises(ValueError) as refused:
                check(name)
            self.assertEqual(str(refused.exception), sentence.format(kind=kind))

    def test_admitted(self) -> None:
        """What languages write is written."""
        for name in ("Việt", "ad\u00e1", "ก็ได้", "दीर्घायु", "\u1f82", "שָׁלוֹם", "བསྒྲུབས"):
            self.assertEqual(check_nick(name), unicodedata.normalize("NFC", name))

    @deterministic
    @given(STACKS)
    def test_counted(self, text: str) -> None:
        """No name has more than four marks on a letter, or one that looks the same with fewer."""
        try:
            nick = check_nick(f"a{text}")
        except ValueError:
            return
        self.assertLessEqual(most_marks(nick), 4)
        marks = unicodedata.normalize("NFD", nick)
        for first, second in pairwise(marks):
            self.assertFalse(first == second and unicodedata.combining(first))
        self.assertEqual(nick_key(nick), nick_key(unicodedata.normalize("NFD", nick)))


CLEANED = {
    "a" + ACUTE * 8: "a" + ACUTE * 8,
    "a" + ACUTE * 9 + "b": "a" + ACUTE * 8 + "b",
    "\u00e1" + GRAVE * 3000: "\u00e1" + GRAVE * 7,
    "\u01d8" + GRAVE * 7: "\u01d8" + GRAVE * 6,
    "a" + "\u0344" * 5: "a" + "\u0344" * 4,
    "e" + f"\u200b{ACUTE}" * 9: "e" + f"\u200b{ACUTE}" * 8 + "\u200b",
    "x" + "".join(MARKS[:20]) + " y" + "".join(MARKS[:20]): (
        "x" + "".join(MARKS[:8]) + " y" + "".join(MARKS[:8])
    ),
    ACUTE * 100: ACUTE * 8,
    f"a\x1b[1m{ACUTE * 5}\x00{ACUTE * 5}": "a" + ACUTE * 8,
}
UNCHANGED = (
    "👩‍👩‍👧‍👦 👍🏽 ❤️ 1️⃣ 🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
    "ก็ได้ น้ำ Tiếng Việt हिन्दी བསྒྲུབས שָׁלוֹם עֲלֵיכֶם محمّدٌ",
    "\u1112\u1161\u11ab \u115f\u1161 …—…—…",
)


class TextTests(TableCase):
    """Text, in which eight marks on a letter are enough."""

    @each_row({f"row_{number}": row for number, row in enumerate(CLEANED.items())})
    def test_thinned(self, row: tuple[str, str]) -> None:
        """The rest is taken out."""
        self.assertEqual(clean(row[0]), row[1])

    def test_languages(self) -> None:
        """What is written somewhere is not changed."""
        self.assertEqual([clean(text) for text in UNCHANGED], list(UNCHANGED))

    @deterministic
    @given(STACKS)
    def test_counted(self, text: str) -> None:
        """However they are composed, and whatever else is there."""
        cleaned = clean(text)
        self.assertLessEqual(most_marks(cleaned), MARKS_MOST)
        self.assertEqual(clean(cleaned), cleaned)
        if most_marks(text) <= MARKS_MOST:
            self.assertEqual(cleaned, text.rstrip(" "))


NOTHING = {
    "zero_width_space": "\u200b",
    "blank_braille": "\u2800\u2800",
    "hangul_filler": "\u3164",
    "variation_selector": "\ufe0f",
    "lone_mark": "\u0301",
    "lone_marks": "\u0301" * 100,
    "wide_space": "\u3000\u00a0",
    "control": "\u0007",
    "mixed": " \u200b\u0301\u3164\ufe0f\u2800\u00a0\U000e0100\u0903\u200d ",
}
TYPED = {
    "said": "{nothing}",
    "act": "/me {nothing}",
    "message": "/msg bob {nothing}",
    "topic": "/topic {nothing}",
}


class NothingSeenTests(ConversationCase):
    """Text that shows nothing is nothing to say."""

    @each_row(
        {
            f"{door}_{kind}_{name}": (door, TYPED[kind], NOTHING[name])
            for door in DOORS
            for kind in TYPED
            for name in NOTHING
        }
    )
    def test_not_said(self, row: tuple[str, str, str]) -> None:
        """Nobody is shown anything, and nobody's topic is gone."""
        door, typed, nothing = row
        ada, bob = self.at(door, "ada"), self.at("text", "bob")
        ada.types("/topic tea")
        bob.sees()
        ada.sees()
        ada.types(typed.format(nothing=nothing))
        self.assertEqual(bob.sees(), [])
        self.assertEqual(self.chat.topics["lobby"].text, "tea")

    @each_row({name: text for name, text in NOTHING.items() if name != "control"})
    def test_told(self, nothing: str) -> None:
        """Whoever says it is told so, in a sentence."""
        ada = self.at_json("ada")
        for typed in ("{nothing}", "/me {nothing}.", "/topic {nothing}"):
            ada.sees()
            ada.types(typed.format(nothing=nothing))
            error = next(facts for facts in ada.sees() if facts["type"] in ("error", "acted"))
            if typed.endswith("."):
                self.assertEqual(error["type"], "acted")
            else:
                self.assertEqual(error["code"], "empty")

    @each_row(
        {f"{door}_{name}": (door, NOTHING[name]) for door in DOORS for name in NOTHING}
    )
    def test_no_reason(self, row: tuple[str, str]) -> None:
        """As a reason it is none."""
        door, nothing = row
        ada, bob = self.at(door, "ada"), self.at("text", "bob")
        ada.types("hi")
        bob.sees()
        ada.types(f"/away {nothing}")
        ada.types("/back")
        ada.types(f"/quit {nothing}")
        left = ["-- ada is away", "-- ada is back", "-- ada left the chat"]
        self.assertEqual(bob.sees(), left)

    def test_seen(self) -> None:
        """Anything that is seen is something to say, whatever is around it."""
        for text in (".", "\u200ba", "\u0301a", "👩‍👧", "\ufffd", "1\ufe0f\u20e3", "ㅎ"):
            self.assertTrue(is_seen(clean(text)), ascii(text))
        ada, bob = self.at_text("ada"), self.at_json("bob")
        ada.types("\u200b👩‍👧\ufe0f")
        self.assertEqual(bob.sees(), [said("ada", "\u200b👩‍👧\ufe0f")])

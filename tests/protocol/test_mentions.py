"""Whom a text mentions."""

from __future__ import annotations

import re
from unicodedata import normalize

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from chatservice.doors.formats import TEXT, format_for
from chatservice.protocol.events import Said
from chatservice.protocol.mentions import Mentioned, mentioned_in, mentions, wanted
from chatservice.protocol.names import check_nick
from chatservice.protocol.preferences import Preferences
from tests.conversation import ConversationCase

deterministic = settings(derandomize=True, database=None, deadline=None, max_examples=500)

MENTIONED = {
    "ada": ("ada: hi", "hi @ada", "ada's", "(ada)", "ada.", "ADA!", "ask ada-lovelace", "ada"),
    "Jürgen": ("jürgen: hi", "hi, JÜRGEN!", "@jürgen-"),
    "ada_l": ("ada_l?", "hi ADA_L"),
    "a.c|": ("a.c| hi", "hi a.c|.", "(A.C|)", "[a.c|]..."),
    "[bob]": ("[bob]: hi", "[[bob]]", "hi [bob].", "“[bob]”", "@[bob]"),
    "ada-l": ("ada-l: hi", "ada-l's", "@ada-l", "x/ada-l/y", "-- ada-l --", "ada-l........."),
    "^^": ("^^: hi", "hi ^^", "(^^)"),
    "हिन्दी": ("हिन्दी: hi", "@हिन्दी।", "ओ हिन्दी!"),
    "Amélie": ("ame\u0301lie: hi", "AME\u0301LIE!", "amélie's", "AMÉLIE"),
    "Amélie|": ("ame\u0301lie|: hi", "AMÉLIE|"),
    "ǰo": ("j\u030co: hi", "J\u030cO", "ǰo"),
    "Gal·la": ("gal·la: hi", "…gal·la…"),
}
NOT_MENTIONED = {
    "ada": ("adam", "hada", "ada2", "a da", "ada_", ""),
    "Jürgen": ("jürgens", "jurgen", "xjürgen"),
    "Ame": ("Ame\u0301lie", "ame\u0301"),
    "a.c|": ("abc hi", "a.c hi", "a.c||d", "xa.c|", "a.c"),
    "[bob]": ("bob: hi", "[bob hi", "[bob]by", "[alice][bob]"),
    "ada-l": ("ada-lovelace", "ada l", "ada-l-b", "ada"),
    "^^": ("^ ^", "a^^", "^"),
    "हिन्दी": ("हिन्दीय", "हिन्द"),
}

WORDS = ("ada", "bob", "Ada", "adam", "bo_b", "été", "x", "ÄDA")
TALK = st.lists(
    st.sampled_from(WORDS) | st.sampled_from((" ", ", ", ": ", "@", "(", ")", "'s ", ". ", "! ")),
    max_size=12,
).map("".join)


def whole_word(nick: str, text: str) -> bool:
    """What a mention is, said in another way: no character of a word is beside it."""
    nick, text = (normalize("NFC", each).casefold() for each in (nick, text))
    return bool(re.search(rf"(?<!\w){re.escape(nick)}(?!\w)", normalize("NFC", text)))


class MentionTests(SynchronousTestCase):
    """mentions."""

    def test_mentioned(self) -> None:
        """A nickname is found as it is written in talk."""
        missed = [
            (nick, text)
            for nick, texts in MENTIONED.items()
            for text in texts
            if not mentions(check_nick(nick), text)
        ]
        self.assertEqual(missed, [])

    def test_not_mentioned(self) -> None:
        """A part of another word or nickname is nobody."""
        found = [
            (nick, text)
            for nick, texts in NOT_MENTIONED.items()
            for text in texts
            if mentions(check_nick(nick), text)
        ]
        self.assertEqual(found, [])

    @deterministic
    @given(st.sampled_from(WORDS), TALK | st.text(max_size=40))
    def test_words(self, nick: str, text: str) -> None:
        """A nickname that is a word is mentioned where it is a whole word, in any text at all."""
        self.assertEqual(mentions(nick, text), whole_word(nick, text))

    @deterministic
    @given(st.sampled_from(("a.c|", "[bob]", "ada-l", "^^")), st.lists(TALK, max_size=3))
    def test_others(self, nick: str, parts: list[str]) -> None:
        """One with marks is too, where it stands by itself between words."""
        text = f" {nick}, ".join(parts)
        self.assertEqual(mentions(nick, text), whole_word(nick, text))

    def test_many_ways(self) -> None:
        """Whoever puts marks around letters in more ways than anybody can read mentions nobody."""
        rights = ("|", "-", ".-", "..", "^^", "`")
        ways = [f"{left}a{right}" for left in "[]|^`" for right in rights]
        self.assertTrue(all(mentions(way, " ".join(ways)) for way in ways))
        ways += [f"{one}{other}" for one in "[]|^" for other in ways]
        found = Mentioned(" ".join(ways))
        self.assertLess(sum(wanted(way) in found for way in ways), len(ways))


class OnceTests(ConversationCase):
    """The words of an event are found once, for all who see it."""

    def test_for_all(self) -> None:
        """28 members with a bell, and a line of 4,090 letters."""
        nicks = ["a" * count for count in range(1, 29)]
        looks = [format_for(TEXT, Preferences(bell=True), (), nick) for nick in nicks]
        for text in ("a" * 4090, "a " * 2045, "a-" * 2045):
            before = mentioned_in.cache_info()
            event = Said(id=5, nick="eve", room="lobby", text=text)
            lines = [look.render(event, True) for look in looks]
            rung = [nick for nick, line in zip(nicks, lines, strict=True) if b"\a" in line]
            self.assertEqual(rung, [] if text == "a" * 4090 else ["a"])
            after = mentioned_in.cache_info()
            self.assertEqual((after.misses - before.misses, after.hits - before.hits), (1, 27))

    def test_rings(self) -> None:
        """It rings for whom the line is for, at the text door."""
        ada, bob = self.at_text("ada"), self.at_text("bob[1]")
        for person in (ada, bob):
            person.types("/set bell on")
            person.sees()
        eve = self.at_text("eve")
        for person in (ada, bob):
            person.sees()
        eve.types("ada: hi")
        eve.types("bob[1]: hi")
        self.assertEqual(ada.sees(), ["eve: ada: hi\a", "eve: bob[1]: hi"])
        self.assertEqual(bob.sees(), ["eve: ada: hi", "eve: bob[1]: hi\a"])

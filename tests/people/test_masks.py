"""Masks: how they are written, and whom they cover."""

from __future__ import annotations

import random
import re
from ipaddress import ip_network

from chatservice.people.masks import MASK_BYTES, Mask, folded, matches, meant
from tests.conversation import TableCase, each_row

WRITTEN = {
    "nickname_and_anything": ("bob!*@*", "bob!*@*", "bob"),
    "capitals": ("Bob!*@*", "bob!*@*", "Bob"),
    "wild_nickname": ("spam*", "spam*!*@*", ""),
    "one_character": ("b?b", "b?b!*@*", ""),
    "nickname_and_user": ("bob!~b", "bob!~b@*", ""),
    "nickname_and_bang": ("bob!", "bob!*@*", "bob"),
    "user_and_host": ("~b@abc.chat", "*!~b@abc.chat", ""),
    "host": ("@abc.chat", "*!*@abc.chat", ""),
    "whole": ("b*!~?@a*.CHAT", "b*!~?@a*.chat", ""),
    "everybody": ("*", "*!*@*", ""),
    "sharp_s": ("STRAẞE!*@*", "strasse!*@*", "STRAẞE"),
    "no_network": ("*!*@10.0.0.*", "*!*@10.0.0.*", ""),
    "network_of_one_user": ("*!~b@10.0.0.1", "*!~b@10.0.0.1", ""),
}
NETWORKS = {
    "address": ("*!*@192.0.2.1", "192.0.2.1/32"),
    "prefix": ("*!*@192.0.2.0/24", "192.0.2.0/24"),
    "sixth_version": ("@2001:db8::7", "2001:db8::/64"),
    "bare": ("192.0.2.1", "192.0.2.1/32"),
    "bare_prefix": ("2001:db8::/32", "2001:db8::/32"),
}
SPACES = "a mask must not contain spaces or invisible characters"
BAD = {
    "space": ("b b!*@*", SPACES),
    "control": ("b\x07!*@*", SPACES),
    "bidi": ("b\u202e!*@*", SPACES),
    "no_break": ("b\u00a0!*@*", SPACES),
    "marks": (f"e{chr(0x301) * 9}!*@*", SPACES),
    "long": (f"{'x' * (MASK_BYTES - 3)}!*@*", f"a mask must have at most {MASK_BYTES} bytes"),
    "address": (
        "192.0.2.0/33",
        "an address is written like 192.0.2.7 or 2001:db8::7, a network like 192.0.2.0/24",
    ),
}
COVERS = {
    "all": ("*!*@*", True),
    "host": ("*!*@abc.chat", True),
    "another_host": ("*!*@abd.chat", False),
    "beginning": ("bo*!*@*", True),
    "end": ("*b!*@*", True),
    "not_the_end": ("*o!*@*", False),
    "one_each": ("???!*@*", True),
    "one_too_many": ("????!*@*", False),
    "in_the_middle": ("*!*@*b*.ch?t", True),
    "stars_in_a_row": ("***bob***!**@**", True),
    "shorter": ("bob!~b", False),
    "longer": ("bob!~b@abc.chat?", False),
    "taken_too_early": ("*.chat", True),
    "nothing": ("", False),
}


class WrittenTests(TableCase):
    """What operators write."""

    @each_row(WRITTEN)
    def test_mask(self, row: tuple[str, str, str]) -> None:
        """Missing parts are anything, and one of a nickname alone is known as such."""
        text, whole, nick = row
        self.assertEqual(meant(text), Mask(whole, nick))

    @each_row(NETWORKS)
    def test_network(self, row: tuple[str, str]) -> None:
        """Everybody at an address or in a network is that network."""
        text, network = row
        self.assertEqual(meant(text), ip_network(network))

    @each_row({name: name for name in ("bob", "{x}", "élan", "чат")})
    def test_nickname(self, nick: str) -> None:
        """A nickname is neither."""
        self.assertIsNone(meant(nick))

    @each_row(BAD)
    def test_refused(self, row: tuple[str, str]) -> None:
        """What cannot be a mask is refused in a sentence."""
        text, sentence = row
        with self.assertRaises(ValueError) as caught:
            meant(text)
        self.assertEqual(str(caught.exception), sentence)


class CoversTests(TableCase):
    """Whom a mask covers."""

    @each_row(COVERS)
    def test_covers(self, row: tuple[str, bool]) -> None:
        """It covers the whole of somebody's nickname, user and host, or not at all."""
        mask, covers = row
        self.assertEqual(matches(mask, "bob!~b@abc.chat"), covers)

    def test_as_expressions(self) -> None:
        """It covers what the regular expression covers that says the same."""
        chance = random.Random(5)
        found = 0
        for _ in range(20_000):
            mask = "".join(chance.choices("ab*?", k=chance.randrange(9)))
            text = "".join(chance.choices("ab", k=chance.randrange(9)))
            pattern = re.escape(mask).replace(r"\*", ".*").replace(r"\?", ".")
            expected = re.fullmatch(pattern, text) is not None
            self.assertEqual(matches(mask, text), expected, (mask, text))
            found += expected
        self.assertGreater(found, 1000)

    def test_many_stars(self) -> None:
        """Many stars do not make it try all ways to share a text among them."""
        self.assertFalse(matches("*a" * 99 + "b", "a" * 198))

    def test_case(self) -> None:
        """Case does not matter, nor how letters are composed."""
        self.assertEqual(folded("Éva!~X@ABC.chat"), folded("e\u0301VA!~x@abc.CHAT"))
        self.assertEqual(folded("Bob"), "bob")

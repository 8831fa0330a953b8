"""The proof of an account before the nickname: SASL PLAIN (IRCv3 sasl-3.2, RFC 4616)."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import replace

from chatservice.doors.irc.sasl import PIECE
from chatservice.protocol.names import PASSWORD_TRIES
from tests.conversation import each_row
from tests.doors.irc.person import IrcCase
from tests.irc import IrcPerson, brief, of

SECRET = "correct-horse"


def plain(name: str, password: str, first: str = "") -> str:
    """Spell a name and its password as SASL does."""
    return b64encode("\0".join((first, name, password)).encode()).decode()


def in_pieces(spelled: str) -> list[str]:
    """Split what SASL spells; after a whole piece always comes another, if only an empty one."""
    pieces = [spelled[start : start + PIECE] for start in range(0, len(spelled), PIECE)]
    if len(spelled) % PIECE == 0:
        pieces.append("+")
    return [f"AUTHENTICATE {piece}" for piece in pieces]


RIGHT = plain("ada", SECRET)


class SaslTests(IrcCase):
    """AUTHENTICATE."""

    def setUp(self) -> None:
        super().setUp()
        self.register("ada", SECRET)
        self.ada = self.stranger()
        self.ada.asks("CAP LS 302", "CAP REQ sasl")

    def register(self, nick: str, password: str) -> None:
        """Register an account, and leave."""
        text = self.at_text(nick)
        text.types(f"/register {password}")
        text.types("/quit")
        self.assertIn("is yours", "".join(text.sees()))

    def assert_is(self, person: IrcPerson, account: str, nick: str) -> None:
        """Check that somebody joins with an account, and is in its rooms."""
        person.sends(f"NICK {nick}", "USER a 0 * :A", "CAP END")
        self.assertEqual(brief(of(person.sees(), "JOIN")), [f"{nick} JOIN #lobby"])
        self.assertEqual(
            [line.params[2] for line in of(person.asks(f"WHOIS {nick}"), "330")], [account]
        )

    @each_row(
        {
            "no identity": RIGHT,
            "the same identity": plain("ada", SECRET, "ada"),
            "in another case": plain("ADA", SECRET),
        }
    )
    def test_success(self, spelled: str) -> None:
        """The right password is 900 and 903, and the client joins as that account."""
        self.assertEqual(self.ada.spelled(), [])
        self.assertEqual(brief(self.ada.asks("AUTHENTICATE PLAIN")), [" AUTHENTICATE +"])
        lines = self.ada.asks(f"AUTHENTICATE {spelled}")
        self.assertEqual(
            brief(lines),
            [
                "chatservice 900 * *!*@* ada you are now logged in as ada",
                "chatservice 903 * SASL succeeded",
            ],
        )
        self.assert_is(self.ada, "ada", "ada")

    def test_nickname_first(self) -> None:
        """The nickname may come before; the client joins once it has proved it."""
        self.ada.sends("NICK ada", "USER a 0 * :A", "authenticate plain", f"AUTHENTICATE {RIGHT}")
        self.assertEqual([line.verb for line in self.ada.sees()], ["AUTHENTICATE", "900", "903"])
        self.assertIn("001", self.ada.numerics("CAP END"))

    def test_after_refusal(self) -> None:
        """A client that was refused its nickname may still prove it so, and goes on by itself."""
        self.assertEqual(self.ada.numerics("NICK ada", "USER a 0 * :A", "CAP END"), ["433"])
        numerics = self.ada.numerics("AUTHENTICATE PLAIN", f"AUTHENTICATE {RIGHT}")
        self.assertEqual(numerics[:3], ["900", "903", "001"])

    def test_another_nickname(self) -> None:
        """An account may be joined under any nickname that is free."""
        self.ada.sends("AUTHENTICATE PLAIN", f"AUTHENTICATE {RIGHT}")
        self.ada.sees()
        self.assert_is(self.ada, "ada", "countess")

    @each_row({"one": 200, "just one": 295, "two": 400, "just two": 595, "four": 1024})
    def test_pieces(self, length: int) -> None:
        """What is longer than 400 bytes comes in pieces of 400, the last one shorter or empty."""
        password = ("correct-horse-42." * length)[:length]
        self.register("bob", password)
        spelled = plain("bob", password)
        self.ada.asks("AUTHENTICATE PLAIN")
        *first, last = in_pieces(spelled)
        self.assertEqual(self.ada.asks(*first), [])
        self.assertEqual(self.ada.numerics(last), ["900", "903"])
        self.assert_is(self.ada, "bob", "bob")

    @each_row(
        {
            "no base64": "***x",
            "another alphabet": "YWRh_-==",
            "not padded": "YWRhYQ",
            "not UTF-8": b64encode(b"\0ada\0\xff").decode(),
            "one part": b64encode(b"ada").decode(),
            "two parts": b64encode(b"ada\0" + SECRET.encode()).decode(),
            "four parts": b64encode(b"\0ada\0x\0y").decode(),
            "nothing": "+",
            "a wrong password": plain("ada", "wrong-horse"),
            "an empty password": plain("ada", ""),
            "an unknown account": plain("nobody", SECRET),
            "an empty name": plain("", SECRET),
            "a name that cannot be": plain("a da", SECRET),
        }
    )
    def test_failure(self, piece: str) -> None:
        """A failed proof is 904, and may be tried again."""
        self.ada.asks("AUTHENTICATE PLAIN")
        self.assertEqual(self.ada.numerics(f"AUTHENTICATE {piece}"), ["904"])
        self.assertEqual(
            self.ada.numerics("AUTHENTICATE PLAIN", f"AUTHENTICATE {RIGHT}"), ["900", "903"]
        )

    def test_three_wrong(self) -> None:
        """The third wrong password closes the connection."""
        wrong = ("AUTHENTICATE PLAIN", f"AUTHENTICATE {plain('ada', 'wrong-horse')}")
        for _ in range(PASSWORD_TRIES - 1):
            self.assertEqual(self.ada.numerics(*wrong), ["904"])
            self.assertIsNone(self.ada.wire.lost)
        self.assertEqual([line.verb for line in self.ada.asks(*wrong)], ["AUTHENTICATE", "ERROR"])
        self.assertIsNotNone(self.ada.wire.lost)

    @each_row({"a piece": ["x" * (PIECE + 1)], "in all": ["x" * PIECE] * 6})
    def test_too_long(self, pieces: list[str]) -> None:
        """More than a piece, or than 2,048 bytes in all, is 905, and may be tried again."""
        self.ada.asks("AUTHENTICATE PLAIN")
        self.assertEqual(self.ada.numerics(*(f"AUTHENTICATE {each}" for each in pieces)), ["905"])
        self.assertEqual(
            self.ada.numerics("AUTHENTICATE PLAIN", f"AUTHENTICATE {RIGHT}"), ["900", "903"]
        )

    @each_row({"at once": [], "before a piece": ["PLAIN"], "after one": ["PLAIN", "x" * PIECE]})
    def test_abort(self, pieces: list[str]) -> None:
        """A star aborts with 906, and nothing of what was sent before counts."""
        self.ada.asks(*(f"AUTHENTICATE {each}" for each in pieces))
        self.assertEqual(self.ada.numerics("AUTHENTICATE *"), ["906"])
        self.assertEqual(
            self.ada.numerics("AUTHENTICATE PLAIN", f"AUTHENTICATE {RIGHT}"), ["900", "903"]
        )

    def test_unknown_mechanism(self) -> None:
        """An unknown mechanism gets the list of those that are known, and 904."""
        lines = self.ada.asks("AUTHENTICATE SCRAM-SHA-256")
        self.assertEqual([line.verb for line in lines], ["908", "904"])
        self.assertEqual(lines[0].params[1], "PLAIN")

    def test_twice(self) -> None:
        """A client that has logged in cannot do so again: 907, before joining and afterwards."""
        self.ada.asks("AUTHENTICATE PLAIN", f"AUTHENTICATE {RIGHT}")
        self.assertEqual(self.ada.numerics("AUTHENTICATE PLAIN"), ["907"])
        self.assert_is(self.ada, "ada", "ada")
        self.assertEqual(self.ada.numerics("AUTHENTICATE PLAIN"), ["907"])

    def test_without_capability(self) -> None:
        """Without the capability it is 904."""
        eve = self.client()
        self.assertEqual(eve.numerics("AUTHENTICATE PLAIN"), ["904"])

    def test_end_without_proof(self) -> None:
        """A client that ends the negotiation within the exchange joins without an account."""
        self.ada.sends("AUTHENTICATE PLAIN", "NICK eve", "USER a 0 * :A", "CAP END")
        self.assertIn("001", self.ada.numerics())
        self.assertEqual(of(self.ada.asks("WHOIS eve"), "330"), [])

    def test_comes_back(self) -> None:
        """An account whose connection was lost is back in its place, and nobody sees it leave."""
        self.rules = replace(self.rules, linger=30)
        self.open_chat()
        self.register("ada", SECRET)
        bob = self.at_text("bob")
        self.ada = self.stranger()
        self.ada.sends("CAP REQ sasl", "AUTHENTICATE PLAIN", f"AUTHENTICATE {RIGHT}")
        self.ada.sees()
        self.assert_is(self.ada, "ada", "ada")
        bob.sees()
        self.ada.wire.vanishes()
        again = self.stranger()
        again.sends("CAP REQ sasl", "AUTHENTICATE PLAIN", f"AUTHENTICATE {RIGHT}")
        self.assert_is(again, "ada", "ada")
        self.assertEqual(bob.sees(), [])

    def test_after_joining(self) -> None:
        """A guest who has joined logs in, and keeps the nickname; a wrong password changes nothing.
        """
        eve = self.at_irc("eve", "JOIN #lobby", caps="sasl")
        eve.sends("AUTHENTICATE PLAIN", *in_pieces(plain("ada", "wrong")))
        self.assertEqual(eve.numerics(), ["904"])
        eve.sends("AUTHENTICATE PLAIN", *in_pieces(RIGHT))
        self.assertEqual(eve.numerics(), ["900", "903"])
        member = self.chat.member_named("eve")
        self.assertEqual(member.account.nick, "ada")
        self.assertEqual([line.verb for line in eve.asks("AUTHENTICATE PLAIN")], ["907"])

    def test_after_joining_beside_the_owner(self) -> None:
        """If the owner is here, the connection becomes one of the owner's, and is told so."""
        self.at_irc("ada", "JOIN #den", password=SECRET)
        eve = self.at_irc("eve", caps="sasl")
        eve.sends("AUTHENTICATE PLAIN", *in_pieces(RIGHT))
        lines = eve.sees()
        joined = {line.params[0].removeprefix("#") for line in of(lines, "JOIN")}
        self.assertEqual(joined, set(self.chat.member_named("ada").rooms))
        self.assertEqual(
            [line.verb for line in lines if line.verb in ("NICK", "900", "903")],
            ["NICK", "900", "903"],
        )

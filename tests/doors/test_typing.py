"""What people type at a terminal that leaves everything to the other end, and what others send."""

from __future__ import annotations

from chatservice.doors.reception import KNOWN_HERE, NO_PERSON
from chatservice.doors.text import BYE, BYE_TO_NC, HINT
from chatservice.protocol.sanitize import as_typed
from tests.conversation import ConversationCase, TextPerson, each_row

PROMPT = "Choose a nickname: "
FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467"
TYPED = {
    "helo\blo": "hello",
    "helo\x7flo": "hello",
    "\b\bhi": "hi",
    "hi\b\b\b\bho": "ho",
    "e\u0301\ba": "a",
    f"x{FAMILY}\by": "xy",
    f"x\b{FAMILY}\by": "y",
    "nonsense\x15sense": "sense",
    "one two  \x17three": "one three",
    "\x17one": "one",
    "a\bb\x15c\bd": "d",
    "as it is": "as it is",
    "": "",
}
OTHERS = {
    "ssh": b"SSH-2.0-OpenSSH_9.2p1\r\n",
    "smtp": b"EHLO mail.example.org\r\n",
    "binary": b"\x00\x01\x02ada\n",
}


class ErasingTests(ConversationCase):
    """Keys that take back what was typed."""

    def test_keys(self) -> None:
        """Backspace erases what looks like one character, ^W a word, ^U the line."""
        self.assertEqual({typed: as_typed(typed) for typed in TYPED}, TYPED)

    def test_everywhere(self) -> None:
        """They work in a nickname, in a password and in a line; a program's are text."""
        ada = TextPerson(self.connect())
        ada.types("bob\x15adda\b\ba")
        bob = self.at_text("bob")
        ada.types("helo\blo")
        self.assertEqual(bob.sees(), ["ada: hello"])
        ada.types("/register correct-hose\b\brse")
        ada.sees()
        ada.types("x/quit" + "\b" * 5)
        self.assertEqual(bob.sees(), ["ada: x"])
        ada.wire.vanishes()
        again = TextPerson(self.connect())
        again.types("ada")
        again.types("correct-horze\b\bse")
        self.assertIn("-- you joined lobby: bob (2 here)", "".join(again.sees()))

    def test_what_is_left(self) -> None:
        """What is left counts: as a command, as empty, and for how long a line may be."""
        bob, ada = self.at_text("bob"), self.at_text("ada")
        bob.sees()
        ada.sees()
        ada.types("x\b/ping")
        self.assertEqual(ada.sees(), ["-- pong"])
        ada.types("x" * 4100 + "\x15" + "y" * 4097 + "\b")
        self.assertEqual((ada.sees(), bob.sees()), ([], ["ada: " + "y" * 4096]))

    def test_telnet(self) -> None:
        """EC and EL of telnet do the same (RFC 854)."""
        bob, ada = self.at_text("bob"), self.at_text("ada")
        bob.sees()
        ada.wire.sends(b"nonsense\xff\xf8helo\xff\xf7lo\n")
        self.assertEqual(bob.sees(), ["ada: hello"])

    def test_json(self) -> None:
        """In a program's line nothing is erased: what controls something is taken out."""
        bob, ada = self.at_text("bob"), self.at_json("ada")
        bob.sees()
        ada.asks("say", room="lobby", text="helo\blo")
        self.assertEqual(bob.sees(), ["ada: helolo"])


class GoodbyeTests(ConversationCase):
    """The answer to a goodbye."""

    def test_quit(self) -> None:
        """/quit is answered; nc, which does not end by itself, is told how to end it."""
        for line in ("/quit", "/quit so long", "/exit"):
            ada = self.at_text("ada")
            ada.types(line)
            self.assertEqual(ada.sees(), [BYE_TO_NC])
            self.assertIsNotNone(ada.wire.lost)

    def test_telnet(self) -> None:
        """A telnet ends by itself."""
        ada = self.at_text("ada")
        ada.wire.sends(b"\xff\xf1/quit\r\n")
        self.assertEqual(ada.sees(), [BYE])

    def test_before_joining(self) -> None:
        """Whoever is not there yet gets the same answer, at the password too."""
        self.at_text("ada").types("/register correct-horse")
        for lines in (["/quit"], ["ada", "/quit"]):
            person = TextPerson(self.connect())
            for line in lines:
                person.types(line)
            self.assertTrue(person.sees()[-1].endswith(BYE_TO_NC))
            self.assertIsNotNone(person.wire.lost)

    def test_no_goodbye(self) -> None:
        """Whoever just ends its input, or is put out, is told no goodbye."""
        ada = self.at_text("ada")
        ada.wire.ends()
        self.assertEqual(ada.sees(), [])

    def test_end_of_input(self) -> None:
        """Whoever ends the input with a goodbye has ended nc as well."""
        for before in ("", "ada\n"):
            wire = self.connect()
            wire.sends(f"{before}/quit".encode())
            wire.sees()
            wire.ends()
            self.assertEqual(wire.sees(), f"{BYE}\r\n")


class ArrivingTests(ConversationCase):
    """The line about /help."""

    def test_arriving(self) -> None:
        """Whoever arrives is told of it once, and not again in another room."""
        ada = TextPerson(self.connect())
        ada.types("ada")
        self.assertEqual(ada.sees()[-1], HINT)
        ada.types("/join python")
        self.assertNotIn(HINT, ada.sees())

    def test_token(self) -> None:
        """Whoever comes back with a token knows it, whether somebody noticed or not."""
        for has_left in (False, True):
            eve = self.at_json("eve")
            if has_left:
                eve.wire.ends()
            back = TextPerson(self.connect())
            back.types(f"/resume {eve.welcome['token']}")
            seen = back.sees()
            self.assertIn("-- you are back as eve", "".join(seen))
            self.assertNotIn(HINT, seen)
            back.types("/quit")

    def test_program(self) -> None:
        """A program is not told."""
        self.assertNotIn("/help", str(self.at_json("eve").welcome))


class OthersTests(ConversationCase):
    """First lines that nobody has typed."""

    @each_row(OTHERS)
    def test_other_protocol(self, data: bytes) -> None:
        """What speaks another protocol is told what this is, and is nobody."""
        bob = self.at_text("bob")
        wire = self.connect()
        wire.sends(data)
        self.assertIn(f"-- {NO_PERSON}\r\n", wire.sees())
        self.assertIsNotNone(wire.lost)
        self.assertEqual((bob.sees(), list(self.chat.roster)), ([], ["bob"]))

    def test_later(self) -> None:
        """What is typed as a second answer is a nickname, or is not."""
        person = TextPerson(self.connect())
        person.types("")
        person.types("EHLO ada")
        self.assertIn("a nickname", person.sees()[-2])
        self.assertIsNone(person.wire.lost)

    def test_no_slash(self) -> None:
        """A person who leaves out the slash is told what is understood."""
        person = TextPerson(self.connect())
        for line in ("nick ada", "NICK ada", "resume abc"):
            person.types(line)
            self.assertIn(f"-- {KNOWN_HERE}", "\n".join(person.sees()))
        self.assertIsNone(person.wire.lost)

    def test_keys_of_a_person(self) -> None:
        """Arrow keys and tabs are typed by people."""
        person = TextPerson(self.connect())
        person.types("\x1b[A\ttom")
        self.assertIn("-- you joined lobby: nobody else (1 here)", "".join(person.sees()))

    def test_empty_enter(self) -> None:
        """An empty Enter says nothing, and is no mistake; before joining it is asked again."""
        person = TextPerson(self.connect())
        for line in ("", "   "):
            person.types(line)
        self.assertEqual("".join(person.sees()).count(PROMPT), 3)
        ada, program = self.at_text("ada"), self.at_json("eve")
        ada.sees()
        for line in ("", "  ", "\t", "x\b"):
            ada.types(line)
        self.assertEqual(ada.sees(), [])
        program.wire.sends(b"\n  \n")
        self.assertEqual(program.sees(), [])

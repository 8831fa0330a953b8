"""Lines of IRC clients, from bytes to messages, and lines for them, however long."""

from __future__ import annotations

from chatservice.doors.irc.wire import (
    ACTION,
    CTCP,
    LINE_BYTES,
    NOTHING,
    TAG_BYTES,
    Message,
    NotUtf8,
    middle,
    parsed,
    pieces,
    tagged,
    text_bytes,
    verb_of,
    without_formatting,
)
from chatservice.protocol.events import ChatError
from tests.conversation import TableCase, each_row
from tests.doors.irc.person import IrcCase
from tests.irc import brief, of

MESSAGES: dict[str, tuple[bytes, Message]] = {
    "a verb alone": (b"LIST", Message("LIST", [], {})),
    "in lower case": (b"list", Message("LIST", [], {})),
    "parameters": (b"JOIN #a key", Message("JOIN", ["#a", "key"], {})),
    "a last one with spaces": (b"PART #a :so long ", Message("PART", ["#a", "so long"], {})),
    "an empty last one": (b"AWAY :", Message("AWAY", [""], {})),
    "a colon within": (b"PRIVMSG #a ::)", Message("PRIVMSG", ["#a", ":)"], {})),
    "a source": (b":bob!b@c PING x", Message("PING", ["x"], {})),
    "many spaces": (b"  MODE   #a  +o   bob ", Message("MODE", ["#a", "+o", "bob"], {})),
    "NUL": (b"PI\0NG x\0y", Message("PING", ["xy"], {})),
    "UTF-8": ("TOPIC #a :Grüße ☕".encode(), Message("TOPIC", ["#a", "Grüße ☕"], {})),
    "nothing": (b"", NOTHING),
    "spaces alone": (b"   ", NOTHING),
    "a source alone": (b":bob", NOTHING),
    "tags alone": (b"@a=b", NOTHING),
    "tags": (
        b"@label=x;+draft/reply=12;+vendor.org/a :bob PING x",
        Message("PING", ["x"], {"label": "x", "+draft/reply": "12", "+vendor.org/a": ""}),
    ),
    "tags with escapes": (
        rb"@+a=\:\s\\\r\n\x PING x",
        Message("PING", ["x"], {"+a": "; \\\r\nx"}),
    ),
    "an escape without an end": (b"@+a=b\\ PING x", Message("PING", ["x"], {"+a": "b"})),
    "a tag twice": (b"@+a=1;+a=2 PING x", Message("PING", ["x"], {"+a": "2"})),
    "malformed tags": (b"@;=;++a;a_b=c;a/b/c PING x", Message("PING", ["x"], {})),
    "some malformed tags": ("@ü=1;+a=ü PING x".encode(), Message("PING", ["x"], {"+a": "ü"})),
}

LONGEST = {
    "a line": b"PRIVMSG #lobby :".ljust(LINE_BYTES - 2, b"x"),
    "a line of letters of two bytes": b"PRIVMSG #lobby :" + "é".encode() * 247,
    "tags": b"@+a=" + b"x" * (TAG_BYTES - 3) + b" PING x",
    "both": b"@+a=" + b"x" * (TAG_BYTES - 3) + b" " + b"PING :".ljust(LINE_BYTES - 2, b"x"),
}
"""Lines with as many bytes as there may be, not counting their end."""


class ParsingTests(TableCase):
    """Messages read from lines."""

    @each_row(MESSAGES)
    def test_messages(self, row: tuple[bytes, Message]) -> None:
        """A line is a verb in upper case, parameters and tags; what is malformed is left out."""
        line, expected = row
        self.assertEqual(parsed(line), expected)

    @each_row(LONGEST)
    def test_length(self, line: bytes) -> None:
        """A line may have 512 bytes with its end, and 4,094 of tags besides; not one more."""
        self.assertNotEqual(parsed(line), NOTHING)
        longer = line.replace(b"x", b"xx", 1) if b"x" in line else line + b"x"
        self.assertEqual(self.assertRaises(ChatError, parsed, longer).code, "too-long")

    @each_row({"Latin-1": b"PRIVMSG #a :\xe9", "a surrogate": b"PING \xed\xa0\x80", "IAC": b"\xff"})
    def test_not_utf8(self, line: bytes) -> None:
        """A line that is not UTF-8 is no message."""
        self.assertRaises(NotUtf8, parsed, line)

    @each_row(
        {
            "a verb": (b"who \xff", "WHO"),
            "tags and a source": (b"@a=b :bob WHO #\xff", "WHO"),
            "nothing else": (b"\xff", "\ufffd"),
            "tags alone": (b"@\xff", ""),
        }
    )
    def test_verb(self, row: tuple[bytes, str]) -> None:
        """The verb of a line that is not UTF-8 can be read."""
        line, expected = row
        self.assertEqual(verb_of(line), expected)


class SpellingTests(TableCase):
    """Parts of lines that the door sends."""

    @each_row(
        {
            "one word": ("bob", "bob"),
            "several": ("bob eve", "bob"),
            "a colon": (":bob", "bob"),
            "a line within": ("bob\r\nQUIT", "bob"),
            "too long": ("ü" * 150, "ü" * 100),
            "nothing": ("", "*"),
            "nothing to see": (":\x01", "*"),
        }
    )
    def test_middle(self, row: tuple[str, str]) -> None:
        """What a peer sent goes back as one word, whatever it was."""
        sent, expected = row
        self.assertEqual(middle(sent), expected)

    @each_row(
        {
            "short": ("tea", 5, ["tea"]),
            "just fitting": ("green", 5, ["green"]),
            "at spaces": ("tea and milk", 8, ["tea and", "milk"]),
            "at a space that is the last": ("green tea", 6, ["green", "tea"]),
            "a long word": ("teapots", 3, ["tea", "pot", "s"]),
            "within no character": ("éééé", 5, ["éé", "éé"]),
            "a space in front": (" teapots", 4, [" tea", "pots"]),
            "nothing": ("", 5, [""]),
        }
    )
    def test_pieces(self, row: tuple[str, int, list[str]]) -> None:
        """A long text is split at spaces, or else between characters."""
        text, most, expected = row
        self.assertEqual(list(pieces(text, most)), expected)

    def test_room_for_text(self) -> None:
        """A line has 512 bytes with its end."""
        head = ":bób PRIVMSG #a :"
        self.assertEqual(len(f"{head}{'x' * text_bytes(head)}\r\n".encode()), LINE_BYTES)

    @each_row(
        {
            "none": ("PING x", "", "PING x"),
            "the first ones": ("PING x", "a=b", "@a=b PING x"),
            "more": ("@c PING x", "a=b", "@a=b;c PING x"),
        }
    )
    def test_tagged(self, row: tuple[str, str, str]) -> None:
        """Tags stand before a line, before those that it has already."""
        line, tags, expected = row
        self.assertEqual(tagged(line, tags), expected)

    @each_row(
        {
            "bold": ("\x02a\x02b", "ab"),
            "colours": ("\x0304red\x03 \x0312,4blue\x03,x", "red blue,x"),
            "a number after a colour": ("\x03041", "1"),
            "hexadecimal colours": ("\x04ff0000red\x04", "red"),
            "all the others": ("\x0fa\x11b\x16c\x1dd\x1ee\x1ff", "abcdef"),
        }
    )
    def test_formatting(self, row: tuple[str, str]) -> None:
        """Codes for bold, colours and the like are taken out with their digits."""
        text, expected = row
        self.assertEqual(without_formatting(text), expected)


ARRIVALS = b"".join(
    (
        "CAP REQ message-tags\r\nNICK adä\nUSER a 0 * :A\r\nCAP END\r\n".encode(),
        "JOIN #lobby\r\rPING :1 é\r\n@+a=b PING 2\n\r\n".encode(),
        b"PING \xe9\r\nPING \xff\xfd\x01\r\n" + b"x" * 600 + b"\r\n" + b"x" * 20_000 + b"\r\n",
        b"PING 3\0\r\nFOO :x\r\n",
    )
)
"""Lines with any ends, good and bad, and one that is too long for the carrier as well."""

SAID = {
    "": ("PRIVMSG", "#lobby"),
    "/me ": ("PRIVMSG", "#lobby"),
    "/notice #lobby ": ("NOTICE", "#lobby"),
    "/msg ada ": ("PRIVMSG", "ada"),
}
"""What is typed before a text at the text door, and the line that it becomes."""

ANSWERS = [
    "chatservice PONG chatservice 1 é",
    "chatservice PONG chatservice 2",
    "chatservice FAIL PING INVALID_UTF8 messages must be UTF-8",
    "chatservice FAIL PING INVALID_UTF8 messages must be UTF-8",
    "chatservice 417 adä that line is too long",
    "chatservice 417 adä that line is too long: not sent",
    "chatservice PONG chatservice 3",
    "chatservice 421 adä FOO unknown command",
]


class ArrivingTests(IrcCase):
    """Lines on the way through the door's real carrier."""

    @each_row({str(size): size for size in (*range(1, 40), 511, 512, 513, 1023, 1024, 1025, 0)})
    def test_pieces(self, size: int) -> None:
        """The same bytes get the same answers, wherever the network cuts them."""
        ada = self.stranger()
        ada.wire.sends(ARRIVALS, size)
        told = of(ada.sees(), "PONG", "FAIL", "417", "421")
        self.assertEqual(brief(told), ANSWERS)
        self.assertIsNone(ada.wire.lost)

    def test_telnet(self) -> None:
        """Bytes of telnet mean nothing here: nothing is erased, and nothing is answered in kind."""
        ada = self.at_irc("ada", "JOIN #lobby")
        bob = self.at_text("bob")
        ada.sees()
        ada.wire.sends(b"PRIVMSG #lobby :\xff\xf4QUIT\r\nPING \xff\xfd\x03\r\nPING x\r\n")
        self.assertEqual([line.verb for line in ada.sees()], ["FAIL", "FAIL", "PONG"])
        self.assertEqual(bob.sees(), [])

    def test_unreadable_verb(self) -> None:
        """A verb that is not even ASCII is not sent back."""
        ada = self.client()
        ada.wire.sends(b"\xff\xfe x\r\n")
        (told,) = ada.sees()
        self.assertEqual(told.params[:2], ["*", "INVALID_UTF8"])

    @each_row(
        {
            "words": ("green tea ", " "),
            "one word": ("teapot", ""),
            "letters of two bytes": ("grün", ""),
            "of four": ("🫖", ""),
        }
    )
    def test_long_lines(self, row: tuple[str, str]) -> None:
        """A line of 4,096 bytes from another door comes whole, in lines of 512 bytes at most."""
        word, between = row
        text = (word * 4096).encode()[:4096].decode("utf-8", "ignore").strip()
        ada = self.at_irc("ada", "JOIN #lobby", caps="message-tags server-time")
        bob = self.at_text("bob")
        for command, head in SAID.items():
            ada.sees()
            bob.types(f"{command}{text}")
            lines = ada.sees()
            self.assertGreater(len(lines), 8)
            # The person reads no line of more than 512 bytes.
            self.assertEqual({(line.source, line.verb, line.params[0]) for line in lines},
                             {(lines[0].source, *head)})
            texts = [line.text.removeprefix(ACTION).removesuffix(CTCP) for line in lines]
            self.assertEqual(between.join(texts), text)
            self.assertEqual(["msgid" in line.tags for line in lines],
                             [True] + [False] * (len(lines) - 1))
            self.assertEqual({line.tags["time"] for line in lines}, {"2026-11-21T12:00:00.000Z"})
            is_action = [line.text.startswith(ACTION) for line in lines]
            self.assertEqual(set(is_action), {command == "/me "})

"""How bytes become lines, whatever arrives and however the network cuts it."""

import tracemalloc

from twisted.internet.error import ConnectionDone

from chatservice.protocol.events import ChatError
from chatservice.sessions.session import Session
from tests.doubles import LineTestCase, pieces

CTRL_C = b"\xff\xf4\xff\xfd\x06"
TOO_LONG = b"-- that line is too long: not sent\n"
LOST = "-- ada left the chat (connection lost)\r\n"


# What arrives: the lines in it, and what is sent back.
ARRIVALS: dict[bytes, tuple[list[bytes], bytes]] = {
    b"": ([], b""),
    b"no end": ([], b""),
    b"a\nb\n": ([b"a", b"b"], b""),
    b"a\r\nb\r\n": ([b"a", b"b"], b""),
    b"a\r\0b\r\0": ([b"a", b"b"], b""),
    b"a\rb\r": ([b"a", b"b"], b""),
    b"a\r\nb\nc\rd\r\0e": ([b"a", b"b", b"c", b"d"], b""),
    b"\n\r\n\r\0\r": ([b""] * 4, b""),
    b"\r\r\n\r": ([b""] * 3, b""),
    b"a\n\rb\n": ([b"a", b"", b"b"], b""),
    b"a\r\n\nb\r\0\0\n": ([b"a", b"", b"b", b"\0"], b""),
    b"a\0b\n": ([b"a\0b"], b""),
    b"\x80\xc3\xe2\x82\n": ([b"\x80\xc3\xe2\x82"], b""),
    b"grue\xc3\x9fe\n": ([b"grue\xc3\x9fe"], b""),
    # telnet
    b"hel" + CTRL_C + b"bye\r\0": ([b"bye"], b"\xff\xfb\x06"),
    CTRL_C + b"\n": ([b""], b"\xff\xfb\x06"),
    b"a" + CTRL_C * 2 + b"b\n": ([b"b"], b"\xff\xfb\x06" * 2),
    b"typo\xff\xf8right\r\n": ([b"right"], b""),
    b"a\xff\xf4b\n": ([b"b"], b""),
    b"a\x03b\n": ([b"a\x03b"], b""),
    b"a\r\xff\xf1\nb\r\xff\xf1\0c\n": ([b"a", b"b", b"c"], b""),
    b"a\xff\xfd\x01b\xff\xfb\x1f\n": ([b"ab"], b"\xff\xfc\x01\xff\xfe\x1f"),
    b"a\xff\xfa\x1f\n\r\n\xff\xf0b\n": ([b"ab"], b""),
    b"a\n\xff\xfa" + b"\n" * 1000 + b"\xff\xf0b\n": ([b"a", b"b"], b""),
    # length, where a line has at most 100 bytes
    b"x" * 100 + b"\r\na\n": ([b"x" * 100, b"a"], b""),
    b"x" * 101 + b"\r\na\n": ([b"a"], TOO_LONG),
    b"x" * 101: ([], b""),
    b"a\n" + b"x" * 2000 + b"\n" + b"y" * 200 + b"\rb\n": ([b"a", b"b"], TOO_LONG * 2),
    b"x" * 200 + CTRL_C + b"\na\n": ([b"a"], b"\xff\xfb\x06" + TOO_LONG),
}


class ArrivingTests(LineTestCase):
    def arrives(self, data: bytes, size: int) -> tuple[list[bytes], bytes]:
        """The lines heard, and what is sent back, when bytes arrive in pieces of a size."""
        door, wire = self.listens()
        self.patch(wire.protocol, "MAX_LENGTH", 100)
        for piece in pieces(data, size):
            wire.protocol.dataReceived(piece)
        return door.lines, wire.gets()

    def mismatches(self, size: int) -> list[tuple[bytes, object]]:
        """What is heard otherwise in pieces of a size."""
        outcomes = [(data, self.arrives(data, size)) for data in ARRIVALS]
        return [(data[:80], got) for data, got in outcomes if got != ARRIVALS[data]]

    def test_all_at_once(self) -> None:
        """Every end of line ends it, commands of telnet are no text, overlong lines are refused."""
        self.assertEqual(self.mismatches(0), [])

    def test_pieces(self) -> None:
        """It does not matter how the network cuts what is sent."""
        self.assertEqual([self.mismatches(size) for size in range(1, 10)], [[]] * 9)

    def test_length(self) -> None:
        """A line has at most 16,384 bytes."""
        for size in (0, 1000):
            door, wire = self.listens()
            for length in (16384, 16385, 1):
                wire.sends(b"x" * length + b"\n", size)
            self.assertEqual([len(line) for line in door.lines], [16384, 1])
            self.assertEqual(wire.gets(), TOO_LONG)

    def test_waiting_within_an_end_of_line(self) -> None:
        """CR LF is one end of line, also when the door waited between the two."""
        door, wire = self.listens()
        wire.sends(b"a\r")
        door.hold()
        door.release()
        wire.sends(b"\nb\r")
        wire.sends(b"\0c\n")
        self.assertEqual(door.lines, [b"a", b"b", b"c"])

    def test_overlong_while_waiting(self) -> None:
        """Overlong lines that arrived while the door waited are refused when it reads on."""
        door, wire = self.listens()
        door.hold()
        wire.protocol.dataReceived(b"x" * 20000 + b"\n" + b"y" * 20000 + b"\nhello\n")
        self.assertEqual((door.lines, wire.gets()), ([], b""))
        door.release()
        self.assertEqual((door.lines, wire.gets()), ([b"hello"], TOO_LONG * 2))

    def test_newlines(self) -> None:
        """Many short lines at once are taken apart in slices."""
        door, wire = self.listens()
        wire.sends(b"\n" * 65536)
        self.assertEqual(len(door.lines), 65536)
        self.assertLess(door.rest, 1024)

    def test_unbuffered(self) -> None:
        """An overlong line takes no memory."""
        door, wire = self.listens()
        wire.sends(b"x" * 65536)
        tracemalloc.start()
        self.addCleanup(tracemalloc.stop)
        for _ in range(14):
            wire.sends(b"x" * 65536)
        self.assertLess(tracemalloc.get_traced_memory()[0], 65536)
        wire.sends(b"\nhello\n")
        self.assertEqual((door.lines, wire.gets()), ([b"hello"], TOO_LONG))

    def test_no_end(self) -> None:
        """After 1 MiB without an end of line the connection is closed, with one sentence."""
        door, wire = self.listens()
        for _ in range(16):
            wire.sends(b"x" * 65536)
        self.assertIsNone(wire.lost)
        wire.sends(b"x" * 65536)
        wire.sends(b"\nhello\n")
        self.assertEqual((door.lines, wire.lost), ([], ConnectionDone))
        self.assertEqual(wire.gets(), b"-- a line had no end\n")

    def test_overlong_after_the_end(self) -> None:
        """An overlong line behind the one that closed the connection is not told of."""
        door, wire = self.listens()
        self.patch(wire.protocol, "MAX_LENGTH", 10)
        self.patch(door, "heard", lambda line: door.close())
        wire.sends(b"bye\n" + b"x" * 50 + b"\n")
        self.assertEqual((wire.lost, wire.gets()), (ConnectionDone, b""))

    def test_overlong_counted_anew(self) -> None:
        """Only one line's own bytes count for the 1 MiB."""
        door, wire = self.listens()
        for _ in range(3):
            wire.sends(b"x" * 600_000 + b"\n")
        wire.sends(b"hello\n")
        self.assertEqual((door.lines, wire.gets()), ([b"hello"], TOO_LONG * 3))

    def test_mistake(self) -> None:
        """A mistake of the member's is told, and the next line is heard."""
        door, wire = self.listens()

        def refuse(line: bytes) -> None:
            if line == b"bad":
                raise ChatError("usage", "not like this")
            door.lines.append(line)

        self.patch(door, "heard", refuse)
        wire.sends(b"bad\ngood\n")
        self.assertEqual((door.lines, wire.gets()), ([b"good"], b"-- not like this\n"))

    def test_bug(self) -> None:
        """A bug is logged, the member gets a sentence, and the next line is heard."""
        door, wire = self.listens()

        def fail(line: bytes) -> None:
            door.lines.append(line)
            raise ZeroDivisionError

        self.patch(door, "heard", fail)
        logged = self.logged(lambda: wire.sends(b"a\nb\n"))
        self.assertEqual(logged, ["A line from 192.0.2.1 port 40000 failed."] * 2)
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 2)
        sentence = "-- something went wrong in the server, and its log says what: not done\n"
        self.assertEqual((door.lines, wire.sees()), ([b"a", b"b"], sentence * 2))

    def test_mistake_too_late(self) -> None:
        """Who is sent away is told no mistake any more."""
        door, wire = self.listens()

        def refuse(line: bytes) -> None:
            door.close()
            raise ChatError("usage", "not like this")

        self.patch(door, "heard", refuse)
        wire.sends(b"bad\n")
        self.assertEqual(wire.gets(), b"")

    def test_abstract(self) -> None:
        """A door that does not say what lines and events mean is none."""
        self.assertRaises(TypeError, Session, self.chat)


# What ada sends: what bob sees.
HOSTILE = {
    b"x" * 20000 + b"\n": "",
    b"x" * 5000 + b"\n": "",
    b"half a line": "",
    b"\n" * 65536: "",
    b"\0\n": "",
    b"a\0b\x07\x7f\n": "ada: ab\r\n",
    b"\x1b[2J\x1b[1;1Hx\n": "ada: x\r\n",
    b"\x1b]0;title\x07x\n": "ada: x\r\n",
    b"\xc2\x9b2Jx\n": "ada: x\r\n",
    "\u202ednuora\n".encode(): "ada: dnuora\r\n",
    "a\u2028-- bob left\x85b\n".encode(): "ada: a -- bob left b\r\n",
    b"\xc3(\xa0\xff\xff\xed\xa0\x80\n": "ada: \ufffd(" + "\ufffd" * 4 + "\r\n",
    b"-- bob left\n": "ada: -- bob left\r\n",
}


class HostileTests(LineTestCase):
    def outcome(self, data: bytes, rate_limit: int = 0) -> tuple[str, str]:
        """What bob sees when ada sends something and vanishes, and then when eve speaks."""
        self.begin(rate_limit)
        ada, bob, eve = (self.joins(nick) for nick in ("ada", "bob", "eve"))
        ada.sends(data)
        ada.vanishes()
        first = bob.sees()
        eve.sends(b"still here\n")
        return first, bob.sees()

    def test_table(self) -> None:
        """Whatever somebody sends and vanishes, others see only text, and the chat goes on."""
        for rate_limit in (0, 5):
            self.assertEqual(
                {data: self.outcome(data, rate_limit) for data in HOSTILE},
                {data: (seen + LOST, "eve: still here\r\n") for data, seen in HOSTILE.items()},
            )

    def test_vanishing_while_joining(self) -> None:
        """Who vanishes before the join is through was never here, and leaves nothing behind."""
        bob = self.joins("bob")
        self.chat.rooms.clear()
        self.journal.waiting.is_slow = True
        ada = self.comes()
        ada.sends(b"ada\nhello\n")
        ada.vanishes()
        self.journal.waiting.answer_all()
        self.assertEqual((bob.sees(), list(self.chat.roster)), ("", ["bob"]))
        self.assertEqual((len(self.chat.sessions), self.clock.getDelayedCalls()), (1, []))

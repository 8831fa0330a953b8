"""How bytes become lines, and when a connection is read at all."""

import tracemalloc

from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionDone

from chatservice.events import ChatError
from chatservice.lines import LineDoor
from chatservice.rooms import LOBBY
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
        self.patch(door, "MAX_LENGTH", 100)
        for piece in pieces(data, size):
            door.dataReceived(piece)
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
        door.dataReceived(b"x" * 20000 + b"\n" + b"y" * 20000 + b"\nhello\n")
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
        sentence = "-- something went wrong here, and is in the server's log: not done\n"
        self.assertEqual((door.lines, wire.sees()), ([b"a", b"b"], sentence * 2))

    def test_abstract(self) -> None:
        """A door that does not say what lines and events mean is none."""
        door = LineDoor(self.chat)
        for call in (door.heard, door.tell, door.own):
            self.assertRaises(NotImplementedError, call, b"")


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
        self.journal.slow = True
        ada = self.comes()
        ada.sends(b"ada\nhello\n")
        ada.vanishes()
        self.journal.answers()
        self.assertEqual((bob.sees(), list(self.chat.members)), ("", ["bob"]))
        self.assertEqual((len(self.chat.doors), self.clock.getDelayedCalls()), (1, []))


class FloodTests(LineTestCase):
    def test_burst_and_rate(self) -> None:
        """Ten lines go at once, then five a second, and none is lost."""
        self.begin(rate_limit=5)
        door, wire = self.listens()
        sent = [str(number).encode() for number in range(40)]
        wire.sends(b"".join(line + b"\n" for line in sent), 7)
        heard = [len(door.lines)]
        for _ in range(6):
            self.clock.pump([0.25] * 4)
            wire.gets()
            heard.append(len(door.lines))
        self.assertEqual(heard, [10, 15, 20, 25, 30, 35, 40])
        self.assertEqual(door.lines, sent)

    def test_pauses(self) -> None:
        """No pause is longer than a second, even at the slowest rate."""
        for rate_limit in (1, 2, 5, 100):
            self.begin(rate_limit)
            door, wire = self.listens(since=1e6)
            wire.sends(b"x\n" * 20, 2)
            while len(door.lines) < 20:
                self.assertFalse(wire.reading)
                before = len(door.lines)
                self.clock.advance(1 / rate_limit + 0.001)
                wire.gets()
                self.assertEqual(len(door.lines), before + 1)

    def test_silence_earns_a_burst(self) -> None:
        """Who was silent for a while may send ten lines at once again, and not more."""
        self.begin(rate_limit=5)
        door, wire = self.listens()
        wire.sends(b"x\n" * 10, 2)
        self.clock.advance(59)
        wire.sends(b"x\n" * 30, 2)
        self.assertEqual((len(door.lines), wire.reading), (20, False))

    def test_no_limit(self) -> None:
        """A limit of 0 is none."""
        door, wire = self.listens()
        wire.sends(b"x\n" * 1000)
        self.assertEqual((len(door.lines), wire.reading), (1000, True))

    def test_gone_meanwhile(self) -> None:
        """Who vanishes during a pause is not read when it is over."""
        self.begin(rate_limit=5)
        door, wire = self.listens()
        wire.sends(b"x\n" * 20)
        wire.vanishes()
        self.clock.advance(10)
        self.assertEqual(len(door.lines), 10)


class WaitingTests(LineTestCase):
    def test_nesting(self) -> None:
        """As often as a door was told to wait it must be released, before it reads on."""
        door, wire = self.listens()
        door.hold()
        door.hold()
        wire.sends(b"a\nb\n")
        door.dataReceived(b"already read\n")
        door.release()
        self.assertEqual((door.lines, wire.reading), ([], False))
        door.release()
        self.assertEqual(door.lines, [b"already read"])
        wire.gets()
        self.assertEqual((door.lines, wire.reading), ([b"already read", b"a", b"b"], True))

    def test_waiting_within_a_read(self) -> None:
        """A line that makes the door wait is the last that is heard, whatever came with it."""
        door, wire = self.listens()

        def wait(line: bytes) -> None:
            door.lines.append(line)
            door.hold()

        self.patch(door, "heard", wait)
        wire.sends(b"a\nb\nc\n")
        self.assertEqual(door.lines, [b"a"])
        door.release()
        self.assertEqual(door.lines, [b"a", b"b"])

    def test_not_after_the_end(self) -> None:
        """What a door still has to read is not heard any more when it is being closed."""
        for end in (LineDoor.close, LineDoor.fail):
            door, _ = self.listens()
            door.hold()
            door.dataReceived(b"hello\n")
            end(door)
            door.release()
            self.assertEqual(door.lines, [])

    def test_uncommitted(self) -> None:
        """Who has 64 lines on their way is not read until they have returned."""
        ada, bob = self.joins("ada"), self.joins("bob")
        self.journal.slow = True
        lines = [f"line {number}" for number in range(150)]
        ada.sends("".join(f"{line}\n" for line in lines).encode(), 1000)
        self.assertEqual((self.uncommitted("ada"), ada.reading, bob.sees()), (64, False, ""))
        seen = ""
        while not ada.reading:
            self.journal.answers()
            seen += bob.sees()
            ada.gets()
            self.assertLessEqual(self.uncommitted("ada"), 64)
        self.journal.answers()
        seen += bob.sees()
        self.assertEqual(seen, "".join(f"ada: {line}\r\n" for line in lines))

    def test_one_below(self) -> None:
        """Who has 63 lines on their way is read."""
        ada = self.joins("ada")
        self.journal.slow = True
        ada.sends(b"x\n" * 63)
        self.assertEqual((self.uncommitted("ada"), ada.reading), (63, True))

    def uncommitted(self, nick: str) -> int:
        return self.chat.members[nick].uncommitted

    def test_joining(self) -> None:
        """Nothing is read while the rooms are opened, and all of it after that."""
        self.journal.slow = True
        ada = self.comes()
        ada.sends(b"ada\nhello\n")
        ada.sends(b"there\n")
        self.assertEqual((self.chat.members, ada.reading), ({}, False))
        self.journal.slow = False
        self.journal.answers()
        self.assertEqual(ada.sees(), "-- you joined lobby: nobody else (1 here)\r\n")
        self.assertEqual(self.said(), ["hello", "there"])


class InTurnTests(LineTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.door, self.wire = self.listens()
        self.door.join("ada", [LOBBY])
        self.wire.gets()
        self.steps: list[object] = []
        self.journal.slow = True
        assert self.door.member is not None
        self.member = self.door.member

    def say(self, text: str) -> None:
        self.chat.say(self.member, self.chat.rooms[LOBBY], text)

    def journal_answers(self) -> None:
        self.journal.answers()
        self.wire.gets()

    def test_order(self) -> None:
        """Work begins after one's earlier lines, the answer comes after what the work caused."""
        self.say("before")

        def work() -> str:
            self.steps.append("work")
            self.say("during")
            return "result"

        self.door.in_turn(work, self.steps.append)
        self.wire.sends(b"next\n")
        self.assertEqual((self.steps, self.door.lines), ([], []))
        self.journal_answers()
        self.assertEqual((self.steps, self.door.lines), (["work"], []))
        self.journal_answers()
        self.assertEqual((self.steps, self.door.lines), (["work", "result"], [b"next"]))

    def test_deferred(self) -> None:
        """Work may take its time, and the door waits."""
        done: Deferred[str] = Deferred()
        self.door.in_turn(lambda: done, self.steps.append)
        self.wire.sends(b"next\n")
        self.assertEqual((self.steps, self.door.lines), ([], []))
        done.callback("result")
        self.wire.gets()
        self.assertEqual((self.steps, self.door.lines), (["result"], [b"next"]))

    def test_mistake(self) -> None:
        """A mistake is told in its turn, without an answer, and the door reads on."""

        def work() -> None:
            raise ChatError("usage", "not like this")

        self.say("before")
        self.door.in_turn(work, self.steps.append)
        self.wire.sends(b"next\n")
        self.assertEqual(self.wire.gets(), b"")
        self.journal_answers()
        self.door.outbox.write(b"end")
        self.assertEqual((self.steps, self.door.lines), ([], [b"next"]))

    def test_bug(self) -> None:
        """A bug in work or in its answer is logged and told, and the door reads on."""

        def fail(result: object) -> None:
            raise ZeroDivisionError

        self.door.in_turn(lambda: None, fail)
        self.door.in_turn(lambda: fail(None), self.steps.append)
        self.wire.sends(b"next\n")
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 2)
        self.assertEqual((self.steps, self.door.lines), ([], [b"next"]))
        self.assertEqual(self.wire.gets().count(b"something went wrong here"), 2)

    def test_gone_before(self) -> None:
        """Work of somebody who vanished before its turn is not carried out."""
        self.say("before")
        self.door.in_turn(lambda: self.steps.append("work"), self.steps.append)
        self.wire.vanishes()
        for _ in range(3):
            self.journal_answers()
        self.assertEqual((self.steps, self.chat.members), ([], {}))

    def test_gone_meanwhile(self) -> None:
        """There is no answer to somebody who vanished while the work went on."""
        done: Deferred[str] = Deferred()
        self.door.in_turn(lambda: done, self.steps.append)
        self.wire.vanishes()
        done.callback("result")
        for _ in range(3):
            self.journal_answers()
        self.assertEqual((self.steps, self.chat.members), ([], {}))

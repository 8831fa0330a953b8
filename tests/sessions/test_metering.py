"""When a connection is read, and when its next line has to wait."""

from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionAborted

from chatservice.doors.text import HINT
from chatservice.protocol.events import ChatError
from chatservice.protocol.names import LOBBY
from chatservice.sessions.hangups import HangUps
from chatservice.sessions.joining import JoinRequest
from chatservice.sessions.session import Session
from tests.doubles import LineTestCase


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

    def test_overlong_lines_count(self) -> None:
        """A line that is thrown away counts like one that is heard."""
        self.begin(rate_limit=5)
        _, wire = self.listens()
        self.patch(wire.protocol, "MAX_LENGTH", 10)
        wire.sends((b"x" * 20 + b"\n") * 12)
        self.assertEqual((wire.gets().count(b"too long"), wire.reading), (10, False))
        self.clock.advance(0.5)
        self.assertEqual(wire.gets().count(b"too long"), 2)

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

    def test_reset_meanwhile(self) -> None:
        """Who is found to be reset during a pause is gone at once, and says nothing more."""
        self.begin(rate_limit=5)
        watched: list[Any] = []

        def watch(transport: Any, gone: Any) -> Any:
            watched.append(gone)
            return lambda: None

        self.patch(HangUps.of(self.clock), "watch", watch)
        door, wire = self.listens()
        wire.sends(b"x\n" * 20)
        watched[-1]()
        wire.turn()
        self.assertIs(wire.lost, ConnectionAborted)
        self.clock.advance(10)
        self.assertEqual(len(door.lines), 10)

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
        wire.protocol.dataReceived(b"already read\n")
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
        for end in (Session.close, Session.drop):
            door, wire = self.listens()
            door.hold()
            wire.protocol.dataReceived(b"hello\n")
            end(door)
            door.release()
            self.assertEqual(door.lines, [])

    def test_uncommitted(self) -> None:
        """Who has 64 lines on their way is not read until they have returned."""
        ada, bob = self.joins("ada"), self.joins("bob")
        self.journal.waiting.is_slow = True
        lines = [f"line {number}" for number in range(150)]
        ada.sends("".join(f"{line}\n" for line in lines).encode(), 1000)
        self.assertEqual((self.uncommitted("ada"), ada.reading, bob.sees()), (64, False, ""))
        seen = ""
        while not ada.reading:
            self.journal.waiting.answer_all()
            seen += bob.sees()
            ada.gets()
            self.assertLessEqual(self.uncommitted("ada"), 64)
        self.journal.waiting.answer_all()
        seen += bob.sees()
        self.assertEqual(seen, "".join(f"ada: {line}\r\n" for line in lines))

    def test_one_below(self) -> None:
        """Who has 63 lines on their way is read."""
        ada = self.joins("ada")
        self.journal.waiting.is_slow = True
        ada.sends(b"x\n" * 63)
        self.assertEqual((self.uncommitted("ada"), ada.reading), (63, True))

    def uncommitted(self, nick: str) -> int:
        return self.chat.roster[nick].uncommitted

    def test_joining(self) -> None:
        """Nothing is read while the rooms are opened, and all of it after that."""
        self.journal.waiting.is_slow = True
        ada = self.comes()
        ada.sends(b"ada\nhello\n")
        ada.sends(b"there\n")
        self.assertEqual((self.chat.roster, ada.reading), ({}, False))
        self.journal.waiting.is_slow = False
        self.journal.waiting.answer_all()
        self.assertEqual(ada.sees(), f"-- you joined lobby: nobody else (1 here)\r\n{HINT}\r\n")
        self.assertEqual(self.said(), ["hello", "there"])


class InTurnTests(LineTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.door, self.wire = self.listens()
        self.door.join(JoinRequest("ada"))
        self.wire.gets()
        self.steps: list[object] = []
        self.journal.waiting.is_slow = True
        assert self.door.device is not None
        self.device = self.door.device

    def say(self, text: str) -> None:
        self.chat.say(self.device, self.chat.rooms[LOBBY], text)

    def journal_answers(self) -> None:
        self.journal.waiting.answer_all()
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
        self.assertEqual(self.wire.gets().count(b"something went wrong in the server"), 2)

    def test_gone_before(self) -> None:
        """Work of somebody who vanished before its turn is not carried out."""
        self.say("before")
        self.door.in_turn(lambda: self.steps.append("work"), self.steps.append)
        self.wire.vanishes()
        for _ in range(3):
            self.journal_answers()
        self.assertEqual((self.steps, self.chat.roster), ([], {}))

    def test_gone_meanwhile(self) -> None:
        """There is no answer to somebody who vanished while the work went on."""
        done: Deferred[str] = Deferred()
        self.door.in_turn(lambda: done, self.steps.append)
        self.wire.vanishes()
        done.callback("result")
        for _ in range(3):
            self.journal_answers()
        self.assertEqual((self.steps, self.chat.roster), ([], {}))

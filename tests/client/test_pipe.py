"""The client without a terminal: a pipe in front of a session, in memory."""

from typing import Any

from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.trial.unittest import SynchronousTestCase

from chatservice.client.joining import Identity
from chatservice.client.pipe import WINDOW, WINDOW_MOST, Pipe
from chatservice.client.session import Session
from chatservice.client.show import Transcript
from chatservice.client.view import State, Viewer
from tests.scripted import Hearer, line, welcome


class Standard(StringTransport):
    """Standard input and output in memory."""

    reading = True

    def pauseProducing(self) -> None:
        self.reading = False

    def resumeProducing(self) -> None:
        self.reading = True


class PipeCase(SynchronousTestCase):
    """A pipe in front of a session that hears what a test says."""

    typed = False
    commands = False
    password: str | None = None

    def setUp(self) -> None:
        self.chat = Hearer()
        self.complaints: list[str] = []
        self.ends = 0
        self.clock: Any = Clock()
        self.refs = iter(f"r{number}" for number in range(1, 1000))
        self.pipe = Pipe(
            self.make_session,
            0,
            Transcript(lambda: 0.0),
            self.clock,
            self.end,
            typed=self.typed,
            commands=self.commands,
            complain=self.complaints.append,
        )
        self.standard: Any = Standard()
        self.pipe.makeConnection(self.standard)

    def make_session(self, person: Viewer, recent: int) -> Session:
        return Session(person, Identity("ada", self.password), ["lobby"], self.refs, recent)

    def end(self) -> None:
        self.ends += 1

    def join(self) -> None:
        self.pipe.session.connected(self.chat.send)
        self.pipe.session.line_received(welcome())
        self.chat.take()
        self.standard.clear()

    def acknowledge(self, count: int) -> None:
        """The events of the oldest lines sent come back."""
        for _ in range(count):
            request = self.chat.requests.popleft()
            number = int(request["ref"][1:]) + 1000
            members = {"nick": "ada", "text": request["text"], "ref": request["ref"], "own": True}
            self.pipe.session.line_received(line("said", id=number, room="lobby", **members))

    def sent(self) -> list[str]:
        return [request.get("text") or request["line"] for request in self.chat.requests]


class PipeTests(PipeCase):
    """Lines of standard input are text."""

    def test_text(self) -> None:
        """Every line is said as it is, and an empty one is not."""
        self.join()
        self.pipe.dataReceived(b"/usr/bin/ld: x\n\n  \n//y\nhalf")
        self.assertEqual(self.sent(), ["/usr/bin/ld: x", "//y"])
        self.pipe.dataReceived(b" a line\n")
        self.assertEqual(self.sent()[2:], ["half a line"])

    def test_window(self) -> None:
        """At most eight lines are on their way, and meanwhile nothing is read."""
        self.join()
        self.pipe.dataReceived(b"".join(b"%d\n" % n for n in range(20)))
        self.assertEqual(len(self.sent()), WINDOW)
        self.assertFalse(self.standard.reading)
        self.acknowledge(3)
        self.assertEqual(self.sent()[-1], "10")
        self.acknowledge(WINDOW)
        self.acknowledge(WINDOW)
        self.assertTrue(self.standard.reading)

    def test_window_by_rate(self) -> None:
        """As much may be on its way as the chat reads in a second, within bounds."""
        for rate, window in ((50, 50), (5, WINDOW), (1000, WINDOW_MOST), (0, WINDOW_MOST)):
            self.setUp()
            self.pipe.session.connected(self.chat.send)
            self.pipe.session.line_received(welcome(rate=rate))
            self.chat.take()
            self.pipe.dataReceived(b"".join(b"%d\n" % n for n in range(99)))
            self.assertEqual(len(self.sent()), window)

    def test_rate_changed(self) -> None:
        """With the account goes the rate, and the window with it."""
        self.pipe.session.connected(self.chat.send)
        self.pipe.session.line_received(welcome(rate=50))
        self.pipe.session.line_received(line("ok", token="u" * 22, rate=5))
        self.chat.take()
        self.pipe.dataReceived(b"".join(b"%d\n" % n for n in range(99)))
        self.assertEqual(len(self.sent()), WINDOW)

    def test_reports(self) -> None:
        """Once a second while lines wait it is told how many, and how fast they go."""
        self.join()
        self.pipe.dataReceived(b"".join(b"%d\n" % n for n in range(2000)))
        for count in (8, 5, 0):
            self.acknowledge(count)
            self.clock.advance(1)
        self.assertEqual(
            self.complaints,
            [
                "1,992 lines are waiting; the chat accepts 8 a second",
                "1,987 lines are waiting; the chat accepts 5 a second",
                "1,987 lines are waiting; the chat accepts 0 a second",
            ],
        )

    def test_no_reports(self) -> None:
        """Nothing is told of what goes at once, nor when nothing waits any more."""
        self.join()
        self.pipe.dataReceived(b"one\ntwo\n")
        self.clock.advance(2)
        self.pipe.dataReceived(b"".join(b"%d\n" % n for n in range(10)))
        self.acknowledge(4)
        self.clock.advance(2)
        self.assertEqual(self.complaints, [])

    def test_reports_end(self) -> None:
        """When the session is over nothing is told any more."""
        self.join()
        self.pipe.dataReceived(b"".join(b"%d\n" % n for n in range(20)))
        self.pipe.session.disconnected()
        self.pipe.session.leave()
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_before_joining(self) -> None:
        """Lines that come before the chat was joined are said then."""
        self.pipe.dataReceived(b"".join(b"%d\n" % n for n in range(9)))
        self.assertFalse(self.standard.reading)
        self.pipe.session.connected(self.chat.send)
        self.pipe.session.line_received(welcome())
        self.assertEqual(len(self.chat.take()), 1 + WINDOW)

    def test_end(self) -> None:
        """After the end and the last acknowledgement it says goodbye, and is done."""
        self.join()
        self.pipe.dataReceived(b"one\ntwo")
        self.pipe.readConnectionLost()
        self.acknowledge(1)
        self.assertEqual(self.sent(), ["two"])
        self.acknowledge(1)
        self.assertEqual(self.sent(), ["/quit"])
        self.pipe.session.disconnected()
        self.assertTrue(self.standard.disconnecting)
        self.pipe.connectionLost()
        self.assertEqual((self.ends, self.pipe.code, self.pipe.last_words), (1, 0, None))

    def test_end_before_joining(self) -> None:
        """Without any line it joins, and says goodbye."""
        self.pipe.readConnectionLost()
        self.pipe.session.connected(self.chat.send)
        self.pipe.session.line_received(welcome())
        self.assertEqual(self.chat.requests[-1]["line"], "/quit")

    def test_end_without_connection(self) -> None:
        """With everything acknowledged the end does not wait for a new connection."""
        self.join()
        self.pipe.session.disconnected()
        self.pipe.readConnectionLost()
        self.assertTrue(self.standard.disconnecting)

    def test_slow_goodbye(self) -> None:
        """A chat that does not answer the goodbye is left after five seconds."""
        self.join()
        self.pipe.readConnectionLost()
        self.clock.advance(4.9)
        self.assertFalse(self.standard.disconnecting)
        self.clock.advance(0.2)
        self.assertTrue(self.standard.disconnecting)

    def test_refused(self) -> None:
        """A refused line is complained about, and makes the exit code 3."""
        self.join()
        self.pipe.dataReceived(b"one\n" + b"x" * 100_000)
        self.pipe.dataReceived(b"x\n")
        self.pipe.session.line_received(line("error", ref="r1", code="not-sent", text="disk full"))
        too_long = "a line must have at most 4,096 bytes: not sent"
        self.assertEqual(self.complaints, [too_long, "disk full"])
        self.assertEqual(self.pipe.code, 3)

    def test_nothing_to_say(self) -> None:
        """A line in which the chat sees nothing is an empty one."""
        self.join()
        self.pipe.dataReceived("\u200b\n".encode())
        self.pipe.session.line_received(line("error", ref="r1", code="empty", text="nothing"))
        self.assertEqual((self.complaints, self.pipe.code), ([], 0))
        self.assertEqual(self.pipe.session.unanswered, 0)

    def test_nickname_taken(self) -> None:
        """A nickname that one cannot have is the end, with code 1."""
        self.pipe.session.connected(self.chat.send)
        self.pipe.session.line_received(line("error", code="nick-taken", text="ada is taken"))
        self.assertTrue(self.standard.disconnecting)
        self.assertEqual((self.pipe.code, self.pipe.last_words), (1, "ada is taken"))

    def test_nobody_reads(self) -> None:
        """When nobody reads standard output any more, it says goodbye."""
        self.join()
        self.pipe.writeConnectionLost()
        self.assertEqual(self.sent(), ["/quit"])
        self.pipe.session.disconnected()
        self.assertEqual(self.ends, 1)

    def test_shown(self) -> None:
        """What is said and told comes out in plain lines."""
        self.join()
        self.pipe.session.line_received(line("said", id=101, room="lobby", nick="bob", text="é"))
        self.pipe.session.disconnected()
        shown = self.standard.value().decode().split("\n")
        self.assertRegex(shown[0], r"^\d\d:\d\d bob: é$")
        self.assertRegex(shown[1], r"^\d\d:\d\d -- connection lost")


class PasswordTests(PipeCase):
    """A nickname that is registered, where nobody can be asked for its password."""

    password = "from a file"

    def refuse(self, code: str) -> None:
        self.pipe.session.line_received(line("error", code=code, text="that is wrong"))

    def test_known(self) -> None:
        """A password that a file has is sent when the chat asks for it."""
        self.pipe.session.connected(self.chat.send)
        self.refuse("password-needed")
        self.assertEqual([r.get("password") for r in self.chat.take()], [None, "from a file"])
        self.pipe.session.line_received(welcome())
        self.assertIs(self.pipe.session.state, State.LIVE)

    def test_wrong(self) -> None:
        """A wrong one is the end, with the chat's sentence and code 1."""
        self.pipe.session.connected(self.chat.send)
        self.refuse("password-needed")
        self.refuse("wrong-password")
        self.assertTrue(self.standard.disconnecting)
        self.assertEqual((self.pipe.code, self.pipe.last_words), (1, "that is wrong"))


class NoPasswordTests(PipeCase):
    """The same, and there is no password at all."""

    def test_unknown(self) -> None:
        """The sentence tells where a password may be, and the end of input does not replace it."""
        self.pipe.session.connected(self.chat.send)
        self.pipe.session.line_received(line("error", code="password-needed", text="registered"))
        self.assertTrue(self.standard.disconnecting)
        expected = (
            "ada is a registered nickname: give its password "
            "with --password-file FILE, or in CHATSERVICE_PASSWORD."
        )
        self.assertEqual((self.pipe.code, self.pipe.last_words), (1, expected))

    def test_needed_again(self) -> None:
        """So it is after a reconnection, whatever was still to be said."""
        self.join()
        self.pipe.session.disconnected()
        self.pipe.session.connected(self.chat.send)
        self.pipe.session.line_received(line("error", code="password-needed", text="registered"))
        self.pipe.readConnectionLost()
        self.pipe.session.disconnected()
        self.assertEqual(self.pipe.code, 1)
        self.assertIn("registered nickname", str(self.pipe.last_words))


class CommandTests(PipeCase):
    """A program that gives commands."""

    commands = True

    def test_export(self) -> None:
        """Lines for programs come out as they are, and the end waits for the last of them."""
        self.join()
        self.pipe.dataReceived(b"/export\n")
        self.pipe.readConnectionLost()
        self.assertEqual([request["type"] for request in self.chat.requests], ["command"])
        for more in (True, False):
            self.assertEqual(self.sent(), ["/export"])
            raw = {"raw": True, "more": more, "lines": ['{"id":1}']}
            self.pipe.session.line_received(line("ok", ref="r1", **raw))
        self.assertEqual(self.standard.value(), b'{"id":1}\n' * 2)
        self.assertEqual(self.sent()[1:], ["/quit"])

    def test_refused(self) -> None:
        """A refused command is exit code 3."""
        self.join()
        self.pipe.dataReceived(b"/kick bob\n")
        self.pipe.session.line_received(line("error", ref="r1", code="not-allowed", text="no"))
        self.assertEqual((self.complaints, self.pipe.code), (["no"], 3))

    def test_refused_join(self) -> None:
        """What is meant for a room that may not be joined is said in no other."""
        self.join()
        self.pipe.dataReceived(b"/join secret\nthe password is xyzzy\n")
        self.pipe.session.line_received(line("error", ref="r1", code="closed", text="no"))
        self.assertEqual(self.sent(), ["/join secret"])
        self.assertEqual(self.complaints, ["no", "not sent: you are still in lobby"])


class NotConfirmedTests(PipeCase):
    """The end comes before the last line was confirmed."""

    def check(self, code: int) -> None:
        self.join()
        self.pipe.dataReceived(b"hi\n")
        self.pipe.session.leave()
        members = {"nick": "ada", "text": "hi", "ref": "r1"}
        self.pipe.session.line_received(line("said", id=1001, room="lobby", **members))
        self.pipe.session.disconnected()
        self.assertEqual(self.pipe.last_words, "1 line was not confirmed by the chat:\n    hi")
        self.assertEqual(self.pipe.code, code)

    def test_code(self) -> None:
        """It is exit code 3, whoever else seems to have confirmed it."""
        self.check(3)

    def test_typed(self) -> None:
        """A person sees it, and has no use for an exit code."""
        self.typed = True
        self.setUp()
        self.check(0)

    def test_kicked(self) -> None:
        """Who had to leave has the exit code for that."""
        self.join()
        self.pipe.dataReceived(b"hi\n")
        facts = {"nick": "eve", "target": "ada"}
        self.pipe.session.line_received(line("kicked", id=1001, **facts))
        self.assertEqual(self.pipe.code, 1)


class TypedTests(PipeCase):
    """Standard input is a terminal, and standard output is not."""

    typed = True
    commands = True

    def test_commands(self) -> None:
        """A person may give commands, and a refused line is not the exit code."""
        self.join()
        self.pipe.dataReceived(b"/who\nhi\n")
        self.assertEqual(self.sent(), ["/who", "hi"])
        self.pipe.session.line_received(line("error", ref="r2", code="usage", text="no"))
        self.assertEqual((self.pipe.code, self.complaints), (0, ["no"]))

    def test_busy_goodbye(self) -> None:
        """A goodbye waits as long as lines before it are still being acknowledged."""
        self.join()
        self.pipe.dataReceived(b"hi\n/quit\n")
        self.clock.advance(4)
        self.acknowledge(1)
        self.clock.advance(4)
        self.assertFalse(self.standard.disconnecting)
        self.clock.advance(2)
        self.assertTrue(self.standard.disconnecting)

    def test_nickname(self) -> None:
        """A person may type another nickname."""
        self.pipe.session.connected(self.chat.send)
        self.pipe.session.line_received(line("error", code="bad-nick", text="no"))
        self.assertIn(b"no; type another nickname", self.standard.value())
        self.pipe.dataReceived(b"eve\n")
        self.assertEqual(self.chat.requests[-1]["nick"], "eve")
        self.assertIs(self.pipe.session.state, State.GREETING)

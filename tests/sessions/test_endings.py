"""How a connection ends, and what it is from the beginning."""


from twisted.internet.error import ConnectionAborted, ConnectionDone

from chatservice.doors.text import BYE_TO_NC, HINT
from chatservice.sessions.session import State
from tests.doubles import LineTestCase

LOST = "-- ada left the chat (connection lost)\r\n"


class EndOfInputTests(LineTestCase):
    """What somebody sends and then ends with, as C{nc -N} does."""

    def what_bob_sees(self, data: bytes) -> tuple[str, object]:
        self.begin()
        bob, ada = self.joins("bob"), self.comes()
        ada.sends(data)
        ada.ends()
        return bob.sees(), ada.lost

    def test_finishing(self) -> None:
        """What was sent before the end is said, its last line too, and then it is a goodbye."""
        came, left = "-- ada joined the chat\r\n", "-- ada left the chat\r\n"
        hello = f"{came}ada: hello\r\n{left}"
        sent = {
            b"": "",
            b"\n": "",
            b"ada": came + left,
            b"ada\n": came + left,
            b"ada\nhello\n": hello,
            b"ada\nhello": hello,
            b"ada\r\nhello\r": hello,
            b"ada\nhello\n" + b"x" * 20000: hello,
            b"ada\nhello\nmore\xff\xf4": hello,
            b"ada\n/me waves": f"{came}* ada waves\r\n{left}",
            b"ada\nhello\n/quit tea": f"{came}ada: hello\r\n-- ada left the chat: tea\r\n",
        }
        self.assertEqual(
            {data: self.what_bob_sees(data) for data in sent},
            {data: (seen, ConnectionDone) for data, seen in sent.items()},
        )

    def test_answers(self) -> None:
        """Answers that are still under way are delivered before the connection is closed."""
        self.journal.waiting.is_slow = True
        ada = self.comes()
        ada.sends(b"ada\nhello\n/topic cats\n/topic\n/join python")
        ada.ends()
        seen = ""
        for _ in range(8):
            self.journal.waiting.answer_all()
            seen += ada.sees()
        self.assertEqual(
            seen,
            f"-- you joined lobby: nobody else (1 here)\r\n{HINT}\r\n"
            "-- you changed the topic of lobby: cats\r\n"
            "-- the topic of lobby (set by ada): cats\r\n"
            "-- you joined #python: nobody else (1 here)\r\n",
        )
        self.assertIs(ada.lost, ConnectionDone)

    def test_joining(self) -> None:
        """A nickname that is all that is sent still joins, however long that takes."""
        self.journal.waiting.is_slow = True
        ada = self.comes()
        ada.sends(b"ada")
        ada.ends()
        self.journal.waiting.is_slow = False
        self.journal.waiting.answer_all()
        self.assertEqual(ada.sees(), f"-- you joined lobby: nobody else (1 here)\r\n{HINT}\r\n")
        self.assertIs(ada.lost, ConnectionDone)

    def test_lines_that_wait(self) -> None:
        """At the end of the input, a line that waits for a moment does not swallow the next."""
        door, wire = self.listens()

        def wait(line: bytes) -> None:
            door.lines.append(line)
            door.hold()
            door.release()

        self.patch(door, "heard", wait)
        door.hold()
        wire.protocol.dataReceived(b"a\nb\nc")
        wire.protocol.readConnectionLost()
        self.assertEqual(door.lines, [])
        door.release()
        self.assertEqual(door.lines, [b"a", b"b", b"c"])

    def test_end_seen_while_waiting(self) -> None:
        """An end that comes to the door while it waits is kept until it reads on."""
        self.journal.waiting.is_slow = True
        ada = self.comes()
        ada.sends(b"ada\nhello\nlast")
        ada.protocol.readConnectionLost()
        ada.gets()
        self.assertIsNone(ada.lost)
        self.journal.waiting.is_slow = False
        self.journal.waiting.answer_all()
        ada.gets()
        self.assertEqual((self.said(), ada.lost), (["hello", "last"], ConnectionDone))

    def test_flood_limit(self) -> None:
        """Who ends in the middle of a flood has everything said, at the pace of the limit."""
        self.begin(rate_limit=5)
        bob, ada = self.joins("bob"), self.comes()
        ada.sends(b"ada\n" + b"x\n" * 20 + b"last")
        ada.ends()
        seen = bob.sees()
        self.assertEqual(seen.count("ada: x"), 10)
        for _ in range(20):
            self.clock.advance(0.2)
            ada.gets()
            seen += bob.sees()
        self.assertEqual(seen.count("ada: x"), 20)
        self.assertTrue(seen.endswith("ada: last\r\n-- ada left the chat\r\n"), seen)
        self.assertIs(ada.lost, ConnectionDone)

    def test_overlong(self) -> None:
        """The end of the input ends an overlong line too, which is refused."""
        ada = self.joins("ada")
        ada.sends(b"x" * 20000)
        ada.ends()
        self.assertEqual(ada.sees(), "-- that line is too long: not sent\r\n")

    def test_only_the_writing(self) -> None:
        """That our half of the connection ends changes nothing."""
        door, wire = self.listens()
        wire.protocol.writeConnectionLost()
        wire.sends(b"hello\n")
        self.assertEqual((door.lines, wire.lost), ([b"hello"], None))


class JoinTimeoutTests(LineTestCase):
    sentence = "-- you have not joined within 60 seconds\r\n"

    def test_dribbling(self) -> None:
        """Who has not joined after 60 s is closed, however the time was spent."""
        for dribble in (b"", b"x", b"\n", b"1\n", b"\xff\xf6", b"\r"):
            self.begin()
            ada = self.comes()
            for _ in range(59):
                self.clock.advance(1)
                ada.sends(dribble)
            self.assertIsNone(ada.lost)
            ada.gets()
            self.clock.advance(1)
            self.assertEqual((ada.sees(), ada.lost), (self.sentence, ConnectionDone))
            self.assertEqual((self.chat.sessions, self.clock.getDelayedCalls()), (set(), []))

    def test_since_the_connection_was_made(self) -> None:
        """The time that the connection stood before it had this door counts."""
        self.clock.advance(100)
        for since, left in ((60.0, 20), (100.0, 60)):
            door, wire = self.listens(since)
            self.clock.advance(left - 0.5)
            self.assertIs(door.state, State.ARRIVING)
            self.clock.advance(0.5)
            self.assertIs(door.state, State.CLOSING)
            wire.gets()
            self.clock.rightNow = 100.0

    def test_overdue(self) -> None:
        """A connection that has stood for too long already is closed at once."""
        self.clock.advance(100)
        _, wire = self.listens(since=1.0)
        self.assertEqual(wire.sees().rstrip(), self.sentence.rstrip())
        self.assertIs(wire.lost, ConnectionDone)

    def test_joined(self) -> None:
        """Who has joined may be silent for ever."""
        ada = self.joins("ada")
        self.clock.advance(1_000_000)
        self.assertEqual((ada.sees(), ada.lost, self.clock.getDelayedCalls()), ("", None, []))

    def test_too_late(self) -> None:
        """A join that comes through after the 60 s does not happen."""
        self.journal.waiting.is_slow = True
        ada = self.comes()
        ada.sends(b"ada\n")
        self.clock.advance(60)
        self.journal.waiting.answer_all()
        self.assertEqual((ada.sees(), self.chat.roster), (self.sentence, {}))


class ClosingTests(LineTestCase):
    def test_sentence(self) -> None:
        """A connection is closed with a sentence, once what waits is sent, and hears no more."""
        door, wire = self.listens()
        wire.window = 0
        door.close("enough of this")
        door.close("and again")
        wire.protocol.dataReceived(b"hello\n\xff\xf6")
        wire.gets()
        self.assertIsNone(wire.lost)
        wire.window = None
        self.assertEqual((wire.gets(), wire.lost), (b"-- enough of this\n", ConnectionDone))
        self.assertEqual((door.lines, self.clock.getDelayedCalls()), ([], []))

    def test_no_sentence(self) -> None:
        """There need not be a sentence."""
        door, wire = self.listens()
        door.close()
        self.assertEqual((wire.gets(), wire.lost), (b"", ConnectionDone))

    def test_lines_behind(self) -> None:
        """Of what came together, nothing is heard, and nothing told, after the closing."""
        door, wire = self.listens()
        self.patch(door, "heard", lambda line: door.close(f"enough of {line.decode()}"))
        wire.sends(b"a\nb\n" + b"x" * 20000 + b"\nc\n")
        self.assertEqual(wire.gets(), b"-- enough of a\n")

    def test_lines_behind_an_abort(self) -> None:
        """Of what came together, nothing is heard after the line that aborts the connection."""
        door, wire = self.listens()

        def abort(line: bytes) -> None:
            door.lines.append(line)
            door.abort("a reason")

        self.patch(door, "heard", abort)
        wire.sends(b"a\nb\nc\n")
        self.assertEqual(door.lines, [b"a"])

    def test_who_does_not_read(self) -> None:
        """Who does not take what waits is aborted 5 s after the closing."""
        door, wire = self.listens()
        wire.window = 3
        door.close("enough of this")
        self.clock.advance(4.9)
        self.assertEqual((wire.gets(), wire.lost), (b"-- ", None))
        self.clock.advance(0.1)
        self.assertIs(wire.lost, ConnectionAborted)

    def test_abort(self) -> None:
        """An aborted connection stands for the rest of the turn, and is sent nothing more."""
        door, wire = self.listens()
        door.abort("a reason")
        door.outbox.write(b"hello")
        wire.protocol.dataReceived(b"hello\n")
        self.assertFalse(wire.aborting)
        self.clock.advance(0)
        self.assertEqual((wire.lost, door.lines, wire.gets()), (ConnectionAborted, [], b""))

    def test_shutting_down(self) -> None:
        """Who connects while the chat shuts down is told so."""
        self.chat.closing = "the chat is shutting down"
        _, wire = self.listens()
        self.assertEqual(wire.gets(), b"-- the chat is shutting down\n")
        self.assertEqual((wire.lost, self.chat.sessions), (ConnectionDone, set()))

    def test_abandoned(self) -> None:
        """A door that gives its connection away leaves it open, and forgets it."""
        door, wire = self.listens()
        wire.window = 0
        door.outbox.write(b"hello")
        door.abandon()
        door.outbox.write(b"again")
        wire.protocol.dataReceived(b"hello\n")
        wire.window = None
        self.assertEqual((wire.gets(), wire.lost, door.lines), (b"hello", None, []))
        self.assertEqual((self.chat.sessions, self.clock.getDelayedCalls()), (set(), []))


class ReasonTests(LineTestCase):
    """How the others are told that somebody is gone."""

    def setUp(self) -> None:
        self.begin(send_queue=1000)
        self.bob = self.joins("bob")
        self.ada = self.joins("ada")
        self.bob.gets()

    def test_vanished(self) -> None:
        """A reset is a lost connection."""
        logged = self.logged(self.ada.vanishes)
        self.assertEqual(self.bob.sees(), LOST)
        self.assertEqual(logged, ["ada is gone: connection lost."])

    def test_vanished_in_a_broadcast(self) -> None:
        """So is one of which the broadcast hears first: nothing is read any more, not even an end.
        """
        self.ada.resets()
        logged = self.logged(lambda: self.bob.sends(b"hello\n"))
        self.assertEqual(self.bob.sees(), LOST)
        self.assertEqual(logged, ["ada is gone: connection lost."])

    def test_vanished_before_an_answer(self) -> None:
        """And one of which an answer hears first."""
        self.ada.resets()
        self.chat.roster["ada"].tell(["hello"])
        self.assertEqual((self.bob.sees(), self.ada.lost), (LOST, ConnectionAborted))

    def test_vanished_mid_line(self) -> None:
        """Half a line of somebody who vanished is not said."""
        self.ada.sends(b"hello\nhalf a l")
        self.ada.vanishes()
        self.assertEqual(self.bob.sees(), f"ada: hello\r\n{LOST}")

    def test_hung_up(self) -> None:
        """A connection that the peer closed properly was a goodbye."""
        logged = self.logged(self.ada.hangs_up)
        self.assertEqual(self.bob.sees(), "-- ada left the chat\r\n")
        self.assertEqual(logged, ["ada is gone: goodbye."])

    def test_quit(self) -> None:
        """Who quits leaves with words, and is closed after what waits is sent."""
        self.ada.sends(b"hello\n/quit tea\nunheard\n")
        self.assertEqual(self.bob.sees(), "ada: hello\r\n-- ada left the chat: tea\r\n")
        self.assertEqual((self.ada.sees(), self.ada.lost), (f"{BYE_TO_NC}\r\n", ConnectionDone))

    def test_quit_without_reading(self) -> None:
        """Who quits and does not read is aborted after 5 s, which changes nothing for others."""
        self.ada.window = 0
        self.bob.sends(b"hello\n")
        self.ada.sends(b"/quit\n")
        self.clock.advance(5)
        self.assertIs(self.ada.lost, ConnectionAborted)
        self.assertEqual(self.bob.sees(), "-- ada left the chat\r\n")

    def test_overflow(self) -> None:
        """Who does not read is dropped, and the operator can read why."""
        self.ada.window = 0
        logged = self.logged(lambda: self.bob.sends(f"{'x' * 200}\n".encode() * 6, 201))
        self.assertEqual(self.ada.lost, ConnectionAborted)
        self.assertEqual(self.bob.sees(), "-- ada left the chat (did not read what was sent)\r\n")
        self.assertEqual(
            logged,
            [
                "Dropping ada: more than 1000 bytes waited to be sent.",
                "ada is gone: did not read what was sent.",
            ],
        )

    def test_failed(self) -> None:
        """Who is dropped because of a bug left for that reason."""
        self.chat.roster["ada"].devices[0].door.drop()
        self.clock.advance(0)
        self.assertEqual(
            self.bob.sees(), "-- ada left the chat (something went wrong in the server)\r\n"
        )
        self.assertIs(self.ada.lost, ConnectionAborted)

    def test_no_end(self) -> None:
        """Who sends a line without an end left for that reason."""
        self.ada.sends(b"x" * 1_200_000, 65536)
        self.assertEqual(self.bob.sees(), "-- ada left the chat (a line had no end)\r\n")

    def test_displaced(self) -> None:
        """Who is taken over by another connection is told, and does not leave."""
        self.ada.protocol.session.taken_over()
        self.assertEqual(
            self.ada.sees(), "-- another connection has taken this one's place\r\n"
        )
        self.assertEqual((self.ada.lost, self.bob.sees()), (ConnectionDone, ""))
        self.assertEqual((len(self.chat.sessions), "ada" in self.chat.roster), (1, True))

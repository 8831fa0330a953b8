"""Connections that end before a door is chosen, or soon after."""

from __future__ import annotations

from twisted.internet.protocol import Protocol

from chatservice.doors import detect
from chatservice.doors.detect import SILENCE, Row
from chatservice.doors.limits import Admission
from chatservice.doors.text import HINT
from tests.conversation import ConversationCase, each_row
from tests.doors.test_detect import GREETING, OPENINGS, failed, shown


class EndTests(ConversationCase):
    """Connections that end at the front."""

    def setUp(self) -> None:
        super().setUp()
        self.admission = Admission()
        self.open_chat(admission=self.admission)

    @each_row(
        {
            "silent": (b"", False, GREETING),
            "silent_and_greeted": (b"", True, GREETING),
            "half_a_word": (
                b"POST",
                False,
                f"{GREETING}-- you joined lobby: nobody else (1 here)\r\n{HINT}\r\n",
            ),
            "half_a_word_and_greeted": (
                b"POST",
                True,
                f"{GREETING}-- you joined lobby: nobody else (1 here)\r\n{HINT}\r\n",
            ),
            "text": (
                b"ada",
                False,
                f"{GREETING}-- you joined lobby: nobody else (1 here)\r\n{HINT}\r\n",
            ),
            "json": (b"{}", False, failed('"type" must be a string')),
            "http": (b"GET / HTTP/1.1\r\n", False, OPENINGS["http_0_9"].seen),
        }
    )
    def test_half_close(self, row: tuple[bytes, bool, str]) -> None:
        """Who ends the input gets what is due, and then the connection ends, in every state."""
        data, greeted, seen = row
        wire = self.connect()
        wire.sends(data)
        self.clock.advance(SILENCE if greeted else 0)
        wire.ends()
        self.assertEqual(shown(wire), seen)
        self.assertIsNotNone(wire.lost)
        self.assertEqual((self.admission.count, self.chat.sessions), (0, set()))
        self.assertEqual(self.chat.roster, {})
        self.assertEqual(self.clock.getDelayedCalls(), [])

    @each_row(
        {
            "silent": (b"", False),
            "greeted": (b"", True),
            "half_a_word": (b"GE", False),
            "half_a_word_and_greeted": (b"GE", True),
            "text": (b"ada\n", False),
            "json": (b"{}\n", False),
            "http": (b"GET / HTTP/1.1\r\n", False),
            "http_after_the_greeting": (b"GET / HTTP/1.1\r\n", True),
        }
    )
    def test_reset(self, row: tuple[bytes, bool]) -> None:
        """A connection that is reset in any state leaves nothing behind."""
        data, greeted = row
        wire = self.connect()
        self.clock.advance(SILENCE if greeted else 0)
        wire.sends(data)
        wire.vanishes()
        wire.turn()
        self.assertEqual((self.admission.count, self.chat.sessions), (0, set()))
        self.assertEqual(self.chat.roster, {})
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_reset_while_undecided_and_greeted(self) -> None:
        """Half a word and a greeting, and then nothing: that was all."""
        wire = self.connect()
        wire.sends(b"GE")
        self.clock.advance(SILENCE)
        wire.vanishes()
        self.assertEqual((self.chat.sessions, self.clock.getDelayedCalls()), (set(), []))

    def test_our_end_is_closed(self) -> None:
        """That our side of the connection ended is news for the door, where there is one."""
        before, after = self.connect(), self.connect()
        after.sends(b"ada\n")
        for wire in (before, after):
            wire.protocol.writeConnectionLost()
            self.assertIsNone(wire.lost)

    def test_door_without_half_close(self) -> None:
        """A door that cannot go on without its input is closed at the end of it."""
        row = Row((b"x",), lambda visit: Protocol())
        self.patch(detect, "AT_FIRST", (row,))
        wire = self.connect()
        wire.sends(b"x")
        wire.protocol.writeConnectionLost()
        self.assertIsNone(wire.lost)
        wire.ends()
        wire.sees()
        self.assertIsNotNone(wire.lost)

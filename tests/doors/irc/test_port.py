"""A port for IRC alone."""

from __future__ import annotations

from chatservice.doors.detect import SILENCE, FrontFactory
from chatservice.doors.limits import Admission
from chatservice.doors.visit import PortKind
from chatservice.sessions.session import JOIN_TIMEOUT
from tests.conversation import ConversationCase


class PortTests(ConversationCase):
    """Connections to such a port."""

    def setUp(self) -> None:
        super().setUp()
        kind = PortKind(direct=True, is_irc=True)
        self.front = FrontFactory(self.chat, Admission(), kind)

    def test_silence(self) -> None:
        """Nobody is greeted, however long they are silent, and IRC is spoken afterwards."""
        for silence in (0, 2 * SILENCE):
            wire = self.connect()
            self.clock.advance(silence)
            self.assertEqual(wire.sees(), "")
            wire.sends(b"PING a\r\n")
            self.assertEqual(wire.sees(), ":chatservice PONG chatservice :a\r\n")

    def test_no_other_door(self) -> None:
        """What would choose another door elsewhere is an unknown verb here."""
        for line in (b"GET / HTTP/1.1\r\n", b"{}\n", b"ada\n"):
            wire = self.connect()
            wire.sends(line)
            self.assertIn(" 451 ", wire.sees())

    def test_too_late(self) -> None:
        """Somebody who does not join is told so before the connection is closed."""
        wire = self.connect()
        self.clock.advance(SILENCE)
        self.clock.advance(JOIN_TIMEOUT)
        self.assertIn("ERROR :Closing link: you have not joined", wire.sees())

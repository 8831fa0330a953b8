"""The WebSocket door: every way to end, and that nothing is left of it."""

from __future__ import annotations

import json

from twisted.internet.error import ConnectionAborted

from chatservice.doors.carrier import LINGER
from chatservice.doors.websocket import PING_EVERY
from chatservice.sessions.session import CLOSE_TIMEOUT, JOIN_TIMEOUT
from tests.conversation import TOKEN, WebPerson, each_row
from tests.framing import (
    CLOSE,
    PONG,
    TEXT,
    WebCase,
    close_in,
    closing,
    frame,
    say,
)
from tests.persons import UPGRADE

HELLO = b'{"type":"hello","nick":"ada"}'


class EndTests(WebCase):
    """Every way to end, and that nothing is left of it."""

    @each_row(
        {
            "normal": (closing(1000), 1000),
            "going_away": (closing(1001, b"a page that is left"), 1001),
            "of_its_own": (closing(4000), 4000),
            "without_a_code": (frame(CLOSE), None),
        }
    )
    def test_closed(self, row: tuple[bytes, int | None]) -> None:
        """A peer that closes is answered in kind, and is lost: that is no goodbye."""
        data, code = row
        ada = self.comes()
        ada.wire.sends(data + frame(TEXT, say("too late")))
        answer = ada.wire.gets()
        self.assertEqual(answer[:1], b"\x88")
        self.assertEqual(int.from_bytes(answer[2:]) or None, code)
        self.check_lost(ada)

    @each_row({"ends": True, "is_reset": False})
    def test_gone(self, ends: bool) -> None:
        """A connection that ends, in order or not, is lost."""
        ada = self.comes()
        if ends:
            ada.wire.ends()
            ada.wire.turn()
        else:
            ada.wire.vanishes()
        ada.wire.protocol.writeConnectionLost()
        self.check_lost(ada)

    def test_quit(self) -> None:
        """C{/quit} is a goodbye, and closes with 1000."""
        ada = self.comes()
        ada.types("/quit tea time")
        self.assertEqual(close_in(ada.events()), 1000)
        self.assertEqual(self.bob.sees(), ["-- ada left the chat: tea time"])
        self.bob.wire.vanishes()
        self.check_nothing_is_left(ada.wire)

    def test_lingers(self) -> None:
        """Whoever lost the connection may come back, and nobody saw anything."""
        self.rules.linger = 30
        ada = self.comes(token=TOKEN)
        ada.wire.sends(closing(1001))
        self.assertEqual(self.bob.sees(), [])
        self.clock.advance(29)
        again = self.comes(token=TOKEN)
        again.types("hi")
        self.assertEqual(self.bob.sees(), ["ada: hi"])

    def test_taken_over(self) -> None:
        """Whose place is taken is told so before the close."""
        ada = self.comes(token=TOKEN)
        again = self.comes(token=TOKEN)
        events = ada.events()
        error = {
            "type": "error",
            "code": "taken-over",
            "text": "another connection has taken this one's place",
        }
        self.assertEqual([json.loads(text) for text in self.texts(events)], [error])
        self.assertEqual(close_in(events), 1000)
        self.assertIsNotNone(ada.wire.lost)
        self.assertIsNone(again.wire.lost)

    def test_shut_down(self) -> None:
        """At the end of the chat everybody is told so before the close; newcomers too."""
        ada = self.comes()
        late = self.connect()
        stopped = self.chat.shut_down(1.0)
        newcomer = WebPerson(late)
        for person in (ada, newcomer):
            events = person.events()
            self.assertIn("the chat is shutting down", str(self.texts(events)))
            self.assertEqual(close_in(events), 1000)
        self.bob.sees()
        self.successResultOf(stopped)
        self.check_nothing_is_left(ada.wire, late)

    def test_too_late(self) -> None:
        """Whoever does not join within a minute is told so before the close."""
        person = WebPerson(self.connect())
        for _ in range(6):
            self.clock.advance(JOIN_TIMEOUT / 6)
            person.wire.sends(frame(PONG))
        events = person.events()
        self.assertIn("you have not joined within 60 seconds", str(self.texts(events)))
        self.assertEqual(close_in(events), 1000)
        self.bob.wire.vanishes()
        self.check_nothing_is_left(person.wire)

    def test_does_not_hang_up(self) -> None:
        """A peer that does not hang up has two seconds, and is neither asked nor heard."""
        ada = self.comes()
        ada.wire.stays = True
        self.clock.advance(PING_EVERY - 1)
        ada.types("/quit")
        self.assertEqual(close_in(ada.events()), 1000)
        self.assertTrue(ada.wire.half_closed)
        ada.types("still here")
        self.clock.advance(LINGER - 0.1)
        self.assertEqual((ada.wire.gets(), ada.wire.lost), (b"", None))
        self.clock.advance(0.1)
        ada.wire.turn()
        self.bob.wire.vanishes()
        self.check_nothing_is_left(ada.wire)

    def test_hangs_up_after_the_close(self) -> None:
        """A peer that hangs up after our close ends the connection at once."""
        ada = self.comes()
        ada.wire.stays = True
        ada.types("/quit")
        ada.wire.sends(closing(1000))
        ada.wire.ends()
        self.bob.wire.vanishes()
        self.check_nothing_is_left(ada.wire)

    def test_does_not_take_the_close(self) -> None:
        """A peer that does not take what is sent is cut off after 5 s."""
        ada = self.comes()
        ada.wire.window = 0
        ada.types("/quit")
        self.clock.advance(CLOSE_TIMEOUT)
        ada.wire.turn()
        self.assertIs(ada.wire.lost, ConnectionAborted)
        self.bob.wire.vanishes()
        self.check_nothing_is_left(ada.wire)

    def test_slow_reader(self) -> None:
        """Who reads nothing is cut off when too much waits, and others hear everything."""
        self.rules.send_queue = 8192
        ada = self.comes()
        eve = self.comes("eve")
        ada.wire.window = 0
        for _ in range(5):
            self.bob.types("x" * 3000)
        ada.wire.turn()
        self.assertIs(ada.wire.lost, ConnectionAborted)
        types = [facts["type"] for facts in eve.sees()]
        self.assertEqual((types.count("said"), types.count("left")), (5, 1))

    def test_accepted_before_anything_else(self) -> None:
        """The answer that opens the WebSocket comes first, however slowly it is taken."""
        wire = self.connect()
        wire.window = 10
        wire.sends(UPGRADE + frame(TEXT, HELLO))
        self.bob.types("welcome")
        for _ in range(200):
            wire.window = 10
            wire.turn()
        self.assertRegex(wire.gets(), rb'(?s)\AHTTP/1.1 101 .*\r\n\r\n\x81.*"welcome"')

"""The WebSocket door: one object a message, pings, pauses, the flood limit."""

from __future__ import annotations

import json
from typing import Any

from twisted.internet.error import ConnectionAborted
from wsproto.events import Ping, Pong

from chatservice.doors.formats import JSON, JsonFormat
from chatservice.doors.websocket import FRAMES_OF_A_TURN, PING_EVERY, WebSocketSession, framed
from chatservice.people.ratelimit import BURST
from chatservice.protocol.events import Said
from chatservice.protocol.json import LINE_BYTES
from chatservice.sessions.session import UNCOMMITTED
from tests.conversation import TableCase, each_row, said
from tests.framing import (
    CONTINUED,
    PING,
    PONG,
    TEXT,
    WebCase,
    close_in,
    frame,
    say,
)
from tests.journals import HeldJournal
from tests.persons import UPGRADE

HELLO = b'{"type":"hello","nick":"ada"}'
SIZES = (0, *range(1, 10), 100, 1000)


class MessageTests(WebCase):
    """From frames to lines."""

    @each_row({str(size or "at_once"): size for size in SIZES})
    def test_cut(self, size: int) -> None:
        """Messages in the same write as the request are heard, however it is cut."""
        wire = self.connect()
        text = say("h\u00e9")
        parts = (
            frame(TEXT, text[:-5], last=False),
            frame(PING, b"are you there"),
            frame(CONTINUED, text[-5:-4], last=False),
            frame(CONTINUED, text[-4:]),
        )
        wire.sends(UPGRADE + frame(TEXT, HELLO) + b"".join(parts), size)
        self.assertEqual(self.bob.sees(), ["-- ada joined the chat", "ada: h\u00e9"])

    @each_row({"two_bytes": 2, "eight_bytes": 8})
    def test_long_sizes(self, size_in: int) -> None:
        """A size may be told in more bytes than it takes only if the standard allows it."""
        ada = self.comes()
        text = say("x" * 200)
        ada.wire.sends(frame(TEXT, text, size_in=2))
        self.assertEqual(len(self.bob.sees()), 1)
        ada.wire.sends(frame(TEXT, text[:100] if size_in == 2 else text, size_in=size_in))
        self.assertEqual(close_in(ada.events()), 1002)

    def test_longest(self) -> None:
        """A message of 16 KiB is taken, in one frame or in many, and of one byte more is not."""
        text = b'{"type":"ping"}'.ljust(LINE_BYTES)
        fragments = [text[start : start + 100] for start in range(0, len(text), 100)]
        many = frame(TEXT, b"", last=False) + b"".join(
            frame(CONTINUED, fragment, last=False) for fragment in fragments
        )
        for whole, end in ((frame(TEXT, text), b""), (many, frame(CONTINUED))):
            ada = self.comes()
            ada.wire.sends(whole + end)
            self.assertEqual(ada.sees(), [{"type": "pong"}])
            ada.types("/quit")
        for whole in (frame(TEXT, text + b" "), many + frame(CONTINUED, b" ", last=False)):
            ada = self.comes()
            ada.wire.sends(whole)
            events = ada.events()
            self.assertIn('"too-long"', str(self.texts(events)))
            self.assertEqual(close_in(events), 1009)

    def test_empty(self) -> None:
        """An empty message is heard, and means nothing."""
        ada = self.comes()
        ada.wire.sends(frame(TEXT) + frame(TEXT, b"", last=False) + frame(CONTINUED))
        self.assertEqual((ada.events(), ada.wire.lost), ([], None))

    def test_lines_in_a_message(self) -> None:
        """A message is one object, whatever white space is in it, and not several."""
        ada = self.comes()
        ada.wire.sends(frame(TEXT, b'{\n"type":\r\n"ping"\n}\n'))
        self.assertEqual(ada.sees(), [{"type": "pong"}])
        ada.wire.sends(frame(TEXT, b'{"type":"ping"}\n{"type":"ping"}'))
        self.assertEqual([facts["code"] for facts in ada.sees()], ["malformed"])

    def test_each_answer_is_a_message(self) -> None:
        """Each object comes in one message of its own, without the end of a line."""
        ada = self.comes()
        for _ in range(5):
            self.bob.types("hi")
        texts = self.texts(ada.events())
        self.assertEqual([json.loads(text)["text"] for text in texts], ["hi"] * 5)
        self.assertTrue(all(text.endswith("}") for text in texts))

    def test_out_of_a_pause(self) -> None:
        """Messages that came while the session was held are heard in their order."""
        journal: Any = HeldJournal()
        self.open_chat(journal)
        wire = self.connect()
        wire.sends(UPGRADE + frame(TEXT, HELLO))
        count = UNCOMMITTED * 2 + 5
        wire.sends(b"".join(frame(TEXT, say(f"{number}")) for number in range(count)))
        self.assertFalse(wire.reading)
        journal.release(self.clock)
        wire.gets()
        for _ in range(5):
            journal.release(self.clock)
            wire.gets()
        said = [event for batch in journal.batches for event in batch if isinstance(event, Said)]
        self.assertEqual([event.text for event in said], [f"{number}" for number in range(count)])
        self.assertTrue(wire.reading)


class PingTests(WebCase):
    """Signs of life."""

    def test_answered(self) -> None:
        """A ping is answered with what it carried, and a pong is taken in silence."""
        ada = self.comes()
        ada.wire.sends(frame(PING, b"x" * 125) + frame(PONG, b"nobody asked") + frame(PING))
        self.assertEqual(ada.events(), [Pong(b"x" * 125), Pong()])

    def test_asks(self) -> None:
        """Each 30 s the peer is asked whether it is there, and stays while anything comes."""
        ada = self.comes()
        for data in (frame(PONG), frame(TEXT, b'{"type":"pong"}'), frame(TEXT, b"", last=False)):
            self.clock.advance(PING_EVERY - 0.1)
            self.assertEqual(ada.events(), [])
            self.clock.advance(0.1)
            self.assertEqual(ada.events(), [Ping()])
            ada.wire.sends(data)
        self.clock.advance(PING_EVERY)
        self.assertEqual((ada.events(), ada.wire.lost), ([Ping()], None))

    def test_silent(self) -> None:
        """A peer that does not answer within 30 s is lost."""
        ada = self.comes()
        self.clock.advance(PING_EVERY)
        self.clock.advance(PING_EVERY - 0.1)
        self.assertIsNone(ada.wire.lost)
        self.clock.advance(0.1)
        ada.wire.turn()
        self.assertIs(ada.wire.lost, ConnectionAborted)
        self.check_lost(ada)

    def test_half_a_frame(self) -> None:
        """Any byte is a sign of life."""
        ada = self.comes()
        whole = frame(PING, b"x" * 100)
        for byte in whole:
            self.clock.advance(PING_EVERY - 1)
            ada.wire.sends(bytes([byte]))
        self.assertIn(Pong(b"x" * 100), ada.events())
        self.assertIsNone(ada.wire.lost)

    def test_not_while_paused(self) -> None:
        """Who is not read is not taken to be silent."""
        ada = self.comes()
        (session,) = (each for each in self.chat.sessions if each.name == "WebSocket")
        session.hold()
        for _ in range(5):
            self.clock.advance(PING_EVERY)
        self.assertIsNone(ada.wire.lost)
        session.release()
        self.clock.advance(PING_EVERY)
        ada.wire.turn()
        self.check_lost(ada)

    def test_reset_while_paused(self) -> None:
        """A session that is released after its connection ended does nothing more."""
        ada = self.comes()
        (session,) = (each for each in self.chat.sessions if each.name == "WebSocket")
        session.hold()
        ada.wire.vanishes()
        session.release()
        self.check_lost(ada)


class FloodTests(WebCase):
    """Every frame counts."""

    def setUp(self) -> None:
        super().setUp()
        self.rules.rate_limit = 1
        self.open_chat()
        self.bob = self.at_text("bob")

    @each_row(
        {
            "messages": frame(TEXT, b" "),
            "pings": frame(PING),
            "pongs": frame(PONG),
            "fragments": frame(CONTINUED, b" ", last=False),
        }
    )
    def test_frames(self, data: bytes) -> None:
        """After a burst, frames of any kind are read as slowly as people may talk."""
        ada = self.comes()
        ada.wire.sends(frame(TEXT, b"", last=False) if data[0] == CONTINUED else frame(PING))
        ada.wire.sends(data * BURST * 2)
        self.assertFalse(ada.wire.reading)
        self.clock.advance(BURST - 1)
        self.assertFalse(ada.wire.reading)
        self.clock.advance(BURST + 3)
        self.assertTrue(ada.wire.reading)

    def test_bytes(self) -> None:
        """Each KiB counts as well."""
        ada = self.comes()
        ada.wire.sends(frame(TEXT, b" " * 1024 * BURST))
        self.assertFalse(ada.wire.reading)

    def test_turns(self) -> None:
        """Without a flood limit, others have a turn after 64 frames."""
        self.rules.rate_limit = 0
        self.open_chat()
        self.bob = self.at_text("bob")
        ada = self.comes()
        ada.wire.protocol.dataReceived(frame(PING) * FRAMES_OF_A_TURN * 3)
        pongs = len(b"".join(ada.wire.direct[-FRAMES_OF_A_TURN - 10 :]).split(b"\x8a\x00")) - 1
        self.assertEqual((pongs, ada.wire.reading), (FRAMES_OF_A_TURN, False))
        self.assertEqual(len(ada.events()), FRAMES_OF_A_TURN * 3)
        self.assertTrue(ada.wire.reading)


class SameBytesTests(WebCase):
    """A frame is made once for all who see the same."""

    def test_shared(self) -> None:
        """Everybody gets the same bytes object of a line, and its author one of its own."""
        people = [self.comes(nick) for nick in ("ada", "eve", "zoe")]
        people[0].types("hi")
        ada, eve, zoe = (person.wire.direct[-1] for person in people)
        self.assertIs(eve, zoe)
        self.assertNotEqual(ada, eve)

    def test_directly(self) -> None:
        """On plain TCP frames are sent past the reactor's queue, once the answer is taken."""
        ada = self.comes()
        before = len(ada.wire.written)
        self.bob.types("hi")
        self.assertEqual(len(ada.wire.written), before)
        self.assertEqual(ada.sees(), [said("bob", "hi")])


class FramedTests(TableCase):
    """The spelling of frames."""

    @each_row({str(size): size for size in (0, 1, 125, 126, 127, 65535, 65536, 1 << 17)})
    def test_framed(self, size: int) -> None:
        """A line is one final text frame without a mask, whatever its length."""
        line = b"x" * size
        self.assertEqual(framed(line + b"\n"), frame(TEXT, line, masked=False))

    def test_format(self) -> None:
        """A WebSocket has the objects of JSON lines, in frames, one for each event."""
        event = Said(id=1, nick="ada", room="lobby", text="h\u00e9 \U0001f375")
        wire = WebSocketSession.wire
        line = JSON.render(event, True)
        self.assertEqual(wire.render(event, True), framed(line))
        self.assertIs(wire.render(event, False), wire.render(event, True))
        own = JSON.render_own(event)
        self.assertEqual(wire.render_own(event), framed(own))
        facts = {"type": "pong"}
        self.assertEqual(wire.spell(facts), framed(JSON.spell(facts)))

    def test_own_alone(self) -> None:
        """What an author sees does not depend on what others were shown before."""
        first, second = (Said(id=n, nick="ada", room="lobby", text="hi", ref="r") for n in (1, 2))
        format = JsonFormat(framed)
        format.render(second, True)
        own = format.render_own(first, "r")
        self.assertEqual(own, framed(JSON.render_own(first, "r")))
        self.assertNotIn(b'"ref"', own)

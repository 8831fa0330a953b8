"""WebSocket frames as any client might send them (RFC 6455, section 5.2)."""

from __future__ import annotations

import json
from struct import pack
from typing import Any

from wsproto.events import CloseConnection, Event, TextMessage

from tests.browsing import HttpCase
from tests.conversation import WebPerson

CONTINUED, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
"""The opcodes."""

MASK = b"\x37\xfa\x21\x3d"


def frame(
    opcode: int,
    payload: bytes = b"",
    last: bool = True,
    reserved: int = 0,
    masked: bool = True,
    claimed: int | None = None,
    size_in: int = 0,
) -> bytes:
    """Spell a frame.

    @param last: whether it is the last one of its message.
    @param reserved: the three reserved bits.
    @param claimed: the size that it claims to have, if that is not its own.
    @param size_in: the bytes in which the size is told: 2 or 8, or 0 for as few as it takes.
    """
    size = len(payload) if claimed is None else claimed
    first = bytes([last << 7 | reserved << 4 | opcode])
    bit = masked << 7
    if size_in == 8 or size > 0xFFFF:
        head = pack("!BQ", bit | 127, size)
    elif size_in == 2 or size > 125:
        head = pack("!BH", bit | 126, size)
    else:
        head = bytes([bit | size])
    if not masked:
        return first + head + payload
    key = MASK * (len(payload) // 4 + 1)
    return first + head + MASK + bytes(a ^ b for a, b in zip(payload, key, strict=False))


def closing(code: int, reason: bytes = b"") -> bytes:
    """Spell the frame that closes with a code."""
    return frame(CLOSE, pack("!H", code) + reason)


def say(text: str) -> bytes:
    """Spell a request to say a line in the lobby."""
    return json.dumps({"type": "say", "room": "lobby", "text": text}).encode()


def close_in(events: list[Event]) -> int | None:
    """Return the code of the close among frames; C{None} if there is none."""
    codes = [int(event.code) for event in events if isinstance(event, CloseConnection)]
    assert len(codes) < 2, "closed twice"
    return codes[0] if codes else None


class WebCase(HttpCase):
    """Tests of ada, who comes over a WebSocket, beside bob at a terminal."""

    def setUp(self) -> None:
        super().setUp()
        self.bob = self.at_text("bob")

    def comes(self, nick: str = "ada", **hello: Any) -> WebPerson:
        """Join over a WebSocket, and let bob see it."""
        person = WebPerson(self.connect())
        person.asks("hello", nick=nick, **hello)
        self.assertIn(person.joined, str(person.sees()))
        self.bob.sees()
        return person

    def texts(self, events: list[Event]) -> list[str]:
        """Return the texts of the messages among frames."""
        return [event.data for event in events if isinstance(event, TextMessage)]

    def check_lost(self, person: WebPerson) -> None:
        """Check that bob sees ada leave, lost, and that nothing of her is left."""
        self.assertIsNotNone(person.wire.lost)
        self.assertEqual(self.bob.sees(), ["-- ada left the chat (connection lost)"])
        self.bob.wire.vanishes()
        self.check_nothing_is_left(person.wire)

"""Hostile frames: each ends its own connection with a code, and costs nobody else anything."""

from __future__ import annotations

import random

from chatservice.doors.carrier import OVERLONG
from chatservice.protocol.json import LINE_BYTES
from tests.conversation import each_row
from tests.framing import (
    BINARY,
    CLOSE,
    CONTINUED,
    PING,
    PONG,
    TEXT,
    WebCase,
    close_in,
    closing,
    frame,
)
from tests.persons import UPGRADE

MISTAKE, NOT_TEXT, NO_UTF8, TOO_BIG = 1002, 1003, 1007, 1009
SNOWMAN = "\u2603".encode()

HOSTILE: dict[str, tuple[bytes, int]] = {
    "unmasked": (frame(TEXT, b"{}", masked=False), MISTAKE),
    "unmasked_and_empty": (frame(PING, masked=False), MISTAKE),
    **{f"reserved_bit_{bit}": (frame(TEXT, b"{}", reserved=bit), MISTAKE) for bit in (1, 2, 4, 7)},
    "reserved_bit_of_a_ping": (frame(PING, reserved=4), MISTAKE),
    **{
        f"reserved_opcode_{opcode}": (frame(opcode), MISTAKE)
        for opcode in (3, 4, 5, 6, 7, 11, 12, 13, 14, 15)
    },
    "fragmented_ping": (frame(PING, last=False), MISTAKE),
    "fragmented_close": (frame(CLOSE, b"\x03\xe8", last=False), MISTAKE),
    "long_ping": (frame(PING, b"x" * 126), MISTAKE),
    "ping_in_a_long_size": (frame(PING, b"x", size_in=2), MISTAKE),
    "long_close": (closing(1000, b"x" * 124), MISTAKE),
    "continuation_of_nothing": (frame(CONTINUED, b"{}"), MISTAKE),
    "continuation_after_the_end": (frame(TEXT) + frame(CONTINUED), MISTAKE),
    "message_in_a_message": (frame(TEXT, b"{", last=False) + frame(TEXT, b"}"), MISTAKE),
    "binary": (frame(BINARY, b"{}"), NOT_TEXT),
    "binary_in_fragments": (frame(BINARY, b"{", last=False), NOT_TEXT),
    "no_utf8": (frame(TEXT, b"\xff"), NO_UTF8),
    "surrogate": (frame(TEXT, b"\xed\xa0\x80"), NO_UTF8),
    "too_long_a_letter": (frame(TEXT, b"\xc0\xaf"), NO_UTF8),
    "half_a_letter": (frame(TEXT, SNOWMAN[:2]), NO_UTF8),
    "half_a_letter_in_fragments": (
        frame(TEXT, SNOWMAN[:2], last=False) + frame(CONTINUED),
        NO_UTF8,
    ),
    "two_halves": (
        frame(TEXT, SNOWMAN[:2], last=False) + frame(CONTINUED, SNOWMAN[:2]),
        NO_UTF8,
    ),
    "reason_without_utf8": (closing(1000, b"\xff"), NO_UTF8),
    "close_with_one_byte": (frame(CLOSE, b"\x03"), MISTAKE),
    **{
        f"close_with_{code}": (closing(code), MISTAKE)
        for code in (0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65535)
    },
    "sign_of_a_size": (frame(TEXT, claimed=1 << 63), MISTAKE),
    "size_in_too_many_bytes": (frame(TEXT, b"x" * 200, size_in=8), MISTAKE),
    "too_long": (frame(TEXT, b"x" * (LINE_BYTES + 1)), TOO_BIG),
    "too_long_in_letters_of_three_bytes": (frame(TEXT, SNOWMAN * (LINE_BYTES // 3 + 1)), TOO_BIG),
}


class HostileTests(WebCase):
    """Frames that no browser sends."""

    @each_row(HOSTILE)
    def test_ends(self, row: tuple[bytes, int]) -> None:
        """It is answered by a close with its code, however it is cut, and nothing more is heard."""
        data, code = row
        line = frame(TEXT, b'{"type":"say","room":"lobby","text":"smuggled"}')
        for size in (0, 1, 3, 1000) if len(data) < 1000 else (0, 1000):
            ada = self.comes()
            ada.wire.sends(data + line, size)
            self.assertEqual(close_in(ada.events()), code)
            ada.wire.turn()
            self.assertIsNotNone(ada.wire.lost)
            (left,) = self.bob.sees()
            self.assertTrue(left.startswith("-- ada left the chat ("), left)
        self.bob.wire.vanishes()
        self.check_nothing_is_left()
        self.assertEqual(self.flushLoggedErrors(), [])

    @each_row(HOSTILE)
    def test_before_joining(self, row: tuple[bytes, int]) -> None:
        """It does the same in the first write, with nobody behind it."""
        data, code = row
        wire = self.sends(UPGRADE + data)
        close = wire.gets()[-2:]
        self.assertEqual(int.from_bytes(close), code)
        self.assertEqual(self.bob.sees(), [])
        self.bob.wire.vanishes()
        self.check_nothing_is_left(wire)

    def test_why(self) -> None:
        """Whoever makes a mistake is told which one, in the language of the door."""
        ada = self.comes()
        ada.wire.sends(frame(BINARY, b"{}"))
        self.assertIn("messages must be text, not binary", str(self.texts(ada.events())))
        eve = self.comes("eve")
        eve.wire.sends(frame(CONTINUED))
        self.assertEqual(len(self.texts(eve.events())), 1)

    def test_letters_in_pieces(self) -> None:
        """A letter may be split over fragments and reads."""
        ada = self.comes()
        start, end = b'{"type":"say","room":"lobby","text":"', b'"}'
        pieces = [start, *(SNOWMAN[n : n + 1] for n in range(3)), end]
        data = frame(TEXT, last=False)
        data += b"".join(frame(CONTINUED, piece, last=False) for piece in pieces)
        ada.wire.sends(data + frame(CONTINUED), 1)
        self.assertEqual(self.bob.sees(), ["ada: \u2603"])

    def test_tiny_fragments(self) -> None:
        """A message of 16 KiB may come a byte at a time, and no more of it is kept than that."""
        ada = self.comes()
        ada.wire.sends(frame(TEXT, last=False) + frame(CONTINUED, b" ", last=False) * LINE_BYTES)
        self.assertIsNone(ada.wire.lost)
        ada.wire.sends(frame(CONTINUED, b" ", last=False))
        self.assertEqual(close_in(ada.events()), TOO_BIG)
        self.check_lost(ada)

    def test_claims_much(self) -> None:
        """A frame may claim to be of any size, but not be over 16 KiB."""
        for claimed in ((1 << 63) - 1, 1 << 32, LINE_BYTES + 1):
            data = frame(TEXT, b"x" * (LINE_BYTES + 1), claimed=claimed)
            ada = self.comes()
            ada.wire.sends(data[:-1], 1000)
            self.assertEqual((ada.events(), ada.wire.lost), ([], None))
            ada.wire.sends(data[-1:])
            self.assertEqual(close_in(ada.events()), TOO_BIG)

    def test_endless_empty_fragments(self) -> None:
        """Empty fragments without an end keep nobody from talking, and nothing in memory."""
        ada, eve = self.comes(), self.at_text("eve")
        ada.wire.sends(frame(TEXT, last=False))
        for _ in range(5):
            ada.wire._incoming.append(frame(CONTINUED, last=False) * 10_000)
            ada.wire.turn()
            self.bob.types("hello")
            self.assertEqual(eve.sees(), ["bob: hello"])
        self.assertEqual(ada.wire.protocol._door._message, "")

    def test_endless_pings(self) -> None:
        """64 KiB of empty pings in one write are answered, a few at a time."""
        ada = self.comes()
        count = 65536 // len(frame(PING))
        ada.wire.sends(frame(PING) * count)
        self.assertEqual(ada.wire.gets(), frame(PONG, masked=False) * count)

    def test_pings_of_who_does_not_read(self) -> None:
        """Pongs that nobody takes are bounded as everything else is."""
        self.rules.send_queue = 8192
        ada = self.comes()
        ada.wire.window = 0
        ada.wire.sends(frame(PING, b"x" * 125) * 1000)
        ada.wire.turn()
        self.assertEqual(self.bob.sees(), ["-- ada left the chat (did not read what was sent)"])
        self.bob.wire.vanishes()
        self.check_nothing_is_left(ada.wire)

    def test_after_the_close(self) -> None:
        """What comes after a close is discarded, up to 1 MiB, and then not read at all."""
        ada = self.comes()
        ada.wire.stays = True
        ada.wire.sends(frame(BINARY))
        ada.wire.gets()
        ada.wire.sends(frame(PING) * (OVERLONG // 6 + 2), 65536)
        self.assertEqual((ada.wire.gets(), ada.wire.reading), (b"", False))
        ada.wire.vanishes()
        self.bob.wire.vanishes()
        self.check_nothing_is_left(ada.wire)

    def test_ten_mistakes(self) -> None:
        """Whoever sends nothing but nonsense is closed, as on lines."""
        person = self.comes()
        person.wire.sends(frame(TEXT, b"nonsense") * 20)
        events = person.events()
        self.assertEqual((len(self.texts(events)), close_in(events)), (11, 1000))

    def test_noise(self) -> None:
        """Random bytes among frames raise nothing but a close, or nothing at all."""
        chance = random.Random(11)
        whole = frame(TEXT, b'{"type":"ping"}') + frame(PING, b"x") + frame(TEXT, b"{", last=False)
        for _ in range(300):
            noisy = bytearray(whole + frame(CONTINUED, b"}"))
            for _ in range(chance.randrange(1, 5)):
                noisy[chance.randrange(len(noisy))] = chance.randrange(256)
            wire = self.sends(UPGRADE + bytes(noisy), chance.choice((0, 5)))
            wire.vanishes()
        self.bob.wire.vanishes()
        self.check_nothing_is_left()
        self.assertEqual(self.flushLoggedErrors(), [])

"""Connections that carry requests: the time that they have, and the flood limit."""

from __future__ import annotations

from chatservice.doors.http import HEAD_TIMEOUT, IDLE_TIMEOUT, REQUEST_TIMEOUT
from chatservice.people.ratelimit import BURST, WEIGHT
from chatservice.sessions.session import JOIN_TIMEOUT
from tests.browsing import HttpCase, answers_in, request
from tests.conversation import WebPerson, each_row
from tests.doubles import Wire

GET = request(b"/script/main.js")


class TimeTests(HttpCase):
    """How long a request may take."""

    def drips(self, wire: Wire, data: bytes, seconds: float) -> float:
        """Send a byte each few seconds until the connection ends; return how long that took."""
        begun = self.clock.seconds()
        for byte in data:
            if wire.half_closed:
                break
            wire.sends(bytes([byte]))
            self.clock.advance(seconds)
            wire.turn()
        return self.clock.seconds() - begun

    @each_row({"at_first": b"GET ", "later": GET + b"GET ", "after_a_pause": GET})
    def test_slow_head(self, before: bytes) -> None:
        """The head of a request must come within 10 s, and each byte renews nothing."""
        wire = self.sends(before)
        wire.gets()
        self.assertEqual(self.drips(wire, b"GET" + b"/" * 50, 1.0), HEAD_TIMEOUT)
        (seen,) = answers_in(wire.gets())
        self.assertEqual((seen.status, seen.body), (408, b"the request took too long\n"))
        self.check_nothing_is_left(wire)

    def test_slow_body(self) -> None:
        """A whole request must come within 30 s."""
        head = request(b"/", b"Content-Length: 1000", method=b"POST")
        wire = self.sends(head[:-2])
        self.clock.advance(HEAD_TIMEOUT - 1)
        wire.sends(head[-2:])
        left = self.drips(wire, b"x" * 1000, 1.0)
        self.assertEqual(left, REQUEST_TIMEOUT - HEAD_TIMEOUT + 1)
        self.assertEqual(answers_in(wire.gets())[0].status, 408)
        self.check_nothing_is_left(wire)

    def test_idle(self) -> None:
        """A connection without a request is closed after 5 s, without a word."""
        wire = self.sends(GET)
        wire.gets()
        self.clock.advance(IDLE_TIMEOUT - 0.1)
        wire.sends(GET)
        self.assertEqual(len(answers_in(wire.gets())), 1)
        self.clock.advance(IDLE_TIMEOUT - 0.1)
        self.assertEqual((wire.gets(), wire.half_closed), (b"", False))
        self.clock.advance(0.1)
        self.assertEqual((wire.gets(), wire.half_closed), (b"", True))
        self.check_nothing_is_left(wire)

    def test_time_of_the_next_request(self) -> None:
        """A request that came with an earlier one has all of its own time."""
        head = request(b"/", b"Content-Length: 5", method=b"POST")
        wire = self.sends(GET + head)
        wire.gets()
        self.clock.advance(REQUEST_TIMEOUT - 0.1)
        wire.sends(b"hel")
        self.clock.advance(0.1)
        self.assertEqual(answers_in(wire.gets())[0].status, 408)

    def test_half_a_head_after_a_request(self) -> None:
        """The beginning of a head that came with an earlier request has ten seconds, too."""
        wire = self.sends(GET + b"GET /")
        wire.gets()
        self.clock.advance(HEAD_TIMEOUT - 0.1)
        self.assertFalse(wire.half_closed)
        self.clock.advance(0.1)
        self.assertEqual(answers_in(wire.gets())[0].status, 408)
        self.check_nothing_is_left(wire)

    def test_long_connection(self) -> None:
        """A WebSocket has its minute in which to join, however old the connection is."""
        wire = self.sends(GET)
        while self.clock.seconds() < JOIN_TIMEOUT + 1:
            self.clock.advance(IDLE_TIMEOUT - 1)
            wire.sends(GET)
        wire.gets()
        ada = WebPerson(wire)
        ada.joins("ada")
        self.assertIn(ada.joined, str(ada.sees()))


class FloodTests(HttpCase):
    """Requests count for the flood limit of their address."""

    def setUp(self) -> None:
        super().setUp()
        self.rules.rate_limit = 1
        self.rules.per_address = 1
        self.open_chat()

    def test_requests(self) -> None:
        """After a burst, the requests of an address are answered as slowly as people may talk."""
        wire = self.sends(GET * 14)
        # The connection itself cost as much as one.
        self.assertEqual(len(answers_in(wire.gets())), BURST - 1)
        for _ in range(5):
            self.assertFalse(wire.reading)
            self.clock.advance(1)
            self.assertEqual(len(answers_in(wire.gets())), 1)
        self.clock.advance(1)
        self.assertTrue(wire.reading)

    def test_body(self) -> None:
        """Each KiB of a body costs as much as a request."""
        head = request(b"/", b"Content-Length: %d" % (5 * WEIGHT), method=b"POST")
        wire = self.sends(head + b"x" * 5 * WEIGHT + GET * 10)
        self.assertEqual(len(answers_in(wire.gets())), 1 + BURST - 1 - 6)

    def test_waiting_is_not_idle(self) -> None:
        """A connection is not closed while its address may not ask, only if nobody asks then."""
        wire = self.sends(request(b"/", b"Content-Length: 65536", method=b"POST") + b"x" * 65536)
        self.assertEqual(len(answers_in(wire.gets())), 1)
        self.clock.advance(50)
        self.assertFalse(wire.half_closed)
        wire.sends(GET)
        self.clock.advance(7)
        self.assertEqual(len(answers_in(wire.gets())), 1)
        self.clock.advance(1)
        self.clock.advance(IDLE_TIMEOUT)
        wire.turn()
        wire.turn()
        self.check_nothing_is_left(wire)

    def test_end_while_waiting(self) -> None:
        """A connection that ends while its address may not ask leaves nothing behind."""
        wire = self.sends(GET * 14)
        wire.gets()
        wire.vanishes()
        self.check_nothing_is_left(wire)

    def test_slow_reader_while_waiting(self) -> None:
        """An answer that is taken only after the wait is followed by the next one."""
        wire = self.connect()
        wire.window = 0
        wire.sends(GET * BURST)
        for _ in range(BURST + 2):
            self.clock.advance(1)
            wire.window = 2000
            wire.turn()
            wire.turn()
        wire.window = None
        self.clock.advance(1)
        self.assertEqual(len(answers_in(wire.gets())), BURST)

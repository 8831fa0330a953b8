"""Connections that carry requests: cutting, time, pipelining, the flood limit, the end."""

from __future__ import annotations

from twisted.internet.error import ConnectionAborted, ConnectionDone

from chatservice.doors.answering import BODY_BYTES
from chatservice.doors.carrier import LINGER, OVERLONG
from chatservice.doors.http import CHUNKS, REQUEST_TIMEOUT
from chatservice.doors.limits import Admission
from chatservice.doors.visit import Policy
from chatservice.sessions.session import CLOSE_TIMEOUT
from tests.browsing import SCRIPT, HttpCase, answers_in, request
from tests.conversation import WebPerson, each_row
from tests.persons import UPGRADE

GET = request(b"/script/main.js")
POST = request(b"/", b"Content-Length: 5", method=b"POST")
CHUNKED = request(b"/", b"Transfer-Encoding: chunked", method=b"POST")
LAST = request(b"/style.css", b"Connection: close")
SIZES = (0, *range(1, 12), 16, 33, 100)


class RequestTests(HttpCase):
    """Several requests on one connection."""

    @each_row({str(size or "at_once"): size for size in SIZES})
    def test_cut(self, size: int) -> None:
        """Requests are answered in their order, however they are cut."""
        head = request(b"/", method=b"HEAD")
        body = b"4;x=y\r\nab\r\n\r\n0\r\nTrailer: z\r\n\r\n"
        wire = self.sends(GET + head + POST + b"hello" + CHUNKED + body + LAST, size)
        seen = answers_in(wire.gets(), heads=[1])
        self.assertEqual([answer.status for answer in seen], [200, 200, 405, 405, 200])
        self.assertEqual(seen[0].body, SCRIPT)
        self.assertEqual(seen[-1].headers["connection"], "close")
        self.check_nothing_is_left(wire)

    def test_http_1_0(self) -> None:
        """A client of HTTP/1.0, which need not name the host, gets one answer."""
        wire = self.sends(b"GET /style.css HTTP/1.0\r\n\r\n" + GET)
        (seen,) = answers_in(wire.gets())
        self.assertEqual(seen.status, 200)
        self.check_nothing_is_left(wire)

    def test_many_at_once(self) -> None:
        """Thousands of requests in one write are all answered, each in its own turn."""
        count = 3000
        wire = self.sends(request(b"/version.json") * count)
        seen = answers_in(wire.gets())
        self.assertEqual([answer.status for answer in seen], [200] * count)
        self.assertTrue(wire.reading)
        wire.ends()
        wire.gets()
        self.check_nothing_is_left(wire)

    def test_others_have_their_turn(self) -> None:
        """Of many requests in one write one is answered in each turn of the reactor."""
        wire = self.connect()
        wire.protocol.dataReceived(GET * 100)
        self.assertEqual((len(answers_in(b"".join(wire.direct))), wire.reading), (1, False))
        self.assertEqual(len(answers_in(wire.gets())), 100)
        self.assertTrue(wire.reading)

    def test_does_not_read(self) -> None:
        """Who sends requests and takes no answers is not read, and is cut off after 30 s."""
        wire = self.connect()
        wire.window = 100
        wire.sends(GET * 1000)
        wire.sends(GET)
        self.assertFalse(wire.reading)
        self.assertEqual(len(wire._incoming), 1)
        self.assertLess(wire.protocol._door.outbox.waiting, 2 * len(SCRIPT))
        self.clock.advance(REQUEST_TIMEOUT - 0.1)
        wire.turn()
        self.assertIsNone(wire.lost)
        self.clock.advance(0.1)
        wire.turn()
        self.assertIs(wire.lost, ConnectionAborted)
        self.check_nothing_is_left(wire)

    def test_reads_late(self) -> None:
        """Who takes the answers slowly gets all of them."""
        wire = self.connect()
        wire.window = 0
        wire.sends(GET * 40)
        for _ in range(20):
            self.clock.advance(REQUEST_TIMEOUT - 1)
            wire.window = 1500
            wire.turn()
        wire.window = None
        self.assertEqual([seen.body for seen in answers_in(wire.gets())], [SCRIPT] * 40)
        self.assertTrue(wire.reading)

    def test_answer_over_the_limit(self) -> None:
        """An answer of any size is sent, though it is larger than the queue."""
        self.rules.send_queue = 10
        wire = self.connect()
        wire.window = 5
        wire.sends(GET)
        wire.window = None
        self.assertEqual(answers_in(wire.gets())[0].body, SCRIPT)

    def test_overflow(self) -> None:
        """Who is owed more than the queue has room for is cut off."""
        self.rules.send_queue = 10
        wire = self.connect()
        wire.window = 5
        expecting = request(b"/", b"Content-Length: 5", b"Expect: 100-continue", method=b"POST")
        wire.sends(expecting)
        wire.sends(b"hello")
        wire.turn()
        self.assertIs(wire.lost, ConnectionAborted)
        self.check_nothing_is_left(wire)

    def test_body(self) -> None:
        """A body of 64 KiB is taken, and no byte more, told before or not."""
        for size, status in ((BODY_BYTES, 405), (BODY_BYTES + 1, 413)):
            told = request(b"/", b"Content-Length: %d" % size, method=b"POST")
            chunk = b"%x\r\n%b\r\n0\r\n\r\n" % (size, b"x" * size)
            for data in (told + b"x" * size, CHUNKED + chunk):
                for piece in (0, 4096):
                    wire = self.sends(data, piece)
                    (seen,) = answers_in(wire.gets())
                    self.assertEqual((seen.status, wire.lost is None), (status, status == 405))

    def test_chunks(self) -> None:
        """A body may have many chunks, but not one for each of its bytes."""
        for number, status in ((CHUNKS, 405), (CHUNKS + 1, 413)):
            wire = self.sends(CHUNKED + b"1\r\nx\r\n" * number + b"0\r\n\r\n")
            (seen,) = answers_in(wire.gets())
            self.assertEqual(seen.status, status)

    def test_continue(self) -> None:
        """A client that asks first is told to go on, unless its body would be too large."""
        head = (b"Content-Length: 5", b"Expect: 100-continue")
        wire = self.sends(request(b"/", *head, method=b"POST"))
        self.assertEqual(wire.gets(), b"HTTP/1.1 100 \r\n\r\n")
        wire.sends(b"hello")
        self.assertEqual(answers_in(wire.gets())[0].status, 405)
        head = (b"Content-Length: 99000000000", b"Expect: 100-continue")
        wire = self.sends(request(b"/", *head, method=b"POST"))
        self.assertEqual([seen.status for seen in answers_in(wire.gets())], [413])

    def test_malformed_after_head(self) -> None:
        """What is malformed is answered with a sentence, also after a HEAD that was not."""
        wire = self.sends(request(method=b"HEAD") + b"\x01\x02\r\n\r\n")
        seen = answers_in(wire.gets(), heads=[0])
        self.assertEqual([answer.status for answer in seen], [200, 400])
        self.assertEqual(seen[1].body, b"the request is malformed\n")
        self.assertEqual(self.flushLoggedErrors(), [])


class EndTests(HttpCase):
    """How connections end."""

    def test_half_closed(self) -> None:
        """Who ends the input after a few requests gets all answers, and the connection ends."""
        wire = self.connect()
        wire.window = 0
        wire.sends(GET * 3)
        wire.ends()
        wire.window = None
        self.assertEqual(len(answers_in(wire.gets())), 3)
        self.check_nothing_is_left(wire)

    @each_row(
        {
            "head": GET[:-2],
            "body": POST + b"hel",
            "chunk": CHUNKED + b"5\r\nhel",
        }
    )
    def test_half_closed_amid(self, data: bytes) -> None:
        """Who ends the input amid a request is told that it is malformed."""
        wire = self.sends(data)
        wire.ends()
        self.assertEqual(answers_in(wire.gets())[0].status, 400)
        self.check_nothing_is_left(wire)

    def test_nothing_more(self) -> None:
        """Who ends the input between requests gets nothing more, and the connection ends."""
        wire = self.sends(GET)
        wire.gets()
        wire.ends()
        self.assertEqual(wire.gets(), b"")
        self.check_nothing_is_left(wire)

    def test_both_ends(self) -> None:
        """When both sides have sent everything, the connection ends at once."""
        wire = self.connect()
        wire.stays = True
        wire.sends(LAST)
        wire.gets()
        self.assertEqual((wire.half_closed, wire.lost), (True, None))
        wire.ends()
        wire.turn()
        self.assertIs(wire.lost, ConnectionDone)
        self.check_nothing_is_left(wire)

    def test_flood_after_the_last_answer(self) -> None:
        """What comes after the last answer is discarded, up to 1 MiB, and then not read at all."""
        wire = self.connect()
        wire.stays = True
        wire.sends(LAST)
        wire.sends(b"x" * (OVERLONG + 2), 65536)
        self.assertFalse(wire.reading)
        self.clock.advance(LINGER)
        wire.turn()
        self.assertIsNotNone(wire.lost)
        self.check_nothing_is_left(wire)

    @each_row({"last": (LAST, REQUEST_TIMEOUT), "malformed": (b"GET  \r\n\r\n", CLOSE_TIMEOUT)})
    def test_not_taken(self, row: tuple[bytes, float]) -> None:
        """Who does not take the last answer is cut off, after a mistake sooner."""
        data, seconds = row
        wire = self.connect()
        wire.window = 0
        wire.sends(data)
        self.clock.advance(seconds - 0.1)
        self.assertIsNone(wire.lost)
        self.clock.advance(0.1)
        wire.turn()
        self.assertIs(wire.lost, ConnectionAborted)
        self.check_nothing_is_left(wire)

    @each_row(
        {"head": GET[:9], "body": POST + b"he", "idle": GET, "last": LAST, "bad": b"GET  \r\n"}
    )
    def test_reset(self, data: bytes) -> None:
        """A connection that is reset in any state leaves nothing behind."""
        for window in (None, 0, 50):
            wire = self.connect()
            wire.window = window
            wire.stays = True
            wire.sends(data)
            wire.vanishes()
            self.check_nothing_is_left(wire)

    def test_refused_connection(self) -> None:
        """Who has too many connections gets one answer, and holds no place of those being told."""
        self.admission = Admission(per_address=1)
        self.decide(Policy())
        first = self.sends(b"{}\n")
        wire = self.sends(GET * 2)
        self.assertEqual([seen.status for seen in answers_in(wire.gets())], [503])
        self.assertIsNotNone(wire.lost)
        first.vanishes()
        self.check_nothing_is_left(first, wire)


class UpgradeTests(HttpCase):
    """From HTTP to a WebSocket."""

    @each_row({"nothing": (), "requests": (GET, GET), "body": (POST + b"hello",)})
    def test_after(self, before: tuple[bytes, ...]) -> None:
        """A WebSocket opens at once, or after requests on the same connection."""
        wire = self.sends(b"".join(before))
        self.assertEqual(len(answers_in(wire.gets())), len(before))
        ada = WebPerson(wire)
        ada.joins("ada")
        self.assertIn(ada.joined, str(ada.sees()))

    def test_behind_an_answer(self) -> None:
        """A request for a WebSocket that came with others waits until their answers are taken."""
        wire = self.connect()
        wire.window = 7
        wire.sends(GET * 2 + UPGRADE)
        self.assertEqual(self.chat.sessions, set())
        wire.window = None
        seen = answers_in(wire.gets())
        self.assertEqual([answer.status for answer in seen], [200, 200, 101])
        self.assertEqual(len(self.chat.sessions), 1)

    def test_body(self) -> None:
        """The body of a request for a WebSocket is not taken for frames."""
        upgrade = UPGRADE[:-2] + b"Content-Length: 6\r\n\r\n"
        for data in (upgrade + b"\x81\x85abcd", UPGRADE):
            wire = self.sends(data)
            self.assertEqual(answers_in(wire.gets())[0].status, 101)
            self.assertIsNone(wire.lost)

    def test_refused(self) -> None:
        """After a refused request for a WebSocket the connection takes other requests."""
        wire = self.sends(UPGRADE[:-2] + b"Origin: null\r\n\r\n" + GET + UPGRADE)
        seen = answers_in(wire.gets())
        self.assertEqual([answer.status for answer in seen], [403, 200, 101])

    def test_no_timer_is_left(self) -> None:
        """The timers of HTTP do not go on in a WebSocket."""
        ada = WebPerson(self.connect())
        ada.joins("ada")
        ada.sees()
        self.assertEqual(len(self.clock.getDelayedCalls()), 1)
        for _ in range(100):
            self.clock.advance(1)
            ada.asks("ping")
            self.assertEqual(len(ada.sees()), 1)

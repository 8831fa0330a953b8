"""Hostile requests: each is refused with a sentence or answered, and costs nobody else anything."""

from __future__ import annotations

import random

from chatservice.doors.answering import BODY_BYTES, HEAD_BYTES
from tests.browsing import HOST, HttpCase, Seen, answers_in, request
from tests.conversation import each_row

BODY = b"hello"
CHUNKS = b"5\r\nhello\r\n0\r\n\r\n"
SMUGGLED = request(b"/style.css")
"""A request that another server might see in the body of the one before."""


def post(*headers: bytes, body: bytes = BODY) -> bytes:
    """Make a request with a body."""
    return request(b"/", *headers, method=b"POST") + body


def chunked(body: bytes) -> bytes:
    """Make a request with a chunked body, which is spelled out."""
    return post(b"Transfer-Encoding: chunked", body=body)


MALFORMED = 400
UNKNOWN = 501

HOSTILE: dict[str, tuple[bytes, int]] = {
    "no_host": (b"GET / HTTP/1.1\r\n\r\n", MALFORMED),
    "two_hosts": (request(b"/", HOST), MALFORMED),
    "two_hosts_in_one": (request(host=b"Host: a, b"), MALFORMED),
    "host_with_a_space": (request(host=b"Host: a b"), MALFORMED),
    "chunked_and_identity": (post(b"Transfer-Encoding: chunked, identity"), UNKNOWN),
    "identity_and_chunked": (
        post(b"Transfer-Encoding: identity", b"Transfer-Encoding: chunked"),
        UNKNOWN,
    ),
    "chunked_in_disguise": (post(b"Transfer-Encoding: xchunked"), UNKNOWN),
    "chunked_with_a_tab": (post(b"Transfer-Encoding:\x0bchunked"), MALFORMED),
    "chunked_twice": (post(b"Transfer-Encoding: chunked, chunked"), UNKNOWN),
    "two_kinds_of_length": (
        post(b"Content-Length: 5", b"Transfer-Encoding: chunked", body=b"0\r\n\r\n" + SMUGGLED),
        MALFORMED,
    ),
    "two_kinds_of_length_reversed": (
        post(b"Transfer-Encoding: chunked", b"Content-Length: 5", body=b"0\r\n\r\n" + SMUGGLED),
        MALFORMED,
    ),
    "two_lengths": (post(b"Content-Length: 5", b"Content-Length: 6"), MALFORMED),
    "two_lengths_in_one": (post(b"Content-Length: 5, 6"), MALFORMED),
    "negative_length": (post(b"Content-Length: -5"), MALFORMED),
    "length_with_a_sign": (post(b"Content-Length: +5"), MALFORMED),
    "length_in_hexadecimal": (post(b"Content-Length: 0x5"), MALFORMED),
    "length_in_other_digits": (post("Content-Length: \u0665".encode()), MALFORMED),
    "huge_length": (post(b"Content-Length: 99999999999999999999"), 413),
    "length_of_many_digits": (post(b"Content-Length: " + b"9" * 5000), MALFORMED),
    "length_over_the_limit": (post(b"Content-Length: %d" % (BODY_BYTES + 1)), 413),
    "chunk_of_many_digits": (chunked(b"f" * 100 + b"\r\n"), MALFORMED),
    "negative_chunk": (chunked(b"-5\r\nhello\r\n"), MALFORMED),
    "chunk_in_hexadecimal_prefix": (chunked(b"0x5\r\nhello\r\n"), MALFORMED),
    "chunk_without_an_end": (chunked(b"5\r\nhelloGET"), MALFORMED),
    "space_before_the_colon": (post(b"Content-Length : 5"), MALFORMED),
    "folded_before_any_header": (b"GET / HTTP/1.1\r\n folded\r\n" + HOST + b"\r\n\r\n", MALFORMED),
    "bare_cr": (request(b"/", b"X: a\rContent-Length: 5"), MALFORMED),
    "bare_cr_in_the_line": (request(b"/\rX"), MALFORMED),
    "null_in_a_header": (request(b"/", b"X: a\0b"), MALFORMED),
    "null_in_a_name": (request(b"/", b"X\0: a"), MALFORMED),
    "no_colon": (request(b"/", b"nonsense"), MALFORMED),
    "empty_name": (request(b"/", b": a"), MALFORMED),
    "letters_beyond_ascii_in_a_target": (request("/\u00e9".encode()), MALFORMED),
    "http_0_9": (b"GET /\r\n\r\n", MALFORMED),
    "http_2_0": (b"GET / HTTP/2.0\r\n" + HOST + b"\r\n\r\n", 505),
    "http_1_2": (b"GET / HTTP/1.2\r\n" + HOST + b"\r\n\r\n", 505),
    "http_11": (b"GET / HTTP/11\r\n" + HOST + b"\r\n\r\n", MALFORMED),
    "version_in_small_letters": (b"GET / http/1.1\r\n" + HOST + b"\r\n\r\n", MALFORMED),
    "two_spaces": (b"GET  / HTTP/1.1\r\n" + HOST + b"\r\n\r\n", MALFORMED),
    "connect": (request(b"evil.example:25", method=b"CONNECT"), UNKNOWN),
    "trace": (request(method=b"TRACE"), UNKNOWN),
    "put": (request(method=b"PUT"), UNKNOWN),
    "delete": (request(method=b"DELETE"), UNKNOWN),
    "options_for_all": (request(b"*", method=b"OPTIONS"), UNKNOWN),
    "absolute_target": (request(b"http://evil.example/"), MALFORMED),
    "target_of_all": (request(b"*"), MALFORMED),
    "target_without_a_slash": (request(b"index.html"), MALFORMED),
    "large_head": (request(b"/", b"X: " + b"x" * HEAD_BYTES), 431),
    "large_target": (request(b"/" + b"x" * HEAD_BYTES), 431),
    "many_headers": (request(b"/", *[b"X: y"] * 5000), 431),
}

ENDLESS = {
    "line": b"GET /" + b"x" * HEAD_BYTES,
    "head": request()[:-2] + b"X: " + b"x" * HEAD_BYTES,
    "chunk_extension": chunked(b"5;" + b"x" * HEAD_BYTES),
    "trailer": chunked(b"0\r\nX: " + b"x" * HEAD_BYTES),
}

NO_HTTP = {
    "http_2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "small_letters": b"get / HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "mixed_letters": b"Get / HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "unknown_method": b"BREW /pot HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "space_first": b" GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
}
"""Whoever sends this is taken for a person at a terminal, as anybody who does not speak HTTP."""

TAKEN: dict[str, tuple[bytes, int]] = {
    "folded": (request(b"/", b"X: a\r\n  b"), 200),
    "line_feeds_alone": (b"GET / HTTP/1.1\nHost: localhost\n\n", 200),
    "same_length_twice": (post(b"Content-Length: 5", b"Content-Length: 5"), 405),
    "same_length_twice_in_one": (post(b"Content-Length: 5, 5"), 405),
    "chunked_in_capitals": (post(b"Transfer-Encoding: CHUNKED", body=CHUNKS), 405),
    "body_of_a_get": (request(b"/", b"Content-Length: 5") + BODY, 200),
    "odd_connection": (request(b"/", b"Connection: close-not, x"), 200),
    "another_upgrade": (request(b"/", b"Connection: Upgrade", b"Upgrade: h2c"), 200),
}


class HostileTests(HttpCase):
    """Requests that no browser sends."""

    def one(self, data: bytes, size: int) -> Seen:
        """Send something on a connection, which must bring one answer and then end; return it."""
        wire = self.sends(data, size)
        (seen,) = answers_in(wire.gets())
        self.assertEqual(seen.headers["connection"], "close")
        self.check_nothing_is_left(wire)
        return seen

    @each_row(HOSTILE)
    def test_refused(self, row: tuple[bytes, int]) -> None:
        """It is refused in one sentence, the connection closes, and what follows has no answer."""
        data, status = row
        for follows in (b"", SMUGGLED):
            for size in (0, 1000, *((1, 7) if len(data) < 1000 else ())):
                seen = self.one(data + follows, size)
                self.assertEqual(seen.status, status)
                self.assertRegex(seen.body.decode(), r"\A[^\n]+\n\Z")
        self.assertEqual(self.flushLoggedErrors(), [])

    @each_row(ENDLESS)
    def test_endless(self, data: bytes) -> None:
        """What has no end is refused after 16 KiB."""
        for size in (0, 1, 1000):
            self.assertEqual(self.one(data, size).status, 431)

    @each_row(TAKEN)
    def test_taken(self, row: tuple[bytes, int]) -> None:
        """It is odd, but has one meaning, and the connection goes on."""
        data, status = row
        for size in (0, 1, 7):
            wire = self.sends(data + SMUGGLED, size)
            self.assertEqual([seen.status for seen in answers_in(wire.gets())], [status, 200])

    @each_row(NO_HTTP)
    def test_no_http(self, data: bytes) -> None:
        """What does not begin like HTTP is no HTTP, and joins nobody."""
        wire = self.sends(data)
        self.assertNotIn("HTTP/1.1 ", wire.sees().replace(data.decode(), ""))
        wire.vanishes()
        self.assertNotIn("GET", self.chat.roster)

    @each_row({"small": b"1000\r\n" + b"x" * 4096 + b"\r\n", "tiny": b"1;y=z\r\na\r\n"})
    def test_endless_chunks(self, chunk: bytes) -> None:
        """A body of ever more chunks is cut off at 64 KiB."""
        wire = self.sends(chunked(b""))
        while not wire.half_closed:
            wire.sends(chunk * 16)
        (seen,) = answers_in(wire.gets())
        self.assertEqual(seen.status, 413)
        self.check_nothing_is_left(wire)

    def test_chunk_that_overflows(self) -> None:
        """A chunk may claim to be of any size, but not be."""
        wire = self.sends(chunked(b"ffffffffffffffff1\r\n"))
        wire.sends(b"x" * BODY_BYTES, 16000)
        self.assertEqual(wire.gets(), b"")
        wire.sends(b"x")
        self.assertEqual(answers_in(wire.gets())[0].status, 413)
        self.check_nothing_is_left(wire)

    def test_nothing_is_kept(self) -> None:
        """A body is not kept in memory."""
        wire = self.sends(post(b"Content-Length: %d" % BODY_BYTES, body=b"x" * (BODY_BYTES - 1)))
        self.assertEqual(wire.protocol._door._http.trailing_data[0], b"")

    def test_noise(self) -> None:
        """Random bytes in a request raise nothing but an answer, or nothing at all."""
        chance = random.Random(7)
        whole = post(b"Transfer-Encoding: chunked", body=CHUNKS) + SMUGGLED
        for _ in range(500):
            noisy = bytearray(whole)
            for _ in range(chance.randrange(1, 5)):
                noisy[chance.randrange(5, len(noisy))] = chance.randrange(256)
            wire = self.sends(bytes(noisy), chance.choice((0, 5)))
            answers_in(wire.gets())
            wire.vanishes()
        self.assertEqual(self.flushLoggedErrors(), [])
        self.check_nothing_is_left()

    def test_others(self) -> None:
        """Whatever all of them send, the chat goes on."""
        ada, bob = self.at_text("ada"), self.at_text("bob")
        ada.sees()
        for data, _ in HOSTILE.values():
            self.sends(data)
        bob.types("hello")
        self.assertEqual(ada.sees(), ["bob: hello"])

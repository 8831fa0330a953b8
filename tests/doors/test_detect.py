"""One port: the first bytes choose the door, however they are cut, and whenever they come."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from twisted.internet.error import ConnectionAborted, ConnectionDone

from chatservice.doors.carrier import LINGER
from chatservice.doors.detect import (
    AT_FIRST,
    BROWSING,
    SILENCE,
    TEXT_DOOR,
    FrontFactory,
    choose,
)
from chatservice.doors.limits import Admission
from chatservice.doors.proxy import BINARY_START, STARTS
from chatservice.doors.text import HINT
from chatservice.sessions.session import CLOSE_TIMEOUT, JOIN_TIMEOUT
from tests.conversation import ConversationCase, JsonPerson, Wire, each_row
from tests.persons import UPGRADE

GREETING = "Welcome to chatservice.\r\nChoose a nickname: "
ARRIVED = f"-- you joined lobby: bob (2 here)\r\n{HINT}\r\n"
ANSWER = re.compile(r"\A(HTTP/1.1 .*?) ?\r\n(?s:.*)")
ALL_AT_ONCE = 0
SIZES = (*range(1, 10), ALL_AT_ONCE)
REQUEST = (
    b"POST / HTTP/1.1\r\nHost: localhost:59000\r\nContent-Length: 30\r\n\r\n"
    b'mallory\r\nhello\r\n{"type":"hello","nick":"mallory"}\r\n'
)


@dataclass(frozen=True)
class Opening:
    """What a peer sends first.

    @ivar seen: what it sees then, if it is not greeted before; C{greeted} what it sees after the
        greeting, and C{None} where it is closed without a word.
    @ivar said: what bob sees.
    """

    data: bytes
    seen: str
    greeted: str | None
    said: tuple[str, ...] = ()


def text(data: bytes, *said: str, more: str = "") -> Opening:
    """Somebody who types a nickname and something more."""
    seen = ARRIVED + more
    return Opening(data, GREETING + seen, seen, ("-- ada joined the chat", *said))


def text_refused(data: bytes, sentence: str) -> Opening:
    """Somebody who types no nickname."""
    seen = f"-- {sentence}\r\nChoose a nickname: "
    return Opening(data, GREETING + seen, seen)


def http(data: bytes, status: str) -> Opening:
    """A client of HTTP, of whose answer L{shown} keeps the first line."""
    return Opening(data, f"HTTP/1.1 {status} \r\n", None)


def irc(data: bytes, answer: str) -> Opening:
    """An IRC client."""
    seen = f":chatservice {answer}\r\n"
    return Opening(data, seen, f"\r\n{seen}")


def failed(text: str) -> str:
    """The answer to a line that is no JSON request."""
    error = {"type": "error", "code": "malformed", "text": text}
    return json.dumps(error, separators=(",", ":")) + "\n"


NOT_JSON = failed("this is not JSON in UTF-8")

OPENINGS = {
    "nc": text(b"ada\nhello\n", "ada: hello"),
    "telnet": text(b"ada\r\nhello\r\n", "ada: hello"),
    "telnet_of_old": text(b"ada\r\0hello\r\0", "ada: hello"),
    "bare_cr": text(b"ada\rhello\r", "ada: hello"),
    "blank_line_first": Opening(
        b"\nada\n",
        f"{GREETING}Choose a nickname: {ARRIVED}",
        f"Choose a nickname: {ARRIVED}",
        ("-- ada joined the chat",),
    ),
    "begins_like_a_method": text_refused(b"GETTING ON\n", "a nickname must not contain a space"),
    "method_alone": Opening(
        b"GET\n",
        f"{GREETING}{ARRIVED}",
        ARRIVED,
        ("-- GET joined the chat",),
    ),
    "method_in_small_letters": text_refused(b"get /\n", "a nickname must not contain a space"),
    "brace_after_a_space": text_refused(b" {\n", 'a nickname must not start with "{"'),
    "telnet_option": Opening(
        b"\xff\xfb\x1fada\n",
        f"{GREETING}\udcff\udcfe\x1f{ARRIVED}",
        f"\udcff\udcfe\x1f{ARRIVED}",
        ("-- ada joined the chat",),
    ),
    "json": Opening(
        b"{}\n", failed('"type" must be a string'), "\r\n" + failed('"type" must be a string')
    ),
    "not_quite_json": Opening(b"{ada\n", NOT_JSON, "\r\n" + NOT_JSON),
    "irc": irc(b"CAP LIST\r\n", "CAP * LIST :"),
    "irc_without_capabilities": irc(b"NICK ada\r\nPING x\r\n", "PONG chatservice :x"),
    "irc_with_a_password": irc(b"PASS x\nPING x\n", "PONG chatservice :x"),
    "irc_without_a_nickname": irc(b"USER a 0 * :A\rPING x\r", "PONG chatservice :x"),
    "irc_verb_alone": Opening(
        b"NICK\n",
        f"{GREETING}{ARRIVED}",
        ARRIVED,
        ("-- NICK joined the chat",),
    ),
    "irc_verb_in_small_letters": text_refused(
        b"cap ls\n", "a nickname must not contain a space"
    ),
    "another_irc_verb": text_refused(b"JOIN #lobby\n", "a nickname must not contain a space"),
    "get": http(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", "200 OK"),
    "head": http(b"HEAD / HTTP/1.1\r\nHost: localhost\r\n\r\n", "200 OK"),
    "post": http(REQUEST, "405 Method Not Allowed"),
    **{
        method.lower(): http(
            f"{method} / HTTP/1.1\r\nHost: localhost\r\n\r\n".encode(), "501 Not Implemented"
        )
        for method in ("PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH")
    },
    "websocket": http(UPGRADE, "101"),
    "http_0_9": http(b"GET /\n\n", "400 Bad Request"),
    **{
        f"proxy_{number}": Opening(start + b"TCP4 1.2.3.4 5.6.7.8 1 2\r\nada\nhello\n", "", None)
        for number, start in enumerate(STARTS, 1)
    },
}


class OpeningTests(ConversationCase):
    """Who is at the other end."""

    def setUp(self) -> None:
        super().setUp()
        self.bob = self.at_text("bob")

    @each_row(
        {
            f"{name}__{size or 'at_once'}": (opening, size)
            for name, opening in OPENINGS.items()
            for size in SIZES
        }
    )
    def test_opening(self, row: tuple[Opening, int]) -> None:
        """Each gets its own door, and nothing else is said, in pieces of any size."""
        opening, size = row
        wire = self.connect()
        wire.sends(opening.data, size)
        self.assertEqual(shown(wire), opening.seen)
        self.assertEqual(tuple(self.bob.sees()), opening.said)

    @each_row(
        {
            f"{name}__{size or 'at_once'}": (opening, size)
            for name, opening in OPENINGS.items()
            for size in SIZES
        }
    )
    def test_after_silence(self, row: tuple[Opening, int]) -> None:
        """Who is silent is greeted, and gets the same door, but not HTTP and PROXY headers."""
        opening, size = row
        wire = self.connect()
        self.clock.advance(SILENCE)
        self.assertEqual(wire.sees(), GREETING)
        wire.sends(opening.data, size)
        self.assertEqual(shown(wire), opening.greeted or "")
        self.assertEqual(wire.lost is None, opening.greeted is not None)
        self.assertEqual(tuple(self.bob.sees()), opening.said)

    def test_not_greeted_too_early(self) -> None:
        """Nobody is greeted before 0.3 s have passed, also in the middle of a word."""
        for start in (b"", b"G", b"OPTIONS"):
            wire = self.connect()
            wire.sends(start)
            self.clock.advance(SILENCE - 0.01)
            self.assertEqual(wire.sees(), "")
            self.clock.advance(0.01)
            self.assertEqual(wire.sees(), GREETING)

    def test_rest_of_a_word(self) -> None:
        """The beginning of a word is kept over the greeting, whatever it becomes."""
        for rest, seen, lost in (
            (b"\n", f"-- you joined lobby: bob (2 here)\r\n{HINT}\r\n", False),
            (b"ET / HTTP/1.1\r\n", "", True),
        ):
            wire = self.connect()
            wire.sends(b"G")
            self.clock.advance(SILENCE)
            wire.sees()
            wire.sends(rest)
            self.assertEqual((wire.sees(), wire.lost is not None), (seen, lost))

    def test_undecided(self) -> None:
        """Every beginning of a method or header is undecided, and the next letter decides."""
        starts = [b"", b"G", b"GE", b"GET", b"P", b"PO", b"OPTIONS", b"CONNECT", b"PROXY"]
        starts += [b"C", b"CA", b"CAP", b"NICK", b"PA", b"PASS", b"U", b"USER", b"Q", b"QUIT"]
        for letters in (*starts, BINARY_START[:-2]):
            self.assertIsNone(choose(letters, AT_FIRST))
            self.assertIs(choose(letters + b"\n", AT_FIRST), TEXT_DOOR)

    def test_sends_directly(self) -> None:
        """On plain TCP the doors send past the reactor's queue, but not behind a greeting."""
        at_once, greeted = self.connect(), self.connect()
        at_once.sends(b"{}\n")
        self.clock.advance(SILENCE)
        greeted.written.clear()
        greeted.sends(b"{}\n")
        self.assertEqual((len(at_once.direct), at_once.written), (1, []))
        self.assertEqual((len(greeted.direct), len(greeted.written)), (1, 2))

    def test_greeting_that_waits(self) -> None:
        """A greeting that the network has not taken yet comes before what the door says."""
        wire = self.connect()
        wire.window = 5
        self.clock.advance(SILENCE)
        wire.sends(b"{}\n")
        wire.window = None
        self.assertEqual(wire.sees(), GREETING + "\r\n" + failed('"type" must be a string'))

    def test_stall(self) -> None:
        """What came while the chat was busy is read before anybody is taken to be silent."""
        wire = self.connect()
        self.clock.callLater(SILENCE, wire.protocol.dataReceived, b"GET / HTTP/1.1\r\n\r\n")
        self.clock.advance(SILENCE)
        self.assertTrue(wire.sees().startswith("HTTP/1.1 400 "))

    def test_spare_connections(self) -> None:
        """A browser's spare connections are not greeted until it has been quiet for a while."""
        for agent, is_browser in (("Mozilla/5.0 (X11)", True), ("curl/8", False)):
            spare, used = self.connect(), self.connect()
            request = f"GET / HTTP/1.1\r\nHost: localhost\r\nUser-Agent: {agent}\r\n\r\n"
            used.sends(request.encode())
            self.clock.advance(SILENCE)
            self.assertEqual(spare.sees(), "" if is_browser else GREETING)
            if is_browser:
                self.clock.advance(BROWSING)
                self.assertEqual(spare.sees(), GREETING)

    def test_one_minute_in_all(self) -> None:
        """The minute in which to join counts from the connection, whenever the door opened."""
        wire = self.connect()
        self.clock.advance(JOIN_TIMEOUT - 10)
        wire.sends(b"{}\n")
        wire.sees()
        self.clock.advance(9.9)
        self.assertEqual(wire.sees(), "")
        self.clock.advance(0.1)
        self.assertIn('"closing"', wire.sees())

    def test_a_silent_peer_is_closed(self) -> None:
        """Who says nothing at all is closed after a minute, and leaves nothing behind."""
        wire = self.connect()
        self.clock.advance(SILENCE)
        self.clock.advance(JOIN_TIMEOUT - SILENCE)
        self.assertTrue(wire.sees().endswith("-- you have not joined within 60 seconds\r\n"))
        self.assertEqual(len(self.chat.sessions), 1)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_no_reader_of_http(self) -> None:
        """After its last answer HTTP is not listened to, and ends after two seconds."""
        wire = self.connect()
        wire.stays = True
        wire.sends(b"GET / HTTP/1.1\r\n\r\n")
        self.assertTrue(wire.half_closed)
        wire.sees()
        wire.sends(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\nada\nhello\n")
        self.clock.advance(LINGER - 0.01)
        self.assertEqual((wire.sees(), wire.lost), ("", None))
        self.clock.advance(0.01)
        wire.turn()
        self.assertIsNotNone(wire.lost)
        self.assertEqual((self.bob.sees(), self.clock.getDelayedCalls()), ([], []))

    def test_http_over_tls(self) -> None:
        """Where it is not plain TCP, the last answer ends the connection."""
        self.front = FrontFactory(self.chat, Admission())
        wire = self.connect()
        wire.sends(b"GET / HTTP/1.1\r\n\r\n")
        self.assertEqual(shown(wire), OPENINGS["http_0_9"].seen)
        self.assertEqual((wire.half_closed, wire.lost), (False, ConnectionDone))
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_http_over_tls_that_does_not_end(self) -> None:
        """Who does not take the last answer over TLS is cut off after five seconds."""
        self.front = FrontFactory(self.chat, Admission())
        wire = self.connect()
        wire.window = 0
        wire.sends(b"GET / HTTP/1.1\r\n\r\n")
        self.clock.advance(CLOSE_TIMEOUT)
        wire.turn()
        self.assertIs(wire.lost, ConnectionAborted)

    def test_json_client(self) -> None:
        """A client that speaks at once sees no greeting."""
        wire = self.connect()
        wire.sends(b'{"type":"hello","nick":"ada"}\n')
        types = [facts["type"] for facts in JsonPerson(wire).sees()]
        self.assertEqual(types, ["welcome", "joined"])
        self.clock.advance(1)
        self.assertEqual(wire.sees(), "")


def shown(wire: Wire) -> str:
    """Return what the peer got, also where it is no text; the first line of an HTTP answer."""
    seen = wire.gets().decode("utf-8", "surrogateescape")
    return ANSWER.sub(r"\1 \r\n", seen)

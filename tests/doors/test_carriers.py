"""Any language is spoken over any carrier: a toy of each, with the two of the chat."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.protocol import Protocol
from twisted.python.failure import Failure
from wsproto.connection import Connection, ConnectionType
from wsproto.events import TextMessage

from chatservice.doors.json import JsonSession
from chatservice.doors.lines import LineConnection
from chatservice.doors.text import TextSession
from chatservice.doors.websocket import WebSocketConnection, WebSocketSession
from chatservice.people.peers import Peer
from chatservice.protocol.events import ChatError, Event, Said
from chatservice.server import ChatFactory
from chatservice.sessions.joining import JoinRequest
from chatservice.sessions.outbox import Outbox
from chatservice.sessions.session import Session
from tests.conversation import TableCase, each_row
from tests.doubles import LineTestCase, Wire


class Messages(Protocol):
    """A toy carrier: whatever arrives at a time is one message, of 100 bytes at most."""

    outbox: Outbox
    transport: Any

    def __init__(self, session: Session, peer: Peer) -> None:
        self.session = session
        self.peer = peer

    def connectionMade(self) -> None:
        self.outbox = self.session.outbox_over(self.transport, direct=False)
        self.session.begin(self)

    def dataReceived(self, data: bytes) -> None:
        self.session.note_sign_of_life()
        self.session.bytes_taken(len(data))
        if len(data) > 100:
            self.session.too_long()
        else:
            self.session.received(data)

    def connectionLost(self, reason: Failure) -> None:  # type: ignore[override]
        self.outbox.close()
        self.session.ended(reason)

    def pause(self) -> None:
        self.transport.pauseProducing()

    def resume(self) -> None:
        self.transport.resumeProducing()

    def show_typing(self, shown: bool) -> None:
        """Nobody types here."""

    def ask(self) -> None:
        """Nobody answers by itself."""

    def close(self) -> None:
        self.transport.loseConnection()

    def abort(self) -> None:
        self.outbox.close()
        self.session.chat.reactor.callLater(0, self.transport.abortConnection)

    def detach(self) -> None:
        self.outbox.detach()


class Shouting:
    """The format of a toy language: what is said, in capitals."""

    heeds_room = hides_acts = False

    def render(self, event: Event, here: bool) -> bytes:
        return f"{event.nick}:{event.text.upper()};".encode() if isinstance(event, Said) else b""


class ShoutingSession(Session):
    """A toy language: the first message is a nickname, any other is said in the lobby."""

    kind, name, format = "a toy", "toy", Shouting()

    def heard(self, message: bytes) -> None:
        if self.device is None:
            self.join(JoinRequest(message.decode()))
        else:
            self.chat.say(self.device, self.chat.rooms["lobby"], message.decode())

    def tell(self, error: ChatError) -> None:
        self.outbox.write(f"!{error.code};".encode())

    def render_own(self, event: Event, mine: bool) -> bytes:
        return self.format.render(event, True)

    def render_elsewhere(self, event: Event, here: bool, device: str) -> bytes:
        return self.format.render(event, here)

    def reads(self, room: str, is_current: bool) -> bool:
        return True

    def notify(self, lines: list[str], events: list[Event], times: Any = None) -> None:
        self.outbox.write("".join(f"{line};" for line in lines).encode())

    def ping(self, sentence: str) -> None:
        self.notify([sentence], [])

    def preferences_changed(self) -> None:
        """It shows the same to everybody."""


def websocket(session: Session, peer: Peer) -> WebSocketConnection:
    """Make a WebSocket that has been accepted."""
    return WebSocketConnection(session, peer, b"accepted")


def masked(data: bytes) -> bytes:
    """Make a client's frame of a message."""
    return Connection(ConnectionType.CLIENT).send(TextMessage(data.decode()))


CARRIERS: dict[str, tuple[Callable[[Session, Peer], Any], Callable[[bytes], bytes]]] = {
    "lines": (LineConnection, lambda message: message + b"\n"),
    "messages": (Messages, bytes),
    "websocket": (websocket, masked),
}
"""What carries a session, and how a peer sends a message over it. What the session writes goes out
as its language spells it: only L{WebSocketSession} spells frames."""

LANGUAGES: dict[str, tuple[Callable[[ChatFactory], Session], bytes, bytes, str, str]] = {
    "toy": (ShoutingSession, b"bob", b"hi", "ada:HELLO;", "!too-long;"),
    "text": (TextSession, b"bob", b"hi", "ada: hello\r\n", "-- that line is too long"),
    "json": (
        JsonSession,
        b'{"type":"hello","nick":"bob"}',
        b'{"type":"say","room":"lobby","text":"hi"}',
        '"nick":"ada","text":"hello"}',
        '"code":"too-long"',
    ),
    "web": (
        WebSocketSession,
        b'{"type":"hello","nick":"bob"}',
        b'{"type":"say","room":"lobby","text":"hi"}',
        '"nick":"ada","text":"hello"}',
        '"code":"too-long"',
    ),
}
PAIRS = {
    f"{language}_over_{carrier}": (carrier, language)
    for carrier in CARRIERS
    for language in LANGUAGES
}


class CarrierTests(TableCase, LineTestCase):
    """Somebody comes over each carrier in each language, beside ada at the text door."""

    def connect(self, carrier: str, language: str) -> None:
        self.ada = self.joins("ada")
        make, hello, self.line, self.heard, self.too_long = LANGUAGES[language]
        carry, self.spelled = CARRIERS[carrier]
        self.wire = Wire.to(carry(make(self.chat), Peer("192.0.2.7", 4000)), self.clock)
        self.wire.sends(self.spelled(hello))
        self.assertEqual(self.ada.sees(), "-- bob joined the chat\r\n")
        self.sees()

    def sees(self) -> str:
        """Return what the peer received, also where it is no text."""
        return self.wire.gets().decode("utf-8", "replace")

    @each_row(PAIRS)
    def test_talk(self, pair: tuple[str, str]) -> None:
        """What one says the other sees."""
        self.connect(*pair)
        self.wire.sends(self.spelled(self.line))
        self.assertEqual(self.ada.sees(), "bob: hi\r\n")
        self.sees()
        self.ada.sends(b"hello\n")
        self.assertIn(self.heard, self.sees())

    @each_row(PAIRS)
    def test_too_long(self, pair: tuple[str, str]) -> None:
        """What is too long for the carrier is told in the language, and nobody hears it."""
        self.connect(*pair)
        self.wire.sends(self.spelled(b"x" * 20_000))
        self.assertIn(self.too_long, self.sees())
        self.assertNotIn("xx", self.ada.sees())

    @each_row(PAIRS)
    def test_ends(self, pair: tuple[str, str]) -> None:
        """A lost connection is told to others, and the end of the chat to the peer."""
        self.connect(*pair)
        self.wire.vanishes()
        self.assertEqual(self.ada.sees(), "-- bob left the chat (connection lost)\r\n")

    @each_row(PAIRS)
    def test_shut_down(self, pair: tuple[str, str]) -> None:
        """At the end of the chat every connection is closed."""
        self.connect(*pair)
        stopped = self.chat.shut_down(1.0)
        self.sees()
        self.ada.sees()
        self.successResultOf(stopped)
        self.assertIsNotNone(self.wire.lost)

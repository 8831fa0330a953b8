"""The carrier of WebSocket messages (RFC 6455): text messages, whole, of at most 16 KiB."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from twisted.internet.error import ConnectionLost
from twisted.internet.interfaces import IDelayedCall, IHalfCloseableProtocol
from twisted.python.failure import Failure
from wsproto.frame_protocol import CloseReason, Frame, FrameProtocol, Opcode, ParseFailed
from zope.interface import implementer

from chatservice.doors.carrier import Carrier
from chatservice.doors.formats import JsonFormat
from chatservice.doors.json import JsonSession
from chatservice.protocol.json import LINE_BYTES

if TYPE_CHECKING:
    from chatservice.people.peers import Peer
    from chatservice.sessions.session import Session

FRAMES_OF_A_TURN = 64
"""The most frames that are read before everybody else has a turn."""

PING_EVERY = 30.0
"""The seconds between pings, within each of which the peer must send something."""

BROKEN = "the connection broke the rules of WebSockets"

_PING = b"\x89\x00"

_TEXT = 0x81
_IN_TWO_BYTES, _IN_EIGHT_BYTES = 126, 127


def framed(line: bytes) -> bytes:
    """Make a text frame of a line, without its end (RFC 6455, section 5.2)."""
    # An eighth of the time that wsproto takes, which would be paid for every message.
    message = line.removesuffix(b"\n")
    size = len(message)
    if size < _IN_TWO_BYTES:
        return struct.pack("!BB", _TEXT, size) + message
    if size < 1 << 16:
        return struct.pack("!BBH", _TEXT, _IN_TWO_BYTES, size) + message
    return struct.pack("!BBQ", _TEXT, _IN_EIGHT_BYTES, size) + message


class WebSocketSession(JsonSession):
    """The session of a program that speaks JSON over a WebSocket, such as the page."""

    __slots__ = ()

    kind = "a browser"
    name = "WebSocket"
    wire = JsonFormat(framed)


@implementer(IHalfCloseableProtocol)
class WebSocketConnection(Carrier):
    """A connection that carries text messages.

    However it ends, it is lost; only C{/quit} is a goodbye, because browsers close a connection for
    many reasons that their users do not know.

    @param accepted: the answer that opens the WebSocket, which the peer has not been sent yet.
    """

    _message = ""
    _size = 0
    _code: int = CloseReason.NORMAL_CLOSURE
    _is_reading = False
    _is_pinged = False
    _has_peer_closed = False
    _pinging: IDelayedCall | None = None

    def __init__(self, session: Session, peer: Peer, accepted: bytes) -> None:
        super().__init__(session, peer)
        self._accepted = accepted
        # wsproto's Connection would add its events, and take 1 KiB more.
        self._frames = FrameProtocol(client=False, extensions=[])

    def connectionMade(self) -> None:
        self._pinging = self.reactor.callLater(PING_EVERY, self._ping)
        self.outbox = self.session.outbox_over(self.transport, self.peer.direct)
        # The transport may have more to send yet, which this must come after.
        self.outbox.rest(self._accepted)
        self._accepted = b""
        self.session.begin(self)

    def _ping(self) -> None:
        # While nothing is read, an answer may be waiting.
        if self._is_pinged and not self.paused:
            self.session.abort("connection lost")
            return
        self._is_pinged = True
        self.outbox.write(_PING)
        self._pinging = self.reactor.callLater(PING_EVERY, self._ping)

    # From bytes to messages.

    def dataReceived(self, data: bytes) -> None:
        if self._is_over:
            self._discard(data)
            return
        # Resuming after a pause calls this with no data.
        if data:
            self._is_pinged = False
            self.session.note_sign_of_life()
            self._frames.receive_bytes(data)
            self.session.bytes_taken(len(data))
        if not self._is_reading:
            self._is_reading = True
            self._read()
            self._is_reading = False

    def _read(self) -> None:
        """Read frames until there are no more, the session pauses, or others must have a turn."""
        if self.paused:
            return
        try:
            for number, frame in enumerate(self._frames.received_frames(), 1):
                self._take(frame)
                if self.paused or self._is_over:
                    return
                if number == FRAMES_OF_A_TURN:
                    self.session.hold()
                    self.reactor.callLater(0, self.session.release)
                    return
        except ParseFailed as error:
            self._fail(error.code, f"{error}")

    def _take(self, frame: Frame) -> None:
        match frame.opcode, frame.payload:
            case Opcode.TEXT, str(text):
                self._take_text(text, frame)
            case Opcode.BINARY, _:
                self._fail(CloseReason.UNSUPPORTED_DATA, "messages must be text, not binary")
            case Opcode.CLOSE, (code, _):
                self._has_peer_closed = True
                self._fail(code, "")
            case Opcode.PING, bytes(payload):
                self.session.pay()
                self.outbox.write(bytes(self._frames.pong(payload)))
            case _:
                # Only pongs are left.
                self.session.pay()

    def _take_text(self, text: str, frame: Frame) -> None:
        self._size += len(text.encode())
        if self._size > LINE_BYTES:
            self.session.too_long()
            self._fail(CloseReason.MESSAGE_TOO_BIG, "")
            return
        self._message += text
        if frame.message_finished:
            message, self._message, self._size = self._message, "", 0
            self.session.received(message.encode())
        elif frame.frame_finished:
            self.session.pay()

    # The end of the connection.

    def _fail(self, code: int, sentence: str) -> None:
        self._code = code
        self.session.close(sentence)

    def close(self) -> None:
        """Close the WebSocket and then the connection; see L{Carrier.close}."""
        self._stop_pinging()
        self.outbox.write(bytes(self._frames.close(self._code)))
        super().close()

    def has_unread(self) -> bool:
        """See L{Stream.has_unread}: until its own close, the peer may be sending."""
        return not self._has_peer_closed

    def _stop_pinging(self) -> None:
        if self._pinging is not None and self._pinging.active():
            self._pinging.cancel()

    def readConnectionLost(self) -> None:
        """Abort, for a peer that sends nothing more does not answer; or finish closing."""
        if self._is_over:
            self.transport.loseConnection()
        else:
            self.session.abort("connection lost")

    def writeConnectionLost(self) -> None:
        """Wait for the peer to close, for everything is sent."""

    def connectionLost(self, reason: Failure) -> None:  # type: ignore[override]
        self._stop_pinging()
        super().connectionLost(Failure(ConnectionLost()))

"""The carrier of lines: from bytes to lines and back, over TCP, TLS or a UNIX socket.

It deals with line ends, telnet commands, overlong lines, end of file, and pauses in reading.
The meaning of the lines is the session's business.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from twisted.internet.interfaces import IDelayedCall, IHalfCloseableProtocol
from twisted.protocols.basic import LineReceiver
from twisted.python.failure import Failure
from zope.interface import implementer

from chatservice.doors.telnet import IAC, KILL_LINE, Telnet
from chatservice.protocol.json import LINE_BYTES
from chatservice.sessions.hangups import HangUps, unwatched
from chatservice.sessions.keepalive import keep_honest

if TYPE_CHECKING:
    from chatservice.people.peers import Peer
    from chatservice.sessions.outbox import Outbox
    from chatservice.sessions.session import Session

SLICE = 1024
"""The most bytes split into lines at a time. LineReceiver takes time quadratic in the lines that it
receives at once, and the session checks the cost after each slice."""

OVERLONG = 1024 * 1024
"""The most bytes discarded, of a line without an end or after closing, before giving up."""

LINGER = 2.0
"""The seconds that a peer has to close the connection itself once everything is sent."""


@implementer(IHalfCloseableProtocol)
class LineConnection(LineReceiver):
    """A connection that carries lines; see L{chatservice.sessions.session.Connection}.

    @param session: the receiver of each line.
    @param peer: the other end.
    @ivar outbox: the only writer to the transport.
    """

    delimiter = b"\n"
    MAX_LENGTH = LINE_BYTES
    outbox: Outbox
    transport: Any
    # Attributes that few connections ever set are in the class: an object with more than 30 of its
    # own takes 1 KiB more (CPython's key-sharing dictionaries).
    _telnet: Telnet | None = None
    _after_cr = False
    _skipped = 0
    _at_end = False
    _is_over = False
    _lingering: IDelayedCall | None = None

    def __init__(self, session: Session, peer: Peer) -> None:
        self.session = session
        self.peer = peer
        self._stop_watching: Callable[[], None] = unwatched
        self._unread = b""

    def connectionMade(self) -> None:
        self.outbox = self.session.outbox_over(self.transport, self.peer.direct)
        keep_honest(self.transport)
        self.session.begin(self)

    # From bytes to lines.

    def dataReceived(self, data: bytes) -> None:
        if self._is_over:
            self._discard(data)
            return
        # Resuming after a pause calls this with no data.
        if data:
            self.session.note_sign_of_life()
        self._unread += data
        if self._busyReceiving:
            # A line that is being handled led here; the loop that handed it out reads on.
            return
        if not data:
            self._receive(b"")
        while self._unread and not self.paused and not self._is_over:
            data, self._unread = self._unread[:SLICE], self._unread[SLICE:]
            self._take(data)
            self.session.bytes_taken(len(data))
        self._end_if_all_read()

    def _take(self, data: bytes) -> None:
        if self._telnet is not None or IAC in data:
            self._telnet = self._telnet or Telnet(self.outbox.write)
            data = self._telnet.text_of(data)
        if data and (self._after_cr or b"\r" in data):
            data = self._with_line_feeds(data)
        self._receive(data)

    def _receive(self, data: bytes) -> None:
        super().dataReceived(data)
        while self._buffer and not self.line_mode and not self.paused:
            super().dataReceived(b"")

    def _with_line_feeds(self, data: bytes) -> bytes:
        """Replace CR LF, CR NUL and bare CR with LF, even where two reads split them."""
        if self._after_cr and data[:1] in (b"\n", b"\0"):
            data = data[1:]
        self._after_cr = data.endswith(b"\r")
        return data.replace(b"\r\n", b"\n").replace(b"\r\0", b"\n").replace(b"\r", b"\n")

    def lineReceived(self, line: bytes) -> None:
        self.session.received(line.rpartition(KILL_LINE)[2])

    def lineLengthExceeded(self, line: bytes) -> None:
        self._skipped = 0
        self.setRawMode()
        self._buffer = line

    def rawDataReceived(self, data: bytes) -> None:
        """Discard an overlong line, up to its end."""
        skipped, end, rest = data.partition(self.delimiter)
        self._skipped += len(skipped)
        if end:
            self._buffer = rest
            self.setLineMode()
            self.session.too_long()
        elif self._skipped > OVERLONG:
            self.session.close("a line had no end")

    # The session's requests to its connection.

    def show_typing(self, shown: bool) -> None:
        """Make a telnet client show or hide what is typed; others cannot be told."""
        if self._telnet is not None and self._telnet.show_typing(shown):
            self.clearLineBuffer()

    @property
    def closes_itself(self) -> bool:
        """Whether the peer is known to exit when its connection ends.

        A telnet client does; nc does not until its input has ended.
        """
        return self._telnet is not None or self._at_end

    def ask(self) -> None:
        """Make a telnet client answer by itself, as a sign of life."""
        if self._telnet is not None:
            self._telnet.ask()

    def pause(self) -> None:
        """Stop reading, but still notice resets."""
        if self._is_over:
            return
        self.pauseProducing()
        hang_ups = HangUps.of(self.session.chat.reactor)
        self._stop_watching = hang_ups.watch(self.transport, self._reset)

    def resume(self) -> None:
        """Resume reading."""
        self._watch_no_more()
        self.resumeProducing()

    def _watch_no_more(self) -> None:
        self._stop_watching()
        self._stop_watching = unwatched

    def _reset(self) -> None:
        """Abort, for the peer is gone; its unread lines are not said any more."""
        self.session.abort("connection lost")

    # The end of the input.

    def readConnectionLost(self) -> None:
        """Finish what the peer sent; it sends no more, but may still read (RFC 9293, 3.6)."""
        self._at_end = True
        if self._is_over:
            self.transport.loseConnection()
        else:
            self._end_if_all_read()

    def writeConnectionLost(self) -> None:
        """Wait for the peer to close, for everything is sent; see L{close}."""

    def _end_if_all_read(self) -> None:
        is_reading = self._unread or self.paused or self._busyReceiving
        if not self._at_end or is_reading or self._is_over:
            return
        last_line = self.clearLineBuffer()
        if not self.line_mode:
            self.rawDataReceived(self.delimiter)
        elif last_line:
            self.lineReceived(last_line)
        if not self.paused:
            self.session.input_ended()

    # The end of the connection.

    def close(self) -> None:
        """Close once everything is sent.

        Closing a connection with unread input resets it, and a reset can destroy sent data that the
        peer has not read yet (RFC 9293, 3.6.1). So the rest of the input is read and discarded.
        """
        self._is_over = True
        has_unread = self.paused and not self._at_end
        if self.paused:
            self.resume()
        self.outbox.emptied().addCallback(lambda _: self._close(has_unread))

    def _close(self, has_unread: bool) -> None:
        if self.outbox.is_closed:
            return
        if has_unread and self.peer.direct and not self._at_end:
            self.transport.loseWriteConnection()
            linger = self.session.chat.reactor.callLater
            self._lingering = linger(LINGER, self.transport.loseConnection)
        else:
            self.transport.loseConnection()

    def _discard(self, data: bytes) -> None:
        self._skipped += len(data)
        if self._skipped > OVERLONG:
            self.pauseProducing()

    def abort(self) -> None:
        """Close on the next turn of the reactor, without sending what is queued."""
        self._is_over = True
        self.outbox.close()
        self.session.chat.reactor.callLater(0, self.transport.abortConnection)

    def detach(self) -> None:
        """Leave the connection to another protocol, which the transport calls from now on."""
        self._is_over = True
        self.outbox.detach()

    def connectionLost(self, reason: Failure) -> None:  # type: ignore[override]
        self._is_over = True
        if self._lingering is not None and self._lingering.active():
            self._lingering.cancel()
        self._watch_no_more()
        self.outbox.close()
        self.session.ended(reason)

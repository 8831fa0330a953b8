"""The carrier of lines: from bytes to lines and back, over TCP, TLS or a UNIX socket.

It handles ends of line, telnet commands, overlong lines, end of file, and pauses of reading. The
session knows what the lines mean.
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
"""Bytes that are taken apart at a time. LineReceiver takes time quadratic in the lines that it is
handed at once, and what costs too much is noticed after each slice."""

OVERLONG = 1024 * 1024
"""Bytes that are thrown away before the connection is: of a line without an end, or after it."""

LINGER = 2.0
"""Seconds in which a peer that was sent everything may close the connection itself."""


@implementer(IHalfCloseableProtocol)
class LineConnection(LineReceiver):
    """A connection that carries lines; see L{chatservice.sessions.session.Connection}.

    @param session: gets each line.
    @param peer: the other end.
    @ivar outbox: the only writer.
    """

    delimiter = b"\n"
    MAX_LENGTH = LINE_BYTES
    outbox: Outbox
    transport: Any
    # What few connections ever set stands in the class: an object with more than 30 attributes of
    # its own takes 1 KiB more (CPython's key-sharing dictionaries).
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
        # Reading on after a pause hands on nothing.
        if data:
            self.session.note_sign_of_life()
        self._unread += data
        if self._busyReceiving:
            # Called by what a line does; whoever hands out that line reads on.
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
        """End lines with LF where they end with CR LF, CR NUL or CR, also if split over two reads.
        """
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
        """Throw away an overlong line, to its end."""
        skipped, end, rest = data.partition(self.delimiter)
        self._skipped += len(skipped)
        if end:
            self._buffer = rest
            self.setLineMode()
            self.session.too_long()
        elif self._skipped > OVERLONG:
            self.session.close("a line had no end")

    # What the session asks of its connection.

    def show_typing(self, shown: bool) -> None:
        """Have a telnet show or hide what is typed; other peers cannot be told."""
        if self._telnet is not None and self._telnet.show_typing(shown):
            self.clearLineBuffer()

    @property
    def closes_itself(self) -> bool:
        """Whether the peer is known to end when its connection does.

        A telnet does; nc does not until its input has ended.
        """
        return self._telnet is not None or self._at_end

    def ask(self) -> None:
        """Have a telnet answer by itself, so that one hears from it."""
        if self._telnet is not None:
            self._telnet.ask()

    def pause(self) -> None:
        """Read nothing more, and notice resets all the same."""
        if self._is_over:
            return
        self.pauseProducing()
        hang_ups = HangUps.of(self.session.chat.reactor)
        self._stop_watching = hang_ups.watch(self.transport, self._reset)

    def resume(self) -> None:
        """Read on."""
        self._watch_no_more()
        self.resumeProducing()

    def _watch_no_more(self) -> None:
        self._stop_watching()
        self._stop_watching = unwatched

    def _reset(self) -> None:
        """Drop what the peer had sent and was not said yet: the peer is gone."""
        self.session.abort("connection lost")

    # The end of the input.

    def readConnectionLost(self) -> None:
        """Finish what the peer sent: nothing more will come, but it may still read (RFC 9293, 3.6).
        """
        self._at_end = True
        if self._is_over:
            self.transport.loseConnection()
        else:
            self._end_if_all_read()

    def writeConnectionLost(self) -> None:
        """Wait for the peer to close: everything is sent; see L{close}."""

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

        Closing what has unread input resets the connection, and a reset can take from the peer what
        it was sent and has not read (RFC 9293, 3.6.1). So the rest of the input is read and thrown
        away.
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
        """Close on the next turn of the reactor, without sending what waits."""
        self._is_over = True
        self.outbox.close()
        self.session.chat.reactor.callLater(0, self.transport.abortConnection)

    def detach(self) -> None:
        """Leave the connection to another protocol, which the transport goes on talking to."""
        self._is_over = True
        self.outbox.detach()

    def connectionLost(self, reason: Failure) -> None:  # type: ignore[override]
        self._is_over = True
        if self._lingering is not None and self._lingering.active():
            self._lingering.cancel()
        self._watch_no_more()
        self.outbox.close()
        self.session.ended(reason)

"""The carrier of lines: from bytes to lines and back, over TCP, TLS or a UNIX socket.

It deals with line ends, telnet commands, overlong lines, end of file, and pauses in reading.
The meaning of the lines is the session's business.
"""

from __future__ import annotations

from twisted.internet.interfaces import IHalfCloseableProtocol
from twisted.protocols.basic import LineReceiver
from zope.interface import implementer

from chatservice.doors.carrier import OVERLONG, Carrier
from chatservice.doors.telnet import IAC, KILL_LINE, Telnet
from chatservice.protocol.json import LINE_BYTES

SLICE = 1024
"""The most bytes split into lines at a time. LineReceiver takes time quadratic in the lines that it
receives at once, and the session checks the cost after each slice."""


@implementer(IHalfCloseableProtocol)
class LineConnection(Carrier, LineReceiver):
    """A connection that carries lines."""

    delimiter = b"\n"
    MAX_LENGTH = LINE_BYTES
    _telnet: Telnet | None = None
    _after_cr = False
    _unread = b""

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
        if self._telnet is not None or (IAC in data and self.session.is_typed):
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
        if self._telnet is not None:
            line = line.rpartition(KILL_LINE)[2]
        self.session.received(line)

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

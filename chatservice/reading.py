"""From bytes to lines, for every door whose wire is made of lines.

Ends of line, telnet commands, overlong lines, end of file, and reading no further for a while.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from enum import IntEnum, auto
from typing import Any

from twisted.internet.interfaces import IHalfCloseableProtocol
from twisted.protocols.basic import LineReceiver
from zope.interface import implementer

from chatservice.outbox import Outbox
from chatservice.telnet import IAC, Telnet

SLICE = 1024
"""Bytes that are taken apart at a time. LineReceiver takes time quadratic in the lines that it is
handed at once, and what costs too much is noticed after each slice."""

OVERLONG = 1024 * 1024
"""Bytes of a line without an end that are thrown away before the connection is."""


class State(IntEnum):
    """What a connection is doing: every one goes through these in this order."""

    ARRIVING = auto()
    PRESENT = auto()
    CLOSING = auto()
    GONE = auto()


@implementer(IHalfCloseableProtocol)
class LineReader(LineReceiver, ABC):
    """A connection as far as reading goes; C{lineReceived} gets each line.

    @ivar state: nothing is read any more from L{State.CLOSING} on.
    @ivar outbox: what is sent goes through it.
    """

    delimiter = b"\n"
    MAX_LENGTH = 16384
    outbox: Outbox
    transport: Any
    # What few connections ever set stands in the class, here and in subclasses: an object with
    # more than 30 attributes of its own takes 1 KiB more (CPython's key-sharing dictionaries).
    _telnet: Telnet | None = None
    _after_cr = False
    _skipped = 0
    _at_end = False

    def __init__(self) -> None:
        self.state = State.ARRIVING
        self._holds = 0
        self._unread = b""

    # What a subclass says.

    @abstractmethod
    def line_thrown_away(self) -> None:
        """A line was too long."""

    @abstractmethod
    def bytes_taken(self, size: int) -> None:
        """So many bytes were taken apart, whatever they were."""

    @abstractmethod
    def input_ended(self) -> None:
        """The peer sends nothing more, and all its lines were received."""

    @abstractmethod
    def close(self, sentence: str = "", code: str = "closing") -> None:
        """Say why, if there is something to say, and close."""

    # From bytes to lines.

    def dataReceived(self, data: bytes) -> None:
        if self.state >= State.CLOSING:
            return
        self._unread += data
        if self._busyReceiving:
            # Called by what a line does; whoever hands out that line reads on.
            return
        if not data:
            self._receive(b"")
        while self._unread and not self.paused and self.state < State.CLOSING:
            data, self._unread = self._unread[:SLICE], self._unread[SLICE:]
            self._take(data)
            self.bytes_taken(len(data))
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
        """CR LF, CR NUL and a bare CR end a line as LF does, also when split over two reads."""
        if self._after_cr and data[:1] in (b"\n", b"\0"):
            data = data[1:]
        self._after_cr = data.endswith(b"\r")
        return data.replace(b"\r\n", b"\n").replace(b"\r\0", b"\n").replace(b"\r", b"\n")

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
            self.line_thrown_away()
        elif self._skipped > OVERLONG:
            self.close("a line had no end")

    def show_typing(self, shown: bool) -> None:
        """Have a telnet show what is typed, or hide it; others cannot be told."""
        if self._telnet is not None and self._telnet.show_typing(shown):
            self.clearLineBuffer()

    def ask_telnet(self) -> None:
        """Have a telnet answer by itself, so that one hears from it."""
        if self._telnet is not None:
            self._telnet.ask()

    # Waiting.

    def hold(self) -> None:
        """Read no further; as often as it is called, L{release} must be called."""
        self._holds += 1
        if self._holds == 1:
            self.pauseProducing()

    def release(self) -> None:
        """Read on, unless there is another reason to wait."""
        self._holds -= 1
        if self._holds == 0 and self.state is not State.GONE:
            self.resumeProducing()

    # The end of the input.

    def readConnectionLost(self) -> None:
        """The peer sends nothing more, and may still read: finish what it sent (RFC 9293 3.6)."""
        self._at_end = True
        self._end_if_all_read()

    def writeConnectionLost(self) -> None:
        """Nothing of ours ends only the writing."""

    def _end_if_all_read(self) -> None:
        is_reading = self._unread or self.paused or self._busyReceiving
        if not self._at_end or is_reading or self.state >= State.CLOSING:
            return
        last_line = self.clearLineBuffer()
        if not self.line_mode:
            self.rawDataReceived(self.delimiter)
        elif last_line:
            self.lineReceived(last_line)
        if not self.paused:
            self.input_ended()

"""From bytes to lines, for every door whose wire is made of lines.

Ends of line, telnet commands, overlong lines, the flood limit, waiting in turn, end of file, and
closing: what a connection is like, whatever is said over it.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Collection, Generator, Iterable
from enum import IntEnum, auto
from typing import TYPE_CHECKING, Any

from twisted.internet.defer import Deferred, inlineCallbacks
from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import IDelayedCall, IHalfCloseableProtocol, ITCPTransport
from twisted.logger import Logger
from twisted.protocols.basic import LineReceiver
from twisted.python.failure import Failure
from zope.interface import implementer

from chatservice.events import ChatError, Event
from chatservice.journal import JournalError
from chatservice.outbox import Outbox
from chatservice.rooms import NOWHERE, Format, Member, Room
from chatservice.telnet import IAC, KILL_LINE, Telnet

if TYPE_CHECKING:
    from chatservice.server import ChatFactory

log = Logger()

SLICE = 1024
"""LineReceiver takes time quadratic in the lines that it is handed at once."""

OVERLONG = 1024 * 1024
"""Bytes of a line without an end that are thrown away before the connection is."""

UNCOMMITTED = 64
"""Lines on their way through the journal, above which a member is not read."""

BURST = 10
"""Lines that a member may send at once before the flood limit slows the reading."""

JOIN_TIMEOUT = 60.0
CLOSE_TIMEOUT = 5.0

FAILED = ChatError("failed", "something went wrong here, and is in the server's log: not done")


class State(IntEnum):
    """What a connection is doing: every one goes through these in this order."""

    ARRIVING = auto()
    PRESENT = auto()
    CLOSING = auto()
    GONE = auto()


@implementer(IHalfCloseableProtocol)
class LineDoor(LineReceiver):
    """A connection with lines both ways and, once it has joined, a member behind it.

    A subclass says what a line means (L{heard}) and how a sentence is put (L{tell}).

    @param chat: the chat that it is a door of.
    @param direct: whether the connection is plain TCP; see L{Outbox}.
    @param since: when the connection was made, in the reactor's seconds; now if it is new.
    """

    delimiter = b"\n"
    MAX_LENGTH = 16384
    format: Format
    deliver: Callable[[bytes], None]
    transport: Any

    def __init__(
        self, chat: ChatFactory, direct: bool = False, since: float | None = None
    ) -> None:
        now = chat.reactor.seconds()
        self.chat = chat
        self.state = State.ARRIVING
        self.member: Member | None = None
        self._direct = direct
        self._telnet: Telnet | None = None
        self._after_cr = False
        self._skipped = 0
        self._holds = 0
        self._at_end = False
        self._refused = False
        self._tokens = float(BURST)
        self._counted_at = now
        self._join_by = (now if since is None else since) + JOIN_TIMEOUT
        self._timeout: IDelayedCall | None = None
        self._why = ""

    # What a subclass says.

    def heard(self, line: bytes) -> None:
        """A line arrived, without its end.

        @raise ChatError: the member's own mistake.
        """
        raise NotImplementedError

    def tell(self, error: ChatError) -> None:
        """Send a sentence about this connection or its last line."""
        raise NotImplementedError

    def own(self, event: Event) -> bytes:
        """See L{chatservice.rooms.Door.own}."""
        raise NotImplementedError

    def refuse(self, event: Event, sentence: str) -> None:
        """See L{chatservice.rooms.Door.refuse}; a subclass says it as well."""
        self._refused = True

    # The life of a connection.

    def connectionMade(self) -> None:
        self.outbox = Outbox(
            self.transport, self.chat.settings.send_queue, self._overflow, self._direct
        )
        self.deliver = self.outbox.write
        self.chat.doors.add(self)
        keep_honest(self.transport)
        left = max(0.0, self._join_by - self.chat.reactor.seconds())
        self._timeout = self.chat.reactor.callLater(left, self._joined_too_late)
        if self.chat.closing:
            self.close("the chat is shutting down")

    def _joined_too_late(self) -> None:
        self.close(f"you have not joined within {JOIN_TIMEOUT:.0f} seconds")

    @inlineCallbacks
    def join(
        self, nick: str, rooms: Collection[str], token: str = ""
    ) -> Generator[Deferred[Any], Any, None]:
        """Have a member behind this connection, and read no further before that.

        @param token: what an earlier connection was given, to take its place if it still stands.
        """
        self.hold()
        try:
            yield self.chat.with_rooms(rooms, lambda opened: self._arrive(nick, opened, token))
        except Exception:
            self.complain(Failure())
        finally:
            self.release()

    def _arrive(self, nick: str, rooms: Iterable[Room], token: str) -> None:
        if self.state is not State.ARRIVING:
            return
        taken_over = self.chat.resume(self, token)
        self.member = taken_over or self.chat.join(self, nick, rooms, token)
        self.state = State.PRESENT
        self._stop_timeout()
        log.info("{nick} is here, from {peer}.", nick=self.member.nick, peer=self._peer())

    def close(self, sentence: str = "") -> None:
        """Say why, if there is something to say, and close when all is sent, or 5 s from now."""
        if self.state >= State.CLOSING:
            return
        if sentence:
            self.tell(ChatError("closing", sentence))
        self.state = State.CLOSING
        self._why = self._why or sentence
        self._stop_timeout()
        self.transport.loseConnection()
        self._timeout = self.chat.reactor.callLater(
            CLOSE_TIMEOUT, self.transport.abortConnection
        )

    def abort(self, why: str) -> None:
        """Close on the next turn of the reactor, without sending what waits."""
        self.state = State.CLOSING
        self._why = why
        self._stop_timeout()
        self.outbox.close()
        self._timeout = self.chat.reactor.callLater(0, self.transport.abortConnection)

    def dismiss(self) -> None:
        """See L{chatservice.rooms.Door.dismiss}."""
        self._why = "goodbye"
        self.close()

    def displace(self) -> None:
        """See L{chatservice.rooms.Door.displace}."""
        self.member = None
        self.abort("taken over by another connection")

    def fail(self) -> None:
        """See L{chatservice.rooms.Door.fail}."""
        self.abort("something went wrong in the server")

    def abandon(self) -> None:
        """Another door gets the connection."""
        self.state = State.CLOSING
        self._stop_timeout()
        self.outbox.detach()
        self.chat.door_gone(self)

    def _overflow(self) -> None:
        self.abort("did not read what was sent")
        log.warn(
            "Dropping {who}: more than {limit} bytes waited to be sent.",
            who=self._who(),
            limit=self.chat.settings.send_queue,
        )

    def _who(self) -> str:
        return self.member.nick if self.member else self._peer()

    def _peer(self) -> str:
        peer = self.transport.getPeer()
        return f"{peer.host} port {peer.port}" if hasattr(peer, "host") else "this machine"

    def connectionLost(self, reason: Failure) -> None:  # type: ignore[override]
        self.state = State.GONE
        self._stop_timeout()
        self.outbox.close()
        if self.member is not None:
            goodbye = reason.check(ConnectionDone) is not None and not self._why
            why = "" if goodbye else self._why or "connection lost"
            log.info("{nick} is gone: {why}.", nick=self.member.nick, why=why or "goodbye")
            self.member.door = NOWHERE
            self.chat.leave(self.member, why, goodbye=goodbye)
            self.member = None
        self.chat.door_gone(self)

    def _stop_timeout(self) -> None:
        if self._timeout is not None and self._timeout.active():
            self._timeout.cancel()
        self._timeout = None

    # From bytes to lines.

    def dataReceived(self, data: bytes) -> None:
        if self.state >= State.CLOSING:
            return
        if self._telnet is not None or IAC in data:
            self._telnet = self._telnet or Telnet(self.outbox.write)
            data = self._telnet.text_of(data)
        if data and (self._after_cr or b"\r" in data):
            data = self._with_line_feeds(data)
        for start in range(0, len(data) or 1, SLICE):
            super().dataReceived(data[start : start + SLICE])
            while self._buffer and not self.line_mode and not self.paused:
                super().dataReceived(b"")
        self._end_if_all_read()

    def _with_line_feeds(self, data: bytes) -> bytes:
        """CR LF, CR NUL and a bare CR end a line as LF does, also when split over two reads."""
        if self._after_cr and data[:1] in (b"\n", b"\0"):
            data = data[1:]
        self._after_cr = data.endswith(b"\r")
        return data.replace(b"\r\n", b"\n").replace(b"\r\0", b"\n").replace(b"\r", b"\n")

    def lineReceived(self, line: bytes) -> None:
        if self.state >= State.CLOSING:
            return
        self._count_for_flood_limit()
        try:
            self.heard(line.rpartition(KILL_LINE)[2])
        except Exception:
            self.complain(Failure())
        if self.member is not None and self.member.uncommitted >= UNCOMMITTED:
            self.hold()
            self.chat.settled(self.member).addCallback(lambda _: self.release())

    def lineLengthExceeded(self, line: bytes) -> None:
        self._skipped = 0
        self.setRawMode()
        self._buffer = line

    def rawDataReceived(self, data: bytes) -> None:
        """Throw away an overlong line, to its end."""
        if self.state >= State.CLOSING:
            return
        skipped, end, rest = data.partition(self.delimiter)
        self._skipped += len(skipped)
        if end:
            self._buffer = rest
            self.setLineMode()
            self._count_for_flood_limit()
            self.tell(ChatError("too-long", "that line is too long: not sent"))
        elif self._skipped > OVERLONG:
            self.close("a line had no end")

    def complain(self, failure: Failure) -> None:
        """Tell a member's mistake to the member, and a bug to the log."""
        error = failure.value
        if isinstance(error, JournalError):
            log.error("The journal cannot be read: {why}.", why=error)
            error = ChatError("failed", f"not done: {error}")
        elif not isinstance(error, ChatError):
            log.failure("A line from {who} failed.", failure, who=self._who())
            error = FAILED
        self.tell(error)

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

    @inlineCallbacks
    def in_turn(
        self, work: Callable[[], Any], answer: Callable[[Any], object]
    ) -> Generator[Deferred[Any], Any, None]:
        """Do something after this member's earlier lines are through, and read on after that.

        @param work: gives a result, or a Deferred of one.
        @param answer: called with it, when what C{work} itself caused is through as well and was
            not refused.
        """
        assert self.member is not None
        member = self.member
        self.hold()
        try:
            yield self.chat.settled(member)
            # Who has left, or goes on through another connection, does nothing here any more.
            if self.state is State.PRESENT:
                self._refused = False
                result = yield work()
                yield self.chat.settled(member)
            if self.state is State.PRESENT and not self._refused:
                answer(result)
        except Exception:
            self.complain(Failure())
        finally:
            self.release()

    def _count_for_flood_limit(self) -> None:
        rate = self.chat.settings.rate_limit
        if not rate:
            return
        now = self.chat.reactor.seconds()
        earned = (now - self._counted_at) * rate
        self._counted_at = now
        self._tokens = min(BURST, self._tokens + earned) - 1
        if self._tokens < 1:
            self.hold()
            self.chat.reactor.callLater((1 - self._tokens) / rate, self.release)

    # The end of the input.

    def readConnectionLost(self) -> None:
        """The peer sends nothing more, and may still read: finish what it sent (RFC 9293 3.6)."""
        self._at_end = True
        self._end_if_all_read()

    def writeConnectionLost(self) -> None:
        """Nothing of ours ends only the writing."""

    def _end_if_all_read(self) -> None:
        if not self._at_end or self.paused or self._busyReceiving or self.state >= State.CLOSING:
            return
        last_line = self.clearLineBuffer()
        if not self.line_mode:
            self.rawDataReceived(self.delimiter)
        elif last_line:
            self.lineReceived(last_line)
        if self.paused:
            return
        if self.member is not None:
            member = self.member
            self.in_turn(lambda: self.chat.leave(member, "", goodbye=True), lambda _: None)
        else:
            self.close()


def keep_honest(transport: Any) -> None:
    """Send at once, and notice within 150 s that a peer is gone without a word (tcp(7))."""
    if not ITCPTransport.providedBy(transport):
        return
    transport.setTcpNoDelay(True)
    transport.setTcpKeepAlive(True)
    # A TLS transport passes this on to the one below it; getHandle() would not give a socket.
    connection = getattr(transport, "socket", None)
    # Twisted's UNIX sockets say that they provide ITCPTransport as well.
    if isinstance(connection, socket.socket) and connection.family != socket.AF_UNIX:
        for option, value in (
            (socket.TCP_KEEPIDLE, 60),
            (socket.TCP_KEEPINTVL, 15),
            (socket.TCP_KEEPCNT, 5),
            (socket.TCP_USER_TIMEOUT, 120_000),
        ):
            connection.setsockopt(socket.IPPROTO_TCP, option, value)



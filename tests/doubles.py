"""Test doubles for the surroundings of a connection's protocol: wire, clock, passwords."""

import errno
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

from twisted.internet.address import IPv4Address
from twisted.internet.defer import Deferred, succeed
from twisted.internet.error import ConnectionAborted, ConnectionDone, ConnectionLost
from twisted.internet.interfaces import IConsumer, IHalfCloseableProtocol, ITCPTransport
from twisted.internet.task import Clock
from twisted.logger import capturedLogs, formatEvent
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase
from zope.interface import implementer

from chatservice.chat.journal import Wanted
from chatservice.config.settings import Settings
from chatservice.doors.formats import TEXT
from chatservice.doors.lines import LineConnection
from chatservice.people.opaque import forms, prepared
from chatservice.people.passwords import Passwords, always
from chatservice.people.peers import Peer
from chatservice.protocol.events import ChatError, Event
from chatservice.protocol.names import LOBBY
from chatservice.server import ChatFactory, ChatProtocol
from chatservice.sessions.session import Session
from tests.journals import SlowJournal


class StrictClock(Clock):
    """A clock that accepts no negative delay, just like a reactor."""

    def callLater(self, delay: float, *args: Any, **kwargs: Any) -> Any:
        assert delay >= 0, "a call into the past"
        return super().callLater(delay, *args, **kwargs)


@implementer(ITCPTransport, IConsumer)
class Wire:
    """A connection that treats its protocol as Twisted's TCP transport does.

    The protocol calls the camelCase methods of its transport. The other methods act for the peer,
    the network and the reactor; data arrives, and queued data is sent, only during a L{turn}.
    C{sends}, C{ends}, C{sees} and C{gets} take as many turns as they need.

    @param clock: the protocol's reactor; a turn runs the calls that are due on it.
    @param window: how many bytes the network takes before it blocks; C{None} for any number.
    @ivar direct: every object given to the socket, and C{written} every one to C{write}.
    @ivar reading: whether the protocol lets the peer's bytes in.
    @ivar options: the socket options that the protocol set, such as C{{"nodelay": True}}.
    @ivar lost: why the connection ended, once it has.
    @ivar half_closed: whether the peer knows that nothing more is sent; then it closes, unless it
        C{stays}.
    @ivar broken: whether the socket finds the connection lost.
    """

    def __init__(self, clock: Clock, window: int | None = None, host: str = "192.0.2.1") -> None:
        self.clock = clock
        self.window = window
        self.protocol: Any = None
        self.producer: Any = None
        self.direct: list[bytes] = []
        self.written: list[bytes] = []
        self.options: dict[str, bool] = {}
        self.reading = True
        self.connected = True
        self.disconnecting = self.half_closed = self.stays = False
        self.aborting = False
        self.broken = False
        self._error: OSError | None = None
        self.lost: type[BaseException] | None = None
        self._peer = IPv4Address("TCP", host, 40000)
        self._streaming = False
        self._half_closing = False
        self._incoming: deque[bytes] = deque()
        self._at_end = False
        self._buffer = b""
        self._received = b""

    @classmethod
    def to(cls, protocol: Any, clock: Clock, window: int | None = None) -> "Wire":
        """Make a new connection to C{protocol}."""
        wire = cls(clock, window)
        wire.protocol = protocol
        protocol.makeConnection(wire)
        return wire

    # The peer, the network and the reactor.

    def sends(self, data: bytes, size: int = 0) -> None:
        """Send bytes as the peer; they arrive in pieces of C{size}, or at once if that is 0."""
        self._incoming.extend(pieces(data, size))
        self._turn_until_idle()

    def ends(self) -> None:
        """End the peer's output; the peer reads on."""
        self._at_end = True
        self._turn_until_idle()

    def hangs_up(self) -> None:
        """Close the connection as the peer, both ways, as TLS reports it."""
        self._end(ConnectionDone())

    def vanishes(self) -> None:
        """Reset the connection as the peer, and read that."""
        self._end(ConnectionLost())

    def resets(self) -> None:
        """Reset the connection as the peer; a socket that sends is told so, and then reads an end.
        """
        self._error = ConnectionResetError(errno.ECONNRESET, "reset by the peer")
        self.broken = self._at_end = True

    def sees(self) -> str:
        """Return the text that the peer received since the last call."""
        return self.gets().decode()

    def gets(self) -> bytes:
        """Return the bytes that the peer received since the last call."""
        self._turn_until_idle()
        received, self._received = self._received, b""
        return received

    def turn(self) -> None:
        """Run one turn of the reactor: read a piece, send what the window takes, make due calls."""
        self._read()
        self._write()
        self.clock.advance(0)

    def _turn_until_idle(self) -> None:
        before = None
        while before != (now := self._progress()):
            before = now
            self.turn()

    def _progress(self) -> tuple[object, ...]:
        waiting = len(self._incoming), len(self._buffer)
        sent = len(self._received), len(self.written)
        return self.lost, self.half_closed, self.reading, *waiting, *sent

    def _read(self) -> None:
        if not self.reading or not self.connected:
            return
        if self._incoming:
            self.protocol.dataReceived(self._incoming.popleft())
        elif self._at_end:
            self.reading = False
            if IHalfCloseableProtocol.providedBy(self.protocol):
                self.protocol.readConnectionLost()
            else:
                self._end(ConnectionDone())

    def _write(self) -> None:
        if not self.connected or self.aborting:
            return
        if self._buffer:
            self._buffer = self._buffer[self._take(self._buffer) :]
            if not self._buffer and self.producer is not None and not self._streaming:
                self.producer.resumeProducing()
        is_done = not self._buffer and self.producer is None
        if is_done and self._half_closing and not self.half_closed:
            self.half_closed = True
            self.protocol.writeConnectionLost()
            self._at_end = self._at_end or not self.stays
        if is_done and self.disconnecting:
            self._end(ConnectionDone())

    def _take(self, data: bytes) -> int:
        size = len(data) if self.window is None else min(len(data), self.window)
        if self.window is not None:
            self.window -= size
        self._received += data[:size]
        return size

    def _end(self, reason: Exception) -> None:
        if not self.connected:
            return
        self.connected = self.reading = False
        self.lost = type(reason)
        if self.producer is not None:
            self.producer.stopProducing()
            self.producer = None
        self.protocol.connectionLost(Failure(reason))

    # The transport's methods, for the protocol.

    def write(self, data: bytes) -> None:
        assert type(data) is bytes
        self.written.append(data)
        if self.connected:
            self._buffer += data

    def writeSequence(self, data: list[bytes]) -> None:
        self.write(b"".join(data))

    def getHandle(self) -> "Wire":
        return self

    def send(self, data: bytes) -> int:
        """Send as a socket does that does not block; see send(2)."""
        self.direct.append(data)
        error, self._error = self._error, None
        if error is not None:
            raise error
        if self.broken or not self.connected:
            raise BrokenPipeError
        taken = self._take(data)
        if data and not taken:
            raise BlockingIOError
        return taken

    def registerProducer(self, producer: Any, streaming: bool) -> None:
        if self.producer is not None:
            raise RuntimeError("there is a producer already")
        if not self.connected:
            producer.stopProducing()
            return
        self.producer, self._streaming = producer, streaming
        if not streaming:
            producer.resumeProducing()

    def unregisterProducer(self) -> None:
        self.producer = None

    def pauseProducing(self) -> None:
        self.reading = False

    def resumeProducing(self) -> None:
        if self.connected and not self.disconnecting:
            self.reading = True

    def stopProducing(self) -> None:
        self.loseConnection()

    def loseConnection(self) -> None:
        self.disconnecting = True
        self.reading = False

    def loseWriteConnection(self) -> None:
        self._half_closing = True

    def abortConnection(self) -> None:
        if self.connected and not self.aborting:
            self.aborting = True
            self.reading = False
            self.clock.callLater(0, self._end, ConnectionAborted())

    def getPeer(self) -> IPv4Address:
        return self._peer

    def getHost(self) -> IPv4Address:
        return IPv4Address("TCP", "192.0.2.254", 59000)

    def setTcpNoDelay(self, enabled: bool) -> None:
        self.options["nodelay"] = enabled

    def getTcpNoDelay(self) -> bool:
        return self.options.get("nodelay", False)

    def setTcpKeepAlive(self, enabled: bool) -> None:
        self.options["keepalive"] = enabled

    def getTcpKeepAlive(self) -> bool:
        return self.options.get("keepalive", False)


class PlainPasswords(Passwords):
    """A password hasher that keeps passwords in plain text, and answers at once.

    @ivar checks: the number of passwords checked.
    @ivar outdated: the prefixes of hashes that must be renewed.
    """

    def __init__(self) -> None:
        self.checks = 0
        self.outdated: tuple[str, ...] = ()

    def hash(self, password: str, origin: str = "", is_wanted: Any = always) -> Deferred[str]:
        return succeed(f"plain:{prepared(password)}")

    def check(
        self, hash: str, password: str, origin: str = "", is_wanted: Any = always
    ) -> Deferred[bool]:
        self.checks += 1
        return succeed(any(hash.partition(":")[1:] == (":", form) for form in forms(password)))

    def pay(self, origin: str) -> None:
        """Do nothing, for plain passwords cost nothing."""

    def is_outdated(self, hash: str) -> bool:
        return hash.startswith(self.outdated)


def pieces(data: bytes, size: int) -> Iterator[bytes]:
    """Split C{data} into pieces of C{size} bytes; into one piece if that is 0."""
    size = size or len(data) or 1
    for start in range(0, len(data), size):
        yield data[start : start + size]


class Listener(Session):
    """A session that keeps the lines it hears.

    @ivar lines: the lines it heard; C{rest} is the most bytes that still waited at those times.
    """

    name = "test"
    kind = "a test"
    format = TEXT

    def __init__(self, chat: ChatFactory) -> None:
        super().__init__(chat)
        self.lines: list[bytes] = []
        self.rest = 0

    def heard(self, message: bytes) -> None:
        self.lines.append(message)
        assert isinstance(self.connection, LineConnection)
        self.rest = max(self.rest, len(self.connection._buffer))

    def tell(self, error: ChatError) -> None:
        self.outbox.write(f"-- {error.sentence}\n".encode())

    def render_own(self, event: Event, mine: bool) -> bytes:
        return b""

    def render_elsewhere(self, event: Event, here: bool, device: str) -> bytes:
        return b""

    def reads(self, room: str, is_current: bool) -> bool:
        return is_current or not room

    def notify(self, lines: list[str], events: list[Event], times: Any = None) -> None:
        """Do nothing, for this session has nothing to show."""

    def ping(self, sentence: str) -> None:
        """Do nothing, for there is nobody to ask."""

    def preferences_changed(self) -> None:
        """Do nothing, for this session shows everything."""


class LineTestCase(SynchronousTestCase):
    """Tests of a chat on a clock, which people join through the text door."""

    def begin(self, rate_limit: int = 0, send_queue: int = 65536) -> None:
        self.clock = StrictClock()
        self.journal = SlowJournal()
        settings = Settings(
            replay=0, rate_limit=rate_limit, send_queue=send_queue, linger=0
        )
        self.chat = ChatFactory(self.clock, self.journal, settings)

    def setUp(self) -> None:
        self.begin()

    def comes(self, window: int | None = None) -> Wire:
        """Connect somebody, and read the greeting."""
        wire = Wire.to(ChatProtocol(self.chat, self.peer()), self.clock, window)
        wire.gets()
        return wire

    def joins(self, nick: str) -> Wire:
        """Have somebody join the lobby, and let everybody see it."""
        wire = self.comes()
        wire.sends(f"{nick}\n".encode())
        for session in self.chat.sessions:
            session.connection.transport.gets()
        return wire

    def peer(self, since: float | None = None) -> Peer:
        """Make a peer on plain TCP, connected now or at the time C{since}."""
        return Peer("192.0.2.1", 40000, self.clock.seconds() if since is None else since, True)

    def listens(self, since: float | None = None) -> tuple[Listener, Wire]:
        """Connect to a door that only listens."""
        session = Listener(self.chat)
        return session, Wire.to(LineConnection(session, self.peer(since)), self.clock)

    def said(self) -> list[str]:
        """List everything that was said in the lobby."""
        page = self.successResultOf(self.journal.page(Wanted(of=LOBBY)))
        return [event.text for event in page.events]

    def logged(self, act: Callable[[], object]) -> list[str]:
        """Return the log messages that an act causes."""
        with capturedLogs() as events:
            act()
        return [formatEvent(event) for event in events]

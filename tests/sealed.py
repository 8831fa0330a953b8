"""A double for a peer that speaks TLS to a layer on a wire."""

from __future__ import annotations

from typing import Any, Self

from twisted.internet.interfaces import IHalfCloseableProtocol
from twisted.internet.protocol import Protocol
from twisted.internet.task import Clock
from zope.interface import implementer

from chatservice.doors.tls import TlsLayer
from chatservice.protocol.tls import TlsEngine
from chatservice.sessions.outbox import Outbox
from tests.certified import client_context, server_context
from tests.doubles import StrictClock, Wire

LIMIT = 1024 * 1024


class Inner(Protocol):
    """A protocol inside, which keeps what happens to it.

    @ivar seen: the bytes it received, and the names of what else happened.
    """

    transport: Any

    def __init__(self) -> None:
        self.seen: list[bytes | str] = []

    def connectionMade(self) -> None:
        self.seen.append("made")

    def dataReceived(self, data: bytes) -> None:
        self.seen.append(data)

    def connectionLost(self, reason: Any = None) -> None:
        self.seen.append(reason.type.__name__)


@implementer(IHalfCloseableProtocol)
class HalfInner(Inner):
    """The same, when each direction may end by itself."""

    def readConnectionLost(self) -> None:
        self.seen.append("read lost")

    def writeConnectionLost(self) -> None:
        self.seen.append("write lost")


class TlsClient:
    """A client that speaks TLS over a wire.

    @ivar wire: the wire to the server.
    @ivar heard: the text that it received, until L{gets} takes it.
    @ivar size: how many bytes of ciphertext arrive at a time; 0 for all at once.
    """

    def __init__(self, wire: Wire, size: int = 0, context: Any = None) -> None:
        self.wire = wire
        self.size = size
        self.engine = TlsEngine(context or client_context(), False, "localhost")
        self.heard = b""

    def shakes(self) -> Self:
        """Shake hands."""
        self.engine.start()
        self._listen()
        self._flush()
        self._listen()
        return self

    def sends(self, text: bytes) -> None:
        """Send text."""
        self.wire.sends(self.engine.seal(text), self.size)

    def closes(self) -> None:
        """Say that nothing more is sent."""
        self.engine.close()
        self._flush()

    def gets(self) -> bytes:
        """The text received since the last call."""
        self._listen()
        heard, self.heard = self.heard, b""
        return heard

    def _flush(self) -> None:
        if self.engine.waiting:
            self.wire.sends(self.engine.outgoing(), self.size)

    def _listen(self) -> None:
        self._flush()
        self.engine.feed(self.wire.gets())
        while text := self.engine.open():
            self.heard += text
        self._flush()


class TlsPeer(TlsClient):
    """A client of a L{TlsLayer} of its own."""

    def __init__(
        self,
        inner: Any,
        clock: Clock | None = None,
        direct: bool = True,
        size: int = 0,
        window: int | None = None,
        context: Any = None,
    ) -> None:
        self.clock = clock or StrictClock()
        self.layer = TlsLayer(self.clock, server_context(), inner, direct)
        super().__init__(Wire.to(self.layer, self.clock, window), size, context)


def text_in(inner: Inner) -> bytes:
    """The text that a protocol received."""
    return b"".join(each for each in inner.seen if isinstance(each, bytes))


def happened(inner: Inner) -> list[str]:
    """What else happened to it."""
    return [each for each in inner.seen if isinstance(each, str)]


class Writer:
    """The owner of an outbox above TLS."""

    def __init__(self, direct: bool = True, below: bool = True, limit: int = LIMIT) -> None:
        self.inner = HalfInner()
        self.peer = TlsPeer(self.inner, direct=below).shakes()
        self.wire = self.peer.wire
        self.overflows = 0
        self.outbox = Outbox(self.inner.transport, limit, self, direct)

    def overflowed(self) -> None:
        """See L{Sender}."""
        self.overflows += 1

    def position(self) -> int:
        """See L{Sender}."""
        return 0

    def switched(self) -> None:
        """See L{Sender}."""

"""The protocol that a transport calls on behalf of one door after another."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.interfaces import IHalfCloseableProtocol
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure
from zope.interface import implementer


@implementer(IHalfCloseableProtocol)
class FrontProtocol(Protocol):
    """The protocol in front of the doors, of which one has the connection at a time.

    It takes over the door's C{dataReceived}; that works on any transport. Whoever has the
    connection may hand it over: a look at the first bytes to a door, a PROXY header to another
    look, HTTP to a WebSocket. TLS has a front of its own inside.

    @param first: makes what has the connection at first, given this protocol.
    @param ended: called when the connection has ended.
    """

    transport: Any
    _door: Any

    def __init__(
        self, first: Callable[[FrontProtocol], Any], ended: Callable[[], object]
    ) -> None:
        self._first = first
        self._ended = ended

    def connectionMade(self) -> None:
        first = self._first(self)
        # It knows much that nobody needs any more.
        del self._first
        self.open(first)

    def open(self, door: Any, data: bytes = b"") -> None:
        """Connect a door, and hand the connection over to it."""
        door.makeConnection(self.transport)
        self.hand_over(door, data)

    def hand_over(self, door: Any, data: bytes = b"") -> None:
        """Hand the connection over to a door, which is connected already.

        @param data: what the door must read first.
        """
        self._door = door
        self.dataReceived = door.dataReceived  # type: ignore[method-assign]
        if data:
            door.dataReceived(data)

    def readConnectionLost(self) -> None:
        """Tell the door that the peer sends nothing more (RFC 9293, section 3.6)."""
        door = IHalfCloseableProtocol(self._door, None)
        if door is not None:
            door.readConnectionLost()
        else:
            self.transport.loseConnection()

    def writeConnectionLost(self) -> None:
        """See C{IHalfCloseableProtocol}."""
        door = IHalfCloseableProtocol(self._door, None)
        if door is not None:
            door.writeConnectionLost()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        try:
            self._door.connectionLost(reason)
        finally:
            self._ended()

"""The answer to an HTTP client: this port is a chat, and this is how to join it."""

from __future__ import annotations

from typing import Any

from twisted.internet.interfaces import IHalfCloseableProtocol
from twisted.internet.protocol import Protocol
from zope.interface import implementer

LINGER = 2.0
"""The seconds of discarding the rest of a request, for a reset could destroy the answer."""


@implementer(IHalfCloseableProtocol)
class HttpRefusal(Protocol):
    """A protocol that answers any request with 501 (RFC 9110, 15.6.2), without parsing it.

    @param reactor: C{IReactorTime}.
    @param name: the name of the chat.
    @param direct: whether the connection is plain TCP.
    """

    transport: Any

    def __init__(self, reactor: Any, name: str, direct: bool) -> None:
        self._reactor = reactor
        self._name = name
        self._direct = direct
        self._answered = False

    def dataReceived(self, data: bytes) -> None:
        if self._answered:
            return
        self._answered = True
        sentences = f"{self._name} is a chat, and this port has no web page.\n"
        if self._direct:
            port = self.transport.getHost().port
            sentences += f"Join it from a terminal: telnet HOST {port}\n"
        body = sentences.encode()
        head = (
            "HTTP/1.1 501 Not Implemented\r\n"
            "Content-Type: text/plain; charset=utf-8\r\n"
            f"Content-Length: {len(body)}\r\n"
            "Connection: close\r\n\r\n"
        ).encode()
        self.transport.write(head if data.startswith(b"HEAD ") else head + body)
        self._end_writing()
        self._end = self._reactor.callLater(LINGER, self.transport.abortConnection)

    def _end_writing(self) -> None:
        """End the answer; the rest of the request is still read, and discarded."""
        if self._direct:
            self.transport.loseWriteConnection()
        else:
            # Over TLS, loseWriteConnection would end the TCP connection beneath it.
            self.transport.loseConnection()

    def readConnectionLost(self) -> None:
        """Close, for the client has gone or will send nothing more."""
        self.transport.loseConnection()

    def writeConnectionLost(self) -> None:
        """Leave it to the client to close, for the answer is on its way."""

    def connectionLost(self, reason: Any = None) -> None:
        if self._answered and self._end.active():
            self._end.cancel()

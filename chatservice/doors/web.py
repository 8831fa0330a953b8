"""What an HTTP client is told: that this port is a chat, and how to join it."""

from __future__ import annotations

from typing import Any

from twisted.internet.interfaces import IHalfCloseableProtocol
from twisted.internet.protocol import Protocol
from zope.interface import implementer

LINGER = 2.0
"""Seconds in which the rest of a request is thrown away, so that the answer is not reset."""


@implementer(IHalfCloseableProtocol)
class HttpRefusal(Protocol):
    """Answers any request with 501 (RFC 9110, section 15.6.2), and reads none of it.

    @param reactor: C{IReactorTime}.
    @param name: what the chat calls itself.
    """

    transport: Any

    def __init__(self, reactor: Any, name: str) -> None:
        self._reactor = reactor
        self._name = name
        self._answered = False

    def dataReceived(self, data: bytes) -> None:
        if self._answered:
            return
        self._answered = True
        here = self.transport.getHost()
        body = (
            f"{self._name} is a chat, and this port has no web page.\n"
            f"Join it from a terminal: telnet HOST {getattr(here, 'port', 'PORT')}\n"
        ).encode()
        head = (
            "HTTP/1.1 501 Not Implemented\r\n"
            "Content-Type: text/plain; charset=utf-8\r\n"
            f"Content-Length: {len(body)}\r\n"
            "Connection: close\r\n\r\n"
        ).encode()
        self.transport.write(head if data.startswith(b"HEAD ") else head + body)
        self.transport.loseWriteConnection()
        self._end = self._reactor.callLater(LINGER, self.transport.abortConnection)

    def readConnectionLost(self) -> None:
        """The client has gone, or will not ask for more."""
        self.transport.loseConnection()

    def writeConnectionLost(self) -> None:
        """The answer is on its way; the client closes."""

    def connectionLost(self, reason: Any = None) -> None:
        if self._answered and self._end.active():
            self._end.cancel()

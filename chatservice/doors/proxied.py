"""The reading of a PROXY header at the start of a connection."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from twisted.internet.protocol import Protocol, connectionDone
from twisted.logger import Logger
from twisted.python.failure import Failure

from chatservice.doors.proxy import Header, read_header
from chatservice.doors.visit import Visit

log = Logger()

HEADER_TIMEOUT = 5.0
"""The seconds within which a header must be whole."""


class ProxyHeader(Protocol):
    """The header in front of what a proxy's client sends; only trusted proxies may send one.

    @param look: makes what has the connection next.
    """

    transport: Any

    def __init__(self, visit: Visit, look: Callable[[Visit], Any]) -> None:
        self._visit = visit
        self._look = look
        self._read = b""

    def connectionMade(self) -> None:
        self._timeout = self._visit.chat.reactor.callLater(HEADER_TIMEOUT, self._too_slow)
        if not self._visit.is_proxy:
            self._refuse("a PROXY header, but not from a trusted proxy")

    def _too_slow(self) -> None:
        self._refuse(f"a PROXY header that took more than {HEADER_TIMEOUT:.0f} s")

    def _refuse(self, why: str) -> None:
        self._visit.chat.audit.refused_connection(self._visit.peer.address, why)
        self.transport.abortConnection()

    def dataReceived(self, data: bytes) -> None:
        self._read += data
        try:
            header = read_header(self._read) if self._visit.is_proxy else None
        except ValueError as error:
            self._refuse(str(error))
            return
        if header is not None:
            self._timeout.cancel()
            self._go_on(header)

    def _go_on(self, header: Header) -> None:
        peer = replace(self._visit.peer, proxied=True)
        if header.source is not None:
            peer = replace(peer, address=header.source.host, port=header.source.port)
        visit = self._visit.seen_as(replace(peer, encrypted=peer.encrypted or header.encrypted))
        if visit.chat.flood.connect(visit.peer.origin):
            visit.front.open(self._look(visit), self._read[header.size :])
        else:
            self.transport.abortConnection()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        if self._timeout.active():
            self._timeout.cancel()

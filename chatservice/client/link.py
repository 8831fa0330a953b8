"""The connection to the chat: made, monitored, and made again when lost."""

import errno
import os
import socket
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from twisted.application.internet import ClientService
from twisted.internet import error
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import HostnameEndpoint, TCP6ClientEndpoint
from twisted.internet.interfaces import (
    IDelayedCall,
    IProtocol,
    IProtocolFactory,
    IReactorTime,
    IStreamClientEndpoint,
    ITCPTransport,
)
from twisted.internet.protocol import Factory, connectionDone
from twisted.protocols.basic import LineOnlyReceiver
from twisted.python.failure import Failure
from zope.interface import implementer

from chatservice.client.addresses import Address
from chatservice.client.requests import Request, encode
from chatservice.client.rounds import Backoff, Rounds
from chatservice.client.session import Session
from chatservice.client.tls import TlsEndpoint, TlsRefused, Trust
from chatservice.client.view import State

IDLE = 60.0
"""Seconds of silence after which the client pings the chat."""

PATIENCE = 30.0
"""Seconds that the chat then has to answer."""

SILENT = 5.0
"""Seconds after which the person learns that the chat does not answer."""

ANSWER = 15.0
"""Seconds that the chat has to answer the hello where there is another address to try."""

HURRY, LONGEST = 4.0, 30.0
"""Seconds that an attempt to connect may take: with other addresses to try, and without."""


class LinkProtocol(LineOnlyReceiver):
    """One connection, which hands lines to the session and ends if the chat goes silent.

    @param link: made the connection, and makes the next one.
    @param first: the seconds in which the chat must say something at first.
    """

    delimiter = b"\n"
    MAX_LENGTH = 4 * 1024 * 1024
    transport: ITCPTransport

    def __init__(self, link: "Link", session: Session, clock: IReactorTime, first: float) -> None:
        self._link = link
        self._session = session
        self._clock = clock
        self._first = first
        self._watch: IDelayedCall | None = None

    def connectionMade(self) -> None:
        self.transport.setTcpNoDelay(True)
        self._wait(self._first, self._ask)
        self._link.connected(self._send)

    def dataReceived(self, data: bytes) -> None:
        self._wait(IDLE, self._ask)
        super().dataReceived(data)

    def lineReceived(self, line: bytes) -> None:
        self._session.line_received(line)
        self._link.heard()
        if self._session.is_turned_away:
            self.transport.abortConnection()

    def lineLengthExceeded(self, line: bytes) -> None:
        self.transport.abortConnection()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None
        self._link.lost()

    def _send(self, request: Request) -> None:
        self.transport.write(encode(request))

    def _wait(self, seconds: float, then: Callable[[], None]) -> None:
        if self._watch is not None:
            self._watch.cancel()
        self._watch = self._clock.callLater(seconds, then)

    def _ask(self) -> None:
        self._watch = None
        if self._session.ping():
            self._wait(PATIENCE, self._give_up)
        else:
            self.transport.abortConnection()

    def _give_up(self) -> None:
        self._watch = None
        self.transport.abortConnection()


@implementer(IStreamClientEndpoint)
class Link:
    """A service that keeps the session connected until it is stopped.

    If the first attempt fails at each address, the session learns why, and ends. Later ones are
    repeated for ever, also if the server is not to be trusted, but that is told.
    """

    def __init__(
        self,
        endpoints: Mapping[str, IStreamClientEndpoint],
        session: Session,
        clock: IReactorTime,
        backoff: Backoff,
    ) -> None:
        """Connect to nothing yet.

        @param endpoints: those of the chat, in the order in which they are tried, by their
            addresses as people write them.
        """
        self._endpoints = endpoints
        self._rounds = Rounds(list(endpoints), backoff)
        self._session = session
        self._clock = clock
        self._patience: IDelayedCall | None = None
        self._is_first = True
        self._told: dict[str, str] = {}
        first = ANSWER if self._rounds.are_several else IDLE
        factory = Factory.forProtocol(lambda: LinkProtocol(self, session, clock, first))
        factory.noisy = False
        self._service = ClientService(
            self, factory, retryPolicy=lambda _: self._rounds.pause, clock=clock
        )

    @property
    def address(self) -> str:
        """The address of the connection that there is, or that is tried."""
        return self._rounds.address

    def start(self) -> None:
        """Connect."""
        self._service.startService()
        self._patience = self._clock.callLater(SILENT, self._tell_silence)

    def stop(self) -> None:
        """Close the connection, and do not make another."""
        self._stop_waiting()
        self._service.stopService()

    def connect(self, protocolFactory: IProtocolFactory) -> Deferred[IProtocol]:
        """Try once to connect; see C{IStreamClientEndpoint}."""
        return self._endpoints[self.address].connect(protocolFactory).addErrback(self._failed)

    def _failed(self, failure: Failure) -> Failure:
        """Choose the next address, and tell why there is no connection, if that is news."""
        address, goes_on = self.address, self._rounds.end_turn()
        if not self._service.running or self._session.state is State.GONE:
            return failure
        why = explain(failure, address)
        if self._is_first and not goes_on:
            self._session.unreachable(why)
        elif self._is_first:
            self._session.not_here(why)
        elif failure.check(TlsRefused) is not None and self._told.get(address) != why:
            self._told[address] = why
            self._session.not_here(why)
        return failure

    # Calls from the connection

    def connected(self, send: Callable[[Request], None]) -> None:
        """Let the session talk over a connection that was made."""
        self._session.connected(send, self.address if self._rounds.are_several else "")

    def heard(self) -> None:
        """Note how the session is after a line from the chat."""
        if self._session.state is State.LIVE:
            self._told.clear()
            self._stop_waiting()
            self._rounds.joined()
        if self._session.state is not State.GREETING:
            self._is_first = False

    def lost(self) -> None:
        """Choose the next address, as the connection is lost."""
        self._session.disconnected(self._rounds.end_turn())

    def _stop_waiting(self) -> None:
        if self._patience is not None and self._patience.active():
            self._patience.cancel()

    def _tell_silence(self) -> None:
        self._session.unanswered_by(self.address)


def endpoints_of(
    reactor: Any, addresses: Iterable[Address], trust: Trust | None
) -> dict[str, IStreamClientEndpoint]:
    """Make the endpoints of a chat at several addresses, by how people write these.

    An attempt may take long only where there is no other address to try.
    """
    all_ = list(addresses)
    timeout = HURRY if len(all_) > 1 else LONGEST
    return {
        str(address): endpoint_of(reactor, address.host, address.port, trust, timeout)
        for address in all_
    }


def endpoint_of(
    reactor: Any, host: str, port: int, trust: Trust | None = None, timeout: float = LONGEST
) -> IStreamClientEndpoint:
    """Make the endpoint of a chat at a host name or address.

    @param trust: with whom to speak TLS; C{None} to speak plainly.
    @param timeout: the seconds in which a TCP connection must be made.
    """
    endpoint = _tcp_endpoint(reactor, host, port, timeout)
    return endpoint if trust is None else TlsEndpoint(endpoint, host, trust, reactor)


def _tcp_endpoint(reactor: Any, host: str, port: int, timeout: float) -> IStreamClientEndpoint:
    """Make the endpoint of a host name or address.

    Looking up an IPv6 address as a host name would lose its zone; and getaddrinfo(3) accepts the
    name of a zone with some addresses only, but its number with all.
    """
    if ":" not in host:
        return HostnameEndpoint(reactor, host, port, timeout)
    address, percent, zone = host.partition("%")
    if zone and not zone.isdecimal():
        zone = str(socket.if_nametoindex(zone))
    return TCP6ClientEndpoint(reactor, f"{address}{percent}{zone}", port, timeout)


def explain(failure: Failure, address: str) -> str:
    """Explain in one sentence why there is no connection to C{address}."""
    match failure.value:
        case TlsRefused():
            return f"Could not connect to {address}: {failure.getErrorMessage()}."
        case error.ConnectionRefusedError():
            return f"Could not connect to {address}: nothing is listening there."
        case error.DNSLookupError() | error.UnknownHostError():
            return f"Could not connect to {address}: there is no host with that name."
        case error.TimeoutError() | error.TCPTimedOutError():
            return f"Could not connect to {address}: it does not answer."
        case error.ConnectError(osError=int(number)) if number in errno.errorcode:
            return f"Could not connect to {address}: {os.strerror(number).lower()}."
    return f"Could not connect to {address}: {failure.getErrorMessage()}"

"""The connection to the chat: made, monitored, and made again when lost."""

import errno
import os
import random
import socket
from collections.abc import Callable
from typing import Any

from twisted.application.internet import ClientService
from twisted.internet import error
from twisted.internet.defer import CancelledError, Deferred
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

from chatservice.client.requests import Request, encode
from chatservice.client.session import Session
from chatservice.client.tls import TlsEndpoint, TlsRefused, Trust
from chatservice.client.view import State

IDLE = 60.0
"""Seconds of silence after which the client pings the chat."""

PATIENCE = 30.0
"""Seconds that the chat then has to answer."""

SILENT = 5.0
"""Seconds after which the person learns that the chat does not answer."""

_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 30.0


class LinkProtocol(LineOnlyReceiver):
    """One connection, which hands lines to the session and ends if the chat goes silent."""

    delimiter = b"\n"
    MAX_LENGTH = 4 * 1024 * 1024
    transport: ITCPTransport

    def __init__(self, session: Session, clock: IReactorTime, joined: Callable[[], None]) -> None:
        self._session = session
        self._clock = clock
        self._joined = joined
        self._watch: IDelayedCall | None = None

    def connectionMade(self) -> None:
        self.transport.setTcpNoDelay(True)
        self._wait(IDLE, self._ask)
        self._session.connected(self._send)

    def dataReceived(self, data: bytes) -> None:
        self._wait(IDLE, self._ask)
        super().dataReceived(data)

    def lineReceived(self, line: bytes) -> None:
        self._session.line_received(line)
        if self._session.state is State.LIVE:
            self._joined()

    def lineLengthExceeded(self, line: bytes) -> None:
        self.transport.abortConnection()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None
        self._session.disconnected()

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


class Backoff:
    """Exponential backoff with jitter: the seconds to pause between attempts to connect."""

    def __init__(self, chance: Callable[[], float] = random.random) -> None:
        self._chance = chance
        self._attempts = 0

    def __call__(self, _failures: int) -> float:
        longest = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2.0 ** min(self._attempts, 16))
        self._attempts += 1
        return longest * (0.5 + self._chance() / 2)

    def reset(self) -> None:
        """Begin with short pauses again, as the chat was reached."""
        self._attempts = 0


@implementer(IStreamClientEndpoint)
class Link:
    """A service that keeps the session connected until it is stopped.

    If the first attempt fails, the session learns why, and ends. Later ones are repeated for ever,
    also if the server is not to be trusted, but that is told.
    """

    def __init__(
        self,
        endpoint: IStreamClientEndpoint,
        address: str,
        session: Session,
        clock: IReactorTime,
        backoff: Backoff,
    ) -> None:
        """Connect to nothing yet; C{address} is the chat's address as people write it."""
        self._address = address
        self._session = session
        self._clock = clock
        self._backoff = backoff
        self._patience: IDelayedCall | None = None
        self._endpoint = endpoint
        self._told = ""
        factory = Factory.forProtocol(lambda: LinkProtocol(session, clock, self._joined))
        factory.noisy = False
        self._service = ClientService(self, factory, retryPolicy=backoff, clock=clock)

    def start(self) -> None:
        """Connect."""
        first = self._service.whenConnected(failAfterFailures=1)
        first.addErrback(self._first_failed)
        self._service.startService()
        self._patience = self._clock.callLater(SILENT, self._tell_silence)

    def stop(self) -> None:
        """Close the connection, and do not make another."""
        self._stop_waiting()
        self._service.stopService()

    def connect(self, protocolFactory: IProtocolFactory) -> Deferred[IProtocol]:
        """Try once to connect; see C{IStreamClientEndpoint}."""
        return self._endpoint.connect(protocolFactory).addErrback(self._tell_distrust)

    def _tell_distrust(self, failure: Failure) -> Failure:
        if self._session.joined and failure.check(TlsRefused) is not None:
            why = explain(failure, self._address)
            if why != self._told:
                self._told = why
                self._session.distrusts(why)
        return failure

    def _joined(self) -> None:
        self._told = ""
        self._stop_waiting()
        self._backoff.reset()

    def _stop_waiting(self) -> None:
        if self._patience is not None and self._patience.active():
            self._patience.cancel()

    def _tell_silence(self) -> None:
        self._session.unanswered_by(self._address)

    def _first_failed(self, failure: Failure) -> None:
        if failure.check(CancelledError) is None:
            self._session.unreachable(explain(failure, self._address))


def endpoint_of(
    reactor: Any, host: str, port: int, trust: Trust | None = None
) -> IStreamClientEndpoint:
    """Make the endpoint of a chat at a host name or address.

    @param trust: with whom to speak TLS; C{None} to speak plainly.
    """
    endpoint = _tcp_endpoint(reactor, host, port)
    return endpoint if trust is None else TlsEndpoint(endpoint, host, trust, reactor)


def _tcp_endpoint(reactor: Any, host: str, port: int) -> IStreamClientEndpoint:
    """Make the endpoint of a host name or address.

    Looking up an IPv6 address as a host name would lose its zone; and getaddrinfo(3) accepts the
    name of a zone with some addresses only, but its number with all.
    """
    if ":" not in host:
        return HostnameEndpoint(reactor, host, port)
    address, percent, zone = host.partition("%")
    if zone and not zone.isdecimal():
        zone = str(socket.if_nametoindex(zone))
    return TCP6ClientEndpoint(reactor, f"{address}{percent}{zone}", port)


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

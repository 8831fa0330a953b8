"""The layer of TLS between a transport and the protocol inside."""

from __future__ import annotations

from ssl import SSLContext, SSLError
from typing import Any

from twisted.internet.error import ConnectionDone, ConnectionLost
from twisted.internet.interfaces import (
    IConsumer,
    IDelayedCall,
    IHalfCloseableProtocol,
    IProtocol,
    IPullProducer,
    ITCPTransport,
)
from twisted.internet.protocol import Protocol, connectionDone
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from chatservice.protocol.tls import TlsEngine
from chatservice.sessions.outbox import HAND_OVER, is_lost

HANDSHAKE_TIMEOUT = 10.0
"""The seconds that a peer has for the handshake, or to take why it failed."""

UNASKED = 64 * 1024
"""The most bytes of answers to the peer's own TLS messages that wait while it reads nothing."""

log = Logger()


@implementer(IPullProducer)
class _Drain:
    """The producer through which the transport says that it has sent everything."""

    __slots__ = ("_layer",)

    def __init__(self, layer: TlsLayer) -> None:
        self._layer = layer

    def resumeProducing(self) -> None:
        self._layer.drained()

    def stopProducing(self) -> None:
        """Do nothing, for the layer learns that the connection is lost."""


@implementer(IHalfCloseableProtocol, ITCPTransport, IConsumer)
class TlsLayer(Protocol):
    """A server's end of TLS: a protocol to the transport below, a transport to the one inside.

    The protocol inside begins when the handshake is done; if that fails, it never does. It then
    finds what a TCP transport has: half-closing (C{close_notify} is the end of the input), pull
    producers, pauses, socket options, and a handle (L{send}). An end without C{close_notify} is a
    lost connection.

    Plain text waits above, in the queue of whoever writes, and is sealed when it can be sent: at
    most one piece (L{HAND_OVER}) waits as ciphertext, unless the protocol inside writes without
    being asked.

    @param reactor: C{IReactorTime}.
    @param context: the server's certificate and settings.
    @param inner: the protocol inside. Whoever owns the transport calls this layer.
    @param direct: whether to send on the transport's socket (C{ISystemHandle}). Only if it is plain
        TCP, and nothing that was written to it before still waits there.
    """

    transport: Any
    disconnecting = False
    _is_begun = False
    _is_over = False
    _is_paused = False
    _is_cut = False
    _has_told_end = False
    _is_half_closing = False
    _has_closed = False
    # Whether ciphertext waits below; the transport asks the drain for more, if there is one.
    _is_blocked = False
    _has_drain = False
    _rest = b""
    _held = b""
    _producer: Any = None

    def __init__(
        self, reactor: Any, context: SSLContext, inner: IProtocol, direct: bool = False
    ) -> None:
        self._reactor = reactor
        self._engine = TlsEngine(context, server_side=True)
        self._inner: Any = inner
        self._direct = direct
        self._socket_send: Any = None
        self._deadline: IDelayedCall | None = None

    # From the transport.

    def connectionMade(self) -> None:
        if self._direct:
            self._socket_send = self.transport.getHandle().send
        self._set_deadline()

    def dataReceived(self, data: bytes) -> None:
        if self._is_over or self.disconnecting:
            return
        self._engine.feed(data)
        opened = []
        try:
            while text := self._engine.open():
                opened.append(text)
        except SSLError as error:
            self._take(opened)
            self._lose(ConnectionLost(f"TLS failed: {error.reason}"))
        else:
            self._take(opened)

    def _take(self, opened: list[bytes]) -> None:
        if self._engine.waiting:
            self._answer()
        if self._engine.is_ready and not self._is_begun:
            self._begin()
        self._held += b"".join(opened)
        self._deliver()

    def _begin(self) -> None:
        self._is_begun = True
        self._clear_deadline()
        self._inner.makeConnection(self)

    def _deliver(self) -> None:
        """Deliver what the protocol inside has not been given yet, unless it has paused."""
        if self._held and not self._is_paused:
            held, self._held = self._held, b""
            self._inner.dataReceived(held)
        if self._is_paused or self._is_over:
            return
        if self._engine.has_ended:
            if not self._has_told_end:
                self._has_told_end = True
                self._end_input()
        elif self._is_cut:
            self._lose(ConnectionLost("TLS was not ended in order"))

    def _end_input(self) -> None:
        if IHalfCloseableProtocol.providedBy(self._inner):
            self._inner.readConnectionLost()
        else:
            self._lose(ConnectionDone())

    def readConnectionLost(self) -> None:
        """See C{IHalfCloseableProtocol}; without C{close_notify} before, the input was cut off."""
        self._is_cut = True
        self._deliver()

    def writeConnectionLost(self) -> None:
        """See C{IHalfCloseableProtocol}."""
        is_there = self._is_begun and not self._is_over
        if is_there and IHalfCloseableProtocol.providedBy(self._inner):
            self._inner.writeConnectionLost()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._clear_deadline()
        is_in_order = self._engine.has_ended or self.disconnecting
        if reason.check(ConnectionDone) and not is_in_order:
            reason = Failure(ConnectionLost("TLS was not ended in order"))
        self._end(reason)

    # The end.

    def _lose(self, why: Exception) -> None:
        """End the protocol inside, and close once everything is sent, with TLS's own last word."""
        self._end(Failure(why))
        self._close_tls()
        self.transport.loseConnection()
        self._set_deadline()

    def _end(self, reason: Failure) -> None:
        if self._is_over:
            return
        self._is_over = True
        self.connected = 0
        self._held = b""
        producer, self._producer = self._producer, None
        if producer is not None:
            producer.stopProducing()
        if self._is_begun:
            self._inner.connectionLost(reason)

    def _close_tls(self) -> None:
        if not self._has_closed:
            self._has_closed = True
            self._engine.close()
            self._send_below(self._engine.outgoing())

    def _set_deadline(self) -> None:
        if self._deadline is None:
            self._deadline = self._reactor.callLater(HANDSHAKE_TIMEOUT, self._give_up)

    def _clear_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _give_up(self) -> None:
        self._deadline = None
        self.transport.abortConnection()

    # To the transport.

    def _answer(self) -> None:
        """Send what TLS itself has to say, such as its part of the handshake."""
        if not self._is_blocked:
            self._send_below(self._engine.outgoing())
        elif self._engine.waiting > UNASKED:
            self.transport.abortConnection()

    def _send_below(self, sealed: bytes) -> None:
        if self._socket_send is not None and not self._is_blocked and sealed:
            try:
                sent = self._socket_send(sealed)
            except OSError as error:
                sent = 0
                if is_lost(error):
                    self.transport.abortConnection()
            if sent == len(sealed):
                return
            sealed = sealed[sent:]
        if sealed:
            self._write_below(sealed)

    def _write_below(self, sealed: bytes) -> None:
        self._is_blocked = True
        if self._has_drain:
            self.transport.write(sealed)
            return
        self._rest = sealed
        self._has_drain = True
        self.transport.registerProducer(_Drain(self), False)

    def drained(self) -> None:
        """Send more: the transport has sent everything, or has just been told of the drain."""
        if self._rest:
            rest, self._rest = self._rest, b""
            self.transport.write(rest)
            return
        self._is_blocked = False
        if self._engine.waiting:
            self._send_below(self._engine.outgoing())
        if self._producer is not None:
            self._producer.resumeProducing()
        if not self._is_blocked:
            self._has_drain = False
            self.transport.unregisterProducer()
            self._close_if_asked()

    # The transport of the protocol inside.

    def getHandle(self) -> TlsLayer:
        """See C{ISystemHandle}: what is returned has a L{send}, as a socket does."""
        return self

    def send(self, data: bytes) -> int:
        """Send as a socket does that does not block (send(2)).

        @return: how many bytes were taken.
        @raise BlockingIOError: none, for ciphertext waits; register a producer.
        @raise BrokenPipeError: none, for the connection is closed.
        """
        if self._is_over or self._has_closed:
            raise BrokenPipeError
        if self._is_blocked:
            raise BlockingIOError
        taken = 0
        while taken < len(data) and not self._is_blocked:
            piece = data[taken : taken + HAND_OVER]
            self._send_below(self._engine.seal(piece))
            taken += len(piece)
        return taken

    def write(self, data: bytes) -> None:
        """See C{ITransport}."""
        if data and not self._is_over and not self._has_closed:
            self._write_below(self._engine.seal(data))

    def writeSequence(self, data: Any) -> None:
        """See C{ITransport}."""
        self.write(b"".join(data))

    def registerProducer(self, producer: Any, streaming: bool) -> None:
        """See C{IConsumer}; the producer is always asked for more (C{IPullProducer})."""
        if self._producer is not None:
            raise RuntimeError("there is a producer already")
        if self._is_over:
            producer.stopProducing()
            return
        self._producer = producer
        if not self._is_blocked:
            producer.resumeProducing()

    def unregisterProducer(self) -> None:
        """See C{IConsumer}."""
        self._producer = None
        self._close_if_asked()

    def _close_if_asked(self) -> None:
        is_asked = self.disconnecting or self._is_half_closing
        if self._is_over or not is_asked or self._producer is not None:
            return
        self._close_tls()
        if self._is_blocked:
            return
        if self.disconnecting:
            self.transport.loseConnection()
        else:
            self._is_half_closing = False
            self.transport.loseWriteConnection()

    def loseConnection(self) -> None:
        """See C{ITransport}: close once everything is sent, and read nothing more."""
        if not self._is_over and not self.disconnecting:
            self.disconnecting = True
            self.pauseProducing()
            self._close_if_asked()

    def loseWriteConnection(self) -> None:
        """See C{ITCPTransport}: half-close once everything is sent; the peer may still send."""
        if not self._has_closed:
            self._is_half_closing = True
            self._close_if_asked()

    def abortConnection(self) -> None:
        """See C{ITCPTransport}."""
        if not self._is_over:
            self.transport.abortConnection()

    def pauseProducing(self) -> None:
        """See C{IPushProducer}."""
        if not self._is_over:
            self._is_paused = True
            self.transport.pauseProducing()

    def resumeProducing(self) -> None:
        """See C{IPushProducer}; what was received meanwhile comes in another turn, as on TCP."""
        if self._is_over or self.disconnecting:
            return
        self._is_paused = False
        self.transport.resumeProducing()
        if self._held or self._engine.has_ended or self._is_cut:
            self._reactor.callLater(0, self._deliver_held)

    def _deliver_held(self) -> None:
        try:
            self._deliver()
        except Exception:
            log.failure("A protocol failed")
            self.abortConnection()

    def stopProducing(self) -> None:
        """See C{IPushProducer}."""
        self.loseConnection()

    def getPeer(self) -> Any:
        """See C{ITransport}."""
        return self.transport.getPeer()

    def getHost(self) -> Any:
        """See C{ITransport}."""
        return self.transport.getHost()

    @property
    def socket(self) -> Any:
        """The socket of the transport below, for its options and for watching it."""
        return self.transport.socket

    def setTcpNoDelay(self, enabled: bool) -> None:
        """See C{ITCPTransport}."""
        if not self._is_over:
            self.transport.setTcpNoDelay(enabled)

    def getTcpNoDelay(self) -> bool:
        """See C{ITCPTransport}."""
        return not self._is_over and bool(self.transport.getTcpNoDelay())

    def setTcpKeepAlive(self, enabled: bool) -> None:
        """See C{ITCPTransport}."""
        if not self._is_over:
            self.transport.setTcpKeepAlive(enabled)

    def getTcpKeepAlive(self) -> bool:
        """See C{ITCPTransport}."""
        return not self._is_over and bool(self.transport.getTcpKeepAlive())

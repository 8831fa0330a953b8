"""TLS to the chat: whom to trust, and a connection that is made only with somebody trusted."""

from __future__ import annotations

import re
import ssl
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import (
    IDelayedCall,
    IProtocol,
    IProtocolFactory,
    IStreamClientEndpoint,
)
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.python.failure import Failure
from zope.interface import implementer

from chatservice.protocol.tls import TlsEngine, fingerprint_of

HANDSHAKE_TIMEOUT = 10.0
"""The seconds that the chat has for the handshake."""

_DIGITS = re.compile(r"[0-9A-F]{64}")

# X509_V_ERR_ constants (openssl-verify(1)).
_MISTAKES = {
    9: "its certificate is not valid yet",
    10: "its certificate has expired",
    **dict.fromkeys(
        (18, 19, 20, 21),
        "nobody that you trust has signed its certificate (see --tls-ca and --tls-fingerprint)",
    ),
    **dict.fromkeys((62, 64), "its certificate is for another name"),
}


class TlsRefused(Exception):
    """The reason why there is no TLS with the chat, as a clause about it."""


@dataclass(frozen=True)
class Trust:
    """The certificates that prove that a server is the chat.

    @ivar context: which issuers are trusted, and whether the name is checked.
    @ivar fingerprints: those of the only certificates that are trusted; none to go by the context.
    """

    context: ssl.SSLContext
    fingerprints: frozenset[str] = frozenset()


def trust_in_system() -> Trust:
    """Trust the issuers that this machine trusts."""
    return Trust(_checking(ssl.create_default_context()))


def trust_in_file(path: str) -> Trust:
    """Trust the certificates in a file in PEM, and those that they have signed.

    @raise ValueError: it has none, or cannot be read; with one sentence.
    """
    try:
        return Trust(_checking(ssl.create_default_context(cafile=path)))
    except ssl.SSLError:
        raise ValueError(f"{path} has no certificate") from None
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {(error.strerror or '').lower()}") from None


def _checking(context: ssl.SSLContext) -> ssl.SSLContext:
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    return context


def read_fingerprint(text: str) -> str:
    """Read a fingerprint (SHA-256) that somebody has typed, and write it as L{fingerprint_of} does.

    @raise ValueError: the text is no fingerprint; with one sentence.
    """
    digits = text.replace(":", "").upper()
    if not _DIGITS.fullmatch(digits):
        raise ValueError(
            f"{text!r} is not the SHA-256 fingerprint of a certificate, which is"
            " 64 hexadecimal digits, such as AA:BB:..."
        )
    return bytes.fromhex(digits).hex(":").upper()


def trust_in_fingerprints(fingerprints: Collection[str]) -> Trust:
    """Trust the certificates with these fingerprints, whatever their names and issuers."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return Trust(context, frozenset(fingerprints))


def why_refused(error: ssl.SSLError) -> str:
    """Explain in a clause why a handshake failed."""
    if isinstance(error, ssl.SSLCertVerificationError):
        message = f"its certificate is not valid: {error.verify_message}"
        return _MISTAKES.get(error.verify_code, message)
    if error.reason == "WRONG_VERSION_NUMBER":
        return "it does not speak TLS"
    return f"the TLS handshake failed: {(error.reason or '').lower().replace('_', ' ')}"


@implementer(IStreamClientEndpoint)
class TlsEndpoint:
    """An endpoint that has connected when the handshake is done with somebody trusted.

    Otherwise it fails with L{TlsRefused}, and nothing was sent to the server.

    @param endpoint: connects over TCP.
    @param host: the name or address that the certificate must be for.
    @param clock: C{IReactorTime}.
    """

    def __init__(
        self, endpoint: IStreamClientEndpoint, host: str, trust: Trust, clock: Any
    ) -> None:
        self._endpoint = endpoint
        # The zone of an IPv6 address is this machine's business.
        self._host = host.partition("%")[0]
        self._trust = trust
        self._clock = clock

    def connect(self, protocolFactory: IProtocolFactory) -> Deferred[IProtocol]:
        """See C{IStreamClientEndpoint}."""
        factory = _TlsFactory(protocolFactory, self._host, self._trust, self._clock)
        connecting: Deferred[Any] = self._endpoint.connect(factory)
        return connecting.addCallback(lambda tls: tls.ready)


class _TlsFactory(Factory):
    noisy = False

    def __init__(self, inner: IProtocolFactory, host: str, trust: Trust, clock: Any) -> None:
        self._inner = inner
        self._host = host
        self._trust = trust
        self._clock = clock

    def buildProtocol(self, addr: Any) -> TlsProtocol:
        engine = TlsEngine(self._trust.context, False, self._host)
        inner: Any = self._inner.buildProtocol(addr)
        return TlsProtocol(engine, self._trust.fingerprints, inner, self._clock)


class TlsProtocol(Protocol):
    """The client's end of TLS, which is the transport of the protocol inside.

    @param fingerprints: one of them is that of the server's certificate, if any; see L{Trust}.
    @param inner: begins when the handshake is done, if it ever is.
    @ivar ready: fires with the protocol inside, or fails with L{TlsRefused}.
    """

    transport: Any
    disconnecting = False

    def __init__(
        self, engine: TlsEngine, fingerprints: Collection[str], inner: Any, clock: Any
    ) -> None:
        self._engine = engine
        self._fingerprints = fingerprints
        self._inner = inner
        self._clock = clock
        self._deadline: IDelayedCall | None = None
        self._is_begun = False
        self.ready: Deferred[IProtocol] = Deferred(lambda _: self.abortConnection())

    # From the transport.

    def connectionMade(self) -> None:
        self._deadline = self._clock.callLater(HANDSHAKE_TIMEOUT, self._give_up)
        self._engine.start()
        self._flush()

    def dataReceived(self, data: bytes) -> None:
        if self.disconnecting:
            return
        self._engine.feed(data)
        opened: list[bytes] = []
        try:
            opened.extend(iter(self._engine.open, b""))
        except ssl.SSLError as error:
            if opened and self._is_begun:
                self._inner.dataReceived(b"".join(opened))
            self.loseConnection()
            self._fail(why_refused(error))
            return
        if self._engine.is_ready and not self._is_begun and not self._begin():
            return
        self._flush()
        if opened:
            self._inner.dataReceived(b"".join(opened))
        if self._engine.has_ended:
            self.loseConnection()

    def _begin(self) -> bool:
        """Begin, unless the server has another certificate than it must have."""
        shown = fingerprint_of(self._engine.certificate)
        if self._fingerprints and shown not in self._fingerprints:
            self.transport.abortConnection()
            self._fail(f"its certificate has another fingerprint: {shown}")
            return False
        self._is_begun = True
        self._stop_waiting()
        self._inner.makeConnection(self)
        self.ready.callback(self._inner)
        return True

    def _fail(self, why: str) -> None:
        self._stop_waiting()
        if not self._is_begun and not self.ready.called:
            self.ready.errback(TlsRefused(why))

    def _give_up(self) -> None:
        self._deadline = None
        self.transport.abortConnection()
        self._fail(f"it did not finish the TLS handshake in {HANDSHAKE_TIMEOUT:.0f} s")

    def _stop_waiting(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._fail("it closed the connection during the TLS handshake")
        if self._is_begun:
            self._inner.connectionLost(reason)

    # The transport of the protocol inside.

    def write(self, data: bytes) -> None:
        """See C{ITransport}."""
        if not self.disconnecting:
            self.transport.write(self._engine.seal(data))

    def _flush(self) -> None:
        if self._engine.waiting:
            self.transport.write(self._engine.outgoing())

    def loseConnection(self) -> None:
        """See C{ITransport}."""
        if not self.disconnecting:
            self.disconnecting = True
            self._engine.close()
            self._flush()
            self.transport.loseConnection()

    def abortConnection(self) -> None:
        """See C{ITCPTransport}."""
        self.transport.abortConnection()

    def setTcpNoDelay(self, enabled: bool) -> None:
        """See C{ITCPTransport}."""
        self.transport.setTcpNoDelay(enabled)

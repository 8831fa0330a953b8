"""The client speaks TLS with somebody trusted, or not at all."""

from __future__ import annotations

import contextlib
import itertools
import ssl
import tempfile
from datetime import UTC, datetime
from functools import cache
from typing import Any

from cryptography.x509.oid import ExtendedKeyUsageOID
from twisted.internet.defer import CancelledError
from twisted.internet.endpoints import TCP4ClientEndpoint
from twisted.internet.error import ConnectionDone
from twisted.internet.protocol import Factory
from twisted.internet.testing import MemoryReactorClock, StringTransport
from twisted.python.failure import Failure

from chatservice.client.joining import Identity
from chatservice.client.link import Link
from chatservice.client.rounds import Backoff
from chatservice.client.session import Session
from chatservice.client.tls import (
    HANDSHAKE_TIMEOUT,
    TlsEndpoint,
    TlsRefused,
    Trust,
    read_fingerprint,
    trust_in_file,
    trust_in_fingerprints,
    trust_in_system,
)
from chatservice.protocol.tls import TlsEngine, fingerprint_of
from tests.certified import NAMES, certificate, context_with, the_certificate
from tests.conversation import TableCase, each_row
from tests.doubles import pieces
from tests.scripted import Recorder, line, welcome
from tests.sealed import Inner

VERSIONS = {"v1_2": ssl.TLSVersion.TLSv1_2, "v1_3": ssl.TLSVersion.TLSv1_3}


def trusting(cert: bytes) -> Trust:
    """Trust in a certificate, in PEM."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(cert)
        file.flush()
        return trust_in_file(file.name)


def mark(cert: bytes) -> str:
    """The fingerprint of a certificate in PEM."""
    return fingerprint_of(ssl.PEM_cert_to_DER_cert(cert.decode()))


@cache
def expired() -> tuple[bytes, bytes]:
    """A certificate that has expired."""
    return certificate(end=datetime(2021, 1, 1, tzinfo=UTC))


@cache
def early() -> tuple[bytes, bytes]:
    """A certificate that is not valid yet."""
    return certificate(start=datetime(2119, 1, 1, tzinfo=UTC))


@cache
def another() -> tuple[bytes, bytes]:
    """A certificate for other names."""
    return certificate(names=("chat.example", "192.0.2.7"))


class Transport(StringTransport):
    """A connection in memory that notes how it was set and ended."""

    aborted = False

    def setTcpNoDelay(self, enabled: bool) -> None:
        self.no_delay = enabled

    def abortConnection(self) -> None:
        self.aborted = True


class Server:
    """A server, and the client's connection to it.

    @param protocol: the client's end, as its factory made it.
    """

    def __init__(self, protocol: Any, pair: tuple[bytes, bytes], version: Any = None) -> None:
        context = context_with(*pair)
        if version is not None:
            context.maximum_version = version
        self.engine = TlsEngine(context, server_side=True)
        self.protocol = protocol
        self.transport = Transport()
        self.heard = b""
        protocol.makeConnection(self.transport)

    def shakes(self, size: int = 0) -> Server:
        """Shake hands as far as possible."""
        for _ in range(3):
            self.listens()
            self.says(self.engine.outgoing(), size)
        self.listens()
        return self

    def listens(self) -> bytes:
        """Take what the client has sent, and return the text of it."""
        self.engine.feed(self.transport.value())
        self.transport.clear()
        with contextlib.suppress(ssl.SSLError):
            while text := self.engine.open():
                self.heard += text
        heard, self.heard = self.heard, b""
        return heard

    def says(self, sealed: bytes, size: int = 0) -> None:
        """Send ciphertext, or anything else."""
        for piece in pieces(sealed, size) if sealed else ():
            self.protocol.dataReceived(piece)


class EndpointCase(TableCase):
    """Tests of connections."""

    def connect(self, trust: Trust, host: str = "localhost") -> None:
        self.reactor: Any = MemoryReactorClock()
        self.inner = Inner()
        below = TCP4ClientEndpoint(self.reactor, "192.0.2.1", 7)
        endpoint = TlsEndpoint(below, host, trust, self.reactor)
        self.result = endpoint.connect(Factory.forProtocol(lambda: self.inner))

    def answered(self, pair: tuple[bytes, bytes], version: Any = None) -> Server:
        """Let a server with a certificate take the connection."""
        factory = self.reactor.tcpClients[-1][2]
        return Server(factory.buildProtocol(None), pair, version)

    def refused(self) -> str:
        """Why there is no connection; nothing was sent or is left."""
        self.assertEqual((self.inner.seen, self.reactor.getDelayedCalls()), ([], []))
        return self.failureResultOf(self.result, TlsRefused).getErrorMessage()


class ConnectingTests(EndpointCase):
    @each_row(VERSIONS)
    def test_talk(self, version: ssl.TLSVersion) -> None:
        """However the ciphertext is cut, the protocol inside talks when the handshake is done."""
        for size in range(10):
            self.connect(trusting(the_certificate()[0]))
            server = self.answered(the_certificate(), version)
            self.assertNoResult(self.result)
            server.shakes(size)
            self.assertIs(self.successResultOf(self.result), self.inner)
            self.inner.transport.write(b"hello")
            self.assertEqual(server.listens(), b"hello")
            server.says(server.engine.seal(b"an answer"), size)
            self.assertEqual(self.inner.seen, ["made", b"an answer"])
            self.assertEqual(self.reactor.getDelayedCalls(), [])

    @each_row({"fingerprint": "", "plain": ":", "small": "small"})
    def test_pinned(self, spelling: str) -> None:
        """A certificate with the right fingerprint is trusted, whatever its name and its end."""
        for pair in (another(), expired(), the_certificate()):
            text = mark(pair[0])
            text = {"": text, ":": text.replace(":", ""), "small": text.lower()}[spelling]
            others = [read_fingerprint(digits * 32) for digits in ("ab", "cd")]
            trusted = [others[0], read_fingerprint(text), others[1]]
            self.connect(trust_in_fingerprints(trusted), "another.example")
            server = self.answered(pair).shakes()
            self.assertIs(self.successResultOf(self.result), self.inner)
            self.assertTrue(server.engine.is_ready)

    @each_row({name: name for name in NAMES})
    def test_names(self, name: str) -> None:
        """A certificate is good for each of its names and addresses."""
        self.connect(trusting(the_certificate()[0]), name)
        self.answered(the_certificate()).shakes()
        self.successResultOf(self.result)

    def test_only_one(self) -> None:
        """A file may have just the certificate of the chat, whoever has signed it."""
        pair = certificate(issuer="Somebody")
        self.connect(trusting(pair[0]))
        self.answered(pair).shakes()
        self.successResultOf(self.result)

    def test_zone(self) -> None:
        """The zone of an address is not expected in the certificate."""
        pair = certificate(names=("fe80::1",))
        self.connect(trusting(pair[0]), "fe80::1%eth0")
        self.answered(pair).shakes()
        self.successResultOf(self.result)

    def test_options(self) -> None:
        """The connection's options and its end are reached from inside."""
        self.connect(trusting(the_certificate()[0]))
        server = self.answered(the_certificate()).shakes()
        self.inner.transport.setTcpNoDelay(True)
        self.inner.transport.abortConnection()
        self.assertTrue(server.transport.no_delay and server.transport.aborted)


class RefusedTests(EndpointCase):
    def test_unknown_issuer(self) -> None:
        """A certificate that nobody trusted has signed is refused, and the server is told."""
        self.connect(trust_in_system())
        server = self.answered(the_certificate()).shakes()
        self.assertEqual(
            self.refused(),
            "nobody that you trust has signed its certificate (see --tls-ca and --tls-fingerprint)",
        )
        self.assertTrue(server.transport.disconnecting)
        self.assertFalse(server.engine.is_ready)

    def test_other_name(self) -> None:
        """A certificate of somebody else is refused, for a name and for an address."""
        for host in ("localhost", "192.0.2.1"):
            self.connect(trusting(another()[0]), host)
            self.answered(another()).shakes()
            self.assertEqual(self.refused(), "its certificate is for another name")

    def test_dates(self) -> None:
        """A certificate that is not valid now is refused."""
        for pair, why in ((expired(), "has expired"), (early(), "is not valid yet")):
            self.connect(trusting(pair[0]))
            self.answered(pair).shakes()
            self.assertEqual(self.refused(), f"its certificate {why}")

    def test_other_mistakes(self) -> None:
        """For the rest, OpenSSL's words are told."""
        pair = certificate(usage=ExtendedKeyUsageOID.CLIENT_AUTH)
        self.connect(trusting(pair[0]))
        self.answered(pair).shakes()
        why = self.refused()
        self.assertTrue(why.startswith("its certificate is not valid: unsuitable"), why)

    @each_row(VERSIONS)
    def test_fingerprint(self, version: ssl.TLSVersion) -> None:
        """A certificate with another fingerprint is refused, before anything is sent to it."""
        self.connect(trust_in_fingerprints([mark(the_certificate()[0])]))
        server = self.answered(another(), version).shakes()
        self.assertEqual(
            self.refused(), f"its certificate has another fingerprint: {mark(another()[0])}"
        )
        self.assertEqual((server.listens(), server.transport.aborted), (b"", True))
        server.says(b"more")

    @each_row({"chat": b"Welcome to chatservice.\r\n", "web": b"HTTP/1.1 400 Bad Request\r\n\r\n"})
    def test_no_tls(self, answer: bytes) -> None:
        """A server that speaks something else is not spoken to plainly."""
        self.connect(trusting(the_certificate()[0]))
        server = self.answered(the_certificate())
        server.transport.clear()
        server.says(answer)
        self.assertEqual(self.refused(), "it does not speak TLS")
        self.assertTrue(server.transport.disconnecting)

    def test_old(self) -> None:
        """A server that has no version in common is refused."""
        self.connect(trusting(the_certificate()[0]))
        # An alert (21), fatal (2): protocol_version (70).
        self.answered(the_certificate()).says(b"\x15\x03\x01\x00\x02\x02\x46")
        self.assertEqual(
            self.refused(), "the TLS handshake failed: tlsv1 alert protocol version"
        )

    def test_closed(self) -> None:
        """A server that goes away during the handshake is told."""
        self.connect(trusting(the_certificate()[0]))
        self.answered(the_certificate()).protocol.connectionLost(Failure(ConnectionDone()))
        self.assertEqual(self.refused(), "it closed the connection during the TLS handshake")

    def test_silent(self) -> None:
        """A server that does not answer in time is given up."""
        self.connect(trusting(the_certificate()[0]))
        server = self.answered(the_certificate())
        self.reactor.advance(HANDSHAKE_TIMEOUT)
        self.assertEqual(self.refused(), "it did not finish the TLS handshake in 10 s")
        self.assertTrue(server.transport.aborted)
        server.protocol.connectionLost(Failure(ConnectionDone()))

    def test_stopped(self) -> None:
        """Whoever stops waiting for the handshake leaves nothing behind."""
        self.connect(trusting(the_certificate()[0]))
        server = self.answered(the_certificate())
        self.result.cancel()
        self.failureResultOf(self.result, CancelledError)
        self.assertTrue(server.transport.aborted)
        server.protocol.connectionLost(Failure(ConnectionDone()))
        self.assertEqual((self.inner.seen, self.reactor.getDelayedCalls()), ([], []))


class EndTests(EndpointCase):
    def setUp(self) -> None:
        self.connect(trusting(the_certificate()[0]))
        self.server = self.answered(the_certificate()).shakes()

    def test_own_end(self) -> None:
        """Closing tells the server so, once, and nothing is sent or heard afterwards."""
        self.inner.transport.write(b"the last")
        for _ in range(2):
            self.inner.transport.loseConnection()
        self.inner.transport.write(b"more")
        self.server.says(self.server.engine.seal(b"more"))
        self.assertEqual(self.server.listens(), b"the last")
        self.assertTrue(self.server.engine.has_ended and self.server.transport.disconnecting)
        self.server.protocol.connectionLost(Failure(ConnectionDone()))
        self.assertEqual(self.inner.seen, ["made", "ConnectionDone"])

    def test_their_end(self) -> None:
        """The end of what the server sends is the end, after the last text."""
        sealed = self.server.engine.seal(b"bye")
        self.server.engine.close()
        self.server.says(sealed + self.server.engine.outgoing())
        self.assertEqual(self.inner.seen, ["made", b"bye"])
        self.assertTrue(self.server.transport.disconnecting)

    def test_changed(self) -> None:
        """Ciphertext that was changed ends the connection."""
        sealed = bytearray(self.server.engine.seal(b"hello"))
        sealed[-1] ^= 1
        self.server.says(bytes(sealed))
        self.assertEqual(self.inner.seen, ["made"])
        self.assertTrue(self.server.transport.disconnecting)


class LinkTests(TableCase):
    def setUp(self) -> None:
        self.reactor: Any = MemoryReactorClock()
        self.person = Recorder()
        refs = (f"r{number}" for number in itertools.count(1))
        self.session = Session(self.person, Identity("ada"), ["lobby"], refs, 0)
        below = TCP4ClientEndpoint(self.reactor, "192.0.2.1", 7)
        trust = trusting(the_certificate()[0])
        endpoint = TlsEndpoint(below, "localhost", trust, self.reactor)
        link = Link({"host:7": endpoint}, self.session, self.reactor, Backoff(lambda: 0.0))
        link.start()

    def answered(self, pair: tuple[bytes, bytes]) -> Server:
        factory = self.reactor.tcpClients[-1][2]
        return Server(factory.buildProtocol(None), pair).shakes()

    def test_first(self) -> None:
        """A certificate that is not good is final at the first connection."""
        self.answered(expired())
        (told,) = self.person.take()
        self.assertEqual(
            told,
            "gone Could not connect to host:7: nobody that you trust has signed its"
            " certificate (see --tls-ca and --tls-fingerprint). True",
        )

    def test_later(self) -> None:
        """Later it is told, once until it changes, and tried again: it may be put right."""
        server = self.answered(the_certificate())
        server.says(server.engine.seal(welcome() + b"\n"))
        server.says(server.engine.seal(line("history", ref="r2", events=[]) + b"\n"))
        server.protocol.connectionLost(Failure(ConnectionDone()))
        self.person.take()
        for _ in range(3):
            self.reactor.advance(30)
            self.answered(another()).protocol.connectionLost(Failure(ConnectionDone()))
        told = self.person.take()
        self.assertEqual(len(told), 1)
        self.assertIn("told Could not connect to host:7: nobody that you trust", told[0])
        self.reactor.advance(30)
        self.answered(the_certificate())
        self.assertEqual(self.person.take(), [])

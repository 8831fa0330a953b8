"""The ends, failures and pauses of a connection inside TLS."""

from __future__ import annotations

import contextlib
import ssl

from OpenSSL import SSL
from twisted.internet.error import ConnectionAborted, ConnectionDone

from chatservice.doors import tls
from chatservice.doors.tls import HANDSHAKE_TIMEOUT, TlsLayer
from tests.certified import server_context
from tests.conversation import TableCase, each_row
from tests.doubles import StrictClock, Wire
from tests.sealed import HalfInner, Inner, TlsPeer, Writer, happened, text_in


class EndTests(TableCase):
    def test_half_closed(self) -> None:
        """Half-closing tells the peer so, and its text still arrives."""
        inner = HalfInner()
        peer = TlsPeer(inner).shakes()
        peer.wire.stays = True
        inner.transport.write(b"bye")
        inner.transport.loseWriteConnection()
        inner.transport.loseWriteConnection()
        self.assertEqual((peer.gets(), peer.engine.has_ended), (b"bye", True))
        peer.sends(b"still here")
        inner.transport.loseWriteConnection()
        self.patch(peer.wire, "loseWriteConnection", self.fail)
        inner.transport.unregisterProducer()
        self.assertEqual(inner.seen, ["made", "write lost", b"still here"])
        inner.transport.write(b"more")
        with self.assertRaises(BrokenPipeError):
            inner.transport.send(b"more")
        peer.closes()
        inner.transport.loseConnection()
        self.assertEqual(peer.wire.gets(), b"")
        self.assertEqual(happened(inner)[2:], ["read lost", "ConnectionDone"])

    def test_not_half_closeable(self) -> None:
        """Where directions cannot end by themselves, the end of the input ends all, in order."""
        inner = Inner()
        peer = TlsPeer(inner).shakes()
        peer.sends(b"the last")
        peer.closes()
        self.assertEqual(inner.seen, ["made", b"the last", "ConnectionDone"])
        self.assertEqual((peer.gets(), peer.engine.has_ended), (b"", True))
        self.assertEqual(peer.wire.lost, ConnectionDone)

    @each_row({"half_closeable": HalfInner, "whole": Inner})
    def test_cut_off(self, kind: type[Inner]) -> None:
        """The end of TCP before that of TLS is a lost connection, also within a record."""
        for missing in (0, 1, 10):
            inner = kind()
            peer = TlsPeer(inner).shakes()
            sealed = peer.engine.seal(b"hello")
            peer.wire.sends(sealed[: len(sealed) - missing])
            peer.wire.ends()
            self.assertEqual(happened(inner), ["made", "ConnectionLost"])
            self.assertEqual(text_in(inner), b"" if missing else b"hello")
            self.assertEqual(peer.wire.lost, ConnectionDone)

    def test_end_below(self) -> None:
        """The end of TCP after that of TLS is nothing new."""
        inner = HalfInner()
        peer = TlsPeer(inner).shakes()
        peer.closes()
        peer.wire.ends()
        self.assertEqual(inner.seen, ["made", "read lost"])
        inner.transport.write(b"an answer")
        self.assertEqual(peer.gets(), b"an answer")

    def test_reset(self) -> None:
        """A reset is a lost connection, and the end of a transport without half-closing too."""
        for how in (Wire.vanishes, Wire.hangs_up):
            inner = Inner()
            how(TlsPeer(inner).shakes().wire)
            self.assertEqual(inner.seen, ["made", "ConnectionLost"])

    def test_done(self) -> None:
        """After the end of the input, the end of the connection is in order."""
        inner = HalfInner()
        peer = TlsPeer(inner).shakes()
        peer.closes()
        peer.wire.hangs_up()
        self.assertEqual(inner.seen, ["made", "read lost", "ConnectionDone"])

    def test_abort(self) -> None:
        """Aborting ends the connection without a word."""
        inner = Inner()
        peer = TlsPeer(inner).shakes()
        inner.transport.abortConnection()
        self.assertEqual(peer.wire.gets(), b"")
        self.assertEqual((peer.wire.lost, inner.seen[-1]), (ConnectionAborted, "ConnectionAborted"))

    def test_closed(self) -> None:
        """Once this end closes, nothing more is read."""
        inner = Inner()
        peer = TlsPeer(inner).shakes()
        peer.wire.window = 0
        inner.transport.write(b"bye")
        inner.transport.stopProducing()
        inner.transport.loseConnection()
        inner.transport.resumeProducing()
        peer.layer.dataReceived(peer.engine.seal(b"more"))
        self.assertEqual((peer.wire.reading, inner.seen), (False, ["made"]))
        peer.wire.window = None
        self.assertEqual((peer.gets(), peer.wire.lost), (b"bye", ConnectionDone))

    def test_afterwards(self) -> None:
        """After the connection, every method is harmless."""
        inner = HalfInner()
        peer = TlsPeer(inner).shakes()
        peer.wire.vanishes()
        seen, above = list(inner.seen), inner.transport
        stopped: list[str] = []

        class Stopped:
            def stopProducing(self) -> None:
                stopped.append("stopped")

        above.registerProducer(Stopped(), False)
        above.write(b"more")
        with self.assertRaises(OSError):
            above.getHandle().send(b"more")
        for method in (
            *("loseConnection", "loseWriteConnection", "abortConnection", "stopProducing"),
            *("pauseProducing", "resumeProducing", "unregisterProducer"),
            *("getTcpNoDelay", "getTcpKeepAlive", "getPeer", "getHost"),
        ):
            getattr(above, method)()
        above.setTcpNoDelay(True)
        above.setTcpKeepAlive(True)
        peer.layer.dataReceived(b"more")
        peer.layer.writeConnectionLost()
        self.assertEqual((inner.seen, stopped, peer.wire.options), (seen, ["stopped"], {}))
        self.assertEqual((peer.wire.gets(), peer.clock.getDelayedCalls()), (b"", []))


class FailureTests(TableCase):
    def test_timeout(self) -> None:
        """A handshake that is not done in time is cut off; the protocol inside never began."""
        for part in (0, 50):
            inner = Inner()
            peer = TlsPeer(inner)
            peer.engine.start()
            peer.wire.sends(peer.engine.outgoing()[:part])
            peer.clock.advance(HANDSHAKE_TIMEOUT - 0.1)
            self.assertTrue(peer.wire.connected)
            peer.clock.advance(0.1)
            self.assertEqual((peer.wire.gets(), peer.wire.lost), (b"", ConnectionAborted))
            self.assertEqual(inner.seen, [])

    def test_no_timeout(self) -> None:
        """A handshake that is done has no time limit any more."""
        peer = TlsPeer(Inner()).shakes()
        self.assertEqual(peer.clock.getDelayedCalls(), [])

    @each_row({"http": b"GET / HTTP/1.1\r\n\r\n", "tls": b"\x16\x03\x01\x00\x05hello"})
    def test_garbage(self, garbage: bytes) -> None:
        """What is no handshake is answered with an alert, if it is like TLS, and closed."""
        inner = Inner()
        peer = TlsPeer(inner)
        peer.wire.sends(garbage)
        alert = b"\x15\x03\x03" if garbage[0] == 0x16 else b""
        self.assertEqual(peer.wire.gets()[:3], alert)
        self.assertEqual((peer.wire.lost, inner.seen), (ConnectionDone, []))
        self.assertEqual(peer.clock.getDelayedCalls(), [])

    def test_left(self) -> None:
        """A peer that goes during the handshake, either way, leaves nothing behind."""
        for how in (Wire.ends, Wire.vanishes):
            inner = HalfInner()
            peer = TlsPeer(inner)
            how(peer.wire)
            peer.layer.writeConnectionLost()
            self.assertFalse(peer.wire.connected)
            self.assertEqual((inner.seen, peer.clock.getDelayedCalls()), ([], []))

    def test_changed(self) -> None:
        """Ciphertext that was changed ends the connection; what came before it is delivered."""
        inner = HalfInner()
        peer = TlsPeer(inner).shakes()
        sealed = bytearray(peer.engine.seal(b"good") + peer.engine.seal(b"evil"))
        sealed[-1] ^= 1
        peer.wire.sends(bytes(sealed))
        self.assertEqual(inner.seen, ["made", b"good", "ConnectionLost"])
        self.assertRaises(ssl.SSLError, peer.gets)
        self.assertEqual(peer.wire.lost, ConnectionDone)

    def test_alert_unread(self) -> None:
        """A peer that does not take the alert is cut off in the end."""
        inner = Inner()
        peer = TlsPeer(inner).shakes()
        peer.wire.window = 0
        peer.wire.sends(b"GET / HTTP/1.1\r\n\r\n")
        self.assertEqual((inner.seen, peer.wire.connected), (["made", "ConnectionLost"], True))
        peer.clock.advance(HANDSHAKE_TIMEOUT)
        self.assertEqual((peer.wire.gets(), peer.wire.lost), (b"", ConnectionAborted))

    def test_unread_before(self) -> None:
        """The alert comes behind what waited before it."""
        writer = Writer()
        writer.wire.window = 0
        writer.outbox.write(b"one")
        writer.outbox.write(b"two")
        writer.wire.window = None
        writer.wire.sends(b"GET / HTTP/1.1\r\n\r\n")
        self.assertTrue(writer.outbox.is_closed)
        self.assertRaises(ssl.SSLError, writer.peer.gets)
        self.assertEqual(writer.peer.heard, b"one")
        self.assertEqual(writer.wire.lost, ConnectionDone)


class PauseTests(TableCase):
    def pausing(self) -> tuple[HalfInner, TlsPeer]:
        """A protocol that pauses whenever it has received something, and its peer."""

        class Pausing(HalfInner):
            def dataReceived(self, data: bytes) -> None:
                super().dataReceived(data)
                self.transport.pauseProducing()

        inner = Pausing()
        return inner, TlsPeer(inner).shakes()

    def test_paused(self) -> None:
        """What comes during a pause waits, and comes on a later turn, in order."""
        inner, peer = self.pausing()
        peer.sends(b"one")
        self.assertFalse(peer.wire.reading)
        # The transport may have read it already.
        peer.layer.dataReceived(peer.engine.seal(b"two"))
        peer.layer.dataReceived(peer.engine.seal(b" three"))
        inner.transport.resumeProducing()
        self.assertEqual(inner.seen, ["made", b"one"])
        peer.clock.advance(0)
        self.assertEqual(inner.seen, ["made", b"one", b"two three"])
        peer.sends(b"four")
        inner.transport.resumeProducing()
        peer.wire.gets()
        self.assertEqual(inner.seen[3:], [b"four"])

    def test_end(self) -> None:
        """The end of the input waits for what was received before it."""
        inner, peer = self.pausing()
        peer.wire.sends(peer.engine.seal(b"one"))
        peer.engine.close()
        peer.layer.dataReceived(peer.engine.outgoing())
        self.assertEqual(inner.seen, ["made", b"one"])
        inner.transport.resumeProducing()
        peer.clock.advance(0)
        self.assertEqual(inner.seen, ["made", b"one", "read lost"])

    def test_resumed_at_once(self) -> None:
        """Whoever pauses and resumes while receiving misses nothing, and gets it once."""

        class Hesitating(HalfInner):
            def dataReceived(self, data: bytes) -> None:
                super().dataReceived(data)
                self.transport.pauseProducing()
                self.transport.resumeProducing()

        inner = Hesitating()
        peer = TlsPeer(inner).shakes()
        for text in (b"one", b"two", b"three"):
            peer.sends(text)
        peer.closes()
        self.assertEqual(inner.seen, ["made", b"one", b"two", b"three", "read lost"])

    def test_paused_at_the_beginning(self) -> None:
        """A pause at the beginning holds what came with the handshake."""

        class Shy(Inner):
            def connectionMade(self) -> None:
                super().connectionMade()
                self.transport.pauseProducing()

        inner = Shy()
        peer = TlsPeer(inner)
        peer.engine.start()
        peer.wire.sends(peer.engine.outgoing())
        peer.engine.feed(peer.wire.gets())
        peer.engine.open()
        peer.wire.sends(peer.engine.seal(b"hello"))
        self.assertEqual(inner.seen, ["made"])
        inner.transport.resumeProducing()
        peer.clock.advance(0)
        self.assertEqual(inner.seen, ["made", b"hello"])

    def test_lost(self) -> None:
        """What waited when the connection was lost is not delivered any more."""
        inner, peer = self.pausing()
        peer.sends(b"one")
        peer.layer.dataReceived(peer.engine.seal(b"two"))
        inner.transport.resumeProducing()
        peer.wire.vanishes()
        peer.clock.advance(0)
        self.assertEqual(inner.seen, ["made", b"one", "ConnectionLost"])

    def test_end_and_lost(self) -> None:
        """Nothing ends twice: after the connection is lost, the end of the input is not told."""
        inner, peer = self.pausing()
        peer.sends(b"one")
        peer.engine.close()
        peer.layer.dataReceived(peer.engine.outgoing())
        inner.transport.resumeProducing()
        peer.wire.vanishes()
        peer.clock.advance(0)
        self.assertEqual(inner.seen, ["made", b"one", "ConnectionLost"])

    def test_cut_off(self) -> None:
        """Input that was cut off during a pause is noticed after it."""
        inner, peer = self.pausing()
        peer.sends(b"one")
        peer.layer.readConnectionLost()
        self.assertEqual(inner.seen, ["made", b"one"])
        inner.transport.resumeProducing()
        peer.clock.advance(0)
        self.assertEqual(inner.seen, ["made", b"one", "ConnectionLost"])

    def test_failing(self) -> None:
        """A bug in the protocol inside, on a later turn, is logged and ends the connection."""
        inner, peer = self.pausing()
        peer.sends(b"one")
        peer.layer.dataReceived(peer.engine.seal(b"two"))

        def fail(data: bytes) -> None:
            raise ZeroDivisionError

        inner.dataReceived = fail  # type: ignore[method-assign]
        inner.transport.resumeProducing()
        peer.clock.advance(0)
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)
        self.assertEqual((peer.wire.gets(), peer.wire.lost), (b"", ConnectionAborted))


class UnaskedTests(TableCase):
    """A peer that makes TLS itself answer: in TLS 1.2, by renegotiating."""

    def setUp(self) -> None:
        self.inner = HalfInner()
        self.wire = Wire.to(TlsLayer(StrictClock(), server_context(), self.inner), StrictClock())
        context = SSL.Context(SSL.TLSv1_2_METHOD)
        self.client = SSL.Connection(context, None)
        self.client.set_connect_state()
        for _ in range(3):
            self.bring()

    def bring(self) -> str:
        """Bring everything to and fro, and return what the client cannot do."""
        answers = self.wire.gets()
        if answers:
            self.client.bio_write(answers)
        try:
            self.client.do_handshake()
        except SSL.WantReadError:
            return ""
        except SSL.Error as error:
            return str(error)
        finally:
            with contextlib.suppress(SSL.WantReadError):
                self.wire.sends(self.client.bio_read(65536))
        return ""

    def renegotiate(self) -> None:
        self.client.renegotiate()
        self.bring()

    def test_refused(self) -> None:
        """A new handshake within the connection is refused."""
        self.renegotiate()
        self.assertIn("no renegotiation", self.bring())

    def test_waiting(self) -> None:
        """What TLS itself has to say waits behind what waits already."""
        self.wire.window = 0
        self.inner.transport.write(b"hello")
        self.renegotiate()
        self.assertTrue(self.wire.connected)
        self.wire.window = None
        self.client.bio_write(self.wire.gets())
        self.assertEqual(self.client.recv(100), b"hello")
        with self.assertRaisesRegex(SSL.Error, "no renegotiation"):
            self.client.recv(100)

    def test_bounded(self) -> None:
        """Who reads none of it is cut off."""
        self.patch(tls, "UNASKED", 30)
        self.wire.window = 0
        self.inner.transport.write(b"hello")
        self.renegotiate()
        self.wire.clock.advance(0)
        self.assertEqual(self.wire.lost, ConnectionAborted)

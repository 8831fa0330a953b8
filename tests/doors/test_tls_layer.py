"""A protocol inside TLS finds what it would find on TCP."""

from __future__ import annotations

import ssl

from chatservice.sessions.outbox import HAND_OVER
from tests.certified import client_context
from tests.conversation import TableCase, each_row
from tests.sealed import HalfInner, Inner, TlsPeer, Writer, happened, text_in

WAYS = {"direct": True, "through_write": False}
SIZES = {"at_once": 0, **{f"by_{size}": size for size in range(1, 10)}}


class TalkTests(TableCase):
    @each_row(SIZES)
    def test_pieces(self, size: int) -> None:
        """However the ciphertext arrives, the protocol inside gets the text, after it has begun."""
        inner = HalfInner()
        peer = TlsPeer(inner, size=size).shakes()
        self.assertEqual(inner.seen, ["made"])
        peer.sends(b"hello")
        peer.sends(b" world")
        peer.closes()
        self.assertEqual(text_in(inner), b"hello world")
        self.assertEqual(happened(inner), ["made", "read lost"])
        inner.transport.write(b"and ")
        inner.transport.writeSequence([b"an ", b"answer"])
        inner.transport.loseConnection()
        self.assertEqual((peer.gets(), peer.engine.has_ended), (b"and an answer", True))
        self.assertEqual(happened(inner), ["made", "read lost", "ConnectionDone"])

    @each_row(WAYS)
    def test_at_once(self, direct: bool) -> None:
        """What is sent with the last bytes of the handshake arrives behind it."""
        inner = Inner()
        peer = TlsPeer(inner, direct=direct)
        peer.engine.start()
        peer.wire.sends(peer.engine.outgoing())
        peer.engine.feed(peer.wire.gets())
        peer.engine.open()
        self.assertEqual(inner.seen, [])
        peer.wire.sends(peer.engine.seal(b"hello"))
        self.assertEqual(inner.seen, ["made", b"hello"])

    def test_one_delivery(self) -> None:
        """Records that arrive together are delivered together."""
        inner = Inner()
        peer = TlsPeer(inner).shakes()
        peer.wire.sends(peer.engine.seal(b"one ") + peer.engine.seal(b"two"))
        self.assertEqual(inner.seen, ["made", b"one two"])

    @each_row({"v1_2": ssl.TLSVersion.TLSv1_2, "v1_3": ssl.TLSVersion.TLSv1_3})
    def test_versions(self, version: ssl.TLSVersion) -> None:
        """TLS 1.2 and 1.3 carry text both ways."""
        inner = Inner()
        peer = TlsPeer(inner, context=client_context(version=version)).shakes()
        peer.sends(b"hello")
        inner.transport.getHandle().send(b"an answer")
        self.assertEqual((inner.seen, peer.gets()), (["made", b"hello"], b"an answer"))

    def test_direct(self) -> None:
        """On plain TCP, ciphertext goes to the socket, and not through the buffer."""
        inner = Inner()
        peer = TlsPeer(inner).shakes()
        self.assertEqual(inner.transport.getHandle().send(b"hello"), 5)
        self.assertEqual((peer.wire.written, peer.wire.producer), ([], None))
        self.assertNotIn(b"hello", peer.wire.direct[-1])
        self.assertEqual(peer.gets(), b"hello")

    def test_only_if_told_so(self) -> None:
        """Elsewhere, everything goes through the transport's buffer."""
        inner = Inner()
        peer = TlsPeer(inner, direct=False).shakes()
        self.assertEqual(inner.transport.getHandle().send(b"hello"), 5)
        self.assertEqual((peer.gets(), peer.wire.direct, peer.wire.producer), (b"hello", [], None))

    def test_nothing(self) -> None:
        """Writing no bytes sends nothing."""
        inner = Inner()
        peer = TlsPeer(inner).shakes()
        inner.transport.write(b"")
        self.assertEqual(inner.transport.send(b""), 0)
        self.assertEqual((peer.wire.gets(), peer.wire.producer), (b"", None))

    def test_options(self) -> None:
        """The options of the connection below are reached from above."""
        inner = Inner()
        peer = TlsPeer(inner).shakes()
        above = inner.transport
        above.setTcpNoDelay(True)
        above.setTcpKeepAlive(True)
        self.assertEqual(peer.wire.options, {"nodelay": True, "keepalive": True})
        self.assertTrue(above.getTcpNoDelay() and above.getTcpKeepAlive())
        self.assertEqual(above.getPeer(), peer.wire.getPeer())
        self.assertEqual(above.getHost(), peer.wire.getHost())
        peer.wire.socket = object()  # type: ignore[attr-defined]
        self.assertIs(above.socket, peer.wire.socket)  # type: ignore[attr-defined]


KINDS = {
    f"{above}_over_{below}": (WAYS[above], WAYS[below]) for above in WAYS for below in WAYS
}


class OutboxTests(TableCase):
    @each_row(KINDS)
    def test_short(self, kind: tuple[bool, bool]) -> None:
        """Whatever the network takes, the peer gets all in order, and then it goes at once."""
        for window in range(0, 60, 7):
            writer = Writer(*kind)
            writer.wire.window = window
            text = b""
            for number in range(5):
                writer.outbox.write(b"line %d\n" % number)
                text += b"line %d\n" % number
            first = writer.peer.gets()
            self.assertLess(len(first), window + 1)
            writer.wire.window = None
            self.assertEqual(first + writer.peer.gets(), text)
            self.assertEqual((writer.outbox.waiting, writer.wire.producer), (0, None))
            writer.outbox.write(b"again")
            self.assertEqual(writer.peer.gets(), b"again")

    @each_row(KINDS)
    def test_much(self, kind: tuple[bool, bool]) -> None:
        """One piece of any size arrives, and at most a part of it waits as ciphertext."""
        writer = Writer(*kind)
        writer.wire.window = 1000
        text = bytes(range(256)) * 8192
        writer.outbox.write(text)
        self.assertLess(len(writer.wire._buffer), HAND_OVER + 10_000)
        self.assertGreaterEqual(writer.outbox.waiting, len(text) - HAND_OVER)
        writer.wire.window = None
        self.assertEqual(writer.peer.gets(), text)

    def test_limit(self) -> None:
        """A peer that reads nothing is cut at the limit of the plain text."""
        writer = Writer(limit=10_000)
        writer.wire.window = 0
        written = 0
        while not writer.overflows:
            writer.outbox.write(bytes(100))
            written += 100
        self.assertEqual(written, 100 + 10_000 + 100)
        self.assertLess(len(writer.wire._buffer), 200)
        writer.outbox.write(b"more")
        self.assertEqual(writer.overflows, 1)

    def test_in_between(self) -> None:
        """What is written when the outbox has just become empty is not forgotten."""
        writer = Writer()
        writer.wire.window = 0
        writer.outbox.write(b"one ")
        writer.outbox.write(b"two ")
        writer.outbox.emptied().addCallback(lambda _: writer.outbox.write(b"three"))
        writer.wire.window = None
        self.assertEqual(writer.peer.gets(), b"one two three")

    def test_unasked(self) -> None:
        """Text that is written while ciphertext waits follows it."""
        writer = Writer()
        writer.wire.window = 0
        writer.outbox.write(b"one ")
        writer.inner.transport.write(b"two")
        writer.wire.window = None
        self.assertEqual(writer.peer.gets(), b"one two")

    @each_row({"whole": "loseConnection", "half": "loseWriteConnection"})
    def test_closing(self, method: str) -> None:
        """Closing waits until everything was sent, even what waits in the outbox."""
        for window in range(0, 120, 7):
            writer = Writer()
            writer.wire.window = window
            for line in (b"one ", b"two ", b"three"):
                writer.outbox.write(line)
            getattr(writer.inner.transport, method)()
            self.assertEqual(happened(writer.inner), ["made"])
            if writer.wire.producer is not None:
                # Twisted forgets to half-close when its producer leaves.
                self.assertFalse(writer.wire.disconnecting or writer.wire._half_closing)
            writer.wire.window = None
            self.assertEqual(writer.peer.gets(), b"one two three", window)
            self.assertTrue(writer.peer.engine.has_ended)
            ends = {"loseConnection": [], "loseWriteConnection": ["write lost"]}[method]
            self.assertEqual(happened(writer.inner)[1:2], ends or ["ConnectionDone"])

    def test_closing_in_between(self) -> None:
        """A producer that closes and then writes its last is waited for."""

        class Closing:
            def resumeProducing(self) -> None:
                writer.inner.transport.loseConnection()
                writer.inner.transport.write(b"last")
                writer.inner.transport.unregisterProducer()

        writer = Writer()
        writer.inner.transport.registerProducer(Closing(), False)
        self.assertEqual((writer.peer.gets(), writer.peer.engine.has_ended), (b"last", True))

    def test_idle_producer(self) -> None:
        """A producer that has nothing to write is waited for until it leaves."""

        class Idle:
            def resumeProducing(self) -> None:
                pass

        writer = Writer()
        writer.inner.transport.registerProducer(Idle(), False)
        writer.inner.transport.loseConnection()
        self.assertEqual((writer.peer.gets(), writer.peer.engine.has_ended), (b"", False))
        writer.inner.transport.write(b"late")
        self.assertEqual(writer.peer.gets(), b"late")
        writer.inner.transport.unregisterProducer()
        self.assertEqual((writer.peer.gets(), writer.peer.engine.has_ended), (b"", True))

    def test_blocked(self) -> None:
        """While ciphertext waits, sending takes nothing, as a socket that is full."""
        writer = Writer()
        writer.wire.window = 0
        writer.inner.transport.send(b"one")
        with self.assertRaises(BlockingIOError):
            writer.inner.transport.send(b"two")

    def test_one_producer(self) -> None:
        """A second producer is refused, as on TCP."""
        writer = Writer()
        writer.wire.window = 0
        writer.outbox.write(b"one")
        writer.outbox.write(b"two")
        with self.assertRaises(RuntimeError):
            writer.inner.transport.registerProducer(object(), False)

    def test_lost(self) -> None:
        """When the connection is lost, what waits is dropped."""
        writer = Writer()
        writer.wire.window = 0
        writer.outbox.write(b"one")
        writer.outbox.write(b"two")
        writer.wire.vanishes()
        self.assertTrue(writer.outbox.is_closed)
        self.assertEqual(happened(writer.inner), ["made", "ConnectionLost"])

    def test_broken(self) -> None:
        """An error of the socket is left to the transport to find."""
        writer = Writer()
        writer.wire.broken = True
        writer.outbox.write(b"one")
        self.assertEqual((len(writer.wire.written), writer.wire.aborting), (1, False))

    def test_reset(self) -> None:
        """Unless nothing else will hear of it."""
        writer = Writer()
        writer.wire.resets()
        writer.outbox.write(b"one")
        self.assertTrue(writer.wire.aborting)

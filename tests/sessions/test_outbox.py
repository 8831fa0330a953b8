"""The outbox sends at once while it can, and shares, bounds and forgets what waits."""

import errno

from twisted.trial.unittest import SynchronousTestCase

from chatservice.sessions.outbox import HAND_OVER, Outbox, is_lost
from tests.sessions.writer import LIMIT, Writer


class DirectTests(SynchronousTestCase):
    def test_at_once(self) -> None:
        """While nothing waits, the very object goes to the network, and not through the buffer."""
        writer = Writer()
        data = b"hello\r\n"
        writer.outbox.write(data)
        self.assertIs(writer.wire.direct[0], data)
        self.assertEqual((writer.wire.written, writer.wire.producer), ([], None))
        self.assertEqual((writer.wire.gets(), writer.outbox.waiting), (data, 0))

    def test_nothing(self) -> None:
        """Writing no bytes does not touch the transport."""
        writer = Writer()
        writer.outbox.write(b"")
        self.assertEqual((writer.wire.direct, writer.wire.written), ([], []))

    def test_short_write(self) -> None:
        """What the network does not take follows as soon as it takes more, and in order."""
        for window in range(6):
            writer = Writer(window=window)
            writer.outbox.write(b"hello")
            writer.outbox.write(b" world")
            self.assertEqual(writer.wire.gets(), b"hello"[:window])
            writer.wire.window = None
            self.assertEqual(writer.wire.gets(), b"hello world"[window:])
            self.assertEqual((writer.outbox.waiting, writer.wire.producer), (0, None))

    def test_direct_again(self) -> None:
        """When all that waited is sent, a write goes out at once again."""
        writer = Writer(window=2)
        writer.outbox.write(b"hello")
        writer.wire.window = None
        writer.wire.gets()
        writer.outbox.write(b"again")
        self.assertEqual(writer.wire.direct[-1], b"again")
        self.assertEqual(writer.wire.gets(), b"again")

    def test_order(self) -> None:
        """While something waits, nothing overtakes it."""
        writer = Writer(window=0)
        writer.outbox.write(b"first")
        writer.wire.window = None
        writer.outbox.write(b"second")
        self.assertEqual(writer.wire.direct, [b"first"])
        self.assertEqual(writer.wire.gets(), b"firstsecond")

    def test_lost_connection(self) -> None:
        """An exception instead of a count is no error: the transport finds out by itself."""
        writer = Writer()
        writer.wire.broken = True
        writer.outbox.write(b"hello")
        self.assertEqual(writer.wire.written, [b"hello"])
        writer.outbox.write(b"world")
        writer.wire.vanishes()
        self.assertEqual(writer.outbox.waiting, 0)

    def test_reset(self) -> None:
        """A reset, of which nothing else will hear, ends the connection; what was unsent is known.
        """
        writer = Writer()
        writer.wire.resets()
        writer.outbox.write(b"hello")
        self.assertTrue(writer.wire.aborting)
        self.assertEqual((writer.outbox.behind, writer.outbox.waiting), (0, 5))

    def test_no_buffers(self) -> None:
        """A network without buffers takes more later."""
        writer = Writer()
        error = OSError(errno.ENOBUFS, "no buffer space available")
        self.assertFalse(is_lost(error))
        writer.outbox.rest(b"hello", error)
        self.assertEqual(writer.wire.gets(), b"hello")

    def test_only_if_told_so(self) -> None:
        """Unless it is told that the connection is plain TCP, everything goes through write."""
        writer = Writer(direct=False)
        writer.outbox.write(b"hello")
        writer.outbox.write(b" world")
        self.assertEqual(writer.wire.gets(), b"hello world")
        self.assertEqual((writer.wire.direct, writer.wire.written), ([], [b"hello", b" world"]))


class WaitingTests(SynchronousTestCase):
    def test_the_same_bytes(self) -> None:
        """What waits is the object that was written, not a copy of it."""
        writer = Writer(window=0)
        writer.outbox.write(b"first")
        data = bytes(1000)
        writer.outbox.write(data)
        writer.wire.window = None
        writer.wire.gets()
        self.assertIs(writer.wire.written[-1], data)

    def test_untouched(self) -> None:
        """What the network takes nothing of waits as the object that was written."""
        writer = Writer(window=0)
        data = bytes(1000)
        writer.outbox.write(data)
        self.assertIs(writer.wire.written[0], data)

    def test_no_bytes_among_others(self) -> None:
        """Writing no bytes while something waits does not keep what follows from being sent."""
        writer = Writer(window=0)
        for data in (b"hello", b""):
            writer.outbox.write(data)
        writer.wire.window = 5
        self.assertEqual(writer.wire.gets(), b"hello")
        writer.outbox.write(b" world")
        writer.wire.window = None
        self.assertEqual(writer.wire.gets(), b" world")

    def test_hand_over(self) -> None:
        """The transport is handed at most 128 KiB at a time, whatever the pieces."""
        pieces = [b"a" * 9, b"b" * 100_000, b"c" * 40_000, b"d" * 300_000]
        writer = Writer(window=0)
        for piece in pieces:
            writer.outbox.write(piece)
        writer.wire.window = None
        self.assertEqual(writer.wire.gets(), b"".join(pieces))
        self.assertEqual(
            [len(data) for data in writer.wire.written],
            [9, 100_000, 40_000, HAND_OVER, HAND_OVER, 300_000 - 2 * HAND_OVER],
        )

    def test_gathering(self) -> None:
        """Small pieces are handed over together, and up to 128 KiB of them exactly."""
        writer = Writer(window=0)
        writer.outbox.write(b"first")
        for _ in range(129):
            writer.outbox.write(bytes(1024))
        writer.wire.window = None
        writer.wire.gets()
        self.assertEqual([len(data) for data in writer.wire.written], [5, HAND_OVER, 1024])

    def test_not_before_it_is_sent(self) -> None:
        """No more is handed over before the last of what was handed over is sent."""
        writer = Writer(window=0)
        writer.outbox.write(b"first")
        writer.outbox.write(b"second")
        writer.wire.window = 4
        writer.wire.gets()
        self.assertEqual((writer.wire.written, writer.outbox.waiting), ([b"first"], 11))
        writer.wire.window = 1
        writer.wire.gets()
        self.assertEqual((writer.wire.written[1:], writer.outbox.waiting), ([b"second"], 6))


class BoundTests(SynchronousTestCase):
    def test_bound(self) -> None:
        """As many bytes may wait as the limit says, those handed over included; then it is over."""
        writer = Writer(window=0, limit=10)
        for data in (b"1234", b"567", b"890"):
            writer.outbox.write(data)
        self.assertEqual((writer.overflows, writer.outbox.waiting), ([], 10))
        writer.outbox.write(b"!")
        self.assertEqual(writer.overflows, [0])

    def test_one_large_piece(self) -> None:
        """A single piece is taken whatever its size, and then nothing beside it."""
        writer = Writer(window=3, limit=10)
        writer.outbox.write(bytes(100))
        self.assertEqual((writer.overflows, writer.outbox.waiting), ([], 97))
        writer.outbox.write(b"!")
        self.assertEqual(writer.overflows, [0])

    def test_what_is_sent_waits_no_more(self) -> None:
        """Whoever reads may be sent more than the limit in all."""
        writer = Writer(window=0, limit=10)
        for _ in range(10):
            writer.outbox.write(b"12345")
            writer.outbox.write(b"67890")
            self.assertEqual(writer.outbox.waiting, 10)
            writer.wire.window = None
            self.assertEqual(writer.wire.gets(), b"1234567890")
            writer.wire.window = 0
        self.assertEqual(writer.overflows, [])

    def test_overflow_once(self) -> None:
        """An overflow is told once, and closes the outbox: nothing is written after it."""
        writer = Writer(window=0, limit=10)
        for _ in range(5):
            writer.outbox.write(b"123456")
        self.assertEqual(writer.overflows, [0])
        writer.wire.window = None
        self.assertEqual(writer.wire.gets(), b"123456")
        self.assertEqual(len(writer.wire.written) + len(writer.wire.direct), 2)


class EndTests(SynchronousTestCase):
    def test_closed(self) -> None:
        """A closed outbox writes nothing."""
        writer = Writer()
        writer.outbox.close()
        writer.outbox.write(b"hello")
        self.assertEqual((writer.wire.direct, writer.wire.written), ([], []))

    def test_closed_while_waiting(self) -> None:
        """Closing forgets what waits; only what was handed over may still be sent."""
        writer = Writer(window=0)
        writer.outbox.write(b"hello")
        writer.outbox.write(b" world")
        writer.outbox.close()
        self.assertEqual(writer.outbox.waiting, 0)
        writer.wire.window = None
        self.assertEqual(writer.wire.gets(), b"hello")
        self.assertEqual(writer.outbox.waiting, 0)

    def test_vanished(self) -> None:
        """When the connection is lost, the outbox forgets what waits and writes nothing more."""
        writer = Writer(window=0)
        writer.outbox.write(b"hello")
        writer.outbox.write(b" world")
        writer.outbox.stopProducing()
        writer.outbox.write(b"!")
        self.assertEqual((writer.outbox.waiting, len(writer.wire.direct)), (0, 1))

    def test_detached(self) -> None:
        """Detaching leaves the transport to another outbox, after what was handed over."""
        writer = Writer(window=0)
        writer.outbox.write(b"hello")
        writer.outbox.write(b" world")
        writer.outbox.detach()
        writer.outbox.write(b"!")
        another = Outbox(writer.wire, LIMIT, writer)
        another.write(b" another")
        writer.wire.window = None
        self.assertEqual(writer.wire.gets(), b"hello another")
        self.assertIsNone(writer.wire.producer)

    def test_detached_with_nothing_to_send(self) -> None:
        """Detaching while nothing waits leaves alone whatever else produces for the transport."""
        writer = Writer()
        another = Outbox(writer.wire, LIMIT, writer)
        writer.wire.registerProducer(another, False)
        writer.outbox.detach()
        self.assertIs(writer.wire.producer, another)


class CorkTests(SynchronousTestCase):
    """What is written while something else is to go first."""

    def setUp(self) -> None:
        self.writer = Writer(limit=10)
        self.outbox, self.wire = self.writer.outbox, self.writer.wire

    def test_goes_first(self) -> None:
        """What the cork is pulled with overtakes what was written meanwhile, and nothing else."""
        self.outbox.write(b"1 ")
        self.outbox.cork()
        self.outbox.write(b"3 ")
        self.outbox.write(b"4 ")
        self.assertEqual((self.wire.gets(), self.outbox.waiting), (b"1 ", 4))
        self.outbox.uncork(b"2 ")
        self.outbox.write(b"5 ")
        self.assertEqual((self.wire.gets(), self.outbox.waiting), (b"2 3 4 5 ", 0))

    def test_after_what_waits(self) -> None:
        """What waited for the network before is not overtaken."""
        self.wire.window = 0
        self.outbox.write(b"1 ")
        self.outbox.cork()
        self.outbox.write(b"3 ")
        self.outbox.uncork(b"2 ")
        self.assertEqual(self.outbox.waiting, 6)
        self.wire.window = None
        self.assertEqual((self.wire.gets(), self.outbox.waiting), (b"1 2 3 ", 0))

    def test_sent_meanwhile(self) -> None:
        """What waited for the network before is sent while the cork is in."""
        self.wire.window = 0
        self.outbox.write(b"1 ")
        self.outbox.cork()
        self.outbox.write(b"3 ")
        self.wire.window = None
        self.assertEqual((self.wire.gets(), self.outbox.waiting), (b"1 ", 2))
        self.outbox.uncork(b"2 ")
        self.assertEqual((self.wire.gets(), self.outbox.waiting), (b"2 3 ", 0))

    def test_bounded(self) -> None:
        """Behind the cork no more waits than anywhere else."""
        self.outbox.cork()
        self.outbox.write(b"x" * 6)
        self.outbox.write(b"x" * 5)
        self.assertEqual(self.writer.overflows, [0])
        self.outbox.uncork(b"first")
        self.assertEqual((self.wire.gets(), self.outbox.waiting), (b"", 0))

    def test_nothing_first(self) -> None:
        """The cork may be pulled with nothing, when nothing has waited."""
        self.outbox.cork()
        self.outbox.uncork(b"")
        self.assertEqual((self.wire.direct, self.wire.producer), ([], None))

    def test_closed_meanwhile(self) -> None:
        """Nothing is sent when the connection was lost before the cork was pulled."""
        self.outbox.cork()
        self.outbox.write(b"2")
        self.wire.vanishes()
        self.outbox.uncork(b"1")
        self.assertEqual((self.outbox.waiting, self.wire.written), (0, []))

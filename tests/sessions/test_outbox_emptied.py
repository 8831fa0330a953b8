"""The outbox tells when nothing waits any more, and what it has not sent."""

from twisted.trial.unittest import SynchronousTestCase

from chatservice.sessions.outbox import Outbox
from tests.sessions.writer import Writer


class EmptiedTests(SynchronousTestCase):
    """Waiting until everything is sent."""

    def test_nothing_waits(self) -> None:
        """There is nothing to wait for when everything went out at once."""
        writer = Writer()
        writer.outbox.write(b"hello")
        self.successResultOf(writer.outbox.emptied())

    def test_waits(self) -> None:
        """Everybody who waits goes on when the network has taken the last byte, and not before."""
        writer = Writer(window=2)
        writer.outbox.write(b"hello")
        first, second = writer.outbox.emptied(), writer.outbox.emptied()
        writer.wire.gets()
        writer.wire.window = 2
        writer.wire.gets()
        self.assertNoResult(first)
        writer.wire.window = None
        writer.wire.gets()
        self.successResultOf(first)
        self.successResultOf(second)

    def test_writes_again(self) -> None:
        """Who has waited may write, and wait again."""
        writer = Writer(window=0)
        writer.outbox.write(b"one ")
        emptied = writer.outbox.emptied()
        emptied.addCallback(lambda _: writer.outbox.write(b"two"))
        emptied.addCallback(lambda _: writer.outbox.emptied())
        writer.wire.window = None
        self.assertEqual(writer.wire.gets(), b"one two")
        self.successResultOf(emptied)

    def test_ends(self) -> None:
        """Nobody waits for ever: the end of the connection counts, whatever way it came."""
        for end in (Outbox.close, Outbox.detach, Outbox.stopProducing):
            writer = Writer(window=0)
            writer.outbox.write(b"hello")
            emptied = writer.outbox.emptied()
            end(writer.outbox)
            self.successResultOf(emptied)
            self.successResultOf(writer.outbox.emptied())

    def test_overflow(self) -> None:
        """Who waits goes on when too much waited."""
        writer = Writer(window=0, limit=3)
        writer.outbox.write(b"one")
        emptied = writer.outbox.emptied()
        writer.outbox.write(b"two")
        self.successResultOf(emptied)


class BehindTests(SynchronousTestCase):
    """From where on something is not sent."""

    def setUp(self) -> None:
        self.writer = Writer(limit=10)
        self.outbox, self.wire = self.writer.outbox, self.writer.wire
        self.marks = 0
        self.writer.position = self.mark  # type: ignore[method-assign]

    def mark(self) -> int:
        self.marks += 1
        return self.marks

    def test_nothing_waits(self) -> None:
        """What is sent at once leaves nothing behind, and asks for no mark."""
        self.outbox.write(b"hello")
        self.assertEqual((self.outbox.behind, self.marks), (None, 0))

    def test_first_that_waits(self) -> None:
        """It is where the first that waits began, until everything is sent."""
        self.wire.window = 2
        self.outbox.write(b"hello")
        self.outbox.write(b" all")
        self.assertEqual((self.wire.gets(), self.outbox.behind), (b"he", 1))
        self.wire.window = None
        self.assertEqual((self.wire.gets(), self.outbox.behind), (b"llo all", None))

    def test_never_sent(self) -> None:
        """It stays so when the rest will never be sent."""
        ends = (
            lambda: self.outbox.close(),
            lambda: self.outbox.write(b"x" * 11),
            lambda: self.wire.vanishes(),
        )
        for end in ends:
            self.setUp()
            self.wire.window = 0
            self.outbox.write(b"hello")
            end()
            self.assertEqual((self.outbox.behind, self.outbox.waiting), (1, 0))

    def test_corked(self) -> None:
        """What is held back waits as well, whatever is sent meanwhile."""
        self.wire.window = 0
        self.outbox.write(b"1")
        self.outbox.cork()
        self.wire.window = None
        self.assertEqual((self.wire.gets(), self.outbox.behind), (b"1", 1))
        self.outbox.uncork(b"2")
        self.assertEqual((self.wire.gets(), self.outbox.behind), (b"2", None))

    def test_uncorked(self) -> None:
        """It still waits when the network does not take it then, or the connection is lost."""
        self.outbox.cork()
        self.wire.window = 0
        self.outbox.uncork(b"1")
        self.assertEqual(self.outbox.behind, 1)
        self.outbox.close()
        self.outbox.uncork(b"2")
        self.assertEqual(self.outbox.behind, 1)

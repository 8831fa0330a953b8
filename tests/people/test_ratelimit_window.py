"""How often something may be tried."""

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from chatservice.people.ratelimit import Tries


class TriesTests(SynchronousTestCase):
    """Three tries in ten seconds."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.tries = Tries(self.clock.seconds, limit=3, within=10)

    def count_at(self, *times: float, key: str = "ada") -> None:
        """Tries, at these times."""
        for time in times:
            self.clock.advance(time - self.clock.seconds())
            self.tries.count(key)

    def test_attempt(self) -> None:
        """An attempt counts for all of its keys, or for none if it is one too many for any."""
        self.count_at(0, 2, 3)
        self.assertEqual(self.tries.attempt("ada", "bob"), 7)
        waits = [self.tries.attempt("bob") for _ in range(4)]
        self.assertEqual(waits, [0, 0, 0, 10])

    def test_new(self) -> None:
        """What was not tried may be tried."""
        self.assertEqual(self.tries.wait("ada"), 0)

    def test_below_the_limit(self) -> None:
        """As many may be tried as the limit says, even at once."""
        self.count_at(0, 0)
        self.assertEqual(self.tries.wait("ada"), 0)

    def test_at_the_limit(self) -> None:
        """After that, one waits until the first of them is old enough."""
        self.count_at(0, 2, 3)
        self.assertEqual(self.tries.wait("ada"), 7)

    def test_sliding(self) -> None:
        """In no span of that length are there more than the limit."""
        self.count_at(0, 2, 3, 10)
        self.assertEqual(self.tries.wait("ada"), 2)
        self.clock.advance(3)
        self.assertEqual(self.tries.wait("ada"), 0)

    def test_separate(self) -> None:
        """What is tried counts for itself alone."""
        self.count_at(0, 0, 0)
        self.assertEqual(self.tries.wait("bob"), 0)

    def test_together(self) -> None:
        """Of several keys, the one that has to wait longest decides."""
        self.count_at(0, 1, 2)
        self.count_at(3, 3, 3, key="bob")
        self.assertEqual(self.tries.wait("eve", "bob", "ada"), 10)

    def test_count_together(self) -> None:
        """Several keys are counted at once."""
        for _ in range(3):
            self.tries.count("ada", "bob")
        self.assertEqual((self.tries.wait("ada"), self.tries.wait("bob")), (10, 10))

    def test_give_back(self) -> None:
        """A try that is given back does not count, and the ones before it do."""
        self.count_at(0, 2, 3)
        self.tries.give_back("ada")
        self.assertEqual(self.tries.wait("ada"), 0)
        self.count_at(4)
        self.assertEqual(self.tries.wait("ada"), 6)

    def test_give_back_forgotten(self) -> None:
        """A try that is forgotten by now can still be given back."""
        self.count_at(0)
        self.count_at(11, key="bob")
        self.tries.give_back("ada")
        self.assertEqual(self.tries.wait("ada"), 0)

    def test_bounded(self) -> None:
        """What was not tried for so long takes no memory."""
        for number in range(100):
            self.count_at(number, key=f"guest{number}")
            self.assertLessEqual(len(self.tries), 10)

    def test_given_back_is_forgotten(self) -> None:
        """A key of which all tries were given back takes none either, after a while."""
        self.count_at(0)
        self.tries.give_back("ada")
        self.count_at(0, key="bob")
        self.assertEqual(len(self.tries), 1)

    def test_newest_counts(self) -> None:
        """A key that was tried again is remembered from then on."""
        self.count_at(0, 1)
        self.count_at(2, key="bob")
        self.count_at(9)
        self.count_at(13, key="eve")
        self.assertEqual(len(self.tries), 2)
        self.count_at(14, 14)
        self.assertGreater(self.tries.wait("ada"), 0)

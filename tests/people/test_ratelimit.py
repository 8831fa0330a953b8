"""Token buckets: what a payer may cost."""

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from chatservice.people.ratelimit import Allowances


class AllowancesTests(SynchronousTestCase):
    """Ten tokens, and five come back in a second."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.allowances = Allowances(self.clock.seconds, rate=5, burst=10)

    def test_burst(self) -> None:
        """A burst costs no time, and what goes beyond it does."""
        waits = [self.allowances.spend("ada") for _ in range(12)]
        self.assertEqual(waits, [0.0] * 9 + [0.2, 0.4, 0.6])

    def test_come_back(self) -> None:
        """Tokens come back with time, and never more than a burst of them."""
        self.allowances.spend("ada", 10)
        self.clock.advance(0.1)
        self.assertAlmostEqual(self.allowances.wait("ada"), 0.1)
        self.clock.advance(100)
        self.assertEqual(self.allowances.wait("ada"), 0)
        self.assertAlmostEqual(self.allowances.spend("ada", 10), 0.2)

    def test_apart(self) -> None:
        """Each payer pays for itself."""
        self.allowances.spend("ada", 100)
        self.assertEqual(self.allowances.wait("bob"), 0)
        self.assertGreater(self.allowances.wait("ada"), 18)

    def test_debt(self) -> None:
        """Something large is paid for afterwards."""
        self.assertAlmostEqual(self.allowances.spend("ada", 60), 10.2)

    def test_forgotten(self) -> None:
        """Payers who have everything back are forgotten."""
        for number in range(100):
            self.allowances.spend(number)
        self.clock.advance(1)
        self.allowances.spend("ada")
        self.assertEqual(len(self.allowances), 1)

    def test_no_limit(self) -> None:
        """Without a rate everything is free, and nothing is remembered."""
        free = Allowances(self.clock.seconds, rate=0, burst=10)
        self.assertEqual(free.spend("ada", 1000), 0)
        self.assertEqual(free.wait("ada"), 0)
        self.assertEqual(len(free), 0)

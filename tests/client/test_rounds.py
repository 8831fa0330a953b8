"""In which order addresses are tried, and the pauses between."""

from twisted.trial.unittest import SynchronousTestCase

from chatservice.client.rounds import Backoff, Rounds


class BackoffTests(SynchronousTestCase):
    """The pauses."""

    def test_growing(self) -> None:
        """Each pause is twice as long as the last, up to a limit, until the chat is reached."""
        backoff = Backoff(lambda: 1.0)
        self.assertEqual([backoff() for _ in range(8)], [0.5, 1, 2, 4, 8, 16, 30, 30])
        backoff.reset()
        self.assertEqual(backoff(), 0.5)

    def test_chance(self) -> None:
        """Chance takes up to half of a pause away."""
        chances = iter([0.0, 0.5, 1.0])
        backoff = Backoff(lambda: next(chances))
        self.assertEqual([backoff() for _ in range(3)], [0.25, 0.75, 2.0])


class RoundsTests(SynchronousTestCase):
    """The order."""

    def rounds(self, *addresses: str) -> Rounds:
        return Rounds(addresses, Backoff(lambda: 1.0))

    def turns(self, rounds: Rounds, count: int) -> list[tuple[str, float]]:
        """The addresses of the next attempts, all of which fail, each with the pause before it."""
        found = []
        for _ in range(count):
            goes_on = rounds.end_turn()
            self.assertEqual(goes_on, not rounds.pause)
            found.append((rounds.address, rounds.pause))
        return found

    def test_one(self) -> None:
        """The only address is tried again and again, with a pause before each attempt."""
        rounds = self.rounds("a")
        self.assertEqual((rounds.address, rounds.are_several), ("a", False))
        self.assertEqual(self.turns(rounds, 3), [("a", 0.5), ("a", 1), ("a", 2)])
        rounds.joined()
        self.assertEqual(self.turns(rounds, 2), [("a", 0.5), ("a", 1)])

    def test_several(self) -> None:
        """All are tried in turn, with a pause only when all were tried."""
        rounds = self.rounds("a", "b", "c")
        self.assertEqual((rounds.address, rounds.are_several), ("a", True))
        expected = [("b", 0), ("c", 0), ("a", 0.5), ("b", 0), ("c", 0), ("a", 1), ("b", 0)]
        self.assertEqual(self.turns(rounds, 7), expected)

    def test_joined(self) -> None:
        """After the loss of one that was joined, it is tried first, and then all others."""
        rounds = self.rounds("a", "b", "c")
        self.turns(rounds, 4)
        for _ in range(2):
            rounds.joined()
        expected = [("b", 0.5), ("c", 0), ("a", 0), ("b", 1), ("c", 0)]
        self.assertEqual(self.turns(rounds, 5), expected)

"""When joins and leaves are told in a sum."""

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from chatservice.chat.folding import SHOWN, WITHIN, Folding


class FoldingTests(SynchronousTestCase):
    """Joins and leaves, by a clock moved by hand."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.told: list[tuple[str, int, int]] = []
        self.folding = Folding(self.clock, lambda *facts: self.told.append(facts))

    def come(self, count: int, room: str = "lobby") -> list[bool]:
        """So many join, and which of them are folded."""
        return [self.folding.note([room], True, self.now()) for _ in range(count)]

    def now(self) -> int:
        """Give the id of an event that is stored now."""
        return int(self.clock.seconds() * 1_000_000)

    def go(self, *rooms: str) -> bool:
        """Somebody leaves rooms; whether that is folded."""
        return self.folding.note(rooms, False, self.now())

    def test_few(self) -> None:
        """Up to 20 in 10 s are shown, and nothing is timed for them."""
        self.assertEqual(self.come(20), [False] * 20)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_many(self) -> None:
        """All above 20 in 10 s are folded, and told in one sum 10 s after the first of them."""
        self.come(20)
        self.assertEqual(self.come(3), [True] * 3)
        self.assertTrue(self.go("lobby"))
        self.clock.advance(9.999)
        self.assertEqual(self.told, [])
        self.clock.advance(0.001)
        self.assertEqual(self.told, [("lobby", 3, 1)])
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_any_ten_seconds(self) -> None:
        """The 10 s are those before each one, and begin at no moment of their own."""
        self.clock.advance(7)
        self.come(10)
        self.clock.advance(9)
        self.assertEqual(self.come(11), [False] * 10 + [True])
        self.clock.advance(1)
        self.assertEqual(self.come(10), [False] * 9 + [True])

    def test_long(self) -> None:
        """While a room stays busy there is a sum every 10 s and nothing else."""
        self.come(20)
        for _ in range(30):
            self.assertEqual(self.come(3), [True] * 3)
            self.clock.advance(1)
        self.assertEqual(self.told, [("lobby", 30, 0)] * 3)

    def test_clock_set_back(self) -> None:
        """What came by a clock that was ahead does not count."""
        self.assertFalse(any(self.folding.note(["lobby"], True, 3600_000_000) for _ in range(20)))
        self.assertEqual(self.come(20), [False] * 20)
        self.assertEqual(self.come(1), [True])

    def test_calm_again(self) -> None:
        """When fewer come again they are shown."""
        self.come(25)
        self.clock.advance(WITHIN)
        self.assertEqual(self.come(20), [False] * 20)
        self.assertEqual(self.told, [("lobby", 5, 0)])

    def test_rooms(self) -> None:
        """Each room has its own count and its own sum."""
        self.come(22)
        self.assertEqual(self.come(20, "python"), [False] * 20)
        self.clock.advance(1)
        self.assertEqual(self.come(1, "python"), [True])
        self.clock.advance(WITHIN)
        self.assertEqual(self.told, [("lobby", 2, 0), ("python", 1, 0)])

    def test_leaving_several(self) -> None:
        """Who leaves several rooms is folded if all are busy, and is in the sum of each."""
        self.come(20)
        self.assertFalse(self.go("lobby", "python"))
        self.come(19, "python")
        self.assertTrue(self.go("lobby", "python"))
        self.clock.advance(WITHIN)
        self.assertEqual(self.told, [("lobby", 0, 1), ("python", 0, 1)])

    def test_leaving_none(self) -> None:
        """Who leaves the chat out of no room is not folded, and is in no sum."""
        self.come(20)
        self.assertFalse(self.go())
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_forgetting(self) -> None:
        """Only the rooms of the last 10 s are remembered, each with a few moments."""
        for number in range(1000):
            self.come(SHOWN, f"room{number}")
            self.clock.advance(1)
        self.assertEqual(len(self.folding._moments), 10)
        self.come(1000)
        self.assertEqual(len(self.folding._moments["lobby"]), SHOWN)

    def test_forgetting_those_behind(self) -> None:
        """A room that goes on does not keep another one in memory."""
        self.come(1)
        self.come(1, "python")
        self.clock.advance(9)
        self.come(1)
        self.clock.advance(9)
        self.come(1, "tea")
        self.assertEqual(list(self.folding._moments), ["lobby", "tea"])

    def test_stop(self) -> None:
        """Once stopped it tells nothing, and leaves nothing behind."""
        self.come(25)
        self.folding.stop()
        self.assertEqual(self.clock.getDelayedCalls(), [])
        self.clock.advance(WITHIN)
        self.assertEqual(self.told, [])

"""What goes to the journal together, and when."""

from __future__ import annotations

from chatservice.chat.publisher import READINGS
from tests.chat.test_publisher import PublisherTestCase
from tests.recording import door_of, seen


class BatchTests(PublisherTestCase):
    """What goes to the journal together."""

    def test_end_of_turn(self) -> None:
        """What is published in a turn of the reactor goes to the journal together, after it."""
        self.say(1)
        self.say(2, author=self.bob)
        self.assertEqual(self.journal.held_ids, [])
        self.clock.advance(0)
        self.assertEqual(self.journal.held_ids, [[1, 2]])

    def test_commit_then_deliver(self) -> None:
        """Nobody sees anything before it is stored, and everybody does then."""
        self.say(1)
        self.clock.advance(0)
        self.assertEqual((seen(self.ada), seen(self.bob), self.steps), ([], [], []))
        self.stored()
        self.assertEqual((seen(self.ada), seen(self.bob)), (["!1"], ["1"]))

    def test_one_at_a_time(self) -> None:
        """What is published while the journal is at work is the next batch, whole."""
        self.say(1)
        self.clock.advance(0)
        self.say(2)
        self.clock.advance(0)
        self.say(3)
        self.clock.advance(0)
        self.assertEqual(self.journal.held_ids, [[1]])
        self.stored()
        self.assertEqual(self.journal.held_ids, [[1], [2, 3]])
        self.stored()
        self.assertEqual(seen(self.bob), ["1", "2", "3"])
        self.assertEqual(len(door_of(self.bob).deliveries), 2)

    def test_a_turn_of_reading_between(self) -> None:
        """Between two commits the reactor reads once, and what came then goes along."""
        self.say(1)
        self.clock.advance(0)
        self.say(2)
        # One turn to run into what is readable, one to read it.
        self.on_delivery(lambda: self.clock.callLater(0, self.clock.callLater, 0, self.say, 3))
        self.stored()
        self.assertEqual(self.journal.held_ids, [[1], [2, 3]])

    def come(self, *ids: int) -> None:
        """Have lines come one after the other, each in the next turn of the reactor."""
        first, *rest = ids
        self.say(first)
        if rest:
            self.clock.callLater(0, self.come, *rest)

    def test_as_long_as_more_comes(self) -> None:
        """While each turn of reading brings more, the commit waits, but not for ever."""
        self.say(1)
        self.come(*range(2, 100))
        self.clock.advance(0)
        self.assertEqual(self.journal.held_ids, [list(range(1, READINGS + 3))])

    def test_alone(self) -> None:
        """A line that nothing comes along with waits for nothing."""
        self.come(1, 2)
        self.clock.advance(0)
        self.assertEqual(self.journal.held_ids, [[1]])

    def test_full(self) -> None:
        """A batch that is full is committed in the next turn, whatever else comes."""
        most = self.journal.most
        held: list[int] = []
        self.say(*range(1, most + 1))
        self.clock.callLater(0, lambda: held.extend(map(len, self.journal.held_ids)))
        self.clock.advance(0)
        self.assertEqual(held, [most])

    def test_cap(self) -> None:
        """A commit has as many events as the log takes at once; the others follow, in order."""
        most = self.journal.most
        self.say(*range(1, most + 4))
        self.clock.advance(0)
        self.assertEqual(self.journal.held_ids, [list(range(1, most + 1))])
        self.stored()
        self.assertEqual(self.journal.held_ids[1], [most + 1, most + 2, most + 3])

    def test_hooks(self) -> None:
        """Every event of a batch is noted as committed before any is seen, and delivered after."""
        self.say(1, 2)
        self.clock.advance(0)
        self.on_delivery(lambda: self.steps.append(("seen", 0)))
        self.stored()
        before, after = ([(step, id) for id in (1, 2)] for step in ("committed", "delivered"))
        self.assertEqual(self.steps, [*before, ("seen", 0), *after])

    def test_idle_again(self) -> None:
        """After a pause, the next event goes to the journal as the first did."""
        for id in (1, 2):
            self.say(id)
            self.clock.advance(0)
            self.stored()
        self.assertEqual(self.journal.held_ids, [[1], [2]])
        self.assertEqual(self.clock.getDelayedCalls(), [])

"""What is done in the background, one step at a time."""

from __future__ import annotations

import sqlite3

from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.task import Clock
from twisted.logger import capturedLogs, formatEvent
from twisted.trial.unittest import SynchronousTestCase

from chatservice.storage.maintenance import INTERVAL, ROUND, Step, Upkeep, UpkeepByEvents


class StepsCase(SynchronousTestCase):
    """Steps that note that they were taken.

    @ivar taken: by what name, in order.
    @ivar answers: what the next steps give; C{False} when there are none.
    """

    def setUp(self) -> None:
        self.taken: list[str] = []
        self.answers: list[Deferred[bool]] = []

    def step(self, name: str) -> Step:
        def take() -> Deferred[bool]:
            self.taken.append(name)
            return self.answers.pop(0) if self.answers else succeed(False)

        return take


class UpkeepTests(StepsCase):
    """Rounds by a clock that is moved by hand."""

    def setUp(self) -> None:
        super().setUp()
        self.clock = Clock()
        self.upkeep = Upkeep(self.clock, [self.step("prune"), self.step("index")])

    def test_every_second(self) -> None:
        """Every second all kinds of steps have their turn, and none before the first is over."""
        self.upkeep.start()
        self.assertEqual(self.taken, [])
        for seconds in (1, 2):
            self.clock.advance(INTERVAL)
            self.assertEqual(self.taken, ["prune", "index"] * seconds)

    def test_while_there_is_something_to_do(self) -> None:
        """A kind of step is taken until there is nothing to do, and then the next kind."""
        self.answers = [succeed(True), succeed(True), succeed(False), succeed(True)]
        self.upkeep.start()
        self.clock.advance(INTERVAL)
        self.assertEqual(self.taken, ["prune"] * 3 + ["index"] * 2)

    def test_one_at_a_time(self) -> None:
        """While a step takes its time, no other is begun, however much time goes by."""
        slow: Deferred[bool] = Deferred()
        self.answers = [slow]
        self.upkeep.start()
        self.clock.pump([INTERVAL] * 5)
        self.assertEqual(self.taken, ["prune"])
        slow.callback(False)
        self.assertEqual(self.taken, ["prune", "index"])
        self.clock.advance(INTERVAL)
        self.assertEqual(len(self.taken), 4)

    def test_stopped_between_steps(self) -> None:
        """Stopped while nothing is under way, it is done at once, and nothing comes any more."""
        self.upkeep.start()
        self.clock.advance(INTERVAL)
        self.successResultOf(self.upkeep.stop())
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_stopped_during_a_step(self) -> None:
        """Stopped during a step, it is done when that is, though there was more to do."""
        slow: Deferred[bool] = Deferred()
        self.answers = [slow]
        self.upkeep.start()
        self.clock.advance(INTERVAL)
        stopped = self.upkeep.stop()
        self.assertNoResult(stopped)
        slow.callback(True)
        self.successResultOf(stopped)
        self.assertEqual((self.taken, self.clock.getDelayedCalls()), (["prune"], []))

    def test_stopped_without_a_start(self) -> None:
        """What was never started is done."""
        self.successResultOf(self.upkeep.stop())

    def test_failing(self) -> None:
        """A failure is logged once until things work again, and it goes on."""
        self.upkeep.start()
        logged = []
        for works in (False, False, True, False):
            self.answers = [succeed(False) if works else fail(ZeroDivisionError())]
            self.clock.advance(INTERVAL)
            logged.append(len(self.flushLoggedErrors(ZeroDivisionError)))
        self.assertEqual(logged, [1, 0, 0, 1])
        self.assertEqual(self.taken, ["prune", "prune", "prune", "index", "prune"])

    def test_full_disk(self) -> None:
        """What is wrong with the disk is logged in a sentence, for it is no bug."""
        self.upkeep.start()
        full = sqlite3.OperationalError()
        full.sqlite_errorcode = sqlite3.SQLITE_FULL
        self.answers = [fail(full)]
        with capturedLogs() as logged:
            self.clock.advance(INTERVAL)
        self.assertEqual(
            [formatEvent(entry) for entry in logged], ["Maintenance failed: the disk is full."]
        )


class UpkeepByEventsTests(StepsCase):
    """Rounds without a clock."""

    def setUp(self) -> None:
        super().setUp()
        self.upkeep = UpkeepByEvents([self.step("prune"), self.step("index")])

    def note(self, count: int) -> list[str]:
        """The steps that are taken with so many events."""
        self.taken = []
        for _ in range(count):
            self.upkeep.note_event()
        return self.taken

    def test_a_round(self) -> None:
        """With so many events a round begins, and each takes one step until it is over."""
        self.answers = [succeed(True), succeed(True)]
        self.assertEqual(self.note(ROUND - 1), [])
        steps = [self.note(1) for _ in range(6)]
        self.assertEqual(steps, [["prune"], ["prune"], ["prune"], ["index"], [], []])

    def test_next_round(self) -> None:
        """After that nothing is done until so many more have come."""
        self.note(ROUND + 2)
        self.assertEqual(self.note(ROUND - 3), [])
        self.assertEqual(self.note(1), ["prune"])

    def test_much_to_do(self) -> None:
        """What has more to do for ever gets one step with each event."""
        self.answers = [succeed(True) for _ in range(3 * ROUND)]
        self.assertEqual(self.note(3 * ROUND), ["prune"] * (2 * ROUND + 1))

    def test_failing(self) -> None:
        """A failure ends the round, and is logged once until things work again."""
        logged = []
        for works in (False, False, True, False):
            self.note(ROUND - 1)
            self.answers = [succeed(False) if works else fail(ZeroDivisionError())]
            self.assertEqual(self.note(1), ["prune"])
            logged.append(len(self.flushLoggedErrors(ZeroDivisionError)))
        self.assertEqual(self.note(1), [])
        self.assertEqual(logged, [1, 0, 0, 1])

    def test_no_steps(self) -> None:
        """Where there is nothing to do, there is nothing to do."""
        self.upkeep = UpkeepByEvents([])
        self.assertEqual(self.note(3 * ROUND), [])

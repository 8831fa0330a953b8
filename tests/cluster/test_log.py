"""One node's part in the log: batches pass in one order, or are refused."""

from __future__ import annotations

from typing import Any

from chatservice.cluster.link import ROWS
from chatservice.cluster.log import LEASE, LOOK_EVERY, RENEW_EVERY, TRY_EVERY
from tests.held_link import FULL, LogTestCase, foreign, left, own, said


class PassingTests(LogTestCase):
    """An engine that answers."""

    def test_own(self) -> None:
        """A batch passes when it comes back, with its id, and the connection stays."""
        done = self.appends(said("ada"), said("bob"))
        given = self.answers("append", [own(202, 1, 2)])
        self.assertEqual(given, (1, 1, ["ada", "bob"]))
        self.successResultOf(done)
        self.assertEqual(self.passed, [(201, "ada"), (202, "bob")])
        self.assertEqual((self.link.asked, self.log.cursor), ([], 202))

    def test_among_others(self) -> None:
        """What others said meanwhile passes before it, and what was refused is taken back."""
        done = self.appends(said("ada"), said("bob"))
        self.answers("append", [foreign(150), own(202, 1, 2, [0])])
        self.assertEqual(self.passed, [(150, "zoe"), (202, "bob")])
        self.assertEqual(self.taken_back, ["ada"])
        self.successResultOf(done)

    def test_many(self) -> None:
        """After as many rows as are read at a time there may be more."""
        done = self.appends(said("ada"))
        self.answers("append", [foreign(last) for last in range(101, 101 + ROWS)])
        self.assertNoResult(done)
        self.assertEqual(self.answers("read", [own(300, 1)]), (100 + ROWS,))
        self.successResultOf(done)
        self.assertEqual(self.link.asked, [])

    def test_one_at_a_time(self) -> None:
        """What is published while a batch is on its way makes the next one."""
        self.appends(said("ada"))
        self.log.pass_on([left("bob")])
        self.answers("append", [own(201, 1)])
        self.assertEqual(self.answers("append", [own(202, 2)]), (1, 2, ["bob"]))
        self.assertEqual(self.passed, [(201, "ada"), (202, "bob")])

    def test_nothing(self) -> None:
        """An empty batch is no call."""
        self.successResultOf(self.appends())
        self.assertEqual(self.link.asked, [])

    def test_woken(self) -> None:
        """What is new is read as soon as the link tells of it, after what is under way."""
        self.link.woken()
        self.link.woken()
        self.answers("read", [foreign(150)])
        self.assertEqual(self.answers("read", []), (150,))
        self.assertEqual(self.link.asked, [])

    def test_caught_up(self) -> None:
        """Whoever waits for an id is told when it has passed."""
        self.successResultOf(self.log.caught_up(100))
        near, far = self.log.caught_up(150), self.log.caught_up(160)
        self.answers("read", [foreign(150)])
        self.successResultOf(near)
        self.assertNoResult(far)
        self.clock.advance(LOOK_EVERY)
        self.answers("read", [foreign(200)])
        self.successResultOf(far)

    def test_lease(self) -> None:
        """It is renewed regularly, and whoever has held it for long adopts others' people."""
        self.clock.advance(RENEW_EVERY - LOOK_EVERY)
        self.assertEqual(self.answers("renew", []), (1, 100, 7, False))
        self.nothing_new()
        self.clock.advance(LEASE)
        self.assertEqual(self.answers("renew", [5]), (1, 100, 7, True))
        self.assertEqual(self.logged, ["Node 5 is gone: its people are waited for here."])


class RefusingTests(LogTestCase):
    """An engine that answers with an error."""

    def test_full(self) -> None:
        """A batch is refused; presence that was sent with it is sent again after a pause."""
        self.log.pass_on([left("bob")])
        self.answers("append", FULL)
        done = self.appends(said("ada"))
        self.assertEqual(self.answers("append", FULL)[2], ["bob", "ada"])
        self.assertEqual(self.why_refused(done), "the disk is full")
        self.rests()
        self.clock.advance(TRY_EVERY)
        self.assertEqual(self.answers("append", [own(201, 1)]), (1, 1, ["bob"]))

    def test_bug(self) -> None:
        """What the engine cannot understand fails once, with all that was sent along."""
        self.log.pass_on([left("bob")])
        self.answers("append", FULL)
        self.clock.advance(TRY_EVERY)
        self.answers("append", ZeroDivisionError())
        self.clock.advance(TRY_EVERY)
        self.rests()
        self.assertEqual(self.taken_back, ["bob"])

    def test_nonsense(self) -> None:
        """A batch that cannot be spelled fails alone."""
        nobody: Any = object()
        self.failureResultOf(self.appends(nobody), Exception)
        self.rests()
        self.appends(said("ada"))
        self.assertEqual(self.answers("append", [own(201, 1)]), (1, 1, ["ada"]))

    def test_reading(self) -> None:
        """That nothing can be read is told once, and lines are refused until it can."""
        for _ in range(2):
            self.link.woken()
            self.answers("read", FULL)
        self.assertEqual(self.logged, ["The log cannot go on: the disk is full."])
        self.assertEqual(self.why_refused(self.appends(said("ada"))), "the disk is full")
        self.clock.advance(RENEW_EVERY - LOOK_EVERY)
        self.rests()
        self.assertEqual((self.logged[1:], self.log.trouble), (["The database answers again."], ""))

    def test_reading_bug(self) -> None:
        """A bug is told with its cause."""
        self.link.woken()
        self.answers("read", ZeroDivisionError())
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)

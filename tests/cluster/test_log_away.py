"""One node's part in the log, while the engine is away, and at its end."""

from __future__ import annotations

from typing import Any

from chatservice.chat.journal import InDoubt
from chatservice.cluster.link import LinkLost, Promises, Settled
from chatservice.cluster.log import (
    AWAY,
    LEASE,
    LOOK_EVERY,
    NO_ANSWER,
    PATIENCE,
    RENEW_EVERY,
    TRY_EVERY,
)
from chatservice.protocol.errors import StorageError
from chatservice.protocol.events import Event
from tests.held_link import FULL, LogTestCase, foreign, left, own, said

SAYS_AWAY = "The database does not answer: lines are refused until it does."
SAYS_BACK = "The database answers again."


class SilentTestCase(LogTestCase):
    """A node that loses its connection."""

    def lose_link(self) -> None:
        """Lose the connection with what is under way, and open another one."""
        self.link.drop()
        self.answers("connect")

    def settles(self, link: int = 2, number: int = 0, **given: Any) -> None:
        """Let the engine tell what is committed."""
        self.answers("settle", Settled(link, number, **{"is_whole": True} | given))

    def doubted(self, *events: Event) -> InDoubt:
        """Append a batch, and wait for the answer in vain."""
        done = self.appends(*events)
        self.clock.advance(PATIENCE)
        doubt = self.failureResultOf(done, InDoubt).value
        assert isinstance(doubt, InDoubt)
        return doubt


class SilentTests(SilentTestCase):
    """An engine that does not answer, or whose connection is lost."""

    def test_refused(self) -> None:
        """After some seconds lines are refused, but not those that may be committed."""
        doubt = self.doubted(said("ada"))
        self.assertEqual((str(doubt), self.logged), (AWAY, [SAYS_AWAY]))
        self.assertEqual(self.why_refused(self.appends(said("bob"))), AWAY)
        self.assertEqual(self.why_refused(self.appends()), AWAY)
        self.assertEqual(self.why_refused(self.log.caught_up(150)), AWAY)
        self.assertNoResult(doubt.outcome)
        self.answers("append", [own(201, 1)])
        self.successResultOf(doubt.outcome)
        self.assertEqual((self.passed, self.log.trouble), ([(201, "ada")], ""))
        self.assertEqual(self.logged, [SAYS_AWAY, SAYS_BACK])

    def test_waiting(self) -> None:
        """What waited to be sent is refused, and whoever waits for an id is told."""
        self.link.woken()
        done, caught_up = self.appends(said("ada")), self.log.caught_up(150)
        self.clock.advance(PATIENCE)
        self.assertEqual(self.why_refused(done), AWAY)
        self.assertEqual(self.why_refused(caught_up), AWAY)

    def test_short(self) -> None:
        """After a short loss the batch that is not committed is sent again, and nobody notices."""
        self.log.pass_on([left("eve")])
        self.answers("append", FULL)
        done = self.appends(said("ada"))
        self.link.drop()
        self.clock.advance(PATIENCE - 0.1)
        self.answers("connect")
        self.settles()
        self.assertEqual(self.answers("append", [own(202, 1, 2)]), (2, 1, ["eve", "ada"]))
        self.successResultOf(done)
        self.assertEqual(self.logged, [])

    def test_committed(self) -> None:
        """If only the answer was lost, the batch is read, and not sent again."""
        done = self.appends(said("ada"))
        self.lose_link()
        self.settles(number=1)
        self.assertEqual(self.answers("read", [own(201, 1)]), (100,))
        self.successResultOf(done)
        self.rests()

    def test_too_late(self) -> None:
        """After a long loss the batch that is not committed is refused; presence goes on."""
        self.log.pass_on([left("eve")])
        self.answers("append", FULL)
        doubt = self.doubted(said("ada"), left("ada"))
        doubt.outcome.addErrback(lambda _: self.log.pass_on([left("ada")]))
        self.log.pass_on([left("bob")])
        self.lose_link()
        self.settles()
        self.clock.advance(TRY_EVERY)
        self.assertEqual(self.answers("append", [own(203, 1, 3)])[2], ["eve", "ada", "bob"])
        self.assertEqual(self.logged, [SAYS_AWAY, SAYS_BACK])

    def test_presence_alone(self) -> None:
        """What nobody waits for is sent again, however long that took."""
        self.log.pass_on([left("eve")])
        self.clock.advance(PATIENCE)
        self.lose_link()
        self.settles()
        self.assertEqual(self.answers("append", [own(201, 1)]), (2, 1, ["eve"]))

    def test_given_up(self) -> None:
        """A connection without an answer is given up."""
        self.doubted(said("ada"))
        self.clock.advance(NO_ANSWER - PATIENCE)
        self.answers("connect")

    def test_answered_in_time(self) -> None:
        """One with an answer is kept."""
        self.link.woken()
        self.clock.advance(NO_ANSWER - 0.1)
        self.answers("read", [])
        self.clock.advance(0.2)
        self.rests()

    def test_away(self) -> None:
        """Until it is back, it is tried again and again; that is told once."""
        self.doubted(said("ada")).outcome.addErrback(lambda _: None)
        self.link.drop()
        for error in (LinkLost(), StorageError("the disk is full")):
            self.answers("connect", error)
            self.clock.advance(TRY_EVERY)
        self.answers("connect")
        self.answers("settle", LinkLost())
        self.clock.advance(TRY_EVERY)
        self.clock.advance(NO_ANSWER)
        self.clock.advance(TRY_EVERY)
        self.answers("connect")
        self.clock.advance(NO_ANSWER)
        self.clock.advance(TRY_EVERY)
        self.answers("connect")
        self.settles()
        self.rests()
        self.assertEqual(self.logged, [SAYS_AWAY, SAYS_BACK])

    def test_bug(self) -> None:
        """A bug on the way is told, and it is tried again."""
        self.link.woken()
        self.link.drop()
        self.answers("connect", ZeroDivisionError())
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)
        self.clock.advance(TRY_EVERY)
        self.answers("connect")

    def test_late_settling(self) -> None:
        """A link that counts no more is replaced, and the batch goes through another one."""
        done = self.appends(said("ada"))
        self.answers("append", [])
        self.answers("connect")
        self.settles(link=5)
        self.assertEqual(self.answers("append", [own(201, 1)]), (5, 1, ["ada"]))
        self.successResultOf(done)
        self.clock.advance(RENEW_EVERY - LOOK_EVERY)
        self.answers("renew", None)
        self.answers("connect")
        self.settles(link=7, number=1)
        self.rests()

    def test_adopts_no_more(self) -> None:
        """Whoever was away must hold the lease anew before adopting anybody."""
        for adopts in (True, False):
            for _ in range(5):
                self.clock.advance(RENEW_EVERY)
                self.nothing_new()
            if not adopts:
                self.link.woken()
                self.lose_link()
                self.settles()
            self.clock.advance(RENEW_EVERY)
            self.assertEqual(self.answers("renew", [])[3], adopts)
            self.nothing_new()


class EndTests(SilentTestCase):
    """The end of a node's part in the log."""

    def test_place_lost(self) -> None:
        """Others have taken over everybody: nothing more is asked, and it is told."""
        done = self.appends(said("ada"))
        self.lose_link()
        self.answers("settle", None)
        self.assertEqual(len(self.lost), 1)
        self.clock.advance(LEASE)
        self.assertEqual(self.link.asked, [])
        self.assertNoResult(done)

    def lines_lost(self, number: int, is_whole: bool) -> None:
        """Have two batches with three lines and a leaving, and find less."""
        self.appends(said("ada"), said("bob"))
        self.answers("append", [own(202, 1, 2)])
        self.appends(said("ada"), left("bob"))
        self.answers("append", [own(204, 2, 2)])
        self.link.woken()
        self.lose_link()
        self.settles(number=number, is_whole=is_whole)
        self.assertEqual((len(self.lost), self.link.asked), (1, []))

    def test_promises(self) -> None:
        """What the server promises is told with each new connection."""
        told: list[Promises] = []
        self.log.promised = told.append
        promises = Promises(flushes=False)
        for link in (2, 3):
            self.link.woken()
            self.lose_link()
            self.settles(link, promises=promises)
            self.nothing_new()
        self.assertEqual(told, [promises, promises])

    def test_lines_lost(self) -> None:
        """An engine that has lost lines of this node is noticed, and how many."""
        for number, lines, first in ((1, 1, 2), (0, 3, 1)):
            self.setUp()
            self.lines_lost(number, is_whole=False)
            which = f"{lines} lines of this node, in its batches from {first} on"
            self.assertEqual(
                self.logged, [f"The database has lost what it had acknowledged: {which}."]
            )

    def test_lines_of_others_lost(self) -> None:
        """So is one that has lost what others said and this node has read."""
        self.lines_lost(2, is_whole=False)
        lost = "The database has lost what it had acknowledged to other nodes."
        self.assertEqual(self.logged, [lost])

    def test_stopped(self) -> None:
        """A node that is stopped hands over its people, who have seen all that has passed here."""
        self.link.woken()
        self.answers("read", [foreign(150)])
        done = self.log.stop()
        self.assertNoResult(done)
        self.assertEqual(self.answers("leave"), (150,))
        self.successResultOf(done)
        self.clock.advance(LEASE)
        self.assertEqual(self.link.asked, [])

    def test_stopped_while_busy(self) -> None:
        """It waits for what is under way, for the link takes one call at a time."""
        self.link.woken()
        done = self.log.stop()
        self.answers("read", [foreign(150)])
        self.answers("leave")
        self.successResultOf(done)
        self.assertEqual(self.passed, [])

    def test_stopped_in_vain(self) -> None:
        """It does not wait for long."""
        for call in ("read", "leave"):
            self.setUp()
            if call == "read":
                self.link.woken()
            done = self.log.stop()
            self.clock.advance(NO_ANSWER)
            if self.link.asked:
                self.answers("leave", LinkLost())
            self.successResultOf(done)

    def test_stopped_while_away(self) -> None:
        """A connection that is opened or settled too late is not used."""
        for calls in (1, 2):
            self.setUp()
            self.link.woken()
            self.link.drop()
            if calls == 2:
                self.answers("connect")
            (_, _, late), self.link.asked = self.link.asked[0], []
            done = self.log.stop()
            self.answers("leave", LinkLost())
            self.successResultOf(done)
            late.callback(None if calls == 1 else Settled(2, 0, True))
            self.link.asked = []
            self.clock.advance(LEASE)
            self.assertEqual((self.link.asked, self.lost), ([], []))

    def test_stopped_between_tries(self) -> None:
        """Nor is another one opened."""
        self.link.woken()
        self.link.drop()
        self.answers("connect", LinkLost())
        self.log.stop()
        self.answers("leave", LinkLost())
        self.clock.advance(LEASE)
        self.assertEqual(self.link.asked, [])

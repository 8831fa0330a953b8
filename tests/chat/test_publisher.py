"""The way of an event: one batch at a time, stored before anybody sees it, or refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.task import Clock
from twisted.logger import LogLevel, globalLogPublisher
from twisted.trial.unittest import SynchronousTestCase

from chatservice.chat.envelope import Envelope
from chatservice.chat.publisher import TRIAL, Publisher
from chatservice.chat.rooms import Member, Room
from chatservice.protocol import events
from chatservice.protocol.errors import StorageError
from chatservice.protocol.ids import EventIds
from tests.journals import HeldJournal
from tests.recording import deliver_through, door_of, recorded, seen, sent

FULL = StorageError("the disk is full")


class PublisherTestCase(SynchronousTestCase):
    """A publisher with a journal that waits, and a lobby with ada and bob in it."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.journal = HeldJournal()
        self.lobby = Room("lobby")
        self.rooms = {"lobby": self.lobby}
        self.ada, self.bob = recorded("ada", self.lobby), recorded("bob", self.lobby)
        self.steps: list[tuple[str, int]] = []
        self.failing: set[int] = set()
        journal: Any = self.journal
        journal.ids = EventIds(lambda: 0.0)
        self.publisher = Publisher(self.clock, journal, self.rooms)
        self.publisher.effects = self
        self.logged: list[str] = []
        globalLogPublisher.addObserver(self.observe)
        self.addCleanup(globalLogPublisher.removeObserver, self.observe)

    def committed(self, envelope: Envelope) -> None:
        self.note("committed", envelope.event)

    def delivered(self, envelope: Envelope) -> None:
        self.note("delivered", envelope.event)

    def refused(self, envelope: Envelope) -> None:
        """See L{Effects}; what was refused is asked of the journal and the people."""

    postponed = refused

    def note(self, step: str, event: events.Event) -> None:
        self.steps.append((step, event.id))
        if event.id in self.failing:
            raise ZeroDivisionError

    def observe(self, entry: Any) -> None:
        if entry["log_namespace"] == "chatservice.chat.publisher":
            text = entry["log_format"].format(**entry)
            self.logged.append(f"{LogLevel.levelWithName(entry['log_level'].name).name}: {text}")

    def say(self, *ids: int, author: Member | None = None) -> None:
        author = author or self.ada
        for id in ids:
            said = events.Said(id=id, nick=author.nick, room="lobby", text="hi")
            self.publisher.publish(sent(said, author))

    def rename(self, id: int) -> None:
        """Publish presence."""
        renamed = events.Renamed(id=id, nick="ada", now="eve", rooms=("lobby",))
        self.publisher.publish(sent(renamed, self.ada))

    def stored(self, error: Exception | None = None) -> None:
        """The journal has done what it was given last, or failed."""
        done = self.journal.held.pop()
        if error is None:
            done.callback(None)
        else:
            done.errback(error)
        self.clock.advance(0)

    def on_delivery(self, work: Callable[[], object]) -> None:
        """Do something whenever bob is delivered something."""

        def deliver(data: bytes) -> int:
            work()
            return len(data)

        deliver_through(self.bob.devices[0], deliver)


class RefusalTests(PublisherTestCase):
    """What the journal does not take."""

    def fail_with(self, error: Exception) -> None:
        self.clock.advance(0)
        self.stored(error)

    def test_told_to_each_sender(self) -> None:
        """A failed commit refuses every line in it, to its sender alone; nobody sees any."""
        self.say(1)
        self.say(2, author=self.bob)
        self.say(3)
        self.fail_with(FULL)
        why = "not sent: the disk is full"
        self.assertEqual(door_of(self.ada).refused, [(1, why), (3, why)])
        self.assertEqual(door_of(self.bob).refused, [(2, why)])
        self.assertEqual((seen(self.ada), seen(self.bob), self.steps), ([], [], []))

    def test_presence_goes_on(self) -> None:
        """Who comes, goes and is renamed is seen in spite of it."""
        self.say(1)
        self.rename(2)
        self.fail_with(FULL)
        self.assertEqual((seen(self.ada), seen(self.bob)), (["!2"], ["2"]))
        self.assertEqual(self.steps, [("committed", 2), ("delivered", 2)])
        self.assertEqual(list(self.lobby.recent), [])

    def test_without_an_author(self) -> None:
        """A line that nobody here wrote is refused without a word."""
        self.publisher.publish(sent(events.Said(id=1, nick="eve", room="lobby", text="hi")))
        self.fail_with(FULL)
        self.assertEqual((seen(self.ada), door_of(self.ada).refused), ([], []))

    def test_goes_on_by_itself(self) -> None:
        """The next batch is tried as if nothing had been."""
        self.say(1)
        self.clock.advance(0)
        self.say(2)
        self.stored(FULL)
        self.stored()
        self.assertEqual((seen(self.ada), seen(self.bob)), (["!2"], ["2"]))

    def test_logged_once(self) -> None:
        """That lines are refused is logged once, and once that they are stored again."""
        for id, error in enumerate([FULL, FULL, None, None, FULL]):
            self.say(id)
            self.clock.advance(0)
            self.stored(error)
        refused = "error: Lines are refused, because they cannot be stored: the disk is full."
        self.assertEqual(self.logged, [refused, "info: Lines are stored again.", refused])

    def test_presence_proves_nothing(self) -> None:
        """A batch of presence alone, which writes nothing, does not end the trouble."""
        self.say(1)
        self.fail_with(FULL)
        self.rename(2)
        self.clock.advance(0)
        self.stored()
        self.say(3)
        self.fail_with(FULL)
        self.assertEqual(len(self.logged), 1)

    def test_trouble(self) -> None:
        """While lines cannot be stored, there is a sentence that says why: the latest reason."""
        self.assertEqual(self.publisher.trouble(), "")
        self.say(1)
        self.fail_with(FULL)
        self.assertEqual(self.publisher.trouble(), "lines cannot be stored: the disk is full")
        self.say(2)
        self.fail_with(StorageError("the disk failed"))
        self.assertEqual(self.publisher.trouble(), "lines cannot be stored: the disk failed")
        self.say(3)
        self.clock.advance(0)
        self.stored()
        self.assertEqual(self.publisher.trouble(), "")

    def test_trouble_is_tried(self) -> None:
        """It is tried, now and then, whether it is over, though nobody says anything."""
        self.say(1)
        self.fail_with(FULL)
        self.journal.batches.clear()
        for error in (FULL, None):
            for seconds, tried in ((TRIAL - 0.1, []), (0.1, [[]]), (TRIAL, [[]])):
                self.clock.advance(seconds)
                self.clock.advance(0)
                self.assertIn("the disk is full", self.publisher.trouble())
                self.assertEqual(self.journal.batches, tried)
            self.journal.batches.clear()
            self.stored(error)
        self.assertEqual((self.publisher.trouble(), len(self.logged)), ("", 2))
        self.assertEqual((seen(self.ada), self.clock.getDelayedCalls()), ([], []))

    def test_no_trouble_is_not_tried(self) -> None:
        """Nothing is tried while all is well, nor after the end."""
        self.assertEqual(self.clock.getDelayedCalls(), [])
        self.say(1)
        self.fail_with(FULL)
        self.publisher.stop()
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_bug_in_the_journal(self) -> None:
        """Another exception is logged with its traceback each time, and refuses likewise."""
        for id in (1, 2):
            self.say(id)
            self.fail_with(KeyError("a bug"))
        self.assertEqual(len(self.flushLoggedErrors(KeyError)), 2)
        self.assertEqual(
            door_of(self.ada).refused,
            [(id, "not sent: something went wrong in the server") for id in (1, 2)],
        )
        self.say(3)
        self.clock.advance(0)
        self.stored()
        self.assertEqual(seen(self.bob), ["3"])
        self.assertEqual(self.publisher.trouble(), "")

    def test_bug_in_a_refusal(self) -> None:
        """A member whose refusal raises is dropped; others are told, and the chat goes on."""
        door_of(self.ada).broken = {"refuse"}
        self.say(1)
        self.say(2, author=self.bob)
        self.fail_with(FULL)
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)
        self.assertIn("drop", door_of(self.ada).asked)
        self.assertEqual([id for id, _ in door_of(self.bob).refused], [2])
        self.say(3, author=self.bob)
        self.clock.advance(0)
        self.stored()
        self.assertEqual(seen(self.bob), ["!3"])

    def test_bug_in_the_broadcast(self) -> None:
        """A batch that cannot be broadcast is logged, and the next one is delivered."""
        self.failing = {1}
        self.say(1)
        self.clock.advance(0)
        settled = self.publisher.settled(self.ada)
        self.stored()
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)
        self.successResultOf(settled)
        self.say(2)
        self.clock.advance(0)
        self.stored()
        self.assertEqual(seen(self.bob), ["2"])


class SettledTests(PublisherTestCase):
    """Waiting until something is through."""

    def test_nothing_on_its_way(self) -> None:
        """Who has published nothing is settled, and so is a chat where nobody has."""
        self.successResultOf(self.publisher.settled(self.ada))
        self.successResultOf(self.publisher.all_settled())

    def test_member(self) -> None:
        """A member is settled when all of its own is delivered, whatever others do."""
        self.say(1)
        self.clock.advance(0)
        self.say(2)
        self.say(3, author=self.bob)
        settled = self.publisher.settled(self.ada)
        self.stored()
        self.assertNoResult(settled)
        self.assertEqual(self.ada.uncommitted, 1)
        self.say(4, author=self.bob)
        self.stored()
        self.successResultOf(settled)
        self.assertEqual((self.ada.uncommitted, self.bob.uncommitted), (0, 1))

    def test_after_the_delivery(self) -> None:
        """When a member is settled, it has been delivered what it waited for."""
        self.say(1)
        self.clock.advance(0)
        at_that_time: list[list[str]] = []
        self.publisher.settled(self.ada).addCallback(lambda _: at_that_time.append(seen(self.ada)))
        self.stored()
        self.assertEqual(at_that_time, [["!1"]])

    def test_refused(self) -> None:
        """What is refused is through as well, once its sender is told."""
        self.say(1)
        self.clock.advance(0)
        settled = self.publisher.settled(self.ada)
        told: list[int] = []
        settled.addCallback(lambda _: told.append(len(door_of(self.ada).refused)))
        self.stored(FULL)
        self.assertEqual(told, [1])

    def test_all(self) -> None:
        """The chat is settled when no batch is under way and none waits."""
        self.say(1)
        settled = self.publisher.all_settled()
        self.clock.advance(0)
        self.say(2, author=self.bob)
        self.stored()
        self.assertNoResult(settled)
        self.stored()
        self.successResultOf(settled)
        self.successResultOf(self.publisher.all_settled())

    def test_waits_once(self) -> None:
        """Who waited is not called again by what comes later."""
        self.say(1)
        self.clock.advance(0)
        settled = self.publisher.settled(self.ada)
        self.stored()
        self.say(2)
        self.clock.advance(0)
        self.stored()
        self.successResultOf(settled)
        self.assertEqual(self.ada.waiting, ())

    def test_without_an_author(self) -> None:
        """What nobody here published is nobody's to wait for."""
        self.publisher.publish(sent(events.Joined(id=1, nick="eve", room="lobby")))
        left = events.Left(id=2, nick="eve", goodbye=True, why="", rooms=("lobby",))
        self.publisher.publish(sent(left))
        self.clock.advance(0)
        self.stored()
        self.assertEqual(seen(self.ada), ["1", "2"])
        self.assertEqual(self.ada.uncommitted, 0)

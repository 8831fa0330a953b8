"""The end of the chat."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred

from tests.conversation import ConversationCase
from tests.journals import HeldJournal


class ShutDownTests(ConversationCase):
    """The end of the chat."""

    def shut_down(self) -> Deferred[Any]:
        """Begin to shut down."""
        return self.chat.shut_down(3.0)

    def test_nobody_here(self) -> None:
        """An empty chat is down at once."""
        self.successResultOf(self.shut_down())

    def test_everybody_is_told(self) -> None:
        """Everybody is told, at every door, joined or not, and sees nobody leave."""
        ada, bob = self.at_text("ada"), self.at_json("bob")
        arriving = self.connect()
        arriving.sends(b"admin\n")
        for wire in (ada.wire, bob.wire, arriving):
            wire.sees()
        done = self.shut_down()
        self.assertNoResult(done)
        sentence = "the chat is shutting down"
        self.assertEqual(ada.sees(), [f"-- {sentence}"])
        self.assertEqual(bob.sees(), [{"type": "error", "code": "closing", "text": sentence}])
        self.assertEqual(arriving.sees(), f"-- {sentence}\r\n")
        self.successResultOf(done)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_accepted_lines_are_delivered(self) -> None:
        """What was read before is said; what comes later is not read."""
        ada, bob = self.at_text("ada"), self.at_text("bob")
        ada.wire.protocol.dataReceived(b"in time\n")
        self.shut_down()
        ada.wire.protocol.dataReceived(b"too late\n")
        self.assertEqual(bob.sees(), ["ada: in time", "-- the chat is shutting down"])

    def test_journal_hangs(self) -> None:
        """A journal that does not answer delays the end by no more than the patience."""
        held = HeldJournal()
        ada = self.at_text("ada")
        self.patch(self.journal, "store", held.store)
        ada.types("hello")
        done = self.shut_down()
        self.clock.advance(2.9)
        self.assertEqual(ada.sees(), [])
        self.clock.advance(0.1)
        self.assertEqual(ada.sees(), ["-- the chat is shutting down"])
        self.successResultOf(done)

    def test_reader_hangs(self) -> None:
        """Who does not read is dropped after five seconds."""
        ada = self.at_text("ada")
        ada.wire.window = 0
        done = self.shut_down()
        ada.sees()
        self.clock.advance(4.9)
        self.assertNoResult(done)
        self.clock.advance(0.1)
        self.clock.advance(0)
        self.successResultOf(done)

    def test_late_comer(self) -> None:
        """Who turns up while the chat is shutting down is told so, and the end is not delayed."""
        ada, late = self.at_text("ada"), self.connect()
        ada.wire.window = 0
        done = self.shut_down()
        late.sends(b"late\n")
        self.assertEqual(late.sees(), "-- the chat is shutting down\r\n")
        self.assertIsNotNone(late.lost)
        self.clock.advance(5)
        self.clock.advance(0)
        self.successResultOf(done)

    def test_late_comer_after_the_end(self) -> None:
        """Who turns up when all are gone changes nothing."""
        ada, late = self.at_text("ada"), self.connect()
        done = self.shut_down()
        ada.sees()
        self.successResultOf(done)
        late.sends(b"late\n")
        self.assertIsNotNone(late.lost)
        self.assertNotIn("late", self.chat.roster)

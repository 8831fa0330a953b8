"""Rooms and members."""

from __future__ import annotations

from itertools import chain
from typing import Any

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from chatservice.chat.recent import EVENTS
from chatservice.chat.rooms import Member, Room
from chatservice.protocol.events import Said
from chatservice.server import ChatFactory
from tests.journals import HeldJournal
from tests.recording import come, kick, seen


def said(id: int) -> Said:
    return Said(id=id, nick="ada", room="lobby", text="hi")


class RoomTests(SynchronousTestCase):
    """What a room remembers, and when it is over."""

    def test_recent(self) -> None:
        """A room remembers its last 200 events, and knows the id of the newest."""
        room = Room("lobby")
        room.recent.refill(map(said, range(1, EVENTS + 6)))
        self.assertEqual([event.id for event in room.recent], list(range(6, EVENTS + 6)))
        self.assertEqual(room.last_id(), EVENTS + 5)

    def test_alone(self) -> None:
        """All who are in one room alone share one object, however they came to be there."""
        lobby, python = Room("lobby"), Room("python")
        ada, bob = Member("ada", "ada", ""), Member("bob", "bob", "")
        for room, member in ((lobby, ada), (lobby, bob), (python, bob)):
            room.let_in(member)
        self.assertEqual(list(bob.rooms), ["lobby", "python"])
        self.assertEqual(ada.rooms, {"lobby": lobby})
        bob.forget_room(python)
        self.assertIs(ada.rooms, bob.rooms)
        bob.forget_room(lobby)
        self.assertEqual((ada.rooms, bob.rooms), ({"lobby": lobby}, {}))

    def test_nothing_said(self) -> None:
        """The newest of nothing is 0."""
        self.assertEqual(Room("lobby").last_id(), 0)


class OverTests(SynchronousTestCase):
    """When a room is over, in a chat whose journal waits."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.journal = HeldJournal()
        journal: Any = self.journal
        self.chat = ChatFactory(self.clock, journal)
        self.ada, self.bob = (
            come(self.chat, nick, Room("lobby")) for nick in ("ada", "bob")
        )
        self.chat.enter(self.ada, "python")
        self.journal.release(self.clock)

    def test_last_one_parts(self) -> None:
        """A room that the last member leaves is there until that is delivered, and then gone."""
        self.chat.part(self.ada, self.chat.rooms["python"])
        self.assertIn("python", self.chat.rooms)
        self.journal.release(self.clock)
        self.assertEqual(list(self.chat.rooms), ["lobby"])

    def test_kicked_and_parted(self) -> None:
        """Who parts while a kick is on its way, or right before it, is out once."""
        python = self.chat.rooms["python"]
        self.chat.enter(self.bob, "python")
        self.journal.release(self.clock)
        kick(self.chat, self.bob, self.ada.member, "python", "")
        self.chat.part(self.ada, python)
        kick(self.chat, self.bob, self.ada.member, "python", "")
        self.journal.release(self.clock)
        bob = self.bob.member
        self.assertEqual((list(python.members), list(python.present)), ([bob], [bob]))
        self.assertEqual(set(python.audience), {self.bob})
        self.assertEqual(list(self.ada.member.rooms), ["lobby"])

    def test_kicked_after_parting(self) -> None:
        """A kick takes nobody out of a room once more who has parted at another node meanwhile."""
        python = self.chat.rooms["python"]
        ada = self.ada.member
        ada.forget_room(python)
        del python.members[ada]
        python.turn_out(ada)
        self.assertEqual((list(python.present), list(ada.rooms)), ([], ["lobby"]))

    def test_somebody_stays(self) -> None:
        """A room that somebody is still in goes on."""
        self.chat.leave(self.bob.member, "", goodbye=True)
        self.journal.release(self.clock)
        self.assertEqual(list(self.chat.rooms["lobby"].members), [self.ada.member])

    def test_back_before_it_is_over(self) -> None:
        """Who comes back before the own parting is delivered is in the room that was left."""
        python = self.chat.rooms["python"]
        self.chat.part(self.ada, python)
        self.chat.enter(self.ada, "python")
        self.journal.release(self.clock)
        self.assertIs(self.chat.rooms["python"], python)
        self.assertEqual([*python.present, *python.audience], [self.ada.member, self.ada])

    def test_in_and_out_as_the_last_one_parts(self) -> None:
        """Who enters and vanishes while the last one's parting is stored hinders nobody.

        The room lasts until both are gone, and what is said elsewhere arrives.
        """
        self.chat.part(self.ada, self.chat.rooms["python"])
        self.clock.advance(0)
        self.chat.enter(self.bob, "python")
        self.chat.leave(self.bob.member, "connection lost", goodbye=False)
        self.chat.say(self.ada, self.chat.rooms["lobby"], "hi")
        self.journal.release(self.clock)
        events = chain.from_iterable(self.journal.batches)
        said = next(event for event in events if isinstance(event, Said))
        self.assertEqual(seen(self.ada)[-1], f"!{said.id}")
        self.assertEqual(list(self.chat.rooms), ["lobby"])
        lobby = self.chat.rooms["lobby"]
        self.assertEqual([*lobby.present, *lobby.audience], [self.ada.member, self.ada])


class MemberTests(SynchronousTestCase):
    """WHOIS."""

    def test_identity(self) -> None:
        """An identity is the token's, whatever the nickname, and does not show it."""
        ada, eve = (Member(nick, nick, "a token") for nick in ("ada", "eve"))
        self.assertEqual(ada.identity, eve.identity)
        self.assertEqual(len(ada.identity), 16)
        self.assertNotIn(b"token", ada.identity)

    def test_identities_differ(self) -> None:
        """The same nickname with another token is somebody else."""
        first, second = (Member("ada", "ada", token) for token in ("one", "two"))
        self.assertNotEqual(first.identity, second.identity)

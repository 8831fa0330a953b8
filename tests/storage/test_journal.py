"""What the journal promises, in a file and in memory."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from twisted.trial.unittest import SynchronousTestCase

from chatservice.chat.journal import Journal, Page, Wanted
from chatservice.chat.rooms import Member
from chatservice.protocol.events import (
    Acted,
    Event,
    Joined,
    Left,
    Noticed,
    Parted,
    Renamed,
    Resumed,
    Said,
    TopicChanged,
    Whispered,
)
from tests.databases import DatabaseJournalTestCase
from tests.recording import line

if TYPE_CHECKING:
    Base = SynchronousTestCase
else:
    Base = object


class JournalContract(Base):
    """What the journal does with what it is given."""

    journal: Journal

    def append(self, *events: Event) -> None:
        self.assertIsNone(self.successResultOf(self.journal.store(events)))

    def page(self, of: str | bytes = "lobby", **wanted: int) -> Page:
        return self.successResultOf(self.journal.page(Wanted(of=of, **wanted)))

    def ids(self, of: str | bytes = "lobby", **wanted: int) -> list[int]:
        return [event.id for event in self.page(of, **wanted).events]

    def test_empty(self) -> None:
        """A room that nothing was said in has an empty page, and no more."""
        for wanted in ({}, {"after": 0}, {"before": 9}):
            self.assertEqual(self.page(**wanted), Page([], False, None))

    def test_everything_about_an_event(self) -> None:
        """Talk and topics come back equal to what was appended, in any script."""
        stored: list[Event] = [
            Said(id=1, nick="ada", room="lobby", text="Grüße \U0001f40d 'quoted'; --", ref="r1"),
            Acted(id=2, nick="Наташа", room="lobby", text="waves"),
            TopicChanged(id=3, nick="ada", room="lobby", text="snakes", ref="r3"),
            TopicChanged(id=4, nick="ada", room="lobby", text=""),
            Noticed(id=5, nick="ada", room="lobby", text="tea", ref="r5"),
        ]
        self.append(*stored)
        self.assertEqual(self.page().events, stored)

    def test_presence_is_not_stored(self) -> None:
        """Who came, went, was renamed or resumed is not in the history."""
        self.append(
            Joined(id=1, nick="ada", room="lobby", arrived=True),
            line(2),
            Renamed(id=3, nick="ada", now="eve", rooms=("lobby",)),
            Resumed(id=4, nick="eve"),
            Parted(id=5, nick="eve", room="lobby"),
            Left(id=6, nick="eve", goodbye=True, why="", rooms=("lobby",)),
        )
        self.append(Joined(id=7, nick="bob", room="lobby"))
        self.assertEqual(self.ids(after=0), [2])

    def test_rooms_are_apart(self) -> None:
        """A room's page has that room's events alone, though others lie between them."""
        self.append(line(1), line(2, room="python"), line(3), line(4, room="Lobby"))
        self.assertEqual(self.ids(), [1, 3])
        self.assertEqual(self.ids("python"), [2])

    def test_order_over_batches(self) -> None:
        """Events come in the order of their ids, whatever batch each was in."""
        self.append(line(1), line(2))
        self.append(line(3))
        self.assertEqual(self.ids(), [1, 2, 3])
        self.assertEqual(self.ids(after=0), [1, 2, 3])

    def test_newest(self) -> None:
        """Without C{after}, a page ends with the newest, and tells of more before it."""
        self.append(*map(line, range(1, 6)))
        self.assertEqual(self.page(limit=2), Page([line(4), line(5)], True))

    def test_before(self) -> None:
        """A page ends just before C{before}."""
        self.append(*map(line, range(1, 6)))
        self.assertEqual(self.page(before=4, limit=2), Page([line(2), line(3)], True))

    def test_after(self) -> None:
        """A page begins just after C{after}, and tells of more behind it."""
        self.append(*map(line, range(1, 6)))
        self.assertEqual(self.page(after=2, limit=2), Page([line(3), line(4)], True))

    def test_between(self) -> None:
        """With both, only what lies between counts, for C{more} as well."""
        self.append(*map(line, range(1, 6)))
        self.assertEqual(self.page(after=1, before=4, limit=2), Page([line(2), line(3)], False))
        self.assertEqual(self.page(after=1, before=4, limit=1), Page([line(2)], True))
        self.assertEqual(self.page(after=4, before=4), Page([], False))

    def test_exactly_the_limit(self) -> None:
        """A page that takes in all there is tells of no more."""
        self.append(line(1), line(2))
        self.assertFalse(self.page(limit=2).more)
        self.assertFalse(self.page(after=0, limit=2).more)

    def test_to_the_end(self) -> None:
        """Page by page, in either direction, everything is seen once."""
        self.append(*map(line, range(1, 8)))
        onward, backward = [0], [8]
        while self.page(after=onward[-1], limit=3).more:
            onward += self.ids(after=onward[-1], limit=3)
        onward += self.ids(after=onward[-1], limit=3)
        while self.page(before=backward[0], limit=3).more:
            backward = self.ids(before=backward[0], limit=3) + backward
        backward = self.ids(before=backward[0], limit=3) + backward
        self.assertEqual(onward, list(range(8)))
        self.assertEqual(backward, list(range(1, 9)))

    def test_page_of_128_kib(self) -> None:
        """A page ends when it has 128 KiB of text, and not one character before."""
        self.append(*(line(id, "x" * 4096) for id in range(1, 34)))
        self.assertEqual(self.ids(after=0, limit=100), list(range(1, 33)))
        self.assertTrue(self.page(after=0, limit=100).more)
        self.assertEqual(self.ids(limit=100), list(range(2, 34)))
        self.assertTrue(self.page(limit=100).more)
        self.assertFalse(self.page(after=1, limit=100).more)

    def test_page_of_actions(self) -> None:
        """What people do and whisper counts as text, too."""
        long = "x" * 100_000
        self.append(
            Acted(id=1, nick="ada", room="lobby", text=long),
            Acted(id=2, nick="ada", room="lobby", text=long),
            self.whisper(3, text=long),
            self.whisper(4, text=long),
        )
        self.assertEqual(self.ids(), [2])
        self.assertEqual(self.ids(ADA.identity), [4])

    def test_page_is_never_empty_for_its_size(self) -> None:
        """One event that is larger than a page is a page."""
        self.append(line(1, "x" * 200_000), line(2, "x" * 200_000))
        self.assertEqual((self.ids(after=0), self.page(after=0).more), ([1], True))
        self.assertEqual((self.ids(after=1), self.page(after=1).more), ([2], False))

    def whisper(self, id: int, text: str = "psst", to: Member | None = None) -> Whispered:
        to = to or BOB
        return Whispered(
            id=id,
            nick="ada",
            to=to.nick,
            text=text,
            ref="r",
            identity=ADA.identity,
            to_identity=to.identity,
        )

    def test_private(self) -> None:
        """A private line is on the pages of the two people, and on nobody else's."""
        self.append(self.whisper(1), self.whisper(2, to=EVE), line(3))
        self.assertEqual(self.page(ADA.identity).events, [self.whisper(1), self.whisper(2, to=EVE)])
        self.assertEqual(self.ids(BOB.identity), [1])
        self.assertEqual(self.ids(EVE.identity), [2])
        self.assertEqual(self.ids(), [3])

    def test_manner(self) -> None:
        """How a private line was said comes back with it."""
        told = [replace(self.whisper(id), manner=manner) for id, manner in enumerate(MANNERS, 1)]
        self.append(*told)
        self.assertEqual(self.page(ADA.identity).events, told)

    def test_private_to_a_person(self) -> None:
        """Who has the nickname later does not see what was whispered to it before."""
        self.append(self.whisper(1))
        another_bob = Member("bob", "bob", "another token")
        self.assertEqual(self.ids(another_bob.identity), [])

    def test_private_to_oneself(self) -> None:
        """A line to oneself is seen once."""
        self.append(self.whisper(1, to=ADA), self.whisper(2, to=ADA))
        self.assertEqual(self.ids(ADA.identity, after=0), [1, 2])
        self.assertEqual(self.page(ADA.identity, limit=1).more, True)

    def test_private_pages(self) -> None:
        """Private lines are paged as those of a room, those sent with those received."""
        who = {"identity": BOB.identity, "to_identity": ADA.identity}
        back = Whispered(id=2, nick="bob", to="ada", text="yes?", **who)
        self.append(self.whisper(1), back, self.whisper(3), self.whisper(4))
        for identity in (ADA.identity, BOB.identity):
            self.assertEqual(self.ids(identity, after=1, limit=2), [2, 3])
            self.assertEqual(self.ids(identity, before=4, limit=2), [2, 3])
            self.assertTrue(self.page(identity, before=4, limit=2).more)
            self.assertFalse(self.page(identity, after=1, before=4).more)


MANNERS = ("said", "acted", "noticed")
ADA, BOB, EVE = (Member(nick, nick, f"{nick}'s token") for nick in ("ada", "bob", "eve"))


class FileJournalTests(JournalContract, DatabaseJournalTestCase):
    """The journal in a file."""


class MemoryJournalTests(JournalContract, DatabaseJournalTestCase):
    """The journal in memory."""

    path = ":memory:"

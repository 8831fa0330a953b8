"""Private lines by the two people, and the conversations that somebody had."""

from __future__ import annotations

from typing import Any

from chatservice.chat.journal import Target, Wanted
from chatservice.protocol.events import LATEST
from chatservice.storage.pages import _PAGE_WITH_ONE, BACKWARD
from chatservice.storage.targets import PEOPLE
from tests.databases import DatabaseJournalTestCase, JournalCase
from tests.recording import ADA, BOB, EVE, line, private_line


class PageContract(JournalCase):
    """Pages of the private lines with one person."""

    def exchanged(self, whom: bytes, **wanted: Any) -> list[int]:
        """The ids on a page of ada's."""
        page = self.successResultOf(
            self.journal.page(Wanted(of=ADA, with_whom=whom, **wanted))
        )
        return [event.id for event in page.events]

    def test_both_ways(self) -> None:
        """What the two said to each other, and nothing of anybody else."""
        pairs = ["ada bob", "bob ada", "ada eve", "bob eve", "eve ada", "ada bob", "ada ada"]
        self.append(*(private_line(id, *pair.split()) for id, pair in enumerate(pairs, 1)))
        self.assertEqual(self.exchanged(BOB), [1, 2, 6])
        self.assertEqual(self.exchanged(EVE), [3, 5])
        self.assertEqual(self.exchanged(ADA), [7])
        self.assertEqual(self.exchanged(BOB, limit=2), [2, 6])
        self.assertEqual(self.exchanged(BOB, before=6, limit=1), [2])
        self.assertEqual(self.exchanged(BOB, after=0, limit=2), [1, 2])
        self.assertEqual(self.exchanged(BOB, after=1, before=6), [2])


class PageTests(PageContract, DatabaseJournalTestCase):
    """Such pages in an SQLite file."""


class TargetContract(JournalCase):
    """The conversations between two moments."""

    def targets(
        self,
        after: int = 0,
        before: int = LATEST,
        limit: int = 9,
        rooms: tuple[str, ...] = (),
        latest: bool = False,
    ) -> list[Target]:
        """Find those of ada's."""
        found = self.journal.targets(ADA, rooms, after, before, limit, latest)
        return self.successResultOf(found)

    def test_people(self) -> None:
        """Everybody to whom or from whom there was a line, by the latest, with the nickname."""
        self.assertEqual(self.targets(), [])
        pairs = ["ada bob", "eve ada", "bob ada", "ada ada", "bob eve"]
        self.append(*(private_line(id, *pair.split()) for id, pair in enumerate(pairs, 1)))
        eve, bob = Target(id=2, nick="eve", identity=EVE), Target(id=3, nick="bob", identity=BOB)
        own = Target(id=4, nick="ada", identity=ADA)
        self.assertEqual(self.targets(), [eve, bob, own])
        self.assertEqual(self.targets(limit=2), [eve, bob])
        self.assertEqual(self.targets(limit=2, latest=True), [bob, own])
        self.assertEqual(self.targets(after=2), [bob, own])
        self.assertEqual(self.targets(before=3), [eve])
        self.assertEqual(self.targets(after=4), [])

    def test_rooms(self) -> None:
        """Of the rooms those that were named, in one order with the people."""
        self.append(line(1), private_line(2, "ada", "bob"), line(3), line(4, room="python"))
        bob, lobby = Target(id=2, nick="bob", identity=BOB), Target(id=3, room="lobby")
        self.assertEqual(self.targets(rooms=("lobby", "attic")), [bob, lobby])
        self.assertEqual(self.targets(rooms=("lobby",), before=3), [bob])
        last = self.targets(rooms=("lobby", "python"), limit=1, latest=True)
        self.assertEqual(last[0].room, "python")

    def test_erased(self) -> None:
        """Somebody who has erased everything is nobody any more."""
        self.append(private_line(1, "ada", "bob"), private_line(2, "bob", "ada"))
        self.successResultOf(self.journal.forget(BOB))
        self.assertEqual(self.targets(), [])


class TargetTests(TargetContract, DatabaseJournalTestCase):
    """Conversations in an SQLite file."""

    def test_few_among_many(self) -> None:
        """All of it is found by indices, whatever is in between."""
        for sql, given in (
            (PEOPLE, (ADA, 0, LATEST, b"", LATEST)),
            (_PAGE_WITH_ONE.format(**BACKWARD), (LATEST, 9, ADA, 0, BOB)),
        ):
            plan = self.database_.at_start(
                lambda connection, sql=sql, given=given: connection.execute(
                    "EXPLAIN QUERY PLAN " + sql, given
                ).fetchall()
            )
            steps = [row[3] for row in plan]
            self.assertNotIn("SCAN whispers", " ".join(steps))
            for step in steps:
                if step.startswith("SEARCH whispers"):
                    self.assertRegex(step, "whispers_(to|from) |PRIMARY KEY")

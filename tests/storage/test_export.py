"""What is stored about one person: given out whole, and erased."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from twisted.internet.defer import succeed

from chatservice.chat.journal import Wanted
from chatservice.protocol.actions import Banned, Kicked, RoomSet
from chatservice.protocol.errors import StorageError
from chatservice.protocol.events import Acted, Event, Joined, Left, TopicChanged
from chatservice.protocol.query import parse
from chatservice.storage.export import _MINE, _TALK, EXPORT_BYTES
from chatservice.storage.indexing import ERASE_STEP, INDEX_BYTES
from chatservice.storage.journal import DatabaseJournal
from tests.databases import DatabaseJournalTestCase, JournalCase
from tests.recording import ADA, BOB, EVE, line, private_line

NO_TOPICS: dict[str, Any] = {"type": "topics", "topics": []}

NOW = 1_763_712_000_000_001
SPOKEN: list[Event] = [
    Joined(id=NOW - 9, nick="ada", room="lobby", identity=ADA),
    line(NOW, "hello, Grüße"),
    line(NOW + 1, "a line of bob's", nick="bob", identity=BOB),
    Acted(id=NOW + 2, nick="ada", room="python", text="waves", identity=ADA),
    TopicChanged(id=NOW + 3, nick="ada", room="lobby", text="ants", identity=ADA),
    TopicChanged(id=NOW + 4, nick="bob", room="python", text="bees", identity=BOB),
    private_line(NOW + 5, "ada", "bob", "from ada"),
    replace(private_line(NOW + 6, "bob", "ada", "to ada"), manner="noticed"),
    private_line(NOW + 7, "bob", "eve", "no business of ada's"),
    Kicked(id=NOW + 8, nick="ada", identity=ADA, room="lobby", target="eve", text="spam"),
    Banned(id=NOW + 9, nick="ada", identity=ADA, target="eve", until=NOW + 10),
    Banned(id=NOW + 10, nick="bob", identity=BOB, target="ada", target_identity=ADA),
    Left(id=NOW + 11, nick="ada", goodbye=True, why="", rooms=("lobby",), identity=ADA),
]
BEFORE = "2025-11-21T07:59:59.999992+00:00"
AFTER = "2025-11-21T08:00:00.000012+00:00"


def when(number: int) -> dict[str, Any]:
    return {"id": NOW + number, "time": f"2025-11-21T08:00:00.{number + 1:06}+00:00"}


class PersonalContract(JournalCase):
    """What is given out about somebody, and erased."""

    def exported(self, identity: bytes = ADA) -> list[dict[str, Any]]:
        """All pages of an export."""
        lines: list[str] = []
        after: int | None = 0
        while after is not None:
            page = self.successResultOf(self.journal.export(identity, after))
            lines += page.lines
            after = page.next
        return [json.loads(line) for line in lines]

    def test_marks(self) -> None:
        """Up to when somebody has read the lines with others, and those of rooms."""
        for other, nick, number in ((BOB, "bob", 3), (EVE, "eve", 1), (b"#den", "#den", 2)):
            self.successResultOf(self.journal.move_mark(ADA, other, nick, NOW + number))
        who: list[dict[str, object]] = [{"nick": "eve"}, {"room": "den"}, {"nick": "bob"}]
        marks = [each | {"seen": when(id)["time"]} for id, each in enumerate(who, 1)]
        self.assertIn({"type": "marks", "marks": marks}, self.exported())

    def test_nothing(self) -> None:
        """About somebody who is not known there is only that."""
        self.append(*SPOKEN)
        self.assertEqual(self.exported(b"nobody"), [{"type": "places", "places": []}, NO_TOPICS])

    def test_export(self) -> None:
        """All that is stored about somebody, and nothing that is not, each with its time."""
        self.append(*SPOKEN)
        places = [
            {"room": room, "nick": "ada", "entered": BEFORE, "seen": AFTER}
            for room in ("", "lobby")
        ]
        ada = {"nick": "ada"}
        until = "2025-11-21T08:00:00.000011+00:00"
        self.assertEqual(
            self.exported(),
            [
                {"type": "places", "places": places},
                {
                    "type": "topics",
                    "topics": [
                        {"room": "lobby", **ada, "time": when(3)["time"], "text": "ants"}
                    ],
                },
                {"type": "said", **when(0), **ada, "room": "lobby", "text": "hello, Grüße"},
                {"type": "acted", **when(2), **ada, "room": "python", "text": "waves"},
                {"type": "topic_changed", **when(3), **ada, "room": "lobby", "text": "ants"},
                {"type": "whispered", **when(5), **ada, "to": "bob", "text": "from ada"},
                {"type": "whispered", **when(6), "nick": "bob", "to": "ada", "text": "to ada"}
                | {"manner": "noticed"},
                {"type": "kicked", **when(8), **ada, "room": "lobby", "target": "eve"}
                | {"text": "spam"},
                {"type": "banned", **when(9), **ada, "room": "", "target": "eve", "text": ""}
                | {"until": until},
                {"type": "banned", **when(10), "nick": "bob", "room": "", "target": "ada"}
                | {"text": ""},
            ],
        )

    def test_password_of_a_room(self) -> None:
        """The password of a room is not given out, not even as its hash."""
        act = RoomSet(id=NOW, nick="ada", identity=ADA, target="password", text="$argon2id$...")
        self.append(act)
        self.assertEqual(self.exported()[-1]["text"], "on")

    def test_pages(self) -> None:
        """Page by page everything is given out once, each page of a bounded size."""
        long = "x" * (EXPORT_BYTES // 3)
        self.append(*(line(id, long) for id in range(1, 8)), line(8, "y" * 2 * EXPORT_BYTES))
        page = self.successResultOf(self.journal.export(ADA))
        self.assertEqual((len(page.lines), page.next), (4, 2))
        self.assertEqual([one["id"] for one in self.exported()[2:]], list(range(1, 9)))

    def forget(self, identity: bytes = ADA) -> int:
        return self.successResultOf(self.journal.forget(identity))

    def test_forget(self) -> None:
        """What somebody said is gone for everybody, and what others said is there."""
        self.append(*SPOKEN)
        self.assertEqual(self.forget(), 4)
        self.assertEqual((self.ids(), self.ids("python")), ([NOW + 1], [NOW + 4]))
        self.assertEqual(self.ids(EVE), [NOW + 7])
        self.assertEqual(self.successResultOf(self.journal.places(ADA)), [])
        kinds = {one["type"] for one in self.exported()}
        self.assertEqual(kinds, {"places", "topics", "kicked", "banned"})
        self.assertIn(NO_TOPICS, self.exported())
        self.assertEqual(len(self.exported(BOB)), 7)

    def test_forget_whom_it_was_told(self) -> None:
        """A private line stays with who wrote it, to somebody."""
        self.append(*SPOKEN)
        self.forget()
        page = self.successResultOf(self.journal.page(Wanted(of=BOB)))
        kept = [(event.id, event.to, event.to_identity, event.text) for event in page.events]
        told = (NOW + 6, "somebody", b"", "to ada")
        self.assertEqual(kept, [told, (NOW + 7, "eve", EVE, "no business of ada's")])

    def test_forget_again(self) -> None:
        """There is nothing to erase the second time, or about somebody who is not known."""
        self.append(*SPOKEN)
        self.assertEqual((self.forget(), self.forget(), self.forget(b"nobody")), (4, 0, 0))

    def test_forgotten_is_not_found(self) -> None:
        """What was erased is not found any more, and is not missing from a page."""
        self.append(line(1, "bees"), line(2, "bees", nick="bob", identity=BOB))
        self.assertEqual(self.found("bees"), [1, 2])
        self.append(line(3, "bees"))
        self.forget()
        self.assertEqual(self.found("bees"), [2])
        page = self.successResultOf(self.journal.page(Wanted(of="lobby", after=0)))
        self.assertIsNone(page.kept_from)

    def found(self, words: str) -> list[int]:
        found = self.successResultOf(self.journal.search(parse(words), ["lobby"], 9))
        return [event.id for event in found.events]

    def test_present(self) -> None:
        """Of a place that somebody is at, it is not said what was seen last."""
        self.append(Joined(id=NOW, nick="ada", room="lobby", identity=ADA))
        self.assertEqual([place["seen"] for place in self.exported()[0]["places"]], [None, None])

    def test_index(self) -> None:
        """The index has no words of lines that were erased, whether it had had them or not."""
        self.append(line(1, "bees"), line(2, "bees", identity=BOB))
        self.check_index()
        self.append(line(3, "bees"))
        self.forget()
        self.check_index()

    def test_forget_in_steps(self) -> None:
        """However much there is to erase, one transaction changes so many rows, or so much text."""
        count = 2 * ERASE_STEP + 3
        private = [("ada", "bob"), ("bob", "ada")] * count
        self.append(*map(line, range(1, count)))
        self.append(*(private_line(count + id, *pair) for id, pair in enumerate(private)))
        long = [line(10 * count + id, "x" * 4096) for id in range(INDEX_BYTES // 4096 + 1)]
        self.append(*long)
        changes = []
        write = self.database_.write_later

        def counted(work: Any) -> Any:
            done = write(work)
            changes.append(self.successResultOf(done))
            return succeed(changes[-1])

        self.patch(self.database_, "write_later", counted)
        self.assertEqual(self.forget(), 2 * count - 1 + len(long))
        self.assertEqual(max(changes), ERASE_STEP)
        self.assertEqual(changes[:5], [ERASE_STEP, ERASE_STEP, 17, 2, 0])
        self.assertEqual(sum(changes), 3 * count - 1 + len(long))


class PersonalTests(PersonalContract, DatabaseJournalTestCase):
    """What is given out and erased in an SQLite file."""

    def test_topics(self) -> None:
        """The topics that somebody set are gone in the next run, and those of others are not."""
        self.append(*SPOKEN)
        self.forget()
        again = DatabaseJournal(self.database_)
        again.open()
        self.assertEqual([topic.text for topic in again.topics.values()], ["bees"])
        self.assertEqual(again.topics["python"].identity, BOB)

    def test_few_among_many(self) -> None:
        """What somebody said is found by whose it is, and not by looking at everybody's."""
        for sql, given in ((_TALK, (0, 9, ADA, 9)), (_MINE, (ADA,))):
            plan = self.database_.at_start(
                lambda connection, sql=sql, given=given: connection.execute(
                    "EXPLAIN QUERY PLAN " + sql, given
                ).fetchall()
            )
            self.assertIn("USING INDEX events_by_author", plan[0][3])
            self.assertEqual(len(plan), 1)

    def test_disk(self) -> None:
        """What is wrong with the disk is told."""
        self.append(*SPOKEN)
        self.database_.at_start(lambda connection: connection.execute("PRAGMA query_only = ON"))
        failure = self.failureResultOf(self.journal.forget(ADA), StorageError)
        self.assertEqual(str(failure.value), "the database is read-only")
        self.assertEqual(len(self.exported()), 10)

"""Finding lines by their words, whatever somebody types."""

from __future__ import annotations

import contextlib
import sqlite3

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.logger import capturedLogs, formatEvent

from chatservice.events import Acted, ChatError, Event, TopicChanged
from chatservice.search import DEADLINE, INDEX_STEP, TERMS_MOST, Search
from tests.recording import (
    ADA,
    BOB,
    EVE,
    DatabaseJournalTestCase,
    JournalCase,
    MemoryJournalTestCase,
    line,
    private_line,
)

SYNTAX = [*"()\"*^-+:{}'\0\ud800", "AND", "OR", "NOT", "NEAR(", "text:"]


class SearchContract(JournalCase):
    """What searching does in any journal."""

    def found(
        self, words: str, *rooms: str, nick: str | None = None, limit: int = 50
    ) -> list[Event]:
        return self.successResultOf(self.journal.search(words, rooms or ("lobby",), nick, limit))

    def found_ids(self, words: str, *rooms: str, nick: str | None = None) -> list[int]:
        return [event.id for event in self.found(words, *rooms, nick=nick)]

    def test_nothing_said(self) -> None:
        """Where nothing was said, nothing is found."""
        self.assertEqual(self.found("bees"), [])

    def test_whole_events(self) -> None:
        """What is found is the events that were stored, with whose they are."""
        said = [
            line(1, "the bees are out"),
            Acted(id=2, nick="bob", room="lobby", text="keeps bees", ref="r", identity=BOB),
            TopicChanged(id=3, nick="ada", room="lobby", text="bees", identity=ADA),
        ]
        self.append(*said)
        found = self.found("bees")
        self.assertEqual(found, said)
        self.assertEqual([event.identity for event in found], [ADA, BOB, ADA])

    def test_all_words(self) -> None:
        """All words have to be there, in any order, in capitals or not, and as whole words."""
        self.append(line(1, "Green bees."), line(2, "bees"), line(3, "greens, bees; GREEN!"))
        self.append(line(4, "greenbees"), line(5, "bees are green"))
        self.assertEqual(self.found_ids("BEES green"), [1, 3, 5])

    def test_beginning(self) -> None:
        """An asterisk stands for the rest of a word."""
        self.append(line(1, "beehive"), line(2, "bee"), line(3, "wannabee"), line(4, "be"))
        self.assertEqual(self.found_ids("bee*"), [1, 2])

    def test_short_beginning(self) -> None:
        """Before an asterisk there have to be two letters, in whatever script; or none at all."""
        self.append(line(1, "bees"), line(2, "well-known"), line(3, "éa"))
        for words in ("b*", "b**", "well-k*", "é*", "e\u0301*", "bees _b*"):
            with self.assertRaises(ChatError) as caught:
                self.found(words)
            sentence = "a * needs at least 2 letters before it"
            self.assertEqual((caught.exception.code, str(caught.exception)), ("usage", sentence))
        for words, ids in (("be*", [1]), ("well-kn*", [2]), ("éa*", [3]), ("*", [])):
            self.assertEqual(self.found_ids(words), ids, words)
        self.found("e\u0301a*")

    def test_marks(self) -> None:
        """Words with marks between them stand one after the other."""
        self.append(line(1, "a well-known bee"), line(2, "known well"), line(3, "well, known"))
        self.assertEqual(self.found_ids("well-known"), [1, 3])

    def test_no_words(self) -> None:
        """Marks alone find nothing, and with words they do not matter."""
        self.append(line(1, "bees -- !"))
        for words in ["", " ", "--", '"', "*", "-- *"]:
            self.assertEqual(self.found(words), [], words)
        self.assertEqual(self.found_ids("-- bees"), [1])
        self.assertEqual(self.found_ids('"bees" "'), [1])

    def test_rooms(self) -> None:
        """Only the rooms given are searched, and private lines never."""
        self.append(line(1, "bees"), line(2, "bees", room="python"), line(3, "bees", room="attic"))
        self.append(private_line(4, "ada", "bob", "bees"))
        self.assertEqual(self.found_ids("bees", "lobby", "attic"), [1, 3])

    def test_nickname(self) -> None:
        """Only what was said under a nickname is found if it is given, or one that looks so."""
        nicks = ["paul", "Paul", "pau1", "bob"]
        self.append(*(line(id, "bees", nick=nick) for id, nick in enumerate(nicks, 1)))
        self.assertEqual(self.found_ids("bees", nick="paul"), [1, 2, 3])

    def test_newest(self) -> None:
        """The newest are found if there are more than are wanted."""
        self.append(*(line(id, "bees") for id in range(1, 6)))
        self.assertEqual([event.id for event in self.found("bees", limit=2)], [4, 5])

    def test_other_scripts(self) -> None:
        """Words of any script are words."""
        self.append(line(1, "Пчёлы летят"), line(2, "蜜蜂 在"), line(3, "Grüße"))
        for words, id in [("пчёлы", 1), ("蜜蜂", 2), ("grüße", 3)]:
            self.assertEqual(self.found_ids(words), [id])

    def test_too_many_words(self) -> None:
        """So many words are too many, however long; the same one again does not count."""
        self.append(line(1, "bees"))
        self.assertEqual(self.found_ids("bees " * 1000), [1])
        words = " ".join(f"w{number}" for number in range(TERMS_MOST + 1))
        with self.assertRaises(ChatError) as caught:
            self.found(words)
        sentence = f"search for at most {TERMS_MOST} words at a time"
        self.assertEqual((caught.exception.code, str(caught.exception)), ("usage", sentence))


class MemorySearchTests(SearchContract, MemoryJournalTestCase):
    """Searching in memory."""


class DatabaseSearchTests(SearchContract, DatabaseJournalTestCase):
    """Searching in a file."""

    def test_marks_above(self) -> None:
        """A word is found with and without the marks above its letters."""
        self.append(line(1, "Grüße"), line(2, "cafe"))
        self.assertEqual((self.found_ids("gruße"), self.found_ids("café")), ([1], [2]))

    def test_more_than_a_step(self) -> None:
        """Everything that was said is found, however much of it is not indexed yet."""
        last = 2 * INDEX_STEP + 1
        self.append(*(line(id, f"bees {id}") for id in range(1, last + 1)))
        for id in (1, INDEX_STEP + 1, last):
            self.assertEqual(self.found_ids(str(id)), [id])

    def test_said_after_searching(self) -> None:
        """What is said after a search is found by the next one."""
        self.append(line(1, "bees"))
        self.assertEqual(self.found_ids("bees"), [1])
        self.append(line(2, "bees"))
        self.assertEqual(self.found_ids("bees"), [1, 2])

    def value(self, question: str) -> int:
        done = self.database_.read(lambda connection: connection.execute(question).fetchone()[0])
        return self.successResultOf(done)

    def test_not_indexed_on_the_way(self) -> None:
        """Storing leaves the index alone; steps take in so many lines each, until it has all."""
        self.append(*map(line, range(1, INDEX_STEP + 2)))
        self.assertEqual(self.value("SELECT id FROM indexed"), 0)
        steps = [self.successResultOf(self.journal.index()) for _ in range(3)]
        self.assertEqual(steps, [True, False, False])
        self.assertEqual(self.value("SELECT id FROM indexed"), INDEX_STEP + 1)

    def test_tidied(self) -> None:
        """The index is tidied up when one in 25 of its lines was erased, and not before."""
        self.append(*(line(id, identity=ADA if id % 25 else BOB) for id in range(1, 101)))
        self.append(*(line(id, identity=EVE) for id in range(101, 106)))
        erased = []
        for who in (BOB, EVE):
            self.check_index()
            self.successResultOf(self.journal.forget(who))
            self.check_index()
            erased.append(self.value("SELECT erased FROM indexed"))
        self.assertEqual(erased, [4, 0])

    def test_slow(self) -> None:
        """A search that takes longer than a second is ended, and the next one is not hindered."""
        self.append(*(line(id, "bees") for id in range(1, 2000)))
        moments = iter([0.0])
        slow = Search(self.database_, lambda: next(moments, DEADLINE + 0.1))
        done = slow.find("bees", ["python"], None, 50)
        error = self.failureResultOf(done, ChatError).value
        sentence = "that takes too long: add a word, or name a room"
        self.assertEqual((error.code, str(error)), ("usage", sentence))
        self.assertEqual(len(self.ids(limit=2000)), 1999)
        self.assertEqual(len(self.found("bees")), 50)

    def test_disk(self) -> None:
        """What cannot be indexed is not found, which the log says; a bug stays what it is."""
        self.assertEqual(self.found("bees"), [])
        self.append(line(1, "bees"))
        self.database_.at_start(lambda connection: connection.execute("PRAGMA query_only = ON"))
        with capturedLogs() as logged:
            self.assertEqual(self.found_ids("bees"), [])
        (entry,) = logged
        why = "the database is read-only"
        self.assertEqual(formatEvent(entry), f"Lines cannot be indexed: {why}.")
        self.database_.at_start(lambda connection: connection.execute("PRAGMA query_only = OFF"))
        self.assertEqual(self.found_ids("bees"), [1])
        self.database_.at_start(lambda connection: connection.execute("DROP TABLE words"))
        done = self.journal.search("b", ["lobby"], None, 1)
        self.failureResultOf(done, sqlite3.OperationalError)

    @settings(max_examples=300, deadline=None, derandomize=True)
    @given(st.lists(st.sampled_from(SYNTAX) | st.text(), max_size=9))
    def test_never_a_mistake(self, pieces: list[str]) -> None:
        """Whatever somebody searches for, SQLite makes sense of it, with or without blanks."""
        for words in ("".join(pieces)[:50], " ".join(pieces[:5])[:30]):
            with contextlib.suppress(ChatError):
                self.assertIsInstance(self.found(words), list)

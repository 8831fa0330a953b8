"""Finding lines by their words, whatever somebody types."""

from __future__ import annotations

import contextlib
import sqlite3
from dataclasses import replace
from itertools import count

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from twisted.internet.defer import fail
from twisted.logger import capturedLogs, formatEvent

from chatservice.protocol.events import Acted, ChatError, Event, Noticed, TopicChanged
from chatservice.protocol.query import QUERY_MOST, TERMS_MOST, parse
from chatservice.storage.database import Interrupted
from chatservice.storage.indexing import INDEX_BYTES
from chatservice.storage.scanning import DEADLINE
from chatservice.storage.search import INDEX_WITHIN
from tests.databases import DatabaseJournalTestCase, JournalCase
from tests.recording import ADA, BOB, line, private_line

# Each kind of database gets the same examples, so it does not matter that they take turns.
EXAMPLES = settings(
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.differing_executors],
)
TOO_MANY = (
    "search for at most 16 words at a time, or 64 characters where no spaces are written between "
    "words"
)
SYNTAX = [*"()\"*^-+:{}'\0\ud800", "AND", "OR", "NOT", "NEAR(", "text:"]


class SearchContract(JournalCase):
    """Searching for words."""

    def found(
        self, words: str, *rooms: str, nick: str | None = None, limit: int = 50
    ) -> list[Event]:
        query = replace(parse(words), nick=nick)
        found = self.successResultOf(self.journal.search(query, rooms or ("lobby",), limit))
        return found.events

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
            Noticed(id=4, nick="ada", room="lobby", text="bees!", identity=ADA),
        ]
        self.append(*said)
        found = self.found("bees")
        self.assertEqual(found, said)
        self.assertEqual([event.identity for event in found], [ADA, BOB, ADA, ADA])

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
        """Before an asterisk there have to be three letters, in whatever script; or none at all."""
        self.append(line(1, "bees"), line(2, "well-known"), line(3, "éab"))
        for words in ("ab*", "b*", "be**", "well-kn*", "éa*", "e\u0301a*", "bees _be*"):
            with self.assertRaises(ChatError) as caught:
                self.found(words)
            sentence = "a * needs at least 3 letters before it"
            self.assertEqual((caught.exception.code, str(caught.exception)), ("usage", sentence))
        for words, ids in (("bee*", [1]), ("well-kno*", [2]), ("éab*", [3])):
            self.assertEqual(self.found_ids(words), ids, words)
        self.found("e\u0301ab*")

    def test_marks(self) -> None:
        """Words with marks between them stand one after the other."""
        self.append(line(1, "a well-known bee"), line(2, "known well"), line(3, "well, known"))
        self.assertEqual(self.found_ids("well-known"), [1, 3])

    def test_no_words(self) -> None:
        """Marks alone find nothing, and with words they do not matter."""
        self.append(line(1, "bees -- !"))
        for words in ["", " ", "--", '"', "*", "-- *", '""', "in:#python"]:
            self.refuses(words, "there are no words to search for")
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
        self.append(line(5, "wasps", nick="paul"), line(6, nick="paul", room="python"))
        alone = self.journal.search(parse("from:paul"), ["lobby"], 3)
        self.assertEqual([event.id for event in self.successResultOf(alone).events], [2, 3, 5])

    def test_newest(self) -> None:
        """The newest are found if there are more than are wanted."""
        self.append(*(line(id, "bees") for id in range(1, 6)))
        self.assertEqual([event.id for event in self.found("bees", limit=2)], [4, 5])

    def test_before(self) -> None:
        """Only lines with smaller ids are found, if an id is given, by words and without them."""
        self.append(*(line(id, "bees", nick="bob") for id in range(1, 6)))
        for words in ("bees", "from:bob"):
            query = replace(parse(words), before=4)
            found = self.successResultOf(self.journal.search(query, ["lobby"], 2)).events
            self.assertEqual([event.id for event in found], [2, 3], words)

    def test_other_scripts(self) -> None:
        """Words of any script are words."""
        self.append(line(1, "Пчёлы летят"), line(2, "蜜蜂 在"), line(3, "Grüße"))
        for words, id in [("пчёлы", 1), ("蜜蜂", 2), ("grüße", 3)]:
            self.assertEqual(self.found_ids(words), [id])

    def test_too_many_words(self) -> None:
        """So many words are too many, as the index splits them; the same again does not count."""
        self.append(line(1, "bees"))
        self.assertEqual(self.found_ids("bees " * 80), [1])
        self.found("-".join(["the"] * TERMS_MOST))
        for between in (" ", "-", "_", "\N{BULLET}"):
            words = between.join(f"w{number}" for number in range(TERMS_MOST + 1))
            self.refuses(words, TOO_MANY)
        self.refuses("-".join(["the"] * (TERMS_MOST + 1)), TOO_MANY)
        self.found("- " * 9 + "! ? " * 9 + "the-" * TERMS_MOST)
        self.found("蜂" * 65)
        self.refuses("蜂" * 66, TOO_MANY)

    def test_too_long(self) -> None:
        """What is too long is not even looked at: sorting marks takes long."""
        for words in ("\u0301\u0316" * 4000, "the-" * 1000, "x" * (QUERY_MOST + 1)):
            self.refuses(words, f"search for at most {QUERY_MOST} characters at a time")
        self.refuses("\u0301\u0316" * (QUERY_MOST // 2), "there are no words to search for")

    def refuses(self, words: str, sentence: str) -> None:
        with self.assertRaises(ChatError) as caught:
            self.found(words)
        self.assertEqual((caught.exception.code, str(caught.exception)), ("usage", sentence))


    def test_more_than_a_step(self) -> None:
        """Everything that was said is found, however much of it is not indexed yet."""
        self.append(*(line(id, f"bees {id} " + "x" * 4000) for id in range(1, 200)))
        for id in (1, 65, 199):
            self.assertEqual(self.found_ids(f"bees {id}"), [id])

    def test_not_up_to_date(self) -> None:
        """A search waits for the index for so long, and says if the newest are not in it then."""
        self.slow_clock()
        self.append(*(line(id, f"bees {id} " + "x" * 4000) for id in range(1, 200)))
        found = self.successResultOf(self.journal.search(parse("bees"), ["lobby"], 1))
        self.assertEqual([event.id for event in found.events], [found.up_to])
        while found.up_to is not None:
            self.assertLess(found.up_to, 199)
            found = self.successResultOf(self.journal.search(parse("bees"), ["lobby"], 1))
        self.assertEqual(found.events[0].id, 199)

    def test_without_words(self) -> None:
        """Looking for what somebody said waits for no index."""
        self.slow_clock()
        self.append(*(line(id, "x" * 4000) for id in range(1, 200)))
        found = self.successResultOf(self.journal.search(parse("from:ada"), ["lobby"], 1))
        self.assertEqual(([event.id for event in found.events], found.up_to), ([199], None))

    def slow_clock(self) -> None:
        """Let time go by whenever somebody looks at the clock."""
        moments = count(step=INDEX_WITHIN / 20)
        self.journal._search._seconds = lambda: next(moments)
        self.journal._index._seconds = lambda: next(moments)

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
        """Storing leaves the index alone; steps take in so much text each, until it has all."""
        self.append(*(line(id, "bees" * 1024) for id in range(1, 131)))
        self.assertEqual(self.value("SELECT id FROM indexed"), 0)
        self.journal._index._seconds = lambda: 0.0
        ends = []
        while self.successResultOf(self.journal.index()):
            ends.append(self.value("SELECT id FROM indexed"))
        self.assertEqual(list(dict.fromkeys(ends)), list(range(16, 129, 16)))
        self.assertEqual(self.value("SELECT id FROM indexed"), 130)

    def test_step_of_milliseconds(self) -> None:
        """A step ends when it has taken so long, and has got on by one line at least."""
        self.append(*map(line, range(1, 6)))
        moments = count(step=1.0)
        self.journal._index._seconds = lambda: next(moments)
        ends = []
        while self.successResultOf(self.journal.index()):
            ends.append(self.value("SELECT id FROM indexed"))
        self.assertEqual(list(dict.fromkeys(ends)), [1, 2, 3, 4])
        self.assertEqual(self.value("SELECT id FROM indexed"), 5)

    def test_long_line(self) -> None:
        """A line that is longer than a step is indexed alone."""
        self.append(line(1, "x" * 2 * INDEX_BYTES), line(2, "bees"))
        self.assertTrue(self.successResultOf(self.journal.index()))
        self.assertFalse(self.successResultOf(self.journal.index()))
        self.assertEqual(self.found_ids("bees"), [2])

    @settings(EXAMPLES, max_examples=300)
    @given(st.lists(st.sampled_from(SYNTAX) | st.text(), max_size=9))
    def test_never_a_mistake(self, pieces: list[str]) -> None:
        """Whatever somebody searches for, SQLite makes sense of it, with or without blanks."""
        for words in ("".join(pieces)[:50], " ".join(pieces[:5])[:30]):
            with contextlib.suppress(ChatError):
                self.assertIsInstance(self.found(words), list)


class SearchTests(SearchContract, DatabaseJournalTestCase):
    """Searching in an SQLite file."""

    def test_merged(self) -> None:
        """What steps have made is merged by other steps, so that it is never much to look into."""
        sql = "SELECT count(DISTINCT segid) FROM words_idx"
        most = 0
        for id in range(1, 301):
            self.append(line(id, f"bees w{id}"))
            while self.successResultOf(self.journal.index()):
                most = max(most, self.value(sql))
        self.assertLess(most, 16)
        self.check_index()

    def test_tidied(self) -> None:
        """The index is tidied up when one in 25 of its lines was erased, and not before."""
        self.append(*map(line, range(1, 106)))
        erased = []
        for ids in (range(1, 5), range(5, 9)):
            self.check_index()
            self.erase(ids)
            self.check_index()
            erased.append(self.value("SELECT erased FROM indexed"))
        self.assertEqual(erased, [4, 0])

    def test_too_many_to_count(self) -> None:
        """Where counting the lines takes too long, there are taken to be very many."""
        self.append(*map(line, range(1, 106)))
        broken = self.patch(self.database_, "scan", lambda *given: fail(Interrupted()))
        self.check_index()
        self.erase(range(1, 50))
        self.check_index()
        self.assertEqual(self.value("SELECT erased FROM indexed"), 49)
        broken.restore()

    def test_slow(self) -> None:
        """A search that takes longer than a second is ended, and the next one is not hindered."""
        self.append(*(line(id, "bees") for id in range(1, 2000)))
        self.check_index()
        moments = iter([0.0])
        clock = self.patch(self.database_, "_seconds", lambda: next(moments, DEADLINE + 0.1))
        done = self.journal.search(parse("bees"), ["python"], 50)
        error = self.failureResultOf(done, ChatError).value
        sentence = "that took too long: add a word, or name a room"
        self.assertEqual((error.code, str(error)), ("usage", sentence))
        clock.restore()
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
        done = self.journal.search(parse("b"), ["lobby"], 1)
        self.failureResultOf(done, sqlite3.OperationalError)

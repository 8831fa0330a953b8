"""A database that version 1 of the schema made is upgraded in place, and loses nothing."""

from __future__ import annotations

import json
import shutil
import sqlite3
from importlib.resources import files
from itertools import count
from pathlib import Path

from twisted.logger import capturedLogs, formatEvent

from chatservice.chat.journal import Missed, Wanted
from chatservice.chat.read_markers import ReadMarker
from chatservice.protocol.actions import Announced, OperatorAct
from chatservice.protocol.events import (
    LATEST,
    Acted,
    Event,
    Joined,
    Left,
    Said,
    TopicChanged,
    Whispered,
)
from chatservice.protocol.query import parse
from chatservice.protocol.tokenizer import RULES
from chatservice.storage import search
from chatservice.storage.database import DatabaseError
from chatservice.storage.indexing import TELL_EVERY
from chatservice.storage.journal import DatabaseJournal
from chatservice.storage.pruning import Pruning
from tests.databases import DatabaseTestCase, JournalCase
from tests.recording import ADA as RECORDED_ADA
from tests.recording import line, private_line

VERSION_1 = (Path(__file__).parents[1] / "data" / "version1.sql").read_text("utf-8")
START = 1_763_712_000_000_000
FLOOR = 1_763_712_010_000_009
ADA = bytes.fromhex("0123456789abcdef" * 2)
BOB = bytes.fromhex("fedcba9876543210" * 2)

VERSION_2 = f"""
    INSERT INTO events VALUES ({START}, 'said', 'lobby', 'ada', 'hello', '', x'{ADA.hex()}');
    INSERT INTO whispers
    VALUES ({START + 1}, 'ada', 'bob', x'{ADA.hex()}', x'{BOB.hex()}', 'psst', '');
    INSERT INTO acts
    VALUES ({START + 2}, 'muted', 'lobby', 'ada', x'{ADA.hex()}', 'eve', x'', '', {START + 9}, '');
    INSERT INTO places VALUES (x'{ADA.hex()}', '', 'ada', {START}, {START + 3});
"""
SNAKES = TopicChanged(id=START + 3, nick="ada", room="python", text="snakes")


class UpgradeTestCase(DatabaseTestCase, JournalCase):
    """Tests with a file that version 1 made.

    @ivar path: the file.
    """

    def setUp(self) -> None:
        super().setUp()
        self.path = self.folder / "chat.sqlite3"
        raw = sqlite3.connect(self.path)
        raw.executescript(VERSION_1)
        raw.close()

    def upgrade(self) -> None:
        """Open the file as the chat does."""
        self.database_ = self.opened()
        self.journal = DatabaseJournal(self.database_)
        self.journal.open()

    def events(self, of: str | bytes) -> list[Event]:
        return self.successResultOf(self.journal.page(Wanted(of=of))).events


class KeptTests(UpgradeTestCase):
    """What was in the file is in it still."""

    def setUp(self) -> None:
        super().setUp()
        self.upgrade()

    def test_lines(self) -> None:
        """Lines, actions and topics are the same, under the same ids."""
        said = Said(id=START + 1, nick="ada", room="lobby", text="hello, Grüße", ref="r1")
        acted = Acted(id=START + 2, nick="bob", room="lobby", text="waves to ada")
        answer = Said(id=START + 4, nick="bob", room="python", text="hello, snakes")
        self.assertEqual(self.events("lobby"), [said, acted])
        self.assertEqual(self.events("python"), [SNAKES, answer])

    def test_private_lines(self) -> None:
        """Private lines belong to the same two people."""
        psst = Whispered(id=START + 7, nick="ada", to="bob", text="psst", ref="r7")
        yes = Whispered(id=START + 8, nick="bob", to="ada", text="yes?")
        for identity in (ADA, BOB):
            found = self.events(identity)
            self.assertEqual(found, [psst, yes])
            self.assertEqual([event.identity for event in found], [ADA, BOB])

    def test_topics_and_ids(self) -> None:
        """Topics hold, and no id is given out again."""
        self.assertEqual(self.journal.topics, {"python": SNAKES})
        self.assertEqual(self.journal.floor, FLOOR)

    def test_found(self) -> None:
        """What was said before the upgrade is found, with what was said after it."""
        self.append(line(FLOOR + 1, "hello"))
        found = self.successResultOf(self.journal.search(parse("hello"), ["lobby", "python"], 9))
        ids = [event.id for event in found.events]
        self.assertEqual(ids, [START + 1, START + 4, FLOOR + 1])


class NewTests(UpgradeTestCase):
    """What is new works in the file, with what is old."""

    def setUp(self) -> None:
        super().setUp()
        self.upgrade()

    def test_people(self) -> None:
        """Places, and what was missed meanwhile."""
        self.append(
            Joined(id=FLOOR + 1, nick="ada", room="lobby", identity=ADA),
            Left(id=FLOOR + 2, nick="ada", goodbye=True, why="", rooms=("lobby",), identity=ADA),
        )
        places = [ReadMarker(room, "ada", FLOOR + 1, FLOOR + 2) for room in ("", "lobby")]
        self.assertEqual(self.successResultOf(self.journal.places(ADA)), places)
        missed = self.successResultOf(self.journal.missed("lobby", START, LATEST, "ada", ADA))
        self.assertEqual(missed, Missed(2, 1, False))

    def test_acts(self) -> None:
        """Acts of operators."""
        act = Announced(id=FLOOR + 1, nick="ada", text="tea")
        self.append(act)
        self.assertEqual(self.successResultOf(self.journal.modlog(None, LATEST, 9)), [act])

    def test_personal(self) -> None:
        """What of the old is known to be somebody's is given out, and erased."""
        exported = self.successResultOf(self.journal.export(ADA))
        self.assertEqual(
            [json.loads(text)["type"] for text in exported.lines],
            ["places", "topics", "whispered", "whispered"],
        )
        self.assertEqual(self.successResultOf(self.journal.forget(ADA)), 1)
        self.assertEqual((self.ids(ADA), self.ids(BOB)), ([], [START + 8]))

    def test_pruning(self) -> None:
        """What is over is deleted, also when it had been indexed."""
        self.successResultOf(self.journal.index())
        pruning = Pruning(self.database_, lambda room: (0, 1), lambda: FLOOR, list)
        while self.successResultOf(pruning.step()):
            pass
        self.assertEqual((self.ids(), self.ids("python")), ([START + 2], [START + 4]))
        page = self.successResultOf(self.journal.page(Wanted(of="lobby", after=0)))
        self.assertEqual(page.kept_from, START + 2)

    def test_talk(self) -> None:
        """New lines follow the old ones."""
        self.append(line(FLOOR + 1), private_line(FLOOR + 2, "ada", "bob"))
        self.assertEqual(self.ids(), [START + 1, START + 2, FLOOR + 1])


class Version2Tests(DatabaseTestCase, JournalCase):
    """A file that version 2 of the schema made."""

    def setUp(self) -> None:
        super().setUp()
        schema = files("chatservice.storage").joinpath("schema.sql").read_text("utf-8")
        database = self.database()
        database.open(schema.partition("-- version 3")[0])
        database.close()
        raw = sqlite3.connect(self.folder / "chat.sqlite3")
        raw.executescript(VERSION_2)
        raw.close()
        self.journal = DatabaseJournal(self.opened())
        self.journal.open()

    def test_kept(self) -> None:
        """Lines, private lines, acts and places are as they were, each of the time of its id."""
        line, psst = self.successResultOf(self.journal.export(ADA)).lines[2:4]
        self.assertEqual([json.loads(each)["id"] for each in (line, psst)], [START, START + 1])
        (event,) = self.successResultOf(self.journal.page(Wanted(of="lobby"))).events
        self.assertEqual((event.text, event.when), ("hello", START))
        acts: list[OperatorAct] = []
        self.journal.recall(acts.append)
        (act,) = acts
        self.assertEqual((act.target, act.until, act.when), ("eve", START + 9, START + 2))
        places = self.successResultOf(self.journal.places(ADA))
        self.assertEqual(places, [ReadMarker("", "ada", START, START + 3)])

    def test_goes_on(self) -> None:
        """What is new is stored beside it, with its time and its ref."""
        said = Said(
            id=START + 10, time=START, nick="ada", room="lobby", text="hi", identity=ADA, mark=b"m"
        )
        self.append(said)
        page = self.successResultOf(self.journal.page(Wanted(of="lobby")))
        self.assertEqual(page.events[1], said)
        ((mark, noted),) = self.successResultOf(self.journal.refs(ADA))
        self.assertEqual((mark, noted.id, noted.event.time), (b"m", START + 10, START))


class FromVersion2Tests(UpgradeTestCase):
    """A file of version 2."""

    def test_index_by_author(self) -> None:
        """Lines are found by their author, erased, and found by their words as before."""
        schema = files("chatservice.storage").joinpath("schema.sql").read_text("utf-8")
        two, _, _ = schema.partition("-- version 3")
        before = self.database()
        before.open(two)
        sql = """
            INSERT INTO events (id, kind, room, nick, text, ref, author)
            VALUES (?, 'said', 'lobby', 'ada', 'bees', '', ?)"""
        rows = [(FLOOR + 1, RECORDED_ADA), (FLOOR + 2, BOB)]
        self.successResultOf(before.write(lambda connection: connection.executemany(sql, rows)))
        self.successResultOf(DatabaseJournal(before).index())
        before.close()
        self.upgrade()
        self.assertEqual(self.successResultOf(self.journal.forget(RECORDED_ADA)), 1)
        self.successResultOf(self.journal.wipe())
        found = self.successResultOf(self.journal.search(parse("bees"), ["lobby"], 9))
        self.assertEqual([event.id for event in found.events], [FLOOR + 2])


class FromVersion3Tests(DatabaseTestCase, JournalCase):
    """A file of version 3, whose index had words as SQLite splits them."""

    def setUp(self) -> None:
        super().setUp()
        # However slow this machine is, a search waits until everything is indexed.
        self.patch(search, "INDEX_WITHIN", 60.0)
        schema = files("chatservice.storage").joinpath("schema.sql").read_text("utf-8")
        before = self.database()
        before.open(schema.partition("-- version 4")[0])
        before.close()
        raw = sqlite3.connect(self.folder / "chat.sqlite3")
        sql = """
            INSERT INTO events (id, kind, room, nick, text, ref, author)
            VALUES (?, 'said', 'lobby', 'ada', ?, '', x'')"""
        raw.executemany(sql, [(FLOOR + id, f"吃蛋糕吧 {id} " + "x" * 4000) for id in range(99)])
        raw.execute("INSERT INTO words (rowid, text) SELECT id, text FROM events")
        raw.execute("INSERT INTO words (rowid, text) VALUES (1, 'forgotten')")
        raw.execute("UPDATE indexed SET id = ?, erased = 9", (FLOOR + 98,))
        raw.commit()
        raw.close()

    def upgrade(self, path: str = "chat.sqlite3") -> None:
        self.database_ = self.opened(path)
        self.journal = DatabaseJournal(self.database_)
        self.journal.open()

    def indexed(self) -> tuple[int, int, str]:
        sql = "SELECT * FROM indexed"
        return self.database_.at_start(lambda connection: connection.execute(sql).fetchone())

    def found(self) -> list[int]:
        found = self.successResultOf(self.journal.search(parse("蛋糕"), ["lobby"], 999))
        return [event.id - FLOOR for event in found.events]

    def test_index(self) -> None:
        """All lines are found by the new rules, and of the old index no trace is left."""
        self.upgrade()
        self.assertEqual(self.indexed(), (0, 0, RULES))
        self.assertEqual(self.found(), list(range(99)))
        for path in self.folder.iterdir():
            self.assertNotIn(b"forgotten", path.read_bytes())

    def test_killed(self) -> None:
        """Indexing that was killed goes on from where it was; nothing is indexed twice."""
        self.upgrade()
        for _ in range(3):
            self.assertTrue(self.successResultOf(self.journal.index()))
        up_to = self.indexed()[0]
        self.assertTrue(FLOOR < up_to < FLOOR + 98)
        # What a process leaves that is killed; the lock of the first try lasts as long as ours.
        for path in list(self.folder.iterdir()):
            shutil.copy(path, self.folder / path.name.replace("chat", "copy"))
        self.upgrade("copy.sqlite3")
        self.assertEqual(self.indexed()[0], up_to)
        self.assertEqual(self.found(), list(range(99)))
        self.assertEqual(self.lines_with("蛋糕"), 99)

    def lines_with(self, token: str) -> int:
        """How many lines the index has a token of."""

        def work(connection: sqlite3.Connection) -> int:
            connection.execute("CREATE VIRTUAL TABLE temp.terms USING fts5vocab (main, words, row)")
            sql = "SELECT doc FROM temp.terms WHERE term = ?"
            return connection.execute(sql, (token,)).fetchone()[0]

        return self.database_.at_start(work)

    def test_other_rules(self) -> None:
        """An index that was made by other rules, such as of an older Unicode, is made anew."""
        self.upgrade()
        self.assertEqual(self.found(), list(range(99)))
        for sql in (
            "UPDATE indexed SET rules = 'others'",
            "INSERT INTO words (rowid, text) VALUES (1, '蛋糕')",
        ):
            self.database_.at_start(lambda connection, sql=sql: connection.execute(sql))
        shutil.copy(self.folder / "chat.sqlite3", self.folder / "copy.sqlite3")
        shutil.copy(self.folder / "chat.sqlite3-wal", self.folder / "copy.sqlite3-wal")
        self.upgrade("copy.sqlite3")
        self.assertEqual(self.indexed(), (0, 0, RULES))
        self.assertEqual(self.found(), list(range(99)))
        self.assertEqual(self.lines_with("蛋糕"), 99)

    def test_told(self) -> None:
        """The log tells every ten seconds how much is left, and when it is done."""
        self.upgrade()
        moments = count(step=TELL_EVERY / 4)
        self.journal._index._seconds = lambda: next(moments)
        with capturedLogs() as logged:
            while self.successResultOf(self.journal.index()):
                pass
        *told, last = [formatEvent(entry) for entry in logged]
        self.assertEqual(last, "All lines are indexed for /search.")
        left = [int(each.split()[2]) for each in told]
        self.assertEqual(
            told, [f"Preparing /search: {each} lines are not indexed yet." for each in left]
        )
        self.assertGreater(len(left), 3)
        self.assertEqual(left, sorted(left, reverse=True))


class InterruptedTests(UpgradeTestCase):
    """An upgrade that comes to nothing."""

    def test_halfway(self) -> None:
        """A file whose upgrade broke off is of version 1, as it was, and can be upgraded later."""
        before = self.dump(self.path)
        schema = files("chatservice.storage").joinpath("schema.sql").read_text("utf-8")
        half = schema.replace("CREATE TABLE acts", "SELECT * FROM nowhere; CREATE TABLE acts")
        self.assertNotEqual(half, schema)
        with self.assertRaises(DatabaseError):
            self.database().open(half)
        self.assertEqual(self.dump(self.path), before)
        # The lock of the first try lasts as long as its process.
        shutil.copy(self.path, self.folder / "copy.sqlite3")
        journal = DatabaseJournal(self.opened("copy.sqlite3"))
        journal.open()
        self.assertEqual(journal.topics, {"python": SNAKES})

    def dump(self, path: Path) -> tuple[int, list[str]]:
        """The version of a file, and all that is in it."""
        raw = sqlite3.connect(path)
        self.addCleanup(raw.close)
        return raw.execute("PRAGMA user_version").fetchone()[0], list(raw.iterdump())

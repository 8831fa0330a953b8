"""A cluster that begins with everything of a single chat."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
from psycopg import errors

from chatservice.chat.journal import Wanted
from chatservice.cluster import importing
from chatservice.cluster.accounts import ClusterAccounts
from chatservice.cluster.connection import ClusterConnection, shown
from chatservice.cluster.database import ClusterDatabase
from chatservice.cluster.importing import TABLES, import_file
from chatservice.people.account import Account
from chatservice.protocol.actions import Banned
from chatservice.protocol.events import LATEST, Event, Joined, Left, Read, TopicChanged
from chatservice.protocol.ids import EventIds
from chatservice.protocol.preferences import Preferences
from chatservice.protocol.query import parse
from chatservice.storage.accounts import StoredAccounts, read_accounts
from chatservice.storage.database import Database, DatabaseError
from chatservice.storage.journal import CEILING_AHEAD, SETTLE, DatabaseJournal
from chatservice.storage.pruning import Pruning
from tests.clustered import ClusterCase, StoringArchive
from tests.databases import DatabaseTestCase
from tests.recording import ADA, BOB, EVE, line, private_line
from tests.registered import NOW

GUEST = b"g" * 16
NOT_COPIED = {"ids", "moving", "words", "indexed"}


class ImportCase(ClusterCase, DatabaseTestCase):
    """Tests with the file of a chat that ended without a word."""

    def setUp(self) -> None:
        ClusterCase.setUp(self)
        DatabaseTestCase.setUp(self)
        self.path = str(self.folder / "chat.sqlite3")
        self.told: list[str] = []

    def opened(self) -> ClusterDatabase:
        return ClusterCase.opened(self)

    @contextmanager
    def file(self) -> Iterator[Database]:
        """Have the file open."""
        database = self.database()
        database.open()
        yield database
        database.close()

    def fill(self) -> None:
        """Leave a file with something in every table."""
        with self.file() as database:
            self.fill_open(database)

    def fill_open(self, database: Database) -> None:
        journal = DatabaseJournal(database, EventIds(lambda: 1.0))
        journal.open()
        accounts = StoredAccounts(database)
        self.successResultOf(accounts.add(self.account(), GUEST))
        for batch in (
            [line(1, "old"), line(2, "hi \0 there", identity=GUEST), private_line(3, "ada", "bob")],
            [replace(line(4, "Grüße"), time=9, mark=b"m"), replace(line(5), ref="r")],
            [TopicChanged(id=6, nick="ada", room="lobby", text="tea", identity=ADA)],
            [Banned(id=7, nick="ada", identity=ADA, room="lobby", target="eve", until=99)],
            [Joined(id=8, nick="x", room="lobby", identity=ADA)],
            [Joined(id=9, nick="x", room="lobby", identity=BOB)],
            [Read(id=10, nick="x", identity=BOB, room="lobby", upto=9, account="bob", mark=9)],
            [Left(id=11, nick="x", goodbye=True, why="", rooms=("lobby",), identity=EVE)],
        ):
            self.successResultOf(journal.store(batch))
        self.successResultOf(journal.move_mark(ADA, BOB, "bob", 3))
        pruning = Pruning(database, lambda room: (0, 4), lambda: 1, list)
        while self.successResultOf(pruning.step()):
            pass
        self.successResultOf(accounts.update(self.account(), ["ab" * 16]))

    def account(self) -> Account:
        return Account(
            "ada", "Ada", b"i" * 16, "plain:x", NOW, Preferences(time=True), {"eve": "Eve"},
            ["192.0.2.1"], ["cd" * 16],
        )

    def copy(self, **hooks: Any) -> None:
        import_file(self.path, self.url, self.told.append, **hooks)

    def refusal(self, **hooks: Any) -> str:
        with self.assertRaises(DatabaseError) as caught:
            self.copy(**hooks)
        return str(caught.exception)

    def rows(self, table: str) -> list[Any]:
        work = self.opened().at_start(
            lambda connection: connection.execute(f"SELECT * FROM {table}").fetchall()
        )
        return sorted(work, key=str)


class ImportTests(ImportCase):
    """Everything is copied."""

    def test_all(self) -> None:
        """Everything that is found in the file is found in the cluster."""
        self.fill()
        self.copy()
        archive = StoringArchive(self.opened(), lambda: LATEST)
        archive.open()
        with self.file() as database:
            journal = DatabaseJournal(database)
            journal.open()
            # As the next batch would do it: when the chat ended, all saw everything.
            database.at_start(lambda file: file.execute(SETTLE, (journal.floor, None)))
            for ask in (
                lambda each: each.page(Wanted(of="lobby", after=2)),
                lambda each: each.page(Wanted(of=ADA)),
                lambda each: each.modlog(None, LATEST, 9),
                lambda each: each.search(parse("grüße"), ["lobby"], 9),
                *(
                    partial(question, identity=identity)
                    for identity in (ADA, BOB, EVE, self.account().identity)
                    for question in (
                        lambda each, identity: each.export(identity, 2),
                        lambda each, identity: each.places(identity),
                        lambda each, identity: each.room_marks(identity),
                    )
                ),
            ):
                found = [self.successResultOf(ask(each)) for each in (journal, archive)]
                self.assertEqual(*found)
        page = self.successResultOf(archive.page(Wanted(of="lobby", after=0)))
        self.assertEqual((page.kept_from, page.events[0].text), (2, "hi  there"))
        ((mark, noted),) = self.successResultOf(archive.refs(ADA))
        self.assertEqual((mark, noted.event), (b"m", Event(id=4, nick="ada", time=9)))

    def test_accounts(self) -> None:
        """So are the accounts, and what their owners had said as guests."""
        self.fill()
        self.copy()
        database = self.opened()
        (account,) = database.at_start(read_accounts)
        for name in Account.__slots__:
            self.assertEqual(getattr(account, name), getattr(self.account(), name), name)
        is_spent = ClusterAccounts(database).is_spent("ab" * 16)
        self.assertTrue(self.successResultOf(is_spent))
        self.assertIn(b"i" * 16, [row[6] for row in self.rows("events")])

    def test_all_tables(self) -> None:
        """No table of the file is forgotten."""
        self.fill()
        sql = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'words_%'"
        with self.file() as database:
            names = database.at_start(lambda connection: connection.execute(sql).fetchall())
        self.assertEqual({name for (name,) in names} - NOT_COPIED, set(TABLES))
        self.copy()
        for table in TABLES:
            self.assertNotEqual(self.rows(table), [], table)

    def test_key(self) -> None:
        """People are shown at the same hosts as before."""
        self.fill()
        sql = "SELECT host_key FROM secret"
        with self.file() as database:
            (key,) = database.at_start(lambda connection: connection.execute(sql).fetchone())
        self.copy()
        self.assertEqual(self.rows("secret"), [(key,)])

    def test_ids(self) -> None:
        """New ids are above all that were given out, and that is noted in the same transaction."""
        self.fill()
        noted: list[int] = []

        def note(connection: ClusterConnection, id: int) -> None:
            row = connection.execute("SELECT count(*) FROM events").fetchone()
            assert row is not None
            noted.extend((row[0], id))

        self.copy(begin_above=note)
        self.assertEqual(noted, [4, 3 + CEILING_AHEAD])

    def test_told(self) -> None:
        """Progress is told, of large tables several times."""
        self.fill()
        self.patch(importing, "TELL_EVERY", 2)
        self.copy()
        events = ["events: 2 rows so far", "events: 4 rows so far", "events: 4 rows"]
        self.assertEqual(self.told[:4], [*events, "whispers: 1 row"])
        self.assertEqual(self.told[-1], "Everything is imported.")


class RefusalTests(ImportCase):
    """All of it is copied, or nothing."""

    def test_twice(self) -> None:
        """A cluster that is not empty is left as it is."""
        self.fill()
        self.copy()
        before = self.rows("events")
        self.assertEqual(
            self.refusal(), f"The cluster is not empty: cannot import into {shown(self.url)}"
        )
        self.assertEqual(self.rows("events"), before)

    def test_in_use(self) -> None:
        """A file that a chat uses is refused."""
        self.fill()
        with self.file():
            reason = f"The file is in use by another chat: cannot use {self.path}"
            self.assertEqual(self.refusal(), reason)

    def test_missing(self) -> None:
        """No file is made where there is none."""
        self.assertEqual(self.refusal(), f"No such file: cannot import {self.path}")
        self.assertFalse(Path(self.path).exists())

    def test_halfway(self) -> None:
        """If anything fails, the cluster is as empty as before, and may be filled later."""
        self.fill()

        def fails(error: Exception) -> Any:
            def fail(connection: ClusterConnection, id: int) -> None:
                raise error

            return fail

        reason = self.refusal(begin_above=fails(errors.DiskFull()))
        self.assertEqual(reason, "The disk is full: nothing was imported")
        with self.assertRaises(psycopg.ProgrammingError):
            self.copy(begin_above=fails(errors.SyntaxError()))
        self.assertEqual([self.rows(table) for table in ("events", "accounts")], [[], []])
        self.copy()
        self.assertEqual(len(self.rows("events")), 4)

"""The SQLite file: how it is opened, refused, upgraded, and what a transaction keeps."""

import gc
import sqlite3
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from chatservice.protocol.errors import StorageError
from chatservice.storage import database as database_module
from chatservice.storage.database import (
    APPLICATION_ID,
    LOG_SIZE,
    Database,
    DatabaseError,
)
from chatservice.storage.threads import ThreadedDatabase
from tests.databases import DatabaseTestCase, InlinePool, InlineReactor

ONE = """
-- version 1
CREATE TABLE lines (text TEXT NOT NULL);
INSERT INTO lines VALUES ('made by version 1');
"""
TWO = f"""{ONE}
-- version 2
ALTER TABLE lines ADD COLUMN room TEXT NOT NULL DEFAULT 'lobby';
INSERT INTO lines VALUES ('made by version 2', 'python');
"""
BROKEN = f"""{ONE}
-- version 2
INSERT INTO lines VALUES ('half of version 2');
INSERT INTO nowhere VALUES (1);
"""


def asked(question: str) -> Callable[[sqlite3.Connection], object]:
    """Work that asks for one value."""

    def work(connection: sqlite3.Connection) -> object:
        return connection.execute(question).fetchone()[0]

    return work


def all_lines(connection: sqlite3.Connection) -> list[tuple[str, ...]]:
    return connection.execute("SELECT * FROM lines ORDER BY rowid").fetchall()


def _cannot_open() -> sqlite3.OperationalError:
    """What SQLite says where it cannot make its files."""
    try:
        sqlite3.connect("/nowhere/at/all").execute("SELECT 1")
    except sqlite3.OperationalError as error:
        return error
    raise AssertionError


def line(text: str | None) -> Callable[[sqlite3.Connection], object]:
    """Work that stores a line."""
    return lambda connection: connection.execute("INSERT INTO lines (text) VALUES (?)", (text,))


class LogTests(DatabaseTestCase):
    """The write-ahead log."""

    def test_long_reader(self) -> None:
        """Somebody who reads for long lets it grow, and after that it is small again."""
        database = self.opened(schema=ONE)
        log = self.folder / "chat.sqlite3-wal"
        reader = sqlite3.connect(self.folder / "chat.sqlite3")
        self.addCleanup(reader.close)
        reader.execute("BEGIN")
        all_lines(reader)
        for _ in range(8):
            self.successResultOf(database.write(line("x" * 1024 * 1024)))
        self.assertGreater(log.stat().st_size, 2 * LOG_SIZE)
        reader.rollback()
        for _ in range(2):
            self.successResultOf(database.write(line("x" * 1024 * 1024)))
        self.successResultOf(database.write(line("hi")))
        self.assertLessEqual(log.stat().st_size, LOG_SIZE)


class OpeningTests(DatabaseTestCase):
    """A file is made, and opened again as it was."""

    def test_made_for_the_owner_alone(self) -> None:
        """A missing file is made, and nobody else on the system may read what is said."""
        self.opened("new.sqlite3")
        self.assertEqual((self.folder / "new.sqlite3").stat().st_mode & 0o777, 0o600)

    def test_unwritable_directory(self) -> None:
        """That the directory cannot be written is said, as a new file and as an old one finds."""
        self.patch(database_module.os, "access", lambda path, mode: False)
        failures = PermissionError(13, "Permission denied"), _cannot_open()
        for number, failing in enumerate(failures):

            def connect(*args: object, error: Exception = failing, **options: object) -> None:
                raise error

            database = self.database(str(number))
            self.patch(database_module.sqlite3, "connect", connect)
            error = self.assertRaises(DatabaseError, database.open)
            self.assertEqual(
                str(error),
                f"The directory {self.folder} cannot be written: cannot use {self.folder}/{number}",
            )

    def test_marked(self) -> None:
        """The file says whose it is, and of which version."""
        database = self.opened()
        self.assertEqual(database.at_start(asked("PRAGMA application_id")), APPLICATION_ID)
        schema = files("chatservice.storage").joinpath("schema.sql").read_text("utf-8")
        version = database.at_start(asked("PRAGMA user_version"))
        self.assertEqual(version, schema.count("-- version "))

    def test_durable(self) -> None:
        """A commit is on the disk when it returns: WAL with synchronous=FULL (2)."""
        database = self.opened()
        for pragma, wanted in [("journal_mode", "wal"), ("synchronous", 2)]:
            done = database.write(asked(f"PRAGMA {pragma}"))
            self.assertEqual(self.successResultOf(done), wanted)

    def test_in_memory(self) -> None:
        """Without a file, what is written is what is read."""
        pool: Any = InlinePool
        threaded = ThreadedDatabase(InlineReactor(), ":memory:", pool)
        threaded.open(ONE)
        self.addCleanup(threaded.close)
        for database in (threaded, self.opened(":memory:", ONE)):
            self.successResultOf(database.write(line("hi")))
            for reading in (database.read(all_lines), database.scan(all_lines, 1.0)):
                self.assertEqual(len(self.successResultOf(reading)), 2)

    def test_dropped(self) -> None:
        """One in memory that nobody has any more is closed."""
        database = Database()
        database.open(ONE)
        connection = database._writer
        del database
        gc.collect()
        with self.assertRaises(sqlite3.ProgrammingError):
            connection.execute("SELECT 1")

    def test_opened_again(self) -> None:
        """What was written is there after closing and opening, and the schema is not redone."""
        database = self.database()
        database.open(ONE)
        self.successResultOf(database.write(line("hi")))
        database.close()
        found = self.opened(schema=ONE).at_start(all_lines)
        self.assertEqual(found, [("made by version 1",), ("hi",)])

    def test_upgraded(self) -> None:
        """A file of an older version gets what is missing, and keeps its data."""
        older = self.database()
        older.open(ONE)
        self.successResultOf(older.write(line("hi")))
        older.close()
        newer = self.opened(schema=TWO)
        self.assertEqual(
            newer.at_start(all_lines),
            [("made by version 1", "lobby"), ("hi", "lobby"), ("made by version 2", "python")],
        )
        self.assertEqual(newer.at_start(asked("PRAGMA user_version")), 2)

    def test_made_by_all_versions(self) -> None:
        """A new file goes through all versions."""
        database = self.opened(schema=TWO)
        self.assertEqual(len(database.at_start(all_lines)), 2)

    def test_half_an_upgrade(self) -> None:
        """An upgrade that fails leaves the file as it was, in the older version."""
        older = self.database()
        older.open(ONE)
        older.close()
        with self.assertRaises(DatabaseError):
            self.database("chat.sqlite3").open(BROKEN)
        raw = sqlite3.connect(self.folder / "chat.sqlite3")
        self.addCleanup(raw.close)
        self.assertEqual(all_lines(raw), [("made by version 1",)])
        self.assertEqual(asked("PRAGMA user_version")(raw), 1)

    def test_closed_leaves_one_file(self) -> None:
        """Closing takes the write-ahead log back into the file, and lets go of it."""
        database = self.database()
        database.open(ONE)
        self.successResultOf(database.write(line("hi")))
        database.close()
        self.assertEqual([path.name for path in self.folder.iterdir()], ["chat.sqlite3"])


class RefusalTests(DatabaseTestCase):
    """What does not open is said in one sentence, the reason first, and stays as it was."""

    def assert_refused(self, path: Path, reason: str, schema: str | None = None) -> None:
        with self.assertRaises(DatabaseError) as caught:
            self.database(path.name).open(schema)
        self.assertEqual(str(caught.exception), f"{reason}: cannot use {path}")

    def test_newer(self) -> None:
        """A file of a version that is not known is refused."""
        newer = self.database()
        newer.open(TWO)
        newer.close()
        reason = "The file is of version 2, from a newer chatservice (this one knows 1)"
        self.assert_refused(self.folder / "chat.sqlite3", reason, ONE)

    def test_another_program(self) -> None:
        """The file of another program is refused, and not a byte of it is changed."""
        path = self.folder / "bookmarks.sqlite3"
        raw = sqlite3.connect(path)
        raw.execute("CREATE TABLE bookmarks (url TEXT)")
        raw.commit()
        raw.close()
        before = path.read_bytes()
        self.assert_refused(path, "The file belongs to another program")
        self.assertEqual(path.read_bytes(), before)

    def test_not_a_database(self) -> None:
        """A file that is something else is refused, and stays what it is."""
        path = self.folder / "notes.txt"
        path.write_text("Buy bread, and this many more words to fill a header.\n" * 20)
        before = path.read_bytes()
        self.assert_refused(path, "The file is not a database")
        self.assertEqual(path.read_bytes(), before)

    def test_directory(self) -> None:
        """A directory is refused."""
        (self.folder / "folder").mkdir()
        self.assert_refused(self.folder / "folder", "Is a directory")

    def test_no_such_folder(self) -> None:
        """A file in a folder that does not exist is refused."""
        path = self.folder / "missing" / "chat.sqlite3"
        with self.assertRaises(DatabaseError) as caught:
            self.database("missing/chat.sqlite3").open()
        self.assertEqual(str(caught.exception), f"No such file or directory: cannot use {path}")

    def test_in_use(self) -> None:
        """A file that another chat has open is refused until that one closes it."""
        first = self.database()
        first.open(ONE)
        self.assert_refused(self.folder / "chat.sqlite3", "The file is in use by another chat")
        first.close()
        self.opened(schema=ONE)

    def test_bad_schema(self) -> None:
        """A schema that SQLite does not take is refused with what SQLite says of it."""
        path = self.folder / "chat.sqlite3"
        self.assert_refused(path, "No such table: nowhere", BROKEN)

    def test_let_go(self) -> None:
        """What was refused lets go of the file at once: it can be opened as it should be."""
        refused = self.database()
        with self.assertRaises(DatabaseError):
            refused.open(BROKEN)
        self.assertEqual([path.name for path in self.folder.iterdir()], ["chat.sqlite3"])
        self.opened(schema=ONE)


class TransactionTests(DatabaseTestCase):
    """All of a piece of work or nothing."""

    def setUp(self) -> None:
        super().setUp()
        self.database_ = self.opened(schema=ONE)

    def lines(self) -> list[str]:
        found = self.successResultOf(self.database_.read(all_lines))
        return [text for (text,) in found]

    def test_result(self) -> None:
        """Work gives back a result, and what it wrote can be read when it does."""
        done = self.database_.write(lambda connection: (line("hi")(connection), 7)[1])
        self.assertEqual(self.successResultOf(done), 7)
        self.assertEqual(self.lines()[1:], ["hi"])

    def test_rolled_back_whole(self) -> None:
        """Work that raises leaves nothing behind, and the next is not hindered."""

        def fails(connection: sqlite3.Connection) -> None:
            line("first half")(connection)
            line(None)(connection)

        self.failureResultOf(self.database_.write(fails), sqlite3.IntegrityError)
        self.assertEqual(self.lines()[1:], [])
        self.successResultOf(self.database_.write(line("next")))
        self.assertEqual(self.lines()[1:], ["next"])

    def test_rolled_back_by_sqlite(self) -> None:
        """An error on which SQLite rolls back by itself is the one that is told."""

        def fails(connection: sqlite3.Connection) -> None:
            line("first half")(connection)
            connection.execute("INSERT OR ROLLBACK INTO lines VALUES (NULL)")

        self.failureResultOf(self.database_.write(fails), sqlite3.IntegrityError)
        self.assertEqual(self.lines()[1:], [])

    def test_commit_that_fails(self) -> None:
        """Work whose commit fails leaves nothing behind, and the next is not hindered."""

        def breaks_a_promise(connection: sqlite3.Connection) -> None:
            line("dangling")(connection)
            connection.execute("INSERT INTO tree VALUES (1, 7)")

        self.database_.at_start(lambda connection: connection.execute("PRAGMA foreign_keys = ON"))
        self.successResultOf(
            self.database_.write(
                lambda connection: connection.execute(
                    "CREATE TABLE tree (id INTEGER PRIMARY KEY,"
                    " parent INTEGER REFERENCES tree (id) DEFERRABLE INITIALLY DEFERRED)"
                )
            )
        )
        self.failureResultOf(self.database_.write(breaks_a_promise), sqlite3.IntegrityError)
        self.assertEqual(self.lines()[1:], [])
        self.successResultOf(self.database_.write(line("next")))

    def test_reading_does_not_wait_for_writing(self) -> None:
        """While a transaction is open, a reader sees what was there before it."""

        def reads_meanwhile(connection: sqlite3.Connection) -> list[str]:
            line("not yet")(connection)
            return self.lines()

        done = self.database_.write(reads_meanwhile)
        self.assertEqual(self.successResultOf(done), ["made by version 1"])
        self.assertEqual(self.lines(), ["made by version 1", "not yet"])


class ClauseTests(SynchronousTestCase):
    """What is wrong with a disk, in words."""

    def test_system(self) -> None:
        """An error of the system says what the system says."""
        clause = Database.clause_for(PermissionError(13, "Permission denied"))
        self.assertEqual(clause, "Permission denied")

    def test_told_already(self) -> None:
        """An error that says in words what is wrong with the disk is not put in others."""
        clause = Database.clause_for(StorageError("the disk is full"))
        self.assertEqual(clause, "the disk is full")

    def test_extended_codes(self) -> None:
        """SQLite's finer codes are told as what they are a kind of."""
        error = sqlite3.OperationalError()
        error.sqlite_errorcode = sqlite3.SQLITE_IOERR_FSYNC
        self.assertEqual(Database.clause_for(error), "the disk failed")

    def test_bugs(self) -> None:
        """A mistake in SQL, and an exception of another kind, are nothing about the disk."""
        error = sqlite3.OperationalError()
        error.sqlite_errorcode = sqlite3.SQLITE_ERROR
        self.assertIsNone(Database.clause_for(error))
        self.assertIsNone(Database.clause_for(ValueError()))


async def test_threads(tmp_path: Path) -> None:
    """With real threads, work is done off the reactor's thread, in order, and closing waits."""
    from threading import get_ident

    from twisted.internet import reactor

    database = ThreadedDatabase(reactor, str(tmp_path / "chat.sqlite3"))
    database.open(ONE)
    try:
        wrote_in = [database.write(lambda _: get_ident()) for _ in range(2)]
        writer, same_writer = [await done.addTimeout(30, reactor) for done in wrote_in]
        reader = await database.read(lambda _: get_ident()).addTimeout(30, reactor)
        assert writer == same_writer
        assert len({writer, reader, get_ident()}) == 3
        last = database.write(line("last"))
    finally:
        database.close()
    await last.addTimeout(30, reactor)
    raw = sqlite3.connect(tmp_path / "chat.sqlite3")
    assert all_lines(raw)[-1] == ("last",)
    raw.close()

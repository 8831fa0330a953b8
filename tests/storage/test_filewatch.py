"""A database file that is deleted, moved or replaced while the chat runs."""

from twisted.logger import capturedLogs, formatEvent

from chatservice.protocol.errors import StorageError
from chatservice.storage.database import NOT_IN_PLACE, Database, explain
from chatservice.storage.filewatch import FileWatch
from tests.databases import DatabaseTestCase
from tests.storage.test_database import ONE, all_lines, line


class TakenAwayTests(DatabaseTestCase):
    """Files that are taken away while they are open."""

    def setUp(self) -> None:
        super().setUp()
        self.path = self.folder / "chat.sqlite3"
        self.database_ = self.made()
        self.database_.open(ONE)
        self.addCleanup(self.database_.close)
        self.told: list[str] = []
        self.watch = FileWatch(self.database_, "chat.sqlite3", self.told.append)

    def made(self) -> Database:
        return self.database()

    def logged(self) -> list[str]:
        """What is logged when it is looked again."""
        with capturedLogs() as events:
            self.assertFalse(self.successResultOf(self.watch.step()))
        return [formatEvent(event) for event in events]

    def refused(self) -> None:
        """Nothing is written any more."""
        writing = self.database_.write(line("lost")).addErrback(explain)
        error = self.failureResultOf(writing, StorageError)
        self.assertEqual(str(error.value), NOT_IN_PLACE)

    def test_in_place(self) -> None:
        """Where nothing happened there is nothing to tell."""
        self.assertEqual((self.logged(), self.told, self.watch.trouble()), ([], [], ""))

    def test_deleted(self) -> None:
        """Into a deleted file nothing is written, and that is told once."""
        self.path.unlink()
        self.refused()
        (sentence,) = self.logged()
        self.assertTrue(sentence.startswith(f"{NOT_IN_PLACE.capitalize()}: chat.sqlite3. "))
        self.assertEqual(self.told, [f"{NOT_IN_PLACE}: lines are refused until it is back"])
        self.assertEqual(self.watch.trouble(), self.told[0])
        self.assertEqual(self.logged(), [])

    def test_log_deleted(self) -> None:
        """Nor without the write-ahead log."""
        (self.folder / "chat.sqlite3-wal").unlink()
        self.refused()

    def test_replaced(self) -> None:
        """Another file in its place is not the one that is open."""
        self.path.rename(self.folder / "away")
        self.path.write_bytes(b"")
        self.refused()

    def test_put_back(self) -> None:
        """When the file is back, it goes on."""
        self.path.rename(self.folder / "away")
        self.logged()
        (self.folder / "away").rename(self.path)
        self.assertEqual(self.logged(), ["The database chat.sqlite3 is back where it was."])
        self.assertEqual(self.told[1:], ["the database file is back: lines are stored again"])
        self.assertEqual(self.watch.trouble(), "")
        self.successResultOf(self.database_.write(line("hi")))
        self.assertEqual(self.successResultOf(self.database_.read(all_lines))[-1], ("hi",))


class TakenAwayAtOnceTests(TakenAwayTests):
    """The same, of a database without threads."""

    def made(self) -> Database:
        return Database(str(self.path))

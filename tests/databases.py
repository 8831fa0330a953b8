"""Databases of tests: without threads, in folders of their own, and the journals in them."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from chatservice.chat.journal import Journal, Wanted
from chatservice.protocol.events import Event
from chatservice.storage.database import Database
from chatservice.storage.indexing import erase
from chatservice.storage.journal import DatabaseJournal
from chatservice.storage.threads import ThreadedDatabase


class InlinePool:
    """A thread pool without threads, which does its work at once."""

    def start(self) -> None:
        pass

    def stop(self) -> None:
        pass

    def callInThread(self, work: Callable[..., Any], *args: Any) -> None:
        work(*args)

    def callInThreadWithCallback(
        self, onResult: Callable[[bool, Any], None], work: Callable[[], Any], *args: Any
    ) -> None:
        try:
            result = work(*args)
        except Exception as error:
            onResult(False, error)
        else:
            onResult(True, result)


class HeldPool(InlinePool):
    """A thread pool that works when the test says so.

    @ivar waiting: the work that it was given, oldest first.
    """

    def __init__(self) -> None:
        self.waiting: list[Callable[[], None]] = []

    def callInThread(self, *work: Any) -> None:
        self.waiting.append(lambda: InlinePool.callInThread(self, *work))

    def callInThreadWithCallback(self, *work: Any) -> None:
        self.waiting.append(lambda: InlinePool.callInThreadWithCallback(self, *work))


class InlineReactor(Clock):
    """A reactor for a database without threads."""

    def callFromThread(self, function: Callable[..., Any], *args: Any) -> None:
        function(*args)


class DatabaseTestCase(SynchronousTestCase):
    """Tests with their own folder, and databases that answer at once."""

    def setUp(self) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder)

    def database(self, path: str | Path = "chat.sqlite3") -> Database:
        """Make a database that is not open yet."""
        if path == ":memory:":
            return Database(seconds=Clock().seconds)
        pool: Any = InlinePool
        return ThreadedDatabase(InlineReactor(), str(self.folder / path), pool)

    def opened(self, path: str | Path = "chat.sqlite3", schema: str | None = None) -> Database:
        """Open a database until the test ends."""
        database = self.database(path)
        database.open(schema)
        self.addCleanup(database.close)
        return database


class JournalCase:
    """Tests for any journal; C{self.journal} is one, open and empty.

    @ivar database_: where it is kept.
    """

    journal: Journal
    database_: Any
    successResultOf: Callable[..., Any]

    def append(self, *events: Event) -> None:
        assert self.successResultOf(self.journal.store(events)) is None

    def ids(self, of: str | bytes = "lobby", **wanted: int) -> list[int]:
        """List the ids on a page."""
        page = self.successResultOf(self.journal.page(Wanted(of=of, **wanted)))
        return [event.id for event in page.events]

    def erase(self, ids: Iterable[int]) -> None:
        """Delete lines, and remove them from the index."""
        work = partial(erase, words=self.database_.words, ids=ids)
        self.successResultOf(self.database_.write(work))


class DatabaseJournalTestCase(DatabaseTestCase):
    """Tests with a journal in an open database."""

    path = "chat.sqlite3"

    def setUp(self) -> None:
        super().setUp()
        self.database_ = self.opened(self.path)
        self.journal = DatabaseJournal(self.database_)
        self.journal.open()

    def check_index(self) -> None:
        """Have SQLite check that the index matches the lines; it raises an error if not.

        See section 6.5 of the FTS5 documentation.
        """
        while self.successResultOf(self.journal.index()):
            pass
        sql = "INSERT INTO words (words, rank) VALUES ('integrity-check', 1)"
        self.successResultOf(self.database_.write(lambda connection: connection.execute(sql)))

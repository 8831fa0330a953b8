"""The common setup of tests with a cluster's database: one server, and a schema for each test."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from itertools import count
from threading import Barrier
from typing import Any

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from chatservice.cluster import database as cluster_database
from chatservice.cluster.archive import ClusterArchive
from chatservice.cluster.connection import ClusterConnection, connect
from chatservice.cluster.database import ClusterDatabase
from chatservice.protocol.events import LATEST, Event
from chatservice.storage.rows import is_written, store
from tests.databases import InlinePool, InlineReactor
from tests.engine import ROLE, Engine
from tests.running import HOST

_numbers = count(1)


@cache
def engine() -> Engine:
    """Start the server of this test run, or skip the test where PostgreSQL is not installed."""
    return Engine.start()


def url_of(database: str) -> str:
    """Make the URL of a database on that server."""
    return f"postgresql://{ROLE}@{HOST}:{engine().port}/{database}"


def new_url() -> str:
    """Make an empty schema, and return the URL at which it is used."""
    name = f"test_{next(_numbers)}"
    engine().execute(f"CREATE SCHEMA {name} AUTHORIZATION chat")
    return f"{engine().url}?options=-csearch_path%3D{name}"


def connect_fast(
    url: str, prepare: Callable[[ClusterConnection], object] = lambda connection: None
) -> ClusterConnection:
    """Connect, and let no commit wait for the disk."""
    connection = connect(url, prepare)
    connection.raw.execute("SET synchronous_commit = off")
    return connection


def at_once(url: str, calls: Sequence[tuple[str, Sequence[Any]]]) -> list[Any]:
    """Execute statements at the same moment, each in a session of its own; gives their rows."""
    together = Barrier(len(calls))

    def execute(call: tuple[str, Sequence[Any]]) -> Any:
        connection = connect_fast(url)
        together.wait()
        try:
            return connection.execute(*call).fetchone()
        finally:
            connection.raw.close()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(execute, calls))


def session_of(connection: ClusterConnection) -> int:
    """Tell the number of the server's process for a connection."""
    row = connection.execute("SELECT pg_backend_pid()").fetchone()
    assert row is not None
    number: int = row[0]
    return number


def end(session: int) -> None:
    """Let the server end a session, with the locks that it holds."""
    engine().execute("SELECT pg_terminate_backend(%s, 10000)", session)


class ClusterCase(SynchronousTestCase):
    """Tests with a schema of their own, and databases that answer at once.

    @ivar url: of the schema.
    @ivar reactor: the clock of the databases.
    """

    def setUp(self) -> None:
        self.url = new_url()
        self.reactor = InlineReactor()
        self.patch(cluster_database, "connect", connect_fast)

    def opened(self) -> ClusterDatabase:
        """Open a database until the test ends."""
        pool: Any = InlinePool
        database = ClusterDatabase(self.reactor, self.url, pool)
        database.open()
        self.addCleanup(database.close)
        return database


class StoringArchive(ClusterArchive):
    """An archive that stores events, as the log of a cluster does."""

    def open(self) -> None:
        """See L{chatservice.storage.journal.DatabaseJournal.open}."""
        self.make_ready()

    def store(self, batch: Sequence[Event]) -> Deferred[None]:
        """See L{chatservice.storage.journal.DatabaseLog.store}."""
        return self._database.write(partial(store, events=[*filter(is_written, batch)]))


class ClusterArchiveCase(ClusterCase):
    """Tests with an archive in a cluster's database."""

    def setUp(self) -> None:
        super().setUp()
        self.database_ = self.opened()
        self.journal = self.archive()

    def archive(self, up_to: Callable[[], int] = lambda: LATEST) -> StoringArchive:
        """Open an archive."""
        archive = StoringArchive(self.database_, up_to, self.reactor.seconds)
        archive.open()
        return archive

    def check_index(self) -> None:
        """Check that the index has all lines, and no others."""
        while self.successResultOf(self.journal.index()):
            pass
        connection = connect_fast(self.url)
        ids = [connection.execute(f"SELECT id FROM {table} ORDER BY id").fetchall()
            for table in ("events", "words")]
        connection.raw.close()
        self.assertEqual(*ids)

"""The SQLite database: opening, upgrading, writing and reading it."""

from __future__ import annotations

import fcntl
import os
import re
import sqlite3
import threading
import time
import weakref
from collections.abc import Callable
from importlib.resources import files
from typing import Any

from twisted.internet.defer import Deferred, execute

from chatservice.protocol.errors import StorageError
from chatservice.storage.contract import T, Words, Work
from chatservice.storage.fts5 import Fts5

APPLICATION_ID = 0x43484154
"""The mark of our files (PRAGMA application_id): "CHAT"."""

IN_MEMORY = ":memory:"

CHECK_EVERY = 1000
"""Instructions of SQLite's virtual machine between two looks at the clock."""

LOG_SIZE = 4 * 1024 * 1024
"""The most bytes that the write-ahead log keeps once it is emptied: long reads let it grow."""

SHARE = 0.1
"""The share of a time limit that a read gets while everybody waits for it."""

NOT_IN_PLACE = "the database file was deleted, moved or replaced"

_DENIED = (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM)

_CLAUSES = {
    sqlite3.SQLITE_FULL: "the disk is full",
    sqlite3.SQLITE_READONLY: "the database is read-only",
    sqlite3.SQLITE_IOERR: "the disk failed",
    sqlite3.SQLITE_CORRUPT: "the database is damaged",
    sqlite3.SQLITE_NOTADB: "the file is not a database",
    sqlite3.SQLITE_CANTOPEN: "the file cannot be opened",
    sqlite3.SQLITE_BUSY: "another program holds the database",
    sqlite3.SQLITE_LOCKED: "another program holds the database",
    sqlite3.SQLITE_PERM: "access is denied",
    sqlite3.SQLITE_AUTH: "access is denied",
}


class DatabaseError(Exception):
    """The reason that the database does not open: a sentence for the operator."""

    @classmethod
    def because(
        cls, error: Exception, clause: str | None, consequence: str = ""
    ) -> DatabaseError:
        """Make a sentence of an error; raise the error itself if it is a bug.

        @param clause: describes what is wrong; C{None} if it is a bug.
        @param consequence: a clause about what cannot be done, or empty.
        """
        if clause is None:
            raise error
        reason = clause[:1].upper() + clause[1:]
        return cls(f"{reason}: {consequence}" if consequence else reason)


class Interrupted(Exception):
    """A read that took too long, or that nobody waits for any more."""


class Database:
    """An SQLite database that is used on the calling thread, and answers at once.

    See L{Storage <chatservice.storage.contract.Storage>}. Erased data is overwritten (C{PRAGMA
    secure_delete}); see L{empty_log}.

    @param path: of the file, made if missing; C{":memory:"} for none.
    @param seconds: a clock that never goes back.
    """

    words: Words = Fts5()

    def __init__(
        self, path: str = IN_MEMORY, seconds: Callable[[], float] = time.monotonic
    ) -> None:
        self._path = path
        self._seconds = seconds
        self._lock = -1
        self._connections: list[sqlite3.Connection] = []

    def open(self, schema: str | None = None) -> None:
        """Open the file, and bring its schema up to date.

        @param schema: SQL in sections, each under a line C{-- version N}.
        @raise DatabaseError: it cannot be opened, is not ours, is in use, or has a newer version.
        """
        schema = schema or files("chatservice.storage").joinpath("schema.sql").read_text("utf-8")
        try:
            self._open(schema)
        except (OSError, sqlite3.Error, DatabaseError) as error:
            clause = self._directory_clause(error) or self.clause_for(error) or str(error)
            self._let_go()
            raise DatabaseError.because(error, clause, f"cannot use {self._path}") from error

    def _open(self, schema: str) -> None:
        if self._path != IN_MEMORY:
            self._lock_file()
        self._writer = self._connect()
        # A chat in memory may be dropped without being closed.
        weakref.finalize(self, self._writer.close)
        _upgrade(self._writer, schema)
        empty_log(self._writer)
        self._files = self._files_now()

    def _lock_file(self) -> None:
        """Keep a second chat away: two would give out the same ids (flock(2))."""
        self._lock = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise DatabaseError("the file is in use by another chat") from None

    def _directory_clause(self, error: Exception) -> str | None:
        """Describe what is wrong with the directory, where SQLite makes more files, if anything."""
        directory = os.path.dirname(self._path) or "."
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_OK) & 0xFF
        is_denied = isinstance(error, PermissionError) or code in _DENIED
        if is_denied and os.path.isdir(directory) and not os.access(directory, os.W_OK | os.X_OK):
            return f"the directory {directory} cannot be written"
        return None

    def _files_now(self) -> list[tuple[int, int]]:
        """Identify the files at the paths of the database and of its write-ahead log."""
        if self._path == IN_MEMORY:
            return []
        stats = map(os.stat, (self._path, f"{self._path}-wal"))
        return [(each.st_dev, each.st_ino) for each in stats]

    def is_in_place(self) -> bool:
        """Tell whether the open files are still at their paths; if not, writes are lost."""
        try:
            return self._files_now() == self._files
        except OSError:
            return False

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self._path, timeout=5, isolation_level=None, check_same_thread=False
        )
        self._connections.append(connection)
        # Before the first statement that changes the file.
        _check_ours(connection)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA secure_delete = ON")
        connection.execute(f"PRAGMA journal_size_limit = {LOG_SIZE}")
        return connection

    def at_start(self, work: Work[T]) -> T:
        """See L{Storage.at_start <chatservice.storage.contract.Storage.at_start>}."""
        return work(self._writer)

    def write_at_start(self, work: Work[T]) -> T:
        """See L{Storage.write_at_start <chatservice.storage.contract.Storage.write_at_start>}."""
        return self._transact(work)

    def write(self, work: Work[T]) -> Deferred[T]:
        """See L{Storage.write <chatservice.storage.contract.Storage.write>}."""
        return execute(self._transact, work)

    def write_later(self, work: Work[T]) -> Deferred[T]:
        """See L{Storage.write_later <chatservice.storage.contract.Storage.write_later>}."""
        return self.write(work)

    def _transact(self, work: Work[T]) -> T:
        connection = self._writer
        connection.execute("BEGIN IMMEDIATE")
        try:
            result = work(connection)
            if not self.is_in_place():
                raise StorageError(NOT_IN_PLACE)
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
        return result

    def read(self, work: Work[T]) -> Deferred[T]:
        """See L{Storage.read <chatservice.storage.contract.Storage.read>}."""
        return execute(work, self._writer)

    def scan(
        self, work: Work[T], seconds: float, is_wanted: Callable[[], bool] = lambda: True
    ) -> Deferred[T]:
        """See L{Storage.scan <chatservice.storage.contract.Storage.scan>}."""
        return execute(Scan(self._writer, self._seconds, seconds * SHARE).run, work)

    def empty_log(self) -> Deferred[bool]:
        """Move all of the write-ahead log into the file: then erased data is in neither.

        @return: fires with whether the log is empty; constant readers may prevent that.
        """
        return execute(empty_log, self._writer)

    def close(self) -> None:
        """Close the file; a database in memory is gone."""
        self._let_go()

    def _let_go(self) -> None:
        for connection in self._connections:
            connection.close()
        if self._lock >= 0:
            # Last: closing a descriptor of the file gives up SQLite's own locks as well.
            os.close(self._lock)

    @staticmethod
    def clause_for(error: BaseException) -> str | None:
        """Describe a disk or file error as a clause; return C{None} for any other error."""
        if isinstance(error, StorageError):
            return str(error)
        if isinstance(error, OSError):
            return error.strerror
        code = getattr(error, "sqlite_errorcode", None)
        return _CLAUSES.get(code & 0xFF) if code is not None else None


class Scan:
    """Long work with a time limit.

    @param clock: gives seconds; called in the thread that does the work.
    """

    def __init__(
        self, connection: sqlite3.Connection, clock: Callable[[], float], seconds: float
    ) -> None:
        self._connection = connection
        self._clock = clock
        self._seconds = seconds
        self._end: float | None = None
        self._given_up = False
        # Another scan may use the connection as soon as this one ends.
        self._running = threading.Lock()

    def run(self, work: Work[T]) -> T:
        """Do the work, in the thread of the connection."""
        self._end = self._clock() + self._seconds
        self._connection.set_progress_handler(self._is_over, CHECK_EVERY)
        try:
            return work(self._connection)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode == sqlite3.SQLITE_INTERRUPT:
                raise Interrupted from error
            raise
        finally:
            with self._running:
                self._end = None
            self._connection.set_progress_handler(None, 0)

    def _is_over(self) -> bool:
        return self._given_up or self._clock() > (self._end or 0.0)

    def interrupt(self, give_up: bool) -> None:
        """Interrupt the work if its time is up, even inside an instruction, where no handler runs.

        @param give_up: whether to end it whatever the time is.
        """
        self._given_up = self._given_up or give_up
        with self._running:
            if self._end is not None and self._is_over():
                self._connection.interrupt()


def empty_log(connection: sqlite3.Connection) -> bool:
    """Empty the write-ahead log, unless somebody reads from it now; return whether it is empty."""
    timeout = connection.execute("PRAGMA busy_timeout").fetchone()[0]
    connection.execute("PRAGMA busy_timeout = 0")
    try:
        busy: int = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
    finally:
        connection.execute(f"PRAGMA busy_timeout = {timeout}")
    return not busy


def explain(failure: Any) -> Any:
    """Turn SQLite's errors about the disk into L{StorageError}; leave a bug as it is."""
    clause = Database.clause_for(failure.value)
    if clause is None:
        return failure
    raise StorageError(clause) from failure.value


def _check_ours(connection: sqlite3.Connection) -> None:
    application: int = connection.execute("PRAGMA application_id").fetchone()[0]
    in_use = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    if in_use and application != APPLICATION_ID:
        raise DatabaseError("the file belongs to another program")


def _upgrade(connection: sqlite3.Connection, schema: str) -> None:
    """Run the sections of the schema that the file does not have yet."""
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    sections = re.split(r"^-- version (\d+)$", schema, flags=re.MULTILINE)[1:]
    newest = int(sections[-2])
    if version > newest:
        raise DatabaseError(
            f"the file is of version {version}, from a newer chatservice (this one knows {newest})"
        )
    for number, sql in zip(map(int, sections[::2]), sections[1::2], strict=True):
        if number > version:
            connection.executescript(
                f"BEGIN; {sql}; PRAGMA application_id = {APPLICATION_ID};"
                f" PRAGMA user_version = {number}; COMMIT;"
            )

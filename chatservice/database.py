"""The SQLite file, its one writer thread and its one reader thread."""

from __future__ import annotations

import fcntl
import os
import re
import sqlite3
from collections.abc import Callable
from importlib.resources import files
from typing import Any, TypeVar

from twisted.internet.defer import Deferred
from twisted.internet.threads import deferToThreadPool
from twisted.python.threadpool import ThreadPool

T = TypeVar("T")
Work = Callable[[sqlite3.Connection], T]

APPLICATION_ID = 0x43484154
"""What marks the file as ours (PRAGMA application_id): "CHAT"."""

IN_MEMORY = ":memory:"

_CLAUSES = {
    sqlite3.SQLITE_FULL: "the disk is full",
    sqlite3.SQLITE_READONLY: "the database is read-only",
    sqlite3.SQLITE_IOERR: "the disk fails",
    sqlite3.SQLITE_CORRUPT: "the database is damaged",
    sqlite3.SQLITE_NOTADB: "the file is not a database",
    sqlite3.SQLITE_CANTOPEN: "the file cannot be opened",
    sqlite3.SQLITE_BUSY: "another program holds the database",
    sqlite3.SQLITE_LOCKED: "another program holds the database",
    sqlite3.SQLITE_PERM: "access is denied",
    sqlite3.SQLITE_AUTH: "access is denied",
}


class DatabaseError(Exception):
    """Why the database does not open: a sentence for the operator."""


class StorageError(Exception):
    """Why something was not stored or read: a clause for people, such as "the disk is full"."""


class Database:
    """One SQLite file in WAL mode, where what a commit returned from is on the disk.

    @param reactor: C{IReactorFromThreads}, on which results arrive.
    @param path: of the file, made if missing; or C{":memory:"}, one connection in one thread.
    @param pool: makes a pool of one thread.
    """

    def __init__(
        self,
        reactor: Any,
        path: str,
        pool: Callable[[], ThreadPool] = lambda: ThreadPool(1, 1, "database"),
    ) -> None:
        self._reactor = reactor
        self._path = path
        self._write_pool = pool()
        self._read_pool = self._write_pool if path == IN_MEMORY else pool()
        self._lock = -1

    def open(self, schema: str | None = None) -> None:
        """Open the file, bring its schema up to date and start the threads.

        @param schema: SQL in sections, each under a line C{-- version N}.
        @raise DatabaseError: it cannot be opened, is not ours, is in use, or is of a newer version.
        """
        schema = schema or files("chatservice").joinpath("schema.sql").read_text("utf-8")
        try:
            self._writer = self._connect()
            _upgrade(self._writer, schema)
            self._reader = self._writer if self._path == IN_MEMORY else self._connect()
        except (OSError, sqlite3.Error, DatabaseError) as error:
            clause = self.clause_for(error) or str(error)
            reason = clause[:1].upper() + clause[1:]
            raise DatabaseError(f"{reason}: cannot use {self._path}") from error
        for pool in {self._write_pool, self._read_pool}:
            pool.start()

    def _connect(self) -> sqlite3.Connection:
        if self._path != IN_MEMORY and self._lock < 0:
            self._lock_file()
        connection = sqlite3.connect(
            self._path, timeout=5, isolation_level=None, check_same_thread=False
        )
        # Before the first statement that changes the file.
        _check_ours(connection)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        return connection

    def _lock_file(self) -> None:
        """Keep a second chat away: two would give out the same ids (flock(2))."""
        self._lock = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise DatabaseError("the file is in use by another chat") from None

    def at_start(self, work: Work[T]) -> T:
        """Do C{work}, which only reads, right after L{open} and on the calling thread."""
        return work(self._writer)

    def write(self, work: Work[T]) -> Deferred[T]:
        """Do C{work} in one transaction, in the writer thread; all of it or nothing."""
        return deferToThreadPool(self._reactor, self._write_pool, self._transact, work)

    def _transact(self, work: Work[T]) -> T:
        connection = self._writer
        connection.execute("BEGIN IMMEDIATE")
        try:
            result = work(connection)
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
        return result

    def read(self, work: Work[T]) -> Deferred[T]:
        """Do C{work}, which only reads, in the reader thread."""
        return deferToThreadPool(self._reactor, self._read_pool, lambda: work(self._reader))

    def close(self) -> None:
        """Wait for what is under way, end the threads and close the file."""
        for pool in {self._write_pool, self._read_pool}:
            pool.stop()
        self._reader.close()
        self._writer.close()
        if self._lock >= 0:
            # Last: closing a descriptor of the file gives up SQLite's own locks as well.
            os.close(self._lock)

    @staticmethod
    def clause_for(error: BaseException) -> str | None:
        """What is wrong with the disk or the file, in words; C{None} if it is something else."""
        if isinstance(error, OSError):
            return error.strerror
        code = getattr(error, "sqlite_errorcode", None)
        return _CLAUSES.get(code & 0xFF) if code is not None else None


def explain(failure: Any) -> Any:
    """Make a L{StorageError} of what SQLite says of the disk; a bug stays what it is."""
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
    """Carry out the sections of the schema that the file does not have."""
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

"""The SQLite file and its threads: one that writes, one that reads, one for what takes long."""

from __future__ import annotations

import fcntl
import os
import re
import sqlite3
import threading
from collections import deque
from collections.abc import Callable, Generator
from importlib.resources import files
from typing import Any, NamedTuple, TypeVar

from twisted.internet.defer import Deferred, inlineCallbacks
from twisted.internet.threads import deferToThreadPool
from twisted.python.failure import Failure
from twisted.python.threadpool import ThreadPool

T = TypeVar("T")
Work = Callable[[sqlite3.Connection], T]

APPLICATION_ID = 0x43484154
"""What marks the file as ours (PRAGMA application_id): "CHAT"."""

IN_MEMORY = ":memory:"

CHECK_EVERY = 1000
"""Instructions of SQLite's virtual machine between two looks at the clock."""

LOOK_AFTER = 0.05
"""Seconds between two looks at what takes long: some instructions take very long themselves."""

LOG_SIZE = 4 * 1024 * 1024
"""Bytes that the write-ahead log keeps at most when its content is in the file: somebody who reads
for long lets it grow."""

CHECKPOINTS = 20
"""How often it is tried in a row to empty the write-ahead log: a reader may be in the way."""

NOT_IN_PLACE = "the database file was deleted, moved or replaced"

_DENIED = (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM)

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


class Interrupted(Exception):
    """Reading took too long, or nobody waits for it any more."""


class _Job(NamedTuple):
    """Something for the writer's thread, and what is told how it went."""

    work: Callable[[], Any]
    done: Deferred[Any]


class Database:
    """One SQLite file in WAL mode, where what a commit returned from is on the disk.

    What is erased is overwritten (C{PRAGMA secure_delete}); see L{empty_log}.

    @param reactor: C{IReactorFromThreads} and C{IReactorTime}, on which results arrive.
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
        self._scan_pool = self._write_pool if path == IN_MEMORY else pool()
        self._urgent: deque[_Job] = deque()
        self._patient: deque[_Job] = deque()
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
            _empty_log(self._writer)
            self._reader = self._writer if self._path == IN_MEMORY else self._connect()
            self._scanner = self._writer if self._path == IN_MEMORY else self._connect()
        except (OSError, sqlite3.Error, DatabaseError) as error:
            clause = self._directory_clause(error) or self.clause_for(error) or str(error)
            reason = clause[:1].upper() + clause[1:]
            raise DatabaseError(f"{reason}: cannot use {self._path}") from error
        self._files = self._files_now()
        for pool in self._pools():
            pool.start()

    def _directory_clause(self, error: Exception) -> str | None:
        """What is wrong with the directory, in which SQLite makes files of its own, if anything."""
        directory = os.path.dirname(self._path) or "."
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_OK) & 0xFF
        is_denied = isinstance(error, PermissionError) or code in _DENIED
        if is_denied and os.path.isdir(directory) and not os.access(directory, os.W_OK | os.X_OK):
            return f"the directory {directory} cannot be written"
        return None

    def _files_now(self) -> list[tuple[int, int]]:
        """Which files stand at the paths of the file and of its write-ahead log."""
        if self._path == IN_MEMORY:
            return []
        stats = map(os.stat, (self._path, f"{self._path}-wal"))
        return [(each.st_dev, each.st_ino) for each in stats]

    def is_in_place(self) -> bool:
        """Whether the files that are open stand where they were; what is written is lost if not."""
        try:
            return self._files_now() == self._files
        except OSError:
            return False

    def _pools(self) -> set[ThreadPool]:
        return {self._write_pool, self._read_pool, self._scan_pool}

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
        connection.execute("PRAGMA secure_delete = ON")
        connection.execute(f"PRAGMA journal_size_limit = {LOG_SIZE}")
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
        return self._hand_over(self._urgent, lambda: self._transact(work))

    def write_later(self, work: Work[T]) -> Deferred[T]:
        """Do C{work} as L{write} does, but let all that is to be written go first.

        It is for a little of something long: while it is done, everybody waits.
        """
        return self._hand_over(self._patient, lambda: self._transact(work))

    def _hand_over(self, queue: deque[_Job], work: Callable[[], T]) -> Deferred[T]:
        done: Deferred[T] = Deferred()
        queue.append(_Job(work, done))
        # For each job the thread is asked once, but it does what is most urgent by then.
        self._write_pool.callInThread(self._do_next)
        return done

    def _do_next(self) -> None:
        job = (self._urgent or self._patient).popleft()
        try:
            result = job.work()
        except BaseException:
            result = Failure()
        self._reactor.callFromThread(job.done.callback, result)

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
        """Do C{work}, which only reads, and not for long, in the reader thread."""
        return deferToThreadPool(self._reactor, self._read_pool, lambda: work(self._reader))

    def scan(
        self, work: Work[T], seconds: float, is_wanted: Callable[[], bool] = lambda: True
    ) -> Deferred[T]:
        """Do C{work}, which only reads and may take long, in a thread of its own.

        @param seconds: that it may take.
        @param is_wanted: asked again and again, on the reactor's thread.
        @return: fails with L{Interrupted} if it took longer, or was not wanted any more.
        """
        scan = _Scan(self._reactor, self._scanner, seconds, is_wanted)
        if self._path == IN_MEMORY:
            done = self._hand_over(self._patient, lambda: scan.run(work))
        else:
            done = deferToThreadPool(self._reactor, self._scan_pool, scan.run, work)
        scan.look_after()
        return done.addBoth(scan.done)

    @inlineCallbacks
    def empty_log(self) -> Generator[Deferred[Any], Any, bool]:
        """Take all of the write-ahead log into the file: what was erased is in neither then.

        @return: fires with whether it is empty; others who read all the time may prevent it.
        """
        for _ in range(CHECKPOINTS):
            # Once both have an answer, what they had been reading before is read.
            yield self.read(_nothing)
            yield self.scan(_nothing, LOOK_AFTER)
            if (yield self._hand_over(self._patient, lambda: _empty_log(self._writer))):
                return True
        return False

    def close(self) -> None:
        """Wait for what is under way, end the threads and close the file."""
        for pool in self._pools():
            pool.stop()
        self._scanner.close()
        self._reader.close()
        self._writer.close()
        if self._lock >= 0:
            # Last: closing a descriptor of the file gives up SQLite's own locks as well.
            os.close(self._lock)

    @staticmethod
    def clause_for(error: BaseException) -> str | None:
        """What is wrong with the disk or the file, in words; C{None} if it is something else."""
        if isinstance(error, StorageError):
            return str(error)
        if isinstance(error, OSError):
            return error.strerror
        code = getattr(error, "sqlite_errorcode", None)
        return _CLAUSES.get(code & 0xFF) if code is not None else None


class _Scan:
    """Work that takes long, and is interrupted after so many seconds.

    @param reactor: C{IReactorTime}; C{seconds} of it can be called in any thread.
    """

    def __init__(
        self,
        reactor: Any,
        connection: sqlite3.Connection,
        seconds: float,
        is_wanted: Callable[[], bool],
    ) -> None:
        self._reactor = reactor
        self._connection = connection
        self._seconds = seconds
        self._is_wanted = is_wanted
        self._end: float | None = None
        self._given_up = False
        # Another one may have the connection as soon as this one is through.
        self._running = threading.Lock()
        self._look: Any = None

    def run(self, work: Work[T]) -> T:
        """Do the work, in the thread of the connection."""
        self._end = self._reactor.seconds() + self._seconds
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
        return self._given_up or self._reactor.seconds() > (self._end or 0.0)

    def look_after(self) -> None:
        """Interrupt it when it is over; also within an instruction, where SQLite asks nobody."""
        self._given_up = self._given_up or not self._is_wanted()
        with self._running:
            if self._end is not None and self._is_over():
                self._connection.interrupt()
        self._look = self._reactor.callLater(LOOK_AFTER, self.look_after)

    def done(self, result: T) -> T:
        """Stop looking after it."""
        self._look.cancel()
        return result


def _nothing(connection: sqlite3.Connection) -> None:
    """Do nothing, once it is one's turn."""


def _empty_log(connection: sqlite3.Connection) -> bool:
    """Empty the write-ahead log, unless somebody reads from it at this moment."""
    timeout = connection.execute("PRAGMA busy_timeout").fetchone()[0]
    connection.execute("PRAGMA busy_timeout = 0")
    try:
        busy: int = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
    finally:
        connection.execute(f"PRAGMA busy_timeout = {timeout}")
    return not busy


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

"""The contract of a database: everything that the archive asks of SQLite, and of PostgreSQL.

Both understand the same SQL: parameters are C{?} or C{?1}, an C{ON CONFLICT} that updates names its
columns, and no function or literal belongs to one of them alone. Where they differ, there are
L{Words}.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import Any, Protocol, TypeAlias, TypeVar

from twisted.internet.defer import Deferred

from chatservice.protocol.query import Term

T = TypeVar("T")

Row: TypeAlias = tuple[Any, ...]


class Cursor(Protocol):
    """The result of a statement."""

    @property
    def rowcount(self) -> int:
        """Count the rows that were changed."""

    def fetchone(self) -> Any:
        """Return the next row, or C{None}."""

    def fetchall(self) -> list[Any]:
        """Return the remaining rows."""

    def __iter__(self) -> Iterator[Any]:
        """Go through the remaining rows."""


class Connection(Protocol):
    """A connection to a database, within a transaction if it is for writing."""

    def execute(self, sql: str, parameters: Sequence[Any] = ..., /) -> Cursor:
        """Execute a statement."""

    def executemany(self, sql: str, parameters: Iterable[Sequence[Any]], /) -> Cursor:
        """Execute a statement that changes something, once for each row of parameters."""


Work: TypeAlias = Callable[[Connection], T]
"""Something to do with a connection. Doing it twice has the same effect as doing it once."""


class Merging(Protocol):
    """The work that an index needs to stay fast, and free of what was removed from it."""

    def merge(self, connection: Connection) -> bool:
        """Work a little on keeping the index fast; return whether there is more to do."""

    def tidy(self, connection: Connection, first: bool) -> bool:
        """Work a little on removing all traces of removed lines; return whether there is more.

        @param first: whether to start over.
        """


class Words(Protocol):
    """The index that finds lines by their tokens (protocol/tokenizer.py)."""

    @property
    def merging(self) -> Merging | None:
        """The further work that this kind of index needs, or C{None}."""

    def begin(self, connection: Connection) -> int:
        """Return the id up to which lines are indexed; it stays the same in this transaction."""

    def add(self, connection: Connection, lines: Iterable[tuple[int, str]]) -> None:
        """Index lines, given as ids and texts."""

    def remove(self, connection: Connection, ids: Collection[int]) -> None:
        """Remove lines that are indexed, and still stored, from the index."""

    def clear(self, connection: Connection) -> None:
        """Remove everything from the index."""

    def find(
        self, connection: Connection, terms: Sequence[Term], rooms: Collection[str], before: int
    ) -> Iterator[Row]:
        """Find the lines in some rooms below an id, newest first.

        @param terms: what each line must contain; without any, every line is found.
        @return: their columns, C{TALK} of rows.py; no more is read than is used.
        """


class Storage(Protocol):
    """A database that does pieces of work, each in a transaction if it writes.

    @ivar words: the index of its kind.
    """

    words: Words

    def at_start(self, work: Work[T]) -> T:
        """Do C{work}, which only reads, right after opening and on the calling thread."""

    def write_at_start(self, work: Work[T]) -> T:
        """Do C{work} as L{write} does, right after opening and on the calling thread."""

    def write(self, work: Work[T]) -> Deferred[T]:
        """Do C{work} in one transaction: all of it or nothing."""

    def write_later(self, work: Work[T]) -> Deferred[T]:
        """Do C{work} as L{write} does, but let all other pending writes go first.

        Use it for small steps of long work: during each step everybody waits.
        """

    def read(self, work: Work[T]) -> Deferred[T]:
        """Do C{work}, which only reads, and only briefly."""

    def scan(
        self, work: Work[T], seconds: float, is_wanted: Callable[[], bool] = ...
    ) -> Deferred[T]:
        """Do C{work}, which only reads and may take long.

        @param seconds: the time limit, if nobody else has to wait meanwhile.
        @param is_wanted: called again and again, on the reactor's thread.
        @return: fails with L{Interrupted <chatservice.storage.database.Interrupted>} if it took
            longer, or was no longer wanted.
        """

    def empty_log(self) -> Deferred[bool]:
        """Remove erased data from wherever the database keeps its latest changes.

        @return: fires with whether it is removed.
        """

"""The database of a cluster as one node uses it: a connection for reads, and one for small writes.

A long read lets all short ones go first that wait, and those that come later between two of its
statements. The log has a connection of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import psycopg
from twisted.internet.defer import Deferred, succeed
from twisted.python.failure import Failure
from twisted.python.threadpool import ThreadPool

from chatservice.cluster import locks
from chatservice.cluster.connection import ClusterConnection, at_start, connect
from chatservice.cluster.faults import clause_for
from chatservice.cluster.lanes import ANSWER_WITHIN, Lane
from chatservice.cluster.schema import opened
from chatservice.cluster.words import TokenVectors
from chatservice.storage.contract import Row, T, Words, Work
from chatservice.storage.database import DatabaseError, Interrupted
from chatservice.storage.threads import Watch, one_thread

LONGEST = 60.0
"""The most seconds that a long read takes, even if it has no time limit."""

_LIMIT_LOCKS = "SET lock_timeout = '800ms'"
"""Shorter than C{deadlock_timeout}: in a deadlock with the log it is never the log that fails."""

_NAME_NODE = "SELECT set_config('chat.node', ?, false)"
_PLAN_ANEW = "SET plan_cache_mode = force_custom_plan"
"""How a search is best done depends on how common its words are."""

_LIMIT = "SELECT set_config('statement_timeout', ?, false)"
_WAITS = "SELECT wait_event IS NOT DISTINCT FROM 'SyncRep' FROM pg_stat_activity WHERE pid = ?"


class ClusterDatabase:
    """A PostgreSQL database; see L{Storage <chatservice.storage.contract.Storage>}.

    If it does not answer, a Deferred fails with L{StorageError
    <chatservice.protocol.errors.StorageError>} within about five seconds, and what was asked for
    may be done all the same. The next piece of work connects again.

    @param reactor: C{IReactorFromThreads} and C{IReactorTime}, on which results arrive.
    @param url: of the server, or of several of which one can be written.
    @param pool: makes a pool of one thread.
    @ivar node: the number of the node that writes; 0 as long as it has none.
    """

    def __init__(
        self, reactor: Any, url: str, pool: Callable[[], ThreadPool] = one_thread
    ) -> None:
        self.words: Words = TokenVectors()
        self.node = 0
        self._reactor = reactor
        self._url = url
        self._reads = Lane(reactor, pool(), lambda: connect(url, _plan_anew))
        self._writes = Lane(reactor, pool(), self._connect_for_writes, self._look_at_writes)

    def open(self, schema: str | None = None) -> None:
        """Connect, and bring the schema up to date.

        @param schema: see L{opened}.
        @raise DatabaseError: the database cannot be used.
        """
        self._opened = opened(self._url, schema)
        _plan_anew(self._opened)
        self._reads.take(self._opened)
        for lane in self._lanes():
            lane.start()

    def _lanes(self) -> list[Lane]:
        return [self._reads, self._writes]

    def _connect_for_writes(self) -> ClusterConnection:
        def prepare(connection: ClusterConnection) -> None:
            connection.raw.execute(_LIMIT_LOCKS)
            connection.execute(_NAME_NODE, (str(self.node),))

        return connect(self._url, prepare)

    def at_start(self, work: Work[T]) -> T:
        """See L{Storage.at_start <chatservice.storage.contract.Storage.at_start>}.

        @raise DatabaseError: the database does not answer, for example.
        """
        try:
            with at_start(self._opened):
                return work(self._opened)
        except psycopg.Error as error:
            raise DatabaseError.because(error, clause_for(error)) from error

    def write_at_start(self, work: Work[T]) -> T:
        """See L{Storage.write_at_start <chatservice.storage.contract.Storage.write_at_start>}."""
        return self.at_start(lambda _: _transact(self._opened, work))

    def write(self, work: Work[T]) -> Deferred[T]:
        """See L{Storage.write <chatservice.storage.contract.Storage.write>}."""
        return self._writes.do(partial(_transact, work=work))

    def write_later(self, work: Work[T]) -> Deferred[T]:
        """See L{Storage.write_later <chatservice.storage.contract.Storage.write_later>}."""
        return self._writes.do(partial(_transact, work=work), is_patient=True)

    def change(self, sql: str, *given: Any) -> Deferred[Row]:
        """Do a single statement, which writes, and return its row.

        It is a transaction by itself: a node that falls silent leaves nothing locked.
        """

        def work(connection: ClusterConnection) -> Row:
            row: Row | None = connection.execute(sql, given).fetchone()
            assert row is not None
            return row

        return self._writes.do(work)

    def hold(self, lock: int) -> Deferred[bool]:
        """Take a lock (locks.py), and hold it as long as the connection for writing lasts.

        @return: fires with whether this node has it.
        """
        return self._writes.do(partial(_hold, lock=lock), is_patient=True)

    def read(self, work: Work[T]) -> Deferred[T]:
        """See L{Storage.read <chatservice.storage.contract.Storage.read>}."""
        return self._reads.do(partial(_unlimited, work=work))

    def scan(
        self, work: Work[T], seconds: float, is_wanted: Callable[[], bool] = lambda: True
    ) -> Deferred[T]:
        """See L{Storage.scan <chatservice.storage.contract.Storage.scan>}."""
        limit = min(seconds, LONGEST)
        scan = ClusterScan(self._reactor.seconds, limit, self._reads.do_urgent)
        watch = Watch(self._reactor, scan, is_wanted)
        watch.look()
        run = partial(scan.run, work=work)
        done = self._reads.do(run, limit + ANSWER_WITHIN, is_patient=True)
        return done.addBoth(watch.done)

    def empty_log(self) -> Deferred[bool]:
        """Do nothing: PostgreSQL overwrites what was erased in its own time."""
        return succeed(True)

    def _look_at_writes(self, writes: Lane) -> None:
        """Cut the connection for writing if its server is away.

        If it only waits for a standby, a new connection would wait as well, beside it.
        """

        def look(connection: ClusterConnection) -> bool:
            row = connection.execute(_WAITS, (writes.session,)).fetchone()
            return row is not None and bool(row[0])

        def decide(waits: bool | Failure) -> None:
            if waits is not True:
                writes.cut()

        self._reads.do(look).addBoth(decide)

    def close(self) -> None:
        """Wait for the work under way, but not for long, and end the threads."""
        for lane in self._lanes():
            lane.close()


class ClusterScan:
    """Long work with a time limit.

    @param clock: gives seconds; called in the thread that does the work.
    @param do_urgent: does what is more urgent, which does not count; called in that thread as well.
    """

    def __init__(
        self, clock: Callable[[], float], seconds: float, do_urgent: Callable[[], object]
    ) -> None:
        self._clock = clock
        self._do_urgent = do_urgent
        self._seconds = seconds
        self._end = 0.0
        self._given_up = False

    def run(self, connection: ClusterConnection, work: Work[T]) -> T:
        """Do the work, in the thread of the connection."""
        self._end = self._clock() + self._seconds
        # One statement may take this long; between two of them we look at the clock ourselves.
        _limit(connection, self._seconds)
        connection.before_each = partial(self._pause, connection)
        try:
            return work(connection)
        except psycopg.errors.QueryCanceled as error:
            raise Interrupted from error
        finally:
            connection.before_each = _nothing

    def _pause(self, connection: ClusterConnection) -> None:
        """Let others use the connection before its next statement."""
        if self._given_up or self._clock() > self._end:
            raise Interrupted
        began, pause = self._clock(), connection.before_each
        connection.before_each = _nothing
        self._do_urgent()
        _limit(connection, self._seconds)
        connection.before_each = pause
        self._end += self._clock() - began

    def interrupt(self, give_up: bool) -> None:
        """Let no further statement begin if nobody wants the result any more."""
        self._given_up = self._given_up or give_up


def _plan_anew(connection: ClusterConnection) -> None:
    connection.raw.execute(_PLAN_ANEW)


def _limit(connection: ClusterConnection, seconds: float) -> None:
    """Limit the time of each statement in a session; 0 for no limit."""
    if connection.limit != seconds:
        connection.execute(_LIMIT, (str(int(seconds * 1000)),))
        connection.limit = seconds


def _unlimited(connection: ClusterConnection, work: Work[T]) -> T:
    _limit(connection, 0.0)
    return work(connection)


def _transact(connection: ClusterConnection, work: Work[T]) -> T:
    with connection.raw.transaction():
        return work(connection)


def _hold(connection: ClusterConnection, lock: int) -> bool:
    if lock in connection.held:
        connection.execute("SELECT")  # The session that holds it may have ended.
        return True
    is_ours = bool(connection.value(locks.TRY, lock))
    if is_ours:
        connection.held.add(lock)
    return is_ours


def _nothing() -> None:
    """Do nothing before a statement."""

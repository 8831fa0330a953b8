"""Connections in threads of their own, each made when it is needed, and made anew when it broke."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable
from typing import Any, Generic

import psycopg
from twisted.internet.defer import Deferred
from twisted.python.threadpool import ThreadPool

from chatservice.cluster.connection import ClusterConnection, cut
from chatservice.cluster.faults import AWAY, clause_for, ends_connection, is_passing
from chatservice.protocol.errors import StorageError
from chatservice.storage.contract import T
from chatservice.storage.threads import Worker

ANSWER_WITHIN = 5.0
"""Seconds after which somebody who waits for a short piece of work is told that it failed."""

TRIES = 3
"""How often work is tried when others are in its way, or its connection has broken."""

CLOSE_WITHIN = 3.0
"""Seconds that the work under way has to end when a lane is closed."""


class Job(Generic[T]):
    """A piece of work, and whoever waits for it.

    @ivar is_over: whether nobody waits any more.
    """

    def __init__(self, work: Callable[[ClusterConnection], T]) -> None:
        self.work = work
        self.done: Deferred[T] = Deferred()
        self.is_over = False


class Lane:
    """One connection to the database, in a thread of its own.

    Work that breaks off because of the connection, or of a conflict, is done again: it must have
    the same effect when it is done twice.

    @param reactor: C{IReactorFromThreads} and C{IReactorTime}.
    @param pool: a pool of one thread.
    @param connect: makes a connection, in the thread.
    @param stuck: called when the work under way does not end in time; by default, its connection
        is cut.
    @ivar session: the number of the server's process that serves the latest connection.
    """

    def __init__(
        self,
        reactor: Any,
        pool: ThreadPool,
        connect: Callable[[], ClusterConnection],
        stuck: Callable[[Lane], object] | None = None,
    ) -> None:
        self._reactor = reactor
        self._pool = pool
        self._worker = Worker(reactor, pool)
        self._connect = connect
        self._stuck = stuck or Lane.cut
        self._connection: ClusterConnection | None = None
        self._socket: socket.socket | None = None
        self._under_way: Job[Any] | None = None
        self._is_closing = self._is_closed = False
        self.session = 0

    def start(self) -> None:
        """Start the thread; it connects when there is work."""
        self._pool.start()

    def take(self, connection: ClusterConnection) -> None:
        """Use a connection that exists already, before any work."""
        self._connection = connection
        # Ours stays open as long as we like, so cutting it off never hits another one.
        self._socket = socket.socket(fileno=os.dup(connection.raw.fileno()))
        self.session = connection.raw.info.backend_pid

    def do(
        self,
        work: Callable[[ClusterConnection], T],
        seconds: float = ANSWER_WITHIN,
        is_patient: bool = False,
    ) -> Deferred[T]:
        """Do C{work} in the thread.

        @param seconds: the most that it may take, with the work before it.
        @param is_patient: whether all work that is urgent goes first.
        @return: fails with L{StorageError} if the database does not answer.
        """
        job = Job(work)
        timer = self._reactor.callLater(seconds, self._give_up, job)

        def answer(result: Any) -> None:
            if not job.is_over:
                timer.cancel()
                job.done.callback(result)

        self._worker.do(lambda: self._run(job), is_patient).addBoth(answer)
        return job.done

    def do_urgent(self) -> None:
        """See L{Worker.do_urgent}."""
        self._worker.do_urgent()

    def _give_up(self, job: Job[Any]) -> None:
        job.is_over = True
        under_way = self._under_way
        if under_way is not None and under_way.is_over:
            self._stuck(self)
        job.done.errback(StorageError(AWAY))

    def _run(self, job: Job[T]) -> T:
        """Do a piece of work, in the thread; none that nobody waits for any more."""
        before, self._under_way = self._under_way, job
        try:
            tries = 0
            while not (job.is_over or self._is_closing):
                tries += 1
                try:
                    connection = self._connected()
                    # While there was none, nothing could be cut off.
                    if not job.is_over:
                        return job.work(connection)
                except psycopg.Error as error:
                    self._check(error, tries)
            raise StorageError(AWAY)
        finally:
            self._under_way = before

    def _connected(self) -> ClusterConnection:
        if self._connection is None or self._connection.raw.closed:
            self._leave()
            self.take(self._connect())
        assert self._connection is not None
        return self._connection

    def _leave(self) -> None:
        """Close the connection, whatever is left of it."""
        if self._connection is not None and self._socket is not None:
            self._connection.raw.close()
            self._socket.close()
        self._connection = self._socket = None

    def _check(self, error: psycopg.Error, tries: int) -> None:
        """Raise an error, or return if the work is to be tried again."""
        has_ended = ends_connection(error)
        if has_ended:
            self._leave()
        if (has_ended or is_passing(error)) and tries < TRIES:
            return
        clause = clause_for(error)
        if clause is None:
            raise error
        raise StorageError(clause) from error

    def cut(self) -> None:
        """Cut the connection off, whatever the thread is waiting for; nothing is cancelled."""
        ours = self._socket
        if ours is not None:
            cut(ours)

    def close(self) -> None:
        """Wait for the work under way, but not for long, and end the thread; once is enough."""
        if self._is_closed:
            return
        self._is_closed = True
        timer = threading.Timer(CLOSE_WITHIN, self._hurry)
        timer.start()
        self._pool.stop()
        timer.cancel()
        self._leave()

    def _hurry(self) -> None:
        self._is_closing = True
        self.cut()

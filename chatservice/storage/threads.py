"""The SQLite file and its threads: a writer, a reader, and one for long reads."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator
from typing import Any, NamedTuple, Protocol

from twisted.internet.defer import Deferred, inlineCallbacks
from twisted.internet.threads import deferToThreadPool
from twisted.python.failure import Failure
from twisted.python.threadpool import ThreadPool

from chatservice.storage.contract import Connection, T, Work
from chatservice.storage.database import IN_MEMORY, Database, Scan, empty_log

LOOK_AFTER = 0.05
"""Seconds between two checks of a long read: some single instructions take very long themselves."""

CHECKPOINTS = 20
"""The most attempts in a row to empty the write-ahead log: a reader may be in the way."""


def one_thread() -> ThreadPool:
    """Make a pool of one thread."""
    return ThreadPool(1, 1, "database")


class _Job(NamedTuple):
    """Work for a thread, and the Deferred for its result."""

    work: Callable[[], Any]
    done: Deferred[Any]


class Worker:
    """A thread that does one piece of work after the other, urgent work first.

    @param reactor: C{IReactorFromThreads}, on which results arrive.
    @param pool: a pool of one thread.
    """

    def __init__(self, reactor: Any, pool: ThreadPool) -> None:
        self._reactor = reactor
        self._pool = pool
        self._urgent: deque[_Job] = deque()
        self._patient: deque[_Job] = deque()

    def do(self, work: Callable[[], T], is_patient: bool = False) -> Deferred[T]:
        """Do C{work} in the thread.

        @param is_patient: whether all work that is urgent goes first.
        """
        done: Deferred[T] = Deferred()
        queue = self._patient if is_patient else self._urgent
        queue.append(_Job(work, done))
        # The thread is called once for each job, but then does the most urgent one.
        self._pool.callInThread(self._do_next)
        return done

    def do_urgent(self) -> None:
        """Do all urgent work that waits; called in the thread, in the middle of patient work."""
        while self._urgent:
            self._do(self._urgent.popleft())

    def _do_next(self) -> None:
        # It may have been done in the middle of something else.
        queue = self._urgent or self._patient
        if queue:
            self._do(queue.popleft())

    def _do(self, job: _Job) -> None:
        try:
            result = job.work()
        except BaseException:
            result = Failure()
        self._reactor.callFromThread(job.done.callback, result)


class ThreadedDatabase(Database):
    """A database in WAL mode; once a commit returns, its data is on the disk.

    @param reactor: C{IReactorFromThreads} and C{IReactorTime}, on which results arrive.
    @param path: of the file; or C{":memory:"}, one connection in one thread.
    @param pool: makes a pool of one thread.
    """

    def __init__(
        self, reactor: Any, path: str, pool: Callable[[], ThreadPool] = one_thread
    ) -> None:
        super().__init__(path, reactor.seconds)
        self._reactor = reactor
        self._write_pool = pool()
        self._read_pool = self._write_pool if path == IN_MEMORY else pool()
        self._scan_pool = self._write_pool if path == IN_MEMORY else pool()
        self._writing = Worker(reactor, self._write_pool)

    def _open(self, schema: str) -> None:
        super()._open(schema)
        self._reader = self._writer if self._path == IN_MEMORY else self._connect()
        self._scanner = self._writer if self._path == IN_MEMORY else self._connect()
        for pool in self._pools():
            pool.start()

    def _pools(self) -> set[ThreadPool]:
        return {self._write_pool, self._read_pool, self._scan_pool}

    def write(self, work: Work[T]) -> Deferred[T]:
        """See L{Database.write}; in the writer's thread."""
        return self._writing.do(lambda: self._transact(work))

    def write_later(self, work: Work[T]) -> Deferred[T]:
        """See L{Database.write_later}."""
        return self._writing.do(lambda: self._transact(work), is_patient=True)

    def read(self, work: Work[T]) -> Deferred[T]:
        """See L{Database.read}; in the reader's thread."""
        return deferToThreadPool(self._reactor, self._read_pool, lambda: work(self._reader))

    def scan(
        self, work: Work[T], seconds: float, is_wanted: Callable[[], bool] = lambda: True
    ) -> Deferred[T]:
        """See L{Database.scan}; in a thread of its own."""
        scan = Scan(self._scanner, self._seconds, seconds)
        if self._path == IN_MEMORY:
            done = self._writing.do(lambda: scan.run(work), is_patient=True)
        else:
            done = deferToThreadPool(self._reactor, self._scan_pool, scan.run, work)
        watch = Watch(self._reactor, scan, is_wanted)
        watch.look()
        return done.addBoth(watch.done)

    @inlineCallbacks
    def empty_log(self) -> Generator[Deferred[Any], Any, bool]:
        """See L{Database.empty_log}."""
        for _ in range(CHECKPOINTS):
            # Once both have answered, all earlier reads are over.
            yield self.read(_nothing)
            yield self.scan(_nothing, LOOK_AFTER)
            if (yield self._writing.do(lambda: empty_log(self._writer), is_patient=True)):
                return True
        return False

    def close(self) -> None:
        """Wait for the work under way, end the threads and close the file."""
        for pool in self._pools():
            pool.stop()
        super().close()


class Interruptible(Protocol):
    """Work that can be interrupted from another thread; see L{Scan.interrupt}."""

    def interrupt(self, give_up: bool) -> None:
        """See L{Scan.interrupt}."""


class Watch:
    """A timer that checks a scan again and again, and interrupts it when its time is up.

    @param reactor: C{IReactorTime}.
    """

    def __init__(
        self, reactor: Any, scan: Interruptible, is_wanted: Callable[[], bool]
    ) -> None:
        self._reactor = reactor
        self._scan = scan
        self._is_wanted = is_wanted
        self._next: Any = None

    def look(self) -> None:
        """Check the scan now, and from then on regularly."""
        self._scan.interrupt(give_up=not self._is_wanted())
        self._next = self._reactor.callLater(LOOK_AFTER, self.look)

    def done(self, result: T) -> T:
        """Stop: the scan has ended."""
        self._next.cancel()
        return result


def _nothing(connection: Connection) -> None:
    """Do nothing; once this is done, so is all earlier work in the thread."""

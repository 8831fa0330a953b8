"""A node's link to PostgreSQL; see L{Link <chatservice.cluster.link.Link>} and C{functions.sql}."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import psycopg
from twisted.internet.defer import Deferred, fail
from twisted.python.failure import Failure
from twisted.python.threadpool import ThreadPool

from chatservice.cluster.connection import ClusterConnection, connect
from chatservice.cluster.faults import clause_for, ends_connection
from chatservice.cluster.link import LinkLost, Promises, Row, Seat, Settled
from chatservice.cluster.wire import Rows, Wire, prepare
from chatservice.protocol.errors import StorageError
from chatservice.storage.threads import Worker

# Named, for a later version may add others.
_ROW = ", ".join(f'"{each}"' for each in Row._fields)

_STATEMENTS = {
    "append": f"SELECT {_ROW} FROM chat_append(?, ?, ?, ?, ?)",
    "read": f"SELECT {_ROW} FROM chat_read(?, ?)",
    "settle": "SELECT * FROM chat_settle(?, ?)",
    "renew": "SELECT chat_renew(?, ?, ?, ?, ?)",
    "leave": "SELECT chat_leave(?, ?, ?)",
}

# Statements of so few kinds are planned once, and by indexes, however small the tables were then.
_PLANS = """
    SET plan_cache_mode = force_generic_plan;
    SET enable_seqscan = off;
    SET jit = off"""


class PostgresLink:
    """A connection that the reactor watches, with one statement at a time.

    @param reactor: C{IReactorFromThreads} and C{IReactorFDSet}.
    @param connection: the first connection; see L{make_ready}.
    @param pool: makes a pool of one thread, in which further ones are made.
    """

    def __init__(
        self,
        reactor: Any,
        url: str,
        connection: ClusterConnection,
        pool: Callable[[], ThreadPool] = lambda: ThreadPool(1, 1, "log"),
    ) -> None:
        self._reactor = reactor
        self._url = url
        self._pool = pool()
        self._worker = Worker(reactor, self._pool)
        self.woken: Callable[[], object] = lambda: None
        self._wire: Wire | None = None
        # The last id that was heard of, and the one up to which everything was read.
        self._head = self._seen = 0
        self._pool.start()
        self._take(connection)

    def _take(self, connection: ClusterConnection) -> None:
        self._wire = Wire(self._reactor, connection, self._note, self._rested, self._ended)

    def _note(self, head: bytes) -> None:
        if head.isdigit():
            self._head = max(self._head, int(head))

    def _rested(self) -> None:
        if self._head > self._seen:
            self.woken()

    def _ended(self) -> None:
        self._close_wire()
        self.woken()

    def _close_wire(self) -> None:
        wire, self._wire = self._wire, None
        if wire is not None:
            wire.close()

    def connect(self) -> Deferred[None]:
        """See L{Link.connect <chatservice.cluster.link.Link.connect>}."""
        self._close_wire()
        return self._worker.do(self._connected).addCallback(self._take)

    def _connected(self) -> ClusterConnection:
        """Make a connection, in the thread."""
        try:
            return connect(self._url, make_ready)
        except psycopg.Error as error:
            raise LinkLost from error

    def drop(self) -> None:
        """See L{Link.drop <chatservice.cluster.link.Link.drop>}."""
        if self._wire is not None:
            self._wire.cut()

    def close(self) -> None:
        """See L{Link.close <chatservice.cluster.link.Link.close>}."""
        self._pool.stop()
        self._close_wire()

    # The statements.

    def _execute(self, name: str, *given: int | bool | str) -> Deferred[Rows]:
        if self._wire is None:
            return fail(LinkLost())
        return self._wire.execute(name, *given).addErrback(_explain)

    def append(
        self, seat: Seat, number: int, cursor: int, batch: str
    ) -> Deferred[Sequence[Row]]:
        """See L{Link.append <chatservice.cluster.link.Link.append>}."""
        return self._rows("append", seat.node, seat.link, number, cursor, batch)

    def read(self, seat: Seat, cursor: int) -> Deferred[Sequence[Row]]:
        """See L{Link.read <chatservice.cluster.link.Link.read>}."""
        return self._rows("read", seat.node, cursor)

    def _rows(self, name: str, *given: int | str) -> Deferred[Sequence[Row]]:
        head = self._head

        def read(found: Rows) -> list[Row]:
            rows = list(map(Row._make, found))
            last = rows[-1].last if rows else 0
            # Whoever reads goes on by itself if there may be more rows than one call returns.
            self._seen = max(last, self._seen, head)
            return rows

        return self._execute(name, *given).addCallback(read)

    def settle(self, seat: Seat, cursor: int) -> Deferred[Settled | None]:
        """See L{Link.settle <chatservice.cluster.link.Link.settle>}."""

        def read(rows: Rows) -> Settled | None:
            for link, number, is_whole, *promises in rows:
                return Settled(link, number, is_whole, Promises(*promises))
            return None

        return self._execute("settle", seat.node, cursor).addCallback(read)

    def renew(
        self, seat: Seat, cursor: int, members: int, adopts: bool
    ) -> Deferred[Sequence[int] | None]:
        """See L{Link.renew <chatservice.cluster.link.Link.renew>}."""
        answer = self._execute("renew", seat.node, seat.link, cursor, members, adopts)
        return answer.addCallback(lambda rows: rows[0][0])

    def leave(self, seat: Seat, cursor: int) -> Deferred[None]:
        """See L{Link.leave <chatservice.cluster.link.Link.leave>}."""
        return self._execute("leave", seat.node, seat.link, cursor).addCallback(lambda rows: None)


def make_ready(connection: ClusterConnection) -> None:
    """Make a connection ready for the statements, and for news."""
    connection.raw.execute(_PLANS)
    prepare(connection, _STATEMENTS)
    connection.raw.execute("LISTEN chat")


def _explain(failure: Failure) -> Failure:
    """Turn what libpq says into what the log understands."""
    failure.trap(psycopg.Error)
    error = failure.value
    assert isinstance(error, psycopg.Error)
    clause = clause_for(error)
    if ends_connection(error):
        raise LinkLost from error
    if clause is None:
        raise error
    raise StorageError(clause) from error

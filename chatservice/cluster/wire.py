"""A connection to PostgreSQL in the reactor: statements go out and answers come in, in no thread.

It goes below psycopg's connections to C{psycopg.pq}, which is libpq (PostgreSQL's documentation,
section 34.4: asynchronous command processing). A thread and a cursor for each statement would cost
more than what most statements of the log do.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

import psycopg
from psycopg.adapt import Transformer
from psycopg.errors import error_from_result
from psycopg.pq import ExecStatus
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReadWriteDescriptor
from twisted.python.failure import Failure
from zope.interface import implementer

from chatservice.cluster.connection import ClusterConnection, cut, translated

BINARY = 1
"""The format of results."""

Rows = list[tuple[Any, ...]]


def prepare(connection: ClusterConnection, statements: Mapping[str, str]) -> None:
    """Prepare statements by name, which a L{Wire} executes later; this blocks."""
    for name, sql in statements.items():
        result = connection.raw.pgconn.prepare(name.encode(), translated(sql).encode())
        if result.status != ExecStatus.COMMAND_OK:
            raise error_from_result(result)


@implementer(IReadWriteDescriptor)
class Wire:
    """A connection that the reactor watches, with one statement at a time.

    @param reactor: C{IReactorFDSet}.
    @param connection: nobody else uses it any longer.
    @param heard: called with the payload of a notification.
    @param rested: called when something came and no statement is under way.
    @param ended: called when the connection has ended by itself, before what is under way fails.
    """

    def __init__(
        self,
        reactor: Any,
        connection: ClusterConnection,
        heard: Callable[[bytes], object],
        rested: Callable[[], object],
        ended: Callable[[], object],
    ) -> None:
        self._reactor = reactor
        self._connection = connection.raw
        self._pg = connection.raw.pgconn
        self._pg.nonblocking = 1
        self._heard = heard
        self._rested = rested
        self._ended = ended
        self._done: Deferred[Rows] | None = None
        self._result: Any = None
        # Ours stays open until we close it, so cutting it off never hits another one.
        self._socket = socket.socket(fileno=os.dup(self._pg.socket))
        reactor.addReader(self)

    def execute(self, name: str, *given: int | bool | str) -> Deferred[Rows]:
        """Execute a prepared statement.

        @return: fires with its rows, or fails with C{psycopg.Error}.
        """
        done = self._done = Deferred()
        parameters = [str(each).encode() for each in given]
        self._attempt(lambda: self._send(name.encode(), parameters))
        return done

    def _send(self, name: bytes, parameters: list[bytes]) -> None:
        self._pg.send_query_prepared(name, parameters, result_format=BINARY)
        self._flush()

    def cut(self) -> None:
        """Cut the connection off, whatever is under way; nothing is cancelled."""
        cut(self._socket)

    def close(self) -> None:
        """Close the connection; what is under way is never answered."""
        self._reactor.removeReader(self)
        self._reactor.removeWriter(self)
        self._socket.close()
        with suppress(psycopg.Error):
            self._connection.close()

    # What the reactor asks.

    def fileno(self) -> int:
        """See C{IReadWriteDescriptor}."""
        return self._socket.fileno()

    def logPrefix(self) -> str:
        """See C{IReadWriteDescriptor}."""
        return "the link to the database"

    def connectionLost(self, reason: Failure) -> None:
        """See C{IReadWriteDescriptor}."""
        self._end(Failure(psycopg.OperationalError("the connection is lost")))

    def doWrite(self) -> None:
        """See C{IReadWriteDescriptor}."""
        self._attempt(self._flush)

    def doRead(self) -> None:
        """See C{IReadWriteDescriptor}."""
        self._attempt(self._take)

    def _attempt(self, work: Callable[[], object]) -> None:
        try:
            work()
        except psycopg.Error:
            self._end(Failure())

    def _flush(self) -> None:
        """Send what the socket takes by now."""
        if self._pg.flush():
            self._reactor.addWriter(self)
        else:
            self._reactor.removeWriter(self)

    def _take(self) -> None:
        """Take what has come, and answer if it is complete."""
        self._pg.consume_input()
        while self._done is not None and not self._pg.is_busy():
            result = self._pg.get_result()
            if result is not None:
                self._result = result
                continue
            self._hear()
            done, self._done = self._done, None
            result, self._result = self._result, None
            if result.status == ExecStatus.TUPLES_OK:
                done.callback(self._rows(result))
            else:
                done.errback(error_from_result(result))
        if self._done is None:
            # libpq knows of what came after an answer once that was taken.
            self._hear()
            self._rested()

    def _hear(self) -> None:
        while (notice := self._pg.notifies()) is not None:
            self._heard(notice.extra)

    def _rows(self, result: Any) -> Rows:
        loader = Transformer(self._connection)
        loader.set_pgresult(result)
        return loader.load_rows(0, result.ntuples, tuple)

    def _end(self, failure: Failure) -> None:
        done, self._done = self._done, None
        self._ended()
        if done is not None:
            done.errback(failure)

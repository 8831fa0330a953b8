"""The journal of one process, in its database; see L{chatservice.chat.journal} for its contract."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from twisted.internet.defer import Deferred, succeed
from twisted.python.failure import Failure

from chatservice.chat.journal import Deliver
from chatservice.chat.residents import Resident
from chatservice.protocol.actions import OperatorAct
from chatservice.protocol.events import Batch, Event, TopicChanged
from chatservice.protocol.ids import EventIds
from chatservice.protocol.stamping import numbered
from chatservice.storage.actlog import acts
from chatservice.storage.archive import DatabaseArchive
from chatservice.storage.contract import Connection, Storage
from chatservice.storage.database import explain
from chatservice.storage.rows import is_written, store

CEILING_AHEAD = 10_000_000
"""Microseconds by which the stored ceiling of ids is ahead of the last id."""


BATCH = 256
"""The most events in one commit."""


class DatabaseLog:
    """A log that stores each batch as a whole, in order; see L{Log <chatservice.chat.journal.Log>}.

    Once appended, a batch survives a crash, if the database is a file.

    @ivar is_storing: whether a batch is being stored.
    """

    most = BATCH

    def __init__(self, database: Storage, ids: EventIds | None = None) -> None:
        self._database = database
        self._ceiling = 0
        self._settled = False
        self._deliver: Deliver = lambda batch: None
        self.ids = ids or EventIds()
        self.topics: dict[str, TopicChanged] = {}
        self.residents: Sequence[Resident] = ()
        self.moves: Sequence[tuple[bytes, bytes]] = ()
        self.host_key = b""
        self.floor = 0
        self.is_storing = False

    def open(self) -> None:
        """Find out where the last run ended; called right after the database was opened."""
        self.floor = self._ceiling = self._database.at_start(_read_ceiling)
        self.ids.start_above(self.floor)
        self.topics = self._database.at_start(read_topics)
        self.host_key = self._database.at_start(read_host_key)

    def recall(self, take: Callable[[OperatorAct], object]) -> None:
        """See L{Log.recall <chatservice.chat.journal.Log.recall>}, and
        L{chatservice.storage.actlog.acts}.
        """
        self._database.at_start(partial(_recall, take=take))

    def recall_passing(self, take: Callable[[OperatorAct], object]) -> None:
        """See L{Log.recall_passing}: nobody is in the chat at the start."""

    def follow(self, deliver: Deliver, take_back: Callable[[Batch], None]) -> None:
        """See L{Log.follow <chatservice.chat.journal.Log.follow>}."""
        self._deliver = deliver

    def append(self, batch: Batch) -> Deferred[None]:
        """See L{Log.append <chatservice.chat.journal.Log.append>}."""
        for event in batch:
            numbered(event, self.ids.next(), self.ids.time)
        return self.store(batch).addCallback(lambda _: self._deliver(batch))

    def pass_on(self, batch: Batch) -> None:
        """See L{Log.pass_on <chatservice.chat.journal.Log.pass_on>}."""
        self._deliver(batch)

    def store(self, batch: Batch) -> Deferred[None]:
        """Store those events of a batch that must be kept; all have their ids already.

        For an empty batch the ceiling is raised, so that something is written.
        """
        last = batch[-1].id if batch else self.ids.last
        kept = [event for event in batch if is_written(event)]
        is_raised = not batch or last > self._ceiling
        if not kept and not is_raised:
            return succeed(None)
        ceiling = last + CEILING_AHEAD if is_raised else self._ceiling
        unsettled = None if self._settled else (self.floor, self.ids.time)
        self.is_storing = True
        work = partial(_store, events=kept, ceiling=ceiling, unsettled=unsettled)
        done = self._database.write(work)
        return done.addCallbacks(lambda _: self._stored(ceiling), self._not_stored)

    def _stored(self, ceiling: int) -> None:
        self.is_storing = False
        self._settled = True
        self._ceiling = ceiling

    def _not_stored(self, failure: Failure) -> Any:
        self.is_storing = False
        return explain(failure)

    def close(self) -> Deferred[None]:
        """Store the last id, so that the next run begins there.

        If that fails, the next run begins higher.
        """
        work = partial(_store, events=[], ceiling=self.ids.last, unsettled=None)
        return self._database.write(work).addErrback(explain)


class DatabaseJournal(DatabaseLog, DatabaseArchive):
    """The events of a chat in its database.

    @param database: need not be open yet.
    @param ids: the source of their ids; by default, the time.
    """

    def __init__(self, database: Storage, ids: EventIds | None = None) -> None:
        DatabaseLog.__init__(self, database, ids)
        DatabaseArchive.__init__(self, database)

    def open(self) -> None:
        """Find out where the last run ended; called right after the database was opened."""
        self.make_ready()
        super().open()

    def index(self) -> Deferred[bool]:
        """Work on the search index a little, unless a batch is being stored."""
        return succeed(False) if self.is_storing else super().index()


def _store(
    connection: Connection,
    events: list[Event],
    ceiling: int,
    unsettled: tuple[int, int | None] | None,
) -> None:
    """Write a batch.

    @param unsettled: the id up to which those people saw everything whose leaving the last run
        could not store, and the time now if it is below that id; C{None} if this is stored already.
    """
    if unsettled is not None:
        connection.execute(SETTLE, unsettled)
    store(connection, events)
    connection.execute("UPDATE ids SET ceiling = ? WHERE ceiling <> ?1", (ceiling,))


SETTLE = """
    UPDATE places SET
        seen = CASE WHEN read IS NULL THEN ?1 WHEN read > entered THEN read ELSE entered END,
        time = CASE WHEN read IS NULL THEN CAST(?2 AS BIGINT) END
    WHERE seen IS NULL"""
"""Notes that everybody who was there saw everything, up to an id, at some time."""


def _read_ceiling(connection: Connection) -> int:
    ceiling: int = connection.execute("SELECT ceiling FROM ids").fetchone()[0]
    return ceiling


def read_topics(connection: Connection) -> dict[str, TopicChanged]:
    """Read the topics of all rooms."""
    rows = connection.execute("SELECT room, id, nick, text, author FROM topics")
    return {
        room: TopicChanged(id=id, room=room, nick=nick, text=text, identity=author)
        for room, id, nick, text, author in rows
    }


def _recall(connection: Connection, take: Callable[[OperatorAct], object]) -> None:
    for act in acts(connection):
        take(act)


def read_host_key(connection: Connection) -> bytes:
    """Read the secret of the hosts that people are shown to be at."""
    key: bytes = connection.execute("SELECT host_key FROM secret").fetchone()[0]
    return key

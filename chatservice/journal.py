"""Where events become durable, and are read back in order.

What was appended to a journal when its Deferred fires will survive a crash; a Deferred fails with
L{JournalError} when something could not be stored or read. There are two: L{Journal}, in a
database, and L{chatservice.memory.MemoryJournal}, which does the same for a while, and without
a disk. What both can do is said here at L{Journal}.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any

from twisted.internet.defer import Deferred, succeed
from twisted.python.failure import Failure

from chatservice import remembered
from chatservice.actlog import acts
from chatservice.acts import Extended, OperatorAct
from chatservice.database import Database, StorageError, explain
from chatservice.events import Batch, Event, TopicChanged
from chatservice.identities import Identities
from chatservice.indexing import Index
from chatservice.missed import Counted, Missed, read_missed
from chatservice.pages import Page, Wanted, read_page
from chatservice.personal import Export, Personal
from chatservice.query import Query
from chatservice.refs import Noted
from chatservice.remembered import Remembered
from chatservice.rows import ACT, MOVES, act_of, store
from chatservice.scanning import NOBODY, Asker, Scanning
from chatservice.search import Found, LeftOf, Search, all_of

CEILING_AHEAD = 10_000_000
"""Microseconds by which the stored ceiling of ids is ahead of the last one."""

JournalError = StorageError
"""Why something was not stored or read: a clause for people, such as "the disk is full"."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where somebody was last, and did not leave on purpose.

    @ivar room: its name; or empty for the chat itself, and so for private lines.
    @ivar nick: under which nickname.
    @ivar entered: the id of coming there.
    @ivar seen: the last id that was seen there; of who is there now, one that was seen before.
    @ivar time: when that was left, in microseconds since the epoch, if it is not what C{seen} says.
    """

    room: str
    nick: str
    entered: int
    seen: int
    time: int | None = None


_PLACES = """
    SELECT room, nick, entered, coalesce(seen, max(entered, ?)), time FROM places
    WHERE identity = ? ORDER BY entered, room"""
_SPLIT = """
    INSERT OR REPLACE INTO places (identity, room, nick, entered, seen)
    SELECT ?, room, ?, entered, NULL FROM places WHERE identity = ? AND room = ?"""
_IN_NO_ROOM = "DELETE FROM places WHERE identity = ? AND room <> ''"
_SPLIT_OFF = "UPDATE places SET seen = ? WHERE identity = ? AND seen IS NULL"
_MODLOG = f"""
    SELECT {ACT} FROM acts
    WHERE id < ?1 AND (?2 IS NULL OR room = ?2) AND kind <> '{Extended.kind}'
    ORDER BY id DESC LIMIT ?3"""


class Journal:
    """Keeps events in the database.

    @param database: need not be open yet.
    @ivar floor: the highest id that an earlier run may have given out.
    @ivar topics: what the rooms' topics were when it was opened.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._scanning = Scanning(database)
        self._index = Index(database)
        self._search = Search(database, self._scanning, self._index)
        self._remembered = Remembered(database)
        self._personal = Personal(database, self._scanning)
        self._identities = Identities(database)
        self._ceiling = 0
        self._storing = False
        self._settled = False
        self.floor = 0
        self.topics: dict[str, TopicChanged] = {}

    def open(self) -> None:
        """Find out where the last run ended; the database has just been opened."""
        self._identities.finish()
        self._index.open()
        self.floor = self._ceiling = self._database.at_start(_read_ceiling)
        self.topics = self._database.at_start(_read_topics)

    def recall(self, take: Callable[[OperatorAct], object]) -> None:
        """Hand on what operators have done, as far as it matters; see L{chatservice.actlog.acts}.

        To be called before anything is stored; the database has just been opened.
        """
        self._database.at_start(partial(_recall, take=take))

    def append(self, batch: Batch) -> Deferred[None]:
        """Store what is to be kept of events. No second batch before the first one is done."""
        last = batch[-1].id
        kept = [event for event in batch if event.stored or isinstance(event, MOVES)]
        if not kept and last <= self._ceiling:
            return succeed(None)
        ceiling = self._ceiling if last <= self._ceiling else last + CEILING_AHEAD
        unsettled = None if self._settled else (self.floor, batch[0].time)
        self._storing = True
        work = partial(_store, events=kept, ceiling=ceiling, unsettled=unsettled)
        done = self._database.write(work)
        return done.addCallbacks(lambda _: self._stored(ceiling), self._not_stored)

    def _stored(self, ceiling: int) -> None:
        self._storing = False
        self._settled = True
        self._ceiling = ceiling

    def _not_stored(self, failure: Failure) -> Any:
        self._storing = False
        return explain(failure)

    def page(self, wanted: Wanted) -> Deferred[Page]:
        """A part of a room's history, or of what somebody said and was told in private."""
        work = partial(read_page, wanted=wanted)
        return self._database.read(work).addErrback(explain)

    def missed(
        self,
        of: str | bytes,
        after: int,
        before: int,
        nick: str,
        not_by: bytes,
        left_of: LeftOf = all_of,
        asker: Asker = NOBODY,
    ) -> Deferred[Missed]:
        """How much was said between two ids, in a room or to an identity in private.

        @param nick: whose mentions are counted: as a whole word, in capitals or not.
        @param not_by: the identity whose own lines do not count.
        @param left_of: gives C{None} for what does not count either; it is called in the thread
            that reads.
        """
        counted = Counted(nick, not_by, left_of)
        work = partial(read_missed, of=of, after=after, before=before, counted=counted)
        return self._scanning.count(asker, work).addErrback(explain)

    def places(self, identity: bytes) -> Deferred[list[Place]]:
        """Where somebody was last, in the order of entering."""
        given = (self.floor, identity)

        def work(connection: sqlite3.Connection) -> list[Place]:
            return [Place(*row) for row in connection.execute(_PLACES, given)]

        return self._database.read(work).addErrback(explain)

    def refs(self, identity: bytes) -> Deferred[list[tuple[bytes, Noted]]]:
        """What somebody said lately; see L{Remembered.of}."""
        return self._remembered.of(identity)

    def drop_refs(self, identity: bytes, ids: Iterable[int]) -> None:
        """These are remembered no more; see L{Remembered.drop}."""
        self._remembered.drop(identity, ids)

    def tidy_refs(self) -> Deferred[bool]:
        """Delete some of them; see L{Remembered.step}."""
        return self._remembered.step()

    def move(self, former: bytes, now: bytes, nick: str) -> Deferred[None]:
        """Who had one identity has another from now on: its places replace those of the other.

        What was said under either is known again; see refs.py.

        @param nick: under which nickname.
        """
        sql = "UPDATE places SET identity = ?, nick = ? WHERE identity = ?"

        def work(connection: sqlite3.Connection) -> None:
            connection.execute("DELETE FROM places WHERE identity = ?", (now,))
            connection.execute(sql, (now, nick, former))
            remembered.move(connection, former, now)

        return self._database.write(work).addErrback(explain)

    def split(
        self, former: bytes, now: bytes, nick: str, rooms: Collection[str], seen: int
    ) -> Deferred[None]:
        """Who had one identity goes on under another one, and takes the rooms along.

        @param nick: under which nickname.
        @param rooms: where (C{""}: the chat itself) the other one is from now on.
        @param seen: the id up to which the former one saw everything; it is in no room any more.
        """

        def work(connection: sqlite3.Connection) -> None:
            connection.executemany(_SPLIT, [(now, nick, former, room) for room in rooms])
            remembered.copy(connection, former, now)
            connection.execute(_IN_NO_ROOM, (former,))
            connection.execute(_SPLIT_OFF, (seen, former))

        return self._database.write(work).addErrback(explain)

    def become(self, former: bytes, now: bytes, last: bool) -> Deferred[None]:
        """Give somebody another identity from now on, in all that is stored.

        @param last: whether nothing more will be stored under the former one.
        """
        return self._identities.move(former, now, last)

    def search(
        self,
        query: Query,
        rooms: Collection[str],
        limit: int,
        left_of: LeftOf = all_of,
        asker: Asker = NOBODY,
    ) -> Deferred[Found]:
        """The newest lines of rooms that are looked for; see L{Search.find}."""
        return self._search.find(query, rooms, limit, left_of, asker)

    def index(self) -> Deferred[bool]:
        """Prepare searching a little, unless something is being stored; see L{Index.step}."""
        return succeed(False) if self._storing else self._index.step()

    def modlog(self, room: str | None, before: int, limit: int) -> Deferred[list[OperatorAct]]:
        """The last acts of operators below an id, in the order of the ids.

        @param room: only those in it; C{None} for all.
        """
        given = (before, room, limit)

        def work(connection: sqlite3.Connection) -> list[OperatorAct]:
            return [act_of(row) for row in connection.execute(_MODLOG, given)][::-1]

        return self._database.read(work).addErrback(explain)

    def export(
        self, identity: bytes, after: int = 0, asker: Asker = NOBODY
    ) -> Deferred[Export]:
        """A page of what is stored about somebody; see L{Personal.export}."""
        return self._personal.export(identity, after, asker)

    def forget(self, identity: bytes) -> Deferred[int]:
        """Erase what somebody said; see L{Personal.forget}."""
        return self._personal.forget(identity)

    def wipe(self) -> Deferred[None]:
        """Have no trace on the disk of what was erased; see L{Index.wipe}."""
        return self._index.wipe()

    def drop_topics(self, topics: Iterable[TopicChanged]) -> Deferred[None]:
        """Rooms have no topic any more that had these, without anybody's changing it."""
        rows = [(topic.room, topic.id) for topic in topics]

        def work(connection: sqlite3.Connection) -> None:
            connection.executemany("DELETE FROM topics WHERE room = ? AND id = ?", rows)

        return self._database.write(work).addErrback(explain)

    def close(self, last_id: int) -> Deferred[None]:
        """Note that no id above C{last_id} was given out, so that the next run begins there.

        If that cannot be stored, the next run begins higher.
        """
        work = partial(_store, events=[], ceiling=last_id, unsettled=None)
        return self._database.write(work).addErrback(explain)


def _store(
    connection: sqlite3.Connection,
    events: list[Event],
    ceiling: int,
    unsettled: tuple[int, int | None] | None,
) -> None:
    """Write a batch.

    @param unsettled: until which id everybody saw everything whose leaving was not stored, because
        the run ended, and the time now if it is below that; C{None} if that is written already.
    """
    if unsettled is not None:
        connection.execute("UPDATE places SET seen = ?, time = ? WHERE seen IS NULL", unsettled)
    store(connection, events)
    connection.execute("UPDATE ids SET ceiling = ? WHERE ceiling <> ?1", (ceiling,))


def _read_ceiling(connection: sqlite3.Connection) -> int:
    ceiling: int = connection.execute("SELECT ceiling FROM ids").fetchone()[0]
    return ceiling


def _read_topics(connection: sqlite3.Connection) -> dict[str, TopicChanged]:
    rows = connection.execute("SELECT room, id, nick, text, author FROM topics")
    return {
        room: TopicChanged(id=id, room=room, nick=nick, text=text, identity=author)
        for room, id, nick, text, author in rows
    }


def _recall(connection: sqlite3.Connection, take: Callable[[OperatorAct], object]) -> None:
    for act in acts(connection):
        take(act)

"""What was said and done, to be read, searched, given out and erased."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import partial

from twisted.internet.defer import Deferred

from chatservice import remembered
from chatservice.acts import Extended, OperatorAct
from chatservice.database import Database, explain
from chatservice.events import TopicChanged
from chatservice.identities import Identities
from chatservice.indexing import Index
from chatservice.missed import Counted, Missed, read_missed
from chatservice.pages import Page, Wanted, read_page
from chatservice.personal import Export, Personal
from chatservice.query import Query
from chatservice.refs import Noted
from chatservice.remembered import Remembered
from chatservice.rows import ACT, act_of
from chatservice.scanning import NOBODY, Asker, Scanning
from chatservice.search import Found, LeftOf, Search, all_of


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


class Archive:
    """All that was stored, by room, by person and by word.

    A Deferred fails with L{StorageError} when something could not be stored or read.

    @ivar floor: the highest id that an earlier run may have given out.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._scanning = Scanning(database)
        self._index = Index(database)
        self._search = Search(database, self._scanning, self._index)
        self._remembered = Remembered(database)
        self._personal = Personal(database, self._scanning)
        self._identities = Identities(database)
        self.floor = 0

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

    def make_ready(self) -> None:
        """Do what an earlier run could not; the database has just been opened.

        See L{Identities.finish} and L{Index.open}.
        """
        self._identities.finish()
        self._index.open()

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
        """Prepare searching a little; see L{Index.step}."""
        return self._index.step()

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

"""The archive in the database: reading, searching, exporting and erasing stored data."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import replace
from functools import partial

from twisted.internet.defer import Deferred

from chatservice.chat.journal import (
    NOBODY,
    Asker,
    Export,
    Found,
    LeftOf,
    Missed,
    Page,
    Target,
    Wanted,
    all_of,
)
from chatservice.chat.read_markers import ReadMarker
from chatservice.chat.refs import Noted
from chatservice.protocol.actions import Extended, OperatorAct
from chatservice.protocol.events import LATEST, TopicChanged
from chatservice.protocol.query import Query
from chatservice.storage import remembered
from chatservice.storage.contract import Connection, Storage
from chatservice.storage.database import explain
from chatservice.storage.export import Personal
from chatservice.storage.identities import Identities
from chatservice.storage.indexing import Index
from chatservice.storage.marks import find_mark, find_room_marks, move_mark
from chatservice.storage.missed import Counted, read_missed
from chatservice.storage.pages import read_page
from chatservice.storage.remembered import Remembered
from chatservice.storage.rows import ACT, acts_of
from chatservice.storage.scanning import Scanning
from chatservice.storage.search import Search
from chatservice.storage.targets import read_targets

_PLACES = """
    SELECT room, nick, entered,
        coalesce(seen, CASE WHEN entered > coalesce(read, ?1) THEN entered
            ELSE coalesce(read, ?1) END),
        time
    FROM places WHERE identity = ?2 ORDER BY entered, room"""
_MAKE_PLACE = """
    DELETE FROM places
    WHERE identity = ?1 AND EXISTS (SELECT 1 FROM places WHERE identity = ?2)"""
_MOVE = "UPDATE places SET identity = ?, nick = ? WHERE identity = ?"
_MOVE_MARKS = """
    INSERT INTO marks (identity, other, nick, id)
    SELECT ?, other, nick, id FROM marks WHERE identity = ? ON CONFLICT DO NOTHING"""
_DROP_MARKS = "DELETE FROM marks WHERE identity = ?"
_SPLIT = """
    INSERT INTO places (identity, room, nick, entered)
    SELECT ?, room, ?, entered FROM places WHERE identity = ? AND room = ?
    ON CONFLICT (identity, room) DO UPDATE SET nick = excluded.nick, entered = excluded.entered,
        seen = NULL, time = NULL, read = NULL"""
_IN_NO_ROOM = "DELETE FROM places WHERE identity = ? AND room <> ''"
_SPLIT_OFF = "UPDATE places SET seen = ? WHERE identity = ? AND seen IS NULL"
_MODLOG = f"""
    SELECT {ACT} FROM acts
    WHERE id < ?1 AND (room = ?2 OR ?2 IS NULL) AND kind <> '{Extended.kind}'
    ORDER BY id DESC LIMIT ?3"""


class DatabaseArchive:
    """All stored events; see L{Archive <chatservice.chat.journal.Archive>}.

    @param up_to: returns the last id that may be shown: the archive may be ahead of what this
        process has delivered.
    @ivar floor: the highest id that an earlier run may have given out.
    """

    def __init__(self, database: Storage, up_to: Callable[[], int] = lambda: LATEST) -> None:
        self._database = database
        self._up_to = up_to
        self._scanning = Scanning(database)
        self._index = Index(database)
        self._search = Search(database, self._scanning, self._index)
        self._remembered = Remembered(database)
        self._personal = Personal(database, self._scanning)
        self._identities = Identities(database)
        self.floor = 0

    def page(self, wanted: Wanted) -> Deferred[Page]:
        """See L{Archive.page <chatservice.chat.journal.Archive.page>}."""
        work = partial(read_page, wanted=replace(wanted, before=self._bounded(wanted.before)))
        return self._database.read(work).addErrback(explain)

    def _bounded(self, before: int) -> int:
        """Bound the ids that are asked for, so that nothing is ahead of what was delivered."""
        return min(before, self._up_to() + 1)

    def targets(
        self,
        identity: bytes,
        rooms: Collection[str],
        after: int,
        before: int,
        limit: int,
        latest: bool,
    ) -> Deferred[list[Target]]:
        """See L{Archive.targets <chatservice.chat.journal.Archive.targets>}."""
        work = partial(
            read_targets,
            identity=identity,
            rooms=tuple(rooms),
            after=after,
            before=before,
            limit=limit,
            latest=latest,
            up_to=self._up_to(),
        )
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
        """See L{Archive.missed <chatservice.chat.journal.Archive.missed>}."""
        counted = Counted(nick, not_by, left_of)
        end = self._bounded(before)
        work = partial(read_missed, of=of, after=after, before=end, counted=counted)
        return self._scanning.count(asker, work).addErrback(explain)

    def places(self, identity: bytes) -> Deferred[list[ReadMarker]]:
        """See L{Archive.places <chatservice.chat.journal.Archive.places>}."""
        given = (self.floor, identity)

        def work(connection: Connection) -> list[ReadMarker]:
            return [ReadMarker(*row) for row in connection.execute(_PLACES, given)]

        return self._database.read(work).addErrback(explain)

    def mark(self, identity: bytes, other: bytes) -> Deferred[int]:
        """See L{Archive.mark <chatservice.chat.journal.Archive.mark>}."""
        work = partial(find_mark, identity=identity, other=other)
        return self._database.read(work).addErrback(explain)

    def room_marks(self, identity: bytes) -> Deferred[dict[str, int]]:
        """See L{Archive.room_marks <chatservice.chat.journal.Archive.room_marks>}."""
        work = partial(find_room_marks, identity=identity)
        return self._database.read(work).addErrback(explain)

    def move_mark(self, identity: bytes, other: bytes, nick: str, id: int) -> Deferred[int]:
        """See L{Archive.move_mark <chatservice.chat.journal.Archive.move_mark>}."""
        work = partial(move_mark, identity=identity, other=other, nick=nick, id=id)
        return self._database.write_later(work).addErrback(explain)

    def refs(self, identity: bytes) -> Deferred[list[tuple[bytes, Noted]]]:
        """See L{Archive.refs <chatservice.chat.journal.Archive.refs>}."""
        return self._remembered.of(identity)

    def drop_refs(self, identity: bytes, noted: Iterable[Noted]) -> None:
        """See L{Archive.drop_refs <chatservice.chat.journal.Archive.drop_refs>}."""
        self._remembered.drop(identity, noted)

    def tidy_refs(self) -> Deferred[bool]:
        """Delete some requests that were dropped; see L{Remembered.step}."""
        return self._remembered.step()

    def move(self, former: bytes, now: bytes, nick: str) -> Deferred[None]:
        """See L{Archive.move <chatservice.chat.journal.Archive.move>}."""

        def work(connection: Connection) -> None:
            connection.execute(_MAKE_PLACE, (now, former))
            connection.execute(_MOVE, (now, nick, former))
            remembered.move(connection, former, now)
            connection.execute(_MOVE_MARKS, (now, former))
            connection.execute(_DROP_MARKS, (former,))

        return self._database.write(work).addErrback(explain)

    def split(
        self, former: bytes, now: bytes, nick: str, rooms: Collection[str], seen: int
    ) -> Deferred[None]:
        """See L{Archive.split <chatservice.chat.journal.Archive.split>}."""

        def work(connection: Connection) -> None:
            connection.executemany(_SPLIT, [(now, nick, former, room) for room in rooms])
            remembered.copy(connection, former, now)
            connection.execute(_IN_NO_ROOM, (former,))
            connection.execute(_SPLIT_OFF, (seen, former))

        return self._database.write(work).addErrback(explain)

    def make_ready(self) -> None:
        """Finish the work of an earlier run; called right after the database was opened.

        See L{Identities.finish} and L{Index.open}.
        """
        self._identities.finish()
        self._index.open()

    def become(self, former: bytes, now: bytes, last: bool) -> Deferred[None]:
        """See L{Archive.become <chatservice.chat.journal.Archive.become>}."""
        return self._identities.move(former, now, last)

    def search(
        self,
        query: Query,
        rooms: Collection[str],
        limit: int,
        left_of: LeftOf = all_of,
        asker: Asker = NOBODY,
    ) -> Deferred[Found]:
        """See L{Archive.search <chatservice.chat.journal.Archive.search>}."""
        bounded = replace(query, before=self._bounded(query.before))
        return self._search.find(bounded, rooms, limit, left_of, asker)

    def index(self) -> Deferred[bool]:
        """Work on the search index a little; see L{Index.step}."""
        return self._index.step()

    def modlog(self, room: str | None, before: int, limit: int) -> Deferred[list[OperatorAct]]:
        """See L{Archive.modlog <chatservice.chat.journal.Archive.modlog>}."""
        given = (self._bounded(before), room, limit)

        def work(connection: Connection) -> list[OperatorAct]:
            return list(acts_of(connection.execute(_MODLOG, given)))[::-1]

        return self._database.read(work).addErrback(explain)

    def export(
        self, identity: bytes, after: int = 0, asker: Asker = NOBODY
    ) -> Deferred[Export]:
        """See L{Archive.export <chatservice.chat.journal.Archive.export>}."""
        return self._personal.export(identity, after, self._up_to(), asker)

    def forget(self, identity: bytes) -> Deferred[int]:
        """See L{Archive.forget <chatservice.chat.journal.Archive.forget>}."""
        return self._personal.forget(identity)

    def wipe(self) -> Deferred[None]:
        """See L{Archive.wipe <chatservice.chat.journal.Archive.wipe>}."""
        return self._index.wipe()

    def drop_topics(self, topics: Iterable[TopicChanged]) -> Deferred[None]:
        """See L{Archive.drop_topics <chatservice.chat.journal.Archive.drop_topics>}."""
        rows = [(topic.room, topic.id) for topic in topics]

        def work(connection: Connection) -> None:
            connection.executemany("DELETE FROM topics WHERE room = ? AND id = ?", rows)

        return self._database.write(work).addErrback(explain)

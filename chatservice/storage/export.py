"""Personal data: exporting and erasing everything that is stored about one person."""

from __future__ import annotations

import heapq
import json
from collections.abc import Generator, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from operator import attrgetter
from typing import Any

from twisted.internet.defer import Deferred, inlineCallbacks

from chatservice.chat.journal import Asker, Export
from chatservice.protocol.actions import OperatorAct
from chatservice.protocol.events import Event, Said, Spoken, Whispered
from chatservice.storage.contract import Connection, Row, Storage, Words
from chatservice.storage.database import explain
from chatservice.storage.indexing import ERASE_STEP, as_many_as_fit, erase
from chatservice.storage.pieces import in_pieces
from chatservice.storage.rows import (
    ACT,
    ID_OF_ACT,
    ID_OF_PRIVATE,
    ID_OF_TALK,
    PRIVATE,
    TALK,
    acts_of,
    private_of,
    talk_of,
)
from chatservice.storage.scanning import Scanning

EXPORT_BYTES = 128 * 1024
"""Characters of JSON after which a page of an export ends."""

SOMEBODY = "somebody"
"""Replaces a nickname that was erased."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_TALK = f"""
    SELECT {TALK} FROM events WHERE author = ?3 AND id > ?1 AND id <= ?4 ORDER BY id LIMIT ?2"""
_PRIVATE = f"""
    SELECT * FROM (
        SELECT {PRIVATE} FROM whispers WHERE author_identity = ?3 AND id > ?1 AND id <= ?4
        ORDER BY id LIMIT ?2) AS sent
    UNION ALL
    SELECT * FROM (
        SELECT {PRIVATE} FROM whispers
        WHERE recipient_identity = ?3 AND author_identity <> ?3 AND id > ?1 AND id <= ?4
        ORDER BY id LIMIT ?2) AS received
    ORDER BY id LIMIT ?2"""
_ACTS = f"""
    SELECT {ACT} FROM acts
    WHERE id > ?1 AND id <= ?4 AND (author = ?3 OR target_identity = ?3) ORDER BY id LIMIT ?2"""
_PLACES = """
    SELECT room, nick, entered, coalesce(seen, read) FROM places
    WHERE identity = ? ORDER BY entered, room"""
_TOPICS = "SELECT room, id, nick, text FROM topics WHERE author = ? ORDER BY id"
_REFS = "SELECT id, nick FROM refs WHERE identity = ? ORDER BY id"
_MARKS = "SELECT nick, id FROM marks WHERE identity = ? ORDER BY id"
_MINE = f"""
    SELECT id, length(text) FROM events WHERE author = ? ORDER BY id LIMIT {ERASE_STEP}"""
_ERASE_SENT = """
    DELETE FROM whispers
    WHERE id IN (SELECT id FROM whispers WHERE author_identity = ? ORDER BY id LIMIT ?)"""
_BLANK_RECEIVED = """
    UPDATE whispers SET recipient = ?, recipient_identity = ?
    WHERE id IN (SELECT id FROM whispers WHERE recipient_identity = ? ORDER BY id LIMIT ?)"""


class Personal:
    """The export and the erasure of people's data, by identity."""

    def __init__(self, database: Storage, scanning: Scanning) -> None:
        self._database = database
        self._scanning = scanning

    def export(
        self, identity: bytes, after: int, up_to: int, asker: Asker
    ) -> Deferred[Export]:
        """Read a page of everything that is stored about somebody, in the order of the ids.

        The first page (C{after} is 0) begins with the read markers and the present topics.

        @param up_to: nothing with a greater id counts.
        @raise ChatError: C{busy}. The Deferred may also fail with L{StorageError}.
        """
        work = partial(_read_export, identity=identity, after=after, up_to=up_to)
        return self._scanning.read(asker, work).addErrback(explain)

    def forget(self, identity: bytes) -> Deferred[int]:
        """Erase everything that somebody said, in rooms and in private, and where they were.

        Private lines to them stay with the senders, and their acts as an operator stay in the log.
        Return the number of erased lines; fails with L{StorageError}.
        """
        return self._forget(identity).addErrback(explain)

    @inlineCallbacks
    def _forget(self, identity: bytes) -> Generator[Deferred[Any], Any, int]:
        erase_some = partial(_erase, words=self._database.words, identity=identity)
        erased = 0
        while True:
            count: int = yield self._database.write_later(erase_some)
            if not count:
                break
            erased += count
        private: int = yield self._change(_ERASE_SENT, identity, ERASE_STEP)
        yield self._change(_BLANK_RECEIVED, SOMEBODY, b"", identity, ERASE_STEP)
        yield self._change("DELETE FROM topics WHERE author = ?", identity)
        yield self._change("DELETE FROM places WHERE identity = ?", identity)
        yield self._change("DELETE FROM refs WHERE identity = ?", identity)
        yield self._change("DELETE FROM marks WHERE identity = ?1 OR other = ?1", identity)
        return erased + private

    @inlineCallbacks
    def _change(self, sql: str, *given: str | bytes | int) -> Generator[Deferred[int], int, int]:
        """Repeat a statement until it changes fewer than L{ERASE_STEP} rows."""
        changed = 0
        while True:
            rows = yield self._database.write_later(partial(_rows_changed, sql=sql, given=given))
            changed += rows
            if rows < ERASE_STEP:
                return changed


def export_page(about: Iterable[str], events: Iterable[Event], after: int) -> Export:
    """Make a page of as much of the stored data as fits.

    @param about: the lines about everything but events; they go on the first page.
    @param events: in the order of their ids.
    """
    lines = [] if after else list(about)
    room_left = EXPORT_BYTES
    last = after
    for event in events:
        line = json.dumps(_spelled(event), ensure_ascii=False)
        room_left -= len(line)
        if room_left < 0 and last > after:
            return Export(lines, last)
        lines.append(line)
        last = event.id
    return Export(lines, None)


def spelled_places(places: Iterable[tuple[str, str, int, int | None]]) -> str:
    """Format rooms, nicknames, ids of entering and last ids seen (C{None}: is there) as a line."""
    spelled = [
        {
            "room": room,
            "nick": nick,
            "entered": _time(entered),
            "seen": None if seen is None else _time(seen),
        }
        for room, nick, entered, seen in places
    ]
    return json.dumps({"type": "places", "places": spelled}, ensure_ascii=False)


def spelled_topics(topics: Iterable[tuple[str, int, str, str]]) -> str:
    """Format the rooms, ids, nicknames and texts of somebody's present topics as a line."""
    spelled = [
        {"room": room, "nick": nick, "time": _time(id), "text": text}
        for room, id, nick, text in topics
    ]
    return json.dumps({"type": "topics", "topics": spelled}, ensure_ascii=False)


def spelled_refs(refs: Iterable[tuple[int, str]]) -> list[str]:
    """Format the ids and nicknames of the latest requests with refs as a line, if there are any."""
    spelled = [{"id": id, "nick": nick} for id, nick in refs]
    line = json.dumps({"type": "refs", "refs": spelled}, ensure_ascii=False)
    return [line] if spelled else []


def spelled_marks(marks: Iterable[tuple[str, int]]) -> list[str]:
    """Format, as one line, up to when private lines and rooms were read, if that is known."""
    spelled = [
        {"room": name[1:], "seen": _time(id)}
        if name.startswith("#")
        else {"nick": name, "seen": _time(id)}
        for name, id in marks
    ]
    line = json.dumps({"type": "marks", "marks": spelled}, ensure_ascii=False)
    return [line] if spelled else []


def _spelled(event: Event) -> dict[str, object]:
    kind, facts = _facts(event)
    return {"type": kind, "id": event.id, "time": _time(event.when), "nick": event.nick} | facts


def _facts(event: Event) -> tuple[str, dict[str, object]]:
    match event:
        case Whispered():
            line: dict[str, object] = {"to": event.to, "text": event.text}
            manner = {} if event.manner == Said.kind else {"manner": event.manner}
            return event.kind, line | manner
        case OperatorAct():
            facts: dict[str, object] = {"room": event.room, "target": event.target}
            until = {"until": _time(event.until)} if event.until else {}
            return event.kind, facts | {"text": event.public.text} | until
    assert isinstance(event, Spoken)
    return event.kind, {"room": event.room, "text": event.text}


def _time(id: int) -> str:
    return (_EPOCH + timedelta(microseconds=id)).isoformat()


def _read_export(connection: Connection, identity: bytes, after: int, up_to: int) -> Export:
    def found(sql: str, id_at: int) -> Iterator[Row]:
        return in_pieces(connection, sql, after, identity, up_to, id_at=id_at)

    events: Iterable[Event] = heapq.merge(
        map(talk_of, found(_TALK, ID_OF_TALK)),
        map(private_of, found(_PRIVATE, ID_OF_PRIVATE)),
        acts_of(found(_ACTS, ID_OF_ACT)),
        key=attrgetter("id"),
    )
    places = spelled_places(connection.execute(_PLACES, (identity,)))
    topics = spelled_topics(connection.execute(_TOPICS, (identity,)))
    refs = spelled_refs(connection.execute(_REFS, (identity,)))
    marks = spelled_marks(connection.execute(_MARKS, (identity,)))
    return export_page([places, topics, *refs, *marks], events, after)


def _erase(connection: Connection, words: Words, identity: bytes) -> int:
    """Erase some lines of somebody; return how many."""
    ids = as_many_as_fit(connection.execute(_MINE, (identity,)))
    return erase(connection, words, ids, overdue=True) if ids else 0


def _rows_changed(
    connection: Connection, sql: str, given: tuple[str | bytes | int, ...]
) -> int:
    return connection.execute(sql, given).rowcount

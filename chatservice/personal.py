"""What is stored about one person: all of it to read, and all of it to be erased."""

from __future__ import annotations

import heapq
import json
import sqlite3
from collections.abc import Generator, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from operator import attrgetter
from typing import Any

from twisted.internet.defer import Deferred, inlineCallbacks

from chatservice.acts import OperatorAct
from chatservice.database import Database, explain
from chatservice.events import Acted, Event, Said, TopicChanged, Whispered
from chatservice.rows import ACT, PRIVATE, TALK, act_of, private_of, talk_of
from chatservice.search import erase

EXPORT_BYTES = 128 * 1024
"""Characters of JSON after which a page of an export ends."""

SCAN_STEP = 20_000
"""Lines, of whomever, that are looked at in one read."""

ERASE_STEP = 2000
"""Rows that are changed in one transaction."""

SOMEBODY = "somebody"
"""In the place of a nickname that is forgotten."""

LAST = 2**63 - 1

_TYPES = {Said: "said", Acted: "acted", TopicChanged: "topic_changed"}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_SCANNED = "SELECT id FROM events WHERE id > ? ORDER BY id LIMIT 1 OFFSET ?"
_TALK = f"""
    SELECT {TALK} FROM events NOT INDEXED
    WHERE id > ?1 AND id <= ?2 AND author = ?3 ORDER BY id"""
_PRIVATE = f"""
    SELECT {PRIVATE} FROM whispers WHERE author_identity = ?3 AND id > ?1 AND id <= ?2
    UNION
    SELECT {PRIVATE} FROM whispers WHERE recipient_identity = ?3 AND id > ?1 AND id <= ?2
    ORDER BY id"""
_ACTS = f"""
    SELECT {ACT} FROM acts
    WHERE id > ?1 AND id <= ?2 AND (author = ?3 OR target_identity = ?3) ORDER BY id"""
_PLACES = "SELECT room, nick, entered, seen FROM places WHERE identity = ? ORDER BY entered, room"
_MINE = """
    SELECT id FROM events NOT INDEXED
    WHERE id > ?1 AND id <= ?2 AND author = ?3 ORDER BY id LIMIT ?4"""
_ERASE_SENT = """
    DELETE FROM whispers
    WHERE id IN (SELECT id FROM whispers WHERE author_identity = ? ORDER BY id LIMIT ?)"""
_BLANK_RECEIVED = """
    UPDATE whispers SET recipient = ?, recipient_identity = x''
    WHERE id IN (SELECT id FROM whispers WHERE recipient_identity = ? ORDER BY id LIMIT ?)"""


@dataclass(frozen=True, slots=True)
class Export:
    """A page of what is stored about somebody.

    @ivar lines: a JSON object each, without end of line; there may be none.
    @ivar next: the id after which the next page begins; C{None} if this was the last.
    """

    lines: list[str]
    next: int | None


class Personal:
    """Reads and erases what is stored about people, by identity."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def export(self, identity: bytes, after: int) -> Deferred[Export]:
        """A page of all that is stored about somebody, in the order of the ids.

        It begins with the places; C{after} is 0 for the first page. Fails with L{StorageError}.
        """
        work = partial(_read_export, identity=identity, after=after)
        return self._database.read(work).addErrback(explain)

    def forget(self, identity: bytes) -> Deferred[int]:
        """Erase what somebody said, in rooms and in private, and where they were.

        What they were told in private stays with who told it, and what they did as an operator
        stays known. Gives how many lines were erased; fails with L{StorageError}.
        """
        return self._forget(identity).addErrback(explain)

    @inlineCallbacks
    def _forget(self, identity: bytes) -> Generator[Deferred[Any], Any, int]:
        erased: int = 0
        after: int | None = 0
        while after is not None:
            work = partial(_read_lines, identity=identity, after=after)
            ids, after = yield self._database.read(work)
            if ids:
                erased += yield self._database.write(partial(erase, ids=ids))
        private: int = yield self._change(_ERASE_SENT, identity, ERASE_STEP)
        yield self._change(_BLANK_RECEIVED, SOMEBODY, identity, ERASE_STEP)
        yield self._change("DELETE FROM topics WHERE author = ?", identity)
        yield self._change("DELETE FROM places WHERE identity = ?", identity)
        yield self._change("DELETE FROM refs WHERE identity = ?", identity)
        return erased + private

    @inlineCallbacks
    def _change(self, sql: str, *given: str | bytes | int) -> Generator[Deferred[int], int, int]:
        """Carry out a statement until it changes less than L{ERASE_STEP} rows."""
        changed = 0
        while True:
            rows = yield self._database.write(partial(_rows_changed, sql=sql, given=given))
            changed += rows
            if rows < ERASE_STEP:
                return changed


def export_page(about: str, events: Iterable[Event], after: int, end: int | None) -> Export:
    """As much of what is stored about somebody as fits on a page.

    @param about: the line about everything but events; on the first page.
    @param events: in the order of their ids.
    @param end: the id after which the next page begins if all of it fits.
    """
    lines = [] if after else [about]
    room_left = EXPORT_BYTES
    last = after
    for event in events:
        line = json.dumps(_spelled(event), ensure_ascii=False)
        room_left -= len(line)
        if room_left < 0 and last > after:
            return Export(lines, last)
        lines.append(line)
        last = event.id
    return Export(lines, end)


def spelled_places(places: Iterable[tuple[str, str, int, int | None]]) -> str:
    """The rooms, nicknames, ids of entering and last ids seen (C{None}: is there), as a line."""
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


def _spelled(event: Event) -> dict[str, object]:
    kind, facts = _facts(event)
    return {"type": kind, "id": event.id, "time": _time(event.when), "nick": event.nick} | facts


def _facts(event: Event) -> tuple[str, dict[str, object]]:
    match event:
        case Whispered():
            return "whispered", {"to": event.to, "text": event.text}
        case OperatorAct():
            facts: dict[str, object] = {"room": event.room, "target": event.target}
            until = {"until": _time(event.until)} if event.until else {}
            return event.kind, facts | {"text": event.shown} | until
    assert isinstance(event, Said | Acted | TopicChanged)
    return _TYPES[type(event)], {"room": event.room, "text": event.text}


def _time(id: int) -> str:
    return (_EPOCH + timedelta(microseconds=id)).isoformat()


def _end_of_scan(connection: sqlite3.Connection, after: int) -> int | None:
    """The id of the last line that is looked at in one read; C{None} if all are."""
    row = connection.execute(_SCANNED, (after, SCAN_STEP - 1)).fetchone()
    return row[0] if row is not None else None


def _read_export(connection: sqlite3.Connection, identity: bytes, after: int) -> Export:
    end = _end_of_scan(connection, after)
    given = (after, LAST if end is None else end, identity)
    events: Iterable[Event] = heapq.merge(
        map(talk_of, connection.execute(_TALK, given)),
        map(private_of, connection.execute(_PRIVATE, given)),
        map(act_of, connection.execute(_ACTS, given)),
        key=attrgetter("id"),
    )
    places = connection.execute(_PLACES, (identity,))
    return export_page(spelled_places(places), events, after, end)


def _read_lines(
    connection: sqlite3.Connection, identity: bytes, after: int
) -> tuple[list[int], int | None]:
    """Ids of the next lines of somebody, and the id to go on after."""
    end = _end_of_scan(connection, after)
    given = (after, LAST if end is None else end, identity, ERASE_STEP)
    ids = [id for (id,) in connection.execute(_MINE, given)]
    return ids, ids[-1] if len(ids) == ERASE_STEP else end


def _rows_changed(
    connection: sqlite3.Connection, sql: str, given: tuple[str | bytes | int, ...]
) -> int:
    return connection.execute(sql, given).rowcount

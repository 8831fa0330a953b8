"""Events as rows of the database (schema.sql), and back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

from chatservice.chat.refs import Noted
from chatservice.protocol.actions import Banned, Kicked, OperatorAct
from chatservice.protocol.events import (
    KINDS,
    Event,
    Joined,
    Left,
    Parted,
    Read,
    Renamed,
    Said,
    Spoken,
    TopicChanged,
    Whispered,
)
from chatservice.storage.contract import Connection
from chatservice.storage.marks import move_room_mark

TALK = "kind, id, room, nick, text, ref, author, time"
"""The columns that L{talk_of} takes, in order; those below are for the other functions."""
PRIVATE = "id, nick, recipient, text, manner, ref, author_identity, recipient_identity, time"
ACT = "kind, id, room, nick, author, target, target_identity, network, until, text, time"
ID_OF_TALK, ID_OF_PRIVATE, ID_OF_ACT = (
    columns.split(", ").index("id") for columns in (TALK, PRIVATE, ACT)
)
NOTED = "mark, id, nick, time"

E = TypeVar("E", bound=Event)

MOVES = Joined | Parted | Left | Renamed | Read
"""Events that are not stored themselves, but change where somebody is, by which name, or the read
markers there."""

_TOPIC = "topic"
"""The kind of a L{TopicChanged} in C{events}."""

_SAID = """
    INSERT INTO events (id, kind, room, nick, text, ref, author, time)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?)"""
_WHISPERED = """
    INSERT INTO whispers
    (id, nick, recipient, author_identity, recipient_identity, text, manner, ref, time)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"""
_NOTED = """
    INSERT INTO refs (identity, id, mark, nick, time) VALUES (?, ?, ?, ?, ?)"""
_ACT = """
    INSERT INTO acts
    (id, kind, room, nick, author, target, target_identity, network, until, text, time)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"""
_TOPIC_SET = """
    INSERT INTO topics (room, id, nick, text, author) VALUES (?, ?, ?, ?, ?)
    ON CONFLICT (room) DO UPDATE SET id = excluded.id, nick = excluded.nick, text = excluded.text,
        author = excluded.author"""
_ENTERED = """
    INSERT INTO places (identity, room, nick, entered) VALUES (?, ?, ?, ?)
    ON CONFLICT (identity, room) DO UPDATE SET nick = excluded.nick, entered = excluded.entered,
        seen = NULL, time = NULL, read = NULL"""
_PLACE = """
    INSERT INTO places (identity, room, nick, entered, seen, time) VALUES (?, ?, ?, ?, ?, ?)
    ON CONFLICT (identity, room) DO UPDATE SET nick = excluded.nick, seen = excluded.seen,
        time = excluded.time, read = NULL"""
_SEEN = """
    UPDATE places SET nick = ?, seen = ?, time = ?, read = NULL WHERE identity = ? AND room = ?"""
"""Changes nothing where somebody no longer is: kicked people may leave before they hear of it."""

_READ = "UPDATE places SET read = ? WHERE identity = ? AND room = ? AND seen IS NULL"


def talk_of(row: tuple[Any, ...]) -> Spoken:
    """Make an event of a row of C{events}.

    A node of a later version may have stored it beside this one: of a kind that is unknown here,
    it is a line.
    """
    kind, id, room, nick, text, ref, author, time = row
    kind = TopicChanged.kind if kind == _TOPIC else kind
    return _kind_of(kind if kind in KINDS else Said.kind, Spoken)(
        id=id, time=time, room=room, nick=nick, text=text, ref=ref, identity=author
    )


def _kind_of(name: str, base: type[E]) -> type[E]:
    kind = KINDS[name]
    assert issubclass(kind, base)
    return kind


def private_of(row: tuple[Any, ...]) -> Whispered:
    """Make an event of a row of C{whispers}."""
    id, nick, to, text, manner, ref, author, recipient, time = row
    return Whispered(
        id=id,
        time=time,
        nick=nick,
        to=to,
        text=text,
        manner=manner,
        ref=ref,
        identity=author,
        to_identity=recipient,
    )


def noted_of(row: tuple[Any, ...]) -> tuple[bytes, Noted]:
    """Make a request's mark and its outcome of a row of C{refs}."""
    mark, id, nick, time = row
    return mark, Noted(Event(id=id, nick=nick, time=time))


def acts_of(rows: Iterable[tuple[Any, ...]]) -> Iterator[OperatorAct]:
    """Make events of rows of C{acts}, but of those whose kind only a later version knows."""
    return (_act_of(row) for row in rows if row[0] in KINDS)


def _act_of(row: tuple[Any, ...]) -> OperatorAct:
    kind, id, room, nick, author, target, target_identity, network, until, text, time = row
    return _kind_of(kind, OperatorAct)(
        id=id,
        time=time,
        room=room,
        nick=nick,
        identity=author,
        target=target,
        target_identity=target_identity,
        network=network,
        until=until,
        text=text,
    )


def is_written(event: Event) -> bool:
    """Tell whether anything of an event is to be written: it is stored, or changes where somebody
    is.
    """
    return event.stored or isinstance(event, MOVES) or puts_out(event)


def store(connection: Connection, events: Iterable[Event]) -> None:
    """Write events of which L{is_written} holds."""
    said: list[tuple[Any, ...]] = []
    whispered: list[tuple[Any, ...]] = []
    noted: list[tuple[Any, ...]] = []
    for event in events:
        match event:
            case Spoken():
                # sqlite3 searches for an adapter for bytes, each time, and not for a bytearray.
                who = bytearray(event.identity)
                kind = _TOPIC if isinstance(event, TopicChanged) else event.kind
                what = (event.room, event.nick, event.text, event.ref, who, event.time)
                said.append((event.id, kind, *what))
                if event.mark:
                    noted.append((who, event.id, event.mark, event.nick, event.time))
                if isinstance(event, TopicChanged):
                    _store_topic(connection, event)
            case Whispered():
                whom = (event.nick, event.to, event.identity, event.to_identity)
                told = (event.text, event.manner, event.ref, event.time)
                whispered.append((event.id, *whom, *told))
                if event.mark:
                    who = bytearray(event.identity)
                    noted.append((who, event.id, event.mark, event.nick, event.time))
            case OperatorAct():
                if event.stored:
                    _store_act(connection, event)
                if puts_out(event):
                    _forget_place(connection, event.target_identity, event.room)
            case _:
                assert isinstance(event, MOVES)
                _store_move(connection, event)
    connection.executemany(_SAID, said)
    connection.executemany(_WHISPERED, whispered)
    connection.executemany(_NOTED, noted)


def _store_topic(connection: Connection, event: TopicChanged) -> None:
    if event.text:
        topic = (event.room, event.id, event.nick, event.text, event.identity)
        connection.execute(_TOPIC_SET, topic)
    else:
        connection.execute("DELETE FROM topics WHERE room = ?", (event.room,))


def _store_act(connection: Connection, act: OperatorAct) -> None:
    who = (act.nick, act.identity, act.target, act.target_identity)
    what = (act.network, act.until, act.text, act.time)
    connection.execute(_ACT, (act.id, act.kind, act.room, *who, *what))


def puts_out(act: Event) -> bool:
    """Tell whether an act removes somebody from a room, or bars their automatic return."""
    if not isinstance(act, Kicked | Banned) or act.room == "":
        return False
    # A ban by mask turns nobody out.
    return act.target_identity != b"" and not act.is_by_mask


def _store_move(connection: Connection, event: MOVES) -> None:
    """Store where the author is now, or was last."""
    who, nick, id = event.identity, event.nick, event.id
    if isinstance(event, Joined):
        connection.execute(_ENTERED, (who, event.room, nick, id))
        connection.execute(_PLACE, (who, "", nick, id, None, None))
    elif isinstance(event, Parted):
        _forget_place(connection, who, event.room)
    elif isinstance(event, Read):
        if not event.to_identity:  # The marks of people are moved before, by marks.py.
            connection.execute(_READ, (event.upto, who, event.room))
            if event.account:
                move_room_mark(connection, who, event.room, event.mark)
    elif isinstance(event, Renamed):
        connection.execute("UPDATE places SET nick = ? WHERE identity = ?", (event.now, who))
    else:
        seen = last_seen(event)
        if event.noted:
            connection.execute(_PLACE, (who, "", nick, id, seen.pop(""), event.time))
        rooms = [(nick, seen[room], event.time, who, room) for room in seen]
        connection.executemany(_SEEN, rooms)
        for room, mark in event.marks:
            move_room_mark(connection, who, room, mark)


def last_seen(event: Left) -> dict[str, int]:
    """Map each room that was left, and private lines (C{""}), to the last id seen there."""
    return dict.fromkeys(("", *event.rooms), event.id) | dict(event.seen)


def _forget_place(connection: Connection, identity: bytes, room: str) -> None:
    connection.execute("DELETE FROM places WHERE identity = ? AND room = ?", (identity, room))

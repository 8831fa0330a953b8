"""Events as rows of the database (schema.sql), and back."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import Any

from chatservice.acts import KINDS, Kicked, OperatorAct
from chatservice.events import (
    Acted,
    Event,
    Joined,
    Left,
    Parted,
    Renamed,
    Said,
    TopicChanged,
    Whispered,
)

TALK = "kind, id, room, nick, text, ref, author"
"""What L{talk_of} takes, in order; so for the others."""
PRIVATE = "id, nick, recipient, text, ref, author_identity, recipient_identity"
ACT = "kind, id, room, nick, author, target, target_identity, network, until, text"

MOVES = Joined | Parted | Left | Renamed
"""What is not stored itself, and decides where somebody is, and as whom."""

_TALK_KINDS: dict[str, type[Said | Acted | TopicChanged]] = {
    "said": Said,
    "acted": Acted,
    "topic": TopicChanged,
}
_KIND_OF = {kind: name for name, kind in _TALK_KINDS.items()}

_PLACE = """
    INSERT INTO places VALUES (?, ?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET nick = excluded.nick, seen = excluded.seen"""
_SEEN = "UPDATE places SET nick = ?, seen = ? WHERE identity = ? AND room = ?"
"""Changes nothing where somebody is no more: who was kicked may leave before hearing of it."""


def talk_of(row: tuple[Any, ...]) -> Said | Acted | TopicChanged:
    """A row of C{events} as the event."""
    kind, id, room, nick, text, ref, author = row
    return _TALK_KINDS[kind](id=id, room=room, nick=nick, text=text, ref=ref, identity=author)


def private_of(row: tuple[Any, ...]) -> Whispered:
    """A row of C{whispers} as the event."""
    id, nick, to, text, ref, author, recipient = row
    return Whispered(
        id=id, nick=nick, to=to, text=text, ref=ref, identity=author, to_identity=recipient
    )


def act_of(row: tuple[Any, ...]) -> OperatorAct:
    """A row of C{acts} as the event."""
    kind, id, room, nick, author, target, target_identity, network, until, text = row
    return KINDS[kind](
        id=id,
        room=room,
        nick=nick,
        identity=author,
        target=target,
        target_identity=target_identity,
        network=network,
        until=until,
        text=text,
    )


def store(connection: sqlite3.Connection, events: Iterable[Event]) -> None:
    """Write events that are stored, and L{MOVES}."""
    said: list[tuple[Any, ...]] = []
    whispered: list[tuple[Any, ...]] = []
    for event in events:
        match event:
            case Said() | Acted() | TopicChanged():
                # sqlite3 searches for an adapter for bytes, each time, and not for a bytearray.
                kind, who = _KIND_OF[type(event)], bytearray(event.identity)
                said.append((event.id, kind, event.room, event.nick, event.text, event.ref, who))
                if isinstance(event, TopicChanged):
                    _store_topic(connection, event)
            case Whispered():
                whom = (event.nick, event.to, event.identity, event.to_identity)
                whispered.append((event.id, *whom, event.text, event.ref))
            case OperatorAct():
                _store_act(connection, event)
            case _:
                assert isinstance(event, MOVES)
                _store_move(connection, event)
    connection.executemany("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?)", said)
    connection.executemany("INSERT INTO whispers VALUES (?, ?, ?, ?, ?, ?, ?)", whispered)


def _store_topic(connection: sqlite3.Connection, event: TopicChanged) -> None:
    if event.text:
        connection.execute(
            "INSERT OR REPLACE INTO topics VALUES (?, ?, ?, ?, ?)",
            (event.room, event.id, event.nick, event.text, event.identity),
        )
    else:
        connection.execute("DELETE FROM topics WHERE room = ?", (event.room,))


def _store_act(connection: sqlite3.Connection, act: OperatorAct) -> None:
    who = (act.nick, act.identity, act.target, act.target_identity)
    connection.execute(
        "INSERT INTO acts VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (act.id, act.kind, act.room, *who, act.network, act.until, act.text),
    )
    if isinstance(act, Kicked) and act.room:
        _forget_place(connection, act.target_identity, act.room)


def _store_move(connection: sqlite3.Connection, event: MOVES) -> None:
    """Where the author is now, or was last."""
    who, nick, id = event.identity, event.nick, event.id
    if isinstance(event, Joined):
        connection.execute(
            "INSERT OR REPLACE INTO places VALUES (?, ?, ?, ?, NULL)", (who, event.room, nick, id)
        )
        connection.execute(_PLACE, (who, "", nick, id, None))
    elif isinstance(event, Parted):
        _forget_place(connection, who, event.room)
    elif isinstance(event, Renamed):
        connection.execute("UPDATE places SET nick = ? WHERE identity = ?", (event.now, who))
    else:
        seen = last_seen(event)
        connection.execute(_PLACE, (who, "", nick, id, seen.pop("")))
        connection.executemany(_SEEN, [(nick, seen[room], who, room) for room in seen])


def last_seen(event: Left) -> dict[str, int]:
    """Of each room that was left, and of private lines (C{""}), the last id seen."""
    return dict.fromkeys(("", *event.rooms), event.id) | dict(event.seen)


def _forget_place(connection: sqlite3.Connection, identity: bytes, room: str) -> None:
    connection.execute("DELETE FROM places WHERE identity = ? AND room = ?", (identity, room))

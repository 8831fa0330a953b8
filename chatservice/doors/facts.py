"""Events as JSON objects, one a line. docs/protocol.rst is their description.

A dict lives in the doors that speak JSON and on the wire, and nowhere else.
"""

from __future__ import annotations

import json
from functools import singledispatch
from typing import Any

from chatservice.acts import Kicked, OperatorAct
from chatservice.events import (
    Acted,
    CameAndWent,
    CameBack,
    Event,
    Joined,
    Left,
    Parted,
    Renamed,
    RoomEvent,
    Said,
    TopicChanged,
    WentAway,
    Whispered,
)

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


@singledispatch
def facts_of(event: Event) -> dict[str, Any]:
    """The event as an object on the wire."""
    raise NotImplementedError(f"no spelling for {event!r}")


@facts_of.register
def _(event: Said) -> dict[str, Any]:
    return _room_event("said", event) | {"text": event.text} | ref_of(event.ref)


@facts_of.register
def _(event: Acted) -> dict[str, Any]:
    return _room_event("acted", event) | {"text": event.text} | ref_of(event.ref)


@facts_of.register
def _(event: TopicChanged) -> dict[str, Any]:
    facts = {"topic": event.text} | ({"hidden": True} if event.hidden else {})
    return _room_event("topic_changed", event) | facts | ref_of(event.ref)


@facts_of.register
def _(event: Whispered) -> dict[str, Any]:
    private = {"to": event.to, "text": event.text}
    return _event("whispered", event) | private | ref_of(event.ref)


@facts_of.register
def _(event: Joined) -> dict[str, Any]:
    return _room_event("joined", event) | {"arrived": event.arrived} | _folded(event)


@facts_of.register
def _(event: Parted) -> dict[str, Any]:
    return _room_event("parted", event) | _folded(event)


@facts_of.register
def _(event: Left) -> dict[str, Any]:
    how = {"goodbye": event.goodbye, "why": event.why}
    return _event("left", event) | how | _folded(event)


@facts_of.register
def _(event: CameAndWent) -> dict[str, Any]:
    counts = {"came": event.came, "went": event.went}
    return _stamped("came_and_went", event) | {"room": event.room} | counts


@facts_of.register
def _(event: WentAway) -> dict[str, Any]:
    return _event("went_away", event) | {"why": event.why}


@facts_of.register
def _(event: CameBack) -> dict[str, Any]:
    return _event("came_back", event)


@facts_of.register
def _(event: Renamed) -> dict[str, Any]:
    return _event("renamed", event) | {"now": event.now}


@facts_of.register
def _(event: Kicked) -> dict[str, Any]:
    return _act(event) | _folded(event)


@facts_of.register
def _(event: OperatorAct) -> dict[str, Any]:
    return _act(event)


def _act(event: OperatorAct) -> dict[str, Any]:
    facts = _stamped(event.kind, event)
    if event.room:
        facts["room"] = event.room
    facts |= {"nick": event.nick, "target": event.target}
    if event.until:
        facts["until"] = event.until
    if text := event.shown:
        facts["text"] = text
    return facts


class JsonFormat:
    """Events as JSON lines; the same for everybody, in whatever room the reader is."""

    def render(self, event: Event, here: bool) -> bytes:
        """See L{chatservice.rooms.Format.render}."""
        return json_line(facts_of(event))


JSON = JsonFormat()


def json_line(facts: dict[str, Any]) -> bytes:
    """An object as a line on the wire."""
    return f"{_encode(facts)}\n".encode()


def ref_of(ref: str) -> dict[str, Any]:
    """The member that has a request's own mark, if it has one."""
    return {"ref": ref} if ref else {}


def _stamped(kind: str, event: Event) -> dict[str, Any]:
    if event.time is None:
        return {"type": kind, "id": event.id}
    return {"type": kind, "id": event.id, "time": event.time}


def _event(kind: str, event: Event) -> dict[str, Any]:
    facts = _stamped(kind, event)
    facts["nick"] = event.nick
    return facts


def _room_event(kind: str, event: RoomEvent) -> dict[str, Any]:
    facts = _stamped(kind, event)
    facts["room"], facts["nick"] = event.room, event.nick
    return facts


def _folded(event: Joined | Parted | Left | Kicked) -> dict[str, Any]:
    return {"folded": True} if event.folded else {}

"""The messages of the chat to the client, as objects; docs/protocol.rst describes them.

L{decode} cleans all text, so that nothing that the server sends can control a terminal, and
converts the times in its sentences to local time.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, ClassVar, TypeAlias

from chatservice.protocol.events import Event, Joined
from chatservice.protocol.json import NUMBERS, ONESELF, event_of, value_of
from chatservice.protocol.preferences import Preferences
from chatservice.protocol.sanitize import without_controls

HABIT = Preferences(time=True, colour=True, bell=True, quiet=False)
"""The client's settings for somebody who has set nothing."""

PACE = 5
"""Lines a second that the chat reads, if it does not say how many."""

UNKNOWN = -1
"""The read marker of a room if the chat keeps none."""

_WITHOUT_DATE = len("14:03")


@dataclass(frozen=True)
class RoomState:
    """A room as you find it on entering.

    @ivar missed: whether there is history to request.
    @ivar read: the id up to which you have read it, on whatever device; or L{UNKNOWN}.
    """

    name: str
    topic: str = ""
    members: tuple[str, ...] = ()
    missed: bool = False
    read: int = UNKNOWN


@dataclass(frozen=True)
class Welcome:
    """The answer to a hello that was accepted, or to a command that makes you somebody else.

    @ivar resumed: whether you were in the chat before, through another connection.
    @ivar token: proves who you are, on the next connection.
    @ivar rate: how many lines a second the chat reads; 0 for no limit.
    """

    id: int = 0
    nick: str = ""
    resumed: bool = False
    token: str = ""
    settings: Preferences = HABIT
    rate: int = PACE
    motd: tuple[str, ...] = ()
    rooms: tuple[RoomState, ...] = ()


@dataclass(frozen=True)
class Ok:
    """The answer to a command.

    @ivar more: whether another answer to the same request follows.
    @ivar raw: whether the lines are for programs.
    @ivar token: a new token, with new settings and a new rate; "" if all three are unchanged.
    """

    ref: str = ""
    lines: tuple[str, ...] = ()
    events: tuple[Event, ...] = ()
    rooms: tuple[RoomState, ...] = ()
    more: bool = False
    raw: bool = False
    token: str = ""
    settings: Preferences = HABIT
    rate: int = PACE


@dataclass(frozen=True)
class Notice:
    """Sentences and history that nobody asked for here.

    @ivar token: as in L{Ok}, after a command on another device.
    """

    lines: tuple[str, ...] = ()
    events: tuple[Event, ...] = ()
    token: str = ""
    settings: Preferences = HABIT
    rate: int = PACE


@dataclass(frozen=True)
class Error:
    """The refusal of a request, or the reason why the connection ends."""

    code: str = ""
    text: str = ""
    ref: str = ""


@dataclass(frozen=True)
class History:
    """A page of history.

    @ivar next: if there is C{more}, the id to continue from; 0 if the chat does not say.
    """

    ref: str = ""
    events: tuple[Event, ...] = ()
    more: bool = False
    next: int = 0


@dataclass(frozen=True)
class Marker:
    """The id up to which you have read a room, or private messages if C{room} is empty."""

    room: str = ""
    id: int = 0


@dataclass(frozen=True)
class JoinedElsewhere:
    """Your entering of a room on another device, and the room as it is now."""

    event: Joined
    room: RoomState


@dataclass(frozen=True)
class Gap:
    """A gap in the history, where lines are no longer kept."""

    room: str = ""


@dataclass(frozen=True)
class Ping:
    """A request for a sign of life, which either side may send."""

    type: ClassVar[str] = "ping"
    ref: str = ""


Answer: TypeAlias = Welcome | Ok | Notice | Error | History | Gap | Marker
Message: TypeAlias = Event | JoinedElsewhere | Answer | Ping


_ANSWERS: dict[str, type[Answer | Ping]] = {
    "welcome": Welcome,
    "ok": Ok,
    "notice": Notice,
    "error": Error,
    "history": History,
    "gap": Gap,
    "seen": Marker,
    "ping": Ping,
}


def decode(line: bytes) -> Message | None:
    """Read the message in a line of JSON; C{None} if this client does not know its type.

    A member that is missing or of the wrong type counts as empty; see L{event_of}.
    """
    try:
        wire = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(wire, dict):
        return None
    kind = _ANSWERS.get(named) if isinstance(named := wire.get("type"), str) else None
    if kind is None:
        return _event_in(wire)
    message: Answer | Ping = _build(kind, wire)
    match message:
        case Ok(lines=lines) | Notice(lines=lines):
            times = _instants(wire)
            return replace(message, lines=tuple(in_local_time(each, times) for each in lines))
        case Error(text=text):
            return replace(message, text=in_local_time(text, _instants(wire)))
    return message


def is_own(event: Event) -> bool:
    """Tell whether an event is your own doing, which only the chat knows."""
    return event.identity == ONESELF


def zone(seconds: float | None = None) -> str:
    """Name the local time zone, as of now or of a given time."""
    return time.strftime("%Z", time.localtime(seconds))


def local_time(microseconds: int, with_date: bool) -> str:
    """Format a time since the epoch as local time, with the name of the zone."""
    moment = time.localtime(microseconds / 1e6)
    return time.strftime("%Y-%m-%d %H:%M (%Z)" if with_date else "%H:%M (%Z)", moment)


def in_local_time(sentence: str, times: Mapping[str, int]) -> str:
    """Convert the times in a sentence of the chat to local time, each place only once.

    One spelling may be part of another, or be the local spelling of another time.

    @param times: microseconds since the epoch, by the spelling in the sentence.
    """
    spelled = "|".join(re.escape(each) for each in times if each)
    if not spelled:
        return sentence
    today = time.localtime()[:3]

    def here(found: re.Match[str]) -> str:
        microseconds = times[found[0]]
        is_today = time.localtime(microseconds / 1e6)[:3] == today
        return local_time(microseconds, len(found[0]) > _WITHOUT_DATE or not is_today)

    return re.sub(rf"(?<!\S)(?:{spelled})(?!\w)", here, sentence)


def _event_in(wire: Mapping[str, Any]) -> Event | JoinedElsewhere | None:
    event = event_of(wire)
    if isinstance(event, Joined) and is_own(event):
        for state in _inside("rooms", wire.get("rooms"), ()):
            if state.name == event.room:
                return JoinedElsewhere(event, state)
    return event


def _instants(wire: Mapping[str, Any]) -> dict[str, int]:
    """Collect the times in the sentences of a message, by their spelling."""
    times = wire.get("times")
    found = times.items() if isinstance(times, dict) else ()
    return {
        without_controls(text): time
        for text, time in found
        if type(time) is int and time in NUMBERS
    }


def _build(kind: type[Any], wire: Mapping[str, Any], **known: str) -> Any:
    members: dict[str, Any] = dict(known)
    for member in fields(kind):
        if member.name in known:
            continue
        value = _inside(member.name, wire.get(member.name), member.default)
        if type(value) is type(member.default):
            members[member.name] = value
    return kind(**members)


def _inside(name: str, value: Any, empty: Any) -> Any:
    """Read a member; one of the wrong type becomes C{None} or C{empty}."""
    match value:
        case dict() if name == "settings":
            given = {each.name: value.get(each.name) for each in fields(Preferences)}
            return Preferences(**{k: v for k, v in given.items() if type(v) is bool}).over(HABIT)
        case dict() if name == "rooms":
            rooms = [(without_controls(room), state) for room, state in value.items()]
            return tuple(_build(RoomState, s, name=r) for r, s in rooms if isinstance(s, dict))
        case list() if name == "events":
            found = (event_of(each) for each in value if isinstance(each, dict))
            return tuple(each for each in found if each is not None)
        case list() if name != "rooms":
            return tuple(without_controls(each) for each in value if isinstance(each, str))
    return value_of(value, empty)
